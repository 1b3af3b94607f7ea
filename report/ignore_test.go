package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/scan"
)

func readIgnore(t testing.TB, text string) *Ignore {
	t.Helper()
	g, err := ReadIgnore(".rummageignore", strings.NewReader(text), now) // now is 2026-11-20
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func finding1() *scan.Finding { f := sample().Findings[1]; return &f }

func TestIgnoreByFingerprint(t *testing.T) {
	fp := fingerprint(1)
	for _, tt := range []struct {
		line, reason string
		ok           bool
	}{
		{fp, "", true},
		{"  " + strings.ToUpper(fp) + "\t", "", true},
		{fp + " # a test value", "a test value", true},
		{fp + "\t#a test value", "a test value", true},
		{fp + " until=2026-11-20 # to the end of the day", "to the end of the day", true},
		{fp + " until=2026-11-19 # over", "", false},
		{fp + " expires=2027-01-31", "", true},
		{fp + " # rotated until=2027-01-31, see #12", "rotated see #12", true},
		{fp + " # over (until=2026-01-31)", "over (until=2026-01-31)", true}, // not a word by itself
		{fp + " # over expires=2026-01-31.", "", false},
		{"# " + fp, "", false},
		{fingerprint(2), "", false},
	} {
		reason, ok := readIgnore(t, "\ufeff# comment\r\n\r\n"+tt.line+"\r\n").Match(finding1())
		if ok != tt.ok || reason != tt.reason {
			t.Errorf("%q: %q, %v; want %q, %v", tt.line, reason, ok, tt.reason, tt.ok)
		}
	}
}

// gitleaks' forms name places: a finding is covered when all of its places are.
func TestIgnoreByPlace(t *testing.T) {
	at := commit(1, "x")
	one := scan.Finding{Fingerprint: fingerprint(1), Rule: "github-pat", Secret: "abcdefgh", Places: []scan.Place{
		{Path: "dir: a #1/b.txt", Line: 12, EndLine: 12, Column: 3, EndColumn: 11, Introduced: at, Match: "key:\n  abcdefgh"}}}
	two := one
	two.Places = append(slices.Clone(one.Places), scan.Place{Path: "c.txt", Line: 1, Introduced: at})
	for _, tt := range []struct {
		lines    string
		one, two bool
	}{
		{"dir: a #1/b.txt:github-pat:12", true, false},
		{"dir: a #1/b.txt:github-pat:11", true, false}, // where the match begins
		{`dir: a #1\b.txt:github-pat:12`, true, false},
		{at.ID + ":dir: a #1/b.txt:github-pat:12 # fine", true, false},
		{strings.ToUpper(at.ID) + ":dir: a #1/b.txt:github-pat:12", true, false},
		{commit(2, "").ID + ":dir: a #1/b.txt:github-pat:12", false, false},
		{"dir: a #1/b.txt:github-pat:13", false, false},
		{"dir: a #1/b.txt:aws-key:12", false, false},
		{"dir: a #1/b.txt:github-pat:12\nc.txt:github-pat:1", true, true},
		{"dir: a #1/b.txt:github-pat:12 until=2020-01-01\nc.txt:github-pat:1", false, false},
	} {
		g := readIgnore(t, tt.lines)
		if _, ok := g.Match(&one); ok != tt.one {
			t.Errorf("%q: one place %v, want %v", tt.lines, ok, tt.one)
		}
		if _, ok := g.Match(&two); ok != tt.two {
			t.Errorf("%q: two places %v, want %v", tt.lines, ok, tt.two)
		}
	}
}

func TestStaleAndExpired(t *testing.T) {
	g := readIgnore(t, strings.Join([]string{
		fingerprint(1) + " # used",
		fingerprint(50),
		fingerprint(51) + " until=2020-02-02 # over and matches nothing",
		fingerprint(3) + " until=2020-02-02",
		"gone.txt:github-pat:1 # stale",
		"scripts/deploy.sh:github-pat:12 # matches, though line 1 is enough",
		fingerprint(1) + " # the same again",
	}, "\n"))
	for _, f := range sample().Findings {
		g.Match(&f)
	}
	lines := func(entries []IgnoreEntry) string {
		var out []int
		for _, e := range entries {
			out = append(out, e.Line)
		}
		return fmt.Sprint(out)
	}
	if got := lines(g.Stale()); got != "[2 5]" {
		t.Errorf("stale: %s", got)
	}
	if got := lines(g.Expired()); got != "[3 4]" {
		t.Errorf("expired: %s", got)
	}
	if got := lines(g.Unexplained()); got != "[2 4]" {
		t.Errorf("unexplained: %s", got)
	}
	want := []string{
		".rummageignore: lines 2, 5 match nothing any more",
		".rummageignore: lines 3, 4 have expired",
		".rummageignore: lines 2, 4 give no reason",
	}
	if got := g.Notices(true); !slices.Equal(got, want) {
		t.Errorf("notices %q", got)
	}
	if got := g.Notices(false); !slices.Equal(got, want[1:]) {
		t.Errorf("notices of an incomplete scan %q", got)
	}
}

// The day of the date is the last one.
func TestExpiryToTheMoment(t *testing.T) {
	midnight := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]bool{midnight.Add(-time.Second): true, midnight: false} {
		g, err := ReadIgnore("x", strings.NewReader(fingerprint(1)+" until=2027-01-31"), at)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := g.Match(finding1()); ok != want || (len(g.Expired()) == 0) != want {
			t.Errorf("at %v: %v, expired %v", at, ok, g.Expired())
		}
	}
}

