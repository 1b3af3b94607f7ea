package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"github.com/sourcegraph/conc/pool"
)

// Object is what a walk hands out. Data is valid during the call only.
type Object struct {
	Ord  uint32
	Kind Kind
	Data []byte
	Size int   // bytes, also when Data is missing for being too large
	Err  error // why Data is missing: ErrTooLarge, or damage; with ErrHash Data is there
	// Slot is a small number when deltas of the object follow, -1 otherwise. What the worker's function keeps under it
	// is there for these deltas, of which it is the Base; then the slot is used again.
	Slot int
	// Base is the Slot of the object that this one is a delta of, -1 when there is none or it has not been handed out.
	// Copies are what is copied from it, ascending.
	Base   int
	Copies []Copy
}

// WalkOptions say what a walk reads.
type WalkOptions struct {
	Kinds   Kinds
	Workers int
	MaxSize int  // objects larger than this are handed out with ErrTooLarge; 0: no limit
	Verify  bool // report objects whose bytes do not have their id with ErrHash; see sums.go
	Hash    bool // with Verify: hash each object, also those that a checksum vouches for
	Sums    bool // make the checksums of indexes beside, which vouch for objects in later walks
	// In is one of Dirs, of which the packs alone are read; empty for all of the store. Only says of each object, from
	// several goroutines, whether it is wanted; nil: all are.
	In   string
	Only func(ord uint32) bool
}

// Walk reads every object of the wanted kinds, each once however often it is stored, and hands it to the function
// that newWorker made for the worker. Objects whose kind cannot be known because they are damaged are handed out with
// kind 0 and an error when the walk wants blobs. Walk returns when all workers have ended; its error is the context's.
func (s *Store) Walk(ctx context.Context, o WalkOptions, newWorker func() func(*Object)) error {
	forests := s.pruned(s.forestsIn(ctx, o), o.Kinds, o.Only)
	plan, cuts := s.divide(o, forests)
	whole := make([]bool, len(s.packs)) // what is known now: what workers do must not depend on who is first
	for i, p := range s.packs {
		whole[i] = p.whole.Load()
	}
	p := pool.New().WithContext(ctx).WithCancelOnError()
	for n := range max(o.Workers, 1) {
		w := &walker{s: s, o: o, forests: forests, cuts: cuts, whole: whole, emit: newWorker(), obj: Object{Slot: -1, Base: -1}}
		p.Go(func(ctx context.Context) error {
			debug.SetPanicOnFault(true) // of this goroutine: see read
			for {
				j, ok := plan.take(n)
				if !ok {
					return nil
				}
				if err := w.run(ctx, j); err != nil {
					return err
				}
			}
		})
	}
	return p.Wait()
}

// Prepare reads the headers of all objects in packs, once. Walks and counts begin with that.
func (s *Store) Prepare() { s.once.Do(s.buildForests) }

// Prepared reports whether Prepare has come by any pack.
func (s *Store) Prepared() bool { return len(s.forests) > 0 }

// LetGo frees what Prepare has made, 13 bytes for each object in packs; what begins with that makes it anew. Neither may be
// under way.
func (s *Store) LetGo() { s.forests, s.once = nil, sync.Once{} }

func (s *Store) buildForests() {
	for _, p := range s.packs {
		s.forests = append(s.forests, s.forest(p))
	}
}

func (s *Store) forest(p *packFile) *forest {
	defer func() { s.resident.add(s, min(p.regions.fill(), len(p.data))) }() // all headers have been read
	return buildForest(p, func(id ID) (Kind, bool) {
		k, _, err := s.foreignBase(p, id, 0)
		return k, err == nil
	}, cmp.Or(s.minHeaders, minHeaders))
}

// forestsIn is, by pack, the forests that a walk reads; nil for a pack that it leaves out. Of the packs of one directory the
// checksums are made first: there is no earlier walk to make them beside, and without one all that comes out would be hashed.
func (s *Store) forestsIn(ctx context.Context, o WalkOptions) []*forest {
	if o.In == "" {
		s.Prepare()
		return s.forests
	}
	forests := make([]*forest, len(s.packs))
	for i, p := range s.packs {
		if !p.isIn(o.In) {
			continue
		}
		if forests[i] = s.forest(p); o.Verify && !o.Hash {
			p.sum(ctx)
		}
	}
	return forests
}

