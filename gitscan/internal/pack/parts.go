package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"runtime/debug"
	"slices"
)

// EachKind visits every object of the store once, however often it is stored, with its kind; 0 is a damaged one's. It
// reads the headers of loose objects and nothing of packs but what the first walk has read.
func (s *Store) EachKind(visit func(ord uint32, kind Kind)) {
	s.Prepare()
	for part, f := range s.forests {
		for i, k := range f.kind {
			if pos := int(f.pos[i]); s.nothingBefore(part) || s.isFirst(part, s.packs[part].idx.id(pos)) {
				visit(s.starts[part]+uint32(pos), k)
			}
		}
	}
	s.eachLoose(func(ord uint32, _ ID, lf *looseFile) { visit(ord, lf.kind) })
}

// Count tells how many distinct objects of each kind the store has; kind 0 counts the damaged ones.
func (s *Store) Count() map[Kind]int64 {
	var n [256]int64
	s.EachKind(func(_ uint32, k Kind) { n[k]++ })
	counts := map[Kind]int64{}
	for k, n := range n {
		if n > 0 {
			counts[Kind(k)] = n
		}
	}
	return counts
}

// Packs is how many packs the store has.
func (s *Store) Packs() int { return len(s.packs) }

// PackSum is the SHA-256 of the ids of a pack's objects in their order: packs of the same sum hold the same objects,
// whatever they are named and however they are stored.
func (s *Store) PackSum(pack int) (sum [sha256.Size]byte) {
	h := sha256.New()
	for i := range s.packs[pack].idx.n {
		h.Write(s.packs[pack].idx.rawID(i))
	}
	h.Sum(sum[:0])
	return sum
}

// PackOrds visits the ordinals of a pack's objects. One that is stored several times may have its ordinal elsewhere.
func (s *Store) PackOrds(pack int, visit func(ord uint32)) {
	for i := range s.packs[pack].idx.n {
		ord := s.starts[pack] + uint32(i)
		if len(s.packs) > 1 {
			ord, _ = s.Find(s.packs[pack].idx.id(i))
		}
		visit(ord)
	}
}

// PackContent is the SHA-256 of all bytes of a pack and its index: packs of the same are alike to whoever reads them.
func (s *Store) PackContent(pack int) (sum [sha256.Size]byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer noteFault(&err)
	p, h := s.packs[pack], sha256.New()
	for _, data := range [][]byte{p.idx.data, p.data} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(data)))
		h.Write(length[:])
		for len(data) > 0 {
			n := min(len(data), sumPiece)
			h.Write(data[:n])
			if n == sumPiece { // a small pack is read again soon
				p.giveBack(data[:n])
			}
			data = data[n:]
		}
	}
	h.Sum(sum[:0])
	return sum, nil
}

// PackHas reports whether a pack has an object.
func (s *Store) PackHas(pack int, id ID) bool {
	_, ok := s.packs[pack].idx.find(id)
	return ok
}

// PackLen is how many objects a pack has.
func (s *Store) PackLen(pack int) int { return s.packs[pack].idx.n }

// Indexed reports whether an index over several packs says where objects are.
func (s *Store) Indexed() bool { return len(s.midxs) > 0 }

// Changed reports whether packs have appeared since the store was opened and were read.
func (s *Store) Changed() bool { return len(s.latePacks()) > 0 }

// Loose is the ids of the loose objects of all directories; an object that is in several is there several times.
func (s *Store) Loose() (ids []ID) {
	for _, l := range s.loose {
		ids = append(ids, l.ids...)
	}
	return ids
}

// InDir visits the ids of the objects that one of Dirs has, packed or loose; one that it has twice is visited twice.
func (s *Store) InDir(dir string, visit func(ID)) {
	for _, p := range s.packs {
		if p.isIn(dir) {
			for i := range p.idx.n {
				visit(p.idx.id(i))
			}
		}
	}
	for _, l := range s.loose {
		if l.dir == dir {
			for _, id := range l.ids {
				visit(id)
			}
		}
	}
}

// Elsewhere reports whether a directory but this one has an object.
func (s *Store) Elsewhere(dir string, id ID) bool {
	for _, p := range s.packs {
		if _, ok := p.idx.find(id); ok && !p.isIn(dir) {
			return true
		}
	}
	for _, l := range s.loose {
		if _, ok := l.find(id); ok && l.dir != dir {
			return true
		}
	}
	return false
}

// isIn reports whether the pack is one of an object directory.
func (p *packFile) isIn(dir string) bool { return filepath.Dir(filepath.Dir(p.path)) == dir }

// SortByOffset puts ordinals in the order in which their objects are stored: packs one after the other, and in them, by offset.
// The base of a delta is nearly always before it.
func (s *Store) SortByOffset(ords []uint32) {
	type place struct {
		part int
		off  uint64
		ord  uint32
	}
	places := make([]place, len(ords))
	for i, ord := range ords {
		part, n := s.part(ord)
		places[i] = place{part, uint64(n), ord}
		if part < len(s.packs) {
			places[i].off, _ = s.packs[part].idx.offset(n)
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.off, b.off), cmp.Compare(a.ord, b.ord))
	})
	for i := range places {
		ords[i] = places[i].ord
	}
}
