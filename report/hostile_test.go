package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rummage/scan"
)

// checkOutput holds the output of a format to what is true whatever was in the report: valid UTF-8, nothing in it that
// acts on a terminal, and it can be read back.
func checkOutput(t *testing.T, format string, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	for i, r := range string(out) {
		if !visible(r) && r != '\n' && (r != '\r' || format != "csv" || out[i+1] != '\n') {
			t.Errorf("%s: %U at byte %d", format, r, i)
		}
	}
	switch format {
	case "json", "sarif", "gitleaks", "gitlab":
		if !json.Valid(out) {
			t.Errorf("%s: not JSON", format)
		}
	case "jsonl":
		for line := range bytes.Lines(out) {
			if !json.Valid(line) {
				t.Errorf("%s: not JSON: %s", format, line)
			}
		}
	case "junit":
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", format, err)
				break
			}
		}
	case "csv":
		if _, err := csv.NewReader(bytes.NewReader(out)).ReadAll(); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for _, format := range Formats() {
		for _, o := range []Options{{Now: now}, {Now: now, ShowSecrets: true, ShowSuppressed: true, Verbose: true}} {
			checkOutput(t, format, render(t, format, reportOf(hostile, hostile, hostile, hostile), o))
		}
	}
}

// reportOf is a report with path, text and secret wherever the repository's authors can put something, and with id for
// commits and versions, which they cannot choose.
func reportOf(id, path, text, secret string) *Report {
	c := &scan.Commit{ID: id, Author: text, Email: text, Date: time.Unix(-1<<50, 0), Subject: text, Message: text}
	f := scan.Finding{Fingerprint: fingerprint(9), Rule: "generic-password", Kind: scan.KindSecret, Severity: "high",
		Description: "Password", Secret: scan.Secret(secret), Places: []scan.Place{
			{Path: path, Line: 1, Column: 2, EndLine: 1, EndColumn: 3, Introduced: c, Removed: c, AtTip: []string{path}, Reachable: true,
				Note: text, Match: scan.Secret(text)},
			{Introduced: c, Note: "commit message", Match: scan.Secret(text)},
			{Path: "/" + path, Line: 1, Column: 2, EndLine: 1, EndColumn: 3, Match: scan.Secret(text), Image: &scan.InImage{Image: path,
				Digest: path, Platform: text, Layer: 2, Layers: 3, DiffID: path, Instruction: text, State: scan.ImageDeleted, GoneIn: 3, Scanners: []string{path}}},
		}}
	s := f
	s.Suppressed = &scan.Suppression{By: "comment", Reason: text}
	return &Report{Version: id, Source: path, VersionControl: &VersionControl{URI: path, Branch: path, Revision: id},
		Findings: []scan.Finding{f}, Suppressed: []scan.Finding{s}, Images: []ImageScan{{Image: path, Layers: 2, Scanner: path, Problem: text}}, Stats: scan.Stats{Notices: []string{text},
			Problems: []scan.Problem{{Where: path, Why: text}}, ProblemCount: 1}}
}

func FuzzFormats(f *testing.F) {
	f.Add("a/b.txt", "Ada", "not-a-real-secret-0001")
	f.Add(hostile, hostile, hostile)
	f.Add("a](http://x)", "]]>--></script>`", "\"';=\\")
	f.Fuzz(func(t *testing.T, path, text, secret string) {
		r := reportOf(text, path, text, secret)
		for _, format := range Formats() {
			out := render(t, format, r, Options{ShowSuppressed: true})
			checkOutput(t, format, out)
			checkOutput(t, format, render(t, format, r, Options{ShowSecrets: true, Verbose: true}))
		}
		checkSARIF(t, render(t, "sarif", r, Options{}))
	})
}

// secretAlphabets are what secrets are made of; none has a word that a report says by itself.
var secretAlphabets = []string{
	"QZXJ0123456789", "qzxjQZXJ", "QZX!#$%&()*+,-./:;<=>?@[]^_`{|}~", "QZ\"'\\<>&", "QZ\n\tX J", "ÄÖÜßQZ世界🔑", "QZ\x00\x1b\x7f\u202e", "QZ\xff\xfe9",
}

