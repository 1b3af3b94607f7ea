package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// gitleaksFinding is an entry of gitleaks' JSON report (8.30), in its order of keys.
type gitleaksFinding struct {
	RuleID      string
	Description string
	StartLine   int
	EndLine     int
	StartColumn int
	EndColumn   int
	Match       string
	Secret      string
	File        string
	SymlinkFile string
	Commit      string
	Link        string `json:",omitempty"`
	Entropy     float32
	Author      string
	Email       string
	Date        string
	Message     string
	Tags        []string
	Fingerprint string
}

// writeGitleaks writes the report that gitleaks writes: an array with an entry for each place, which tells where the
// whole match stands rather than the secret in it. Suppressed findings are not in it, since its readers could not tell.
//
// Secrets are masked unless they are to be shown, as everywhere here. With secrets, gitleaks takes the report of files for
// a baseline, which must agree with its own in all but tags; so columns are as gitleaks counts them: one too high on all
// lines but a fragment's first, which in files is the first line. In a history it is the first of a hunk, and which that
// was is not known here: there the fingerprints in a .gitleaksignore do what a baseline does.
func writeGitleaks(w io.Writer, v *view) error {
	seen := map[string]bool{}
	entries := func(yield func(any) bool) {
		for i := range v.findings {
			f := &v.findings[i]
			for _, p := range slices.Concat(f.sites...) {
				g := gitleaksEntry(f, &p)
				// Places can differ in what this format does not tell; the same entry twice is what people complain of.
				key := fmt.Sprint(g.Fingerprint, g.StartColumn, g.EndLine, g.EndColumn, f.Fingerprint)
				if seen[key] {
					continue
				}
				seen[key] = true
				if !yield(g) {
					return
				}
			}
		}
	}
	if _, err := io.WriteString(w, "["); err != nil {
		return err
	}
	if err := writeJSONMembers(w, entries, "", " ", true); err != nil {
		return err
	}
	_, err := io.WriteString(w, "]\n")
	return err
}

func gitleaksEntry(f *finding, p *place) gitleaksFinding {
	g := gitleaksFinding{RuleID: f.Rule, Description: f.Description, StartLine: p.span.startLine, EndLine: p.span.endLine,
		StartColumn: p.span.startColumn, EndColumn: p.span.endColumn, Match: p.match, Secret: f.secret, File: gitleaksFile(&p.Place),
		Entropy: float32(f.Entropy), Tags: f.tagsAt(p)}
	if f.secret == "" && g.Match == "" && p.Line == 0 {
		g.Match = "file detected: " + g.File // what gitleaks says of a finding by file name
	}
	if g.StartLine > 1 {
		g.StartColumn++
	}
	if g.EndLine > 1 {
		g.EndColumn++
	}
	if c := p.Introduced; c != nil {
		g.Commit, g.Author, g.Email, g.Date, g.Message = c.ID, c.Author, c.Email, rfc3339(c.Date), strings.TrimRight(c.Message, "\n")
		if g.Message == "" {
			g.Message = c.Subject
		}
	}
	g.Fingerprint = gitleaksFingerprint(g.Commit, g.File, g.RuleID, g.StartLine)
	return g
}

// gitleaksFingerprint is commit:file:rule:line, without the commit where there is none.
func gitleaksFingerprint(commit, file, rule string, line int) string {
	if commit != "" {
		commit += ":"
	}
	return fmt.Sprintf("%s%s:%s:%d", commit, file, rule, line)
}
