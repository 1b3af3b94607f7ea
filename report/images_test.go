package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"rummage/detect/imageref"
	"rummage/scan"
)

// hostileImages is a list in which every text that a repository may choose acts on a terminal or a spreadsheet.
func hostileImages() *Images {
	bad := "=cmd\x1b[31m\u202e\nx\xff"
	c := &scan.Commit{ID: strings.Repeat("0", 40), Author: bad, Email: bad, Subject: bad, Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	place := scan.ImagePlace{Path: bad, Span: scan.Span{Line: 1, Column: 2, EndLine: 1, EndColumn: 4}, Role: imageref.From, Text: bad, Refs: []string{"refs/heads/" + bad}, Commit: c, Note: bad}
	return &Images{Tool: "rummage", Version: "v", Command: "git", Source: "https://u:hunter2@host/x", Started: c.Date, List: &scan.ImageList{
		Images:     []scan.Image{{Name: "docker.io/library/a:1", Places: []scan.ImagePlace{place, {Path: "b", Role: imageref.Built}}}},
		Unresolved: []scan.Image{{Text: bad, Unresolved: bad, Places: []scan.ImagePlace{place}}},
		Stats: scan.Stats{Scanned: 2, Skipped: map[scan.SkipReason]int64{scan.SkipBinary: 1}, ProblemCount: 1, Problems: []scan.Problem{{Where: bad, Why: bad}},
			Notices: []string{bad}, Interrupted: true},
	}}
}

func TestImagesHostile(t *testing.T) {
	for _, format := range ImageFormats() {
		var b bytes.Buffer
		if err := WriteImages(&b, format, hostileImages()); err != nil {
			t.Fatal(err)
		}
		checkOutput(t, format, b.Bytes())
		if strings.Contains(b.String(), "hunter2") {
			t.Errorf("%s: the source's credentials are written", format)
		}
		if !strings.Contains(b.String(), "docker.io/library/a:1") {
			t.Errorf("%s: the image is not there", format)
		}
	}
	var b bytes.Buffer
	if err := WriteImages(&b, "csv", hostileImages()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("cell %s is a formula: %q", rows[0][i], cell)
			}
		}
	}
}

func TestImagesText(t *testing.T) {
	c := &scan.Commit{ID: "0123456789abcdef0123456789abcdef01234567", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	at := func(path string, line int, role imageref.Role, refs ...string) scan.ImagePlace {
		return scan.ImagePlace{Path: path, Span: scan.Span{Line: line, Column: 6}, Role: role, Refs: refs}
	}
	gone := at("old/Dockerfile", 1, imageref.From)
	gone.Commit = c
	long := "docker.io/" + strings.Repeat("x", 60) + ":1"
	r := &Images{List: &scan.ImageList{
		Images: []scan.Image{
			{Name: "docker.io/library/a:1", Places: []scan.ImagePlace{
				at("Dockerfile", 1, imageref.From, "refs/pull/1/head", "refs/tags/v1"), at("Dockerfile", 3, imageref.From, "refs/heads/main", "refs/tags/v2"),
				at("Dockerfile", 9, imageref.CopyFrom, "refs/remotes/origin/x"), gone}},
			{Name: long, Places: []scan.ImagePlace{at("b", 1, imageref.Helm)}}},
		Unresolved: []scan.Image{{Text: "b:$T", Unresolved: "variable T has no value", Places: []scan.ImagePlace{at("c.yml", 2, imageref.Service)}}},
		Stats:      scan.Stats{Scanned: 4},
	}}
	want := `IMAGE                  WHERE
docker.io/library/a:1  Dockerfile:3:6 from (and 1 other position) @ main, v1 and 2 more
                       Dockerfile:9:6 copy-from @ origin/x
                       old/Dockerfile:1:6 from + 0123456789ab 2026-01-02, at no tip
` + long + `
                       b:1:6 helm

UNRESOLVED             WHERE AND WHY
b:$T                   c.yml:2:6 service: variable T has no value

2 images, 1 unresolved; 4 files read.
`
	var b bytes.Buffer
	if err := WriteImages(&b, "text", r); err != nil || b.String() != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, b.String(), want)
	}
	b.Reset()
	if err := WriteImages(&b, "text", &Images{List: &scan.ImageList{}}); err != nil || b.String() != "0 images; 0 files read.\n" {
		t.Errorf("%v, empty: %q", err, b.String())
	}
	b.Reset()
	if err := WriteImages(&b, "json", &Images{List: &scan.ImageList{}}); err != nil || !json.Valid(b.Bytes()) || !strings.Contains(b.String(), `"images": []`) {
		t.Errorf("%v, empty: %s", err, b.String())
	}
}

func TestImagesErrors(t *testing.T) {
	if err := WriteImages(&bytes.Buffer{}, "sarif", hostileImages()); err == nil || !strings.Contains(err.Error(), "text, json, jsonl, csv") {
		t.Errorf("format: %v", err)
	}
	for _, format := range ImageFormats() {
		if err := WriteImages(failing{}, format, hostileImages()); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

type failing struct{}

var errFull = errors.New("full")

func (failing) Write([]byte) (int, error) { return 0, errFull }
