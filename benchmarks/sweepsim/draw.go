package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	width, height            = 620, 440
	left, right, top, bottom = 70.0, 590.0, 50.0, 380.0
)

var colours = []string{"#b3261e", "#1b5e9b", "#3b7d3b", "#888888"}

// draw draws time against workers, both logarithmic.
func draw(w io.Writer, lines []line, title string) {
	x0, x1, y0, y1 := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, l := range lines {
		for _, p := range l.times {
			x0, x1, y0, y1 = min(x0, p[0]), max(x1, p[0]), min(y0, p[1]/3600), max(y1, p[1]/3600)
		}
	}
	x0, x1 = x0/1.2, x1*1.2
	y0, y1 = math.Pow(10, math.Floor(math.Log10(y0))), math.Pow(10, math.Ceil(math.Log10(y1)))
	x := func(v float64) float64 { return left + (right-left)*math.Log(v/x0)/math.Log(x1/x0) }
	y := func(v float64) float64 { return bottom - (bottom-top)*math.Log(v/y0)/math.Log(y1/y0) }
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	text(w, width/2, 22, "middle", "#000", title+", simulated")
	fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="none" stroke="#444"/>`+"\n", left, top, right-left, bottom-top)
	text(w, (left+right)/2, bottom+36, "middle", "#000", "workers")
	text(w, left-8, top-12, "end", "#000", "hours")
	for v := 1.0; v <= x1; v *= 2 {
		if v >= x0 {
			rule(w, x(v), x(v), top, bottom)
			text(w, x(v), bottom+17, "middle", "#000", fmt.Sprintf("%.0f", v))
		}
	}
	for decade := y0; decade <= y1*1.0001; decade *= 10 {
		for _, part := range []float64{1, 2, 5} {
			if v := decade * part; v <= y1*1.0001 {
				rule(w, left, right, y(v), y(v))
				text(w, left-8, y(v)+4, "end", "#000", fmt.Sprintf("%.10g", v))
			}
		}
	}
	for i, l := range lines {
		colour := colours[i%len(colours)]
		var path strings.Builder
		for j, p := range l.times {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(j, 1)], x(p[0]), y(p[1]/3600))
			fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"/>`+"\n", x(p[0]), y(p[1]/3600), colour)
		}
		fmt.Fprintf(w, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), colour)
		text(w, right-10, top+18+16*float64(i), "end", colour, l.forge.title)
	}
	fmt.Fprintln(w, "</svg>")
}

func rule(w io.Writer, x1, x2, y1, y2 float64) {
	fmt.Fprintf(w, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#e4e4e4"/>`+"\n", x1, x2, y1, y2)
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func text(w io.Writer, x, y float64, anchor, colour, s string) {
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, colour, escape.Replace(s))
}
