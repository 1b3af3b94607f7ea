package inflate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// lengthsBlock is the head of a last, dynamic block that gives the literals' and distances' code lengths plainly: a code
// of four bits for each length from 0 to 15.
func lengthsBlock(lit, dist []uint) *bitWriter {
	w := &bitWriter{}
	w.bits(1, 1)
	w.bits(2, 2)
	w.bits(uint(len(lit)-257), 5)
	w.bits(uint(len(dist)-1), 5)
	w.bits(19-4, 4)
	for _, symbol := range lengthOrder {
		if symbol < 16 {
			w.bits(4, 3)
		} else {
			w.bits(0, 3)
		}
	}
	for _, n := range append(append([]uint{}, lit...), dist...) {
		w.code(n, 4)
	}
	return w
}

// lengths is a list of code lengths: symbol, length, symbol, length …
func lengths(total int, pairs ...uint) []uint {
	l := make([]uint, total)
	for i := 0; i < len(pairs); i += 2 {
		l[pairs[i]] = pairs[i+1]
	}
	return l
}

// fixedBlock is a last block with the fixed codes.
func fixedBlock(symbols ...func(*bitWriter)) []byte {
	w := &bitWriter{}
	w.bits(1, 1)
	w.bits(1, 2)
	for _, s := range symbols {
		s(w)
	}
	return w.out
}

// lit is a literal or length with the fixed code.
func lit(symbol uint) func(*bitWriter) {
	return func(w *bitWriter) {
		switch {
		case symbol < 144:
			w.code(0x30+symbol, 8)
		case symbol < 256:
			w.code(0x190+symbol-144, 9)
		case symbol < 280:
			w.code(symbol-256, 7)
		default:
			w.code(0xc0+symbol-280, 8)
		}
	}
}

func code(v, n uint) func(*bitWriter)  { return func(w *bitWriter) { w.code(v, n) } }
func extra(v, n uint) func(*bitWriter) { return func(w *bitWriter) { w.bits(v, n) } }

func with(w *bitWriter, symbols ...func(*bitWriter)) []byte {
	for _, s := range symbols {
		s(w)
	}
	return w.out
}

const stop = 256

