package inflate

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	stdadler "hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// dirty is a Decoder and buffers that every check of a test shares, so that what one stream leaves behind is there
// when the next one comes.
type dirty struct {
	d   Decoder
	buf []byte
	r   bytes.Reader
	z   io.ReadCloser // the standard library's
	std []byte
}

// open gives the standard library's reader of a stream.
func (c *dirty) open(src []byte) (io.Reader, error) {
	c.r.Reset(src)
	if c.z == nil {
		z, err := zlib.NewReader(&c.r)
		if err == nil {
			c.z = z
		}
		return z, err
	}
	return c.z, c.z.(zlib.Resetter).Reset(&c.r, nil)
}

// reference inflates with the standard library as this package promises to.
func (c *dirty) reference(src []byte, size int) ([]byte, error) {
	z, err := c.open(src)
	if err != nil {
		return nil, err
	}
	if cap(c.std) <= size {
		c.std = make([]byte, size+1)
	}
	n, err := io.ReadFull(z, c.std[:size+1])
	switch {
	case err == nil:
		return nil, errors.New("more")
	case err != io.ErrUnexpectedEOF && err != io.EOF:
		return nil, err
	case n != size:
		return nil, errors.New("fewer")
	}
	// ReadFull says the same for a stream that ended well and one that was cut: read on to hear which.
	if _, err := z.Read(make([]byte, 1)); err != io.EOF {
		return nil, err
	}
	return c.std[:n], nil
}

const (
	before = "kept: "
	guard  = "behind the capacity lies what is not ours to write"
)

// check compares one stream of a said size with the standard library, once with capacity to spare, once with none. The
// bytes before and after must stay as they were.
func (c *dirty) check(t testing.TB, src []byte, size int) {
	t.Helper()
	want, wantErr := c.reference(src, size)
	for _, slack := range []int{0, 1 + len(src)%20, Slack} {
		room := len(before) + size + slack
		if len(c.buf) < room+len(guard) {
			c.buf = make([]byte, 2*room+len(guard))
		}
		copy(c.buf, before)
		copy(c.buf[room:], guard)
		got, used, err := c.d.inflate(c.buf[:len(before):room], src, size)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("slack %d: error %v, standard library %v\nsize %d of % x", slack, err, wantErr, size, clip(src))
		}
		if string(got[:len(before)]) != before || err != nil && len(got) != len(before) {
			t.Fatalf("slack %d: dst came back as %q", slack, clip(got))
		}
		if err == nil && !bytes.Equal(got[len(before):], want) {
			t.Fatalf("slack %d: bytes differ from the standard library's at %d\nsize %d of % x", slack, firstDifference(got[len(before):], want), size, clip(src))
		}
		if used > len(src) {
			t.Fatalf("stream of %d bytes in %d", used, len(src))
		}
		if string(c.buf[room:room+len(guard)]) != guard {
			t.Fatalf("slack %d: wrote behind the capacity", slack)
		}
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 200)] }

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// deflated is data as a zlib stream.
func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := writers[level]
	if z == nil {
		var err error
		if z, err = zlib.NewWriterLevel(&b, level); err != nil {
			t.Fatal(err)
		}
		writers[level] = z
	}
	z.Reset(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writers are kept, since making one takes longer than most of what is written.
var writers = map[int]*zlib.Writer{}

// levels are all of compress/zlib's: Huffman codes only, the default, stored, quickest to best.
var levels = []int{zlib.HuffmanOnly, zlib.DefaultCompression, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// wrap makes a zlib stream of deflate blocks that inflate to data.
func wrap(blocks, data []byte) []byte {
	out := append([]byte{0x78, 0x9c}, blocks...)
	return binary.BigEndian.AppendUint32(out, stdadler.Checksum(data))
}

// sum wraps blocks whose bytes the standard library tells; the sum is right as far as it can be.
func sum(blocks []byte) ([]byte, int) {
	data, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(blocks)), 1<<18))
	return wrap(blocks, data), len(data)
}

// bitWriter writes bits, the lowest first.
type bitWriter struct {
	out []byte
	n   uint
}

func (w *bitWriter) bits(v, n uint) {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v >> i & 1 << (w.n % 8))
		w.n++
	}
}

// code writes a Huffman code, the highest bit first.
func (w *bitWriter) code(v, n uint) {
	for i := range n {
		w.bits(v>>(n-1-i), 1)
	}
}

// text is source-like text of n bytes, the same for the same seed.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("if else for return int char static const struct void robj client server dict key value len sds = == != ( ) { } ; , -> * & NULL 0 1 -1 \"%s\" /* */ addReply lookupKey")
	for range 40 {
		w := make([]byte, 3+r.IntN(9))
		for i := range w {
			w[i] = byte('a' + r.IntN(26))
		}
		words = append(words, string(w))
	}
	var b []byte
	for len(b) < n {
		b = append(b, "\n\n    \n        "[:1+r.IntN(14)]...)
		for range 1 + r.IntN(8) {
			b = append(b, words[int(float64(len(words))*r.Float64()*r.Float64())]...)
			b = append(b, ' ')
		}
	}
	return b[:n]
}

// noise is n bytes that do not compress.
func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// prefix compares the beginning of a stream with what the standard library reads of it. When the stream ends or breaks
// before n bytes, the standard library has sometimes not given out all that came before: only the verdict on damage
// and what both have are compared.
func (c *dirty) prefix(t testing.TB, src []byte, n int) {
	t.Helper()
	got, err := c.d.Prefix(nil, src, n)
	want := make([]byte, n)
	z, wantErr := c.open(src)
	have := 0
	if wantErr == nil {
		if have, wantErr = io.ReadFull(z, want); wantErr == io.ErrUnexpectedEOF || wantErr == io.EOF {
			wantErr = nil
		}
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("prefix of %d: error %v, standard library %v\n% x", n, err, wantErr, clip(src))
	}
	if err == nil && (len(got) < have || !bytes.Equal(got[:have], want[:have]) || have == n && len(got) != n) {
		t.Fatalf("prefix of %d: %d bytes, standard library %d, differ at %d\n% x", n, len(got), have, firstDifference(got, want[:have]), clip(src))
	}
}
