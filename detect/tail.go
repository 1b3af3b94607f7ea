package detect

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rummage/detect/dfa"
	"rummage/detect/reach"
)

// tail is the part of an expression from where every match of it begins with a keyword: `key\s*=…` of
// `[\w-]{0,50}key\s*=…`. Most occurrences of a keyword are not followed by the rest; asking the tail, tied to the
// occurrence, tells so far faster than searching all that is around it with the whole expression.
//
// A tail may match more than the expression does behind a keyword, never less: it is shortened, and run by an automaton
// that only refuses.
type tail struct {
	prog *dfa.Program
	// whole says that prog has all of the tail, so that no match goes on where it does not.
	whole bool
	// head is how many bytes of a match can stand before its tail, -1 when there is no bound.
	head int
	// In what the tail matches stand at least run bytes of a set in a row; 0: no run that would tell anything. Looking for
	// one takes a tenth of what the automaton takes.
	run int
	of  int // in runSets
}

// runSets are the sets of which a run is looked for, the narrowest first. Words have fewer than minRun letters in a row.
var runSets = [...]*reach.Bytes{reach.Word(""), reach.Word("_-"), reach.Word("_-+/=.")}

const (
	minRun = 16
	// maxRunText is how much text behind a keyword is looked at for a run. Of more the automaton reads only what it must.
	maxRunText = 4 << 10
)

// runOf is the run that every match of an expression has, and its set.
func runOf(re *syntax.Regexp) (n, of int) {
	for of, set := range runSets {
		if n := reach.Run(re, set); n >= minRun {
			return n, of
		}
	}
	return 0, 0
}

// may reports whether the tail may match at the start of the text. No is certain.
func (t *tail) may(c *dfa.Cache, text []byte) bool {
	return (t.run == 0 || len(text) > maxRunText || runSets[t.of].HasRun(text, t.run)) && c.May(text)
}

// tailOf finds the tail of an expression, nil when there is none.
func tailOf(re *syntax.Regexp, keywords []string) *tail {
	t := trimmer{beginnings: beginnings{keywords: keywords}, left: maxTrims}
	rest := t.trim(flatten(nil, re), 0)
	if rest == nil {
		return nil
	}
	found := &tail{head: t.head}
	found.run, found.of = runOf(rest) // before the tree is changed
	size, ok := maxTail, false
	if found.prog, ok = dfa.CompileTree(shorten(rest, &size), true); !ok {
		return nil
	}
	found.whole = size > 0
	return found
}

// flatten appends the parts of re that follow one another, down to single characters of literals, so that a tail can
// begin at any of them. Groups are of no interest to a tail.
func flatten(parts []*syntax.Regexp, re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			parts = flatten(parts, sub)
		}
		return parts
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			parts = append(parts, &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{r}})
		}
		return parts
	}
	return append(parts, re)
}

// maxTail bounds a tail's size, in characters and repetitions of them. Long tails refuse hardly more than short ones,
// and take far longer to compile.
const maxTail = 250

// shorten leaves out what does not fit into size, which it lowers by what it keeps. What matches re, matches the
// result, up to some place before its end.
func shorten(re *syntax.Regexp, size *int) *syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat, syntax.OpCapture:
		out := &syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags}
		for _, sub := range re.Sub {
			if *size <= 0 {
				break
			}
			out.Sub = append(out.Sub, shorten(sub, size))
		}
		return out
	case syntax.OpAlternate:
		// A branch that is cut must be followed by nothing; so that all are alike, they share the rest of the size and
		// after a cut nothing fits.
		out := &syntax.Regexp{Op: syntax.OpAlternate, Flags: re.Flags}
		rest, least := *size, *size
		for _, sub := range re.Sub {
			left := rest
			out.Sub = append(out.Sub, shorten(sub, &left))
			least = min(least, left)
		}
		*size = least
		return out
	}
	n := treeSize(re)
	if n <= *size {
		*size -= n
		return re
	}
	cut := &syntax.Regexp{Op: syntax.OpEmptyMatch}
	if re.Op == syntax.OpRepeat && treeSize(re.Sub[0]) == 1 {
		// x{3,900} at the end refuses as much as x{3} does.
		cut = &syntax.Regexp{Op: syntax.OpRepeat, Flags: re.Flags, Sub: re.Sub, Min: min(re.Min, *size), Max: min(re.Min, *size)}
	}
	*size = 0
	return cut
}

// treeSize is about the number of instructions that re compiles to.
func treeSize(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		n += treeSize(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpRepeat:
		if re.Max != re.Min {
			return n*max(re.Min, 1) + 1 // the automaton does without the upper bound
		}
		return n * max(re.Min, 1)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		return n + 1
	}
	return n
}

// maxTrims bounds the places where a tail is tried to begin.
const maxTrims = 1000

