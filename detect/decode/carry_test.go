package decode_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"rummage/detect/decode"
)

// windowsOf tells all windows of a text, byte by byte.
func windowsOf(decoding func(visit func(w *decode.Window) bool) bool) string {
	var b strings.Builder
	complete := decoding(func(w *decode.Window) bool {
		fmt.Fprintf(&b, "%d %d-%d %q", w.Depth, w.From, w.To, w.Text)
		for i := range w.Text {
			from, to, enc, ok := w.Origin(i, i+1)
			fmt.Fprint(&b, " ", from, to, enc, ok)
		}
		b.WriteByte('\n')
		return true
	})
	fmt.Fprint(&b, complete)
	return b.String()
}

// edit makes a text of ranges of a base and of new pieces, and tells what it copied.
func edit(r *rand.Rand, base string) (string, []decode.Copy) {
	var text strings.Builder
	var copies []decode.Copy
	keep := func(from, to int) {
		if from < to {
			copies = append(copies, decode.Copy{To: text.Len(), From: from, Len: to - from})
			text.WriteString(base[from:to])
		}
	}
	at := 0
	for range r.IntN(5) {
		to := at + r.IntN(len(base)-at+1)
		keep(at, to)
		switch r.IntN(5) {
		case 0:
			from := r.IntN(len(base) + 1)
			keep(from, from+r.IntN(len(base)-from+1))
		case 1:
			text.WriteString(pieces[r.IntN(len(pieces))])
		case 2:
			p := pieces[r.IntN(len(pieces))]
			text.WriteString(p[r.IntN(len(p)+1):])
		case 3:
			to += r.IntN(min(9, len(base)-to+1))
		case 4:
			text.WriteByte("A=%\\ u+U4\n"[r.IntN(10)])
		}
		at = to
	}
	if r.IntN(4) > 0 {
		keep(at, len(base))
	}
	return text.String(), copies
}

// checkLike makes a family of texts and reports how many bytes of them were not looked at.
func checkLike(t *testing.T, r *rand.Rand, d, whole *decode.Decoder) (saved, windows int) {
	t.Helper()
	var b strings.Builder
	for range r.IntN(30) {
		b.WriteString(pieces[r.IntN(len(pieces))])
		b.WriteString(strings.Repeat("quiet text here; ", r.IntN(4)))
	}
	text := b.String()
	traces := [2]decode.Trace{}
	d.DecodeLike([]byte(text), nil, nil, &traces[0], func(*decode.Window) bool { return true })
	for i := range 6 {
		next, copies := edit(r, text)
		base, keep := &traces[i%2], &traces[1-i%2]
		got := windowsOf(func(visit func(*decode.Window) bool) bool {
			return d.DecodeLike([]byte(next), base, copies, keep, visit)
		})
		saved += len(next) - d.Looked()
		want := windowsOf(func(visit func(*decode.Window) bool) bool { return whole.Decode([]byte(next), visit) })
		if windows += strings.Count(want, "\n"); got != want {
			t.Fatalf("base %q\ntext %q\ncopies %v\ntaken over:\n%s\nwhole:\n%s", text, next, copies, got, want)
		}
		text = next
	}
	return saved, windows
}

// TestLike: what is decoded of a text when its base's trace is known is what is decoded without.
func TestLike(t *testing.T) {
	var d, whole decode.Decoder
	d.Shortest = 1
	r := rand.New(rand.NewPCG(11, 12))
	saved, windows := 0, 0
	for range 500 {
		s, w := checkLike(t, r, &d, &whole)
		saved, windows = saved+s, windows+w
	}
	if saved < 200_000 || windows < 3_000 {
		t.Errorf("%d bytes not looked at, %d windows", saved, windows)
	}
}

// FuzzLike looks for families of texts that TestLike does not make.
func FuzzLike(f *testing.F) {
	f.Add(uint64(1))
	var d, whole decode.Decoder
	d.Shortest = 1
	f.Fuzz(func(t *testing.T, seed uint64) { checkLike(t, rand.New(rand.NewPCG(seed, 1)), &d, &whole) })
}
