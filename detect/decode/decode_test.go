package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/decode"
)

// found is one place where a word stands in decoded text.
type found struct {
	from, to  int
	encodings string
	depth     int
}

// find returns where word stands in what d makes of data.
func find(d *decode.Decoder, data, word string) (all []found) {
	d.Decode([]byte(data), func(w *decode.Window) bool {
		text := string(w.Text)
		for at := 0; ; at++ {
			i := strings.Index(text[at:], word)
			if i < 0 {
				return true
			}
			at += i
			if from, to, enc, ok := w.Origin(at, at+len(word)); ok {
				all = append(all, found{from, to, strings.Join(enc.Names(), "+"), w.Depth})
			}
		}
	})
	return all
}

func std(s string) string    { return base64.StdEncoding.EncodeToString([]byte(s)) }
func rawStd(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }
func url(s string) string    { return base64.URLEncoding.EncodeToString([]byte(s)) }
func rawURL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
func hexed(s string) string  { return hex.EncodeToString([]byte(s)) }

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func escaped(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

// text is what the cases hide; it has bytes that differ in the two alphabets.
const text = "abc>>>???: password=open sesame"

// cases: what is looked for stands between two bars in data, which are removed.
var cases = []struct {
	name, data, word string
	encodings        string
	depth            int
}{
	{"base64", `x = "|` + std(text) + `|"`, text, "base64", 1},
	{"base64 without padding", `x = "|` + rawStd(text) + `|"`, text, "base64", 1},
	{"base64 url", `x = "|` + url(text) + `|"`, text, "base64", 1},
	{"base64 url without padding", `x = "|` + rawURL(text) + `|"`, text, "base64", 1},
	{"base64 whole text", "|" + std(text) + "|", text, "base64", 1},
	{"base64 of UTF-8", "|" + std("mot de passe: élève du café") + "|", "élève", "base64", 1},
	{"base64 of lines", "|" + std("a: b\r\n\tc: d\nthe end") + "|", "c: d", "base64", 1},
	{"padding that is none", "|" + std("sixteen characters in fours") + "|=", "fours", "base64", 1},
	{"base64 after an assignment", "key=|" + std(text) + "|\n", text, "base64", 1},
	{"hex", "|" + hexed(text) + "|", text, "hex", 1},
	{"hex upper case", "#|" + strings.ToUpper(hexed(text)) + "|#", text, "hex", 1},
	{"hex after 0x", "0x|" + hexed(text) + "|", text, "hex", 1},
	{"hex in a longer run", "sha256-x_|" + hexed(text) + "|_x", text, "hex", 1},
	{"hex of 32 digits", "|" + hexed("sixteen in bytes") + "|", "sixteen", "hex", 1},
	{"percent", "q=|" + percent(text) + "|&", text, "percent", 1},
	{"percent in a text", "https://me:|open%20sesame|@host", "open sesame", "percent", 1},
	{"percent beside one that is no text", "%00%C3%A9|%41%42|%00", "AB", "percent", 1},
	{"percent before", "a%3D|open|sesame", "open", "percent", 1},
	{"percent after", "an |open|%3Dsesame", "open", "percent", 1},
	{"percent lower case", "|%3d%7e|", "=~", "percent", 1},
	{"unicode", `"|` + escaped("open", `\u%04x`) + `|"`, "open", "unicode", 1},
	{"unicode upper case", `"|` + escaped("open", `\U%04X`) + `|"`, "open", "unicode", 1},
	{"unicode escaped twice", `"|` + escaped("open", `\\u%04x`) + `|"`, "open", "unicode", 1},
	{"unicode in a text", `{"url":"a?b=c\u0026pass|\u003d|d"}`, "=", "unicode", 1},
	{"unicode surrogates", `|\ud83d\ude00\u0041|`, "😀A", "unicode", 1},
	{"unicode half a surrogate", `|\ud83d\u0041|`, "\ufffdA", "unicode", 1},
	{"code points", "|" + strings.TrimSpace(escaped("open", "U+%04X ")) + "|\n", "open", "unicode", 1},
	{"code points at the end", "is |" + strings.TrimSpace(escaped("open", "U+%04X\n")) + "|", "open", "unicode", 1},
	{"base64 in base64", "|" + std("a: "+std(text)) + "|", text, "base64", 2},
	{"base64 in hex in percent", "|" + percent(hexed(std(text))) + "|", text, "percent+hex+base64", 3},
	{"base64 with its padding escaped", "x=|" + strings.ReplaceAll(std(text), "=", "%3D") + "|&", text, "percent+base64", 2},
	{"base64 with plus escaped", "x=|" + strings.ReplaceAll(std(strings.Repeat(text, 40)), "+", "%2B") + "|&", text, "percent+base64", 2},
	{"long base64 with its padding escaped", "x |" + strings.ReplaceAll(std(strings.Repeat("a few words, ", 80)), "=", "%3D") + "|", "few words", "percent+base64", 2},
	{"long base64 after an escape", "x%22|" + std(strings.Repeat("a few words, ", 80)) + "|.", "few words", "base64", 2},
	{"base64 after an escape", `x=%22|` + std(text) + `|%22`, text, "base64", 2},
	{"base64 after unicode", `{"a":"x\u003d|` + std(text) + `|"}`, text, "base64", 2},
	{"five deep", "|" + std(std(std(std(std(text))))) + "|", text, "base64", 5},
}

// marked removes the bars.
func marked(data string) (plain string, from, to int) {
	from = strings.Index(data, "|")
	to = strings.LastIndex(data, "|") - 1
	return strings.ReplaceAll(data, "|", ""), from, to
}

func TestDecode(t *testing.T) {
	var d decode.Decoder
	for _, c := range cases {
		data, from, to := marked(c.data)
		for _, pad := range []int{0, 1, 2, 15, 255, 256, 257, 600} {
			// The same in the middle of a longer text.
			around := strings.Repeat(" ", pad)
			got := find(&d, around+data+around, c.word)
			want := found{from + pad, to + pad, c.encodings, c.depth}
			if !slices.Contains(got, want) {
				t.Errorf("%s, %d bytes before: found %v, want %v", c.name, pad, got, want)
			}
		}
	}
}

func TestNotDecoded(t *testing.T) {
	var d decode.Decoder
	for _, c := range []struct{ name, data string }{
		{"nothing", ""},
		{"source", "func getElementsByTagNameNS(documentFragment *Node, qualifiedName string) []*Node {\n"},
		{"long names", "registerApplicationContextInitializer applicationContextInitializerRegistration0"},
		{"paths", "src/main/java/org/example/deep/nested/packages/ApplicationTests"},
		{"digests", "da39a3ee5e6b4b0d3255bfef95601890afd80709 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"rulers", "---------------------------------- ================================ ____________________________________"},
		{"15 characters", rawStd("eleven abcd")},
		{"both alphabets", strings.Replace(std(text), "/", "_", 1)},
		{"binary", std("\x00\x01\x02 and then some text after it")},
		{"mostly not ASCII", std("before éééééééééééé")},
		{"not UTF-8", std("before the \xff and after the")},
		{"31 digits", hexed("sixteen in bytes")[1:]},
		{"33 digits", hexed("sixteen in bytes") + "3"},
		{"percent signs", "100% of 5%d %02x %zz %4"},
		{"percent not text", "%C3%A9 %00 %7F"},
		{"unicode outside ASCII", `\u4e2d\u6587`},
		{"unicode control", `\u0000\u0007`},
		{"unicode cut", `\u004 \u00 \u \`},
		{"code point with more digits", "U+0041B U+00410 U+004"},
	} {
		if !d.Decode([]byte(c.data), func(w *decode.Window) bool {
			t.Errorf("%s: decoded to %q", c.name, w.Text)
			return true
		}) {
			t.Errorf("%s: not complete", c.name)
		}
	}
}

// TestIgnored: what stands near a decoded segment was seen before.
func TestIgnored(t *testing.T) {
	var d decode.Decoder
	if got := find(&d, "open sesame %41 open sesame", "open"); got != nil {
		t.Errorf("found %v, which is not encoded", got)
	}
	// In the second pass, what only the first pass decoded is old.
	got := find(&d, std("open sesame, and "+std(text)), "open")
	if len(got) != 2 || got[0].depth != 1 || got[1].depth != 2 {
		t.Errorf("found %v, want the open of the first pass and that of the second", got)
	}
}

func TestTooDeep(t *testing.T) {
	var d decode.Decoder
	if got := find(&d, std(std(std(std(std(std(text)))))), text); got != nil {
		t.Errorf("found %v six encodings deep", got)
	}
}

func TestStops(t *testing.T) {
	var d decode.Decoder
	calls := 0
	data := strings.Repeat(std(std(text))+strings.Repeat(" ", 1000), 3)
	d.Decode([]byte(data), func(*decode.Window) bool {
		calls++
		return false
	})
	if calls != 1 {
		t.Errorf("%d windows, one of them after the visitor had said stop", calls)
	}
}

// TestWindows wants one window for segments that are near, two for others.
func TestWindows(t *testing.T) {
	var d decode.Decoder
	for gap, want := range map[int]int{0: 1, 100: 1, 2 * decode.Context: 1, 2*decode.Context + 1: 2} {
		n := 0
		data := "%41" + strings.Repeat("\n", gap) + "%42"
		d.Decode([]byte(data), func(w *decode.Window) bool {
			n++
			if w.To-w.From > len(data) || len(w.Text) > len(data) {
				t.Errorf("gap %d: window %d-%d of %d bytes", gap, w.From, w.To, len(w.Text))
			}
			return true
		})
		if n != want {
			t.Errorf("gap %d: %d windows, want %d", gap, n, want)
		}
	}
}

// TestPercentLine wants what stands between percent escapes on a line seen whole before it is decoded, where they are
// not too far apart.
func TestPercentLine(t *testing.T) {
	var d decode.Decoder
	token := std(text) + "." + std(text+" again")
	far := strings.Repeat(" ", decode.MaxContext)
	for _, c := range []struct {
		name, data string
		depth      int // of the first window with decoded base64
		whole      bool
	}{
		{"between", "a=%22" + token + "%22", 2, true},
		{"between others", "%22 x " + token + " x %22", 2, true},
		{"only before", "a=%22 " + token, 1, false},
		{"on another line", "%22\n" + token + "\n%22", 1, false},
		{"far apart", "%22 " + token + far + "%22", 1, false},
		{"not text", "a=%00." + token + ".%22", 1, false},
	} {
		whole, depth := false, 0
		d.Decode([]byte(c.data), func(w *decode.Window) bool {
			whole = whole || strings.Contains(string(w.Text), token)
			if depth == 0 && strings.Contains(string(w.Text), text) {
				depth = w.Depth
			}
			return true
		})
		if depth != c.depth || whole != c.whole {
			t.Errorf("%s: decoded in pass %d, seen whole %v; want %d, %v", c.name, depth, whole, c.depth, c.whole)
		}
	}
}

// TestWindowsHoldTokens wants what stands around a segment without white space in its window, and Context bytes more.
func TestWindowsHoldTokens(t *testing.T) {
	var d decode.Decoder
	spaces := strings.Repeat(" ", 2*decode.MaxContext)
	around := strings.Repeat(".", decode.Context)
	for _, c := range []struct{ name, data, want string }{
		{"before", spaces + "a" + around + "%41" + spaces, spaces[:decode.Context] + "a" + around + "A" + spaces[:decode.Context]},
		{"behind", spaces + "%41" + around + "b" + spaces, spaces[:decode.Context] + "A" + around + "b" + spaces[:decode.Context]},
		{"two of one token", spaces + "%41" + around + around + around + "%42" + spaces,
			spaces[:decode.Context] + "A" + around + around + around + "B" + spaces[:decode.Context]},
		{"two near", spaces + "%41" + around + spaces[:2*decode.Context] + around + "%42" + spaces,
			spaces[:decode.Context] + "A" + around + spaces[:2*decode.Context] + around + "B" + spaces[:decode.Context]},
		{"next to it", spaces + around + around + " %41 " + around + around + spaces, around + around + " A " + around + around},
		{"without end", strings.Repeat(".", decode.MaxContext+9) + "%41" + strings.Repeat(":", decode.MaxContext+9),
			strings.Repeat(".", decode.MaxContext) + "A" + strings.Repeat(":", decode.MaxContext)},
	} {
		var got []string
		d.Decode([]byte(c.data), func(w *decode.Window) bool {
			got = append(got, string(w.Text))
			return true
		})
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %d windows, the first of %d bytes, want one of %d", c.name, len(got), len(got[0]), len(c.want))
		}
	}
}

// TestLong decodes segments longer than MaxSegment, in parts.
func TestLong(t *testing.T) {
	var d decode.Decoder
	long := strings.Repeat("some more text, ", 3*decode.MaxSegment/16) + "open sesame"
	for name, data := range map[string]string{"base64": std(long), "hex": hexed(long)} {
		got := find(&d, data, "open sesame")
		if len(got) != 1 || got[0].to != len(data) {
			t.Errorf("%s: found %v, want one at the end", name, got)
		}
	}
}

// TestParts has the last part of a long segment shorter than a segment may be.
func TestParts(t *testing.T) {
	var d decode.Decoder
	for n := range 20 {
		data := rawStd(strings.Repeat("x", decode.MaxSegment/4*3-4+n))
		end := 0
		d.Decode([]byte(data), func(w *decode.Window) bool {
			_, end, _, _ = w.Origin(len(w.Text)-1, len(w.Text))
			return true
		})
		if end != len(data) {
			t.Errorf("%d characters decoded up to %d", len(data), end)
		}
	}
}

// TestCut: a run of characters that is no base64 as a whole is none where a
// window cuts it, either.
func TestCut(t *testing.T) {
	var d decode.Decoder
	escape := "%41"
	for range decode.MaxDepth {
		for shift := range 4 {
			before := "\"\"" + strings.Repeat("A", shift) + std(strings.Repeat("abcde", 300)+"\x00"+strings.Repeat("abcde", 300)) + "\""
			for gap := range 4 {
				pad := strings.Repeat(" ", gap)
				for _, f := range find(&d, before+pad+escape+pad+before, "e") {
					t.Fatalf("found %v in a part of a run, %d bytes from %s", f, gap, escape)
				}
			}
		}
		escape = strings.ReplaceAll(escape, "%", "%25")
	}
}

// TestMaxOutput: what is not decoded is owned up to.
func TestMaxOutput(t *testing.T) {
	var d decode.Decoder
	data := []byte(strings.Repeat(strings.Repeat(percent("a"), 1000)+strings.Repeat(" ", 1000), decode.MaxOutput/1500))
	output := 0
	complete := d.Decode(data, func(w *decode.Window) bool {
		output += len(w.Text)
		return true
	})
	if complete || output > decode.MaxOutput || output < decode.MaxOutput/2 {
		t.Errorf("complete %v with %d bytes of windows", complete, output)
	}
	if !d.Decode(data[:len(data)/10], func(*decode.Window) bool { return true }) {
		t.Error("a tenth of it is not complete either")
	}
}

func TestEncodingNames(t *testing.T) {
	all := decode.Percent | decode.Unicode | decode.Hex | decode.Base64
	if got := strings.Join(all.Names(), " "); got != "percent unicode hex base64" {
		t.Errorf("names %q", got)
	}
	if decode.Encoding(0).Names() != nil {
		t.Error("no encoding has a name")
	}
}
