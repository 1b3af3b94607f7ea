package report

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rummage/scan"
)

// Images is a list of images ready to be written.
type Images struct {
	Tool, Version, Command, Source string // as in Report
	Started                        time.Time
	List                           *scan.ImageList
}

var imageFormats = []struct {
	name  string
	write func(w io.Writer, r *Images) error
}{
	{"text", writeImagesText},
	{"json", writeImagesJSON},
	{"jsonl", writeImagesJSONL},
	{"csv", writeImagesCSV},
}

// ImageFormats lists the names that WriteImages takes.
func ImageFormats() (names []string) {
	for _, f := range imageFormats {
		names = append(names, f.name)
	}
	return names
}

// WriteImages writes a list of images in the named format (see ImageFormats). The error is that of w, or says that
// there is no such format.
func WriteImages(w io.Writer, format string, r *Images) error {
	for _, f := range imageFormats {
		if f.name != format {
			continue
		}
		safe := *r
		safe.Source = withoutCredentials(r.Source)
		b := bufio.NewWriterSize(w, 1<<16)
		if err := f.write(b, &safe); err != nil {
			return fmt.Errorf("report: %s: %w", format, err)
		}
		if err := b.Flush(); err != nil {
			return fmt.Errorf("report: %s: %w", format, err)
		}
		return nil
	}
	return fmt.Errorf("report: format %q: want one of %s for a list of images", format, strings.Join(ImageFormats(), ", "))
}

// maxImageColumn is how wide the column of images may be; the places of a longer one begin on the next line.
const maxImageColumn = 60

// writeImagesText writes a table, and what was read.
func writeImagesText(w io.Writer, r *Images) error {
	l := r.List
	width := len("IMAGE")
	for _, list := range [][]scan.Image{l.Images, l.Unresolved} {
		for i := range list {
			if n := columns(Escape(list[i].Name + list[i].Text)); n <= maxImageColumn {
				width = max(width, n)
			}
		}
	}
	t := imageTable{w: w, width: width}
	if len(l.Images) > 0 {
		t.row("IMAGE", "WHERE")
	}
	for i := range l.Images {
		t.image(&l.Images[i])
	}
	if len(l.Unresolved) > 0 {
		if len(l.Images) > 0 {
			t.line("")
		}
		t.row("UNRESOLVED", "WHERE AND WHY")
	}
	for i := range l.Unresolved {
		t.image(&l.Unresolved[i])
	}
	if len(l.Images)+len(l.Unresolved) > 0 {
		t.line("")
	}
	for _, s := range imageSummary(r) {
		t.line(s)
	}
	return t.err
}

// imageTable writes rows until the first error.
type imageTable struct {
	w     io.Writer
	width int
	err   error
}

func (t *imageTable) line(s string) {
	if t.err == nil {
		_, t.err = io.WriteString(t.w, strings.TrimRight(s, " ")+"\n")
	}
}

func (t *imageTable) row(image, where string) {
	n := columns(image)
	if n > t.width {
		t.line(image)
		image, n = "", 0
	}
	t.line(image + strings.Repeat(" ", t.width-n+2) + where)
}

// image writes a line for each path and role. What has stood on many lines of a file, as tips have them, is told by the
// place in the foremost tip.
func (t *imageTable) image(i *scan.Image) {
	name := Escape(i.Name + i.Text)
	for at := 0; at < len(i.Places); {
		end := at + 1
		for end < len(i.Places) && i.Places[end].Path == i.Places[at].Path {
			end++
		}
		for _, where := range imageWheres(i.Places[at:end]) {
			if i.Unresolved != "" {
				where += ": " + Escape(i.Unresolved)
			}
			t.row(name, where)
			name = ""
		}
		at = end
	}
}

// imageWheres tells the places of an image in the files of one path, a line for each role, commit and note.
func imageWheres(places []scan.ImagePlace) (lines []string) {
	type key struct{ role, commit, note string }
	groups := map[key][]*scan.ImagePlace{}
	var order []key
	for i := range places {
		p := &places[i]
		k := key{role: string(p.Role), note: p.Note}
		if p.Commit != nil {
			k.commit = p.Commit.ID
		}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], p)
	}
	for _, k := range order {
		lines = append(lines, imageWhere(groups[k]))
	}
	return lines
}

