// Package dfa tells quickly that a regular expression cannot match a text.
//
// Go's regexp package simulates an NFA and reads a few tens of megabytes a second. A deterministic automaton reads ten
// times as much, but it does not know submatches, and its full size can be exponential. So, as in RE2, states are made
// when they are first reached, and the answer is only used to refuse: when May says no, nothing in the text matches;
// when it says yes, the regular expression itself is run. Ends tells how much of the text that needs.
//
// The automaton is a superset of the expression: assertions (\b, ^, $ …) always hold, every byte of a rune outside
// ASCII may stand for any such rune or a part of one, and the upper bounds of repetitions are dropped, since counting
// them takes most states and refuses little. Hence a no is always right.
//
// It knows no rule and no keyword.
//
// Concurrency: a Program is immutable and shared; a Cache holds the states one goroutine has made.
package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
)

// Bounds of one Cache: a state set of many counted repetitions can be large, and there can be many of them.
const (
	maxStates  = 3000
	maxMemory  = 4 << 20 // bytes, about
	maxResets  = 4       // after so many floods the automaton is given up: it costs more than it saves
	maxProgram = 20_000  // instructions
)

// other is the class of all bytes that are not ASCII.
const other = 128

// Program is an expression prepared for searching.
type Program struct {
	insts    []syntax.Inst
	start    uint32
	anchored bool
	class    [256]uint8 // byte → class
	classes  int
	sample   []int // class → a byte of it, or other
}

// CompileTree prepares a parsed expression, which it changes, to be looked for anywhere in a text; an anchored one only at its
// start. ok is false when it is too large to be worth it.
func CompileTree(re *syntax.Regexp, anchored bool) (p *Program, ok bool) {
	relax(re)
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > maxProgram {
		return nil, false
	}
	p = &Program{insts: prog.Inst, start: uint32(prog.Start), anchored: anchored}
	p.classify()
	return p, true
}

// maxCounted is how many copies of a repeated part are kept as its lower bound.
const maxCounted = 64

// relax drops the upper bounds of repetitions: x{2,9} becomes x{2,}. What the expression matches, it still matches.
func relax(re *syntax.Regexp) {
	for _, sub := range re.Sub {
		relax(sub)
	}
	if re.Op == syntax.OpRepeat && re.Max != re.Min {
		re.Max = -1
		re.Min = min(re.Min, maxCounted)
	}
}

// classify puts bytes that no instruction tells apart into one class: ranges of instructions begin and end only
// where classes do.
func (p *Program) classify() {
	var border [other + 1]bool
	border[0], border[other] = true, true
	mark := func(low, high rune) {
		if low < other {
			border[low] = true
		}
		if high+1 < other {
			border[high+1] = true
		}
	}
	for i := range p.insts {
		switch in := &p.insts[i]; in.Op {
		case syntax.InstRuneAnyNotNL:
			mark('\n', '\n')
		case syntax.InstRune, syntax.InstRune1:
			if len(in.Rune) == 1 { // with folding, if the flag says so
				for r := in.Rune[0]; ; {
					mark(r, r)
					if r = unicode.SimpleFold(r); r == in.Rune[0] {
						break
					}
				}
				continue
			}
			for k := 0; k+1 < len(in.Rune); k += 2 {
				mark(in.Rune[k], in.Rune[k+1])
			}
		}
	}
	for b := range 256 {
		if b <= other && border[b] {
			p.sample = append(p.sample, b)
		}
		p.class[b] = uint8(len(p.sample) - 1)
	}
	p.classes = len(p.sample)
}

// matchesOther reports whether an instruction can match any rune outside ASCII. Folding can reach some from ASCII
// letters (U+017F, U+212A), so that an instruction that folds is taken to match.
func matchesOther(in *syntax.Inst) bool {
	if in.Op == syntax.InstRuneAny || in.Op == syntax.InstRuneAnyNotNL || len(in.Rune) == 0 {
		return true
	}
	return in.Rune[len(in.Rune)-1] >= 0x80 || syntax.Flags(in.Arg)&syntax.FoldCase != 0
}

// Cache is the states made so far. The zero value is not ready; NewCache is.
type Cache struct {
	p      *Program
	index  map[string]int32
	sets   [][]uint32 // state → rune instructions, ascending
	next   []int32    // state*classes + class → state, or a mark
	first  int32      // the state before any byte
	memory int
	resets int

	mark  []uint32 // by instruction: the closure it was seen in
	pass  uint32
	stack []uint32
	set   []uint32
	key   []byte
	hit   bool

	// through says that matches are passed over: what is asked is how far one may go on.
	through bool
}

// Marks in next.
const (
	unknown = -1
	matched = -2
	dead    = -3 // an anchored expression cannot match any more
)

