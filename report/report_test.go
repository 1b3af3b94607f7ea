package report

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"rummage/scan"
)

func TestUnknownFormat(t *testing.T) {
	err := Write(&bytes.Buffer{}, "pdf", sample(), Options{})
	if err == nil || !strings.Contains(err.Error(), "text, json, jsonl, sarif, csv, junit, html, gitleaks, gitlab") {
		t.Errorf("got %v, want an error that lists the formats", err)
	}
}

type brokenWriter struct{ after int }

var errBroken = errors.New("no room")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWriteErrorIsReported(t *testing.T) {
	for _, format := range Formats() {
		for _, after := range []int{0, 100} {
			if err := Write(&brokenWriter{after}, format, sample(), Options{}); !errors.Is(err, errBroken) {
				t.Errorf("%s: a writer that fails after %d bytes gave error %v", format, after, err)
			}
		}
	}
}

// The order in which findings, places and refs come must not change a byte, nor may writing change the report.
func TestOrderAndPurity(t *testing.T) {
	for _, format := range Formats() {
		o := Options{Now: now, ShowSuppressed: true}
		want := render(t, format, sample(), o)
		for seed := range uint64(5) {
			r, twin := sample(), sample()
			shuffle(rand.New(rand.NewPCG(seed, 0)), r)
			shuffle(rand.New(rand.NewPCG(seed, 0)), twin)
			if got := render(t, format, r, o); !bytes.Equal(got, want) {
				t.Fatalf("%s: depends on the order of findings: %s", format, firstDifference(got, want))
			}
			if !reflect.DeepEqual(r, twin) {
				t.Fatalf("%s: writing changed the report", format)
			}
		}
	}
}

func shuffle(rnd *rand.Rand, r *Report) {
	rnd.Shuffle(len(r.Findings), func(i, j int) { r.Findings[i], r.Findings[j] = r.Findings[j], r.Findings[i] })
	for i := range r.Findings {
		p := r.Findings[i].Places
		rnd.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
		for k := range p {
			tips := p[k].AtTip
			rnd.Shuffle(len(tips), func(i, j int) { tips[i], tips[j] = tips[j], tips[i] })
		}
	}
}

func TestWithoutCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:token@host/a.git":         "https://host/a.git",
		"https://token@host/a.git":              "https://host/a.git",
		"https://a%40b:c@host:8443/x":           "https://host:8443/x",
		"ssh://git@host/a.git":                  "ssh://git@host/a.git",
		"ssh://git:token@host/a.git":            "ssh://host/a.git",
		"git@host:a/b.git":                      "git@host:a/b.git",
		"https://host/a@b":                      "https://host/a@b",
		"https://host?x=a@b":                    "https://host?x=a@b",
		"/srv/git/x.git":                        "/srv/git/x.git",
		"docker://registry:5000/a/b@sha256:00":  "docker://registry:5000/a/b@sha256:00",
		"https://p@ss:w@rd@host/a":              "https://host/a",
		"dir with spaces/https://user@host/x":   "dir with spaces/https://user@host/x",
		"https://x-access-token:abc@host":       "https://host",
		"https://user:to%2Fken@host/a?b=c#d@e":  "https://host/a?b=c#d@e",
		"git+ssh://deploy:key@host:22/repo.git": "git+ssh://host:22/repo.git",
	} {
		if got := withoutCredentials(in); got != want {
			t.Errorf("withoutCredentials(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	c := commit(1, "x")
	for _, tt := range []struct {
		name string
		p    scan.Place
		want Status
	}{
		{"at a tip", scan.Place{Path: "a", Introduced: c, AtTip: []string{"refs/heads/main"}, Reachable: true}, StatusLive},
		{"at a tip, removed on another branch", scan.Place{Path: "a", Introduced: c, Removed: c, AtTip: []string{"refs/heads/main"}, Reachable: true}, StatusLive},
		{"removed", scan.Place{Path: "a", Introduced: c, Removed: c, Reachable: true}, StatusRemoved},
		{"in a part of the history that no tip has", scan.Place{Path: "a", Introduced: c, Reachable: true}, StatusRemoved},
		{"in a commit message", scan.Place{Introduced: c, Reachable: true, Note: "commit message"}, StatusHistory},
		{"in the newest commit's message", scan.Place{Introduced: c, Reachable: true, Note: "commit message", AtTip: []string{"HEAD"}}, StatusHistory},
		{"in a tag message", scan.Place{Reachable: true, Note: "tag message", AtTip: []string{"refs/tags/v1"}}, StatusHistory},
		{"in an unreachable commit", scan.Place{Path: "a", Introduced: c, Note: "unreachable commit"}, StatusUnreachable},
		{"in an unreachable object", scan.Place{Blob: "00", Note: "unreachable object"}, StatusUnreachable},
		{"staged", scan.Place{Path: "a", Blob: "00", Note: "staged"}, StatusPresent},
		{"a file", scan.Place{Path: "a", Line: 1}, StatusPresent},
		{"a tagged blob", scan.Place{Blob: "00", AtTip: []string{"refs/tags/key"}, Reachable: true, Note: "tagged blob"}, StatusLive},
	} {
		if got := placeStatus(&tt.p); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAge(t *testing.T) {
	for _, tt := range []struct {
		ago  time.Duration
		want string
	}{
		{time.Hour, "today"}, {24 * time.Hour, "1 day ago"}, {59 * 24 * time.Hour, "59 days ago"}, {61 * 24 * time.Hour, "2 months ago"},
		{729 * 24 * time.Hour, "24 months ago"}, {731 * 24 * time.Hour, "2 years ago"}, {3653 * 24 * time.Hour, "10 years ago"}, {-time.Hour, ""},
	} {
		if got := age(now, now.Add(-tt.ago)); got != tt.want {
			t.Errorf("%v ago: %q, want %q", tt.ago, got, tt.want)
		}
	}
	if got := age(time.Time{}, now); got != "" {
		t.Errorf("without a clock: %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[float64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9960: "10 kB", 1_845_000_000: "1.8 GB", 999_700: "1.0 MB", 5e20: "500000 PB"} {
		if got := byteSize(n); got != want {
			t.Errorf("byteSize(%g) = %q, want %q", n, got, want)
		}
	}
	for s, want := range map[float64]string{0: "0.001 s", 0.0042: "0.0042 s", 2.125: "2.1 s", 59.7: "60 s", 150: "2 min 30 s"} {
		if got := seconds(s); got != want {
			t.Errorf("seconds(%g) = %q, want %q", s, got, want)
		}
	}
}

// A secret of several lines in a match that begins above it and ends below it.
func TestMatchSpan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		place  scan.Place
		secret string
		want   span
	}{
		{"around it on the line", scan.Place{Line: 3, Column: 14, EndLine: 3, EndColumn: 19, Match: "key: 'abcde'"}, "abcde", span{3, 8, 3, 19}},
		{"from the line above", scan.Place{Line: 3, Column: 3, EndLine: 3, EndColumn: 8, Match: "key:\n  abcde"}, "abcde", span{2, 1, 3, 7}},
		{"to the line below", scan.Place{Line: 3, Column: 3, EndLine: 4, EndColumn: 3, Match: "ab\ncd\nxyz"}, "ab\ncd", span{3, 3, 5, 3}},
		{"encoded", scan.Place{Line: 1, Column: 5, EndLine: 1, EndColumn: 9, Match: "YWJj"}, "abc", span{1, 5, 1, 8}},
		{"told", scan.Place{Line: 5, Column: 2, EndLine: 5, EndColumn: 9, Match: "a\nb\nabc", MatchAt: scan.Span{Line: 4, Column: 7, EndLine: 5, EndColumn: 9}},
			"abc", span{4, 7, 5, 8}},
		{"by name", scan.Place{Path: "a.p12"}, "", span{0, 0, 0, 0}},
	} {
		if got := matchSpan(&tt.place, tt.secret); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestArtifactURI(t *testing.T) {
	for in, want := range map[string]string{
		"a/b c.txt": "a/b%20c.txt", "a:b/c": "a%3Ab/c", "ä/\xff": "%C3%A4/%FF", "100%": "100%25", "a?b#c": "a%3Fb%23c",
		"/etc/x y": "file:///etc/x%20y", `C:\x\y`: "file:///C:/x/y", "app/[id]/+page.ts": "app/%5Bid%5D/+page.ts", "..": "..",
	} {
		if got, _ := artifactURI(in); got != want {
			t.Errorf("artifactURI(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRepositoryURI(t *testing.T) {
	for in, want := range map[string]string{
		"git@host:group/app.git": "ssh://git@host/group/app.git", "https://u:p@host/app": "https://host/app",
		"/srv/app.git": "", "../app": "", "": "", `C:\src\app`: "", "ssh://git@host:22/app": "ssh://git@host:22/app", "https://%zz": "",
	} {
		if got := repositoryURI(in); got != want {
			t.Errorf("repositoryURI(%q) = %q, want %q", in, got, want)
		}
	}
}
