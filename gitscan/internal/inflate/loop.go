package inflate

import (
	"encoding/binary"
	"unsafe"
)

// fast decodes symbols while at least fastIn bytes of src and fastOut bytes of dst are left, so that the ends need not
// be looked at for each of them. It reports whether the block ended. Inside, bits of buf above n may hold bits of the
// stream that come again with the next eight bytes, and n is right in its low six bits only.
const (
	fastIn  = 16 // two loads of eight bytes, the second at most seven bytes on
	fastOut = 4  // three literals and one more
	wide    = 16 // a match may be copied this far past its end
)

func (s *stream) fast(c *codes) (done bool, err error) {
	lastIn, lastOut := len(s.src)-fastIn, len(s.dst)-fastOut
	if s.in > lastIn || s.out > lastOut {
		return false, nil
	}
	buf, n := s.buf, uint64(s.n)
	srcBase, dstBase := unsafe.Pointer(unsafe.SliceData(s.src)), unsafe.Pointer(unsafe.SliceData(s.dst))
	in, out := unsafe.Add(srcBase, s.in), unsafe.Add(dstBase, s.out)
	inMax, outMax := unsafe.Add(srcBase, lastIn), unsafe.Add(dstBase, lastOut)
	start := unsafe.Add(dstBase, s.start)
	lit, litMask := unsafe.Pointer(unsafe.SliceData(c.lit)), c.litMask
	dist, distMask := unsafe.Pointer(unsafe.SliceData(c.dist)), c.distMask
	var length, distance uint64
	buf |= load64(in) << (n & 63)
	in = unsafe.Add(in, ^n>>3&7)
	n |= 56
	e := entry(lit, buf&litMask)
	for uintptr(in) <= uintptr(inMax) && uintptr(out) <= uintptr(outMax) {
		buf |= load64(in) << (n & 63)
		in = unsafe.Add(in, ^n>>3&7)
		n |= 56
		if e >= isLiteral {
			buf >>= e & takes
			n -= uint64(e)
			*(*byte)(out) = byte(e >> 16)
			out = unsafe.Add(out, 1)
			e = entry(lit, buf&litMask)
			if e >= isLiteral {
				buf >>= e & takes
				n -= uint64(e)
				*(*byte)(out) = byte(e >> 16)
				out = unsafe.Add(out, 1)
				e = entry(lit, buf&litMask)
				if e >= isLiteral {
					buf >>= e & takes
					n -= uint64(e)
					*(*byte)(out) = byte(e >> 16)
					out = unsafe.Add(out, 1)
					e = entry(lit, buf&litMask)
					continue
				}
			}
		}
		// At most 22 bits were taken: 34 are left for a code and its extra bits, at most 20.
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = entry(lit, uint64(e>>16)+buf>>(e&takes)&(1<<(e>>8&15)-1))
			}
			if e >= isLiteral {
				buf >>= e & takes
				n -= uint64(e)
				*(*byte)(out) = byte(e >> 16)
				out = unsafe.Add(out, 1)
				e = entry(lit, buf&litMask)
				continue
			}
			if e&isOther != 0 {
				buf >>= e & takes
				n -= uint64(e)
				if e&isEnd == 0 {
					goto corrupt
				}
				done = true
				goto end
			}
		}
		length = uint64(e>>16) + buf&(1<<(e&takes)-1)>>(e>>8&63)
		buf >>= e & takes
		n -= uint64(e)
		e = entry(dist, buf&distMask)
		buf |= load64(in) << (n & 63)
		in = unsafe.Add(in, ^n>>3&7)
		n |= 56
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = entry(dist, uint64(e>>16)+buf>>(e&takes)&(1<<(e>>8&15)-1))
			}
			if e&isOther != 0 {
				goto corrupt
			}
		}
		distance = uint64(e>>16) + buf&(1<<(e&takes)-1)>>(e>>8&63)
		buf >>= e & takes
		n -= uint64(e)
		if distance > uint64(uintptr(out)-uintptr(start)) {
			goto corrupt
		}
		e = entry(lit, buf&litMask)
		from := unsafe.Add(out, -int(distance))
		to := out
		out = unsafe.Add(out, length)
		if uintptr(out) > uintptr(outMax)-(wide-fastOut) {
			out = to
			goto exact
		}
		if distance >= wide {
			*(*[wide]byte)(to) = *(*[wide]byte)(from)
			for length > wide {
				to = unsafe.Add(to, wide)
				from = unsafe.Add(from, wide)
				*(*[wide]byte)(to) = *(*[wide]byte)(from)
				length -= wide
			}
		} else if distance >= 8 {
			for {
				*(*[8]byte)(to) = *(*[8]byte)(from)
				if length <= 8 {
					break
				}
				to = unsafe.Add(to, 8)
				from = unsafe.Add(from, 8)
				length -= 8
			}
		} else {
			v := load64(from) & (1<<(distance*8&63) - 1)
			v |= v << (distance * 8)
			v |= v << (distance * 16)
			v |= v << (distance * 32)
			distance = uint64(stride[distance])
			for {
				binary.LittleEndian.PutUint64((*[8]byte)(to)[:], v)
				to = unsafe.Add(to, distance)
				if uintptr(to) >= uintptr(out) {
					break
				}
			}
		}
	}
	goto end
