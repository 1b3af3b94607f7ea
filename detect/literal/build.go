package literal

import (
	"cmp"
	"math"
	"slices"
)

// choose chooses for each word the windows for even and for odd offsets, one
// after the other.
func (s *Set) choose() []laid {
	odds := newOdds()
	all := make([]choices, 0, 2*len(s.texts))
	for _, text := range s.texts {
		for parity := range 2 {
			all = append(all, odds.choose(text, parity))
		}
	}
	// The likeliest first, while the groups are empty.
	order := make([]int32, len(all))
	for i := range all {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := cmp.Compare(all[b].windows[0].all, all[a].windows[0].all); c != 0 {
			return c
		}
		return int(a - b)
	})
	g := grouping{odds: odds}
	windows := make([]laid, len(all))
	for _, at := range order {
		c := &all[at]
		windows[at] = g.add(c.windows[:c.n])
	}
	return windows
}

// lay makes the tables of the windows that were chosen. Any windows give the
// same occurrences, in more time or less.
func (s *Set) lay() {
	var any [2]uint64 // the groups that let any pair pass
	for i, l := range s.layout {
		text, off, group := s.texts[i/2], int(l.off)-1, uint64(1)<<l.group
		s.filter.add(halfOf(text, off), halfOf(text, off+2), group, &any)
	}
	if any != [2]uint64{} {
		for i := range s.filter {
			s.filter[i].first |= any[0]
			s.filter[i].second |= any[1]
		}
	}
	s.index(s.layout)
}

// add has the halves pass in the group. A half that any pair is goes into any.
func (f *filter) add(first, second half, group uint64, any *[2]uint64) {
	if first.free == anyPair {
		any[0] |= group
	} else {
		first.each(func(hash uint64) { f[hash].first |= group })
	}
	if second.free == anyPair {
		any[1] |= group
	} else {
		second.each(func(hash uint64) { f[hash].second |= group })
	}
}

// index lists the windows by what stands there.
func (s *Set) index(windows []laid) {
	numbers := make([]uint32, len(windows))
	for _, table := range [][]slot{s.slots.whole[:], s.slots.headless[:], s.slots.tailless[:], s.slots.others[:]} {
		for i := range table {
			table[i] = noWord
		}
	}
	for i, l := range windows {
		bits, kind, around := bytesOf(s.texts[i/2], int(l.off)-1)
		number, slot := s.slotOf(kind, bits)
		*slot = slot.or(around)
		numbers[i] = number
		s.starts[number]++
	}
	// Each slot's number becomes its end; putting places in, its beginning.
	n := uint32(0)
	for h := range s.starts {
		n += s.starts[h]
		s.starts[h] = n
	}
	s.places = make([]place, n)
	// From behind, so that a slot's places are in the order of the words: that of
	// the occurrences of a word that was given many times.
	for i, l := range slices.Backward(windows) {
		h := numbers[i]
		s.starts[h]--
		s.places[s.starts[h]] = place(i/2<<8 | int(l.off))
	}
}

// slotOf is the slot of windows of a kind with the given bytes, and its number.
func (s *Set) slotOf(k kind, bits uint32) (uint32, *slot) {
	switch k {
	case whole:
		h := k.hash(bits, wholeBits)
		return wholeSlots + h, &s.slots.whole[h]
	case headless:
		h := k.hash(bits, partBits)
		return headlessSlots + h, &s.slots.headless[h]
	case tailless:
		h := k.hash(bits, partBits)
		return taillessSlots + h, &s.slots.tailless[h]
	}
	if !slices.Contains(s.others, k) {
		s.others = append(s.others, k)
	}
	h := k.otherHash(bits)
	return otherSlots + h, &s.slots.others[h]
}

// or is the slot of the words of both.
func (s slot) or(t slot) slot {
	switch {
	case s == noWord:
		return t
	case t == noWord:
		return s
	}
	for i := range 8 {
		if b := slot(0xff) << (8 * i); (s^t)&b != 0 {
			s &^= b
		}
	}
	return s
}

