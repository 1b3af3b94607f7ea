package report

import (
	"fmt"
	"math"
	"strings"
)

// ImageScan says of one image that was looked into what came of it.
type ImageScan struct {
	Image string // as in scan.InImage
	// Layers, Secrets and Exposures count what was read and the findings of either kind.
	Layers, Secrets, Exposures int
	Scanner                    string  // who looked; empty: nobody got that far
	Seconds                    float64 // how long it took
	Problem                    string  // why it was not read, or not all of it, in one line; empty: all of it was
}

// jsonImageScan is an ImageScan in the statistics.
type jsonImageScan struct {
	Image     string  `json:"image"`
	Complete  bool    `json:"complete"`
	Layers    int     `json:"layers"`
	Secrets   int     `json:"secrets"`
	Exposures int     `json:"exposures"`
	Scanner   string  `json:"scanner"`
	Seconds   float64 `json:"seconds"`
	Problem   string  `json:"problem,omitempty"`
}

// imageScans is the images as reports show them, in their order.
func (b *viewBuilder) imageScans(in []ImageScan) []ImageScan {
	out := make([]ImageScan, len(in))
	for n, i := range in {
		i.Image = imageWithoutCredentials(b.s.path(i.Image))
		i.Scanner = b.s.path(i.Scanner)
		i.Problem = urlCredentials().ReplaceAllString(b.s.text(i.Problem), "$1****@")
		if !(i.Seconds > 0) || math.IsInf(i.Seconds, 0) {
			i.Seconds = 0
		}
		out[n] = i
	}
	return out
}

func (v *view) jsonImageScans() []jsonImageScan {
	var out []jsonImageScan
	for _, i := range v.Images {
		out = append(out, jsonImageScan{i.Image, i.Problem == "", i.Layers, i.Secrets, i.Exposures, i.Scanner, round(i.Seconds, 1e3), i.Problem})
	}
	return out
}

// imageScanHeads are the columns of the table of images.
var imageScanHeads = []string{"IMAGE", "LAYERS", "SECRETS", "EXPOSURES", "SCANNER", "TIME"}

const (
	scannerColumn    = 4
	maxScannerColumn = 24
)

// cells are what stands in them.
func (i *ImageScan) cells() []string {
	time := ""
	if i.Seconds > 0 {
		time = seconds(i.Seconds)
	}
	number := func(n int) string { return thousands(int64(n)) }
	return []string{Escape(i.Image), number(i.Layers), number(i.Secrets), number(i.Exposures), Escape(i.Scanner), time}
}

// imageTable writes a row for each image, and below it why it is incomplete.
func (t *textWriter) imageTable() {
	if len(t.v.Images) == 0 {
		return
	}
	rows := [][]string{imageScanHeads}
	for n := range t.v.Images {
		row := t.v.Images[n].cells()
		row[scannerColumn] = truncate(row[scannerColumn], maxScannerColumn)
		rows = append(rows, row)
	}
	widths := make([]int, len(imageScanHeads))
	others := 0 // columns that are not left to names of images
	for c := range widths {
		for _, row := range rows {
			widths[c] = max(widths[c], columns(row[c]))
		}
		if c > 0 {
			others += widths[c] + 2
		}
	}
	widths[0] = max(min(widths[0], t.width-others), len(imageScanHeads[0]))
	for n, row := range rows {
		style := ""
		if n == 0 {
			style = bold
		}
		t.imageRow(style, row, widths)
		if n > 0 && t.v.Images[n-1].Problem != "" {
			t.wrapped(indentFinding, t.color(boldRed, "incomplete: ")+Escape(t.v.Images[n-1].Problem))
		}
	}
	t.line("")
}

// imageRow writes a row. A name that is too long has a line of its own, to be copied.
func (t *textWriter) imageRow(style string, row []string, widths []int) {
	name := row[0]
	if columns(name) > widths[0] {
		t.line(t.color(style, name))
		name = ""
	}
	var b strings.Builder
	b.WriteString(name + strings.Repeat(" ", widths[0]-columns(name)))
	for c := 1; c < len(row); c++ {
		pad := strings.Repeat(" ", widths[c]-columns(row[c]))
		if c == scannerColumn { // the one word among numbers
			b.WriteString("  " + row[c] + pad)
		} else {
			b.WriteString("  " + pad + row[c])
		}
	}
	t.line(t.color(style, strings.TrimRight(b.String(), " ")))
}

// imagesText is what there is to say of all images in a sentence, empty without any.
func (v *view) imagesText() string {
	if len(v.Images) == 0 {
		return ""
	}
	layers, incomplete := 0, 0
	for _, i := range v.Images {
		layers += i.Layers
		if i.Problem != "" {
			incomplete++
		}
	}
	s := "Looked into " + count(int64(len(v.Images)), "image") + ", " + count(int64(layers), "layer")
	if incomplete > 0 {
		s += fmt.Sprintf("; %s not read whole", thousands(int64(incomplete)))
	}
	return s + "."
}