// maxTextRefs is how many refs of a place the text names.
const maxTextRefs = 2

func imageWhere(group []*scan.ImagePlace) string {
	p := group[0]
	var refs []string
	for _, other := range group {
		refs = append(refs, other.Refs...)
		if len(other.Refs) > 0 && (len(p.Refs) == 0 || compareRefs(foremost(other.Refs), foremost(p.Refs)) < 0) {
			p = other
		}
	}
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	s := fmt.Sprintf("%s:%d:%d %s", Escape(p.Path), p.Line, p.Column, p.Role)
	if n := len(group) - 1; n > 0 {
		s += fmt.Sprintf(" (and %s)", count(int64(n), "other position"))
	}
	if n := len(refs); n > 0 {
		names := make([]string, min(n, maxTextRefs))
		for i := range names {
			names[i] = Escape(shortRef(refs[i]))
		}
		s += " @ " + strings.Join(names, ", ")
		if n > len(names) {
			s += fmt.Sprintf(" and %d more", n-len(names))
		}
	}
	if c := p.Commit; c != nil {
		if s += " + " + c.ID[:min(len(c.ID), 12)] + " " + printableDate(c.Date).Format(time.DateOnly); len(refs) == 0 {
			s += ", at no tip"
		}
	}
	if p.Note != "" {
		s += " (" + Escape(p.Note) + ")"
	}
	return s
}

func foremost(refs []string) string { return slices.MinFunc(refs, compareRefs) }

// compareRefs puts branches first, then tags, branches of others, and the rest.
func compareRefs(a, b string) int {
	return cmp.Or(cmp.Compare(rankRef(a), rankRef(b)), strings.Compare(a, b))
}

func rankRef(name string) int {
	for i, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if strings.HasPrefix(name, prefix) {
			return i
		}
	}
	return 3
}

func shortRef(name string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return short
		}
	}
	return name
}

func imageSummary(r *Images) []string {
	st := &r.List.Stats
	s := count(int64(len(r.List.Images)), "image")
	if n := len(r.List.Unresolved); n > 0 {
		s += fmt.Sprintf(", %d unresolved", n)
	}
	s += "; " + count(st.Scanned, "file") + " read."
	lines := []string{s}
	if skipped := countList(st.Skipped, ""); skipped != "" {
		lines = append(lines, "Skipped: "+skipped+".")
	}
	for _, n := range st.Notices {
		lines = append(lines, "Note: "+Escape(n))
	}
	if st.Interrupted {
		lines = append(lines, "INCOMPLETE: interrupted.")
	}
	if st.ProblemCount > 0 {
		lines = append(lines, fmt.Sprintf("INCOMPLETE: %d could not be read:", st.ProblemCount))
		for _, p := range st.Problems {
			lines = append(lines, "  "+Escape(p.Where)+": "+Escape(p.Why))
		}
	}
	return lines
}

type jsonImage struct {
	Image      string           `json:"image"` // empty when unresolved
	Text       string           `json:"text,omitempty"`
	Unresolved string           `json:"unresolved,omitempty"`
	BuiltOnly  bool             `json:"built_only"`
	Places     []jsonImagePlace `json:"places"`
}

type jsonImagePlace struct {
	Path      string      `json:"path"`
	PathBytes []byte      `json:"path_bytes,omitempty"` // as in jsonPlace
	Line      int         `json:"line"`
	Column    int         `json:"column"`
	EndLine   int         `json:"end_line"`
	EndColumn int         `json:"end_column"`
	Role      string      `json:"role"`
	File      string      `json:"file"`
	Text      string      `json:"text"`
	Blob      string      `json:"blob"`
	Refs      []string    `json:"refs"`
	Commit    *jsonCommit `json:"commit"`
	Note      string      `json:"note,omitempty"`
}

