package detect

import (
	"fmt"
	"strings"
	"testing"
)

// judged is what becomes of the only match at a place: "-" none there, "kept", or who suppresses it and why.
func judged(t *testing.T, rules, text, path, commit string) string {
	t.Helper()
	d := New(mustParse(t, rules))
	list := d.Matcher().Match([]byte(text))
	if len(list) == 0 {
		return "-"
	}
	if len(list) > 1 {
		t.Fatalf("%d matches", len(list))
	}
	checkMatch(t, []byte(text), &list[0])
	ok, by := d.PlacedAt(&list[0], path, commit)
	switch {
	case !ok:
		return "-"
	case by == nil:
		return "kept"
	case by.Reason != "":
		return by.By + ": " + by.Reason
	}
	return by.By
}

func TestAllowlists(t *testing.T) {
	const commit = "AB12ab12ab12ab12ab12ab12ab12ab12ab12ab12"
	for _, c := range []struct{ list, want string }{
		{`regexes=['zz']`, "kept"},
		{`regexes=['bcd']`, "allowlist"},
		{`regexes=['key=']`, "kept"},
		{`regexes=['key=']` + "\nregexTarget='match'", "allowlist"},
		{`regexes=['front']` + "\nregexTarget='match'", "kept"},
		{`regexes=['front']` + "\nregexTarget='line'", "allowlist"},
		{`regexes=['^front.*end$']` + "\nregexTarget='line'", "allowlist"},
		{`regexes=['above|below']` + "\nregexTarget='line'", "kept"},
		{`regexes=['zz', '(?i)BCD']`, "allowlist"},
		{`regexes=['BCD', '(?i)z']`, "kept"},
		{`regexes=['\Qzz', 'bcd']`, "allowlist"},
		{`stopwords=['BCD']`, "allowlist"},
		{`stopwords=['key']`, "kept"},
		{`paths=['\.go$']`, "allowlist"},
		{`paths=['\.py$', '^dir/']`, "allowlist"},
		{`paths=['\.py$']`, "kept"},
		{`commits=['ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12']`, "allowlist"},
		{`commits=['ab12ab12']`, "kept"},
		{`paths=['\.py$']` + "\nregexes=['bcd']", "allowlist"},
		{`paths=['\.go$']` + "\nregexes=['zz']", "allowlist"},
		{"condition='AND'\n" + `paths=['\.go$']` + "\nregexes=['bcd']", "allowlist"},
		{"condition='&&'\n" + `paths=['\.go$']` + "\nregexes=['zz']", "kept"},
		{"condition='and'\n" + `paths=['\.py$']` + "\nregexes=['bcd']", "kept"},
		{"condition='AND'\n" + `stopwords=['bcd']` + "\nregexes=['bcd']", "allowlist"},
		{"condition='AND'\n" + `stopwords=['zz']` + "\nregexes=['bcd']", "kept"},
		{"condition='AND'\n" + `stopwords=['bcd']` + "\nregexes=['zz']", "kept"},
		{"condition='AND'\n" + `paths=['\.go$']` + "\ncommits=['" + commit + "']", "allowlist"},
		{"condition='AND'\n" + `paths=['\.go$']` + "\ncommits=['x']", "kept"},
		{"condition='AND'\n" + `paths=['\.py$']` + "\ncommits=['" + commit + "']", "kept"},
		{"condition='OR'\n" + `paths=['\.py$']` + "\ncommits=['" + commit + "']", "allowlist"},
		{"condition='AND'\ncommits=['" + commit + "']\nstopwords=['bcd']", "allowlist"},
		{"description='why'\nstopwords=['bcd']", "allowlist: why"},
	} {
		const text = "above\nfront key=abcdef end\r\nbelow"
		const rule = "[[rules]]\nid='x'\nregex='''key=([a-f]{6})'''\n"
		for name, rules := range map[string]string{
			"rule":     rule + "[[rules.allowlists]]\n" + c.list,
			"rule old": rule + "[rules.allowlist]\n" + c.list,
			"global":   rule + "[[allowlists]]\n" + c.list,
			"targeted": rule + "[[allowlists]]\ntargetRules=['x']\n" + c.list,
		} {
			if got := judged(t, rules, text, "dir/f.go", commit); got != c.want {
				t.Errorf("%s allowlist\n%s\ngives %q, want %q", name, c.list, got, c.want)
			}
		}
		// Nothing on paths and commits can hold where both are unknown.
		if strings.Contains(c.list, "AND") && (strings.Contains(c.list, "paths") || strings.Contains(c.list, "commits")) {
			if got := judged(t, rule+"[[allowlists]]\n"+c.list, text, "", ""); got != "kept" {
				t.Errorf("without a place, %s gives %q", c.list, got)
			}
		}
	}
}

