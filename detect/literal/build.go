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
	freq := newFrequency()
	windows := make([]window, 0, 2*len(texts))
	for i, text := range texts {
		from := len(s.ids)
		s.ids = append(s.ids, indexes[text]...)
		s.words = append(s.words, word{text, int32(from), int32(len(s.ids))})
		for parity := range 2 {
			windows = append(windows, freq.rarest(int32(i), text, parity))
		}
	}
	// The likeliest first, while there are groups to choose from.
	slices.SortStableFunc(windows, func(a, b window) int { return cmp.Compare(b.odds(), a.odds()) })
	g := grouping{filter: &s.filter}
	for i := range windows {
		g.add(&windows[i])
	}
	g.finish()
	s.index(windows)
	return s
}

// index lists the checks by the hash of their window, or of its first half.
func (s *Set) index(windows []window) {
	hashes := func(w *window, visit func(slot *uint32)) {
		if w.halves[0].free|w.halves[1].free == 0 {
			visit(&s.whole[quad(uint32(w.halves[0].bits)|uint32(w.halves[1].bits)<<16)])
			return
		}
		w.halves[0].each(func(h uint64) { visit(&s.part[h]) })
	}
	for i := range windows {
		hashes(&windows[i], func(slot *uint32) { *slot++ })
	}
	// Each slot becomes the end of its checks; filling them in, the beginning.
	n := uint32(0)
	for _, slots := range [][]uint32{s.whole[:], s.part[:]} {
		for i := range slots {
			n += slots[i]
			slots[i] = n
		}
	}
	s.checks = make([]check, n)
	for i := range windows {
		c := newCheck(&windows[i], s.words[windows[i].word].text)
		hashes(&windows[i], func(slot *uint32) {
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
}

// odds is how often ordinary text is taken for the window.
func (w *window) odds() float64 { return w.halves[0].odds * w.halves[1].odds }

// half is two bytes of a window. A byte outside the word may be any.
type half struct {
	bits uint16  // the bytes of the word
	free uint16  // the bits, of those in laneMask, that may be any
	odds float64 // how often ordinary text has such a pair
}

// each calls visit with the hash of every pair that h may be.
func (h half) each(visit func(hash uint64)) {
	for free := h.free; ; free = (free - 1) & h.free {
		visit(pairs(uint64(h.bits|free)) % nPairs)
		if free == 0 {
			return
		}
	}
}

// anyPair is half.free when no byte of the half is in the word.
const anyPair = laneMask & 0xffff

// frequency is the table rarity as odds, of pairs and of single bytes.
type frequency struct {
	pair   [64 * 64]float64
	single [64]float64
}

func newFrequency() *frequency {
	f := new(frequency)
	for i := range f.pair {
		f.pair[i] = 1 / float64(uint64(1)<<(rarity[i]-'a'))
		f.single[i/64] += f.pair[i]
	}
	return f
}

// code is the six bits of a byte that laneMask keeps, as an index of rarity.
func code(c byte) int { return int(c&0x1f | c>>1&0x20) }

// rarest returns the best window for the occurrences of the word whose first
// byte stands at an offset of the given parity.
func (f *frequency) rarest(index int32, text string, parity int) (best window) {
	for off := -parity; off < len(text); off += 2 {
		w := window{index, int32(off), [2]half{f.half(text, off), f.half(text, off+2)}}
		if best.odds() == 0 || w.odds() < best.odds() {
			best = w
		}
	}
	return best
}

// half returns the half that begins at off of text.
func (f *frequency) half(text string, off int) (h half) {
	in1 := off >= 0 && off < len(text)
	in2 := off+1 < len(text)
	switch {
	case in1 && in2:
		h.bits = uint16(text[off]) | uint16(text[off+1])<<8
		h.odds = f.pair[code(text[off])*64+code(text[off+1])]
	case in1:
		h.bits, h.free = uint16(text[off]), anyPair&0xff00
		h.odds = f.single[code(text[off])]
	case in2:
		h.bits, h.free = uint16(text[off+1])<<8, anyPair&0x00ff
		h.odds = f.single[code(text[off+1])]
	default:
		h.free, h.odds = anyPair, 1
	}
	h.bits &= anyPair
	return h
}

// grouping deals windows out to groups. A group lets pass each of its first
// halves before each of its second ones: what belongs together costs least.
type grouping struct {
	filter *filter
	odds   [nGroups][2]float64 // of a group's halves, added up
	any    [2]uint32           // the groups with a half that any pair is
}

// add puts w into the group where it lets the least additional text pass.
func (g *grouping) add(w *window) {
	has := [2]uint32{g.having(w.halves[0], 0), g.having(w.halves[1], 1)}
	best, bestSums, bestCost := 0, [2]float64{}, math.Inf(1)
	for i, sums := range g.odds {
		old := sums[0] * sums[1]
		for k := range sums {
			if has[k]>>i&1 == 0 {
				sums[k] += w.halves[k].odds
			}
		}
		if cost := sums[0]*sums[1] - old; cost < bestCost {
			best, bestSums, bestCost = i, sums, cost
		}
	}
	g.odds[best] = bestSums
	for k, h := range w.halves {
		if h.free == anyPair {
			g.any[k] |= 1 << best
			continue
		}
		h.each(func(hash uint64) { g.filter[hash] |= 1 << (best + 32*k) })
	}
}

// having returns the groups that let h pass already as the k-th half.
func (g *grouping) having(h half, k int) uint32 {
	groups := ^uint32(0)
	if h.free == anyPair {
		return g.any[k]
	}
	h.each(func(hash uint64) { groups &= uint32(g.filter[hash] >> (32 * k)) })
	return groups | g.any[k]
}

// finish adds to every pair the groups that let any pair pass.
func (g *grouping) finish() {
	any := uint64(g.any[0]) | uint64(g.any[1])<<32
	for i := range g.filter {
		g.filter[i] |= any
	}
}
