// Package reach tells, from a regular expression alone, what it can match.
package reach

import (
	"fmt"
	"regexp/syntax"
)

// Info is what is known of every match of one regular expression. It is
// immutable; any number of goroutines may ask it.
type Info struct {
	// MaxLen is the length in bytes of the longest match, -1 when there is no
	// longest one.
	MaxLen int
	// MinLen is the length in bytes of the shortest match.
	MinLen int
	// Context is how many bytes on either side of a match, or the absence of
	// such a byte at an end of the text, its assertions (\b, ^, $ …) look at:
	// 0 or 1.
	Context int

	tree *syntax.Regexp
}

// Analyze reads expr in Go's regular expression syntax (regexp.Compile's).
func Analyze(expr string) (Info, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return Info{}, fmt.Errorf("regexp: %w", err)
	}
	return Info{MaxLen: -1, MinLen: 0, Context: 1, tree: re}, nil
}

// Necessary reports whether every match, its ASCII letters folded to lower
// case, is proved to contain at least one of the keywords (taken lower-cased).
func (i Info) Necessary(keywords []string) bool { return false }

// Literals returns a set of lower-case words, each of at least 3 bytes and at
// most 64 in number, one of which every match (lower-cased) contains; nil when
// no good set was found.
func (i Info) Literals() []string { return nil }
