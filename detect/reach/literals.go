package reach

import (
	"math"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minLiteral, maxLiterals and maxCost bound what Literals returns: shorter
	// words stand everywhere, more words cost more than they save.
	minLiteral  = 3
	maxLiterals = 64
	// maxCost is that of 16 words of 3 bytes.
	maxCost = 16.0 / 4096
	// maxLength is how long an exact word may grow.
	maxLength = 64
	// maxMembers is how many characters of a class are told apart.
	maxMembers = 16
	// maxUnrolled is how often a repeated sub-expression is looked at.
	maxUnrolled = 8
	// maxWork bounds the work on an expression, in parts looked at and words
	// put together.
	maxWork = 1 << 14
)

// Literals returns words, in ASCII lower case, one of which every match (its
// letters A-Z as a-z) contains: at most 64 words of at least 3 bytes, none of
// them containing another, sorted. Of the sets that it sees it takes the one
// that ordinary text should contain least. It returns nil when there is none.
//
// The words are meant as keywords for a rule that names none; Necessary holds
// for them.
func (i Info) Literals() []string {
	if i.tree == nil {
		return nil
	}
	f := finder{work: maxWork}
	words := prune(f.facts(i.tree).required())
	if !usable(words) || f.work <= 0 || !i.Necessary(words) {
		return nil
	}
	return words
}

// facts is what is known of the matches of a part of the expression, in lower
// case. In each field nil means that nothing is known.
type facts struct {
	exact  []string // every match is one of these
	prefix []string // every match begins with one of these
	suffix []string // every match ends with one of these
	inner  []string // every match contains one of these
}

// one is the facts of a text that is there word for word.
func one(words ...string) facts { return facts{exact: words} }

// known reports nothing but the sets: the exact one stands for all.
func (f facts) begins() []string {
	if f.exact != nil {
		return f.exact
	}
	return f.prefix
}

func (f facts) ends() []string {
	if f.exact != nil {
		return f.exact
	}
	return f.suffix
}

// required returns the best of the sets.
func (f facts) required() []string {
	best := f.exact
	for _, s := range [][]string{f.prefix, f.suffix, f.inner} {
		best = better(best, s)
	}
	return best
}

// finder goes through an expression.
type finder struct{ work int } // left to do

func (f *finder) facts(re *syntax.Regexp) facts {
	f.work--
	if f.work <= 0 {
		return facts{}
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return one("")
	case syntax.OpLiteral:
		return f.literal(re)
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpCapture:
		return f.facts(re.Sub[0])
	case syntax.OpConcat:
		all := one("")
		for _, sub := range re.Sub {
			all = f.concat(all, f.facts(sub))
		}
		return all
	case syntax.OpAlternate:
		return f.alternate(re.Sub)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return f.repeat(re)
	}
	return facts{}
}

func (f *finder) literal(re *syntax.Regexp) facts {
	all := one("")
	var plain []byte // what follows all and can be written in one way only
	for _, r := range re.Rune {
		var next facts
		switch {
		case r == utf8.RuneError: // any byte that is not UTF-8
		case re.Flags&syntax.FoldCase != 0:
			next = class(cases(r))
		default:
			next = one(lowerString(string(r)))
		}
		if len(next.exact) == 1 {
			plain = append(plain, next.exact[0]...)
			continue
		}
		all = f.concat(f.concat(all, one(string(plain))), next)
		plain = plain[:0]
	}
	return f.concat(all, one(string(plain)))
}

// cases returns r and what it folds to, as a class.
func cases(r rune) []rune {
	class := []rune{r, r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		class = append(class, f, f)
	}
	return class
}

// class returns the characters of a class, if they are few.
func class(ranges []rune) facts {
	has := func(ascii rune) bool { return contains(ranges, ascii) || contains(ranges, ascii-'a'+'A') }
	size := rune(0)
	for i := 0; i+1 < len(ranges); i += 2 {
		if size += ranges[i+1] - ranges[i] + 1; size > 4*maxMembers {
			return facts{} // with two cases of each and what is left out, still too many
		}
	}
	var words []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if outside(r, has) {
				continue
			}
			w := lowerString(string(r))
			if r == utf8.RuneError || len(words) > maxMembers {
				return facts{}
			}
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	if len(words) == 0 || len(words) > maxMembers {
		return facts{}
	}
	return one(words...)
}

