package inflate

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"testing"

	kzlib "github.com/klauspost/compress/zlib"
)

// streamAt is a stream and the size that it inflates to.
type streamAt struct {
	src  []byte
	size int
}

// decoders are this package and what it is compared with; each inflates into a buffer that it keeps.
func decoders() map[string]func(testing.TB) func(streamAt) error {
	reset := func(open func(io.Reader) (io.ReadCloser, error)) func(testing.TB) func(streamAt) error {
		return func(b testing.TB) func(streamAt) error {
			z, err := open(bytes.NewReader(deflated(b, nil, 6)))
			if err != nil {
				b.Fatal(err)
			}
			var r bytes.Reader
			var buf []byte
			return func(s streamAt) error {
				r.Reset(s.src)
				if err := z.(zlib.Resetter).Reset(&r, nil); err != nil {
					return err
				}
				if cap(buf) < s.size+1 {
					buf = make([]byte, s.size+1)
				}
				if _, err := io.ReadFull(z, buf[:s.size+1]); err != io.ErrUnexpectedEOF && err != io.EOF {
					return fmt.Errorf("%w after the stream", err)
				}
				return nil
			}
		}
	}
	return map[string]func(testing.TB) func(streamAt) error{
		"ours": func(testing.TB) func(streamAt) error {
			var d Decoder
			var buf []byte
			return func(s streamAt) (err error) {
				buf, err = d.Inflate(buf[:0], s.src, s.size)
				return err
			}
		},
		"std":       reset(zlib.NewReader),
		"klauspost": reset(kzlib.NewReader),
	}
}

var decoderNames = []string{"ours", "std", "klauspost"}

func benchmarkAll(b *testing.B, streams []streamAt) {
	var total int64
	for _, s := range streams {
		total += int64(s.size)
	}
	for _, name := range decoderNames {
		b.Run(name, func(b *testing.B) {
			decode := decoders()[name](b)
			b.SetBytes(total)
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range streams {
					if err := decode(s); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkInflate has one stream of each kind that matters, with the bytes of a pack behind it.
func BenchmarkInflate(b *testing.B) {
	delta := []byte("\xd2\xc3\x01\xe5\xc3\x01\xb0\x40\x1f\x0cif (value) {\xb3\x50\x1f\x20\x41\x07\x13return hunter2(1);\x91\x20\xb3\xaa\x61\x60\x30")
	for _, c := range []struct {
		name string
		data []byte
		lvl  int
	}{
		{"delta50", delta, 6}, {"delta25", delta[:25], 6}, {"text300", text(300, 1), 6}, {"text1k", text(1000, 1), 6},
		{"text5k", text(5000, 1), 6}, {"text500k", text(500000, 1), 6}, {"noise5k", noise(5000, 1), 6},
		{"huffman5k", text(5000, 1), zlib.HuffmanOnly}, {"run100k", bytes.Repeat([]byte{' '}, 100000), 6},
		{"fixed", text(90, 1), 6},
	} {
		src := append(deflated(b, c.data, c.lvl), noise(64, 9)...)
		b.Run(c.name, func(b *testing.B) { benchmarkAll(b, []streamAt{{src, len(c.data)}}) })
	}
}

// BenchmarkPack inflates every entry of the pack that RUMMAGE_BENCH_PACK names, in the order of the file, as a whole and
// by size.
func BenchmarkPack(b *testing.B) {
	entries := packStreams(b)
	b.Run("all", func(b *testing.B) { benchmarkAll(b, entries) })
	for lo, hi := 0, 64; lo < 16<<20; lo, hi = hi, hi*8 {
		var class []streamAt
		for _, e := range entries {
			if e.size >= lo && e.size < hi {
				class = append(class, e)
			}
		}
		if len(class) > 0 {
			b.Run(fmt.Sprintf("%d-%d(%d)", lo, hi, len(class)), func(b *testing.B) { benchmarkAll(b, class) })
		}
	}
}

// TestPack compares every entry of that pack with the standard library.
func TestPack(t *testing.T) {
	var c dirty
	for _, e := range packStreams(t) {
		c.check(t, e.src[:min(len(e.src), e.size+e.size/100+1000)], e.size)
	}
}

// packStreams finds the entries of the pack. Each is decoded to find where the next one is.
func packStreams(t testing.TB) (all []streamAt) {
	name := os.Getenv("RUMMAGE_BENCH_PACK")
	if name == "" {
		t.Skip("RUMMAGE_BENCH_PACK is not set")
	}
	p, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p = p[:len(p)-20]
	var d Decoder
	var buf []byte
	for at := 12; at < len(p); {
		c := p[at]
		kind, size, shift := c>>4&7, int(c&15), 4
		for at++; c&0x80 != 0; at++ {
			c = p[at]
			size |= int(c&0x7f) << shift
			shift += 7
		}
		switch kind {
		case 6:
			for at++; p[at-1]&0x80 != 0; at++ {
			}
		case 7:
			at += 20
		}
		var used int
		if buf, used, err = d.inflate(buf[:0], p[at:], size); err != nil {
			t.Fatalf("offset %d: %v", at, err)
		}
		all = append(all, streamAt{p[at:], size})
		at += used
	}
	return all
}
