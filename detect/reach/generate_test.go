package reach_test

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode"

	"rummage/detect/reach"
)

// generator writes texts that an expression should match, from its syntax tree.
// Assertions are taken to hold: the caller tries what comes out.
type generator struct {
	*rand.Rand
	text strings.Builder
}

// leftOut is the two characters that the package leaves out.
const leftOut = "\u212a\u017f"

func (g *generator) write(re *syntax.Regexp) {
	if g.text.Len() > 5000 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				for range g.IntN(4) {
					r = unicode.SimpleFold(r)
				}
			}
			g.rune(r)
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return // it matches nothing, and the caller will see to that
		}
		i := g.IntN(len(re.Rune)/2) * 2
		g.rune(re.Rune[i] + rune(g.IntN(int(re.Rune[i+1]-re.Rune[i])+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		g.rune([]rune{'a', 'k', 'é', '€', '😀', '\ufffd', 0}[g.IntN(7)])
	case syntax.OpCapture:
		g.write(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			g.write(sub)
		}
	case syntax.OpAlternate:
		g.write(re.Sub[g.IntN(len(re.Sub))])
	case syntax.OpStar:
		g.repeat(re.Sub[0], 0, 4)
	case syntax.OpPlus:
		g.repeat(re.Sub[0], 1, 5)
	case syntax.OpQuest:
		g.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		high := re.Max
		if high < 0 {
			high = re.Min + 4
		}
		g.repeat(re.Sub[0], re.Min, high)
	}
}

// repeat likes the ends of the range.
func (g *generator) repeat(re *syntax.Regexp, low, high int) {
	n := low + g.IntN(high-low+1)
	switch g.IntN(3) {
	case 0:
		n = low
	case 1:
		n = high
	}
	for range n {
		g.write(re)
	}
}

func (g *generator) rune(r rune) {
	if r == '\ufffd' && g.IntN(2) == 0 {
		g.text.WriteByte("\xff\x80\xc3\xe2"[g.IntN(4)])
		return
	}
	g.text.WriteRune(r)
}

// generate returns texts that match expr from end to end.
func generate(t *testing.T, expr string, seed uint64, n int) []string {
	t.Helper()
	whole, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		return nil // too big, or a lone \E or the like
	}
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	g := generator{Rand: rand.New(rand.NewPCG(seed, 7))}
	for range n {
		g.text.Reset()
		g.write(re)
		if s := g.text.String(); whole.MatchString(s) {
			texts = append(texts, s)
		}
	}
	return texts
}

// words returns pieces of the texts: plausible keywords, right and wrong ones.
func words(random *rand.Rand, texts []string) []string {
	var list []string
	for range 1 + random.IntN(3) {
		s := texts[random.IntN(len(texts))]
		if len(s) == 0 {
			continue
		}
		from := random.IntN(len(s))
		w := s[from : from+1+random.IntN(min(4, len(s)-from))]
		if !strings.ContainsAny(w, leftOut) {
			list = append(list, w)
		}
	}
	return list
}

// check holds what reach says of expr against texts that match it.
func check(t *testing.T, expr string, seed uint64, n int) {
	t.Helper()
	info, err := reach.Analyze(expr)
	if err != nil {
		return
	}
	texts := generate(t, expr, seed, n)
	random := rand.New(rand.NewPCG(seed, 8))
	for _, s := range texts {
		if len(s) < info.MinLen || info.MaxLen >= 0 && len(s) > info.MaxLen {
			t.Errorf("%q matches %q of %d bytes, not in %d..%d", expr, s, len(s), info.MinLen, info.MaxLen)
		}
	}
	checkRuns(t, expr, texts)
	if literals := info.Literals(); literals != nil {
		contain(t, expr, "literals", literals, texts)
	}
	for range min(20, len(texts)) {
		if list := words(random, texts); info.Necessary(list) {
			contain(t, expr, "necessary", list, texts)
		}
	}
}

func contain(t *testing.T, expr, what string, words, texts []string) {
	t.Helper()
	for _, s := range texts {
		folded := lower(s)
		found := strings.ContainsAny(s, leftOut) // which the package leaves out
		for _, w := range words {
			found = found || strings.Contains(folded, lower(w))
		}
		if !found {
			t.Errorf("%q matches %q without any of the %s %q", expr, s, what, words)
		}
	}
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func TestAgainstMatches(t *testing.T) {
	tested := 0
	for i, c := range exprs {
		tested += len(generate(t, c.expr, uint64(i), 50))
		check(t, c.expr, uint64(i), 200)
	}
	if tested < 20*len(exprs) {
		t.Errorf("%d texts for %d expressions: the generator does not do its work", tested, len(exprs))
	}
}

// TestAgainstRandom does the same with random expressions over few letters, so
// that keywords come about in unexpected places.
func TestAgainstRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	proved := 0
	for range 3000 {
		expr := randomExpr(random, 4)
		check(t, expr, random.Uint64(), 30)
		info, err := reach.Analyze(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if info.Necessary([]string{"ab", "k"}) {
			proved++
		}
	}
	if proved < 100 {
		t.Errorf("only %d of the expressions were proved to need a keyword", proved)
	}
}

func randomExpr(random *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"a", "b", "k", "ab", "A", "é", "[ab]", "[^a]", ".", "[kK]", "(?i:k)", "(?i:as)", `\b`, "^", "", `\x{fffd}`}[random.IntN(16)]
	}
	sub := func() string { return randomExpr(random, random.IntN(depth)) }
	switch random.IntN(8) {
	case 0, 1, 2:
		return sub() + sub()
	case 3:
		return "(?:" + sub() + "|" + sub() + ")"
	case 4:
		return "(?:" + sub() + ")" + []string{"?", "*", "+", "{2}", "{1,3}", "{0,2}", "{3,}", "{0}"}[random.IntN(8)]
	case 5:
		return "(" + sub() + ")"
	case 6:
		return "(?i:" + sub() + ")"
	}
	return sub() + sub() + sub()
}

// TestBesideMatches: what stands at more than Context bytes from a text decides
// nothing about whether it is a match in itself.
func TestBesideMatches(t *testing.T) {
	for i, c := range exprs {
		info, err := reach.Analyze(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(c.expr)
		for _, s := range generate(t, c.expr, uint64(i), 50) {
			if info.Context != 0 || len(s) == 0 {
				continue
			}
			for _, beside := range []string{"", "a", "_", "\n", " ", "é", "\xff"} {
				if !re.MatchString(beside + s + beside) {
					t.Errorf("%s: Context 0, but %q is no match between %q", c.expr, s, beside)
				}
			}
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for i, c := range exprs {
		f.Add(c.expr, uint64(i))
	}
	for _, expr := range hostile() {
		f.Add(expr, uint64(1))
	}
	f.Fuzz(func(t *testing.T, expr string, seed uint64) {
		if len(expr) > 300 {
			return
		}
		check(t, expr, seed, 20)
	})
}
