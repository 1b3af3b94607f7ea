package pack

import (
	"fmt"
	"slices"
	"sort"
)

// Marks of forest.base that are not an entry.
const (
	isRoot   = -1 // a whole object
	external = -2 // a ref-delta whose base is in another pack or loose
	isBad    = -3 // the header cannot be read
)

// forest is the delta forest of a pack: its entries in the order of their offsets, each with its base and its
// children. Roots are whole objects and deltas against objects outside the pack.
type forest struct {
	pack    *packFile
	offsets []uint64 // ascending
	pos     []uint32 // entry → position in the index
	base    []int32  // entry → entry, or a mark
	kind    []Kind   // of the object that comes out; 0 where no root leads to the entry
	child   []int32  // entry → first child, -1 none; children are ordered by weight, heaviest last
	sibling []int32  // entry → next child of the same base
	bad     []badEntry
}

// badEntry is an object that cannot be read because its header or its way to a root is damaged.
type badEntry struct {
	entry int32
	err   error
}

// kindOf tells the kind of an object elsewhere in the store, for external bases.
type kindOf func(ID) (Kind, bool)

// buildForest reads every entry's header. Damage costs the entries it touches, never the pack.
func buildForest(p *packFile, lookup kindOf) *forest {
	n := p.idx.n
	f := &forest{
		pack: p, offsets: make([]uint64, n), pos: make([]uint32, n), base: make([]int32, n),
		kind: make([]Kind, n), child: make([]int32, n), sibling: make([]int32, n),
	}
	f.sortByOffset()
	for i := range n {
		f.child[i], f.sibling[i] = -1, -1
	}
	for i := range n {
		f.readBase(int32(i), lookup)
	}
	// Linking from the back gives children in ascending order of offset.
	for i := n - 1; i >= 0; i-- {
		if b := f.base[i]; b >= 0 {
			f.sibling[i], f.child[b] = f.child[b], int32(i)
		}
	}
	f.settle()
	return f
}

func (f *forest) sortByOffset() {
	for i := range f.pos {
		f.pos[i] = uint32(i)
	}
	at := make([]uint64, len(f.pos))
	for i := range at {
		off, ok := f.pack.idx.offset(i)
		if !ok {
			off = ^uint64(0) // past any pack: the header read reports it
		}
		at[i] = off
	}
	slices.SortFunc(f.pos, func(a, b uint32) int {
		switch {
		case at[a] < at[b]:
			return -1
		case at[a] > at[b]:
			return 1
		}
		return int(a) - int(b)
	})
	for i, p := range f.pos {
		f.offsets[i] = at[p]
	}
}

// readBase fills base, and kind for roots, of one entry.
func (f *forest) readBase(i int32, lookup kindOf) {
	e, err := f.pack.entryAt(f.offsets[i])
	if err != nil {
		f.base[i] = isBad
		f.bad = append(f.bad, badEntry{i, err})
		return
	}
	switch e.kind {
	case ofsDelta:
		b, ok := f.at(e.baseOff)
		if !ok {
			f.base[i] = isBad
			f.bad = append(f.bad, badEntry{i, fmt.Errorf("offset %d: its base offset %d is no entry", f.offsets[i], e.baseOff)})
			return
		}
		f.base[i] = b
	case refDelta:
		if pos, ok := f.pack.idx.find(e.baseID); ok {
			if off, ok := f.pack.idx.offset(pos); ok {
				if b, ok := f.at(off); ok {
					f.base[i] = b
					return
				}
			}
		}
		k, ok := lookup(e.baseID)
		if !ok {
			f.base[i] = isBad
			f.bad = append(f.bad, badEntry{i, fmt.Errorf("offset %d: its base %s is missing", f.offsets[i], f.pack.format.Hex(e.baseID))})
			return
		}
		f.base[i], f.kind[i] = external, k
	default:
		f.base[i], f.kind[i] = isRoot, e.kind
	}
}

// at is the entry that starts at an offset.
func (f *forest) at(off uint64) (int32, bool) {
	i := sort.Search(len(f.offsets), func(i int) bool { return f.offsets[i] >= off })
	return int32(i), i < len(f.offsets) && f.offsets[i] == off
}

// settle carries kinds from roots to leaves, orders children by weight and finds what no root reaches: deltas of a
// bad entry, and cycles of ref-deltas.
func (f *forest) settle() {
	order := make([]int32, 0, len(f.base))
	for i := range f.base {
		if b := f.base[i]; b == isRoot || b == external {
			order = append(order, int32(i))
		}
	}
	for n := 0; n < len(order); n++ {
		for c := f.child[order[n]]; c >= 0; c = f.sibling[c] {
			f.kind[c] = f.kind[order[n]]
			order = append(order, c)
		}
	}
	weight := make([]uint32, len(f.base))
	for n := len(order) - 1; n >= 0; n-- {
		i := order[n]
		weight[i]++
		if b := f.base[i]; b >= 0 {
			weight[b] += weight[i]
		}
	}
	for _, i := range order {
		f.heaviestLast(i, weight)
	}
	if len(order)+countBad(f.base) == len(f.base) {
		return
	}
	for i := range f.base {
		if f.kind[i] == 0 && f.base[i] != isBad {
			f.bad = append(f.bad, badEntry{int32(i), fmt.Errorf("offset %d: its delta chain leads to no object", f.offsets[i])})
		}
	}
}

func countBad(base []int32) (n int) {
	for _, b := range base {
		if b == isBad {
			n++
		}
	}
	return n
}

// heaviestLast moves the child with the largest tree to the end of the list. A walk frees a base before it enters
// the last child, so at most log2(objects) bases are held at once, whatever the shape of the forest.
func (f *forest) heaviestLast(i int32, weight []uint32) {
	first := f.child[i]
	if first < 0 || f.sibling[first] < 0 {
		return
	}
	heavy, beforeHeavy, last := first, int32(-1), first
	for prev, c := first, f.sibling[first]; c >= 0; prev, c = c, f.sibling[c] {
		if weight[c] > weight[heavy] {
			heavy, beforeHeavy = c, prev
		}
		last = c
	}
	if heavy == last {
		return
	}
	if beforeHeavy < 0 {
		f.child[i] = f.sibling[heavy]
	} else {
		f.sibling[beforeHeavy] = f.sibling[heavy]
	}
	f.sibling[last], f.sibling[heavy] = heavy, -1
}