// No masked report, in no format, holds the value of a secret, wherever in the repository the value stands: in commits'
// subjects, messages and names, in matches, notes, reasons and problems, for longer ones in paths and branches too.
func TestMaskedReportsHideSecrets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for round := range 400 {
		alphabet := []rune(secretAlphabets[round%len(secretAlphabets)])
		if !utf8.ValidString(secretAlphabets[round%len(secretAlphabets)]) {
			alphabet = []rune{'Q', 'Z', '\xff', '9'}
		}
		n := 4 + rnd.IntN(60)
		var b strings.Builder
		for range n {
			b.WriteRune(alphabet[rnd.IntN(len(alphabet))])
		}
		secret := "Q" + b.String() + "7Z" // has a letter and a digit, and does not begin or end with space
		if len(secret) >= minHiddenPart {
			secret = secret[:len(secret)-2] + string(rune('A'+rnd.IntN(26))) + "7Z"
		}
		path := "config/app.yml"
		if len(secret) >= minHiddenInPath {
			path = "keys/" + secret + "/id"
		}
		text := "the value is " + secret + " (" + secret + ")"
		r := reportOf("0a1b", path, text, secret)
		for _, format := range Formats() {
			out := string(render(t, format, r, Options{Now: now, ShowSuppressed: true, Verbose: true, Color: true}))
			for _, form := range secretForms(secret) {
				if strings.Contains(out, form) {
					t.Fatalf("%s: secret %q is in the masked report as %q", format, secret, form)
				}
			}
		}
	}
}

// secretForms is how a value can look in a format that escapes it.
func secretForms(s string) []string {
	quoted, _ := json.Marshal(s)
	uri, _ := artifactURI(s)
	forms := []string{s, string(quoted[1 : len(quoted)-1]), Escape(s), html.EscapeString(s), html.EscapeString(Escape(s)), uri,
		strings.ReplaceAll(s, `"`, `""`)}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// With ShowSecrets the value is there, so that the test above could fail.
func TestShownReportsShowSecrets(t *testing.T) {
	for _, format := range Formats() {
		out := string(render(t, format, reportOf("0a", "a", "b", longSecret), Options{ShowSecrets: true}))
		if !strings.Contains(out, longSecret) {
			t.Errorf("%s: the secret is not shown", format)
		}
	}
}

func TestScrubber(t *testing.T) {
	s := newScrubber([]scan.Finding{{Secret: "abcd"}, {Secret: "abcdefgh1234"}, {Secret: "xy"}, {Secret: scan.Secret(keySecret)}, {Secret: "administrator"}})
	for in, want := range map[string]string{
		"set to abcd.":        "set to ****.",
		"abcde, xabcd, abcd_": "abcde, xabcd, abcd_",
		"xabcdefgh1234x":      "xab****x",
		"abcdefgh123":         "abcdefgh123",
		"xy":                  "xy",
		"":                    "",
		"abc":                 "abc",
		"abcdabcdefgh1234":    "abcdab****",
		"in " + strings.Repeat("fakefakefakefake", 3) + " folded": "in **** folded",
	} {
		if got := s.text(in); got != want {
			t.Errorf("text(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"keys/abcdefgh1234.txt": "keys/ab****.txt", "joomla/administrator/abcd": "joomla/administrator/abcd",
	} {
		if got := s.path(in); got != want {
			t.Errorf("path(%q) = %q, want %q", in, got, want)
		}
	}
	var none *scrubber
	if none.text("abcd") != "abcd" || none.path("abcd") != "abcd" {
		t.Error("no scrubber changed something")
	}
}

func TestMaskMatch(t *testing.T) {
	for _, tt := range []struct{ match, secret, want string }{
		{"key=abc", "abc", "key=****"}, {"abc:abc", "abc", "****:****"}, {"file", "", "file"}, {"a2V5LW5vdC1hLXJlYWwtc2VjcmV0", "key-not-a-real-secret", "a2V5****cmV0"},
	} {
		if got := maskMatch(tt.match, tt.secret); got != tt.want {
			t.Errorf("maskMatch(%q, %q) = %q, want %q", tt.match, tt.secret, got, tt.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain/päth 世界 🔑.txt":   "plain/päth 世界 🔑.txt",
		"a\x1b[2Jb":             `a\x1b[2Jb`,
		"a\nb\r\tc":             `a\nb\r\tc`,
		"\x00\x7f":              `\x00\x7f`,
		"\u009b1m":              `\u009b1m`,
		"x\u202ey\u2066\u200f":  `x\u202ey\u2066\u200f`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"\u2028\u2029\u0085":    `\u2028\u2029\u0085`,
		"\xff\xc3(":             `\xff\xc3(`,
		"\U000e0041":            `\U000e0041`,
		"\ufffd":                "\ufffd",
		`C:\n`:                  `C:\n`,
		"\u3164\u2800\u115f":    `\u3164\u2800\u115f`,
		"":                      "",
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain", hostile, "\xed\xa0\x80", "e\u0301", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := Escape(s)
		if !utf8.ValidString(e) || strings.ContainsFunc(e, func(r rune) bool { return !visible(r) }) {
			t.Errorf("Escape(%q) = %q", s, e)
		}
		if Escape(e) != e {
			t.Errorf("Escape(%q) is not left alone: %q", e, Escape(e))
		}
		if n := columns(e); n < 0 || columns(truncate(e, 20)) > 20 && columns(e) > 20 {
			t.Errorf("truncate(%q, 20) has %d columns", e, columns(truncate(e, 20)))
		}
	})
}
