package detect

import (
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoAllocation: a blob in which keywords stand and nothing matches costs no allocation.
func TestNoAllocation(t *testing.T) {
	m := New(mustParse(t, variousRules)).Matcher()
	text := []byte(strings.Repeat("the tok_ of an ACME key, serial user=a, hook: passwords begin here;\n// word = x\n", 300))
	if list := m.Match(text); len(list) != 0 {
		t.Fatalf("%d matches, the first of %s", len(list), list[0].Rule.ID)
	}
	if n := testing.AllocsPerRun(20, func() { m.Match(text) }); n > 0 && !racing {
		t.Errorf("%v allocations for a blob without matches", n)
	}
}

// manyRules is about n rules: those of variousRules, which have words that are common in source code, and more of the
// same shapes with a name of their own, as the rules of providers have.
func manyRules(tb testing.TB, n int) *Ruleset {
	rs := mustParse(tb, variousRules)
	rules := append([]*Rule(nil), rs.rules...)
	for i := 0; len(rules) < n; i++ {
		r := *rs.rules[i%len(rs.rules)]
		if r.Regex == "" || len(r.Keywords) == 0 {
			continue
		}
		name := fmt.Sprintf("%c%cq%c_", 'a'+i%26, 'a'+i/26%26, 'a'+i%7)
		r.ID += "-" + name
		r.Required = nil
		words := make([]string, len(r.Keywords))
		for k, w := range r.Keywords {
			words[k] = name + w
			r.Regex = strings.Replace(r.Regex, w, words[k], 1)
		}
		r.Keywords = words
		rules = append(rules, &r)
	}
	return newRuleset(rules, nil, nil)
}

// goSource is some megabytes of Go's own library, cut into blobs of 20 kB.
func goSource(tb testing.TB) (blobs [][]byte, size int) {
	dir := filepath.Join(build.Default.GOROOT, "src")
	var all []byte
	for _, sub := range []string{"net/http", "crypto/tls", "go/types", "encoding/json", "regexp", "syscall"} {
		files, _ := filepath.Glob(filepath.Join(dir, sub, "*.go"))
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, b...)
		}
	}
	if len(all) == 0 {
		tb.Fatalf("no Go source in %s", dir)
	}
	for rest := all; len(rest) > 0; {
		n := min(len(rest), 20_000)
		blobs = append(blobs, rest[:n])
		rest = rest[n:]
	}
	return blobs, len(all)
}

func BenchmarkMatch(b *testing.B) {
	blobs, size := goSource(b)
	rs := manyRules(b, 600)
	for _, depth := range []int{0, 5} {
		b.Run(fmt.Sprintf("decode-%d", depth), func(b *testing.B) {
			d := New(rs)
			d.DecodeDepth = depth
			m := d.Matcher()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for _, blob := range blobs {
					n += len(m.Match(blob))
				}
			}
			b.ReportMetric(float64(n), "matches")
		})
	}
}

// BenchmarkDense is the worst that a text can do: keywords and matches everywhere.
func BenchmarkDense(b *testing.B) {
	v := variousTexts{mustParse(b, variousRules), newRand(1)}
	var text []byte
	for len(text) < 200_000 {
		text = append(text, v.text()...)
	}
	m := New(v.rs).Matcher()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Match(text)
	}
}

// BenchmarkManyMatches is a text with 20,000 secrets.
func BenchmarkManyMatches(b *testing.B) {
	text := []byte(strings.Repeat("x = tok_0123456789abcdefghij;\n", 20_000))
	m := New(mustParse(b, variousRules)).Matcher()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if n := len(m.Match(text)); n != 40_000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkNamedRules(b *testing.B) {
	rs := mustParse(b, "[[rules]]\nid='a'\npath='''(?:^|/)\\.netrc$'''\n[[rules]]\nid='b'\npath='''(?i)\\.(?:p12|pfx|jks)$'''\n[[rules]]\nid='c'\npath='''(^|/)id_(rsa|dsa|ed25519)$'''\n")
	d := New(rs)
	for b.Loop() {
		d.NamedRules("src/net/http/internal/testcert/testcert.go", "")
	}
}
