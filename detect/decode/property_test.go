package decode_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rummage/detect/decode"
)

// inspect holds the windows of data against what must be true of any.
func inspect(t *testing.T, data []byte) {
	t.Helper()
	var d decode.Decoder
	output, last := 0, [decode.MaxDepth + 1]int{}
	d.Decode(data, func(w *decode.Window) bool {
		output += len(w.Text)
		if w.Depth < 1 || w.Depth > decode.MaxDepth || w.From < 0 || w.From > w.To || w.To > len(data) {
			t.Fatalf("window of depth %d at %d-%d of %d", w.Depth, w.From, w.To, len(data))
		}
		// In order, and a deeper one after the one it was made of.
		for depth := w.Depth + 1; depth < len(last); depth++ {
			last[depth] = 0
		}
		if w.Depth == 1 && w.From < last[1] {
			t.Fatalf("windows of the first pass overlap or are out of order at %d", w.From)
		}
		last[w.Depth] = w.To
		inspectWindow(t, data, w)
		return true
	})
	if output > decode.MaxDepth*len(data) {
		t.Fatalf("%d bytes of windows from %d of data", output, len(data))
	}
}

// inspectWindow maps every byte of w back.
func inspectWindow(t *testing.T, data []byte, w *decode.Window) {
	t.Helper()
	fresh, before := false, w.From
	for i := range w.Text {
		from, to, enc, ok := w.Origin(i, i+1)
		if from < w.From || to > w.To || from >= to || from < before {
			t.Fatalf("byte %d of window %d-%d is from %d-%d", i, w.From, w.To, from, to)
		}
		before = from
		fresh = fresh || ok && enc != 0
		if !ok && enc == 0 && (to != from+1 || data[from] != w.Text[i]) {
			t.Fatalf("byte %d is %q, but from %d-%d, where %q is", i, w.Text[i], from, to, data[from:to])
		}
	}
	if !fresh {
		t.Fatalf("nothing in window %d-%d was decoded", w.From, w.To)
	}
	if from, to, _, ok := w.Origin(0, len(w.Text)); from != w.From || to != w.To || !ok {
		t.Fatalf("the window %d-%d as a whole is from %d-%d", w.From, w.To, from, to)
	}
}

// coders are encoders, each with the name of its encoding.
var coders = []struct {
	name   string
	encode func(string) string
}{
	{"base64", std}, {"base64", rawStd}, {"base64", url}, {"base64", rawURL},
	{"hex", hexed},
	{"percent", percent},
	{"unicode", func(s string) string { return escaped(s, `\u%04x`) }},
	{"unicode", func(s string) string { return escaped(s, `\\U%04X`) }},
	{"unicode", func(s string) string { return strings.TrimSpace(escaped(s, "U+%04X ")) }},
}

// TestRoundTrip hides a text under random encodings, with other text around it
// on every level, and wants it found, at the right place.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var d decode.Decoder
	for range 1000 {
		secret := fmt.Sprintf("secret-%016x-%016x", random.Uint64(), random.Uint64())
		data, trail := secret, []string{}
		for range 1 + random.IntN(decode.MaxDepth) {
			c := coders[random.IntN(len(coders))]
			data = before(random) + data + after(random)
			if c.name == "unicode" && len(data) > 5000 {
				c = coders[0] // six times as long, again and again, is long enough
			}
			data = c.encode(data)
			trail = append(trail, c.name)
		}
		start := before(random)
		want := found{from: len(start), to: len(start) + len(data), depth: len(trail)}
		ok := false
		data = start + data + after(random)
		got := find(&d, data, secret)
		for _, f := range got {
			ok = ok || f.depth == want.depth && f.from == want.from && f.to == want.to && f.encodings != ""
		}
		if !ok {
			t.Fatalf("%v: found %v, want %v in %q", trail, got, want, data)
		}
	}
}

// before and after are text that is no part of any encoding.
func before(random *rand.Rand) string { return around[random.IntN(len(around))] + "\"" }
func after(random *rand.Rand) string  { return " \"" + around[random.IntN(len(around))] }

var around = []string{"", " ", "the ", "x = (\n", strings.Repeat("many words. ", 30), "\tid: "}

// base64Runs is what is base64 in a text without escapes and hexadecimal, found
// in the plainest way.
func base64Runs(data []byte) (runs [][2]int) {
	for _, m := range regexp.MustCompile(`[\w/+-]{16,}={0,2}`).FindAllIndex(data, -1) {
		run := bytes.TrimRight(data[m[0]:m[1]], "=")
		to := m[0] + len(run)
		if (m[1]-m[0])%4 == 0 {
			to = m[1]
		}
		code := base64.RawStdEncoding
		if bytes.ContainsAny(run, "-_") {
			code = base64.RawURLEncoding
		}
		out, err := code.DecodeString(string(run))
		if err == nil && !bytes.ContainsFunc(out, func(r rune) bool { return r < '\t' || r > '~' }) {
			runs = append(runs, [2]int{m[0], to})
		}
	}
	return runs
}