type trimmer struct {
	beginnings
	left int
	head int // bytes that can stand before what is left, in the longest case; -1: no bound
}

// trim leaves out parts at the front until what remains begins with a keyword: of an alternation, in each branch on
// its own. nil when that cannot be. before is the greatest length of what stands before the parts, -1 without bound.
func (t *trimmer) trim(parts []*syntax.Regexp, before int) *syntax.Regexp {
	for i, re := range parts {
		if i > 0 {
			before = addLength(before, parts[i-1])
		}
		if t.left--; t.left < 0 {
			return nil
		}
		if t.start(parts[i:]) {
			if before < 0 || t.head < 0 {
				t.head = -1
			} else {
				t.head = max(t.head, before)
			}
			return &syntax.Regexp{Op: syntax.OpConcat, Sub: parts[i:]}
		}
		if re.Op != syntax.OpAlternate {
			continue
		}
		all := &syntax.Regexp{Op: syntax.OpAlternate}
		for _, sub := range re.Sub {
			branch := t.trim(append(flatten(nil, sub), parts[i+1:]...), before)
			if branch == nil {
				break
			}
			all.Sub = append(all.Sub, branch)
		}
		if len(all.Sub) == len(re.Sub) {
			return all
		}
	}
	return nil
}

// addLength adds the greatest length of a match of re to n; -1 when either has no bound.
func addLength(n int, re *syntax.Regexp) int {
	var loops byteSet
	collectLoops(re, &loops)
	if n < 0 || loops != (byteSet{}) {
		return -1
	}
	return min(n+(&extent{}).count(re), maxOthers)
}

// Bounds of the enumeration of beginnings.
const (
	maxBeginnings = 256
	maxClass      = 8 // members of a class that are told apart
)

// beginnings tells how the matches of an expression begin.
type beginnings struct{ keywords []string }

// start reports whether every match of the parts in a row is proved to begin with a keyword, A-Z taken as a-z.
func (b *beginnings) start(parts []*syntax.Regexp) bool {
	list := []string{""}
	for _, re := range parts {
		if list = b.extend(list, re); list == nil {
			return false
		}
		if b.close(list) != nil {
			return true
		}
	}
	return false
}

// done reports whether a beginning has a keyword at its start, so that it need not be followed further.
func (b *beginnings) done(x string) bool {
	return slices.ContainsFunc(b.keywords, func(k string) bool { return strings.HasPrefix(x, k) })
}

// extend lets re follow each beginning, a string in ASCII lower case. nil means that there are too many, or one that no keyword will start.
func (b *beginnings) extend(list []string, re *syntax.Regexp) []string {
	if b.close(list) != nil {
		return list
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return list
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			if list = b.extend(list, sub); list == nil {
				return nil
			}
		}
		return list
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			part := b.extend(list, sub)
			if part == nil || len(all)+len(part) > maxBeginnings {
				return nil
			}
			all = append(all, part...)
		}
		return all
	case syntax.OpQuest:
		with := b.extend(list, re.Sub[0])
		if with == nil || len(with)+len(list) > maxBeginnings {
			return nil
		}
		return slices.Concat(list, with)
	case syntax.OpPlus:
		return b.close(b.extend(list, re.Sub[0]))
	case syntax.OpRepeat:
		for range min(re.Min, maxClass) {
			if list = b.extend(list, re.Sub[0]); list == nil {
				return nil
			}
		}
		if re.Max == re.Min && re.Min <= maxClass {
			return list
		}
		return b.close(list)
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if list = b.follow(list, []rune{r}); list == nil {
				return nil
			}
		}
		return list
	case syntax.OpCharClass:
		var members []rune
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1] && len(members) <= 2*maxClass; r++ {
				members = append(members, r)
			}
		}
		if len(members) <= 2*maxClass {
			return b.follow(list, members)
		}
	}
	return b.close(list)
}

// close says that anything may follow from here. That ends the proof for a beginning that has no keyword yet.
func (b *beginnings) close(list []string) []string {
	if slices.ContainsFunc(list, func(x string) bool { return !b.done(x) }) {
		return nil
	}
	return list
}

// follow appends each of the characters to each beginning. Letters beyond ASCII have case partners that are not
// followed up, so they end the proof.
func (b *beginnings) follow(list []string, members []rune) []string {
	var folded []rune
	for _, r := range members {
		if r >= utf8.RuneSelf {
			return b.close(list)
		}
		if r = unicode.ToLower(r); !slices.Contains(folded, r) {
			folded = append(folded, r)
		}
	}
	var all []string
	for _, x := range list {
		if b.done(x) {
			all = append(all, x)
			continue
		}
		for _, r := range folded {
			all = append(all, x+string(r))
		}
		if len(all) > maxBeginnings {
			return nil
		}
	}
	return all
}

func foldNext(r rune) rune { return unicode.SimpleFold(r) }
