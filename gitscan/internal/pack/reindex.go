package pack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"rummage/gitscan/internal/disk"
)

// Bounds of making an index, for which each object has to be inflated and hashed: without the names that an index gives
// there is none that could be skipped. Histories inflate to a hundred times the size of their pack and less.
const (
	maxIndexed      = 128 << 20 // bytes of one object, and of all bases that are held at a time
	maxIndexedRatio = 256       // bytes of all objects for each byte of the pack …
	minIndexed      = 256 << 20 // … and for a small pack this many more
)

var errIndexTooLarge = errors.New("its objects are too large")

// openLonePack maps a pack that has no index, and makes one of it in memory.
func openLonePack(files disk.Files, path string, f Format) (*packFile, error) {
	p := &packFile{path: path, format: f}
	data, err := p.mapFile(files, path)
	if err != nil {
		return nil, err
	}
	p.data = data
	if err = p.checkHeader(); err == nil {
		if p.idx, err = p.makeIndex(); err != nil {
			err = fmt.Errorf("has no index, and none can be made of it: %w", err)
		}
	}
	if err != nil {
		_ = p.close()
		return nil, err
	}
	return p, nil
}

// makeIndex makes the index that git index-pack makes of a pack.
func (p *packFile) makeIndex() (*index, error) {
	x := &indexer{p: p, waiting: map[ID][]int32{}, left: minIndexed + maxIndexedRatio*int64(len(p.data))}
	if err := x.scan(binary.BigEndian.Uint32(p.data[8:])); err != nil {
		return nil, err
	}
	for i := range x.members {
		if x.members[i].root {
			if err := x.resolve(int32(i)); err != nil {
				return nil, err
			}
		}
	}
	if x.named != len(x.members) {
		return nil, fmt.Errorf("%d deltas have no base in it", len(x.members)-x.named)
	}
	return parseIndex(x.encode(), p.format)
}

// indexer finds the objects of a pack and their ids.
type indexer struct {
	p       *packFile
	inf     inflater
	buf     []byte
	members []member // ascending by offset
	// waiting are the deltas whose base is named by its id, until that is found.
	waiting map[ID][]int32
	named   int   // members whose id is known
	left    int64 // bytes that may still be inflated
	held    int   // bytes of bases that are held
}

// member is an entry of the pack.
type member struct {
	off   uint64
	crc   uint32
	child int32 // the last delta against it that gives an offset, -1 none
	next  int32 // the delta before that
	root  bool  // a whole object
	id    ID
}

// spend counts bytes that are about to be inflated.
func (x *indexer) spend(size int) error {
	if x.left -= int64(size); size > maxIndexed || x.left < 0 {
		return errIndexTooLarge
	}
	return nil
}

// scan finds the entries, each where the one before ends, and names those that are whole objects.
func (x *indexer) scan(n uint32) error {
	off := uint64(packHeaderLen)
	for range n {
		end, err := x.entry(off)
		if err != nil {
			return fmt.Errorf("offset %d: %w", off, err)
		}
		off = end
	}
	if trailer := uint64(len(x.p.data) - x.p.format.Size()); off != trailer {
		return fmt.Errorf("%d bytes follow its %d objects", trailer-off, n)
	}
	return nil
}

// entry adds the one at an offset and tells where it ends.
func (x *indexer) entry(off uint64) (end uint64, err error) {
	e, err := x.p.entryAt(off)
	if err != nil {
		return 0, err
	}
	if err = x.spend(e.size); err != nil {
		return 0, err
	}
	data, used, err := x.inf.inflateNext(x.buf[:0], x.p.body(e), e.size)
	if err != nil {
		return 0, err
	}
	x.buf = data
	end = uint64(e.data + used)
	m := member{off: off, crc: crc32.ChecksumIEEE(x.p.data[off:end]), child: -1, next: -1}
	i := int32(len(x.members))
	switch e.kind {
	case ofsDelta:
		base, ok := slices.BinarySearchFunc(x.members, e.baseOff, func(m member, off uint64) int { return cmp.Compare(m.off, off) })
		if !ok {
			return 0, errors.New("its base is no entry")
		}
		m.next, x.members[base].child = x.members[base].child, i
	case refDelta:
		x.waiting[e.baseID] = append(x.waiting[e.baseID], i)
	default:
		m.root, m.id = true, x.p.format.Hash(e.kind, data)
		x.named++
	}
	x.members = append(x.members, m)
	return end, nil
}

