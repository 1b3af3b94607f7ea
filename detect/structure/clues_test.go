package structure_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"rummage/detect"
	"rummage/detect/structure"
)

// sniffable are texts that look like something, or nearly.
var sniffable = []string{
	"FROM alpine\nRUN x\n", "services:\n  a:\n    image: x\n", "apiVersion: v1\nkind: Secret\n", "kind: x\n", "apiVersion: v1\n", "A=1\nB=2\n",
	"#!/bin/sh\nif x; then\n  y\nfi\n", "#!/bin/sh\n", "on: push\njobs:\n  a:\n", "runs:\n  using: composite\n", "stages:\n- a\n", "a:\n  stage: b\n",
	".PHONY: x\nx:\n\ty\n", "\xef\xbb\xbf", "\xef\xbb\xbfservices:\n  a:\n    build: .\n", "xy\xbfFROM a\n", "xFROM a\n", " services:\n  a: b\n", "services:services:\n  a:\n    image: b\n",
	"int main(void) {\n  return 0;\n}\n", "\n", "\r\n", "x", "  ", "```\n", "{% if x %}\n", "image: x\n", "build: .\n",
}

// TestClues: what Sniff says by the clues of a text is what it says when anything may be there.
func TestClues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	said := map[structure.Set]int{}
	for range 20000 {
		var b strings.Builder
		for range rnd.IntN(6) {
			b.WriteString(sniffable[rnd.IntN(len(sniffable))])
		}
		text := []byte(b.String())
		got, want := structure.Sniff(text), structure.AnyClue.Sniff(text)
		if got != want {
			t.Fatalf("%q: %q, want %q", text, kindsOf(got), kindsOf(want))
		}
		said[got]++
	}
	if len(said) < 10 {
		t.Errorf("only %d sets", len(said))
	}
}

// copied is a text made of pieces of a base and of others, with the ranges that are copied.
func copied(rnd *rand.Rand, base []byte, others []string) (text []byte, copies []detect.Copy) {
	for range 1 + rnd.IntN(6) {
		if rnd.IntN(3) == 0 {
			s := others[rnd.IntN(len(others))]
			text = append(text, s[rnd.IntN(len(s)+1):]...)
			continue
		}
		from := rnd.IntN(len(base) + 1)
		n := rnd.IntN(len(base) - from + 1)
		copies = append(copies, detect.Copy{To: len(text), From: from, Len: n})
		text = append(text, base[from:from+n]...)
	}
	return text, copies
}

// checkCarried holds clues that were carried to those of the text.
func checkCarried(t *testing.T, base, text []byte, copies []detect.Copy) {
	t.Helper()
	carried, look := structure.Look(base).Carried(text, copies), structure.Look(text)
	if look&^carried != 0 {
		t.Fatalf("clues %b of %q, of which %v of %q is known: %b", look, text, copies, base, carried)
	}
	if got, want := carried.Sniff(text), structure.AnyClue.Sniff(text); got != want {
		t.Fatalf("%q: %q, want %q", text, kindsOf(got), kindsOf(want))
	}
}

// TestCarried: what is known of a base and what was not copied of it tell all that there is.
func TestCarried(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 20000 {
		var base []byte
		for range rnd.IntN(5) {
			base = append(base, sniffable[rnd.IntN(len(sniffable))]...)
			if rnd.IntN(3) == 0 {
				base = append(base, strings.Repeat("x\n", 40+rnd.IntN(200))...)
			}
		}
		text, copies := copied(rnd, base, sniffable)
		checkCarried(t, base, text, copies)
	}
}

// FuzzCarried: likewise, of any texts.
func FuzzCarried(f *testing.F) {
	for i, s := range sniffable {
		f.Add([]byte(s), []byte(sniffable[(i+1)%len(sniffable)]), uint64(i))
	}
	f.Fuzz(func(t *testing.T, base, other []byte, seed uint64) {
		base = append(append(bytes.Clone(base), strings.Repeat("x\n", 200)...), base...) // short ranges are not left out
		text, copies := copied(rand.New(rand.NewPCG(seed, 0)), base, []string{string(other)})
		checkCarried(t, base, text, copies)
	})
}

// TestAhead: what is read before names are known.
func TestAhead(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "x\n": "", "FROM a\n": "dockerfile", "FROM a\nx\n```\n": "", "FROM a\nx ``` y\n": "dockerfile", "# x ```\n```\nFROM a\n": "", "FROM a\n````\n": "", "FROM a\n``\n``": "dockerfile",
		"apiVersion: v1\nkind: Secret\n": "kubernetes", "apiVersion: v1\nkind: Secret\n{% if x %}\n": "", "apiVersion: v1\nkind: Secret\n{{- if x }}\n": "kubernetes",
		"on: push\njobs:\n": "github", "jobs:\n": "", "runs:\n  using: composite\n": "github", "runs:\n": "", "a:\n  stage: b\n": "gitlab", ".PHONY: $x\nfi\n": "makefile",
		"if $x\nfi\n": "shell", "if x\nfi\n": "", "$x\nset -e\n": "shell", "FROM $a\nfi\n": "dockerfile", "#!/bin/sh\nfi\n": "shell",
		"if [ $x ]\n": "shell", "if ($x)\n": "", "say() {\n$x\n": "shell", "function say() {\n$x\n": "", " say() {\n$x\n": "", "() {\n$x\n": "", "say() { $x\n": "",
	} {
		data := []byte(text)
		if got := kindsOf(structure.Look(data).Ahead(data, structure.Sniff(data))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkSniff(b *testing.B) {
	source := bytes.Repeat([]byte("static int lookup(struct table *t, const char *name) {\n\treturn t->find(name); // value or -1\n}\n"), 400)
	edited := append(append(bytes.Clone(source[:9000]), "x = y;\n"...), source[9000:]...)
	copies := []detect.Copy{{To: 0, From: 0, Len: 9000}, {To: 9007, From: 9000, Len: len(source) - 9000}}
	for _, c := range []struct {
		name  string
		clues func() structure.Clues
	}{
		{"any", func() structure.Clues { return structure.AnyClue }},
		{"whole", func() structure.Clues { return structure.Look(edited) }},
		{"carried", func() structure.Clues { return structure.Clues(0).Carried(edited, copies) }},
	} {
		b.Run(fmt.Sprint("clues=", c.name), func(b *testing.B) {
			b.SetBytes(int64(len(edited)))
			for b.Loop() {
				c.clues().Sniff(edited)
			}
		})
	}
}
