package hook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rummage/gitscan"
	"rummage/scan"
)

var (
	zero = strings.Repeat("0", 40)
	one  = strings.Repeat("1", 40)
)

func TestReadUpdates(t *testing.T) {
	for lines, want := range map[string][]gitscan.Update{
		"":                                      nil,
		zero + " " + one + " refs/heads/main\n": {{Ref: "refs/heads/main", Old: zero, New: one}},
		one + " " + zero + " refs/x y\t\xff\n" + zero + " " + one + " refs/tags/t\n": {{Ref: "refs/x y\t\xff", Old: one, New: zero}, {Ref: "refs/tags/t", Old: zero, New: one}},
	} {
		if got, err := ReadUpdates(strings.NewReader(lines)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", lines, got, err)
		}
	}
	for _, lines := range []string{
		"\n", "x\n", zero + "\n", zero + " " + one + "\n", zero + " " + one + " \n", zero + " " + one + " refs/heads/main",
		zero + " " + one[1:] + " refs/a\n", strings.ToUpper(strings.Repeat("a", 40)) + " " + one + " refs/a\n", zero + "  refs/a\n",
		zero + " " + one + " refs/a\x00b\n", zero + " " + strings.Repeat("1", 64) + " refs/a\n",
		zero + " " + one + " refs/a\n" + strings.Repeat("0", 64) + " " + strings.Repeat("1", 64) + " refs/b\n",
		zero + " " + one + " refs/" + strings.Repeat("a", maxLine) + "\n",
	} {
		if got, err := ReadUpdates(strings.NewReader(lines)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.100q: %v, %v", lines, got, err)
		}
	}
}

func FuzzReadUpdates(f *testing.F) {
	f.Add(zero + " " + one + " refs/heads/main\n")
	f.Fuzz(func(t *testing.T, lines string) {
		updates, err := ReadUpdates(strings.NewReader(lines))
		if err != nil {
			return
		}
		var b strings.Builder
		for _, u := range updates {
			b.WriteString(u.Old + " " + u.New + " " + u.Ref + "\n")
		}
		if b.String() != lines {
			t.Errorf("%q read as %q", lines, b.String())
		}
	})
}