// TestStreams has streams that no compressor makes. Each is also compared with the standard library as it stands, cut
// short, with bytes behind it, and with other sizes.
func TestStreams(t *testing.T) {
	twoBits := lengths(257, 'a', 2, 'b', 2, 'c', 2, stop, 2)
	// all lengths from 1 to 15: the longest codes need second tables
	deep := lengths(258, stop, 15, 257, 15)
	for i := range uint(14) {
		deep['a'+i] = i + 1
	}
	deepDist := lengths(30)
	for i := range uint(15) {
		deepDist[i] = i + 1
	}
	deepDist[15] = 15
	oneDist := func(n int, pairs ...uint) *bitWriter {
		return lengthsBlock(lengths(258, 'a', 2, 'b', 2, stop, 2, 257, 2), lengths(n, pairs...))
	}
	far := func(distance uint) []byte { // 32,768 bytes stored, then a match of 3 from that far, 24,577 at least
		w := &bitWriter{out: []byte{0, 0xff, 0x7f, 0, 0x80}}
		w.out = append(w.out, noise(0x7fff, 1)...)
		w.out = append(w.out, 0, 1, 0, 0xfe, 0xff, 'x')
		w.n = uint(len(w.out)) * 8
		return with(w, extra(1, 1), extra(1, 2), lit(257), code(29, 5), extra(distance-24577, 13), lit(stop))
	}
	for _, c := range []struct {
		name   string
		blocks []byte
		want   string // what it inflates to, when err is nil
		err    error
	}{
		{"empty fixed", fixedBlock(lit(stop)), "", nil},
		{"literals", fixedBlock(lit('a'), lit(200), lit(stop)), "a\xc8", nil},
		{"length 258 by its own symbol", fixedBlock(lit('a'), lit(285), code(0, 5), lit(stop)), strings.Repeat("a", 259), nil},
		{"length 258 by extra bits", fixedBlock(lit('a'), lit(284), extra(31, 5), code(0, 5), lit(stop)), strings.Repeat("a", 259), nil},
		{"distance 1 past the start", fixedBlock(lit('a'), lit(257), code(1, 5), lit(stop)), "", ErrCorrupt},
		{"match at the start", fixedBlock(lit(257), code(0, 5), lit(stop)), "", ErrCorrupt},
		{"length symbol 286", fixedBlock(lit('a'), lit(286), code(0, 5), lit(stop)), "", ErrCorrupt},
		{"length symbol 287", fixedBlock(lit('a'), lit(287), code(0, 5), lit(stop)), "", ErrCorrupt},
		{"distance symbol 30", fixedBlock(lit('a'), lit(257), code(30, 5), extra(0, 14), lit(stop)), "", ErrCorrupt},
		{"distance symbol 31", fixedBlock(lit('a'), lit(257), code(31, 5), extra(0, 14), lit(stop)), "", ErrCorrupt},
		{"no end", fixedBlock(lit('a')), "", ErrEarly},
		{"block of kind 3", []byte{7, 0, 0}, "", ErrCorrupt},
		{"nothing", nil, "", ErrEarly},

		{"stored", []byte{1, 2, 0, 0xfd, 0xff, 'h', 'i'}, "hi", nil},
		{"stored, empty", []byte{1, 0, 0, 0xff, 0xff}, "", nil},
		{"stored, then fixed", append([]byte{0, 2, 0, 0xfd, 0xff, 'h', 'i'}, fixedBlock(lit(257), code(1, 5), lit(stop))...), "hihih", nil},
		{"stored after odd bits", []byte{1 | 0xf8, 2, 0, 0xfd, 0xff, 'h', 'i'}, "hi", nil},
		{"stored, length and complement differ", []byte{1, 2, 0, 0xfe, 0xff, 'h', 'i'}, "", ErrCorrupt},
		{"stored, cut in its lengths", []byte{1, 2, 0, 0xfd}, "", ErrEarly},

		{"dynamic", with(lengthsBlock(twoBits, lengths(1)), code(0, 2), code(2, 2), code(3, 2)), "ac", nil},
		{"dynamic, distances with no code used", with(oneDist(1), code(0, 2), code(3, 2), extra(0, 8)), "", ErrCorrupt},
		{"one distance code of one bit", with(oneDist(1, 0, 1), code(0, 2), code(3, 2), code(0, 1), code(2, 2)), "aaaa", nil},
		{"one distance code of one bit, the other bit", with(oneDist(1, 0, 1), code(0, 2), code(3, 2), code(1, 1), code(2, 2)), "", ErrCorrupt},
		{"one distance code of two bits", with(oneDist(1, 0, 2), code(0, 2), code(3, 2), code(0, 2), code(2, 2)), "", ErrCorrupt},
		{"three distance codes of one bit", with(oneDist(3, 0, 1, 1, 1, 2, 1), code(0, 2), code(2, 2)), "", ErrCorrupt},
		{"two distance codes", with(oneDist(2, 0, 1, 1, 1), code(0, 2), code(1, 2), code(3, 2), code(1, 1), code(2, 2)), "ababa", nil},
		{"31 distances", with(oneDist(31, 0, 1, 30, 1), code(0, 2), code(2, 2)), "", ErrCorrupt},
		{"287 literals", with(lengthsBlock(lengths(287, 'a', 1, stop, 1), lengths(1)), code(0, 1), code(1, 1)), "", ErrCorrupt},
		{"286 literals", with(lengthsBlock(lengths(286, 'a', 1, stop, 1), lengths(1)), code(0, 1), code(1, 1)), "a", nil},
		{"no literals", with(lengthsBlock(lengths(257), lengths(1, 0, 1)), extra(0, 9)), "", ErrCorrupt},
		{"nothing but the end", with(lengthsBlock(lengths(257, stop, 1), lengths(1)), code(0, 1)), "", nil},
		{"nothing but the end, the other bit", with(lengthsBlock(lengths(257, stop, 1), lengths(1)), code(1, 1)), "", ErrCorrupt},
		{"no code for the end", with(lengthsBlock(lengths(257, 'a', 1, 'b', 1), lengths(1)), code(0, 1)), "", ErrEarly},
		{"oversubscribed", with(lengthsBlock(lengths(257, 'a', 1, 'b', 1, stop, 1), lengths(1)), code(1, 1)), "", ErrCorrupt},
		{"oversubscribed, deep", with(lengthsBlock(lengths(257, 'a', 1, 'b', 2, 'c', 2, stop, 15), lengths(1)), code(1, 1)), "", ErrCorrupt},
		{"incomplete", with(lengthsBlock(lengths(257, 'a', 2, 'b', 2, stop, 2), lengths(1)), code(2, 2)), "", ErrCorrupt},
		{"15 bits", with(lengthsBlock(deep, deepDist), code(0x3ffe, 14), code(0, 192), code(0x1ffe, 13), code(0x7fff, 15),
			code(0x7fff, 15), extra(1, 6), code(0x7ffe, 15)), "n" + strings.Repeat("a", 192) + "mna" + "a", nil},
		{"15 bits, end missing", with(lengthsBlock(deep, deepDist), code(0x3ffe, 14), code(0x7fff, 15)), "", ErrEarly},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkStream(t, wrap(c.blocks, []byte(c.want)), c.want, c.err)
		})
	}
	for distance, want := range map[uint]error{24577: nil, 32767: nil, 32768: nil} {
		blocks := far(distance)
		src, size := sum(blocks)
		data := append(noise(0x7fff, 1), 'x')
		for range 3 {
			data = append(data, data[uint(len(data))-distance])
		}
		t.Run(fmt.Sprint("distance ", distance), func(t *testing.T) {
			if size != len(data) {
				t.Fatalf("%d bytes, want %d", size, len(data))
			}
			checkStream(t, src, string(data), want)
		})
	}
}

