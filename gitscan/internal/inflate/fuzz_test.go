package inflate

import (
	"bytes"
	"compress/zlib"
	"testing"
)

// FuzzInflate takes any bytes for a stream of any size, and for deflate blocks whose size and sum are then made right.
// The verdict and the bytes are the standard library's.
func FuzzInflate(f *testing.F) {
	f.Add([]byte{}, 0)
	for _, data := range [][]byte{nil, []byte("hunter2 hunter2"), text(700, 1), noise(50, 1), bytes.Repeat([]byte("abc"), 100)} {
		for _, level := range []int{zlib.HuffmanOnly, 0, 1, 9} {
			src := deflated(f, data, level)
			f.Add(src, len(data))
			f.Add(src[2:], 1)
		}
	}
	f.Add(with(lengthsBlock(lengths(258, 'a', 2, 'b', 2, stop, 2, 257, 2), lengths(2, 0, 1, 1, 1)), code(0, 2), code(3, 2), code(0, 1), code(2, 2)), 4)
	f.Add(append([]byte{0, 2, 0, 0xfd, 0xff, 'h', 'i'}, fixedBlock(lit(257), code(1, 5), lit(stop))...), 5)
	var c dirty
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		c.check(t, src, int(uint(size)%(1<<12)))
		stream, got := sum(src)
		c.check(t, stream, got)
		c.prefix(t, stream, int(uint(size)%(1<<10)))
	})
}

// FuzzRoundTrip compresses any bytes, repeated so that there are matches of all lengths and distances, and inflates the
// stream whole, cut, and with a bit flipped.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hunter2"), 6, 1, 0)
	f.Add([]byte("x"), 1, 9000, 20)
	f.Add(text(3000, 1), 9, 1, 77)
	f.Add(noise(300, 1), 0, 120, 5)
	f.Add(text(100, 2), 3, 3, 99)
	var c dirty
	f.Fuzz(func(t *testing.T, data []byte, level, repeat, place int) {
		if len(data) > 0 {
			data = bytes.Repeat(data, 1+int(uint(repeat)%uint(1+10000/len(data))))
		}
		src := deflated(t, data, levels[uint(level)%uint(len(levels))])
		c.check(t, src, len(data))
		got, used, err := c.d.inflate(nil, append(bytes.Clone(src), data[:min(len(data), 30)]...), len(data))
		if err != nil || used != len(src) || !bytes.Equal(got, data) {
			t.Fatalf("%v, stream of %d bytes, want %d", err, used, len(src))
		}
		bit := int(uint(place) % uint(8*len(src)))
		c.check(t, src[:bit/8], len(data))
		c.prefix(t, src[:bit/8], len(data)/2)
		src[bit/8] ^= 1 << (bit % 8)
		c.check(t, src, len(data))
		c.prefix(t, src, len(data)/2)
	})
}
