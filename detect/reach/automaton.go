package reach

import "unicode/utf8"

// automaton reads text in lower case and stands, in each of its states, for the
// longest end of the text that is the beginning of a keyword. State 0 is the
// start.
type automaton struct {
	states int
	width  int        // symbols: columns of next
	class  [256]uint8 // symbol of a byte in lower case; 0 is any byte in no keyword
	// firstHigh is the first symbol of a byte above 0x7f; width if there is none.
	firstHigh int
	next      []int32 // by state and symbol
}

// dead is the state of a text that contains a keyword.
const dead = -1

func newAutomaton(keywords []string) *automaton {
	a := &automaton{width: 1}
	a.addSymbols(keywords, 0, utf8.RuneSelf)
	a.firstHigh = a.width
	a.addSymbols(keywords, utf8.RuneSelf, 256)
	a.addState()
	for _, k := range keywords {
		state := int32(0)
		for i := range len(k) {
			if state == dead {
				break // a shorter keyword is the beginning of this one
			}
			at := int(state)*a.width + int(a.class[k[i]])
			switch {
			case i == len(k)-1:
				a.next[at] = dead
			case a.next[at] == 0:
				s := a.addState()
				a.next[at] = s
			}
			state = a.next[at]
		}
	}
	a.complete()
	return a
}

// addSymbols gives a symbol to each byte of the keywords between from and to.
func (a *automaton) addSymbols(keywords []string, from, to int) {
	for _, k := range keywords {
		for i := range len(k) {
			if c := int(k[i]); from <= c && c < to && a.class[c] == 0 && a.width < 256 {
				a.class[c] = uint8(a.width)
				a.width++
			}
		}
	}
}

func (a *automaton) addState() int32 {
	a.next = append(a.next, make([]int32, a.width)...)
	a.states++
	return int32(a.states - 1)
}

// complete fills in, breadth first, where a state without a branch for a symbol
// goes: where the longest shorter end of the text does. A text is dead, too,
// when a shorter end of it is a keyword.
func (a *automaton) complete() {
	back := make([]int32, a.states)
	queue := make([]int32, 1, a.states)
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for c := range a.width {
			at := int(s)*a.width + c
			fall := int32(0)
			if s != 0 {
				fall = a.next[int(back[s])*a.width+c]
			}
			switch t := a.next[at]; {
			case t == dead || fall == dead:
				a.next[at] = dead
			case t == 0:
				a.next[at] = fall
			default:
				back[t] = fall
				queue = append(queue, t)
			}
		}
	}
}

// symbols is a set of characters as an automaton sees them.
type symbols struct {
	bytes [4]uint64 // symbols of bytes; those above 0x7f are added one by one
	high  bool      // all characters outside ASCII, and bytes that are not UTF-8
}

// add adds the byte c.
func (s *symbols) add(a *automaton, c byte) {
	n := a.class[lower(c)]
	s.bytes[n/64] |= 1 << (n % 64)
}
