package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"

	"rummage/scan"
)

// Schema is the version of the JSON report. Fields are added under the same version; one that is taken away or changes
// its meaning raises it.
const Schema = 1

type jsonReport struct {
	Schema     int           `json:"schema"`
	Scan       jsonScan      `json:"scan"`
	Findings   []jsonFinding `json:"findings"`
	Suppressed []jsonFinding `json:"suppressed,omitempty"`
}

// jsonScan is the statistics with what was scanned, when and by what.
type jsonScan struct {
	scan.Stats
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Command string `json:"command"`
	Source  string `json:"source"`
	Started string `json:"started"`
}

type jsonFinding struct {
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Kind        scan.Kind         `json:"kind"`
	Severity    string            `json:"severity"`
	Description string            `json:"description"`
	Secret      string            `json:"secret"`
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
	PathBytes  []byte      `json:"path_bytes,omitempty"`
	Line       int         `json:"line"`
	Column     int         `json:"column"`
	EndLine    int         `json:"end_line"`
	EndColumn  int         `json:"end_column"`
	Context    string      `json:"context"`
	Blob       string      `json:"blob"`
	Introduced *jsonCommit `json:"introduced"`
	Removed    *jsonCommit `json:"removed"`
	AtTip      []string    `json:"at_tip"`
	Reachable  bool        `json:"reachable"`
	Status     Status      `json:"status"`
	Note       string      `json:"note,omitempty"`
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
	r := jsonReport{Schema: Schema, Scan: v.jsonScan(), Findings: toJSON(v.findings), Suppressed: toJSON(v.suppressed)}
	return encodeJSON(w, r, "  ", false)
}

// writeJSONL writes a finding a line, suppressed ones (told by their member "suppressed") after the others, and at the
// end a line {"schema", "scan"}: the counts are final only then, and a report without that line was cut off.
func writeJSONL(w io.Writer, v *view) error {
	for _, list := range [][]finding{v.findings, v.suppressed} {
		for _, f := range toJSON(list) {
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
		Started: rfc3339(v.Started)}
	s.Seconds = round(s.Seconds, 1e3)
	return s
}

func toJSON(findings []finding) []jsonFinding {
	out := make([]jsonFinding, len(findings))
	for i := range findings {
		f := &findings[i]
		out[i] = jsonFinding{Fingerprint: f.Fingerprint, Rule: f.Rule, Kind: f.Kind, Severity: f.Severity,
			Description: f.Description, Secret: f.secret, Entropy: round(f.Entropy, 1e4), Tags: notNil(f.Tags),
			Remedy: f.Remedy, Status: f.status, Places: make([]jsonPlace, len(f.places)), Suppressed: f.Suppressed}
		for j := range f.places {
			out[i].Places[j] = toJSONPlace(&f.places[j])
		}
	}
	return out
}

func toJSONPlace(p *place) jsonPlace {
	j := jsonPlace{Path: p.Path, Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn,
		Context: p.Context, Blob: p.Blob, Introduced: toJSONCommit(p.Introduced), Removed: toJSONCommit(p.Removed),
		AtTip: notNil(p.AtTip), Reachable: p.Reachable, Status: p.status, Note: p.Note}
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

// encodeJSON writes x and a line break. JSON escapes control characters by itself, but only the ASCII ones; what else
// could act on a terminal (see visible) is written as \u escapes too, which no reader of JSON can tell apart.
func encodeJSON(w io.Writer, x any, indent string, escapeHTML bool) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	e.SetIndent("", indent)
	if err := e.Encode(x); err != nil {
		return err
	}
	return writeSafeJSON(w, b.Bytes())
}

// writeSafeJSON writes encoded JSON with the characters that are not visible as \u escapes. Outside of strings JSON is
// ASCII, so whatever is found stands in one.
func writeSafeJSON(w io.Writer, data []byte) error {
	done := 0
	for i := 0; i < len(data); {
		if data[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if !visible(r) {
			if _, err := w.Write(data[done:i]); err != nil {
				return err
			}
			if err := writeUTF16Escape(w, r); err != nil {
				return err
			}
			done = i + size
		}
		i += size
	}
	_, err := w.Write(data[done:])
	return err
}

func writeUTF16Escape(w io.Writer, r rune) error {
	if r < 0x10000 {
		_, err := fmt.Fprintf(w, `\u%04x`, r)
		return err
	}
	r -= 0x10000
	_, err := fmt.Fprintf(w, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	return err
}
