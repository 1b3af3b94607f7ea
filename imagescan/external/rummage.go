package external

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rummage/scan"
)

// ownSchema is the schema of our JSON report that is read.
const ownSchema = 1

// maxTold is how many problems and notices of a report are kept. Ours names ten problems.
const maxTold = 10

// ownReport is our JSON report, as package report writes it.
type ownReport struct {
	Schema int `json:"schema"`
	Scan   *struct {
		scan.Stats
		Layers int `json:"layers"`
	} `json:"scan"`
	Findings   []ownFinding `json:"findings"`
	Suppressed []ownFinding `json:"suppressed"`
}

type ownFinding struct {
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Kind        scan.Kind         `json:"kind"`
	Severity    string            `json:"severity"`
	Description string            `json:"description"`
	Secret      string            `json:"secret"`
	Entropy     float64           `json:"entropy"`
	Tags        []string          `json:"tags"`
	Remedy      string            `json:"remedy"`
	Places      []ownPlace        `json:"places"`
	Suppressed  *scan.Suppression `json:"suppressed"`
}

// ownPlace is a place, with where in the image it is beside its own members.
type ownPlace struct {
	scan.Place
	PathBytes   []byte   `json:"path_bytes"` // of a path that is not UTF-8
	Image       string   `json:"image"`
	Digest      string   `json:"digest"`
	Platform    string   `json:"platform"`
	Layer       int      `json:"layer"`
	Layers      int      `json:"layers"`
	DiffID      string   `json:"diff_id"`
	Instruction string   `json:"instruction"`
	State       string   `json:"state"`
	GoneIn      int      `json:"gone_in"`
	Scanners    []string `json:"scanners"`
}

func (o *origin) rummage(data []byte) (reading, error) {
	var read reading
	var report ownReport
	err := decode(data, &report)
	if err == nil && (report.Schema != ownSchema || report.Scan == nil || report.Findings == nil) {
		return read, fmt.Errorf("its report is none of schema %d", ownSchema)
	}
	for _, list := range [][]ownFinding{report.Findings, report.Suppressed} {
		for i := range list {
			f, e := o.ownFinding(&list[i])
			if e == nil {
				e = read.add(f)
			}
			if e != nil {
				return read, e
			}
			if p := &f.Places[0]; read.digest == "" && p.Image != nil {
				read.digest = p.Image.Digest
			}
		}
	}
	if report.Scan == nil {
		return read, err
	}
	read.stats, read.layers = &report.Scan.Stats, report.Scan.Layers
	read.stats.Problems = read.stats.Problems[:min(len(read.stats.Problems), maxTold)]
	read.stats.Notices = read.stats.Notices[:min(len(read.stats.Notices), maxTold)]
	switch {
	case err != nil:
	case !read.stats.Complete:
		err = errors.New("could not read all of it")
		if len(read.stats.Problems) > 0 {
			err = fmt.Errorf("%w: %s", err, clip(read.stats.Problems[0].Why, maxText))
		}
	case read.layers <= 0:
		err = errNoLayers
	}
	return read, err
}

var fingerprintForm = pattern(`^[0-9a-f]{32}$`)

func (o *origin) ownFinding(j *ownFinding) (scan.Finding, error) {
	if !fingerprintForm().MatchString(j.Fingerprint) || j.Rule == "" || len(j.Places) == 0 || len(j.Secret) > maxSecret {
		return scan.Finding{}, errors.New("its report has a finding of another form")
	}
	f := scan.Finding{Fingerprint: j.Fingerprint, Rule: clip(j.Rule, maxText), Kind: j.Kind, Severity: severityOf(j.Severity),
		Description: j.Description, Entropy: j.Entropy, Tags: j.Tags, Remedy: j.Remedy, Suppressed: j.Suppressed}
	if f.Kind != scan.KindExposure {
		f.Kind = scan.KindSecret
	}
	// A report shows its secrets or masks them; the fingerprint tells which, for a value that looks masked.
	if strings.Contains(j.Secret, hidden) && scan.Fingerprint(j.Rule, j.Secret) != j.Fingerprint {
		f.Masked = j.Secret
	} else {
		f.Secret = scan.Secret(j.Secret)
	}
	for i := range j.Places {
		f.Places = append(f.Places, o.ownPlace(&j.Places[i], f.Secret))
	}
	return f, nil
}

func (o *origin) ownPlace(j *ownPlace, value scan.Secret) scan.Place {
	p := j.Place
	if len(j.PathBytes) > 0 {
		p.Path = string(j.PathBytes)
	}
	p.Path = clip(p.Path, maxPath)
	p.Line, p.Column, p.EndLine, p.EndColumn = max(p.Line, 0), max(p.Column, 0), max(p.EndLine, 0), max(p.EndColumn, 0)
	if p.AtTip == nil {
		p.AtTip = []string{}
	}
	if p.Line > 0 { // the report does not say what the rule matched around the secret
		p.Match = value
		p.MatchAt = scan.Span{Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
	}
	// An archive may hold several images, which the report tells apart.
	in := &scan.InImage{Image: cmp.Or(j.Image, o.image), Digest: j.Digest, Platform: cmp.Or(j.Platform, o.platform), Layer: max(j.Layer, 0),
		Layers: max(j.Layers, 0), DiffID: j.DiffID, Instruction: j.Instruction, State: scan.ImageState(j.State),
		GoneIn: max(j.GoneIn, 0), Scanners: o.seenBy(j.Scanners)}
	p.Image = in
	return p
}

// seenBy is who saw a place, of those that the report names. What calls itself builtin there is the scanner that wrote it,
// and goes without saying where that is this program.
func (o *origin) seenBy(told []string) []string {
	var names []string
	for _, name := range told {
		if name == BuiltinName {
			name = o.scanner
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		names = []string{o.scanner}
	}
	slices.Sort(names)
	if names = slices.Compact(names); o.ours && len(names) == 1 && names[0] == BuiltinName {
		return nil
	}
	return names
}
