package detect

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func mustParse(t testing.TB, text string) *Ruleset {
	t.Helper()
	rs, err := Parse("rules.toml", []byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestParseErrors: each file is wrong in one way, and the error names the line and says what.
func TestParseErrors(t *testing.T) {
	for _, c := range parseErrorCases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("r.toml", []byte(c.text), Options{})
			var pe *ParseError
			if !errors.As(err, &pe) {
				t.Fatalf("error %v, want a ParseError", err)
			}
			if pe.Line != c.line || !strings.Contains(pe.Reason, c.reason) {
				t.Errorf("got %q, want line %d and %q", err, c.line, c.reason)
			}
			if strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("error of several lines: %q", err)
			}
		})
	}
}

var parseErrorCases = []struct {
	name, text string
	line       int
	reason     string
}{
	{"syntax", "title = 'x'\nrules = [1\n\n", 3, "expected"},
	{"deep arrays", "\na = " + strings.Repeat("[", 100_000), 2, "nested more than"},
	{"deep tables", "\n# [\na = " + strings.Repeat("{a=", 100_000), 3, "nested more than"},
	{"deep key", strings.Repeat("a.", 100_000) + "b=1", 1, "nested more than"},
	{"deep header", "\n[" + strings.Repeat("a.", 100_000) + "b]", 2, "nested more than"},
	{"unknown top key", "title = 'x'\n\nrulez = 1\n", 3, `unknown key "rulez"`},
	{"unknown rule key", "[[rules]]\nid='a'\nregex='a'\n[[rules]]\nid='b'\nregex='b'\nentropi=3\n", 7, `unknown key "entropi"`},
	{"unknown allowlist key", "[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nregexes=['x']\n[[rules.allowlists]]\nregexes=['y']\nfiles=['z']\n", 8, `unknown key "files"`},
	{"bad regex", "[[rules]]\nid='a'\n# regex = '('\nregex = '''a(b'''\n", 4, "rule a: regex: bad regexp: missing closing )"},
	{"bad path", "[[rules]]\nid='a'\npath = '[z-a]'\n", 3, "invalid character class range"},
	{"bad regex in a list", "[allowlist]\nregexes = [\n  'fine', # comment\n  '''also\n[fine]''',\n  '+',\n]\n", 6, "missing argument to repetition"},
	{"repeat too large", "[[rules]]\nid='a'\nregex='a{1001}'\n", 3, "invalid repeat count"},
	{"no id", "[[rules]]\nregex='a'\n", 1, "rule without id"},
	{"neither regex nor path", "[[rules]]\nid='a'\nregex='a'\n\n[[rules]]\nid='b'\n", 5, "neither regex nor path"},
	{"group", "[[rules]]\nid='a'\nregex='(a)'\nsecretGroup=2\n", 4, "secretGroup is 2"},
	{"negative group", "[[rules]]\nid='a'\nregex='(a)'\nsecretGroup=-2\n", 4, "negative"},
	{"entropy", "[[rules]]\nid='a'\nregex='(a)'\nentropy='much'\n", 4, "entropy: want a number"},
	{"nan", "[[rules]]\nid='a'\nregex='(a)'\nentropy=nan\n", 4, "entropy is no number"},
	{"condition", "[[allowlists]]\nregexes=['a']\ncondition='xor'\n", 3, "none of OR, AND"},
	{"target", "[[allowlists]]\nregexes=['a']\nregexTarget='file'\n", 3, "none of secret, match, line"},
	{"empty allowlist", "[[allowlists]]\ndescription='x'\n", 1, "without commits, paths, regexes or stopwords"},
	{"both allowlists", "[[allowlists]]\nregexes=['a']\n[allowlist]\nregexes=['a']\n", 3, "exclude one another"},
	{"both rule allowlists", "[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nregexes=['a']\n[rules.allowlist]\nregexes=['a']\n", 6, "exclude one another"},
	{"required", "[[rules]]\nid='a'\nregex='a'\n[[rules.required]]\nid='b'\n", 4, `no rule "b"`},
	{"required without id", "[[rules]]\nid='a'\nregex='a'\n[[rules.required]]\nwithinLines=3\n", 4, "no id"},
	{"targetRules", "[[rules]]\nid='a'\nregex='a'\n[[allowlists]]\nregexes=['a']\ntargetRules=['b']\n", 6, `no rule "b"`},
	{"extend both", "[extend]\nuseDefault=true\npath='x'\n", 3, "exclude one another"},
	{"extend nothing", "[extend]\nuseDefault=true\n", 2, "no default rules"},
	{"extend unreadable", "[extend]\npath='x'\n", 2, "cannot be read"},
	{"minVersion", "minVersion='new'\n", 1, "no version number"},
	{"type", "[[rules]]\nid={}\n", 2, "want a string, have a table"},
	{"key twice", "[[rules]]\nid='a'\nID='b'\n", 2, "given twice"},
	{"severity", "[[rules]]\nid='a'\nregex='a'\nseverity='bad'\n", 4, "none of critical, high"},
	{"kind", "[[rules]]\nid='a'\nregex='a'\nkind='bad'\n", 4, "none of secret, exposure"},
	{"checksum", "[[rules]]\nid='a'\nregex='a'\nchecksum='bad'\n", 4, "none of "},
	{"checksum_wrong", "[[rules]]\nid='a'\nregex='a'\nchecksum_wrong='drop'\n", 4, "without checksum"},
	{"filter", "[[rules]]\nid='a'\nregex='a'\nfilter='bad'\n", 4, "none of "},
	{"context", "[[rules]]\nid='a'\nin=['Text']\nkey='a'\n", 3, "no context"},
	{"in and regex", "[[rules]]\nid='a'\nregex='a'\nin=['text.assignment']\nkey='a'\n", 4, "exclude one another"},
	{"in without key", "[[rules]]\nid='a'\nin=['a.b']\n", 3, "without key, value or a path alone"},
	{"key without in", "[[rules]]\nid='a'\nregex='a'\nkey='b'\n", 4, "need in"},
	{"text without keywords", "[[rules]]\nid='a'\nkey='b'\nin=['text.assignment']\n", 4, "needs keywords"},
	{"id twice in ours", "[[rules]]\nid='a'\nregex='a'\nseverity='low'\n[[rules]]\nid='a'\nregex='a'\n", 6, "given twice"},
}