// TestBase64Runs compares with base64Runs on texts that run together in all ways.
func TestBase64Runs(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{
		std("sixteen chars"), rawURL("and some more ??>>"), std("three time four."), "A", "xyz", "/", "-", "=", ":", " ", ".", "\n", "é", "(",
		"QUJDREVGR0hJ", "get", "applicationContext", "]", "~", "",
	}
	var d decode.Decoder
	total := 0
	for range 5000 {
		var data []byte
		for range 1 + random.IntN(12) {
			data = append(data, pieces[random.IntN(len(pieces))]...)
		}
		var got [][2]int
		d.Decode(data, func(w *decode.Window) bool {
			for i := 0; i < len(w.Text) && w.Depth == 1; i++ {
				from, to, enc, _ := w.Origin(i, i+1)
				if run := [2]int{from, to}; enc != 0 && to > from+1 && !slices.Contains(got, run) {
					got = append(got, run)
				}
			}
			return true
		})
		want := base64Runs(data)
		total += len(want)
		if !slices.Equal(got, want) {
			t.Fatalf("runs %v, want %v in %q", got, want, data)
		}
	}
	if total < 500 {
		t.Errorf("only %d runs in all the texts", total)
	}
}

// pieces are what random texts are made of: parts of escapes, and what can
// stand in their way.
var pieces = []string{
	"%41", "%4", "%", "%2541", "%C3", "=", "==", "\\", "\\u0041", "\\u4e2d", "\\ud83d", "u0041", "U+0041", "U+", "+", " ", "\n",
	"\"", "é", "\xff", "A", "4142434445464748", "41424344454647484142434445464748", std(text), rawURL(text), hexed(text),
	percent(text), std(std(text)), strings.Repeat("A", 15), strings.Repeat(" ", 600), strings.Repeat("x", 300),
}

func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var data strings.Builder
		for range random.IntN(30) {
			data.WriteString(pieces[random.IntN(len(pieces))])
		}
		inspect(t, []byte(data.String()))
	}
}

// TestSplit: decoding twice as much text finds what is found in its halves.
func TestSplit(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var d decode.Decoder
	for range 500 {
		var data strings.Builder
		for range random.IntN(20) {
			data.WriteString(pieces[random.IntN(len(pieces))])
		}
		half := data.String()
		want := len(find(&d, half, "open"))
		if got := len(find(&d, half+"\n"+strings.Repeat(" ", 600)+"\n"+half, "open")); got != 2*want {
			t.Fatalf("%d in %q, but %d in twice that", want, half, got)
		}
	}
}

// TestLinear counts the work on texts made to be slow: the windows of a text
// twice as long are twice as long.
func TestLinear(t *testing.T) {
	for _, unit := range []string{
		"%41", "%25", "%2541", "%41 ", "\\u0041", "U+0041 ", "%41" + strings.Repeat("A", 100), strings.Repeat("A", 100) + "%41",
		"%41" + strings.Repeat("x", 15), std(text), std(std(text)) + " ", hexed(text), "%41" + strings.Repeat(" ", 511), "\\", "+", "%",
	} {
		var d decode.Decoder
		measure := func(n int) (output int) {
			d.Decode([]byte(strings.Repeat(unit, n)), func(w *decode.Window) bool {
				output += len(w.Text)
				return true
			})
			return output
		}
		if one, two := measure(1000), measure(2000); two > 2*one+4*decode.MaxContext*decode.MaxDepth {
			t.Errorf("%.20q: %d bytes of windows for 1000 of them, %d for 2000", unit, one, two)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		data, _, _ := marked(c.data)
		f.Add([]byte(data))
	}
	for _, p := range pieces {
		f.Add([]byte(p))
		f.Add([]byte("%41" + p + "\\u0041" + p))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<14 {
			inspect(t, data)
		}
	})
}

func ExampleDecoder_Decode() {
	var d decode.Decoder
	data := `auth: "` + std("user:open sesame") + `"`
	d.Decode([]byte(data), func(w *decode.Window) bool {
		start := strings.Index(string(w.Text), "open")
		from, to, encodings, ok := w.Origin(start, start+4)
		fmt.Printf("%s: %d-%d %v %v\n", w.Text, from, to, encodings.Names(), ok)
		return true
	})
	// Output:
	// auth: "user:open sesame": 7-31 [base64] true
}
