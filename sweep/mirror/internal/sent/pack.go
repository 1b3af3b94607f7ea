package sent

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Limits bound a pack.
type Limits struct {
	Objects int
	Bytes   int // of all objects together, and of what deltas make of them
}

// Pack is one that was read whole.
type Pack struct {
	raw     []byte
	objects []object
	byID    map[ID]*object
}

// object is one of a pack.
type object struct {
	id     ID
	kind   kind
	data   []byte
	offset int
	crc    uint32
}

var (
	errPack  = errors.New("a pack that is not as it should be")
	errLarge = errors.New("a pack that is too large")
	errBase  = errors.New("a pack that lacks a delta's base")
)

const (
	packHeader  = 12
	packTrailer = sha1.Size
)

// Read reads a pack. It keeps raw.
func Read(raw []byte, l Limits) (*Pack, error) {
	if len(raw) < packHeader+packTrailer || string(raw[:4]) != "PACK" || binary.BigEndian.Uint32(raw[4:]) != 2 {
		return nil, errPack
	}
	n := binary.BigEndian.Uint32(raw[8:])
	if uint64(n) > uint64(l.Objects) {
		return nil, errLarge
	}
	body := raw[:len(raw)-packTrailer]
	if sum := sha1.Sum(body); !bytes.Equal(sum[:], raw[len(body):]) {
		return nil, errPack
	}
	p := &Pack{raw: raw, objects: make([]object, 0, n), byID: make(map[ID]*object, n)}
	r := reader{pack: p, in: bytes.NewReader(body), body: body, left: l.Bytes, at: map[int]*object{}}
	if _, err := r.in.Seek(packHeader, io.SeekStart); err != nil {
		return nil, err
	}
	for range n {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	if r.in.Len() > 0 {
		return nil, errPack
	}
	return p, nil
}

// reader reads the objects of a pack one after the other.
type reader struct {
	pack *Pack
	in   *bytes.Reader
	body []byte
	at   map[int]*object // by offset
	z    io.ReadCloser
	left int // bytes that may still be made
}

func (r *reader) offset() int { return len(r.body) - r.in.Len() }

func (r *reader) next() error {
	o := object{offset: r.offset()}
	k, size, err := r.head()
	if err != nil {
		return err
	}
	var base *object
	switch k {
	case commit, tree, blob, tag:
	case ofsDelta:
		back, err := r.distance()
		if err != nil {
			return err
		}
		base = r.at[o.offset-back]
	case refDelta:
		var id ID
		if _, err := io.ReadFull(r.in, id[:]); err != nil {
			return errPack
		}
		base = r.pack.byID[id]
	default:
		return errPack
	}
	if (k == ofsDelta || k == refDelta) && base == nil {
		return errBase
	}
	data, err := r.inflate(size)
	if err != nil {
		return err
	}
	if o.kind, o.data = k, data; base != nil {
		o.kind = base.kind
		if o.data, err = r.patch(base.data, data); err != nil {
			return err
		}
	}
	if o.id, err = hashOf(o.kind, o.data); err != nil {
		return err
	}
	if r.pack.byID[o.id] != nil {
		return errPack
	}
	o.crc = crc32.ChecksumIEEE(r.body[o.offset:r.offset()])
	r.pack.objects = append(r.pack.objects, o) // of which there is room for all: what points to them stays
	made := &r.pack.objects[len(r.pack.objects)-1]
	r.pack.byID[o.id], r.at[o.offset] = made, made
	return nil
}

// head reads a type with a size.
func (r *reader) head() (k kind, size int, err error) {
	b, err := r.in.ReadByte()
	if err != nil {
		return 0, 0, errPack
	}
	k, size = kind(b>>4&7), int(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = r.in.ReadByte(); err != nil || shift > 39 {
			return 0, 0, errPack
		}
		size |= int(b&0x7f) << shift
	}
	return k, size, nil
}

// distance reads how far before a delta its base is.
func (r *reader) distance() (n int, err error) {
	for i := 0; ; i++ {
		b, err := r.in.ReadByte()
		if err != nil || i > 6 {
			return 0, errPack
		}
		if i > 0 {
			n++
		}
		n = n<<7 | int(b&0x7f)
		if b&0x80 == 0 {
			return n, nil
		}
	}
}

// take counts what is made, before it is.
func (r *reader) take(size int) error {
	if size < 0 || size > r.left {
		return errLarge
	}
	r.left -= size
	return nil
}

func (r *reader) inflate(size int) (data []byte, err error) {
	if err := r.take(size); err != nil {
		return nil, err
	}
	if r.z == nil {
		r.z, err = zlib.NewReader(r.in)
	} else {
		err = r.z.(zlib.Resetter).Reset(r.in, nil)
	}
	if err != nil {
		return nil, errPack
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(r.z, data); err != nil {
		return nil, errPack
	}
	var more [1]byte // there is none, and its checksum is right
	if n, err := r.z.Read(more[:]); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errPack
	}
	return data, nil
}

// patch makes an object of its base and a delta.
func (r *reader) patch(base, delta []byte) ([]byte, error) {
	from, delta, ok := deltaSize(delta)
	to, delta, also := deltaSize(delta)
	if !ok || !also || from != len(base) {
		return nil, errPack
	}
	if err := r.take(to); err != nil {
		return nil, err
	}
	out := make([]byte, 0, to)
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		var part []byte
		if op&0x80 == 0 {
			if op == 0 || int(op) > len(delta) {
				return nil, errPack
			}
			part, delta = delta[:op], delta[op:]
		} else {
			var at, n int
			for i := range 7 {
				if op>>i&1 == 0 {
					continue
				}
				if len(delta) == 0 {
					return nil, errPack
				}
				if i < 4 {
					at |= int(delta[0]) << (8 * i)
				} else {
					n |= int(delta[0]) << (8 * (i - 4))
				}
				delta = delta[1:]
			}
			if n == 0 {
				n = 0x10000
			}
			if at > len(base) || n > len(base)-at {
				return nil, errPack
			}
			part = base[at : at+n]
		}
		if len(part) > to-len(out) {
			return nil, errPack
		}
		out = append(out, part...)
	}
	if len(out) != to {
		return nil, errPack
	}
	return out, nil
}

func deltaSize(delta []byte) (n int, rest []byte, ok bool) {
	for i, b := range delta {
		if i > 5 {
			return 0, nil, false
		}
		n |= int(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			return n, delta[i+1:], true
		}
	}
	return 0, nil, false
}