// checkStream wants what a stream inflates to, or why it does not, and the standard library to agree.
func checkStream(t *testing.T, src []byte, want string, wantErr error) {
	t.Helper()
	var c dirty
	size := len(want)
	if wantErr != nil { // there is room for what comes before the damage, and no sum behind it
		size, src = 1000, src[:len(src)-4]
	}
	got, err := c.d.Inflate(nil, src, size)
	if !errors.Is(err, wantErr) || err == nil && string(got) != want {
		t.Errorf("got %q and %v, want %q and %v", clip(got), err, clip([]byte(want)), wantErr)
	}
	for _, size := range []int{len(want), len(want) + 1, max(len(want)-1, 0), len(want) + 300} {
		c.check(t, src, size)
		c.check(t, append(bytes.Clone(src), make([]byte, 50)...), size)
		for cut := max(0, len(src)-40); cut < len(src); cut++ {
			c.check(t, src[:cut], size)
		}
	}
}

// TestHeader has all headers there are, with the standard library to say which are good.
func TestHeader(t *testing.T) {
	var c dirty
	good := 0
	body := []byte{1, 2, 0, 0xfd, 0xff, 'h', 'i'}
	for h := range 1 << 16 {
		src := append([]byte{byte(h >> 8), byte(h)}, wrap(body, []byte("hi"))[2:]...)
		want, wantErr := c.reference(src, 2)
		got, err := c.d.Inflate(nil, src, 2)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("header %04x: %q, %v; standard library %q, %v", h, got, err, want, wantErr)
		}
		if err == nil {
			good++
		}
	}
	if good != 32 {
		t.Errorf("%d headers are good, want 32: eight window sizes, four levels", good)
	}
	for _, c := range []struct {
		head string
		err  error
	}{{"", ErrEarly}, {"\x78", ErrEarly}, {"\x79\x9c", ErrHeader}, {"\x88\x1c", ErrHeader}, {"\x78\x9d", ErrHeader},
		{"\x78\xbb\x00\x00\x00\x02", ErrDictionary}, {"\x78\xbb\x00\x00\x01", ErrEarly}} {
		var d Decoder
		if _, err := d.Inflate(nil, []byte(c.head), 0); !errors.Is(err, c.err) {
			t.Errorf("%x: %v, want %v", c.head, err, c.err)
		}
	}
	c.check(t, append([]byte("\x78\xbb\x00\x00\x00\x01"), wrap(body, []byte("hi"))[2:]...), 2)
	c.check(t, append([]byte("\x78\xbb\x00\x00\x00\x02"), wrap(body, []byte("hi"))[2:]...), 2)
}

