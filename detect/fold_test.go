package detect

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"rummage/detect/reach"
)

var foldCases = []string{
	`(?i)key`, `(?i)s`, `(?i)passwords?\s*=`, `(?i)[a-z]{3}`, `(?i)(?:sk|ks)-([a-z0-9]{4})`, `(?i)[^k]s`, `sk_(?i:test|live)`,
	`(?i)(?P<name>k+?)(k*)`, `[\x{17f}]`, `(?i)x{2}`, `(?is)sk.*?s$`, `(?im)^ask\b`, `\pL`, `(?i)\QSKS\E.`, `(?i)é?s`,
}

// TestFoldASCII: over text without the two characters the changed expression is the old one, groups and all, and it
// never matches them in the place of a letter.
func TestFoldASCII(t *testing.T) {
	texts := []string{"key KEY Key", "passwords = x", "PASSWORD=", "sk-abcd KS-0000", "kkkk", "sk_live SK_TEST", "ask\nASK", "abc éS", "x", "XxxX", "\u017fks", "ask\n\u212a"}
	for _, expr := range foldCases {
		was, is := regexp.MustCompile(expr), regexp.MustCompile(foldASCII(expr))
		for _, text := range texts[:len(texts)-2] {
			if a, b := fmt.Sprint(was.FindAllStringSubmatchIndex(text, -1)), fmt.Sprint(is.FindAllStringSubmatchIndex(text, -1)); a != b {
				t.Errorf("%s became %s: on %q %s, was %s", expr, is, text, b, a)
			}
		}
		if was.NumSubexp() != is.NumSubexp() || fmt.Sprint(was.SubexpNames()) != fmt.Sprint(is.SubexpNames()) {
			t.Errorf("%s became %s: other groups", expr, is)
		}
	}
	for expr, text := range map[string]string{`(?i)key`: "\u212aey", `(?i)pass`: "pa\u017f\u017f", `(?i)[a-z]{3}`: "a\u017fb", `(?i)[ks]`: "\u212a"} {
		if !regexp.MustCompile(expr).MatchString(text) {
			t.Errorf("%s does not match %q: the test is none", expr, text)
		}
		if regexp.MustCompile(foldASCII(expr)).MatchString(text) {
			t.Errorf("%s still matches %q", expr, text)
		}
	}
	if info, err := reach.Analyze(foldASCII(`(?i)[a-z]{10}`)); err != nil || info.MaxLen != 10 {
		t.Errorf("longest match %d, want 10 (%v)", info.MaxLen, err)
	}
}

func FuzzFoldASCII(f *testing.F) {
	for _, expr := range foldCases {
		f.Add(expr, "ask a Key: sk-abcd KS")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if strings.ContainsAny(text, "\u017f\u212a") || len(expr) > 200 || len(text) > 2000 {
			return
		}
		was, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		is, err := regexp.Compile(foldASCII(expr))
		if err != nil {
			t.Fatalf("%q became %q: %v", expr, foldASCII(expr), err)
		}
		a, b := fmt.Sprint(was.FindAllStringSubmatchIndex(text, -1)), fmt.Sprint(is.FindAllStringSubmatchIndex(text, -1))
		if a != b {
			t.Fatalf("%q became %q: on %q %s, was %s", expr, is, text, b, a)
		}
	})
}

// FuzzPrintRegexp: what is printed parses and matches the same, groups and all.
func FuzzPrintRegexp(f *testing.F) {
	for _, expr := range slices.Concat(foldCases, extentCases, []string{`(?:)|a??b{2,}?c{0,3}d{4}$`, `(?m)^a$|\Ab\z`, `(?U)a+`, `[^\x00-\x{10FFFF}]`, `\B.(?s).`, `[\]^\\-]`}) {
		f.Add(expr, "ask a key: sk-abcd KS\naab bccdddd ^]")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 200 || len(text) > 2000 {
			return
		}
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return
		}
		was, is := regexp.MustCompile(expr), regexp.MustCompile(printRegexp(re))
		a, b := fmt.Sprint(was.FindAllStringSubmatchIndex(text, -1)), fmt.Sprint(is.FindAllStringSubmatchIndex(text, -1))
		if a != b || fmt.Sprint(was.SubexpNames()) != fmt.Sprint(is.SubexpNames()) {
			t.Fatalf("%q printed as %q: on %q %s, was %s", expr, is, text, b, a)
		}
	})
}
