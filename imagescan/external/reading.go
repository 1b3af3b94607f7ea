package external

import (
	"bytes"
	"errors"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"rummage/scan"
)

// configPath is the path of what stands in an image's configuration.
const configPath = "<config>"

// unknownPath is that of a finding whose scanner names no file.
const unknownPath = "<unknown>"

// reading is what was read from a report.
type reading struct {
	findings, suppressed []scan.Finding
	stats                *scan.Stats
	digest               string
	layers               int
}

// values are the credentials that the report has in full.
func (r *reading) values() []string {
	var values []string
	for _, list := range [][]scan.Finding{r.findings, r.suppressed} {
		for i := range list {
			if v := list[i].Secret.Reveal(); v != "" {
				values = append(values, v)
			}
		}
	}
	return values
}

// add adds a finding, unless there are too many.
func (r *reading) add(f scan.Finding) error {
	if len(r.findings)+len(r.suppressed) >= maxFindings {
		return errTooMany
	}
	if f.Suppressed != nil {
		r.suppressed = append(r.suppressed, f)
	} else {
		r.findings = append(r.findings, f)
	}
	return nil
}

// settle makes findings of one fingerprint one, and sorts them.
func (r *reading) settle() {
	var res scan.Result
	res.Merge(&scan.Result{Findings: r.findings, Suppressed: r.suppressed})
	r.findings, r.suppressed = res.Findings, res.Suppressed
}

// read reads a report. why says why that is not all the scanner should have said of the image; there can be findings
// nevertheless.
func (r *Runner) read(data []byte, log *logOf, t *Target) (read reading, why string) {
	o := origin{scanner: r.s.Name, ours: r.s.ours, image: t.name(), platform: t.Platform}
	data = bytes.TrimSpace(data)
	if len(data) == 0 && r.s.Format != FormatTrufflehog {
		return read, "wrote no report"
	}
	var err error
	switch r.s.Format {
	case FormatTrivy:
		read, err = o.trivy(data)
	case FormatTrufflehog:
		if read, err = o.trufflehog(data); err == nil {
			err = log.complete()
		}
	case FormatGitleaks:
		read, err = o.gitleaks(data)
	case FormatSARIF:
		read, err = o.sarif(data)
	case FormatRummage:
		read, err = o.rummage(data)
	}
	read.settle()
	if err != nil {
		return read, err.Error()
	}
	return read, ""
}

var errNoLayers = errors.New("0 layers were looked at")

// origin says whose report is read, of which image.
type origin struct {
	scanner         string
	ours            bool
	image, platform string
	digest          string // of the image, where the report says it
}

// place is a place in the image, which the caller completes.
func (o *origin) place(file string, line int) scan.Place {
	in := &scan.InImage{Image: o.image, Digest: o.digest, Platform: o.platform, Scanners: []string{o.scanner}}
	if file == configPath {
		in.State = scan.ImageLive
	}
	return scan.Place{Path: file, Line: max(line, 0), AtTip: []string{}, Image: in}
}

// rule is the name of another scanner's rule, told apart from ours.
func (o *origin) rule(id string) string {
	if id == "" {
		id = "unnamed"
	}
	return o.scanner + ":" + clip(id, maxText)
}

// finding is a finding of another scanner. Its fingerprint is of the value, or, where that is not known, of what at says
// of its place.
func (o *origin) finding(id, value string, at ...string) scan.Finding {
	f := scan.Finding{Rule: o.rule(id), Kind: scan.KindSecret, Severity: "high", Secret: scan.Secret(value)}
	if value == "" {
		f.Masked = hidden
		value = strings.Join(at, "\x00")
	}
	f.Fingerprint = scan.Fingerprint(f.Rule, value)
	return f
}

// describe is a description by another program, without what looks like a credential.
func describe(s string) string { return newRedactor(nil, nil).text(clip(s, maxText)) }

// inImage is the absolute path of a file of an image, as places have it.
func inImage(file string) string {
	if file == "" {
		return unknownPath
	}
	return path.Clean("/" + clip(file, maxPath))
}

// columnsOf completes a place with the columns of the secret, where they are known and make sense.
func columnsOf(p *scan.Place, column, endLine, endColumn int) {
	if p.Line == 0 {
		return
	}
	p.EndLine = max(endLine, p.Line)
	if column > 0 && (p.EndLine > p.Line || endColumn > column) {
		p.Column, p.EndColumn = column, max(endColumn, 1)
	}
	p.MatchAt = scan.Span{Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
}

// severities are other programs' words for ours.
var severities = map[string]string{
	"critical": "critical", "high": "high", "medium": "medium", "low": "low", "info": "info",
	"error": "high", "warning": "medium", "note": "low", "none": "info", "unknown": "medium",
}

func severityOf(word string) string {
	if s, ok := severities[strings.ToLower(word)]; ok {
		return s
	}
	return "high"
}

// secretOf is a value as a report has it in full: nothing where it is masked, or no text.
func secretOf(s string) string {
	if len(s) > maxSecret || !utf8.ValidString(s) {
		return ""
	}
	return s
}

func decimal(n int) string { return strconv.Itoa(n) }