// NewCache makes an empty cache for one goroutine.
func NewCache(p *Program) *Cache {
	c := &Cache{p: p, mark: make([]uint32, len(p.insts))}
	c.reset()
	return c
}

// Ends tells how far an anchored program can go on. It is for one goroutine.
type Ends struct{ c *Cache }

// NewEnds makes one for an anchored program.
func NewEnds(p *Program) Ends {
	c := NewCache(p)
	c.through = true
	return Ends{c}
}

// End is an offset up to which every match that begins with the text ends.
func (e Ends) End(text []byte) int {
	c := e.c
	if c.resets >= maxResets {
		return len(text)
	}
	s := c.begin()
	if s < 0 {
		if s == dead {
			return 0
		}
		return len(text)
	}
	p, classes := c.p, c.p.classes
	for i, b := range text {
		k := int(s)*classes + int(p.class[b])
		n := c.next[k]
		if n == unknown {
			if n = c.step(s, p.class[b]); n == unknown {
				break // flooded
			}
		}
		if n == dead {
			return i + 1 // a match may end with this byte
		}
		s = n
	}
	return len(text)
}

func (c *Cache) reset() {
	c.index = map[string]int32{}
	c.sets, c.next, c.memory, c.first = c.sets[:0], c.next[:0], 0, unknown
}

// May reports whether the expression may match somewhere in the text. No is certain.
func (c *Cache) May(text []byte) bool {
	if c.resets >= maxResets {
		return true
	}
	s := c.begin()
	if s == matched || s == unknown {
		return true
	}
	if s == dead {
		return false
	}
	p, classes := c.p, c.p.classes
	for _, b := range text {
		k := int(s)*classes + int(p.class[b])
		n := c.next[k]
		if n < 0 {
			if n == unknown {
				if n = c.step(s, p.class[b]); n == unknown {
					return true // flooded
				}
			}
			if n == matched {
				return true
			}
			if n == dead {
				return false
			}
		}
		s = n
	}
	return false
}

// begin is the state before any byte.
func (c *Cache) begin() int32 {
	if c.first == unknown {
		c.open()
		c.add(c.p.start)
		c.first = c.state()
	}
	return c.first
}

func (c *Cache) open() {
	c.pass++
	if c.pass == 0 {
		clear(c.mark)
		c.pass = 1
	}
	c.set, c.hit = c.set[:0], false
}

// add follows an instruction through what consumes nothing and collects the rune instructions it leads to.
func (c *Cache) add(pc uint32) {
	c.stack = append(c.stack[:0], pc)
	for len(c.stack) > 0 {
		pc := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if c.mark[pc] == c.pass {
			continue
		}
		c.mark[pc] = c.pass
		switch in := &c.p.insts[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			c.stack = append(c.stack, in.Arg, in.Out)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			c.stack = append(c.stack, in.Out)
		case syntax.InstMatch:
			c.hit = true
		case syntax.InstFail:
		default:
			c.set = append(c.set, pc)
		}
	}
}

// state is the number of the set that was collected, made if it is new.
func (c *Cache) state() int32 {
	if c.hit && !c.through {
		return matched
	}
	if len(c.set) == 0 {
		return dead
	}
	slices.Sort(c.set)
	c.key = c.key[:0]
	for _, pc := range c.set {
		c.key = binary.LittleEndian.AppendUint32(c.key, pc)
	}
	if s, ok := c.index[string(c.key)]; ok {
		return s
	}
	cost := 8*len(c.set) + 4*c.p.classes + 64
	if len(c.sets) >= maxStates || c.memory+cost > maxMemory {
		c.resets++
		c.reset()
		return unknown
	}
	s := int32(len(c.sets))
	c.index[string(c.key)] = s
	c.sets = append(c.sets, slices.Clone(c.set))
	for range c.p.classes {
		c.next = append(c.next, unknown)
	}
	c.memory += cost
	return s
}

// step makes the state behind s after a byte of a class. Unless it is anchored, a search may begin at every byte, so
// the start is always in.
func (c *Cache) step(s int32, class uint8) int32 {
	b := c.p.sample[class]
	c.open()
	if !c.p.anchored {
		c.add(c.p.start)
	}
	for _, pc := range c.sets[s] {
		in := &c.p.insts[pc]
		if b == other {
			if matchesOther(in) {
				c.add(in.Out)
				c.add(pc) // the rune goes on in the next byte
			}
		} else if in.MatchRune(rune(b)) {
			c.add(in.Out)
		}
	}
	n := c.state()
	if n != unknown {
		c.next[int(s)*c.p.classes+int(class)] = n
	}
	return n
}