// walker is one worker's scratch.
type walker struct {
	s *Store
	o WalkOptions

	forests []*forest // by pack
	cuts    []cutSet  // by pack
	whole   []bool    // by pack: see packFile.whole

	emit      func(*Object)
	inf       inflater
	delta     []byte
	free      [][]byte // buffers, which have freeBytes bytes
	freeBytes int
	stack     []frame
	obj       Object

	checks bool // CRCs of the pack at hand are looked at
	intact bool // those of the object that was just read hold, and of all that it is a delta of

	copies []Copy
	slots  []int // that are free
	nSlots int
}

// frame is an object whose children are being walked.
type frame struct {
	data   []byte
	next   int32
	slot   int
	intact bool // see walker.intact
}

// slot takes a free slot.
func (w *walker) slot() int {
	if n := len(w.slots); n > 0 {
		s := w.slots[n-1]
		w.slots = w.slots[:n-1]
		return s
	}
	w.nSlots++
	return w.nSlots - 1
}

func (w *walker) freeSlot(s int) {
	if s >= 0 {
		w.slots = append(w.slots, s)
	}
}

func (w *walker) run(ctx context.Context, j walkJob) error {
	if j.part >= len(w.s.packs) {
		return w.looseRange(ctx, j)
	}
	if j.sum {
		w.s.packs[j.part].sum(ctx)
		return ctx.Err()
	}
	f := w.forests[j.part]
	w.checks = w.o.Verify && !w.o.Hash && w.o.Kinds.Has(Blob) && w.whole[j.part]
	if j.bad {
		for _, b := range f.bad {
			w.give(j.part, f, b.entry, nil, 0, fmt.Errorf("%s: %w", f.pack.path, b.err))
		}
		return ctx.Err()
	}
	for _, root := range j.roots {
		if err := w.tree(ctx, j.part, f, root); err != nil {
			return err
		}
	}
	return nil
}

// tree walks one tree of the forest depth first. A base is freed before its last child is entered.
func (w *walker) tree(ctx context.Context, part int, f *forest, root int32) error {
	w.slots, w.nSlots = w.slots[:0], 0
	cut := w.cuts[part]
	data, err := w.readRoot(f, root, cut[root])
	w.copies = w.copies[:0]
	if slot, ok := w.settle(part, f, root, data, -1, err); ok {
		w.stack = append(w.stack[:0], frame{data, cut.child(f, root), slot, w.intact})
	}
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			w.stack = w.stack[:0]
			return err
		}
		top := &w.stack[len(w.stack)-1]
		c := top.next
		top.next = cut.sibling(f, c)
		w.intact = top.intact
		data, err := w.read(f, c, top.data, false)
		base, last := top.slot, top.next < 0
		if last {
			w.release(top.data)
			w.stack = w.stack[:len(w.stack)-1]
		}
		slot, ok := w.settle(part, f, c, data, base, err)
		if ok {
			w.stack = append(w.stack, frame{data, cut.child(f, c), slot, w.intact})
		}
		if last {
			w.freeSlot(base)
		}
	}
	return nil
}

// settle hands an object out and reports whether its children are to be walked, and under which slot it is kept for
// them. When they cannot be, they are handed out as damaged with it.
func (w *walker) settle(part int, f *forest, i int32, data []byte, base int, err error) (slot int, walk bool) {
	var tl tooLarge
	slot = -1
	hasChild := w.cuts[part].child(f, i) >= 0
	switch {
	case errors.As(err, &tl):
		w.give(part, f, i, nil, tl.size, ErrTooLarge)
	case err != nil:
		w.give(part, f, i, nil, 0, fmt.Errorf("%s: offset %d: %w", f.pack.path, f.offset(i), err))
	case w.o.MaxSize > 0 && len(data) > w.o.MaxSize:
		w.give(part, f, i, nil, len(data), ErrTooLarge)
	default:
		if hasChild {
			slot = w.slot()
		}
		w.obj.Slot, w.obj.Base, w.obj.Copies = slot, base, w.copies
		if !w.give(part, f, i, data, len(data), nil) {
			w.freeSlot(slot)
			slot = -1
		}
		w.obj.Slot, w.obj.Base, w.obj.Copies = -1, -1, nil
	}
	if err != nil {
		w.lost(part, f, i)
		return -1, false
	}
	if !hasChild {
		w.release(data)
		return -1, false
	}
	return slot, true
}