// deltas takes the deltas against an entry whose id is known.
func (x *indexer) deltas(i int32) (list []int32) {
	m := &x.members[i]
	for c := m.child; c >= 0; c = x.members[c].next {
		list = append(list, c)
	}
	list = append(list, x.waiting[m.id]...)
	delete(x.waiting, m.id) // the pack may have the object twice
	return list
}

// heldBase is an object with the deltas against it that are still to be applied.
type heldBase struct {
	data   []byte
	deltas []int32
}

// resolve names what the deltas on a whole object make, depth first. A base is let go before its last delta is followed.
func (x *indexer) resolve(root int32) error {
	deltas := x.deltas(root)
	if len(deltas) == 0 {
		return nil
	}
	e, err := x.p.entryAt(x.members[root].off)
	if err != nil {
		return err
	}
	if err = x.spend(e.size); err != nil {
		return err
	}
	data, err := x.inf.inflate(nil, x.p.body(e), e.size)
	if err != nil {
		return err
	}
	x.held = len(data)
	stack := []heldBase{{data, deltas}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		base, i := top.data, top.deltas[0]
		if top.deltas = top.deltas[1:]; len(top.deltas) == 0 {
			x.held -= len(base)
			stack = stack[:len(stack)-1]
		}
		m := &x.members[i]
		if data, err = x.apply(m.off, base); err != nil {
			return fmt.Errorf("offset %d: %w", m.off, err)
		}
		m.id = x.p.format.Hash(e.kind, data)
		x.named++
		if deltas = x.deltas(i); len(deltas) > 0 {
			if x.held += len(data); x.held > maxIndexed {
				return errIndexTooLarge
			}
			stack = append(stack, heldBase{data, deltas})
		}
	}
	return nil
}

// apply makes what the delta at an offset makes of its base.
func (x *indexer) apply(off uint64, base []byte) ([]byte, error) {
	e, err := x.p.entryAt(off)
	if err != nil {
		return nil, err
	}
	delta, err := x.inf.scratch(x.p.body(e), e.size) // the second time: scan has found it within bounds
	if err != nil {
		return nil, err
	}
	_, target, _, err := deltaSizes(delta)
	if err != nil {
		return nil, err
	}
	if err = x.spend(target); err != nil {
		return nil, err
	}
	return applyDelta(make([]byte, 0, boundTarget(target, len(base), len(delta))), base, delta)
}

// encode writes the index, in version 2.
func (x *indexer) encode() []byte {
	f := x.p.format
	slices.SortStableFunc(x.members, func(a, b member) int { return a.id.Compare(b.id) })
	out := binary.BigEndian.AppendUint32(bytes.Clone(idxMagic), 2)
	n := 0
	for first := range 256 {
		for n < len(x.members) && int(x.members[n].id[0]) <= first {
			n++
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	for i := range x.members {
		out = append(out, x.members[i].id[:f.Size()]...)
	}
	for i := range x.members {
		out = binary.BigEndian.AppendUint32(out, x.members[i].crc)
	}
	var large []byte
	for i := range x.members {
		off := x.members[i].off
		if off >= 1<<31 {
			large = binary.BigEndian.AppendUint64(large, off)
			off = 1<<31 | uint64(len(large)/8-1)
		}
		out = binary.BigEndian.AppendUint32(out, uint32(off))
	}
	out = append(out, large...)
	out = append(out, x.p.data[len(x.p.data)-f.Size():]...)
	h := f.New()
	h.Write(out)
	return h.Sum(out)
}
