package pack

import (
	"bytes"
	"context"
)

// A pack ends with the checksum of all its bytes, and so does its index, which also has that of the pack. When these
// hold, both are what git wrote after it had hashed every object: hashing the pack takes a tenth of the time that
// hashing what comes out of its deltas takes, and finds the same damage. What remains is an index made by somebody to
// name objects otherwise than they are. Git believes it, and so do we, since the same bytes are searched under whatever
// name; but for three kinds of objects, which are hashed all the same: commits, trees and tags, since history is read
// from them; objects that are stored more than once, since only one copy is searched; and loose objects, of which
// nothing else vouches for the bytes.

// vouched reports whether the bytes of an object in a pack need not be hashed.
func (w *walker) vouched(part int, id []byte, kind Kind) bool {
	return kind == Blob && w.whole[part] && !w.s.elsewhere(part, w.s.format.ID(id))
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

// sumJobs has the checksums of all packs made that are not known yet.
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

// sum finds out whether the checksums of a pack and its index hold.
func (p *packFile) sum(ctx context.Context) {
	whole := p.sumHolds(ctx, p.idx.data) && p.sumHolds(ctx, p.data) // false when there is a fault
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
