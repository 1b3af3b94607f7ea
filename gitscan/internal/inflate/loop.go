package inflate

import (
	"encoding/binary"
	"unsafe"
)

// The quick loop goes without the checks that Go makes for each access; what makes each of them sound stands beside it.
const (
	fastIn = 16 // the loop loads eight bytes twice, the second time at most seven bytes on
	// It writes at most three literals before it looks again, and the pointer behind them must still point into dst: one
	// to its end may be one into memory that the garbage collector knows to be free, which ends the program.
	fastOut = 4
	wide    = 16 // a match is copied at most this far past its end
)

// fast decodes symbols of a block while fastIn bytes of src and fastOut bytes of dst are left, so that the ends need
// not be looked at for each of them. It reports whether the block ended.
//
// Inside, bits of buf above n may hold bits of the stream that come again with the next eight bytes, and n is right in
// its low six bits only. A symbol is looked up before buf is filled, so that neither waits for the other: after
// filling there are at least 56 bits, two literals of at most 10 bits and a length of at most 20 leave the 9 for the
// first step of a distance; filled again, a distance of at most 28 leaves the 10 for the next symbol; three literals
// leave them too, and two and a long one of 15 bits.
func (s *stream) fast(c *codes) (done bool, err error) {
	if len(s.src)-s.in < fastIn || len(s.dst)-s.out < fastOut {
		return false, nil
	}
	buf, n := s.buf, uint64(s.n)
	src, dst := unsafe.Pointer(unsafe.SliceData(s.src)), unsafe.Pointer(unsafe.SliceData(s.dst))
	in, out, start := unsafe.Add(src, s.in), unsafe.Add(dst, s.out), unsafe.Add(dst, s.start)
	inMax, outMax := unsafe.Add(src, len(s.src)-fastIn), unsafe.Add(dst, len(s.dst)-fastOut)
	lit, litMask := unsafe.Pointer(unsafe.SliceData(c.lit)), c.litMask
	dist, distMask := unsafe.Pointer(unsafe.SliceData(c.dist)), c.distMask
	var length, distance uint64
	in, buf, n = fill(in, buf, n)
	e := entry(lit, buf&litMask) // masks are less than their table's length
	for uintptr(in) <= uintptr(inMax) && uintptr(out) <= uintptr(outMax) {
		in, buf, n = fill(in, buf, n)
		if e >= isLiteral {
			buf, n = buf>>(e&takes), n-uint64(e)
			out = put(out, e)
			e = entry(lit, buf&litMask)
			if e >= isLiteral {
				buf, n = buf>>(e&takes), n-uint64(e)
				out = put(out, e)
				e = entry(lit, buf&litMask)
				if e >= isLiteral {
					buf, n = buf>>(e&takes), n-uint64(e)
					out = put(out, e)
					e = entry(lit, buf&litMask)
					continue
				}
			}
		}
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = entry(lit, second(e, buf))
			}
			if e >= isLiteral {
				buf, n = buf>>(e&takes), n-uint64(e)
				out = put(out, e)
				e = entry(lit, buf&litMask)
				continue
			}
			if e&isOther != 0 {
				buf, n = buf>>(e&takes), n-uint64(e)
				done = e&isEnd != 0
				if !done {
					err = ErrCorrupt
				}
				break
			}
		}
		length = value(e, buf)
		buf, n = buf>>(e&takes), n-uint64(e)
		e = entry(dist, buf&distMask)
		in, buf, n = fill(in, buf, n)
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = entry(dist, second(e, buf))
			}
			if e&isOther != 0 {
				err = ErrCorrupt
				break
			}
		}
		distance = value(e, buf)
		buf, n = buf>>(e&takes), n-uint64(e)
		e = entry(lit, buf&litMask)
		if uint64(uintptr(out)-uintptr(start)) < distance {
			err = ErrCorrupt
			break
		}
		if uintptr(out)+uintptr(length) > uintptr(outMax)-(wide-fastOut) {
			goto exact // no room to write past its end
		}
		// All that the copies write lies before outMax+fastOut, the end of dst; all that they read after start.
		if distance >= wide {
			copyWide(out, unsafe.Add(out, -int(distance)), length)
		} else if distance >= 8 {
			copyEight(out, unsafe.Add(out, -int(distance)), length)
		} else {
			repeat(out, distance, unsafe.Add(out, length))
		}
		out = unsafe.Add(out, length)
	}
	length = 0
exact:
	s.leave(int(uintptr(in)-uintptr(src)), int(uintptr(out)-uintptr(dst)), buf, n)
	if s.out > s.end {
		return done, ErrMore
	}
	if err == nil {
		s.out, err = copyExact(s.dst[:s.end], s.out, int(distance), int(length))
	}
	return done, err
}

// leave notes where the quick loop stopped: less than a byte stays in buf, whole ones go back.
func (s *stream) leave(in, out int, buf, n uint64) {
	n &= 63
	s.in, s.out = in-int(n>>3), out
	s.n = uint(n & 7)
	s.buf = buf & (1<<s.n - 1)
}

// fill loads eight bytes and moves on by as many as buf had room for.
func fill(in unsafe.Pointer, buf, n uint64) (unsafe.Pointer, uint64, uint64) {
	return unsafe.Add(in, ^n>>3&7), buf | load(in)<<(n&63), n | 56
}

func load(p unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }

func entry(table unsafe.Pointer, i uint64) uint32 { return *(*uint32)(unsafe.Add(table, i*4)) }

// second is the index in the second table that e leads to.
func second(e uint32, buf uint64) uint64 {
	return uint64(e>>16) + buf>>(e&takes)&(1<<(e>>8&15)-1)
}

// value is a copy's length or distance: the base and the extra bits behind the code.
func value(e uint32, buf uint64) uint64 {
	return uint64(e>>16) + buf&(1<<(e&takes)-1)>>(e>>8&63)
}

func put(out unsafe.Pointer, e uint32) unsafe.Pointer {
	*(*byte)(out) = byte(e >> 16)
	return unsafe.Add(out, 1)
}

// copyWide copies a match from at least wide bytes before.
func copyWide(to, from unsafe.Pointer, length uint64) {
	*(*[wide]byte)(to) = *(*[wide]byte)(from)
	for length > wide {
		to, from, length = unsafe.Add(to, wide), unsafe.Add(from, wide), length-wide
		*(*[wide]byte)(to) = *(*[wide]byte)(from)
	}
}

// copyEight copies a match from at least eight bytes before.
func copyEight(to, from unsafe.Pointer, length uint64) {
	*(*[8]byte)(to) = *(*[8]byte)(from)
	for length > 8 {
		to, from, length = unsafe.Add(to, 8), unsafe.Add(from, 8), length-8
		*(*[8]byte)(to) = *(*[8]byte)(from)
	}
}

// repeat writes the last distance bytes, fewer than eight, over and over up to end: a word of them at a time, moving on
// by as many whole repetitions as a word holds.
func repeat(to unsafe.Pointer, distance uint64, end unsafe.Pointer) {
	v := load(unsafe.Add(to, -int(distance))) & (1<<(distance*8&63) - 1)
	v |= v << (distance * 8)
	v |= v << (distance * 16)
	v |= v << (distance * 32)
	step := stride[distance&7]
	for uintptr(to) < uintptr(end) {
		binary.LittleEndian.PutUint64((*[8]byte)(to)[:], v)
		to = unsafe.Add(to, step)
	}
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
