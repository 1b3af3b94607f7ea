package report

import (
	"io"
	"iter"
	"math"
	"time"
	"unicode/utf8"

	"rummage/scan"
)

// Schema is the version of the JSON report. Fields are added under the same version; one that is taken away or changes
// its meaning raises it.
const Schema = 1

type jsonReport struct {
	Schema     int            `json:"schema"`
	Scan       jsonScan       `json:"scan"`
	Findings   []jsonFinding  `json:"findings"`
	Suppressed *[]jsonFinding `json:"suppressed,omitempty"` // absent unless they were asked for
}

// jsonScan is the statistics with what was scanned, when and by what.
type jsonScan struct {
	scan.Stats
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Command string `json:"command"`
	Source  string `json:"source"`
	Started string `json:"started"`
	// Images are those that were looked into; absent where none were to be.
	Images []jsonImageScan `json:"images,omitempty"`
}

type jsonFinding struct {
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Kind        scan.Kind         `json:"kind"`
	Severity    string            `json:"severity"`
	Description string            `json:"description"`
	Secret      string            `json:"secret"`
	Masked      bool              `json:"masked,omitempty"` // another scanner found it, and the value is not known
	Entropy     float64           `json:"entropy"`
	Tags        []string          `json:"tags"`
	Remedy      string            `json:"remedy"`
	Status      Status            `json:"status"`
	Places      []jsonPlace       `json:"places"`
	Suppressed  *scan.Suppression `json:"suppressed,omitempty"`
}

type jsonPlace struct {
	Path string `json:"path"`
	// PathBytes is the path in base64 where it is not UTF-8: Path has U+FFFD for the bytes that JSON cannot hold.
	PathBytes      []byte      `json:"path_bytes,omitempty"`
	Line           int         `json:"line"`
	Column         int         `json:"column"`
	EndLine        int         `json:"end_line"`
	EndColumn      int         `json:"end_column"`
	Context        string      `json:"context"`
	Blob           string      `json:"blob"`
	Introduced     *jsonCommit `json:"introduced"`
	Removed        *jsonCommit `json:"removed"`
	AtTip          []string    `json:"at_tip"`
	Reachable      bool        `json:"reachable"`
	Status         Status      `json:"status"`
	Note           string      `json:"note,omitempty"`
	Tags           []string    `json:"tags,omitempty"`   // of this place, where they are not the finding's
	Remedy         string      `json:"remedy,omitempty"` // of this place, where the finding's is that of another
	*StoredInImage             // nil for a place in no image
}

type jsonCommit struct {
	Commit  string `json:"commit"`
	Author  string `json:"author"`
	Email   string `json:"email"`
	Date    string `json:"date"` // RFC 3339, UTC
	Subject string `json:"subject"`
}

// writeJSON writes one object: {"schema", "scan", "findings"}, and "suppressed" where those are to be shown.
func writeJSON(w io.Writer, v *view) error {
	r := jsonReport{Schema: Schema, Scan: v.jsonScan(), Findings: []jsonFinding{}}
	lists := []jsonList{{"findings", jsonFindings(v.findings)}}
	if v.o.ShowSuppressed {
		r.Suppressed = &[]jsonFinding{}
		lists = append(lists, jsonList{"suppressed", jsonFindings(v.suppressed)})
	}
	return encodeJSONLists(w, r, "  ", 1, lists...)
}

// writeJSONL writes a finding a line, suppressed ones (told by their member "suppressed") after the others, and at the
// end a line {"schema", "scan"}: the counts are final only then, and a report without that line was cut off.
func writeJSONL(w io.Writer, v *view) error {
	for _, list := range [][]finding{v.findings, v.suppressed} {
		for f := range jsonFindings(list) {
			if err := encodeJSON(w, f, "", false); err != nil {
				return err
			}
		}
	}
	end := struct {
		Schema int      `json:"schema"`
		Scan   jsonScan `json:"scan"`
	}{Schema, v.jsonScan()}
	return encodeJSON(w, end, "", false)
}

func (v *view) jsonScan() jsonScan {
	s := jsonScan{Stats: v.Stats, Tool: v.Tool, Version: v.Version, Command: v.Command, Source: v.Source,
		Started: rfc3339(v.Started), Images: v.jsonImageScans()}
	s.Seconds = round(s.Seconds, 1e3)
	return s
}

// jsonFindings is the findings as members of a list, made one by one.
func jsonFindings(findings []finding) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range findings {
			if !yield(toJSON(&findings[i])) {
				return
			}
		}
	}
}

func toJSON(f *finding) jsonFinding {
	j := jsonFinding{Fingerprint: f.Fingerprint, Rule: f.Rule, Kind: f.Kind, Severity: f.Severity,
		Description: f.Description, Secret: f.secret, Masked: f.masked, Entropy: round(f.Entropy, 1e4), Tags: f.Tags,
		Remedy: f.Remedy, Status: f.status, Places: make([]jsonPlace, len(f.places)), Suppressed: f.Suppressed}
	for i := range f.places {
		j.Places[i] = toJSONPlace(&f.places[i])
	}
	return j
}

func toJSONPlace(p *place) jsonPlace {
	j := jsonPlace{Path: p.Path, Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn,
		Context: p.Context, Blob: p.Blob, Introduced: toJSONCommit(p.Introduced), Removed: toJSONCommit(p.Removed),
		AtTip: p.AtTip, Reachable: p.Reachable, Status: p.status, Note: p.Note, Tags: p.Tags, Remedy: p.Remedy,
		StoredInImage: toJSONInImage(p.Image)}
	if !utf8.ValidString(p.Path) {
		j.PathBytes = []byte(p.Path)
	}
	return j
}

func toJSONCommit(c *scan.Commit) *jsonCommit {
	if c == nil {
		return nil
	}
	return &jsonCommit{c.ID, c.Author, c.Email, rfc3339(c.Date), c.Subject}
}

func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func round(x, unit float64) float64 { return math.Round(x*unit) / unit }

func rfc3339(t time.Time) string { return printableDate(t).Format(time.RFC3339) }