// errBase ends the reading of what is a delta of something that cannot be read.
var errBase = errors.New("the base of its delta cannot be read")

// lost hands out everything below an entry that could not be read.
func (w *walker) lost(part int, f *forest, i int32) {
	cut := w.cuts[part]
	todo := []int32{i}
	for len(todo) > 0 {
		i, todo = todo[len(todo)-1], todo[:len(todo)-1]
		for c := cut.child(f, i); c >= 0; c = cut.sibling(f, c) {
			w.give(part, f, c, nil, 0, fmt.Errorf("%s: offset %d: %w", f.pack.path, f.offset(c), errBase))
			todo = append(todo, c)
		}
	}
}

// give hands an object out, unless that has been done or will be with another copy of it.
func (w *walker) give(part int, f *forest, i int32, data []byte, size int, err error) bool {
	pos := int(f.pos[i])
	id := f.pack.idx.rawID(pos)
	if !w.s.isFirst(part, w.s.format.ID(id)) || w.o.Only != nil && !w.o.Only(w.s.starts[part]+uint32(pos)) {
		return false
	}
	if w.o.Verify && err == nil && (w.o.Hash || !w.vouched(part, id, f.kind[i])) && !w.s.format.matches(w.s.format.ID(id), f.kind[i], data) {
		err = ErrHash
	}
	w.obj.Ord, w.obj.Kind, w.obj.Data, w.obj.Size, w.obj.Err = w.s.starts[part]+uint32(pos), f.kind[i], data, size, err
	w.emit(&w.obj)
	return true
}

// tooLarge stops a walk at an object that is too large even as a base.
type tooLarge struct{ size int }

func (tooLarge) Error() string { return ErrTooLarge.Error() }

// baseFactor times MaxSize is how large an object may be that is inflated only because smaller ones are deltas of it.
const baseFactor = 4

// admit decides by its size whether an object is inflated.
func (w *walker) admit(f *forest, i int32, size int) error {
	if w.o.MaxSize <= 0 || size <= w.o.MaxSize || f.child[i] >= 0 && size <= w.o.MaxSize*baseFactor {
		return nil
	}
	return tooLarge{size}
}

// read makes an object from its base, or without one for a root. The pack is mapped: where its file cannot be read any
// more, touching its bytes is a fault. That costs the object.
func (w *walker) read(f *forest, i int32, base []byte, root bool) (data []byte, err error) {
	defer noteFault(&err)
	if root {
		w.intact = w.checks
		return w.root(f, i)
	}
	return w.child(f, i, base)
}

// entry reads an entry's header on the way to its bytes.
func (w *walker) entry(f *forest, i int32) (entry, error) {
	off := f.offset(i)
	e, err := f.pack.entryAt(off)
	if err == nil {
		w.inf.reads.touch(w.s, f.pack, off, e.size)
	}
	return e, err
}

func (w *walker) root(f *forest, i int32) ([]byte, error) {
	e, err := w.entry(f, i)
	if err != nil {
		return nil, err
	}
	if e.kind == refDelta {
		_, base, err := w.s.foreignBase(f.pack, e.baseID, w.o.MaxSize*baseFactor)
		if err != nil {
			return nil, err
		}
		w.intact = false // the other pack is not looked at
		return w.child(f, i, base)
	}
	if err := w.admit(f, i, e.size); err != nil {
		return nil, err
	}
	w.intact = w.intact && f.intact(i)
	return w.inf.inflate(w.buffer(min(e.size, len(f.pack.body(e))*maxRatio)), f.pack.body(e), e.size)
}

