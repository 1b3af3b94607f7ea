package literal

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// build makes the set of the words, given with their indexes.
func build(indexes map[string][]int32) *Set {
	s := new(Set)
	texts := make([]string, 0, len(indexes))
	for text := range indexes {
		texts = append(texts, text)
	}
	slices.Sort(texts) // the same set from the same words, whatever the map's order
	odds := newOdds()
	all := make([]choices, 0, 2*len(texts))
	for i, text := range texts {
		from := len(s.ids)
		s.ids = append(s.ids, indexes[text]...)
		s.words = append(s.words, word{text, int32(from), int32(len(s.ids))})
		for parity := range 2 {
			all = append(all, odds.choose(int32(i), text, parity))
		}
	}
	// The likeliest first, while the groups are empty.
	order := make([]int32, len(all))
	for i := range all {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := cmp.Compare(all[b].windows[0].odds, all[a].windows[0].odds); c != 0 {
			return c
		}
		return int(a - b)
	})
	g := grouping{filter: &s.filter}
	windows := make([]window, len(all))
	for i, at := range order {
		c := &all[at]
		windows[i] = g.add(c.windows[:c.n])
	}
	g.finish()
	s.index(windows)
	return s
}

// index lists the checks of the windows by hash.
func (s *Set) index(windows []window) {
	slots := func(w *window, visit func(slot *uint32)) {
		first, second := w.halves[0], w.halves[1]
		switch {
		case first.free|second.free == 0:
			visit(&s.whole[quad(uint32(first.bits)|uint32(second.bits)<<16)])
		case second.free == 0:
			visit(&s.second[pairs(uint64(second.bits))%nPairs])
		default:
			first.each(func(h uint64) { visit(&s.first[h]) })
		}
	}
	for i := range windows {
		slots(&windows[i], func(slot *uint32) { *slot++ })
	}
	// Each slot becomes the end of its checks; putting them in, the beginning.
	n := uint32(0)
	for _, index := range [][]uint32{s.whole[:], s.first[:], s.second[:]} {
		for i := range index {
			n += index[i]
			index[i] = n
		}
	}
	s.checks = make([]check, n)
	for i := range windows {
		c := newCheck(&windows[i], s.words[windows[i].word].text)
		slots(&windows[i], func(slot *uint32) {
			*slot--
			s.checks[*slot] = c
		})
	}
}

func newCheck(w *window, text string) check {
	var value, mask [8]byte
	for i := range min(8, len(text)) {
		value[i], mask[i] = text[i], 0xff
		if c := text[i]; 'a' <= c && c <= 'z' {
			value[i], mask[i] = c-('a'-'A'), 0xff-('a'-'A')
		}
	}
	return check{
		value: binary.LittleEndian.Uint64(value[:]),
		mask:  binary.LittleEndian.Uint64(mask[:]),
		word:  w.word,
		size:  int32(len(text)),
		off:   w.off,
	}
}

// window is four bytes of a text in which a word is looked for.
type window struct {
	word   int32 // in Set.words
	off    int32 // where the window begins in the word, -1 to its length-1
	halves [2]half
	odds   float64 // how often ordinary text has such four bytes
}

// half is two bytes of a window. A byte outside the word may be any.
type half struct {
	bits uint16  // the bytes of the word
	free uint16  // the bits, of those in laneMask, that may be any
	odds float64 // how often ordinary text has such a pair
}

// anyPair is half.free when no byte of the half is in the word.
const anyPair = laneMask & 0xffff

// each calls visit with the hash of every pair that h may be.
func (h half) each(visit func(hash uint64)) {
	for free := h.free; ; free = (free - 1) & h.free {
		visit(pairs(uint64(h.bits|free)) % nPairs)
		if free == 0 {
			return
		}
	}
}

// grouping deals windows out to groups. A group lets each of its first halves
// pass before each of its second ones, so what is alike belongs together.
type grouping struct {
	filter *filter
	odds   [2][nGroups]float64 // of a group's halves, added up
	any    [2]uint32           // the groups with a half that any pair is
}

// add takes one of the choices into the group where it lets the least
// additional text pass, and returns it.
func (g *grouping) add(choices []window) window {
	best, group, least := 0, 0, math.Inf(1)
	var lacking [nChoices][2]uint32
	for i := range choices {
		w := &choices[i]
		lacks := [2]uint32{^g.having(w.halves[0], 0), ^g.having(w.halves[1], 1)}
		lacking[i] = lacks
		if w.odds >= least && lacks[0]|lacks[1] == ^uint32(0) {
			continue // it would cost at least that in every group
		}
		for j := range nGroups {
			cost := 0.0
			if (lacks[0]|lacks[1])>>j&1 != 0 {
				cost = w.odds
			}
			// Halves of different windows are taken for independent.
			if lacks[0]>>j&1 != 0 {
				cost += w.halves[0].odds * g.odds[1][j]
			}
			if lacks[1]>>j&1 != 0 {
				cost += w.halves[1].odds * g.odds[0][j]
			}
			if cost < least {
				best, group, least = i, j, cost
			}
		}
	}
	for k, h := range choices[best].halves {
		if lacking[best][k]>>group&1 != 0 {
			g.odds[k][group] += h.odds
		}
		if h.free == anyPair {
			g.any[k] |= 1 << group
			continue
		}
		h.each(func(hash uint64) { g.filter[hash] |= 1 << (group + nGroups*k) })
	}
	return choices[best]
}

// having returns the groups that let h pass already as the k-th half.
func (g *grouping) having(h half, k int) uint32 {
	if h.free == anyPair {
		return g.any[k]
	}
	groups := ^uint32(0)
	h.each(func(hash uint64) { groups &= uint32(g.filter[hash] >> (nGroups * k)) })
	return groups | g.any[k]
}

// finish adds to every pair the groups that let any pair pass.
func (g *grouping) finish() {
	any := uint64(g.any[0]) | uint64(g.any[1])<<nGroups
	for i := range g.filter {
		g.filter[i] |= any
	}
}
