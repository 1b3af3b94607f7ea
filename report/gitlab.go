package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// gitlabVersion is the version of GitLab's report schema. Within 15 members were only added, so GitLab takes it.
	gitlabVersion = "15.0.6"
	gitlabSchema  = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v15.0.6/dist/secret-detection-report-format.json"
	// noCommit is what GitLab's own analyzer writes where there is no commit.
	noCommit = "0000000"

	gitlabMaxName     = 255
	gitlabMaxSolution = 7000
)

type gitlabReport struct {
	Version         string                `json:"version"`
	Schema          string                `json:"schema"`
	Scan            gitlabScan            `json:"scan"`
	Vulnerabilities []gitlabVulnerability `json:"vulnerabilities"`
}

type gitlabScan struct {
	Analyzer  gitlabTool      `json:"analyzer"`
	Scanner   gitlabTool      `json:"scanner"`
	Type      string          `json:"type"`
	StartTime string          `json:"start_time"`
	EndTime   string          `json:"end_time"`
	Status    string          `json:"status"`
	Messages  []gitlabMessage `json:"messages,omitempty"`
}

type gitlabTool struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	URL     string       `json:"url,omitempty"`
	Vendor  gitlabVendor `json:"vendor"`
	Version string       `json:"version"`
}

type gitlabVendor struct {
	Name string `json:"name"`
}

type gitlabMessage struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

type gitlabVulnerability struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution,omitempty"`
	Extract     string             `json:"raw_source_code_extract,omitempty"`
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Links       []gitlabLink       `json:"links,omitempty"`
	Location    gitlabLocation     `json:"location"`
}

type gitlabIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type gitlabLink struct {
	URL string `json:"url"`
}

type gitlabLocation struct {
	File      string       `json:"file"`
	StartLine int          `json:"start_line"`
	EndLine   int          `json:"end_line"`
	Commit    gitlabCommit `json:"commit"`
}

type gitlabCommit struct {
	Author  string `json:"author,omitempty"`
	Date    string `json:"date,omitempty"`
	Message string `json:"message,omitempty"`
	SHA     string `json:"sha"`
}

// writeGitLab writes GitLab's report of secret detection, a vulnerability for each place, in images too: a report has one
// type, and that of container scanning knows vulnerabilities of packages alone. GitLab renders names and
// descriptions as Markdown, so what the repository's authors wrote stands in none of them but as code.
func writeGitLab(w io.Writer, v *view) error {
	tool := gitlabTool{ID: v.Tool, Name: v.Tool, Vendor: gitlabVendor{v.Tool}, Version: cmp.Or(v.Version, "unknown")}
	if isWebAddress(v.URL) {
		tool.URL = v.URL
	}
	r := gitlabReport{Version: gitlabVersion, Schema: gitlabSchema, Vulnerabilities: []gitlabVulnerability{}, Scan: gitlabScan{
		Analyzer: tool, Scanner: tool, Type: "secret_detection", Status: "success", StartTime: gitlabTime(v.Started),
		EndTime: gitlabTime(v.ended()), Messages: v.gitlabMessages()}}
	if !v.Stats.Complete || v.Stats.Interrupted {
		r.Scan.Status = "failure"
	}
	infos := v.ruleInfos()
	rules := make(map[string]*RuleInfo, len(infos))
	for i := range infos {
		rules[infos[i].ID] = &infos[i]
	}
	seen := map[string]bool{}
	vulnerabilities := func(yield func(any) bool) {
		for i := range v.findings {
			f := &v.findings[i]
			for _, s := range f.sites {
				g := gitlabVulnerabilityOf(f, s, rules[f.Rule])
				if seen[g.ID] {
					continue
				}
				seen[g.ID] = true
				if !yield(g) {
					return
				}
			}
		}
	}
	return encodeJSONLists(w, r, "  ", 1, jsonList{"vulnerabilities", vulnerabilities})
}

func gitlabTime(t time.Time) string { return printableDate(t).Format("2006-01-02T15:04:05") }

