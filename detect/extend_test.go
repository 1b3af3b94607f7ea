package detect

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const baseRules = `
[[allowlists]]
description = "base's"
stopwords = ["base"]
[[allowlists]]
targetRules = ["one"]
regexes = ["lost"]
[[rules]]
id = "one"
description = "of base"
regex = '''one(\d+)'''
entropy = 2.5
keywords = ["one"]
tags = ["base"]
[rules.allowlist]
stopwords = ["base"]
[[rules]]
id = "two"
regex = '''two'''
[[rules]]
id = "three"
regex = '''three'''
path = '''p'''
[[rules.required]]
id = "two"
`

func parseFiles(t *testing.T, main string, files map[string]string) (*Ruleset, error) {
	t.Helper()
	return Parse("main.toml", []byte(main), Options{
		Default: []byte(baseRules),
		Load: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, errors.New("no such file")
		},
	})
}

func TestExtend(t *testing.T) {
	rs, err := parseFiles(t, `
[extend]
path = "base"
disabledRules = ["two", "four"]
[[allowlists]]
description = "mine"
stopwords = ["main"]
[[allowlists]]
targetRules = ["one", "three"]
stopwords = ["both"]
[[rules]]
id = "one"
entropy = 3
keywords = ["eins"]
tags = ["main"]
[[rules.allowlists]]
regexes = ["x"]
[[rules]]
id = "three"
description = "of main"
regex = "trois"
skipReport = true
[[rules]]
id = "zero"
regex = "zero"
`, map[string]string{"base": baseRules})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range rs.Rules() {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "one three zero" {
		t.Errorf("rules %s", got)
	}
	one, three := rs.Rule("one"), rs.Rule("three")
	if one.Description != "of base" || one.Regex != `one(\d+)` || one.Entropy != 3 ||
		fmt.Sprint(one.Keywords, one.Tags) != "[one eins] [base main]" {
		t.Errorf("one is %+v", one)
	}
	// The rule's own, base's first; then that of targetRules. Base's allowlist with targetRules is lost, as in gitleaks.
	if n := len(one.Allowlists); n != 3 || one.Allowlists[0].Stopwords[0] != "base" || one.Allowlists[2].Stopwords[0] != "both" {
		t.Errorf("one has allowlists %v", one.Allowlists)
	}
	if three.Description != "of main" || three.Regex != "trois" || three.Path != "p" || three.SkipReport || len(three.Required) != 1 {
		t.Errorf("three is %+v", three)
	}
	if a := rs.Allowlists(); len(a) != 2 || a[0].Description != "mine" || a[1].Description != "base's" {
		t.Errorf("allowlists %v", a)
	}
	notices := strings.Join(rs.Notices(), "\n")
	for _, want := range []string{`main.toml:4: disabledRules: base has no rule "four"`, "base:6: targetRules of an extended file"} {
		if !strings.Contains(notices, want) {
			t.Errorf("notices %q lack %q", notices, want)
		}
	}
	// "three" requires a rule that is disabled, so it never matches.
	if list := New(rs).Matcher().Match([]byte("trois two")); len(list) != 0 {
		t.Errorf("matches %v", list)
	}
}

func TestExtendDefault(t *testing.T) {
	rs, err := parseFiles(t, "[extend]\nuseDefault = true\n[[rules]]\nid='one'\nsecretGroup=1\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := rs.Rule("one"); len(rs.Rules()) != 3 || r.SecretGroup != 1 || r.Entropy != 2.5 {
		t.Errorf("one is %+v", r)
	}
}

// TestExtendDepth: a third file is still read, what it extends is not.
func TestExtendDepth(t *testing.T) {
	file := func(id, next string) string {
		return fmt.Sprintf("[extend]\npath='%s'\n[[rules]]\nid='%s'\nregex='%s'\n", next, id, id)
	}
	rs, err := parseFiles(t, file("a", "b"), map[string]string{"b": file("b", "c"), "c": file("c", "d"), "d": file("d", "a")})
	if err != nil {
		t.Fatal(err)
	}
	if rs.Rule("a") == nil || rs.Rule("b") == nil || rs.Rule("c") == nil || rs.Rule("d") != nil {
		t.Errorf("rules %v", rs.byID)
	}
}

func TestExtendErrors(t *testing.T) {
	for _, c := range []struct{ main, base, want string }{
		{"[extend]\npath='none'\n", "", "main.toml:2: extend: no such file"},
		{"[extend]\npath='base'\n", "\n\n[[rules]]\nid='x'\nregex='('\n", "base:5: rule x: regex: bad regexp: missing closing ): `(`"},
		{"[extend]\npath='base'\n[[rules]]\nid='x'\nentropy=3\n", "[[rules]]\nid='y'\nregex='y'\n", "main.toml:3: rule x: neither regex nor path"},
		{"[extend]\npath='base'\n[[rules]]\nid='y'\nsecretGroup=2\n", "[[rules]]\nid='y'\nregex='(y)'\n", "main.toml:5: rule y: secretGroup is 2, the regexp has 1 groups"},
		{"[extend]\npath='base'\n[[rules]]\nid='y'\nregex='z'\n[[rules.required]]\nid='x'\n", "[[rules]]\nid='x'\nregex='x'\n", `main.toml:6: rule y: required: no rule "x" in this file`},
	} {
		if _, err := parseFiles(t, c.main, map[string]string{"base": c.base}); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

func TestMerge(t *testing.T) {
	a := mustParse(t, "[[rules]]\nid='x'\nregex='a'\ntags=['a']\n[[rules]]\nid='y'\nregex='y'\n[allowlist]\nstopwords=['s']\n")
	b := mustParse(t, "[[rules]]\nid='x'\nregex='b'\n[[rules]]\nid='w'\nregex='w'\n")
	rs, err := Merge(a, nil, b)
	if err != nil {
		t.Fatal(err)
	}
	if len(rs.Rules()) != 3 || rs.Rule("x").Regex != "b" || rs.Rule("x").Tags != nil || len(rs.Allowlists()) != 1 {
		t.Errorf("merged %+v", rs.Rule("x"))
	}
}

// TestHash: the hash knows what changes matches, and only that.
func TestHash(t *testing.T) {
	const text = "[[rules]]\nid='x'\nregex='a'\nkeywords=['k','l']\n[[rules]]\nid='y'\nregex='b'\n[[rules.allowlists]]\nregexes=['r']\n"
	hash := mustParse(t, text).Hash()
	if len(hash) != 64 {
		t.Fatalf("hash %q", hash)
	}
	swapped := "[[rules]]\nid='y'\nregex='b'\n[[rules.allowlists]]\nregexes=['r']\n[[rules]]\ndescription='d'\nid='x'\nregex='a'\nkeywords=['K','l']\ntags=['t']\n"
	if mustParse(t, swapped).Hash() != hash {
		t.Error("order, tags and descriptions change the hash")
	}
	for _, c := range [][2]string{{"regex='a'", "regex='c'"}, {"id='x'", "id='z'"}, {"['k','l']", "['kl']"}, {"'r'", "'s'"},
		{"id='y'\n", "id='y'\nentropy=1\n"}, {"id='y'\n", "id='y'\nseverity='low'\nspecificity=3\n"}, {"regexes=", "stopwords="}, {"regexes", "condition='AND'\nregexes"}} {
		if mustParse(t, strings.Replace(text, c[0], c[1], 1)).Hash() == hash {
			t.Errorf("%q for %q leaves the hash as it is", c[1], c[0])
		}
	}
}
