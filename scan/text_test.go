package scan_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"rummage/scan"
)

func utf16Bytes(s string, order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

var textTable = []struct {
	name, data, want string
	binary           bool
}{
	{name: "empty"},
	{name: "text", data: "a\r\nb", want: "a\r\nb"},
	{name: "not UTF-8", data: "J\xf6rg", want: "J\xf6rg"},
	{name: "byte-order mark of UTF-8", data: "\xef\xbb\xbfa", want: "\xef\xbb\xbfa"},
	{name: "NUL", data: "a\x00b", binary: true},
	{name: "NUL at the last byte that is looked at", data: strings.Repeat("a", 7999) + "\x00", binary: true},
	{name: "NUL behind it", data: strings.Repeat("a", 8000) + "\x00", want: strings.Repeat("a", 8000) + "\x00"},
	{name: "UTF-16, little end first", data: string(utf16Bytes("grün 𝄞\n", binary.LittleEndian)), want: "grün 𝄞\n"},
	{name: "UTF-16, big end first", data: string(utf16Bytes("grün 𝄞\n", binary.BigEndian)), want: "grün 𝄞\n"},
	{name: "UTF-16, half a character at the end", data: "\xff\xfea\x00b", want: "a"},
	{name: "UTF-16, lone surrogates", data: "\xff\xfe\x00\xd8a\x00\x00\xdc", want: "\ufffda\ufffd"},
	{name: "UTF-16, half a pair at the end", data: "\xff\xfe\x00\xd8", want: "\ufffd"},
	{name: "only a mark", data: "\xff\xfe"},
	{name: "UTF-32", data: "\xff\xfe\x00\x00a\x00\x00\x00", binary: true},
}

func TestText(t *testing.T) {
	for _, c := range textTable {
		text, _, ok := scan.Text([]byte(c.data), nil)
		if ok == c.binary || string(text) != c.want {
			t.Errorf("%s: %q, text: %v", c.name, text, ok)
		}
	}
}

// FuzzText: decoding is that of the standard library, and scratch that was used before does not show through.
func FuzzText(f *testing.F) {
	for _, c := range textTable {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, scratch, ok := scan.Text(data, []byte("left over from before"))
		again, _, _ := scan.Text(data, nil)
		if !bytes.Equal(text, again) {
			t.Errorf("%q, with other scratch %q", text, again)
		}
		for name, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
			if !ok || !bytes.HasPrefix(data, []byte(name)) {
				continue
			}
			var units []uint16
			for i := 2; i+1 < len(data); i += 2 {
				units = append(units, order.Uint16(data[i:]))
			}
			if want := string(utf16.Decode(units)); string(text) != want || len(scratch) != len(text) {
				t.Errorf("%q, want %q", text, want)
			}
			return
		}
		if ok && !bytes.Equal(text, data) {
			t.Errorf("%q, want %q", text, data)
		}
	})
}

// TestSecretPrintsMasked: no verb, encoder or error shows a value.
func TestSecretPrintsMasked(t *testing.T) {
	value := strings.Join([]string{"abcd", strings.Repeat("e", 30), "fghi"}, "")
	s := scan.Secret(value)
	f := scan.Finding{Secret: s, Places: []scan.Place{{Match: s}}}
	out, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(out)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "% x"} {
		shown += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, f) + fmt.Sprintf(verb, []scan.Secret{s}) + fmt.Sprintf(verb, &f)
	}
	shown += fmt.Errorf("found %s", s).Error()
	for _, form := range []string{value, "eeeee", fmt.Sprintf("%x", "eeeee"), fmt.Sprintf("%X", "eeeee"), fmt.Sprintf("% x", "eeeee")} {
		if strings.Contains(shown, form) {
			t.Errorf("%q is shown", form)
		}
	}
	if s.Reveal() != value {
		t.Errorf("revealed: %q", s.Reveal())
	}
}

// FuzzMask: a mask shows at most the first and last four bytes of a long value, on one line, and nothing of a short one.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"", "short", "twelve bytes", "twenty-four bytes of it.", "line\nbreaks\r\nthat end the visible part\n\n",
		strings.Repeat("é", 20), "-----BEGIN " + "RSA PRIVATE KEY-----\nxxx", "-----BEGIN " + strings.Repeat("x", 100) + "-----"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := scan.Mask(s)
		if strings.ContainsAny(m, "\r\n") || !utf8.ValidString(m) {
			t.Errorf("%q", m)
		}
		head, tail, ok := strings.Cut(m, "****")
		if strings.HasPrefix(s, "-----BEGIN ") && strings.HasPrefix(head, "-----BEGIN ") {
			return
		}
		if !ok || len(head)+len(tail) > 8 || len(s) < 12 && m != "****" || len(s) < 24 && len(head)+len(tail) > 2 {
			t.Errorf("%q of %d bytes", m, len(s))
		}
	})
}

// TestFingerprint pins what baselines and ignore files rely on.
func TestFingerprint(t *testing.T) {
	if got := scan.Fingerprint("rule", "value"); got != "df0e194bfc14f3a87ce53bfb19a156d3" {
		t.Errorf("fingerprint %s: baselines and ignore files of before do not fit any more", got)
	}
	if scan.Fingerprint("a", "bc") == scan.Fingerprint("ab", "c") {
		t.Error("rule and value run together")
	}
}
