package imageref

import (
	_ "crypto/sha256" // the oracle asks whether these are there
	_ "crypto/sha512"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/distribution/reference"
)

// oracle is canonicalName by the package that defines the grammar.
func oracle(text string) (canonical, why string) {
	named, err := reference.ParseNormalizedNamed(text)
	if err == nil {
		return reference.TagNameOnly(named).String(), ""
	}
	switch {
	case len(text) == 64 && strings.Trim(text, "0123456789abcdef") == "":
		return "", "not a reference: the id of an image"
	case strings.Contains(err.Error(), "lowercase"):
		return "", "not a reference: its name is not in lower case"
	case strings.Contains(err.Error(), "digest"):
		return "", "not a reference: its digest is none"
	}
	return "", "not a reference"
}

func compareNames(t *testing.T, text string) bool {
	t.Helper()
	got, why := canonicalName(text)
	want, whyNot := oracle(text)
	if got != want || why != whyNot {
		t.Errorf("%q: %q, %q; want %q, %q", text, got, why, want, whyNot)
	}
	return got != ""
}

// namePieces are what names are made of, and what is nearly that.
var namePieces = []string{"a", "b1", "Z", "ubuntu", "library", "docker.io", "index.docker.io", "localhost", "example.com", "x-y", "x--y", "x__y",
	"x___y", "x..y", "-", "_", ".", "/", "/", "/", ":", ":", "@", "5000", ":80", "[::1]", "[fe80:1]", "[", "]", "latest", "v1.2_3-x", "sha256:", "sha512:",
	"sha256+b64:", "md5:", "@sha256:" + strings.Repeat("0a", 32), "@sha256:" + strings.Repeat("0A", 32), "@sha512:" + strings.Repeat("f", 128),
	"@sha384:" + strings.Repeat("f", 96), "@md5:" + strings.Repeat("1", 32), strings.Repeat("c", 64), strings.Repeat("g", 64), strings.Repeat("p", 200),
	strings.Repeat("t", 128), "+", " ", "\u00c4", "\xff", "$", "\n", "A_b.c", "+B", "..", "é"}

func TestGrammar(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	names := 0
	for range 300_000 {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteString(namePieces[r.IntN(len(namePieces))])
		}
		if compareNames(t, b.String()) {
			names++
		}
	}
	if names < 10_000 {
		t.Errorf("%d names", names)
	}
	compareNames(t, "")
}

func FuzzGrammar(f *testing.F) {
	for _, p := range namePieces {
		f.Add("example.com/" + p)
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, text string) { compareNames(t, text) })
}
