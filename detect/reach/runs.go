package reach

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bytes is a set of bytes. Run wants every byte from utf8.RuneSelf on in it, since expressions are of runes.
type Bytes [256]bool

// Word is the set of ASCII letters and digits, of the other characters given, and of all bytes beyond ASCII.
func Word(others string) *Bytes {
	var set Bytes
	for c := range set {
		lower := c | 0x20
		set[c] = c >= utf8.RuneSelf || c >= '0' && c <= '9' || lower >= 'a' && lower <= 'z' || strings.IndexByte(others, byte(c)) >= 0
	}
	return &set
}

// maxRun is a length beyond which runs are not told apart.
const maxRun = 1 << 20

// Run is a length, in bytes, such that every match of the expression contains so many bytes of the set in a row; 0 when
// none is known.
func Run(re *syntax.Regexp, set *Bytes) int { return runOf(re, set).longest }

// HasRun reports whether a text contains n bytes of the set in a row. It looks at about every n-th byte of a text that
// has few such runs.
func (set *Bytes) HasRun(text []byte, n int) bool {
	for start := 0; start+n <= len(text); {
		i := start + n - 1
		for i >= start && set[text[i]] {
			i--
		}
		if i < start {
			return true
		}
		start = i + 1
	}
	return false
}

// run is what bytes of a set are certain in every match: how many at its start, at its end, in a row anywhere.
type run struct {
	only                bool // there are no other bytes; the three are the least length of a match
	start, end, longest int
}

func exactly(n int) run { n = min(n, maxRun); return run{true, n, n, n} }

func runOf(re *syntax.Regexp, set *Bytes) run {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return exactly(0)
	case syntax.OpLiteral:
		return literalRun(re, set)
	case syntax.OpCharClass:
		if set.hasRanges(re.Rune) {
			return exactly(1)
		}
	case syntax.OpCapture:
		return runOf(re.Sub[0], set)
	case syntax.OpStar, syntax.OpQuest:
		return repeatedRun(runOf(re.Sub[0], set), 0)
	case syntax.OpPlus:
		return repeatedRun(runOf(re.Sub[0], set), 1)
	case syntax.OpRepeat:
		return repeatedRun(runOf(re.Sub[0], set), re.Min)
	case syntax.OpConcat:
		all := exactly(0)
		for _, sub := range re.Sub {
			all = all.then(runOf(sub, set))
		}
		return all
	case syntax.OpAlternate:
		all := runOf(re.Sub[0], set)
		for _, sub := range re.Sub[1:] {
			r := runOf(sub, set)
			all = run{all.only && r.only, min(all.start, r.start), min(all.end, r.end), min(all.longest, r.longest)}
		}
		return all
	}
	return run{}
}

func literalRun(re *syntax.Regexp, set *Bytes) run {
	all := exactly(0)
	for _, r := range re.Rune {
		in := set.has(r)
		if re.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				in = in && set.has(f)
			}
		}
		if in {
			all = all.then(exactly(1))
		} else {
			all = all.then(run{})
		}
	}
	return all
}

// repeatedRun is r at least so many times.
func repeatedRun(r run, times int) run {
	switch {
	case r.only:
		return exactly(min(times, maxRun) * r.longest)
	case times == 0:
		return run{}
	case times > 1:
		r.longest = max(r.longest, r.end+r.start)
	}
	return r
}

// then is r followed by s.
func (r run) then(s run) run {
	both := run{r.only && s.only, r.start, s.end, max(r.longest, s.longest, r.end+s.start)}
	if r.only {
		both.start += s.start
	}
	if s.only {
		both.end += r.end
	}
	both.start, both.end, both.longest = min(both.start, maxRun), min(both.end, maxRun), min(both.longest, maxRun)
	return both
}

func (set *Bytes) has(r rune) bool { return r >= utf8.RuneSelf || set[r] }

// hasRanges reports whether every rune of the ranges is written in bytes of the set.
func (set *Bytes) hasRanges(ranges []rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], utf8.RuneSelf-1); r++ {
			if !set[r] {
				return false
			}
		}
	}
	return len(ranges) > 0
}
