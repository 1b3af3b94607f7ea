package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"rummage/scan"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageStyle string

//go:embed page/page.js
var pageScript string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })

// pagePolicy lets the page run its own script and style and nothing else: no other code, no request to anywhere, even
// if something in the report got past the escaping.
func pagePolicy() string {
	return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + sourceHash(pageStyle) +
		"'; script-src '" + sourceHash(pageScript) + "'"
}

func sourceHash(s string) string {
	h := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}

// page is what the template shows. All strings have been escaped as for a terminal, since a page can be misread by the
// same characters; html/template does its own escaping after that.
type page struct {
	Policy      string
	Style       template.CSS
	Script      template.JS
	Title       string
	Tool        string
	Version     string
	Started     string
	ShowSecrets bool
	Incomplete  string
	Problems    []scan.Problem
	// MoreProblems is how many are not listed, "" for none.
	MoreProblems string
	Found        string
	Summary      []string
	// ImageHeads and Images are the table of images.
	ImageHeads []string
	Images     []pageImage
	Severities []pageSeverity
	Findings   []pageFinding
}

type pageImage struct {
	Cells   []string
	Problem string
}

type pageSeverity struct {
	Name  string
	Count string
}

type pageFinding struct {
	Fingerprint, Rule, Severity, Description, Secret, Remedy string
	Exposure                                                 bool
	Status                                                   Status
	StatusText, Suppressed                                   string
	References                                               []string
	Places                                                   []pagePlace
}

type pagePlace struct {
	Name, Context, Note string
	Images              []string
	Layer, Gone, SeenBy string // of a place in an image
	Instruction         string
	Status              Status
	CameIn, WentOut     []pageCommit
}

type pageCommit struct{ ID, Short, Date, Age, Author, Subject string }

// writeHTML writes one page that needs nothing else: its style and script are in it, and it asks nobody for anything.
// Without scripts it shows everything; it prints.
func writeHTML(w io.Writer, v *view) error {
	t := &textWriter{v: v} // for its sentences; v.o.Color is for terminals
	t.v.o.Color = false
	p := page{Policy: pagePolicy(), Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Title: "Findings", Tool: Escape(v.Tool), Version: Escape(v.Version), ShowSecrets: v.o.ShowSecrets,
		Found: t.foundText(), Incomplete: t.incompleteText()}
	if v.Source != "" {
		p.Title += " in " + Escape(v.Source)
	}
	if !v.Started.IsZero() {
		p.Started = printableDate(v.Started).Format(time.RFC3339)
	}
	if p.Incomplete != "" {
		for _, problem := range v.Stats.Problems {
			p.Problems = append(p.Problems, scan.Problem{Where: Escape(problem.Where), Why: Escape(problem.Why)})
		}
		if more := v.Stats.ProblemCount - int64(len(v.Stats.Problems)); more > 0 {
			p.MoreProblems = thousands(more)
		}
	}
	p.Summary = t.summaryLines()
	p.ImageHeads, p.Images = imageScanHeads, v.pageImages()
	references := map[string][]string{}
	for _, r := range v.ruleInfos() {
		references[r.ID] = r.References
	}
	bySeverity := map[string]int64{}
	for _, f := range forPeople(v.all()) {
		p.Findings = append(p.Findings, t.pageFinding(&f, references[f.Rule]))
		bySeverity[Escape(f.Severity)]++
	}
	for _, s := range sortedBy(bySeverity, severityRank) {
		p.Severities = append(p.Severities, pageSeverity{s, thousands(bySeverity[s])})
	}
	return pageTemplate().Execute(w, p)
}

func (t *textWriter) pageFinding(f *finding, references []string) pageFinding {
	p := pageFinding{Fingerprint: Escape(f.Fingerprint), Rule: Escape(f.Rule), Severity: Escape(f.Severity),
		Description: Escape(f.Description), Secret: pageSecret(f.secret), Remedy: EscapeLines(f.Remedy),
		Exposure: f.Kind == scan.KindExposure, Status: f.status, StatusText: t.statusText(f)}
	for _, ref := range references {
		if isWebAddress(ref) {
			p.References = append(p.References, Escape(ref))
		}
	}
	if s := f.Suppressed; s != nil {
		p.Suppressed = Escape(s.By) + reasonSuffix(s.Reason)
	}
	for _, s := range f.sites {
		p.Places = append(p.Places, t.pagePlace(s))
	}
	return p
}

func (t *textWriter) pagePlace(s site) pagePlace {
	first := &s[0]
	row := pagePlace{Name: pathName(first), Context: Escape(first.Context), Status: first.status, CameIn: t.pageCommits(first.Introduced)}
	if first.Path != "" {
		row.Note = Escape(first.Note)
	}
	for i := range s {
		row.WentOut = append(row.WentOut, t.pageCommits(s[i].Removed)...)
	}
	if first.Image == nil {
		return row
	}
	for i := range s {
		row.Images = append(row.Images, t.imageTitle(&s[i]))
	}
	row.Layer, row.Gone = layerText(s), goneText(first.Image)
	row.Instruction, row.SeenBy = Escape(first.Image.Instruction), Escape(strings.Join(first.Image.Scanners, ", "))
	return row
}

func (v *view) pageImages() (rows []pageImage) {
	for n := range v.Images {
		rows = append(rows, pageImage{v.Images[n].cells(), Escape(v.Images[n].Problem)})
	}
	return rows
}

// pageSecret keeps the line breaks of a key that is shown: the page has room for them.
func pageSecret(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Escape(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}

// pageCommits is one commit, or none for nil.
func (t *textWriter) pageCommits(c *scan.Commit) []pageCommit {
	if c == nil {
		return nil
	}
	p := pageCommit{ID: Escape(c.ID), Short: Escape(abbreviate(c.ID)), Author: Escape(c.Author), Subject: Escape(c.Subject)}
	if c.Date.After(firstDate) {
		p.Date, p.Age = c.Date.Format(time.DateOnly), age(t.v.now, c.Date)
	}
	return []pageCommit{p}
}
