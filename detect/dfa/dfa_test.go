package dfa

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

var exprs = []string{
	`abc`, `(?i)token`, `\bghp_[A-Za-z0-9]{6}\b`, `a{2,5}b?c+`, `(x|yy|z{3})[^a-c]{1,4}$`, `^\s*key\s*[:=]\s*(\S{3,9})`,
	`(?s)begin.{0,20}end`, `[^\x00-\x7f]{2}`, `é+`, `(?i)straße`, `(?i)key[s]?`, `a.c`, `[\w.-]{1,8}@[\w]{2,5}`, `\x{212a}b`, `(?m)^a$`, ``, `a*`,
}

// compile prepares an expression to be looked for anywhere.
func compile(expr string) (p *Program, ok bool) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, false
	}
	return CompileTree(re, false)
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "b", "c", "x", "y", "z", "k", "s", "K", "S", "\u212a", "\u017f", "é", "ß", "\xff", "\n", " ", "=", ":", "@", "_", ".", "e",
		"key", "token", "ghp_", "begin", "end", "straße", "9"}
	var b strings.Builder
	for range r.IntN(14) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// TestNoIsRight: what the expression matches, the automaton does not refuse; and it does refuse something.
func TestNoIsRight(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, expr := range exprs {
		re := regexp.MustCompile(expr)
		p, ok := compile(expr)
		if !ok {
			t.Fatal(expr)
		}
		c := NewCache(p)
		refused := 0
		for range 4000 {
			text := []byte(randomText(r))
			may := c.May(text)
			if !may {
				refused++
			}
			if re.Match(text) && !may {
				t.Fatalf("%q matches %q and is refused", expr, text)
			}
		}
		if refused == 0 && !re.MatchString("") {
			t.Errorf("%q refuses nothing", expr)
		}
	}
}

// TestFlood: an expression with too many states says yes instead of filling the memory.
func TestFlood(t *testing.T) {
	p, ok := compile(`a[ab]{40}c[ab]{40}d`)
	if !ok {
		t.Fatal("not compiled")
	}
	c := NewCache(p)
	r := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 1<<16)
	for i := range text {
		text[i] = "ab"[r.IntN(2)]
	}
	for range 2 * maxResets {
		c.May(text)
	}
	if c.memory > maxMemory || len(c.sets) > maxStates {
		t.Fatal(c.memory, len(c.sets))
	}
	if !c.May(text) {
		t.Fatal("refused after the automaton was given up")
	}
}

// anchored prepares an expression to be looked for at the start of a text.
func anchored(t *testing.T, expr string) *Program {
	t.Helper()
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := CompileTree(tree, true)
	if !ok {
		t.Fatal(expr)
	}
	return p
}

// TestAnchored: the same at the start of the text only.
func TestAnchored(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, expr := range exprs {
		re := regexp.MustCompile(`\A(?:` + expr + `)`)
		c := NewCache(anchored(t, expr))
		refused := 0
		for range 3000 {
			text := []byte(randomText(r))
			may := c.May(text)
			if !may {
				refused++
			}
			if re.Match(text) && !may {
				t.Fatalf("%q matches the start of %q and is refused", expr, text)
			}
		}
		if refused == 0 && !re.MatchString("") {
			t.Errorf("%q refuses nothing", expr)
		}
	}
}

func FuzzMay(f *testing.F) {
	for _, e := range exprs {
		f.Add(e, []byte("key: abc\xc3\xa9 ghp_ABCDEF"))
	}
	f.Fuzz(func(t *testing.T, expr string, text []byte) {
		if len(expr) > 200 || len(text) > 1000 {
			return
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		p, ok := compile(expr)
		if !ok {
			return
		}
		c := NewCache(p)
		may := c.May(text)
		if re.Match(text) && !may {
			t.Fatalf("%q matches %q and is refused", expr, text)
		}
		if c.May(text) != may && c.resets < maxResets {
			t.Fatalf("%q on %q: the second answer differs", expr, text)
		}
	})
}

func BenchmarkMay(b *testing.B) {
	p, _ := compile(`(?i)\bacme[\w.-]{0,24}[\s"']{0,4}(?:=|:)[\s"']{0,5}([a-z0-9]{32})(?:[^\w-]|$)`)
	c := NewCache(p)
	text := []byte(strings.Repeat("the quick brown acme fox = jumps over 1234 lazy dogs; acme_key: 12\n", 1000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if c.May(text) {
			b.Fatal("matched")
		}
	}
}

// TestEnd: no match that begins with a text goes on behind End of it; and mostly End is before the end of the text.
func TestEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	before := 0
	for _, expr := range exprs {
		re := regexp.MustCompile(`\A(?:` + expr + `)`)
		longest := regexp.MustCompile(re.String())
		longest.Longest()
		c := NewEnds(anchored(t, expr))
		for range 4000 {
			text := []byte(randomText(r))
			end := c.End(text)
			if end < 0 || end > len(text) {
				t.Fatalf("%q: %d of %q", expr, end, text)
			}
			if end < len(text) {
				before++
			}
			for _, re := range []*regexp.Regexp{re, longest} {
				if loc := re.FindIndex(text); loc != nil && loc[1] > end {
					t.Fatalf("%q matches %d bytes of %q, of which %d are looked at", expr, loc[1], text, end)
				}
			}
		}
	}
	if before < 1000*len(exprs) {
		t.Errorf("%d of %d texts are looked at to their ends", 4000*len(exprs)-before, 4000*len(exprs))
	}
}
