package report

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/scan"
)

// checkSARIF holds a report to what the standard's schema and GitHub's code scanning ask of the members that we write.
func checkSARIF(t *testing.T, data []byte) sarifRun {
	t.Helper()
	log := decode[sarifLog](t, data)
	if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
	}
	run := log.Runs[0]
	d := run.Tool.Driver
	if d.Name == "" || d.Rules == nil || run.Results == nil || len(run.Invocations) != 1 {
		t.Errorf("a required member is missing: driver %q, rules %v, results %v", d.Name, d.Rules == nil, run.Results == nil)
	}
	if d.SemanticVersion != "" && !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(d.SemanticVersion) {
		t.Errorf("semanticVersion %q", d.SemanticVersion)
	}
	if i := strings.LastIndexByte(run.AutomationDetails.ID, '/'); i < 1 {
		t.Errorf("automationDetails.id %q has no category", run.AutomationDetails.ID)
	}
	for _, at := range []string{run.Invocations[0].StartTimeUTC, run.Invocations[0].EndTimeUTC} {
		if _, err := time.Parse(time.RFC3339, at); at != "" && (err != nil || !strings.HasSuffix(at, "Z")) {
			t.Errorf("time %q", at)
		}
	}
	for _, p := range run.Provenance {
		if u, err := url.Parse(p.RepositoryURI); err != nil || !u.IsAbs() || u.User != nil && u.User.String() != "git" {
			t.Errorf("repositoryUri %q", p.RepositoryURI)
		}
	}
	ids := map[string]bool{}
	for _, r := range d.Rules {
		checkSARIFRule(t, r)
		if ids[r.ID] {
			t.Errorf("rule %s twice", r.ID)
		}
		ids[r.ID] = true
	}
	seen := map[string]bool{}
	for _, r := range run.Results {
		checkSARIFResult(t, r, d.Rules)
		key := r.RuleID + r.PartialFingerprints["primaryLocationLineHash"]
		if seen[key] {
			t.Errorf("two results of %s are one to GitHub", r.RuleID)
		}
		seen[key] = true
	}
	return run
}

func checkSARIFRule(t *testing.T, r sarifRule) {
	t.Helper()
	if r.ID == "" || r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "" {
		t.Errorf("rule lacks a required member: %+v", r)
	}
	if !slices.Contains([]string{"error", "warning", "note"}, r.DefaultConfiguration.Level) {
		t.Errorf("rule %s: level %q", r.ID, r.DefaultConfiguration.Level)
	}
	if n := len(r.Properties.Tags); n == 0 || n > 20 || !slices.Contains(r.Properties.Tags, "security") {
		t.Errorf("rule %s: tags %v", r.ID, r.Properties.Tags)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(r.Properties.Tags)))) != len(r.Properties.Tags) {
		t.Errorf("rule %s: a tag twice in %v", r.ID, r.Properties.Tags)
	}
}

func checkSARIFResult(t *testing.T, r sarifResult, rules []sarifRule) {
	t.Helper()
	if r.RuleIndex < 0 || r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID {
		t.Errorf("ruleIndex %d is not %s", r.RuleIndex, r.RuleID)
	}
	if r.Message.Text == "" || !strings.HasSuffix(r.Message.Text, ".") || strings.Contains(r.Message.Text, "\n") {
		t.Errorf("message %q", r.Message.Text)
	}
	if n := len(r.Locations); n < 1 || n > 10 {
		t.Errorf("%d locations", n)
	}
	if r.PartialFingerprints["primaryLocationLineHash"] == "" || r.PartialFingerprints["rummageFinding/v1"] == "" {
		t.Errorf("fingerprints %v", r.PartialFingerprints)
	}
	if tags := r.Properties.Tags; len(slices.Compact(slices.Sorted(slices.Values(tags)))) != len(tags) {
		t.Errorf("a tag twice in %v", tags)
	}
	for i, l := range slices.Concat(r.Locations, r.RelatedLocations) {
		checkSARIFLocation(t, l)
		if related := i - len(r.Locations); related >= 0 && l.ID != related+1 {
			t.Errorf("related location %d has id %d", related, l.ID)
		}
	}
	// Each link of the message leads to a related location, and to nowhere else.
	for _, link := range regexp.MustCompile(`[^\\]\]\(([^)]*)\)`).FindAllStringSubmatch(r.Message.Text, -1) {
		if n := 0; func() bool { _, err := fmt.Sscan(link[1], &n); return err != nil }() || n < 1 || n > len(r.RelatedLocations) {
			t.Errorf("link to %q in %q", link[1], r.Message.Text)
		}
	}
}