func toJSONImage(i *scan.Image) jsonImage {
	j := jsonImage{Image: i.Name, Text: i.Text, Unresolved: i.Unresolved, BuiltOnly: i.BuiltOnly(), Places: make([]jsonImagePlace, len(i.Places))}
	for n := range i.Places {
		p := &i.Places[n]
		j.Places[n] = jsonImagePlace{Path: p.Path, Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn,
			Role: string(p.Role), File: p.File.String(), Text: p.Text, Blob: p.Blob, Refs: p.Refs, Commit: toJSONCommit(p.Commit), Note: p.Note}
		if p.Refs == nil {
			j.Places[n].Refs = []string{}
		}
		if !utf8.ValidString(p.Path) {
			j.Places[n].PathBytes = []byte(p.Path)
		}
	}
	return j
}

func (r *Images) jsonScan() jsonScan {
	s := jsonScan{Stats: r.List.Stats, Tool: r.Tool, Version: r.Version, Command: r.Command, Source: r.Source, Started: rfc3339(r.Started)}
	s.Seconds = round(s.Seconds, 1e3)
	if s.Problems == nil {
		s.Problems = []scan.Problem{}
	}
	if s.Notices == nil {
		s.Notices = []string{}
	}
	return s
}

func jsonImages(images []scan.Image) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range images {
			if !yield(toJSONImage(&images[i])) {
				return
			}
		}
	}
}

// writeImagesJSON writes one object: {"schema", "scan", "images", "unresolved"}.
func writeImagesJSON(w io.Writer, r *Images) error {
	doc := struct {
		Schema     int         `json:"schema"`
		Scan       jsonScan    `json:"scan"`
		Images     []jsonImage `json:"images"`
		Unresolved []jsonImage `json:"unresolved"`
	}{Schema, r.jsonScan(), []jsonImage{}, []jsonImage{}}
	return encodeJSONLists(w, doc, "  ", 1, jsonList{"images", jsonImages(r.List.Images)}, jsonList{"unresolved", jsonImages(r.List.Unresolved)})
}

// writeImagesJSONL writes an image a line, unresolved ones last, and at the end a line {"schema", "scan"}.
func writeImagesJSONL(w io.Writer, r *Images) error {
	for _, list := range [][]scan.Image{r.List.Images, r.List.Unresolved} {
		for i := range jsonImages(list) {
			if err := encodeJSON(w, i, "", false); err != nil {
				return err
			}
		}
	}
	end := struct {
		Schema int      `json:"schema"`
		Scan   jsonScan `json:"scan"`
	}{Schema, r.jsonScan()}
	return encodeJSON(w, end, "", false)
}

// csvImageColumns are the columns of the list as CSV. New ones go to the end.
var csvImageColumns = []string{"image", "text", "unresolved", "role", "file", "path", "line", "column", "end_line", "end_column", "blob", "refs",
	"commit", "commit_date", "commit_author", "commit_email", "commit_subject", "note"}

// writeImagesCSV writes a header and a row for each place. Cells are as those of writeCSV.
func writeImagesCSV(w io.Writer, r *Images) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(csvImageColumns); err != nil {
		return err
	}
	for _, list := range [][]scan.Image{r.List.Images, r.List.Unresolved} {
		for i := range list {
			for j := range list[i].Places {
				if err := c.Write(csvImageRow(&list[i], &list[i].Places[j])); err != nil {
					return err
				}
			}
		}
	}
	c.Flush()
	return c.Error()
}

func csvImageRow(i *scan.Image, p *scan.ImagePlace) []string {
	row := []string{i.Name, p.Text, i.Unresolved, string(p.Role), p.File.String(), p.Path, strconv.Itoa(p.Line), strconv.Itoa(p.Column),
		strconv.Itoa(p.EndLine), strconv.Itoa(p.EndColumn), p.Blob, strings.Join(p.Refs, " ")}
	row = append(append(row, csvCommit(p.Commit)...), p.Note)
	for n := range row {
		row[n] = CSVCell(row[n])
	}
	return row
}
