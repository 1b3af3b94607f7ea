package report

import (
	"cmp"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"rummage/scan"
)

// csvColumns are the columns of the CSV format. New ones go to the end.
var csvColumns = []string{
	"fingerprint", "rule", "kind", "severity", "description", "secret", "status",
	"path", "line", "column", "end_line", "end_column", "context", "blob",
	"introduced_commit", "introduced_date", "introduced_author", "introduced_email", "introduced_subject",
	"removed_commit", "removed_date", "removed_author", "removed_email", "removed_subject",
	"at_tip", "reachable", "note", "tags", "remedy", "suppressed_by", "suppressed_reason",
	"image", "digest", "platform", "layer", "layers", "diff_id", "instruction", "state", "gone_in", "scanners",
}

// writeCSV writes a header and a row for each place (a finding without one has a row of its own), as RFC 4180 has it:
// lines end with CR LF, and UTF-8. The status is that of the place.
//
// A cell that a spreadsheet would take for a formula (one that begins with = + - @, also in their full-width forms)
// gets an apostrophe before it, which spreadsheets do not show. Control characters, line breaks too, are written as
// escapes.
func writeCSV(w io.Writer, v *view) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(csvColumns); err != nil {
		return err
	}
	for _, list := range [][]finding{v.findings, v.suppressed} {
		for i := range list {
			if err := writeCSVFinding(c, &list[i]); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

func writeCSVFinding(c *csv.Writer, f *finding) error {
	places := f.places
	if len(places) == 0 {
		places = []place{{status: f.status}}
	}
	for i := range places {
		if err := c.Write(csvRow(f, &places[i])); err != nil {
			return err
		}
	}
	return nil
}

func csvRow(f *finding, p *place) []string {
	row := []string{f.Fingerprint, f.Rule, string(f.Kind), f.Severity, f.Description, f.secret, string(p.status),
		p.Path, strconv.Itoa(p.Line), strconv.Itoa(p.Column), strconv.Itoa(p.EndLine), strconv.Itoa(p.EndColumn), p.Context, p.Blob}
	row = append(row, csvCommit(p.Introduced)...)
	row = append(row, csvCommit(p.Removed)...)
	by, reason := "", ""
	if f.Suppressed != nil {
		by, reason = f.Suppressed.By, f.Suppressed.Reason
	}
	row = append(row, strings.Join(p.AtTip, " "), strconv.FormatBool(p.Reachable), p.Note, strings.Join(f.tagsAt(p), " "), cmp.Or(p.Remedy, f.Remedy), by, reason)
	row = append(row, csvInImage(p.Image)...)
	for i := range row {
		row[i] = CSVCell(row[i])
	}
	return row
}

// csvInImage is empty cells for a place in no image, and where there is no layer.
func csvInImage(i *scan.InImage) []string {
	if i == nil {
		return make([]string, 10)
	}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []string{i.Image, i.Digest, i.Platform, number(i.Layer), number(i.Layers), i.DiffID, i.Instruction, string(i.State), number(i.GoneIn),
		strings.Join(i.SeenBy(), " ")}
}

func csvCommit(c *scan.Commit) []string {
	if c == nil {
		return make([]string, 5)
	}
	return []string{c.ID, rfc3339(c.Date), c.Author, c.Email, c.Subject}
}

// CSVCell makes s safe for a spreadsheet. A tab or a line break, which would be as bad at the beginning, is an escape
// by then.
func CSVCell(s string) string {
	s = Escape(s)
	for _, prefix := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, prefix) {
			return "'" + s
		}
	}
	return s
}
