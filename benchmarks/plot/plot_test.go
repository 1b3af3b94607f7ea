package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	rows, err := parse(strings.NewReader("# a comment\n\n1000 2992 1110 3555205 rummage 0.13 0.11 32768 1 1\n"))
	if err != nil || len(rows) != 1 || rows[0] != (row{1000, "rummage", 0.13, 0.11, 32}) {
		t.Errorf("got %v, %v", rows, err)
	}
	for _, bad := range []string{"", "# nothing\n", "1000 2992 1110\n", "many 1 1 1 rummage 1 1 1\n", "0 1 1 1 rummage 1 1 1\n",
		"1 1 1 1 rummage -1 1 1\n"} {
		if rows, err := parse(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read as %v", bad, rows)
		}
	}
}

func TestMedians(t *testing.T) {
	s := series{points: [][2]float64{{10, 3}, {1, 5}, {10, 1}, {10, 8}, {1, 7}}}
	got := s.medians()
	if len(got) != 2 || got[0] != [2]float64{1, 6} || got[1] != [2]float64{10, 3} {
		t.Errorf("got %v", got)
	}
}

// TestDraw: the picture is XML with a point for each run in each line, and titles cannot break it.
func TestDraw(t *testing.T) {
	rows := []row{{1000, "rummage", 0.1, 0.1, 30}, {10000, "rummage", 1, 1, 60}, {10000, "cat-file", 0, 0, 10}}
	var out bytes.Buffer
	draw(&out, rows, "a <title> & more")
	points := 0
	d := xml.NewDecoder(&out)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local == "circle" {
			points++
		}
		for _, a := range start.Attr {
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Errorf("%s of %s is %s", a.Name.Local, start.Name.Local, a.Value)
			}
		}
	}
	if points != 2*3+2 { // rummage: wall and cpu, and memory; cat-file: wall and memory
		t.Errorf("%d points", points)
	}
}