// TestAction: the milder of severity and kind holds, and the strictest of several refs.
func TestAction(t *testing.T) {
	p, err := ParsePolicy([]byte(`
severity = {medium = "warn"}
[[ref]]
pattern = "refs/heads/release/*"
severity = {low = "block"}
kind = {exposure = "block"}
[[ref]]
pattern = "refs/heads/*"
kind = {secret = "ignore"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		severity string
		kind     scan.Kind
		refs     string
		want     Action
	}{
		{"critical", "secret", "refs/tags/v1", Block},
		{"medium", "secret", "refs/tags/v1", Warn},
		{"low", "secret", "refs/tags/v1", Warn},
		{"critical", "exposure", "refs/tags/v1", Warn},
		{"low", "secret", "refs/heads/release/1/2", Block},
		{"high", "exposure", "refs/heads/release/1", Block},
		{"critical", "secret", "refs/heads/main", Ignore},
		{"critical", "secret", "refs/heads/main refs/tags/v1", Block},
		{"odd", "secret", "refs/tags/v1", Block},
	} {
		f := scan.Finding{Severity: c.severity, Kind: c.kind}
		if got := p.action(&f, strings.Fields(c.refs)); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestPolicyRefuses(t *testing.T) {
	for _, text := range []string{
		"x", "x = 1", `fail = "maybe"`, `time = "0s"`, `time = "1h"`, `max_blob = -1`, `max_blob = 2000000000`, `max_blob = "x"`, `max_blob = 1.5`,
		`max_memory = 1000`, `max_memory = "1MB"`, `max_push = 0`, `audit = "syslog:none"`, `known = "no"`, `[severity]` + "\nbad = \"warn\"",
		`[severity]` + "\nhigh = \"maybe\"", `[kind]` + "\nbad = \"warn\"", "[[ref]]\nseverity = {}", `comments = ["bad"]`,
		"[bypass]\nnever = [\"bad\"]", "[[exempt]]\nvariable = \"A\"", "audit = \"x\"\n[[exempt]]\nusers = [\"A\"]", `fail = "open"`,
		"audit = \"x\"\n[sweep]", "audit = \"x\"\n[sweep]\nconfig = \"a.toml\"", "[sweep]\nconfig = \"/a.toml\"", "audit = \"x\"\n[sweep]\ndatabase = \"/a\"",
		"audit = \"x\"\n[sweep]\nconfig = \"/a\"\nkey_file = \"/k\"", "audit = \"x\"\n[sweep]\nconfig = \"/a\"\ndeadline = \"1h\"",
		"audit = \"x\"\n[sweep]\ndatabase = \"postgres://a:b@c/d\"\nkey_file = \"/k\"", "audit = \"x\"\n[sweep]\ndatabase = \"a\"\nkey_file = \"/k\"",
		"[[exempt]]\nvariable = \"A\"\nusers = [\"b\"]", "audit = \"x\"\n[[exempt]]\nvariable = \"A\"\nusers = [\"\"]",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("fail = \"closed\"\n[[ref]]\npattern = \"*\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePolicy(data)
		if err == nil && (p.Time <= 0 || p.MaxBlob <= 0 || p.MaxMemory < leastMemory || p.MaxPush < 0 || p.FailOpen && p.Audit == "") {
			t.Errorf("%q: %+v", data, p)
		}
	})
}

func FuzzOptions(f *testing.F) {
	f.Add("1", "rummage.allow=0123456789ab", "rummage.reason=x")
	f.Fuzz(func(t *testing.T, count, first, second string) {
		env := map[string]string{"GIT_PUSH_OPTION_COUNT": count, "GIT_PUSH_OPTION_0": first, "GIT_PUSH_OPTION_1": second}
		o, err := readOptions(func(k string) string { return env[k] })
		if err == nil && len(o.allow) > 0 && (o.reason == "" || o.names(&scan.Finding{Fingerprint: "0123456789"})) {
			t.Errorf("%q: %+v", env, o)
		}
	})
}

// FuzzWrap: lines are not too long, have nothing that a terminal obeys, and lose nothing but spaces.
func FuzzWrap(f *testing.F) {
	f.Add("1. ", "a word and "+strings.Repeat("long", 40)+" \x1b[31m ü\n x")
	f.Fuzz(func(t *testing.T, head, text string) {
		head = strings.Repeat(" ", len(head)%20)
		joined := ""
		for _, l := range wrap(head, text, width) {
			if utf8.RuneCountInString(l) > width || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q", l)
			}
			joined += l
		}
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := strip(joined), strip(strings.Join(wrap("", text, 1<<20), "")); got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}

// TestMiddleOut: of a long text its beginning and end are told, in whole characters, and a text that is not long stays.
func TestMiddleOut(t *testing.T) {
	for _, s := range []string{"", "a/b", strings.Repeat("ü", maxText), strings.Repeat("\xff", maxText)} {
		if got := middleOut(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	for _, s := range []string{strings.Repeat("d/", 10_000), strings.Repeat("ü", maxText+1), strings.Repeat("\xff\u202e", 1000)} {
		s = "begin/" + s + "/end"
		got := middleOut(s)
		head, tail, ok := strings.Cut(got, " [...] ")
		if !ok || utf8.RuneCountInString(got) > maxText || !strings.HasPrefix(s, head) || !strings.HasSuffix(s, tail) ||
			!strings.HasPrefix(got, "begin/") || !strings.HasSuffix(got, "/end") || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%.50q became %q", s, got)
		}
	}
}

// TestAppendEvents: lines are added, to a file that its owner alone reads, and never to what a link leads to.
func TestAppendEvents(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	for range 2 {
		if err := appendEvents(log, []Event{newEvent(eventWarn)}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(log)
	if err != nil || strings.Count(string(data), "\n") != 2 {
		t.Errorf("%q, %v", data, err)
	}
	if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(log, link); err != nil {
		t.Fatal(err)
	}
	if err := appendEvents(link, []Event{newEvent(eventWarn)}); err == nil {
		t.Error("a link was followed")
	}
}
