// Package reach tells from a regular expression alone what it can match: how
// long a match may be, what stands beside it that matters, and which words
// every match contains.
//
// That is what a search needs to know to look only where a match can be: around
// a keyword, or around bytes that are new.
//
// All answers are for Go's regexp package over bytes that need not be UTF-8
// (there a stray byte counts as U+FFFD). They are sound: a match outside
// MinLen..MaxLen does not exist, and words are called necessary only when that
// is proved. They may be weak: where a proof would be too long, or would hang
// on an assertion such as \b, the answer is "unbounded" or "not proved".
//
// One thing is left out on purpose. Words are compared in ASCII lower case, but
// in Go (?i)k also matches U+212A, the Kelvin sign, and (?i)s also U+017F, the
// long s. A credential is not written that way, so matches with these two
// characters in the place of k and s are taken as not existing by Necessary
// and Literals (not by MaxLen, which counts their bytes).
//
// An Info is immutable and may be asked by any number of goroutines.
package reach

import (
	"fmt"
	"regexp/syntax"
)

// Info is what is known of every match of one regular expression.
type Info struct {
	// MaxLen is the length in bytes of the longest match, -1 when there is no
	// bound. How far a search looks on from the start of a match is MaxLen +
	// Context, whatever the match's own length: a greedy match ends where it
	// does because of what follows.
	MaxLen int
	// MinLen is the length in bytes of the shortest match.
	MinLen int
	// Context is how many bytes on either side of a match its assertions (\b,
	// ^, $ …) look at: 0 or 1. That there is no such byte, at an end of the
	// text, also matters to them.
	Context int

	tree *syntax.Regexp
}

// Analyze reads expr in the syntax of regexp.Compile. The error is that of the
// parser; an expression that Analyze takes may still be too big to compile.
func Analyze(expr string) (Info, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return Info{}, fmt.Errorf("regexp: %w", err)
	}
	i := Info{tree: re}
	size, ok := i.measure(re)
	if ok {
		i.MinLen, i.MaxLen = size.min, size.max
	}
	return i, nil
}

// lengths of the matches of a node; max is -1 when unbounded.
type lengths struct{ min, max int }

// measure returns the lengths of re's matches, and false when it has none. It
// notes assertions in i.Context.
func (i *Info) measure(re *syntax.Regexp) (lengths, bool) {
	switch re.Op {
	case syntax.OpNoMatch:
		return lengths{}, false
	case syntax.OpEmptyMatch:
		return lengths{}, true
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		i.Context = 1
		return lengths{}, true
	case syntax.OpLiteral:
		return literalLengths(re), true
	case syntax.OpCharClass:
		return classLengths(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return lengths{1, 4}, true
	case syntax.OpCapture:
		return i.measure(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return i.measureRepeat(re)
	case syntax.OpConcat:
		return i.measureConcat(re.Sub)
	case syntax.OpAlternate:
		return i.measureAlternate(re.Sub)
	}
	return lengths{0, -1}, true // an operator that a later Go may bring
}

func (i *Info) measureConcat(subs []*syntax.Regexp) (sum lengths, ok bool) {
	ok = true
	for _, sub := range subs {
		l, has := i.measure(sub)
		ok = ok && has
		sum.min += l.min
		if sum.max >= 0 && l.max >= 0 {
			sum.max += l.max
		} else {
			sum.max = -1
		}
	}
	return sum, ok
}

func (i *Info) measureAlternate(subs []*syntax.Regexp) (all lengths, ok bool) {
	for _, sub := range subs {
		l, has := i.measure(sub)
		switch {
		case !has:
		case !ok:
			all, ok = l, true
		default:
			all.min = min(all.min, l.min)
			if all.max >= 0 {
				all.max = max(all.max, l.max)
			}
			if l.max < 0 {
				all.max = -1
			}
		}
	}
	return all, ok
}

func (i *Info) measureRepeat(re *syntax.Regexp) (lengths, bool) {
	low, high := bounds(re)
	l, ok := i.measure(re.Sub[0])
	if !ok {
		return lengths{}, low == 0
	}
	switch {
	case l.max == 0 || high == 0:
		l.max = 0
	case l.max < 0 || high < 0:
		l.max = -1
	default:
		l.max *= high
	}
	l.min *= low
	return l, true
}

// bounds returns how often the one sub-expression of re may follow itself;
// high is -1 when there is no bound.
func bounds(re *syntax.Regexp) (low, high int) {
	switch re.Op {
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		return 1, -1
	case syntax.OpQuest:
		return 0, 1
	}
	return re.Min, re.Max
}
