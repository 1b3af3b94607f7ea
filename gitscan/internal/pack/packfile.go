package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"rummage/gitscan/internal/disk"
)

// packFile is one pack with its index, both mapped. The mapping stays valid when a concurrent gc removes the files.
type packFile struct {
	path    string // of the .pack
	data    []byte // whole file; entries lie between the 12-byte header and the trailing checksum
	idx     *index
	unmap   []func() error
	regions regions // of data
	mapped  bool    // the files are mapped memory, of which pages can be given back
	format  Format
	// whole says that the checksum of the index holds, and the pack's if that is needed; see sums.go.
	whole, summed atomic.Bool
}

const packHeaderLen = 12

// openPack maps the pack that belongs to an .idx file.
func openPack(files disk.Files, idxPath string, f Format) (*packFile, error) {
	p := &packFile{path: strings.TrimSuffix(idxPath, ".idx") + ".pack", format: f}
	idxData, err := p.mapFile(files, idxPath)
	if err != nil {
		return nil, err
	}
	if p.idx, err = parseIndex(idxData, f); err != nil {
		_ = p.close()
		return nil, fmt.Errorf("%s: %w", idxPath, err)
	}
	if p.data, err = p.mapFile(files, p.path); err != nil {
		_ = p.close()
		return nil, err
	}
	p.regions = newRegions(len(p.data))
	if err = p.checkHeader(); err == nil {
		err = p.checkIndex()
	}
	if err != nil {
		_ = p.close()
		return nil, fmt.Errorf("%s: %w", p.path, err)
	}
	return p, nil
}

func (p *packFile) checkHeader() error {
	hs := p.format.Size()
	if len(p.data) < packHeaderLen+hs {
		return fmt.Errorf("pack of %d bytes is too short", len(p.data))
	}
	if !bytes.HasPrefix(p.data, []byte("PACK")) {
		return fmt.Errorf("no pack: it begins with %q", p.data[:4])
	}
	if v := binary.BigEndian.Uint32(p.data[4:]); v != 2 && v != 3 {
		return fmt.Errorf("pack version %d is not known", v)
	}
	return nil
}

// checkIndex finds an index that is not this pack's.
func (p *packFile) checkIndex() error {
	hs := p.format.Size()
	if n := binary.BigEndian.Uint32(p.data[8:]); int64(n) != int64(p.idx.n) {
		return fmt.Errorf("pack of %d objects has an index of %d", n, p.idx.n)
	}
	// Both end with the pack's checksum: a pack that was cut short or replaced does not match its index.
	trailer := p.data[len(p.data)-hs:]
	if want := p.idx.data[len(p.idx.data)-2*hs:][:hs]; !bytes.Equal(trailer, want) {
		return fmt.Errorf("pack and index do not belong together (checksum differs)")
	}
	return nil
}

// mapFile maps a file for as long as the pack is open.
func (p *packFile) mapFile(files disk.Files, path string) ([]byte, error) {
	m, unmap, err := files.Map(path)
	if unmap != nil {
		p.unmap, p.mapped = append(p.unmap, unmap), true
	}
	return m, err
}

// giveBack gives the pages of some of the pack's bytes back to the system, when they are a mapped file's: other memory
// would be lost by it.
func (p *packFile) giveBack(data []byte) {
	if p.mapped {
		giveBack(data)
	}
}

// errFault: the operating system cannot give a mapped byte.
var errFault = errors.New("the file cannot be read: a disk error, or it was cut short meanwhile")

// noteFault, deferred, makes an error of a fault. The goroutine must have asked for faults to be panics.
func noteFault(err *error) {
	switch r := recover(); r := r.(type) {
	case nil:
	case interface{ Addr() uintptr }:
		*err = errFault
	default:
		panic(r)
	}
}

func (p *packFile) close() error {
	var first error
	for _, u := range p.unmap {
		if err := u(); err != nil && first == nil {
			first = err
		}
	}
	p.unmap, p.data, p.idx = nil, nil, nil
	return first
}

// entry is the header of a pack entry.
type entry struct {
	kind    Kind
	size    int    // of the inflated bytes: the object's, or the delta's
	baseOff uint64 // of an ofs-delta
	baseID  ID     // of a ref-delta
	data    int    // where the deflated bytes start
}

// entryAt decodes the header of the entry at an offset.
func (p *packFile) entryAt(off uint64) (e entry, err error) {
	end := len(p.data) - p.format.Size()
	if off < packHeaderLen || off >= uint64(end) {
		return e, fmt.Errorf("offset %d is outside the pack", off)
	}
	i := int(off)
	c := p.data[i]
	e.kind = Kind(c >> 4 & 7)
	size, shift := uint64(c&15), uint(4)
	for i++; c&0x80 != 0; i++ {
		if i >= end || shift > 57 {
			return e, fmt.Errorf("offset %d: bad size", off)
		}
		c = p.data[i]
		size |= uint64(c&0x7f) << shift
		shift += 7
	}
	if size > 1<<62 {
		return e, fmt.Errorf("offset %d: bad size", off)
	}
	e.size = int(size)
	switch e.kind {
	case Commit, Tree, Blob, Tag:
	case ofsDelta:
		var back uint64
		if back, i, err = p.backOffset(i, end); err != nil || back == 0 || back > off {
			return e, fmt.Errorf("offset %d: bad base offset", off)
		}
		e.baseOff = off - back
	case refDelta:
		if end-i < p.format.Size() {
			return e, fmt.Errorf("offset %d: truncated base id", off)
		}
		e.baseID = p.format.ID(p.data[i:])
		i += p.format.Size()
	default:
		return e, fmt.Errorf("offset %d: object type %d is not known", off, uint8(e.kind))
	}
	e.data = i
	return e, nil
}

// header is entryAt to which a fault is an error.
func (p *packFile) header(off uint64) (e entry, err error) {
	defer noteFault(&err)
	return p.entryAt(off)
}

// backOffset reads the big-endian, biased base-128 number of an ofs-delta.
func (p *packFile) backOffset(i, end int) (uint64, int, error) {
	var v uint64
	for n := 0; ; n++ {
		if i >= end || n > 8 {
			return 0, i, errVarint
		}
		c := p.data[i]
		i++
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return v, i, nil
		}
		v++
	}
}

// body is the deflated bytes of an entry. They end before the next entry, but the end is not needed: the stream says
// where it stops.
func (p *packFile) body(e entry) []byte { return p.data[e.data : len(p.data)-p.format.Size()] }