// bytesOf returns the bytes of the window at off of text, which of them lie in
// text, and what stands around it.
func bytesOf(text string, off int) (bits uint32, k kind, around slot) {
	for i := range 8 {
		if at := off + i - 2; at >= 0 && at < len(text) {
			around |= slot(text[at]&(laneMask&0xff)|0x80) << (8 * i)
			if 2 <= i && i < 6 {
				bits |= uint32(text[at]&(laneMask&0xff)) << (8 * (i - 2))
				k |= laneMask & 0xff << (8 * (i - 2))
			}
		}
	}
	return bits, k, around
}

// window is four bytes of a text in which a word is looked for.
type window struct {
	off    int32 // where the window begins in the word, -1 to its length-1
	halves [2]half
	inner  [2]uint8   // the codes of the bytes where the halves meet; 64 for any
	odds   [2]float64 // how often ordinary text has such a pair
	all    float64    // how often it has such four bytes
}

// half is two bytes of a window. A byte outside the word may be any.
type half struct {
	bits uint16 // the bytes of the word
	free uint16 // the bits, of those in laneMask, that may be any
}

// halfOf is the half that begins at off of text.
func halfOf(text string, off int) (h half) {
	if off >= 0 && off < len(text) {
		h.bits = uint16(text[off])
	} else {
		h.free = anyPair & 0x00ff
	}
	if off+1 < len(text) {
		h.bits |= uint16(text[off+1]) << 8
	} else {
		h.free |= anyPair & 0xff00
	}
	h.bits &= anyPair
	return h
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

// ownCost is what it costs that a text has a window's bytes, be they let pass
// for another word already: the window's words are then compared. 1 is the cost
// of passing. With 0, words with common endings share those (secret, _key), and
// each of them is compared wherever one stands.
const ownCost = 2

// grouping deals windows out to groups. A group lets each of its first halves
// pass before each of its second ones, so what is alike belongs together.
type grouping struct {
	filter filter
	odds   *odds
	any    [2]uint64 // the groups with a half that any pair is
	// beside is how often a group's halves stand beside a pair that meets them
	// with this byte (64 for any): [0] its second ones after it, [1] its first
	// ones before it.
	beside [2][nGroups][65]float64
}

// add takes one of the choices into the group where it lets the least
// additional text pass, and returns it.
func (g *grouping) add(choices []window) laid {
	best, group, least := 0, 0, math.Inf(1)
	var lacking [nChoices][2]uint64
	for i := range choices {
		w := &choices[i]
		lacks := [2]uint64{^g.having(w.halves[0], 0), ^g.having(w.halves[1], 1)}
		lacking[i] = lacks
		if ownCost*w.all >= least {
			continue // it would cost at least that in every group
		}
		for j := range nGroups {
			cost := ownCost * w.all
			if (lacks[0]|lacks[1])>>j&1 != 0 {
				cost += w.all
			}
			if lacks[0]>>j&1 != 0 {
				cost += w.odds[0] * g.beside[0][j][w.inner[0]]
			}
			if lacks[1]>>j&1 != 0 {
				cost += w.odds[1] * g.beside[1][j][w.inner[1]]
			}
			if cost < least {
				best, group, least = i, j, cost
			}
		}
	}
	w := &choices[best]
	for k := range w.halves {
		if lacking[best][k]>>group&1 != 0 {
			g.besides(group, k, w.inner[k], w.odds[k])
		}
	}
	g.filter.add(w.halves[0], w.halves[1], 1<<group, &g.any)
	return laid{uint8(w.off + 1), uint8(group)}
}

// besides adds a half, the k-th, to what stands beside pairs.
func (g *grouping) besides(group, k int, inner uint8, odds float64) {
	row := &g.beside[1-k][group]
	for c := range row {
		lift := 1.0
		if c < 64 && inner < 64 {
			if k == 0 {
				lift = g.odds.lift[int(inner)*64+c]
			} else {
				lift = g.odds.lift[c*64+int(inner)]
			}
		}
		row[c] += odds * lift
	}
}

// having returns the groups that let h pass already as the k-th half.
func (g *grouping) having(h half, k int) uint64 {
	if h.free == anyPair {
		return g.any[k]
	}
	groups := ^uint64(0)
	if k == 0 {
		h.each(func(hash uint64) { groups &= g.filter[hash].first })
	} else {
		h.each(func(hash uint64) { groups &= g.filter[hash].second })
	}
	return groups | g.any[k]
}
