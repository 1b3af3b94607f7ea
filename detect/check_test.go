package detect

import (
	"slices"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// good is a rule of ours without a fault; each case of TestCheck spoils it.
const good = `
[[rules]]
id = "acme-key"
description = "Key of Acme"
regex = '''\b(acme_[a-z0-9]{20})\b'''
keywords = ["acme_"]
remedy = "Revoke it."
examples = ["key: {{lit acme_}}{{loweralnum 20}}", "acme_{{loweralnum 20}};"]
non_examples = ["acme_{{loweralnum 19}}"]
`

func TestCheck(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{`"acme-key"`, `"Acme_Key"`, "error: Acme_Key: the id is not lower case"},
		{`"Key of Acme"`, `" "`, "error: acme-key: no description"},
		{`"Revoke it."`, `""`, "error: acme-key: no remedy"},
		{`, "acme_{{loweralnum 20}};"`, ``, "error: acme-key: 1 examples, want at least 2"},
		{`non_examples = ["acme_{{loweralnum 19}}"]`, ``, "error: acme-key: no non-example"},
		{`["acme_"]`, `["ac"]`, `warning: acme-key: keyword "ac" is short`},
		{`["acme_"]`, `["acme_", "other"]`, ""},
		{`["acme_"]`, `["acme_key"]`, "error: acme-key: the keywords are not necessary"},
		{`keywords = ["acme_"]`, ``, "warning: acme-key: no keywords"},
		{`{20}`, `{20,}`, "warning: acme-key: the length of matches is not bounded"},
		{`\b(acme_[a-z0-9]{20})\b`, `(acme_[a-z0-9]{20})?`, "error: acme-key: the regexp matches the empty text"},
		{`20}};"`, `21}};"`, "error: acme-key: example 2, seed 1: is not found"},
		{`20}};"`, `20}} gitleaks:allow"`, "error: acme-key: example 2, seed 1: is suppressed"},
		{`20}};"`, `20}};", "acme_{{loweralnum}}"`, "error: acme-key: example 3: example: offset 5"},
		{`19}}`, `20}}`, "error: acme-key: non-example 1, seed 1: is found"},
		{`remedy =`, "entropy = 9.0\nremedy =", "error: acme-key: example 1, seed 1: is not found"},
		{``, rule("acme-z", `acme_([a-z0-9]{20})`, "specificity=200", `keywords=["acme_"]`), "error: acme-key: example 1, seed 1: is found by acme-z and not by this rule"},
		{``, rule("acme-z", `(key|acme_[a-z0-9]{20};)`, `keywords=["key", "acme_"]`), "error: acme-key: example 1, seed 1: is found by acme-z too"},
		{``, rule("acme-z", `(key|acme_[a-z0-9]{20};)`, `keywords=["key", "acme_"]`, "path='z'"), ""},
		{``, rule("aaa", `aaa`, `keywords=["aaa"]`), "error: acme-key: stands before aaa"},
		{`remedy =`, "path = '''only/here'''\nremedy =", ""},
	} {
		text := good
		if c.from == "" {
			text += c.to
		} else {
			text = strings.ReplaceAll(text, c.from, c.to)
		}
		var got []string
		for _, p := range (Checker{}).Check(mustParse(t, text)) {
			if s := p.String(); !strings.Contains(s, ": acme-z: ") && !strings.Contains(s, ": aaa: no") && !strings.Contains(s, "aaa: 0 ex") {
				got = append(got, s)
			}
		}
		if c.want == "" && len(got) == 0 {
			continue
		}
		if c.want == "" || len(got) == 0 || !strings.Contains(got[0], c.want) || !strings.HasPrefix(got[0], "rules.toml:") {
			t.Errorf("%q for %q: got %q, want %q", c.to, c.from, got, c.want)
		}
	}
}

// TestCheckNames: the examples of a rule of names are paths.
func TestCheckNames(t *testing.T) {
	text := strings.Replace(good, `regex = '''\b(acme_[a-z0-9]{20})\b'''`, `path = '''(^|/)\.acme$'''`, 1)
	text = strings.Replace(text, `keywords = ["acme_"]`, "", 1)
	text = strings.Replace(text, `["key: {{lit acme_}}{{loweralnum 20}}", "acme_{{loweralnum 20}};"]`, `[".acme", "{{word}}/.acme", "x.acme"]`, 1)
	got := Checker{}.Check(mustParse(t, text))
	if len(got) != 1 || !strings.Contains(got[0].Text, "example 3, seed 1: is not found") {
		t.Errorf("got %v", got)
	}
}

// TestCheckForeign: of a rule of gitleaks' kind no examples are asked, and keywords that are not necessary are only
// worth a warning.
func TestCheckForeign(t *testing.T) {
	got := Checker{}.Check(mustParse(t, "[[rules]]\nid='X'\nregex='abc|def'\nkeywords=['abc']\n"))
	if len(got) != 2 || slices.ContainsFunc(got, func(p Problem) bool { return !p.Warning }) {
		t.Errorf("got %v", got)
	}
}

// TestCheckRead: examples of rules for structured files are run through the reader that the caller has.
func TestCheckRead(t *testing.T) {
	rs := mustParse(t, `
[[rules]]
id = "env-secret"
description = "Secret in ENV"
in = ["dockerfile.env"]
key = "SECRET"
remedy = "Take it out."
examples = ["ENV SECRET={{alnum 8}}", "ENV A_SECRET={{alnum 8}}", "ENV SECRETE {{alnum 8}}"]
non_examples = ["ENV OTHER={{alnum 8}}"]
`)
	if got := (Checker{}).Check(rs); len(got) != 0 {
		t.Errorf("without a reader: %v", got)
	}
	read := func(_ *Rule, text string) Reading {
		name, value, ok := strings.Cut(strings.TrimPrefix(text, "ENV "), "=")
		if !ok {
			return Reading{}
		}
		return Reading{Assignments: []assignment.Assignment{{Context: "dockerfile.env", Name: assignment.Span{Start: 4, End: 4 + len(name)},
			Value: assignment.Span{Start: len(text) - len(value), End: len(text)}}}}
	}
	got := Checker{Read: read}.Check(rs)
	if len(got) != 1 || !strings.Contains(got[0].Text, "example 3, seed 1: is not found") {
		t.Errorf("got %v", got)
	}
}