func (f *finder) repeat(re *syntax.Regexp) facts {
	low, high := bounds(re)
	sub := f.facts(re.Sub[0])
	if low == 0 {
		if high == 1 && sub.exact != nil {
			return facts{exact: unique(append(slices.Clip(sub.exact), ""))}
		}
		return facts{}
	}
	all := one("")
	for range min(low, maxUnrolled) {
		all = f.concat(all, sub)
	}
	if high != low || low > maxUnrolled {
		// More of the same may stand between beginning and end.
		all = f.concat(all, facts{suffix: sub.ends()})
	}
	return all
}

func (f *finder) alternate(subs []*syntax.Regexp) facts {
	var all facts
	for i, re := range subs {
		sub := f.facts(re)
		first := i == 0
		all.exact = f.union(all.exact, sub.exact, first)
		all.prefix = f.union(all.prefix, sub.begins(), first)
		all.suffix = f.union(all.suffix, sub.ends(), first)
		all.inner = f.union(all.inner, sub.required(), first)
	}
	return facts{unique(all.exact), unique(all.prefix), unique(all.suffix), unique(all.inner)}
}

// union adds the words of b to a, which are none yet if b is the first: nil
// when there are too many or one of the sets is not known.
func (f *finder) union(a, b []string, first bool) []string {
	if b == nil || a == nil && !first || len(a)+len(b) > 2*maxLiterals {
		return nil
	}
	f.work -= len(b)
	return append(slices.Clip(a), b...)
}

// concat returns the facts of a match of a followed by one of b.
func (f *finder) concat(a, b facts) facts {
	if f.work <= 0 {
		return facts{}
	}
	if all := cross(a.exact, b.exact); all != nil {
		f.work -= len(all)
		return facts{exact: all}
	}
	c := facts{prefix: a.begins(), suffix: b.ends()}
	if a.exact != nil {
		if longer := cross(a.exact, b.begins()); longer != nil {
			c.prefix = longer
		}
	}
	if b.exact != nil {
		if longer := cross(a.ends(), b.exact); longer != nil {
			c.suffix = longer
		}
	}
	c.inner = better(a.required(), b.required())
	c.inner = better(c.inner, cross(a.ends(), b.begins()))
	f.work -= len(c.prefix) + len(c.suffix) + len(c.inner)
	return c
}

// cross returns every word of a followed by every word of b, nil when that is
// too much or one of them is not known.
func cross(a, b []string) []string {
	if a == nil || b == nil || len(a)*len(b) > maxLiterals {
		return nil
	}
	all := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxLength {
				return nil
			}
			all = append(all, x+y)
		}
	}
	return unique(all)
}

// unique sorts the words, in place, and drops those that stand there twice.
func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// better returns the set that ordinary text should contain less often.
func better(a, b []string) []string {
	if cost(b) < cost(a) {
		return b
	}
	return a
}

// cost is a measure of how often ordinary text contains one of the words:
// each byte of a word makes it so much rarer, up to a point.
func cost(words []string) float64 {
	if words == nil {
		return math.Inf(1)
	}
	sum := 0.0
	for _, w := range words {
		sum += 1 / float64(uint64(1)<<(4*min(len(w), 8)))
	}
	return sum
}

// prune returns the words that contain no other of them: those suffice.
func prune(words []string) []string {
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if !slices.ContainsFunc(words, func(o string) bool { return len(o) < len(w) && strings.Contains(w, o) }) {
			kept = append(kept, w)
		}
	}
	return unique(kept)
}

func usable(words []string) bool {
	if len(words) == 0 || len(words) > maxLiterals {
		return false
	}
	return cost(words) <= maxCost && !slices.ContainsFunc(words, func(w string) bool { return len(w) < minLiteral })
}