// TestErrors has what is said for the sizes and sums that differ.
func TestErrors(t *testing.T) {
	src := deflated(t, []byte("hunter2 hunter2 hunter2"), 6)
	flipped := bytes.Clone(src)
	flipped[len(flipped)-1] ^= 1
	for _, c := range []struct {
		name string
		src  []byte
		size int
		err  error
	}{
		{"right", src, 23, nil}, {"fewer", src, 24, ErrEarly}, {"more", src, 22, ErrMore}, {"negative", src, -1, ErrMore},
		{"sum", flipped, 23, ErrChecksum}, {"no sum", src[:len(src)-4], 23, ErrEarly}, {"part of a sum", src[:len(src)-1], 23, ErrEarly},
	} {
		var d Decoder
		dst := []byte("kept")
		got, err := d.Inflate(dst, c.src, c.size)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if want := "kept"; err != nil && string(got) != want || err == nil && string(got) != want+"hunter2 hunter2 hunter2" {
			t.Errorf("%s: dst is %q", c.name, got)
		}
	}
}

// TestPrefix reads the beginnings of streams, whole and damaged, as io.ReadFull reads them from the standard library.
func TestPrefix(t *testing.T) {
	var d Decoder
	for _, data := range [][]byte{nil, []byte("blob 7\x00hunter2"), text(3000, 1), bytes.Repeat([]byte("ab"), 500), noise(3000, 1)} {
		for _, level := range levels {
			src := deflated(t, data, level)
			for _, n := range []int{0, 1, 5, 31, 32, 33, 300, len(data) - 1, len(data), len(data) + 1, len(data) + 50} {
				if n < 0 {
					continue
				}
				got, err := d.Prefix(make([]byte, 2, 2+n), src, n)
				if err != nil || string(got) != "\x00\x00"+string(data[:min(n, len(data))]) {
					t.Fatalf("%d of %d bytes, level %d: %d bytes, %v", n, len(data), level, len(got), err)
				}
			}
			for cut := 2; cut < len(src); cut += 1 + len(src)/50 {
				if got, err := d.Prefix(nil, src[:cut], 1000); err != nil || !bytes.HasPrefix(data, got) {
					t.Fatalf("cut at %d of %d: %d bytes, %v", cut, len(src), len(got), err)
				}
			}
			if len(data) > 0 {
				src[len(src)-1] ^= 1
				if _, err := d.Prefix(nil, src, len(data)); err != nil {
					t.Errorf("damage behind the prefix: %v", err)
				}
				if got, err := d.Prefix(nil, src, len(data)+1); !errors.Is(err, ErrChecksum) || len(got) != 0 {
					t.Errorf("damage within what was asked for: %d bytes, %v", len(got), err)
				}
			}
		}
	}
	if _, err := d.Prefix(nil, []byte{0x78}, 5); !errors.Is(err, ErrEarly) {
		t.Errorf("half a header: %v", err)
	}
	if _, err := d.Prefix(nil, []byte("blob"), 5); !errors.Is(err, ErrHeader) {
		t.Errorf("no header: %v", err)
	}
	if _, err := d.Prefix(nil, wrap(fixedBlock(lit('a'), lit(257), code(3, 5)), nil), 5); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damage: %v", err)
	}
}
