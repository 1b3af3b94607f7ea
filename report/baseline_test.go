package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rummage/scan"
)

func readBaseline(t *testing.T, data []byte) *Baseline {
	t.Helper()
	b, err := ReadBaseline(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What we write, in every JSON form, masked or shown, is a baseline that has each of its findings.
func TestBaselineRoundTrip(t *testing.T) {
	for _, format := range []string{"json", "jsonl", "gitleaks"} {
		for _, show := range []bool{false, true} {
			b := readBaseline(t, render(t, format, sample(), Options{ShowSecrets: show, ShowSuppressed: true}))
			for _, f := range sample().Findings {
				if format == "gitleaks" && strings.Contains(f.Places[0].Path, "\xff") {
					continue // JSON cannot hold its path, and gitleaks' form has nothing else
				}
				if !b.Has(&f) {
					t.Errorf("%s, shown %v: does not have %s", format, show, f.Rule)
				}
			}
			if s := sample().Suppressed[0]; b.Has(&s) {
				t.Errorf("%s, shown %v: has what only a comment suppressed", format, show)
			}
			other := sample().Findings[1]
			other.Fingerprint, other.Secret, other.Places = fingerprint(77), "another-not-real-value", []scan.Place{{Path: "new", Line: 1}}
			if b.Has(&other) {
				t.Errorf("%s, shown %v: has a finding that it has not", format, show)
			}
		}
	}
}

// A finding that stood in the last baseline stays in the next one, which was made with it.
func TestBaselineKeepsWhatABaselineSuppressed(t *testing.T) {
	r := sample()
	r.Suppressed[0].Suppressed = &scan.Suppression{By: "baseline"}
	for _, format := range []string{"json", "jsonl"} {
		b := readBaseline(t, render(t, format, r, Options{ShowSuppressed: true}))
		if !b.Has(&r.Suppressed[0]) {
			t.Errorf("%s: lost it", format)
		}
	}
}

func gitleaksReport(secret, file, commit string, line int) []byte {
	return []byte("\ufeff [{\"RuleID\": \"github-pat\", \"Secret\": \"" + secret + "\", \"File\": \"" + file + "\", \"Commit\": \"" + commit +
		"\", \"StartLine\": " + strings.Repeat("1", line) + ", \"Unknown\": {\"x\": [1, null]}}]")
}

func TestBaselineOfGitleaks(t *testing.T) {
	at := commit(1, "x")
	f := &scan.Finding{Fingerprint: fingerprint(1), Rule: "github-pat", Secret: scan.Secret(longSecret), Places: []scan.Place{
		{Path: "other", Line: 5, Introduced: at}, {Path: "a/b.txt", Line: 12, Column: 3, EndLine: 12, EndColumn: 43, Introduced: at,
			Match: scan.Secret("key:\n  " + longSecret)}}}
	for _, tt := range []struct {
		name                 string
		secret, file, commit string
		line                 int // 1 is line 1, 2 is line 11
		want                 bool
	}{
		{"by value, wherever it is", longSecret, "elsewhere", "", 1, true},
		{"another value at the same place", "some-other-value-000", "a/b.txt", at.ID, 2, false},
		{"redacted, at the match's line", "REDACTED", "a/b.txt", at.ID, 2, true},
		{"redacted in part", longSecret[:10] + "...", "a/b.txt", at.ID, 2, true},
		{"redacted by us", "not-****0000", "a/b.txt", at.ID, 2, true},
		{"redacted, without a commit", "REDACTED", "a/b.txt", "", 2, true},
		{"redacted, another commit", "REDACTED", "a/b.txt", commit(2, "").ID, 2, false},
		{"redacted, another line", "REDACTED", "a/b.txt", at.ID, 1, false},
		{"redacted, another file", "REDACTED", "a/c.txt", at.ID, 2, false},
	} {
		if got := readBaseline(t, gitleaksReport(tt.secret, tt.file, tt.commit, tt.line)).Has(f); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	f.Rule = "another-rule"
	if !readBaseline(t, gitleaksReport(longSecret, "elsewhere", "", 1)).Has(f) {
		t.Error("a long value is another secret under another rule's name")
	}
	f.Secret = "password"
	if readBaseline(t, gitleaksReport("password", "elsewhere", "", 1)).Has(f) {
		t.Error("a short value alone is enough")
	}
}

// gitleaks' own rules have other names than ours; a redacted report still has the columns.
func TestBaselineOfGitleaksByPosition(t *testing.T) {
	at := commit(1, "x")
	entry := func(commit string, line, start, end int) string {
		return fmt.Sprintf(`[{"RuleID": "their-name", "Secret": "REDACTED", "File": "a.txt", "Commit": %q, "StartLine": %d, "EndLine": %[2]d, "StartColumn": %d, "EndColumn": %d}]`,
			commit, line, start, end)
	}
	f := &scan.Finding{Fingerprint: fingerprint(1), Rule: "our-name", Secret: "abcdefgh", Places: []scan.Place{
		{Path: "a.txt", Line: 3, Column: 10, EndLine: 3, EndColumn: 18, Introduced: at, Match: "key=abcdefgh"}}}
	for _, tt := range []struct {
		name  string
		entry string
		want  bool
	}{
		{"the match, from column 6", entry(at.ID, 3, 6, 17), true},
		{"the match, one too high", entry(at.ID, 3, 7, 18), true},
		{"the value alone", entry(at.ID, 3, 10, 17), true},
		{"no commit", entry("", 3, 6, 17), true},
		{"before it", entry(at.ID, 3, 1, 8), false},
		{"before it, one too high", entry(at.ID, 3, 2, 9), false},
		{"behind it", entry(at.ID, 3, 19, 30), false},
		{"another line", entry(at.ID, 4, 6, 17), false},
		{"another commit", entry(commit(2, "").ID, 3, 6, 17), false},
		{"the file by its name", entry(at.ID, 0, 0, 0), false},
	} {
		if got := readBaseline(t, []byte(tt.entry)).Has(f); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	byName := &scan.Finding{Fingerprint: fingerprint(2), Rule: "our-name", Places: []scan.Place{{Path: "a.txt", Introduced: at}}}
	if !readBaseline(t, []byte(entry(at.ID, 0, 0, 0))).Has(byName) || readBaseline(t, []byte(entry(at.ID, 3, 6, 17))).Has(byName) {
		t.Error("a finding by file name is known by another such, and by no other")
	}
}

// A finding by file name has no value; its place is what is known of it.
func TestBaselineOfAFileByName(t *testing.T) {
	f := &scan.Finding{Fingerprint: fingerprint(3), Rule: "pkcs12-file", Places: []scan.Place{{Path: "a.p12"}}}
	b := readBaseline(t, []byte(`[{"RuleID":"pkcs12-file","StartLine":0,"File":"a.p12","Secret":""}]`))
	if !b.Has(f) {
		t.Error("not known")
	}
	f.Places[0].Path = "b.p12"
	if b.Has(f) {
		t.Error("another file is known")
	}
}

var badBaselines = []struct{ name, in, want string }{
	{"empty", "", "baseline: line 1 (byte 0): neither a report of rummage nor one of gitleaks in JSON"},
	{"text", "fingerprint,rule\n", "baseline: line 1 (byte 0): neither a report of rummage nor one of gitleaks in JSON"},
	{"cut off", "{\"schema\": 1,\n\"findings\": [{\"fingerprint\": \"a\"}", "baseline: line 2 (byte 47): cut off"},
	{"cut-off list", "[{\"RuleID\": \"a\"},\n", "baseline: line 2 (byte 18): cut off"},
	{"list not closed", "[{\"RuleID\": \"a\"}", "baseline: line 1 (byte 16): cut off"},
	{"another schema", `{"schema": 2, "findings": []}`, "baseline: line 1 (byte 29): schema 2 is not known, want 1"},
	{"another object", `{"version": "2.1.0", "runs": []}`, "baseline: line 1 (byte 32): neither a report of rummage nor one of gitleaks in JSON"},
	{"no fingerprint", `{"schema": 1, "findings": [{"fingerprint": "a"}, {"rule": "b"}]}`, "baseline: line 1 (byte 64): finding 2: no fingerprint"},
	{"no RuleID", "[\n{\"RuleID\": \"a\"},\n{\"rule\": \"b\"}]", "baseline: line 3 (byte 32): entry 2: no RuleID, so no report of gitleaks"},
	{"wrong type", "[{\"RuleID\": \"a\",\n\"StartLine\": \"not-a-real-secret\"}]", "baseline: line 2 (byte 50): StartLine is of the wrong type (string)"},
	{"number for text", `[{"RuleID": 123456789}]`, "baseline: line 1 (byte 22): RuleID is of the wrong type (number)"},
	{"entry of a wrong type", `["not-a-real-secret"]`, "baseline: line 1 (byte 20): entry is of the wrong type (string)"},
	{"not JSON", "[{\"RuleID\":\n\x1b}]", `baseline: line 2 (byte 12): not JSON: invalid character '\x1b' looking for beginning of value`},
	{"more behind", "[]\n[]", "baseline: line 2 (byte 4): something stands behind the report"},
	{"deep", strings.Repeat("[", 1<<15), "baseline: line 1"},
}

func TestBadBaselines(t *testing.T) {
	for _, tt := range badBaselines {
		_, err := ReadBaseline(strings.NewReader(tt.in))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := ReadBaseline(failingReader{}); !errors.Is(err, errBroken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errBroken }

func FuzzReadBaseline(f *testing.F) {
	for _, tt := range badBaselines {
		f.Add([]byte(tt.in))
	}
	for _, format := range []string{"json", "jsonl", "gitleaks"} {
		f.Add(render(f, format, sample(), Options{ShowSuppressed: true}))
	}
	f.Add(gitleaksReport(longSecret, "a", "", 1))
	known := sample().Findings
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline(bytes.NewReader(data))
		if err != nil {
			if s := err.Error(); !strings.HasPrefix(s, "baseline: ") || Escape(s) != s {
				t.Errorf("error %q", s)
			}
			return
		}
		has := 0
		for i := range known {
			if b.Has(&known[i]) {
				has++
			}
		}
		if b.Len() == 0 && has > 0 {
			t.Errorf("an empty baseline has %d findings", has)
		}
	})
}