func checkSARIFLocation(t *testing.T, l sarifLocation) {
	t.Helper()
	a, g := l.PhysicalLocation.ArtifactLocation, l.PhysicalLocation.Region
	u, err := url.Parse(a.URI)
	if err != nil || a.URI == "" || u.IsAbs() == (a.URIBaseID != "") || u.RawQuery != "" || u.Fragment != "" || u.Host != "" {
		t.Errorf("uri %q (base %q): %v", a.URI, a.URIBaseID, err)
	}
	if g.StartLine < 1 || g.StartColumn < 1 || g.EndLine < g.StartLine || g.EndColumn < 1 ||
		g.EndLine == g.StartLine && g.EndColumn <= g.StartColumn {
		t.Errorf("region %+v of %s", g, a.URI)
	}
}

func TestSARIF(t *testing.T) {
	for _, c := range cases {
		run := checkSARIF(t, render(t, "sarif", c.report(), c.options))
		complete := c.report().Stats.Complete
		if inv := run.Invocations[0]; inv.ExecutionSuccessful != complete || !complete && len(inv.Notifications) == 0 {
			t.Errorf("%s: a scan with complete=%v says %+v", c.name, complete, inv)
		}
		for _, r := range run.Results {
			if (r.Suppressions != nil) != c.options.ShowSuppressed {
				t.Errorf("%s: suppressions %v", c.name, r.Suppressions)
			}
		}
	}
}

// A result for each path where the secret is live; the rest are related.
func TestSARIFResultsFollowLivePaths(t *testing.T) {
	run := checkSARIF(t, render(t, "sarif", manySample(), Options{}))
	live := map[string]bool{}
	for _, p := range manySample().Findings[0].Places {
		if len(p.AtTip) > 0 {
			live[p.Path] = true
		}
	}
	if len(run.Results) != len(live) || len(live) < 2 {
		t.Errorf("%d results for %d live paths", len(run.Results), len(live))
	}
	r := sample()
	r.Findings[1].Places = r.Findings[1].Places[:2] // both removed
	r.Findings = r.Findings[1:2]
	if run := checkSARIF(t, render(t, "sarif", r, Options{})); len(run.Results) != 1 {
		t.Errorf("%d results for a finding that is live nowhere, want 1", len(run.Results))
	}
}

// What other scanners got wrong: no line, no column, an end before the start.
func TestSARIFRegions(t *testing.T) {
	for _, p := range []scan.Place{
		{Path: "a"}, {Path: "a", Line: 3}, {Path: "a", Line: 3, Column: 5, EndLine: 3, EndColumn: 5}, {Path: "a", Line: 3, Column: 5, EndLine: 3},
		{Path: "a", Line: 3, Column: 5, EndLine: 4}, {Path: "a", Line: 3, Column: 5, EndLine: 2, EndColumn: 9}, {Path: "a", Line: -1, Column: -1}, {},
		{Path: "../up"}, {Path: "/abs olute"}, {Path: `C:\win`}, {Path: "a:b"}, {Path: "//host/x"}, {Path: "?q#f"}, {Path: "\xff\n"}, {Note: "tag message", Blob: "12"},
	} {
		r := &Report{Findings: []scan.Finding{{Fingerprint: fingerprint(1), Rule: "r", Description: "d", Places: []scan.Place{p}}}}
		checkSARIF(t, render(t, "sarif", r, Options{}))
	}
}

// The identity of an alert is that of the secret in its file: it survives another line, another commit, another mask.
func TestSARIFFingerprintsAreStable(t *testing.T) {
	a := checkSARIF(t, render(t, "sarif", sample(), Options{}))
	r := sample()
	for i := range r.Findings {
		for j := range r.Findings[i].Places {
			p := &r.Findings[i].Places[j]
			if p.Line > 0 {
				p.Line, p.EndLine = p.Line+7, p.EndLine+7
			}
		}
	}
	b := checkSARIF(t, render(t, "sarif", r, Options{ShowSecrets: true}))
	for i := range a.Results {
		if fmt.Sprint(a.Results[i].PartialFingerprints) != fmt.Sprint(b.Results[i].PartialFingerprints) {
			t.Errorf("%v became %v", a.Results[i].PartialFingerprints, b.Results[i].PartialFingerprints)
		}
	}
}
