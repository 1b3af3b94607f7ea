package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"rummage/scan"
)

// StoredFinding is a finding as our JSON reports have it. Its secret is masked, and so it is in its other texts, also
// when the report shows it.
type StoredFinding = jsonFinding

// StoredPlace is a place of a StoredFinding.
type StoredPlace = jsonPlace

// storedEntry is a value of the stream: a whole report, a line with a finding, or the closing line with the statistics.
// "suppressed" is a list of findings in the first and says by whom in the second.
type storedEntry struct {
	Schema     *int             `json:"schema"`
	Findings   *[]StoredFinding `json:"findings"`
	Suppressed json.RawMessage  `json:"suppressed"`
	StoredFinding
}

var errNoReport = errors.New("no JSON report of rummage")

// ReadFindings reads the findings of one of our reports (JSON or JSON lines), suppressed ones last. The errors are one
// line that says where, and hold nothing of the report.
func ReadFindings(r io.Reader) ([]StoredFinding, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBaseline+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBaseline {
		return nil, fmt.Errorf("larger than %s", byteSize(maxBaseline))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if firstByte(data) != '{' {
		return nil, errNoReport
	}
	var found, suppressed []StoredFinding
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var e storedEntry
		err := d.Decode(&e)
		if err == io.EOF {
			break
		}
		if err == nil {
			var f, s []StoredFinding
			f, s, err = e.lists()
			found, suppressed = append(found, f...), append(suppressed, s...)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", position(data, d, err), plainJSONError(err))
		}
	}
	found = append(found, suppressed...)
	maskStored(found)
	return found, nil
}

func (e *storedEntry) lists() (found, suppressed []StoredFinding, err error) {
	switch {
	case e.Schema != nil && *e.Schema != Schema:
		return nil, nil, fmt.Errorf("schema %d is not known, want %d", *e.Schema, Schema)
	case e.Schema == nil && e.Fingerprint == "":
		return nil, nil, errNoReport
	case e.Fingerprint != "":
		f := e.StoredFinding
		if len(e.Suppressed) > 0 {
			err = json.Unmarshal(e.Suppressed, &f.Suppressed)
		}
		return []StoredFinding{f}, nil, err
	case e.Findings != nil:
		if len(e.Suppressed) > 0 {
			err = json.Unmarshal(e.Suppressed, &suppressed)
		}
		return *e.Findings, suppressed, err
	}
	return nil, nil, nil
}

// maskStored masks what a report shows that was written to show it.
func maskStored(list []StoredFinding) {
	var shown []scan.Finding
	for i := range list {
		if v := list[i].Secret; v != "" && !list[i].Masked && !strings.Contains(v, "****") {
			shown = append(shown, scan.Finding{Secret: scan.Secret(v)})
			list[i].Secret = scan.Mask(v)
		}
	}
	if len(shown) == 0 {
		return
	}
	s := newScrubber(shown)
	for i := range list {
		f := &list[i]
		f.Description, f.Remedy = s.path(f.Description), s.path(f.Remedy)
		if f.Suppressed != nil {
			f.Suppressed.Reason = s.text(f.Suppressed.Reason)
		}
		for j := range f.Places {
			p := &f.Places[j]
			p.Path, p.Note, p.Remedy = s.path(p.Path), s.text(p.Note), s.path(p.Remedy)
			if i := p.StoredInImage; i != nil {
				i.Image, i.Platform, i.Instruction = s.path(i.Image), s.text(i.Platform), s.text(i.Instruction)
			}
			for _, c := range []*jsonCommit{p.Introduced, p.Removed} {
				if c != nil {
					c.Author, c.Email, c.Subject = s.text(c.Author), s.text(c.Email), s.text(c.Subject)
				}
			}
		}
	}
}

// Section is a part of a text for people: a title and lines. Lines that begin with two spaces show code and stay whole,
// the others are wrapped.
type Section struct {
	Title string
	Lines []string
}

// WriteSections writes sections in the manner of the text format. All of it is escaped. Sections without lines are left
// out.
func WriteSections(w io.Writer, sections []Section, o Options) error {
	t := &textWriter{v: &view{o: o}, width: max(minWidth, o.Width)}
	if o.Width == 0 {
		t.width = defaultWidth
	}
	for _, s := range sections {
		if len(s.Lines) == 0 {
			continue
		}
		if t.Len() > 0 {
			t.line("")
		}
		t.line(t.color(bold, Escape(s.Title)))
		for _, l := range s.Lines {
			t.lines(indentFinding, l)
		}
	}
	_, err := t.WriteTo(w)
	return err
}
