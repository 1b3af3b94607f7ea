package pack

import (
	"math/bits"
	"sync/atomic"
)

// What is read of a mapped pack counts as memory of the process until the system takes it back, which it does only when
// it has to: a scan that has read a pack of a gigabyte is told to take a gigabyte. So the pages of packs are given back
// each time about maxResident bytes of them have been read. They stay in the system's cache of files, from where a page
// that is read again comes without reading the disk.
const maxResident = 16 << 20

// smallPacks is how large all packs together may be to stay as they are.
const smallPacks = 40 << 20

// The system maps this many bytes around one that is read.
const aroundPage = 64 << 10

// regions are the parts of a mapped pack, of aroundPage bytes each, that were read since its pages were given back: a bit for each.
type regions []atomic.Uint64

func newRegions(size int) regions { return make(regions, size/aroundPage/64+1) }

// add notes a read at an offset and reports whether it is the first one of its region.
func (r regions) add(off uint64) bool {
	n := off / aroundPage
	if n/64 >= uint64(len(r)) {
		return false
	}
	word, bit := &r[n/64], uint64(1)<<(n%64)
	return word.Load()&bit == 0 && word.Or(bit)&bit == 0
}

// fill notes that all has been read, and counts the bytes that were not before.
func (r regions) fill() (bytes int) {
	for i := range r {
		bytes += (64 - bits.OnesCount64(r[i].Swap(^uint64(0)))) * aroundPage
	}
	return bytes
}

func (r regions) clear() {
	for i := range r {
		r[i].Store(0)
	}
}

// reads counts what one reader reads of packs and what all have not read yet. Of what is large the bytes that come out are counted.
type reads struct{ n int }

// touch counts an entry that is about to be inflated.
func (r *reads) touch(s *Store, p *packFile, off uint64, size int) {
	if p.regions.add(off) {
		r.n += aroundPage
	}
	if size > aroundPage {
		r.n += size
	}
	if r.n >= s.resident.limit/16 {
		s.resident.add(s, r.n)
		r.n = 0
	}
}

// residentLimit is how much of packs may have been read before their pages are given back.
func residentLimit(packs []*packFile) int {
	total := 0
	for _, p := range packs {
		if total += len(p.data); total > smallPacks {
			return maxResident
		}
	}
	return max(maxResident, 2*smallPacks) // what is large is counted more than once
}

// resident counts what all readers have read since pages were given back.
type resident struct {
	limit int
	n     atomic.Int64
}

func (r *resident) add(s *Store, n int) {
	total := r.n.Add(int64(n))
	if total < int64(r.limit) || !r.n.CompareAndSwap(total, 0) { // else another reader is at it
		return
	}
	for _, p := range s.packs {
		p.regions.clear()
		p.giveBack(p.data)
	}
}