corrupt:
	err = ErrCorrupt
end:
	s.in, s.out = int(uintptr(in)-uintptr(srcBase)), int(uintptr(out)-uintptr(dstBase))
	if s.out > s.end {
		err = ErrMore
	}
	n &= 63
	s.in, s.n = s.in-int(n>>3), uint(n&7)
	s.buf = buf & (1<<s.n - 1)
	return done, err
exact:
	s.in, s.out = int(uintptr(in)-uintptr(srcBase)), int(uintptr(out)-uintptr(dstBase))
	n &= 63
	s.in, s.n = s.in-int(n>>3), uint(n&7)
	s.buf = buf & (1<<s.n - 1)
	s.out, err = copyExact(s.dst[:s.end], s.out, int(distance), int(length))
	return false, err
}

// stride is the largest multiple of a distance that is at most eight.
var stride = [8]uint8{0, 8, 8, 6, 8, 5, 6, 7}

// copyExact copies a match and writes nothing past its end, or past the end of dst.
func copyExact(dst []byte, out, distance, length int) (int, error) {
	end := min(out+length, len(dst))
	for i := out; i < end; i++ {
		dst[i] = dst[i-distance]
	}
	if end < out+length {
		return end, ErrMore
	}
	return end, nil
}

func load64(p unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }

func entry(table unsafe.Pointer, i uint64) uint32 { return *(*uint32)(unsafe.Add(table, i*4)) }

// careful decodes the rest of a block, looking at both ends for each symbol.
func (s *stream) careful(c *codes) error {
	dst := s.dst[:s.end]
	for {
		s.buf, s.n, s.in = refill(s.src, s.buf, s.n, s.in)
		e := c.lit[s.buf&c.litMask]
		if e&(isOther|isSecond) == isOther|isSecond && e < isLiteral {
			e = c.lit[uint64(e>>16)+s.buf>>(e&takes)&(1<<(e>>8&15)-1)]
		}
		value, err := s.take(e)
		if err != nil {
			return err
		}
		switch {
		case e >= isLiteral:
			if s.out == len(dst) {
				return ErrMore
			}
			dst[s.out] = byte(e >> 16)
			s.out++
			continue
		case e&isEnd != 0:
			return nil
		}
		s.buf, s.n, s.in = refill(s.src, s.buf, s.n, s.in)
		e = c.dist[s.buf&c.distMask]
		if e&isSecond != 0 {
			e = c.dist[uint64(e>>16)+s.buf>>(e&takes)&(1<<(e>>8&15)-1)]
		}
		distance, err := s.take(e)
		if err != nil {
			return err
		}
		if distance > s.out-s.start {
			return ErrCorrupt
		}
		if s.out, err = copyExact(dst, s.out, distance, value); err != nil {
			return err
		}
	}
}

// take takes a symbol from the stream and gives a copy's length or distance.
func (s *stream) take(e uint32) (int, error) {
	k := uint(e & takes)
	if e&isOther != 0 && e&isEnd == 0 && e < isLiteral && k <= s.n {
		return 0, ErrCorrupt
	}
	if k > s.n {
		return 0, ErrEarly
	}
	value := int(e>>16) + int(s.buf&(1<<k-1)>>(e>>8&15))
	s.buf >>= k
	s.n -= k
	return value, nil
}