func (v *view) gitlabMessages() []gitlabMessage {
	var out []gitlabMessage
	if v.Stats.Interrupted {
		out = append(out, gitlabMessage{"fatal", "the scan was interrupted"})
	}
	for _, p := range v.Stats.Problems {
		out = append(out, gitlabMessage{"warn", Escape(p.Where) + ": " + Escape(p.Why)})
	}
	for _, n := range v.Stats.Notices {
		if n != "" {
			out = append(out, gitlabMessage{"info", Escape(n)})
		}
	}
	return out
}

func gitlabVulnerabilityOf(f *finding, s site, rule *RuleInfo) gitlabVulnerability {
	p := &s[0]
	g := gitlabVulnerability{
		ID:       placeID(f, p),
		Name:     cutBytes(Escape(cmp.Or(f.Description, f.Rule)), gitlabMaxName),
		Severity: gitlabSeverity(f.Severity),
		Solution: cutBytes(EscapeLines(cmp.Or(p.Remedy, f.Remedy)), gitlabMaxSolution),
		Extract:  cmp.Or(p.match, f.secret),
		Identifiers: []gitlabIdentifier{
			{Type: "rummage_rule_id", Name: "rummage rule " + f.Rule, Value: f.Rule},
			{Type: "rummage_fingerprint", Name: "rummage fingerprint " + f.Fingerprint, Value: f.Fingerprint},
		},
		Location: gitlabLocation{File: gitlabFile(p), StartLine: max(p.Line, 1), EndLine: max(p.EndLine, p.Line, 1),
			Commit: gitlabCommit{SHA: noCommit}},
	}
	if cwe := weaknesses[f.Kind]; cwe != "" {
		number := strings.TrimPrefix(cwe, "CWE-")
		g.Identifiers = append(g.Identifiers, gitlabIdentifier{"cwe", cwe, number, "https://cwe.mitre.org/data/definitions/" + number + ".html"})
	}
	for _, ref := range rule.References {
		if isWebAddress(ref) {
			g.Links = append(g.Links, gitlabLink{ref})
		}
	}
	g.Description = sentence(Escape(cmp.Or(f.Description, f.Rule)))
	if f.secret != "" {
		g.Description += " Value: " + markdownCode(Escape(masked(f))) + "."
	}
	g.Description += " Place: " + markdownCode(siteName(s)) + ", " + markdownStory(s) + "."
	if c := p.Introduced; c != nil {
		g.Location.Commit = gitlabCommit{Author: strings.TrimSpace(c.Author + " <" + c.Email + ">"), Date: rfc3339(c.Date),
			Message: cmp.Or(c.Message, c.Subject), SHA: cmp.Or(c.ID, noCommit)}
	}
	return g
}

// gitlabFile is the path of a place. GitLab knows a vulnerability again by it, and an image is built with another tag each
// time, so those are left out, as its own scanner of containers does.
func gitlabFile(p *place) string {
	if p.Image == nil {
		return placeFile(p)
	}
	return imageFile(imageWithoutTag(p.Image.Image), pathOf(p))
}

// markdownStory is siteStory with the refs, which their authors named, as code.
func markdownStory(s site) string {
	if s[0].status == StatusLive {
		return "still live on " + markdownCode(someRefs(s[0].AtTip))
	}
	return siteStory(s)
}

// markdownCode writes escaped text as code, fenced by more backticks than it has in a row.
func markdownCode(s string) string {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

func gitlabSeverity(s string) string {
	if severityRank(s) == len(severities) {
		return "Unknown"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// placeID is an identifier in the form of a UUID that the same place of the same finding always has.
func placeID(f *finding, p *place) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d %d %q %q", f.Fingerprint, p.Path, p.Line, p.Column, p.Blob, p.Note)
	if p.Introduced != nil {
		fmt.Fprintf(h, " %q", p.Introduced.ID)
	}
	if i := p.Image; i != nil {
		fmt.Fprintf(h, " %q %q %q %d %q", i.Image, i.Platform, i.DiffID, i.Layer, i.State)
	}
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x80 // version 8: made by rules of one's own
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// cutBytes cuts s to at most n bytes, not inside of a character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
