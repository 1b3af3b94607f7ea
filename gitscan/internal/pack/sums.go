package pack

import (
	"bytes"
	"context"
	"hash/crc32"
)

// The index of a pack has a checksum of its own, and in it a CRC-32 of the bytes of each entry. When these hold, for an object
// and for all that it is a delta of, then the bytes are those that were there when git had hashed the object and wrote the
// index: to look for that takes a hundredth of the time of hashing what comes out of deltas, and finds the same damage. (An
// index of version 1 has no CRCs; there the checksum of the whole pack takes their place.) What remains is an index made by
// somebody to name objects otherwise than they are. Git believes it, and so do we, since the same bytes are searched under
// whatever name; but for three kinds of objects, which are hashed all the same: commits, trees and tags, since history is read
// from them; objects that are stored more than once, since only one copy is searched; and loose objects, of which nothing else
// vouches for the bytes.

// vouched reports whether the bytes of the object that was just read from a pack need not be hashed.
func (w *walker) vouched(part int, id []byte, kind Kind) bool {
	return kind == Blob && w.intact && !w.s.elsewhere(part, w.s.format.ID(id))
}

// elsewhere reports whether an object is also stored in another part.
func (s *Store) elsewhere(part int, id ID) bool {
	for i, p := range s.packs {
		if i != part {
			if _, ok := p.idx.find(id); ok {
				return true
			}
		}
	}
	for _, l := range s.loose {
		if _, ok := l.find(id); ok {
			return true
		}
	}
	return false
}

// intact reports whether the bytes of an entry are those that the index knows the CRC-32 of. They end where the next entry
// begins, or the checksum of the pack.
func (f *forest) intact(i int32) bool {
	x := f.pack.idx
	if x.v1 {
		return true // as the pack is
	}
	from, end := f.offset(i), uint64(len(f.pack.data)-f.pack.format.Size())
	if next := int(i) + 1; next < len(f.pos) {
		end = min(end, f.offset(int32(next)))
	}
	return from < end && crc32.ChecksumIEEE(f.pack.data[from:end]) == x.crc(int(f.pos[i]))
}

// sumJobs has the checksums made that are not known yet.
func (s *Store) sumJobs() (jobs []walkJob) {
	for i, p := range s.packs {
		if !p.summed.Load() {
			jobs = append(jobs, walkJob{part: i, sum: true})
		}
	}
	return jobs
}

// sumPiece is how many bytes are hashed before the context is asked.
const sumPiece = 16 << 20

// sum finds out whether the checksum of a pack's index holds, and of a pack whose index has no others, that of the pack.
func (p *packFile) sum(ctx context.Context) {
	whole := p.sumHolds(ctx, p.idx.data) && (!p.idx.v1 || p.sumHolds(ctx, p.data)) // false when there is a fault
	if ctx.Err() == nil {
		p.whole.Store(whole)
		p.summed.Store(true)
	}
}

// sumHolds reports whether a file ends with the checksum of what is before.
func (p *packFile) sumHolds(ctx context.Context, data []byte) (holds bool) {
	var err error
	defer func() { holds = holds && err == nil }()
	defer noteFault(&err)
	body, sum := data[:len(data)-p.format.Size()], data[len(data)-p.format.Size():]
	h := p.format.New()
	for len(body) > 0 && ctx.Err() == nil {
		n := min(len(body), sumPiece)
		h.Write(body[:n])
		p.giveBack(body[:n])
		body = body[n:]
	}
	return bytes.Equal(h.Sum(nil), sum)
}
