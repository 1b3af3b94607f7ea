package pack

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
)

// Get reads one object. The bytes are shared: do not write to them. limit bounds the size, 0 means none; with a limit, what
// the object is a delta of, and each delta, may have only so many times as much.
func (s *Store) Get(id ID, limit int) (Kind, []byte, error) {
	var kind Kind
	var data []byte
	err := s.retry(func() (err error) {
		kind, data, err = s.get(id, limit)
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		err = ErrMissing
	}
	return kind, data, err
}

// maxRetries is how often in a row an object may be moved by a concurrent gc just when it is read.
const maxRetries = 3

// retry reads an object, and reads it again when it was not there but packs have appeared since: a concurrent gc may
// have moved it into one of them.
func (s *Store) retry(read func() error) error {
	for n := 0; ; n++ {
		before := len(s.latePacks())
		err := read()
		if !errors.Is(err, ErrMissing) && !errors.Is(err, os.ErrNotExist) || n == maxRetries || !s.reload(before) {
			return err
		}
	}
}

// GetAt is Get of the object with an ordinal, without looking for it.
func (s *Store) GetAt(ord uint32, limit int) (Kind, []byte, error) {
	if part, i := s.part(ord); part < len(s.packs) {
		return s.fromPack(s.packs[part], i, limit)
	}
	return s.Get(s.ID(ord), limit)
}

// reload opens packs that appeared and reports whether there are more than the given number of late ones now, be it
// that another goroutine has just opened them.
func (s *Store) reload(before int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mayHaveMore() {
		s.late = append(s.late, s.newPacks()...) // others read s.packs meanwhile
	}
	return len(s.late) > before
}

// latePacks are the packs that appeared since Open.
func (s *Store) latePacks() []*packFile {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.late
}

func (s *Store) get(id ID, limit int) (Kind, []byte, error) {
	if number, i, ok := s.packOf(id); ok {
		return s.fromPack(s.packs[number], i, limit)
	}
	for _, p := range s.latePacks() {
		if i, ok := p.idx.find(id); ok {
			return s.fromPack(p, i, limit)
		}
	}
	return s.looseOnce(id, limit)
}

func (s *Store) fromPack(p *packFile, i, limit int) (kind Kind, data []byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer noteFault(&err)
	off, ok := p.idx.offset(i)
	if !ok {
		return 0, nil, fmt.Errorf("%s: index entry %d has no offset", p.path, i)
	}
	kind, data, err = s.resolve(p, off, limit)
	if errors.Is(err, ErrTooLarge) {
		kind, _ = s.kindInPack(p, i)
	} else if err != nil {
		err = fmt.Errorf("%s: %w", p.path, err)
	}
	return kind, data, err
}

// getFactor times the limit is how large what is only read on the way to an object may be: a small object can be a delta of one
// that was made to fill the memory.
const getFactor = 2

// tooLargeOnTheWay decides about a base or a delta by its size.
func tooLargeOnTheWay(size, limit int) bool { return limit > 0 && size > limit*getFactor }

// resolve inflates the entry at an offset and applies its chain of deltas.
func (s *Store) resolve(p *packFile, off uint64, limit int) (Kind, []byte, error) {
	inf := s.infl.Get().(*inflater)
	defer s.infl.Put(inf)
	h := hold{store: s}
	defer h.release()
	kind, data, chain, err := s.descend(inf, p, off, limit, &h)
	if err != nil {
		return kind, nil, err
	}
	h.need(len(data)) // of another pack, or remembered
	for i := len(chain) - 1; i >= 0; i-- {
		l := chain[i]
		if s.ended != nil && s.ended() {
			return 0, nil, ErrEnded
		}
		if tooLargeOnTheWay(l.size, limit) {
			return 0, nil, ErrTooLarge
		}
		h.need(l.size)
		delta, err := inf.scratch(p.body(l.entry), l.size)
		if err != nil {
			return 0, nil, fmt.Errorf("offset %d: %w", l.off, err)
		}
		_, target, _, err := deltaSizes(delta)
		if err != nil {
			return 0, nil, fmt.Errorf("offset %d: %w", l.off, err)
		}
		if i == 0 && limit > 0 && target > limit || tooLargeOnTheWay(target, limit) {
			return kind, nil, ErrTooLarge
		}
		h.need(target)
		out, err := applyDelta(make([]byte, 0, boundTarget(target, len(data), len(delta))), data, delta)
		if err != nil {
			return 0, nil, fmt.Errorf("offset %d: %w", l.off, err)
		}
		data = out
		s.bases.put(cached{cacheKey{p, l.off}, kind, data})
	}
	if limit > 0 && len(data) > limit { // known from a call without this limit
		return kind, nil, ErrTooLarge
	}
	return kind, data, nil
}

// bulky is the size from which what an object is made of has the memory to itself: a base, a delta and what it makes are there at
// the same time, and each may be of getFactor times the limit.
const bulky = 16 << 20

// muchBulk is how much is collected at once.
const muchBulk = 128 << 20

// hold is what one call of resolve has of the memory for what is bulky.
type hold struct {
	store *Store
	held  bool
	bytes int // that were needed since
}

// need waits, before something of a size is made, until no other call has anything bulky.
func (h *hold) need(size int) {
	if size >= bulky && !h.held {
		h.store.bulk.Lock()
		h.held = true
	}
	if h.held {
		h.bytes += size
	}
}

// release lets the next call have the memory, which is collected first when it is much: the collector by itself may let as much
// again come before it runs.
func (h *hold) release() {
	if h.held {
		if h.bytes >= muchBulk {
			runtime.GC()
		}
		h.store.bulk.Unlock()
	}
}

// link is a delta on the way from an entry to something whole.
type link struct {
	entry
	off uint64
}

// descend follows the chain from the entry at an offset down to something whole or known, and gives that and the
// deltas passed, the entry's own first.
func (s *Store) descend(inf *inflater, p *packFile, off uint64, limit int, h *hold) (kind Kind, data []byte, chain []link, err error) {
	for {
		if c, ok := s.bases.get(cacheKey{p, off}); ok {
			return c.kind, c.data, chain, nil
		}
		e, err := p.entryAt(off)
		if err != nil {
			return 0, nil, nil, err
		}
		inf.reads.touch(s, p, off, e.size)
		if len(chain) > p.idx.n {
			return 0, nil, nil, fmt.Errorf("offset %d: delta chain is a cycle", off)
		}
		if e.kind != ofsDelta && e.kind != refDelta {
			if len(chain) == 0 && limit > 0 && e.size > limit || tooLargeOnTheWay(e.size, limit) {
				return e.kind, nil, nil, ErrTooLarge
			}
			h.need(e.size)
			if data, err = inf.inflate(nil, p.body(e), e.size); err != nil {
				return 0, nil, nil, fmt.Errorf("offset %d: %w", off, err)
			}
			s.bases.put(cached{cacheKey{p, off}, e.kind, data})
			return e.kind, data, chain, nil
		}
		chain = append(chain, link{e, off})
		if e.kind == ofsDelta {
			off = e.baseOff
			continue
		}
		if i, ok := p.idx.find(e.baseID); ok {
			if off, ok = p.idx.offset(i); ok {
				continue
			}
		}
		if kind, data, err = s.foreignBase(p, e.baseID, limit*getFactor); err != nil {
			return 0, nil, nil, fmt.Errorf("offset %d: base: %w", chain[len(chain)-1].off, err)
		}
		return kind, data, chain, nil
	}
}

// boundTarget caps what is allocated for a delta's result: an instruction of at least four bytes copies at most
// 2^24-1 bytes, and never more than the base has.
func boundTarget(target, base, delta int) int {
	return min(target, delta+delta/2*min(base, 1<<24))
}

// foreignBase reads a base that is not in the delta's own pack: thin packs are completed before git stores them, but
// a repository can hold what it likes. One level only is followed, so that two packs cannot lead in a circle. limit is as of Get.
func (s *Store) foreignBase(p *packFile, id ID, limit int) (kind Kind, data []byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer noteFault(&err)
	err = s.retry(func() (err error) {
		kind, data, err = s.foreignBaseOnce(p, id, limit)
		return err
	})
	return kind, data, err
}

func (s *Store) foreignBaseOnce(p *packFile, id ID, limit int) (Kind, []byte, error) {
	for _, q := range slices.Concat(s.packs, s.latePacks()) {
		if q == p {
			continue
		}
		i, ok := q.idx.find(id)
		if !ok {
			continue
		}
		off, ok := q.idx.offset(i)
		if !ok {
			continue
		}
		if kind, data, err := s.resolveWithin(q, off, limit); err == nil || errors.Is(err, ErrTooLarge) {
			return kind, data, err
		}
	}
	return s.looseOnce(id, limit)
}

// looseOnce reads a loose object.
func (s *Store) looseOnce(id ID, limit int) (Kind, []byte, error) {
	inf := s.infl.Get().(*inflater)
	defer s.infl.Put(inf)
	for _, l := range s.loose {
		if _, ok := l.find(id); !ok {
			continue
		}
		lf, err := l.open(id, inf)
		if err != nil {
			return 0, nil, err
		}
		if limit > 0 && lf.size > limit {
			return lf.kind, nil, ErrTooLarge
		}
		data, err := lf.content(nil, inf)
		return lf.kind, data, err
	}
	return 0, nil, ErrMissing
}

// resolveWithin resolves an entry whose chain stays in its pack.
func (s *Store) resolveWithin(p *packFile, off uint64, limit int) (Kind, []byte, error) {
	for at, n := off, 0; ; n++ {
		e, err := p.entryAt(at)
		if err != nil {
			return 0, nil, err
		}
		if e.kind != ofsDelta && e.kind != refDelta {
			return s.resolve(p, off, limit)
		}
		at = e.baseOff
		if e.kind == refDelta {
			i, ok := p.idx.find(e.baseID)
			if !ok {
				return 0, nil, ErrMissing
			}
			if at, ok = p.idx.offset(i); !ok {
				return 0, nil, ErrMissing
			}
		}
		if n > p.idx.n {
			return 0, nil, errors.New("delta chain is a cycle")
		}
	}
}

// Kind tells the kind of an object without reading its content.
func (s *Store) Kind(id ID) (kind Kind, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer noteFault(&err)
	err = s.retry(func() (err error) {
		kind, err = s.kindOnce(id)
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		err = ErrMissing
	}
	return kind, err
}

func (s *Store) kindOnce(id ID) (Kind, error) {
	if number, i, ok := s.packOf(id); ok {
		return s.kindInPack(s.packs[number], i)
	}
	for _, p := range s.latePacks() {
		if i, ok := p.idx.find(id); ok {
			return s.kindInPack(p, i)
		}
	}
	inf := s.infl.Get().(*inflater)
	defer s.infl.Put(inf)
	for _, l := range s.loose {
		if _, ok := l.find(id); ok {
			lf, err := l.open(id, inf)
			return lf.kind, err
		}
	}
	return 0, ErrMissing
}

func (s *Store) kindInPack(p *packFile, i int) (Kind, error) {
	off, ok := p.idx.offset(i)
	for n := 0; ok && n <= p.idx.n; n++ {
		e, err := p.entryAt(off)
		if err != nil {
			return 0, err
		}
		switch e.kind {
		case ofsDelta:
			off = e.baseOff
		case refDelta:
			if i, ok = p.idx.find(e.baseID); !ok {
				kind, _, err := s.foreignBase(p, e.baseID, 1)
				if errors.Is(err, ErrTooLarge) && kind != 0 {
					err = nil // it is not its bytes that are wanted
				}
				return kind, err
			}
			off, ok = p.idx.offset(i)
		default:
			return e.kind, nil
		}
	}
	return 0, errors.New("delta chain leads to no object")
}