// TestParseLikeGitleaks: spellings that gitleaks' reader accepts mean the same here.
func TestParseLikeGitleaks(t *testing.T) {
	rs := mustParse(t, `
TITLE = "x"
minVersion = "v8.25.0"
[extend]
url = "https://example.com"
[[Rules]]
ID = "b"
Regex = "b+(c)"
Entropy = "3.5"
SECRETGROUP = "1"
keywords = "One,TWO"
tags = 7
[Rules.allowlist]
stopWords = ["Foo", ""]
commits = [" ABCDEF "]
[[Rules]]
id = "a"
path = "x"
skipReport = "true"
description = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ a.b.c \"{"
`)
	b := rs.Rule("b")
	if rs.Rules()[0].ID != "a" || b == nil || !rs.Rule("a").SkipReport {
		t.Fatalf("rules %v", rs.Rules())
	}
	if b.Entropy != 3.5 || b.SecretGroup != 1 || strings.Join(b.Keywords, " ") != "one two" || b.Tags[0] != "7" {
		t.Errorf("rule b is %+v", b)
	}
	a := b.Allowlists[0]
	if strings.Join(a.Stopwords, " ") != "foo" || a.Commits[0] != "abcdef" || a.All || a.Target != TargetSecret {
		t.Errorf("allowlist is %+v", a)
	}
	if b.Kind != KindSecret || b.Severity != "high" || b.Specificity != DefaultSpecificity || !b.Foreign {
		t.Errorf("defaults of %+v", b)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range parseErrorCases {
		f.Add(c.text)
	}
	f.Add("[[rules]]\nid = 'a'\nregex = '''x(y)'''\nkeywords = ['k']\n[rules.allowlist]\npaths=['a','b']\n")
	f.Fuzz(func(t *testing.T, text string) {
		load := func(string) ([]byte, error) { return []byte("[[rules]]\nid='base'\nregex='base'\n"), nil }
		rs, err := Parse("r.toml", []byte(text), Options{Load: load, Default: []byte("[[rules]]\nid='d'\nregex='d'\n")})
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Line < 1 || pe.Line > strings.Count(text, "\n")+1 && pe.File == "r.toml" || pe.Reason == "" {
				t.Fatalf("error without a line: %#v", err)
			}
			if strings.ContainsRune(pe.Reason, '\n') {
				t.Fatalf("reason of several lines: %q", pe.Reason)
			}
			return
		}
		for i, r := range rs.Rules() {
			if i > 0 && rs.Rules()[i-1].ID >= r.ID {
				t.Fatalf("not sorted: %q, %q", rs.Rules()[i-1].ID, r.ID)
			}
		}
		New(rs).Matcher().Match([]byte(text))
	})
}
