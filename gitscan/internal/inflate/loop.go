package inflate

import "encoding/binary"

// fast decodes symbols while at least fastIn bytes of src and fastOut bytes of dst are left, so that the ends need not
// be looked at for each of them. It reports whether the block ended. Inside, bits of buf above n may hold bits of the
// stream that come again with the next eight bytes, and n is right in its low six bits only.
const (
	fastIn  = 16 // two loads of eight bytes, the second at most seven bytes on
	fastOut = 4  // three literals and one more
	wide    = 16 // a match may be copied this far past its end
)

func (s *stream) fast(c *codes) (done bool, err error) {
	src, in, buf, n := s.src, s.in, s.buf, uint64(s.n)
	dst, out := s.dst, s.out
	lit, litMask, dist, distMask := c.lit, c.litMask, c.dist, c.distMask
	lastIn, lastOut := len(src)-fastIn, min(len(dst)-fastOut, s.end)
loop:
	for in <= lastIn && out <= lastOut {
		buf |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
		in += int(^n >> 3 & 7)
		n |= 56
		e := lit[buf&litMask]
		if e >= isLiteral {
			dst[out] = byte(e >> 16)
			out++
			buf >>= e & takes
			n -= uint64(e)
			e = lit[buf&litMask]
			if e >= isLiteral {
				dst[out] = byte(e >> 16)
				out++
				buf >>= e & takes
				n -= uint64(e)
				e = lit[buf&litMask]
				if e >= isLiteral {
					dst[out] = byte(e >> 16)
					out++
					buf >>= e & takes
					n -= uint64(e)
					continue
				}
			}
		}
		// At most 22 bits were taken: 34 are left for a code and its extra bits, at most 20.
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = lit[uint64(e>>16)+buf>>(e&takes)&(1<<(e>>8&15)-1)]
			}
			if e >= isLiteral {
				dst[out] = byte(e >> 16)
				out++
				buf >>= e & takes
				n -= uint64(e)
				continue
			}
			if e&isOther != 0 {
				buf >>= e & takes
				n -= uint64(e)
				done = e&isEnd != 0
				if !done {
					err = ErrCorrupt
				}
				break loop
			}
		}
		length := int(e>>16) + int(buf&(1<<(e&takes)-1)>>(e>>8&15))
		buf >>= e & takes
		n -= uint64(e)

		buf |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
		in += int(^n >> 3 & 7)
		n |= 56
		e = dist[buf&distMask]
		if e&isOther != 0 {
			if e&isSecond != 0 {
				e = dist[uint64(e>>16)+buf>>(e&takes)&(1<<(e>>8&15)-1)]
			}
			if e&isOther != 0 {
				err = ErrCorrupt
				break loop
			}
		}
		distance := int(e>>16) + int(buf&(1<<(e&takes)-1)>>(e>>8&15))
		buf >>= e & takes
		n -= uint64(e)
		from := out - distance
		if from < s.start {
			err = ErrCorrupt
			break loop
		}
		if len(dst)-out < length+wide {
			if out, err = copyExact(dst[:s.end], out, distance, length); err != nil {
				break loop
			}
			continue
		}
		to := out
		out += length
		if distance >= wide {
			for {
				*(*[wide]byte)(dst[to:]) = *(*[wide]byte)(dst[from:])
				to += wide
				from += wide
				if to >= out {
					break
				}
			}
		} else {
			copyNear(dst, to, distance, out)
		}
	}
	if out > s.end {
		err = ErrMore
	}
	n &= 63
	s.in, s.n = in-int(n>>3), uint(n&7)
	s.buf = buf & (1<<s.n - 1)
	s.out = out
	return done, err
}

// stride is the largest multiple of a distance that is at most eight.
var stride = [8]uint8{0, 8, 8, 6, 8, 5, 6, 7}

// copyNear repeats the distance bytes before to, fewer than wide, up to end, and may write wide bytes more.
func copyNear(dst []byte, to, distance, end int) {
	from := to - distance
	if distance >= 8 {
		for to < end {
			*(*[8]byte)(dst[to:]) = *(*[8]byte)(dst[from:])
			to += 8
			from += 8
		}
		return
	}
	bits := uint(distance) * 8
	v := binary.LittleEndian.Uint64(dst[from:])
	v &= 1<<bits - 1
	v |= v << bits
	v |= v << (2 * bits)
	v |= v << (4 * bits)
	step := int(stride[distance&7])
	for to < end {
		binary.LittleEndian.PutUint64(dst[to:], v)
		to += step
	}
}

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
