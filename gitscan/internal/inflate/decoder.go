package inflate

import (
	"encoding/binary"
	"errors"
)

// What can be wrong with a stream.
var (
	ErrHeader     = errors.New("zlib: bad header")
	ErrDictionary = errors.New("zlib: wants a dictionary")
	ErrCorrupt    = errors.New("zlib: corrupt deflate data")
	ErrEarly      = errors.New("zlib: ends too early")
	ErrMore       = errors.New("zlib: holds more than its size says")
	ErrChecksum   = errors.New("zlib: checksum differs")
)

// Slack is how many bytes of capacity past the size make the end of a stream as quick as its middle.
const Slack = 32

// Decoder has the tables of the block at hand. Its zero value is ready.
type Decoder struct {
	lit    [litEntries]uint32
	dist   [distEntries]uint32
	lens   codeLengths
	sorted [maxSymbols]uint16
}

// stream is one zlib stream being decoded.
//
// The low n bits of buf are the next bits of src, whose next byte is src[in]. Between the steps n is less than 64 and
// the bits above it are zero.
type stream struct {
	src []byte
	in  int
	buf uint64
	n   uint

	dst   []byte // its length is its capacity
	start int    // where the stream's bytes begin
	out   int
	end   int // start + size; more than that is too much
}

// Inflate appends to dst the size bytes of the zlib stream at the start of src; what follows the stream is ignored.
// It is an error when the stream holds fewer or more, is damaged, or ends before its checksum; then dst is returned as
// it was. Bytes of dst between its new length and its capacity may be overwritten.
func (d *Decoder) Inflate(dst, src []byte, size int) ([]byte, error) {
	out, _, err := d.inflate(dst, src, size)
	return out, err
}

// InflateNext is Inflate that also gives the length of the stream.
func (d *Decoder) InflateNext(dst, src []byte, size int) ([]byte, int, error) {
	return d.inflate(dst, src, size)
}

// inflate also gives the length of the stream.
func (d *Decoder) inflate(dst, src []byte, size int) ([]byte, int, error) {
	if size < 0 {
		return dst, 0, ErrMore
	}
	s := newStream(dst, src, size)
	if err := s.header(); err != nil {
		return dst, 0, err
	}
	if err := d.blocks(&s); err != nil {
		return dst, 0, err
	}
	if s.out != s.end {
		return dst, 0, ErrEarly
	}
	if err := s.trailer(); err != nil {
		return dst, 0, err
	}
	return s.dst[:s.out], s.in, nil
}

// Prefix appends to dst the first n bytes of the zlib stream at the start of src, or fewer when the stream has fewer or
// src ends before. Damage behind them is not seen.
func (d *Decoder) Prefix(dst, src []byte, n int) ([]byte, error) {
	s := newStream(dst, src, max(n, 0))
	if err := s.header(); err != nil {
		return dst, err
	}
	err := d.blocks(&s)
	switch {
	case s.out >= s.end: // what went wrong, if anything, came later
		return s.dst[:s.end], nil
	case err == nil:
		err = s.trailer()
	}
	if err != nil && err != ErrEarly {
		return dst, err
	}
	return s.dst[:s.out], nil
}

func newStream(dst, src []byte, size int) stream {
	start := len(dst)
	if cap(dst)-start < size {
		bigger := make([]byte, start, start+size+Slack)
		copy(bigger, dst)
		dst = bigger
	}
	return stream{src: src, dst: dst[:min(cap(dst), start+size+Slack)], start: start, out: start, end: start + size}
}

// header reads the two bytes of RFC 1950, section 2.2.
func (s *stream) header() error {
	if len(s.src) < 2 {
		return ErrEarly
	}
	cmf, flg := s.src[0], s.src[1]
	if cmf&15 != 8 || cmf>>4 > 7 || (uint(cmf)<<8|uint(flg))%31 != 0 {
		return ErrHeader
	}
	s.in = 2
	if flg&0x20 != 0 {
		// compress/zlib takes the sum of no bytes, which is 1, for the name of the dictionary that is not there.
		if len(s.src) < 6 {
			return ErrEarly
		}
		if binary.BigEndian.Uint32(s.src[2:]) != 1 {
			return ErrDictionary
		}
		s.in = 6
	}
	return nil
}

// trailer checks the sum that follows the last block.
func (s *stream) trailer() error {
	s.align()
	if len(s.src)-s.in < 4 {
		return ErrEarly
	}
	if binary.BigEndian.Uint32(s.src[s.in:]) != adler32(s.dst[s.start:s.out]) {
		return ErrChecksum
	}
	s.in += 4
	return nil
}

// align drops the bits up to the next byte of the stream and gives whole bytes in buf back.
func (s *stream) align() {
	s.in -= int(s.n >> 3)
	s.buf, s.n = 0, 0
}

// need takes care that buf holds k bits, at most 56.
func (s *stream) need(k uint) error {
	if s.n < k {
		s.buf, s.n, s.in = refill(s.src, s.buf, s.n, s.in)
		if s.n < k {
			return ErrEarly
		}
	}
	return nil
}

// refill takes as many whole bytes of src as fit.
func refill(src []byte, buf uint64, n uint, in int) (uint64, uint, int) {
	if len(src)-in >= 8 {
		k := (63 - n) &^ 7 // bits
		buf |= binary.LittleEndian.Uint64(src[in:]) & (1<<k - 1) << (n & 63)
		return buf, n + k, in + int(k>>3)
	}
	for n <= 55 && in < len(src) {
		buf |= uint64(src[in]) << n
		n, in = n+8, in+1
	}
	return buf, n, in
}

// blocks decodes all blocks of the stream: RFC 1951, section 3.2.3.
func (d *Decoder) blocks(s *stream) error {
	for {
		if err := s.need(3); err != nil {
			return err
		}
		last, kind := s.buf&1 != 0, s.buf>>1&3
		s.buf >>= 3
		s.n -= 3
		var err error
		switch kind {
		case 0:
			err = s.stored()
		case 1:
			err = s.codes(fixed())
		case 2:
			var c codes
			if c, err = d.dynamic(s); err == nil {
				err = s.codes(&c)
			}
		default:
			err = ErrCorrupt
		}
		if err != nil || last {
			return err
		}
	}
}

// stored copies a block that is not compressed: section 3.2.4.
func (s *stream) stored() error {
	s.align()
	if len(s.src)-s.in < 4 {
		return ErrEarly
	}
	n, inverse := binary.LittleEndian.Uint16(s.src[s.in:]), binary.LittleEndian.Uint16(s.src[s.in+2:])
	if n != ^inverse {
		return ErrCorrupt
	}
	s.in += 4
	block := s.src[s.in:min(s.in+int(n), len(s.src))]
	got := copy(s.dst[s.out:s.end], block)
	s.out, s.in = s.out+got, s.in+got
	switch {
	case got < len(block):
		return ErrMore
	case got < int(n):
		return ErrEarly
	}
	return nil
}

// codes decodes a block of symbols, in the middle with the quick loop, near the ends with the careful one.
func (s *stream) codes(c *codes) error {
	if done, err := s.fast(c); done || err != nil {
		return err
	}
	return s.careful(c)
}