func TestComments(t *testing.T) {
	const rule = "[[rules]]\nid='x'\nregex='''key=([a-f]{6}\\n?[a-f]*)'''\n"
	far := strings.Repeat(" ", LineReach+10)
	for _, c := range []struct{ text, want string }{
		{"key=abcdef # gitleaks:allow", "comment"},
		{"key=abcdef # rummage:allow", "comment"},
		{"key=abcdef # rummage:allow a test's key\nnext", "comment: a test's key"},
		{"key=abcdef /* rummage:allow: fixture */ more", "comment: fixture"},
		{"key=abcdef <!-- rummage:allow [fixture] -->", "comment: fixture"},
		{"/* rummage:allow old */ key=abcdef", "comment: old"},
		{"rummage:allow key=abcdef", "comment"},
		{"gitleaks:allow\nkey=abcdef", "kept"},
		{"key=abcdef\ngitleaks:allow", "kept"}, // the line feed is matched, and trimmed
		{"key=abcdef\n\ngitleaks:allow", "kept"},
		{"key=abcdef # betterleaks:allow", "kept"},
		{"key=abcdef # trufflehog:ignore", "kept"},
		{"key=abcdef" + far + "gitleaks:allow", "kept"},
		{"gitleaks:allow" + far + "key=abcdef", "kept"},
	} {
		got := judged(t, rule, c.text, "", "")
		if got != c.want {
			t.Errorf("%q gives %q, want %q", c.text, got, c.want)
		}
		if strings.Contains(got, "abcdef") {
			t.Errorf("%q: the reason holds the secret", c.text)
		}
	}
}

// FuzzAllowlist holds the judgement of content and place to the definition written out in full.
func FuzzAllowlist(f *testing.F) {
	f.Add("a+", "b", "stop", "dir/", "abc", uint8(0), "xx stopa", "match xx stopa", "dir/f", "abc")
	f.Add("", "^x", "", "", "", uint8(3), "x", "y", "", "")
	f.Fuzz(func(t *testing.T, re1, re2, stop, path1, commit1 string, flags uint8, secret, match, path, commit string) {
		a := &Allowlist{All: flags&1 != 0, Target: TargetSecret}
		if flags&2 != 0 {
			a.Target = TargetMatch
		}
		for _, re := range []string{re1, re2} {
			if _, reason := parseRegexp(re); reason != "" {
				return
			}
		}
		if _, reason := parseRegexp(path1); reason != "" {
			return
		}
		if flags&4 != 0 {
			a.Regexes = []string{re1, re2}
		}
		if flags&8 != 0 && stop != "" {
			a.Stopwords = []string{strings.ToLower(stop)}
		}
		if flags&16 != 0 {
			a.Paths = []string{path1}
		}
		if flags&32 != 0 && commit1 != "" {
			a.Commits = []string{strings.ToLower(commit1)}
		}
		target := secret
		if a.Target == TargetMatch {
			target = match
		}
		var content, place []bool
		if a.Regexes != nil {
			content = append(content, target != "" && (mustCompile(re1).MatchString(target) || mustCompile(re2).MatchString(target)))
		}
		if a.Stopwords != nil {
			content = append(content, strings.Contains(strings.ToLower(secret), a.Stopwords[0]))
		}
		if a.Paths != nil {
			place = append(place, path != "" && mustCompile(path1).MatchString(path))
		}
		if a.Commits != nil {
			place = append(place, commit != "" && strings.EqualFold(a.Commits[0], commit))
		}
		check := func(what string, got bool, parts []bool) {
			want := len(parts) > 0 && a.All
			for _, p := range parts {
				if a.All {
					want = want && p
				} else {
					want = want || p
				}
			}
			if got != want {
				t.Errorf("%s: %v, want %v of %v, all=%v", what, got, want, parts, a.All)
			}
		}
		check("content", a.allowsContent([]byte(secret), []byte(match), func() []byte { return nil }), content)
		check("place", a.allowsPlace(path, commit), place)
	})
}

func TestLineAround(t *testing.T) {
	long := strings.Repeat("x", 3*LineReach)
	for _, c := range []struct {
		text       string
		start, end int
		want       string
	}{
		{"abc", 1, 2, "abc"},
		{"a\nbc\nd", 2, 3, "bc"},
		{"a\r\nbc\r\nd", 3, 5, "bc"},
		{"a\nbc\nd\ne", 3, 6, "bc\nd"},
		{"a\nbc", 2, 4, "bc"},
		{long, 2 * LineReach, 2*LineReach + 1, long[:2*LineReach]},
	} {
		line, at := lineAround([]byte(c.text), c.start, c.end)
		if string(line) != c.want || c.text[at:at+len(line)] != c.want {
			t.Errorf("%.20q %d-%d: %d bytes %.20q at %d", c.text, c.start, c.end, len(line), line, at)
		}
	}
}

func TestEntropy(t *testing.T) {
	for s, want := range map[string]string{"": "0.000000", "aaaa": "0.000000", "ab": "1.000000", "abcd": "2.000000", "aab": "0.918296",
		"éé": "0.500000", "aéb€": "1.604203"} {
		if got := fmt.Sprintf("%.6f", entropy([]byte(s))); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