func (w *walker) child(f *forest, i int32, base []byte) ([]byte, error) {
	e, err := w.entry(f, i)
	if err != nil {
		return nil, err
	}
	if w.o.MaxSize > 0 && e.size > w.o.MaxSize*baseFactor {
		return nil, tooLarge{e.size}
	}
	w.intact = w.intact && f.intact(i)
	if w.delta, err = w.inf.inflate(w.delta[:0], f.pack.body(e), e.size); err != nil {
		return nil, err
	}
	_, target, _, err := deltaSizes(w.delta)
	if err != nil {
		return nil, err
	}
	if err := w.admit(f, i, target); err != nil {
		return nil, err
	}
	w.copies = w.copies[:0]
	return applyNoting(w.buffer(boundTarget(target, len(base), len(w.delta))), base, w.delta, &w.copies)
}

// buffer gives an empty slice with room for n bytes: the smallest that is free, unless it has room for many times as much, since
// what is large is better kept for what needs it.
func (w *walker) buffer(n int) []byte {
	best := -1
	for i, b := range w.free {
		if cap(b) >= n && cap(b)/maxWaste <= n+leastBuffer && (best < 0 || cap(b) < cap(w.free[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]byte, 0, n+n/8+leastBuffer)
	}
	b := w.free[best]
	w.unfree(best)
	return b[:0]
}

// unfree takes a buffer off the list.
func (w *walker) unfree(i int) {
	last := len(w.free) - 1
	w.freeBytes -= cap(w.free[i])
	w.free[i], w.free[last] = w.free[last], nil
	w.free = w.free[:last]
}

const (
	// maxFree bounds the buffers kept for reuse, freeBytes what they hold together and bigFree the size of one: one giant
	// object must not pin its memory.
	maxFree   = 24
	freeBytes = 16 << 20
	bigFree   = 8 << 20
	// leastBuffer is what a buffer has room for beside an eighth of what is asked, and maxWaste how many times as much it may have.
	leastBuffer = 512
	maxWaste    = 8
)

// release keeps a buffer for reuse. When there are too many, the smallest makes room: it is made again at the least cost.
func (w *walker) release(b []byte) {
	if cap(b) == 0 || cap(b) > bigFree {
		return
	}
	w.free, w.freeBytes = append(w.free, b), w.freeBytes+cap(b)
	for len(w.free) > maxFree || w.freeBytes > freeBytes {
		least := 0
		for i := range w.free {
			if cap(w.free[i]) < cap(w.free[least]) {
				least = i
			}
		}
		w.unfree(least)
	}
}

func (w *walker) looseRange(ctx context.Context, j walkJob) error {
	l := w.s.loose[j.part-len(w.s.packs)]
	for i := j.from; i < j.to; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ord := w.s.starts[j.part] + uint32(i); w.s.isFirst(j.part, l.ids[i]) && (w.o.Only == nil || w.o.Only(ord)) {
			w.looseObject(l, l.ids[i], ord)
		}
	}
	return nil
}

func (w *walker) looseObject(l *looseDir, id ID, ord uint32) {
	w.obj = Object{Ord: ord, Slot: -1, Base: -1}
	defer func() {
		if w.obj.Kind != 0 && w.o.Kinds.Has(w.obj.Kind) || w.obj.Kind == 0 && w.o.Kinds.Has(Blob) {
			w.emit(&w.obj)
		}
	}()
	lf, err := l.open(id, &w.inf)
	if errors.Is(err, os.ErrNotExist) { // a concurrent gc packed it
		w.obj.Kind, w.obj.Data, w.obj.Err = w.s.Get(id, w.o.MaxSize)
		w.obj.Size = len(w.obj.Data)
		return
	}
	if err != nil {
		w.obj.Err = fmt.Errorf("%s: %w", l.path(id), err)
		return
	}
	w.obj.Kind, w.obj.Size = lf.kind, lf.size
	if !w.o.Kinds.Has(lf.kind) {
		return
	}
	if w.o.MaxSize > 0 && lf.size > w.o.MaxSize {
		w.obj.Err = ErrTooLarge
		return
	}
	data, err := lf.content(w.buffer(min(lf.size+lf.header, len(lf.raw)*maxRatio)), &w.inf)
	if err != nil {
		w.obj.Err = fmt.Errorf("%s: %w", l.path(id), err)
		return
	}
	w.obj.Data = data
	// Nothing else vouches for a loose object: it is always checked.
	if !w.s.format.matches(id, lf.kind, data) {
		w.obj.Err = ErrHash
	}
	w.release(data) // emit runs before anything can take it again
}
