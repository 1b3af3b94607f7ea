package pack

import "sync/atomic"

// What is read of a mapped pack counts as memory of the process until the system takes it back, which it does only when
// it has to: a scan that has read a pack of a gigabyte is told to take a gigabyte. So the pages of packs are given back
// each time about maxResident bytes of them have been read. They stay in the system's cache of files, from where a page
// that is read again comes without reading the disk.
const maxResident = 40 << 20

// The system maps this many bytes around one that is read.
const aroundPage = 64 << 10

// reads counts what one reader reads of packs. It is only nearly right: it takes what lies near the last read for read
// in passing.
type reads struct {
	last uint64
	n    int
}

// touch counts an entry that is about to be inflated.
func (r *reads) touch(s *Store, off uint64, size int) {
	far := max(off, r.last) - min(off, r.last)
	r.last = off
	r.n += int(min(far, aroundPage))
	if size > aroundPage {
		r.n += size
	}
	if r.n >= s.resident.limit/16 {
		s.resident.add(s, r.n)
		r.n = 0
	}
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
		p.giveBack(p.data)
	}
}
