package detect

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

// TestTailNearWindowEnd: a match that only the end of a window makes, behind an occurrence at which the tail does not
// match in the whole text, at every distance from one at which it does.
func TestTailNearWindowEnd(t *testing.T) {
	const expr = `[a-z]{0,6}k1([0-9]{2,6})(?:;|$)`
	d := New(mustParse(t, rule("x", expr, `keywords=["k1"]`)))
	if d.programs[0].ready().tail == nil {
		t.Fatal("the rule has no tail")
	}
	re := regexp.MustCompile(expr)
	for gap := range 40 {
		for digits := range 9 {
			text := []byte("k101;" + strings.Repeat(".", gap) + "k1" + strings.Repeat("2", digits) + "x" + strings.Repeat(".", 60) + "k1234; k1")
			var got []string
			for _, m := range d.Matcher().Match(text) {
				got = append(got, fmt.Sprint([]int{m.Start, m.End}))
			}
			var want []string
			for _, loc := range re.FindAllIndex(text, -1) {
				want = append(want, fmt.Sprint(loc))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("gap %d, %d digits: got %v, want %v", gap, digits, got, want)
			}
		}
	}
}

func TestTailOf(t *testing.T) {
	for _, c := range []struct{ expr, keywords, tail string }{
		{`\b(tok_[a-z]{3})\b`, "tok_", `\b(tok_[a-z]{3})\b`},
		{`[\w.-]{0,9}key=(\d)`, "key", `key=(\d)`},
		{`[\w.-]{0,9}k(ey|it)=`, "key kit", `k(ey|it)=`},
		{`[\w.-]{0,9}k(ey|it|a)=`, "key kit", ""},
		{`(?i)x?(?:pass|pw)d?=`, "pass pw", `(?i:pass|pw)d?=`},
		{`[ab]c`, "ac bc", `[ab]c`},
		{`[ab]?c`, "ac bc c", `[ab]?c`},
		{`a+b`, "a", `a+b`},
		{`a+b`, "ab", ""},
		{`x{2}y`, "xxy", `x{2}y`},
		{`x{2,3}y`, "xxy", ""},
		{`.{3}key`, "key", "key"},
		{`key|.kit`, "key kit", "key|kit"},
		{`https?://hooks\.acme(?:-gov)?\.io/x`, "hooks.acme.io/ hooks.acme-gov.io/", `hooks\.acme(?:-gov)?\.io/x`},
		{`\b((?:\d{3}-)?abc|x(?:y|z))=`, "abc= y= z", `abc=|y=|z=`},
		{`\b(\d{3}abc|x(?:y|z))=`, "abc= y=", ""},
		{`^key$`, "key", "^key$"},
		{`ключ`, "ключ", ""},
		{`(a|b|c|d|e|f)(a|b|c|d|e|f)(a|b|c|d|e|f)(a|b|c|d|e|f)z`, "z", "z"},
	} {
		tree, err := syntax.Parse(c.expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		trim := trimmer{beginnings: beginnings{keywords: strings.Fields(c.keywords)}, left: maxTrims}
		if rest := trim.trim(flatten(nil, tree), 0); rest != nil {
			got = printRegexp(rest)
		}
		if want := c.tail; (got == "") != (want == "") || want != "" && !sameMatches(t, `\A(?:`+got+`)`, `\A(?:`+want+`)`) {
			t.Errorf("%s with %s: tail %q, want %q", c.expr, c.keywords, got, want)
		}
	}
}

// sameMatches compares two expressions on texts made of their own letters.
func sameMatches(t *testing.T, a, b string) bool {
	t.Helper()
	x, y := regexp.MustCompile(a), regexp.MustCompile(b)
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var s strings.Builder
		for range r.IntN(12) {
			s.WriteByte(b[r.IntN(len(b))])
		}
		if x.MatchString(s.String()) != y.MatchString(s.String()) {
			t.Logf("they differ on %q", s.String())
			return false
		}
	}
	return true
}