func TestNoticeOfManyLines(t *testing.T) {
	var b strings.Builder
	for i := range 9 {
		b.WriteString(fingerprint(i) + "\n")
	}
	want := ".rummageignore: lines 1, 2, 3, 4, 5 and 4 more match nothing any more"
	if got := readIgnore(t, b.String()).Notices(true)[0]; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := readIgnore(t, fingerprint(1)).Notices(true)[0]; got != ".rummageignore: line 1 matches nothing any more" {
		t.Errorf("%q", got)
	}
}

var badIgnores = []struct{ name, in, want string }{
	{"a word", "hello", "x:1: neither a fingerprint nor FILE:RULE:LINE nor COMMIT:FILE:RULE:LINE"},
	{"too short", "\n\nabc123", "x:3: neither"},
	{"two fields", "a.txt:12", "x:1: neither"},
	{"no line", "a.txt:rule:x", "x:1: neither"},
	{"huge line", "a.txt:rule:99999999999999999999", "x:1: neither"},
	{"negative line", "a.txt:rule:-1", "x:1: neither"},
	{"no date", "#\n" + "00112233445566778899aabbccddeeff until=tomorrow", `x:2: date "tomorrow": want one like until=2027-01-31`},
	{"no such day", "00112233445566778899aabbccddeeff # x until=2027-02-30", `x:1: date "2027-02-30": want`},
	{"hostile date", "00112233445566778899aabbccddeeff until=\x1b[2J", `x:1: date "\\x1b[2J": want`},
	{"words behind", "00112233445566778899aabbccddeeff because", "x:1: neither"},
	{"long line", "#" + strings.Repeat("x", maxIgnoreLine), "x:1: line is longer than 66 kB"},
}

func TestBadIgnores(t *testing.T) {
	for _, tt := range badIgnores {
		_, err := ReadIgnore("x", strings.NewReader(tt.in), now)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := ReadIgnore("x", failingReader{}, now); !errors.Is(err, errBroken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

func FuzzReadIgnore(f *testing.F) {
	for _, tt := range badIgnores {
		f.Add(tt.in)
	}
	f.Add(fingerprint(1) + " until=2027-01-31 # why not\n# comment\n\ndir: a #1/b.txt:github-pat:12 # x\n" + commit(1, "").ID + ":a\\b:r:0")
	known := sample().Findings
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ReadIgnore("x", strings.NewReader(text), now)
		if err != nil {
			if s := err.Error(); !strings.HasPrefix(s, "x:") || Escape(s) != s {
				t.Errorf("error %q", s)
			}
			return
		}
		for i := range known {
			g.Match(&known[i])
		}
		if n := len(g.Stale()) + len(g.Expired()); n > g.Len() {
			t.Errorf("%d stale or expired of %d", n, g.Len())
		}
		// An entry that is written out again is read as the same.
		for _, e := range g.entries {
			line := e.Text
			if !e.Until.IsZero() {
				line += " until=" + e.Until.AddDate(0, 0, -1).Format(time.DateOnly)
			}
			again, err := ReadIgnore("x", strings.NewReader(line+" # "+e.Reason), now)
			if strings.HasPrefix(line, "#") { // a path can begin like a comment
				continue
			}
			if err != nil || again.Len() != 1 || again.entries[0].Text != e.Text || !again.entries[0].Until.Equal(e.Until) {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}
