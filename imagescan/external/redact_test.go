package external

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	raw := madeSecret(t)
	pem := "-----BEGIN X-----\nabcdefghij\nklmnop"
	r := newRedactor([]string{"hunter2", "correct horse", "abc", pem}, []string{"docker.io/library/alpine:3.20", "/tmp/rummage-1234567890/x"})
	for text, want := range map[string]string{
		"pass hunter2, not hunter22 or xhunter2": "pass ****, not hunter22 or xhunter2",
		"a correct horseshoe":                    "a ****shoe",
		"abc is a word":                          "abc is a word",
		"line abcdefghij of a key, klmnop":       "line **** of a key, ****",
		"token-like " + raw + ".":                "token-like ****",
		"GET https://u:p@h/x?y=1 and git://@h/":  "GET https://****@h/x?y=1 and git://****@h/",
		"no userinfo in https://h/x@y":           "no userinfo in https://h/x@y",
		"Authorization: Bearer abc.def":          "Authorization: **** ****",
		"password=" + "swordfish" + " user=x":    "password=**** user=x",
		`{"token": "swordfish"}`:                 `{"token": "****"}`,
		"image docker.io/library/alpine:3.20":    "image docker.io/library/alpine:3.20",
		"in /tmp/rummage-1234567890/x":           "in /tmp/rummage-1234567890/x",
		"in /tmp/rummage-1234567890/y":           "in ****",
		digestOf(77) + " pulled":                 digestOf(77) + " pulled",
		"averyveryverylongword":                  "averyveryverylongword",
		"2026-11-23T08:11:53.343396287Z":         "2026-11-23T08:11:53.343396287Z",
	} {
		if got := r.text(text); got != want {
			t.Errorf("%s: %s, want %s", strings.ReplaceAll(text, raw, "SECRET"), got, want)
		}
	}
}

// TestTailCut: of what is cut off nothing half is left, whatever the program writes at a time.
func TestTailCut(t *testing.T) {
	raw := madeSecret(t)
	for _, size := range []int{1, 7, 4096, 1 << 20} {
		var text tail
		var lines []string
		text.look = func(l []byte) { lines = append(lines, string(l)) }
		all := []byte(strings.Repeat(raw+"\n", 3000) + "the end")
		for p := all; len(p) > 0; p = p[min(len(p), size):] {
			if n, err := text.Write(p[:min(len(p), size)]); err != nil || n != min(len(p), size) {
				t.Fatal(n, err)
			}
		}
		text.end()
		got := text.text(newRedactor([]string{raw}, nil))
		if strings.Contains(got, raw[len(raw)-6:]) || !strings.HasSuffix(got, "****\nthe end") || len(got) > keptStderr {
			t.Errorf("%d at a time: %d bytes, %q …", size, len(got), got[:40])
		}
		if len(lines) != 3001 || lines[2999] != raw || lines[3000] != "the end" {
			t.Errorf("%d at a time: %d lines", size, len(lines))
		}
	}
	var text tail
	for range 10 {
		_, _ = text.Write([]byte(strings.Repeat("x", 10000)))
	}
	if got := text.text(newRedactor(nil, nil)); got != "" {
		t.Errorf("of one long word %d bytes are left", len(got))
	}
}

// TestCapped: what is beyond the limit is not kept, and whoever writes it is told.
func TestCapped(t *testing.T) {
	over := 0
	c := capped{limit: 10, over: func() { over++ }}
	if n, err := io.Copy(&c, strings.NewReader("0123456789")); n != 10 || err != nil || over != 0 {
		t.Errorf("up to the limit: %d, %v", n, err)
	}
	if _, err := io.Copy(&c, strings.NewReader("x")); err != errOutput || over != 1 || c.kept.Len() != 10 {
		t.Errorf("beyond it: %v, %d bytes kept", err, c.kept.Len())
	}
}

func TestSearchPath(t *testing.T) {
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Join([]string{root, ".", "", "bin", filepath.Join(root, "x")}, string(filepath.ListSeparator))
	if got, want := searchPath(list), root+string(filepath.ListSeparator)+filepath.Join(root, "x"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
