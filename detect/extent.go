package detect

import (
	"regexp/syntax"
	"unicode/utf8"
)

// byteSet is a set of bytes.
type byteSet [256]bool

func (s *byteSet) join(t *byteSet) {
	for b, in := range t {
		s[b] = s[b] || in
	}
}

func (s *byteSet) holds(t *byteSet) bool {
	for b, in := range t {
		if in && !s[b] {
			return false
		}
	}
	return true
}

// extent bounds how far a match reaches from a place inside it: not by a length, which an expression with + or *
// has none of, but by the bytes that are there. A match has at most `others` bytes that are not in `loops`, the bytes
// that its unbounded repetitions can take. So it ends at the latest before the next such byte after those. A bounded
// expression is the case that no byte is in loops.
type extent struct {
	loops  byteSet
	empty  bool // loops has no byte
	others int
}

// whole reports whether the extent never ends before the text does.
func (x *extent) whole() bool { return x.others < 0 }

// extentOf computes the extent of an expression.
func extentOf(re *syntax.Regexp) extent {
	x := extent{}
	collectLoops(re, &x.loops)
	x.empty = x.loops == byteSet{}
	all := byteSet{}
	for b := range all {
		all[b] = true
	}
	if x.loops == all {
		x.others = -1
		return x
	}
	x.others = x.count(re)
	return x
}

// collectLoops adds the bytes of all repetitions without bound.
func collectLoops(re *syntax.Regexp, loops *byteSet) {
	if re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max < 0 {
		b := bytesOf(re)
		loops.join(&b)
		return
	}
	for _, sub := range re.Sub {
		collectLoops(sub, loops)
	}
}

// bytesOf is every byte that can stand in a match of re. A character outside ASCII gives all bytes from 0x80 on:
// those of its encoding, and the stray ones that count as U+FFFD.
func bytesOf(re *syntax.Regexp) (set byteSet) {
	add := func(low, high rune) {
		for r := low; r <= min(high, utf8.RuneSelf-1); r++ {
			set[r] = true
		}
		if high >= utf8.RuneSelf {
			for b := utf8.RuneSelf; b < 256; b++ {
				set[b] = true
			}
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			add(r, r)
			if re.Flags&syntax.FoldCase != 0 {
				for f := foldNext(r); f != r; f = foldNext(f) {
					add(f, f)
				}
			}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			add(re.Rune[i], re.Rune[i+1])
		}
	case syntax.OpAnyChar:
		add(0, utf8.MaxRune)
	case syntax.OpAnyCharNotNL:
		add(0, '\n'-1)
		add('\n'+1, utf8.MaxRune)
	}
	for _, sub := range re.Sub {
		b := bytesOf(sub)
		set.join(&b)
	}
	return set
}

// maxOthers keeps the count far from overflow; an extent of so many bytes is the whole text.
const maxOthers = 1 << 30

// count is the greatest number of bytes outside loops that a match of re can have.
func (x *extent) count(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n += x.countLeaf(&syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{r}})
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = x.countLeaf(re)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = max(n, x.count(sub))
		}
	case syntax.OpStar, syntax.OpPlus:
		// All its bytes are in loops.
	case syntax.OpRepeat:
		if re.Max >= 0 {
			n = x.count(re.Sub[0]) * re.Max
		}
	default:
		for _, sub := range re.Sub {
			n += x.count(sub)
		}
	}
	return min(n, maxOthers)
}

// countLeaf is count of one character.
func (x *extent) countLeaf(re *syntax.Regexp) int {
	set := bytesOf(re)
	if x.loops.holds(&set) {
		return 0
	}
	most := 1
	longest := func(r rune) {
		if n := utf8.RuneLen(r); n > most {
			most = n
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		r := re.Rune[0]
		longest(r)
		if re.Flags&syntax.FoldCase != 0 {
			for f := foldNext(r); f != r; f = foldNext(f) {
				longest(f)
			}
		}
	case syntax.OpCharClass:
		for i := 1; i < len(re.Rune); i += 2 {
			longest(re.Rune[i])
		}
	default:
		most = utf8.UTFMax
	}
	return most
}

// after is where the extent from an offset ends: behind the first `others` bytes outside loops from there on, and
// those in loops that follow.
func (x *extent) after(text []byte, from int) int {
	if x.whole() {
		return len(text)
	}
	if x.empty {
		return min(len(text), from+x.others)
	}
	for left := x.others; from < len(text); from++ {
		if !x.loops[text[from]] {
			if left == 0 {
				break
			}
			left--
		}
	}
	return from
}

// before is where the extent that ends at an offset begins.
func (x *extent) before(text []byte, from int) int {
	if x.whole() {
		return 0
	}
	if x.empty {
		return max(0, from-x.others)
	}
	for left := x.others; from > 0; from-- {
		if !x.loops[text[from-1]] {
			if left == 0 {
				break
			}
			left--
		}
	}
	return from
}
