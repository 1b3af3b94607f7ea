package reach

import (
	"math/bits"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// Bounds on the work of one proof, which is refused beyond them: at most about
// a millisecond, whatever the expression.
const (
	maxKeywordBytes = 1 << 13
	maxSteps        = 1 << 17
)

// Necessary reports whether every match, with its letters A-Z as a-z, is proved
// to contain at least one of the keywords (which are folded likewise). An
// expression without matches has every word in all of them.
//
// The proof looks for a match without keyword. An automaton reads text and is
// in one state for each beginning of a keyword that the text may be ending
// with; where it would complete one, the text is given up. The sets of states
// that the automaton can be in are carried through the expression: none left at
// its end is the proof. Assertions are taken to hold anywhere, so a match is
// missed only when it would have contained a keyword.
func (i Info) Necessary(keywords []string) bool {
	size := 0
	folded := make([]string, len(keywords))
	for n, k := range keywords {
		if k == "" {
			return true
		}
		folded[n] = lowerString(k)
		size += len(k)
	}
	if size > maxKeywordBytes || i.tree == nil {
		return false
	}
	p := &proof{automaton: newAutomaton(folded), steps: maxSteps}
	start := p.newSet()
	start.add(0)
	return p.through(i.tree, start).empty() && p.steps > 0
}

// proof carries sets of states through an expression.
type proof struct {
	*automaton
	steps   int // left
	classes map[*syntax.Regexp]symbols
}

func (p *proof) newSet() set { return make(set, (p.states+63)/64) }

// through returns the states after re for the states before it: of all texts
// that re matches and that complete no keyword.
func (p *proof) through(re *syntax.Regexp, from set) set {
	p.steps--
	if p.steps <= 0 || from.empty() {
		return p.newSet()
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return p.newSet()
	case syntax.OpLiteral:
		return p.throughLiteral(re, from)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return p.step(p.class(re), from)
	case syntax.OpCapture:
		return p.through(re.Sub[0], from)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			from = p.through(sub, from)
		}
		return from
	case syntax.OpAlternate:
		all := p.newSet()
		for _, sub := range re.Sub {
			all.join(p.through(sub, from))
		}
		return all
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return p.throughRepeat(re, from)
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return from
	}
	p.steps = 0 // an operator that a later Go may bring: nothing is proved
	return p.newSet()
}

func (p *proof) throughLiteral(re *syntax.Regexp, from set) set {
	for _, r := range re.Rune {
		to := p.stepRune(r, from)
		if re.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				if !outside(f, anyRune) {
					to.join(p.stepRune(f, from))
				}
			}
		}
		from = to
	}
	return from
}

func anyRune(rune) bool { return true }

// stepRune returns the states after one given character.
func (p *proof) stepRune(r rune, from set) set {
	s := symbols{}
	if r == utf8.RuneError {
		s.high = true
		return p.step(s, from)
	}
	var b [utf8.UTFMax]byte
	for _, c := range b[:utf8.EncodeRune(b[:], r)] {
		s := symbols{}
		s.add(p.automaton, c)
		from = p.step(s, from)
	}
	return from
}

// throughRepeat takes re's sub-expression as often as re does. The states after
// n+1 times depend on those after n times alone, state by state: what has been
// seen once brings nothing new.
func (p *proof) throughRepeat(re *syntax.Regexp, from set) set {
	low, high := bounds(re)
	for range low {
		next := p.through(re.Sub[0], from)
		if next.equal(from) {
			break
		}
		from = next
	}
	all := p.newSet()
	all.join(from)
	for n := low; n != high; n++ {
		from = p.through(re.Sub[0], from)
		if !all.join(from) {
			break
		}
	}
	return all
}

// class returns the symbols of a node that matches one character.
func (p *proof) class(re *syntax.Regexp) symbols {
	if s, ok := p.classes[re]; ok {
		return s
	}
	class := re.Rune
	switch re.Op {
	case syntax.OpAnyChar:
		class = []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		class = []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	}
	p.steps -= len(class)
	s := symbols{}
	has := func(ascii rune) bool { return contains(class, ascii) || contains(class, ascii-'a'+'A') }
	for i := 0; i+1 < len(class); i += 2 {
		first, last := class[i], class[i+1]
		for r := first; r <= min(last, utf8.RuneSelf-1); r++ {
			s.add(p.automaton, byte(r))
		}
		if last >= utf8.RuneSelf && !(first == last && outside(first, has)) {
			s.high = true
		}
	}
	if p.classes == nil {
		p.classes = map[*syntax.Regexp]symbols{}
	}
	p.classes[re] = s
	return s
}

// step returns the states after one character of s.
func (p *proof) step(s symbols, from set) set {
	to := p.newSet()
	for w, word := range from {
		for ; word != 0; word &= word - 1 {
			state := w*64 + bits.TrailingZeros64(word)
			row := p.next[state*p.width : (state+1)*p.width]
			p.steps--
			for i, m := range s.bytes {
				for ; m != 0; m &= m - 1 {
					to.addAlive(row[i*64+bits.TrailingZeros64(m)])
				}
			}
		}
	}
	if s.high && !from.empty() {
		p.stepHigh(from, to)
	}
	return to
}

// stepHigh adds to to the states after any character outside ASCII, or any
// byte that is not UTF-8: after one to four bytes above 0x7f.
func (p *proof) stepHigh(from, to set) {
	if p.firstHigh == p.width {
		to.add(0)
		return
	}
	for range utf8.UTFMax {
		next := p.newSet()
		next.add(0) // by a byte that is in no keyword
		for w, word := range from {
			for ; word != 0; word &= word - 1 {
				state := w*64 + bits.TrailingZeros64(word)
				p.steps--
				for c := p.firstHigh; c < p.width; c++ {
					next.addAlive(p.next[state*p.width+c])
				}
			}
		}
		to.join(next)
		from = next
	}
}

// set is a set of states.
type set []uint64

func (s set) add(state int) { s[state/64] |= 1 << (state % 64) }

// addAlive adds a state unless it is dead.
func (s set) addAlive(state int32) {
	if state != dead {
		s.add(int(state))
	}
}

func (s set) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s set) equal(t set) bool {
	for i, w := range s {
		if w != t[i] {
			return false
		}
	}
	return true
}

// join adds t and reports whether that changed s.
func (s set) join(t set) bool {
	changed := false
	for i, w := range t {
		changed = changed || w&^s[i] != 0
		s[i] |= w
	}
	return changed
}
