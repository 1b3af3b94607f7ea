package pack

import (
	"fmt"
	"math/bits"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/sourcegraph/conc"
)

// forest is the delta forest of a pack: its entries in the order of their offsets, each with its children. Roots are
// whole objects and deltas against objects outside the pack. There are as many entries as objects, and so nothing is
// kept of them that the index tells as well.
type forest struct {
	pack    *packFile
	pos     []uint32 // entry → position in the index
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

// offset is where an entry starts, past any pack where the index does not say: reading the header reports it.
func (f *forest) offset(i int32) uint64 {
	off, ok := f.pack.idx.offset(int(f.pos[i]))
	if !ok {
		return ^uint64(0)
	}
	return off
}

// kindOf tells the kind of an object elsewhere in the store, for external bases.
type kindOf func(ID) (Kind, bool)

// builder makes a forest, with what is only needed for that.
type builder struct {
	*forest
	lookup kindOf
	starts startList
	base   []int32 // entry → entry, or a mark
	roots  []int32
}

// Marks of builder.base that are not an entry.
const (
	isRoot = -1 // a whole object, or a ref-delta whose base is in another pack or loose
	isBad  = -2 // the header cannot be read
)

// buildForest reads every entry's header, at least so many on a goroutine. Damage costs the entries it touches, never the
// pack.
func buildForest(p *packFile, lookup kindOf, least int) *forest {
	n := p.idx.n
	f := &forest{pack: p, kind: make([]Kind, n), child: make([]int32, n), sibling: make([]int32, n)}
	b := builder{forest: f, lookup: lookup, starts: newStartList(p.idx), base: make([]int32, n)}
	f.pos = make([]uint32, n)
	for i := range n {
		f.pos[i] = b.starts.pos(i)
		f.child[i], f.sibling[i] = -1, -1
	}
	b.readHeaders(least)
	b.starts = startList{}
	// Linking from the back gives children in ascending order of offset.
	for i := n - 1; i >= 0; i-- {
		if base := b.base[i]; base >= 0 {
			f.sibling[i], f.child[base] = f.child[base], int32(i)
		}
	}
	b.settle()
	return f
}

// startList is the entries of an index by their offsets, each a number of which the upper bits are the offset and the
// lower ones the position in the index.
type startList struct {
	keys []uint64 // ascending
	low  int      // bits of positions
}

func newStartList(x *index) startList {
	l := startList{keys: make([]uint64, x.n), low: bits.Len(uint(x.n))}
	for i := range l.keys {
		off, ok := x.offset(i)
		if !ok {
			off = ^uint64(0)
		}
		l.keys[i] = l.upper(off) | uint64(i)
	}
	slices.Sort(l.keys)
	return l
}

// upper is an offset in the upper bits. One that is too large for them is in no pack that can be mapped, and as good as
// any other such.
func (l *startList) upper(off uint64) uint64 { return min(off, ^uint64(0)>>l.low) << l.low }

func (l *startList) pos(i int) uint32 { return uint32(l.keys[i] & (1<<l.low - 1)) }

// at is the entry that starts at an offset.
func (l *startList) at(off uint64) (int32, bool) {
	key := l.upper(off)
	i, _ := slices.BinarySearch(l.keys, key)
	return int32(i), i < len(l.keys) && l.keys[i]>>l.low<<l.low == key
}

// minHeaders is how many headers are worth a goroutine.
const minHeaders = 4096

// readHeaders reads the headers of all entries: by as many goroutines as there are processors, each a run of at least
// so many. Nothing else of a search can begin before.
func (b *builder) readHeaders(least int) {
	n := len(b.base)
	each := max(least, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	runs := make([]headers, (n+each-1)/each)
	var all conc.WaitGroup
	for k := range runs {
		runs[k].builder = b
		all.Go(func() { runs[k].read(int32(k*each), int32(min(n, (k+1)*each))) })
	}
	all.Wait()
	for k := range runs {
		b.roots, b.bad = append(b.roots, runs[k].roots...), append(b.bad, runs[k].bad...)
	}
}

// headers is a run of entries whose headers are read, and what those say of the whole forest.
type headers struct {
	*builder
	roots []int32
	bad   []badEntry
}

// read leaves maxResident bytes of the pack in memory at most: they are counted when the forest has been built.
func (b *headers) read(from, to int32) {
	debug.SetPanicOnFault(true) // of this goroutine: see header
	size := uint64(len(b.pack.data))
	given := min(b.offset(from), size)
	for i := from; i < to; i++ {
		b.readBase(i)
		if off := b.offset(i); off < size && off-given >= maxResident {
			b.pack.giveBack(b.pack.data)
			given = off
		}
	}
}

// readBase fills base, and kind for roots, of one entry.
func (b *headers) readBase(i int32) {
	off := b.offset(i)
	e, err := b.pack.header(off)
	if err != nil {
		b.spoil(i, err)
		return
	}
	switch e.kind {
	case ofsDelta:
		base, ok := b.starts.at(e.baseOff)
		if !ok {
			b.spoil(i, fmt.Errorf("offset %d: its base offset %d is no entry", off, e.baseOff))
			return
		}
		b.base[i] = base
	case refDelta:
		if pos, ok := b.pack.idx.find(e.baseID); ok {
			if at, ok := b.pack.idx.offset(pos); ok {
				if base, ok := b.starts.at(at); ok {
					b.base[i] = base
					return
				}
			}
		}
		k, ok := b.lookup(e.baseID)
		if !ok {
			b.spoil(i, fmt.Errorf("offset %d: its base %s is missing", off, b.pack.format.Hex(e.baseID)))
			return
		}
		b.root(i, k)
	default:
		b.root(i, e.kind)
	}
}

func (b *headers) root(i int32, k Kind) {
	b.base[i], b.kind[i] = isRoot, k
	b.roots = append(b.roots, i)
}

func (b *headers) spoil(i int32, err error) {
	b.base[i] = isBad
	b.bad = append(b.bad, badEntry{i, err})
}

// settle carries kinds from roots to leaves, orders children by weight and finds what no root reaches: deltas of a
// bad entry, and cycles of ref-deltas.
func (b *builder) settle() {
	order := make([]int32, 0, len(b.base))
	order = append(order, b.roots...)
	for n := 0; n < len(order); n++ {
		for c := b.child[order[n]]; c >= 0; c = b.sibling[c] {
			b.kind[c] = b.kind[order[n]]
			order = append(order, c)
		}
	}
	weight := make([]uint32, len(b.base))
	for n := len(order) - 1; n >= 0; n-- {
		i := order[n]
		weight[i]++
		if base := b.base[i]; base >= 0 {
			weight[base] += weight[i]
		}
	}
	for _, i := range order {
		b.heaviestLast(i, weight)
	}
	if len(order)+len(b.bad) == len(b.base) {
		return
	}
	for i := range b.base {
		if b.kind[i] == 0 && b.base[i] != isBad {
			b.bad = append(b.bad, badEntry{int32(i), fmt.Errorf("offset %d: its delta chain leads to no object", b.offset(int32(i)))})
		}
	}
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
