package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// index is a pack index, version 1 or 2, over its mapped bytes. Version 2 is: magic, version, 256 fan-out counts,
// the sorted ids, a CRC-32 of each entry's bytes, 31-bit offsets whose top bit points into a table of 64-bit ones, the
// pack's checksum and its own. Version 1 is: fan-out, then (offset, id) records, then the checksums.
type index struct {
	format  Format
	data    []byte
	n       int
	fanout  []byte
	v1      bool
	ids     []byte
	crcs    []byte
	offsets []byte
	large   []byte
}

var idxMagic = []byte{0xff, 't', 'O', 'c'}

const fanoutLen = 256 * 4

// parseIndex checks the layout: the lengths fit, and the fan-out never falls.
func parseIndex(data []byte, f Format) (*index, error) {
	x := &index{format: f, data: data}
	hs := f.Size()
	body := data
	if bytes.HasPrefix(data, idxMagic) {
		if len(data) < 8+fanoutLen+2*hs {
			return nil, fmt.Errorf("index of %d bytes is too short", len(data))
		}
		if v := binary.BigEndian.Uint32(data[4:]); v != 2 {
			return nil, fmt.Errorf("index version %d is not known", v)
		}
		body = data[8:]
	} else {
		x.v1 = true
		if len(data) < fanoutLen+2*hs {
			return nil, fmt.Errorf("index of %d bytes is too short", len(data))
		}
	}
	x.fanout, body = body[:fanoutLen], body[fanoutLen:]
	prev := uint32(0)
	for i := range 256 {
		c := binary.BigEndian.Uint32(x.fanout[4*i:])
		if c < prev {
			return nil, fmt.Errorf("index fan-out falls at %#02x", i)
		}
		prev = c
	}
	n := int64(prev)
	body = body[:len(body)-2*hs]
	if x.v1 {
		if int64(len(body)) != n*int64(4+hs) {
			return nil, fmt.Errorf("index of %d objects has %d bytes of entries", n, len(body))
		}
		x.ids, x.n = body, int(n)
		return x, nil
	}
	if int64(len(body)) < n*int64(hs+8) {
		return nil, fmt.Errorf("index of %d objects has %d bytes of tables", n, len(body))
	}
	x.n = int(n)
	x.ids, body = body[:x.n*hs], body[x.n*hs:]
	x.crcs, body = body[:x.n*4], body[x.n*4:]
	x.offsets, x.large = body[:x.n*4], body[x.n*4:]
	if len(x.large)%8 != 0 {
		return nil, fmt.Errorf("index has a table of large offsets of %d bytes", len(x.large))
	}
	return x, nil
}

// rawID is the id of entry i, as bytes of the index.
func (x *index) rawID(i int) []byte {
	hs := x.format.Size()
	if x.v1 {
		return x.ids[i*(4+hs)+4:][:hs]
	}
	return x.ids[i*hs:][:hs]
}

// id is the id of entry i.
func (x *index) id(i int) ID { return x.format.ID(x.rawID(i)) }

// crc is the CRC-32 of the bytes of entry i. An index of version 1 has none.
func (x *index) crc(i int) uint32 { return binary.BigEndian.Uint32(x.crcs[4*i:]) }

// offset is where entry i starts in the pack; false when the table of large offsets does not have it.
func (x *index) offset(i int) (uint64, bool) {
	if x.v1 {
		return uint64(binary.BigEndian.Uint32(x.ids[i*(4+x.format.Size()):])), true
	}
	o := binary.BigEndian.Uint32(x.offsets[4*i:])
	if o>>31 == 0 {
		return uint64(o), true
	}
	k := int(o & (1<<31 - 1))
	if k >= len(x.large)/8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(x.large[8*k:]), true
}

// find is the entry of an id. Ids are hashes and so lie evenly: the first probes are made where an id of its value
// would lie, which leaves a handful of entries whatever the size of the index. Halving takes over after these, so that
// an index made to be uneven costs little more than one that is not.
func (x *index) find(id ID) (int, bool) {
	lo, hi := x.bucket(id[0])
	hs := x.format.Size()
	stride, ids := hs, x.ids
	if x.v1 {
		stride, ids = hs+4, x.ids[min(4, len(x.ids)):]
	}
	want := binary.BigEndian.Uint64(id[:])
	// Values of ids that are not below lo, and not above hi.
	least, most := uint64(id[0])<<56, uint64(id[0])<<56|(1<<56-1)
	for probe := 0; lo < hi; probe++ {
		mid := int(uint(lo+hi) >> 1)
		if probe < evenProbes && hi-lo > fewEntries && least <= want && want <= most {
			share := float64(want-least) / (float64(most-least) + 1)
			mid = lo + min(int(share*float64(hi-lo)), hi-lo-1)
		}
		at := ids[mid*stride:]
		switch v := binary.BigEndian.Uint64(at); {
		case v == want:
			c := bytes.Compare(at[8:hs], id[8:hs])
			if c == 0 {
				return mid, true
			}
			if c < 0 {
				lo = mid + 1
			} else {
				hi = mid
			}
		case v < want:
			lo, least = mid+1, v
		default:
			hi, most = mid, v
		}
	}
	return 0, false
}

// How find probes: so often by value, and only among more entries than fit a few cache lines.
const (
	evenProbes = 4
	fewEntries = 8
)

// bucket is the range of the entries whose ids begin with a byte.
func (x *index) bucket(first byte) (lo, hi int) {
	if first > 0 {
		lo = int(binary.BigEndian.Uint32(x.fanout[4*(int(first)-1):]))
	}
	return lo, int(binary.BigEndian.Uint32(x.fanout[4*int(first):]))
}