// TestExtent: whatever matches lies within the extent of each offset inside it.
func TestExtent(t *testing.T) {
	for _, expr := range extentCases {
		checkExtent(t, expr, "key = aaaaabbbbbccccc;;;; xkey: 12345678901234567890\nkey=é€é€ key aab aaab \xff\xffkey\n\nkeykey")
	}
	tree, _ := syntax.Parse(`k[a-z]{3}`, syntax.Perl)
	if x := extentOf(tree); !x.empty || x.others != 4 {
		t.Errorf("extent of a bounded expression %d", x.others)
	}
	tree, _ = syntax.Parse(`k\s*=\s*([a-z0-9]+);`, syntax.Perl)
	if x := extentOf(tree); x.others != 2 { // = and ;
		t.Errorf("%d other bytes, want 2", x.others)
	}
	tree, _ = syntax.Parse(`(?s)k.*`, syntax.Perl)
	if x := extentOf(tree); !x.whole() {
		t.Error("the extent of .* is not the whole text")
	}
}

var extentCases = []string{`key`, `key\s*=\s*\w+`, `(?:a+b)+`, `k[a-z]{2}[^;]*;`, `(key.?)+`, `x?key:\s(\d{5})+`, `(?i)KEY=\pL*`, `key\n*`, `(?s)k.{0,30}`,
	`[[:^ascii:]]+`, `\S+key`, `(a|b{2,})*c`}

func checkExtent(t *testing.T, expr, text string) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return
	}
	x := extentOf(tree)
	re := regexp.MustCompile(expr)
	for _, loc := range re.FindAllStringIndex(text, 50) {
		for _, at := range []int{loc[0], (loc[0] + loc[1]) / 2, loc[1]} {
			if low, high := x.before([]byte(text), at), x.after([]byte(text), at); low > loc[0] || high < loc[1] {
				t.Fatalf("%q matches %d-%d of %q, the extent of %d is %d-%d", expr, loc[0], loc[1], text, at, low, high)
			}
		}
	}
}

func FuzzExtent(f *testing.F) {
	for _, expr := range extentCases {
		f.Add(expr, "key = aaaab; xkey: 12345")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) < 100 && len(text) < 1000 {
			checkExtent(t, expr, text)
		}
	})
}

// TestShorten: what an expression matches, the shortened one matches too, whatever it is cut to.
func TestShorten(t *testing.T) {
	for _, expr := range append([]string{`key(?:a|bcd|e{3,9})f[=:]x`, `a(b(c|d{2,5})?e){1,3}f$`, `k{2,}[ab]{4,30}c`, `x(?:yy|z)*\bend`}, extentCases...) {
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		whole := regexp.MustCompile(`\A(?:` + expr + `)`)
		r := rand.New(rand.NewPCG(7, 8))
		var texts []string
		for range 3000 {
			var s strings.Builder
			for range r.IntN(14) {
				s.WriteByte("abcdefkxyz=:bcd  end"[r.IntN(20)])
			}
			if whole.MatchString(s.String()) {
				texts = append(texts, s.String())
			}
		}
		for size := range 24 {
			left := size
			short := regexp.MustCompile(`\A(?:` + printRegexp(shorten(tree, &left)) + `)`)
			for _, text := range texts {
				if !short.MatchString(text) {
					t.Fatalf("%s cut to %d, %s, does not match %q", expr, size, short, text)
				}
			}
		}
	}
}

// TestTailFar: a run is looked for only in so much text that doing so for every keyword takes no time to speak of; in
// more the automaton is asked at once, which here, as it counts to 64 only, does not refuse.
func TestTailFar(t *testing.T) {
	d := New(mustParse(t, rule("x", `key=[a-z]{70,80}`, `keywords=["key="]`)))
	p := d.programs[0].ready()
	if p.tail == nil || p.tail.run != 70 {
		t.Fatalf("the tail is %+v", p.tail)
	}
	c := d.Matcher().tailCache(0, p)
	text := "key=" + strings.Repeat("a", 65)
	for n, want := range map[int]bool{100: false, maxRunText: false, maxRunText + 1: true} {
		if got := p.tail.may(c, []byte(text+strings.Repeat(" ", n-len(text)))); got != want {
			t.Errorf("in %d bytes: %v", n, got)
		}
	}
}
