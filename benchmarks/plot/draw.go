package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	width, height        = 980, 440
	panelWidth           = 390
	top, bottom          = 60, 380
	least                = 0.01 // seconds: what GNU time can tell
	memoryBar            = 300  // megabytes
	rummageC, gitC, dimC = "#b3261e", "#1b5e9b", "#888888"
)

// panel maps values to places: x is logarithmic, y too where logY is set.
type panel struct {
	left         float64
	x0, x1       float64
	y0, y1       float64
	logY         bool
	title, label string
}

func (p panel) x(v float64) float64 {
	return p.left + panelWidth*(math.Log10(v)-math.Log10(p.x0))/(math.Log10(p.x1)-math.Log10(p.x0))
}

func (p panel) y(v float64) float64 {
	part := (v - p.y0) / (p.y1 - p.y0)
	if p.logY {
		v = max(v, least)
		part = (math.Log10(v) - math.Log10(p.y0)) / (math.Log10(p.y1) - math.Log10(p.y0))
	}
	return bottom - (bottom-top)*part
}

// draw writes the whole picture.
func draw(w io.Writer, rows []row, title string) {
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		width, height, width, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	text(w, width/2, 22, "middle", "#000", title)
	low, high := rows[0].commits, rows[0].commits
	slowest, largest := 0.0, 0.0
	for _, r := range rows {
		low, high = min(low, r.commits), max(high, r.commits)
		slowest, largest = max(slowest, r.wall, r.cpu), max(largest, r.peak)
	}
	if low == high {
		high = 10 * low
	}
	wall := func(r row) float64 { return r.wall }
	cpu := func(r row) float64 { return r.cpu }
	peak := func(r row) float64 { return r.peak }

	time := panel{70, low / 1.2, high * 1.2, least, math.Pow(10, math.Ceil(math.Log10(max(slowest, 10*least)))), true, "time", "seconds"}
	time.frame(w)
	mine := pick(rows, "rummage, processor", "rummage", rummageC, cpu)
	time.linear(w, mine.medians(), low, high)
	time.lines(w, mine, pick(rows, "rummage, wall", "rummage", "#e08a84", wall), pick(rows, "git cat-file, processor", "cat-file", gitC, cpu))

	memory := panel{550, low / 1.2, high * 1.2, 0, max(memoryBar, largest) * 1.15, false, "peak memory", "MB"}
	memory.frame(w)
	fmt.Fprintf(w, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="5 4"/>`+"\n",
		memory.left, memory.left+panelWidth, memory.y(memoryBar), memory.y(memoryBar), dimC)
	text(w, memory.left+panelWidth-4, memory.y(memoryBar)-5, "end", dimC, fmt.Sprintf("bar: %d MB", memoryBar))
	memory.lines(w, pick(rows, "rummage", "rummage", rummageC, peak), pick(rows, "git cat-file", "cat-file", gitC, peak))
	fmt.Fprintln(w, "</svg>")
}

// frame draws the axes, their ticks and what they are of.
func (p panel) frame(w io.Writer) {
	fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%d" height="%d" fill="none" stroke="#444"/>`+"\n", p.left, top, panelWidth, bottom-top)
	text(w, p.left+panelWidth/2, top-12, "middle", "#000", p.title)
	text(w, p.left+panelWidth/2, bottom+36, "middle", "#000", "commits")
	text(w, p.left-8, top-12, "end", "#000", p.label)
	for v := math.Pow(10, math.Ceil(math.Log10(p.x0))); v <= p.x1; v *= 10 {
		fmt.Fprintf(w, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#e4e4e4"/>`+"\n", p.x(v), p.x(v), top, bottom)
		text(w, p.x(v), bottom+17, "middle", "#000", thousands(v))
	}
	step := func(v float64) float64 { return v + 50 }
	first := 0.0
	if p.logY {
		step, first = func(v float64) float64 { return v * 10 }, p.y0
	} else if p.y1 > 600 {
		step = func(v float64) float64 { return v + 200 }
	}
	for v := first; v <= p.y1*1.0001; v = step(v) {
		fmt.Fprintf(w, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#e4e4e4"/>`+"\n", p.left, p.left+panelWidth, p.y(v), p.y(v))
		text(w, p.left-8, p.y(v)+4, "end", "#000", fmt.Sprintf("%.10g", v))
	}
}

// linear draws what the largest size would have the others take if time were linear.
func (p panel) linear(w io.Writer, medians [][2]float64, low, high float64) {
	if len(medians) == 0 {
		return
	}
	last := medians[len(medians)-1]
	from := max(low, last[0]*least/max(last[1], least))
	fmt.Fprintf(w, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="5 4"/>`+"\n",
		p.x(from), p.x(high), p.y(last[1]*from/last[0]), p.y(last[1]*high/last[0]), dimC)
	text(w, p.left+panelWidth-6, bottom-8, "end", dimC, "dashed: linear")
}

// lines draws the series: points, lines through their medians, and a legend.
func (p panel) lines(w io.Writer, all ...series) {
	for i, s := range all {
		var path strings.Builder
		for j, m := range s.medians() {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(j, 1)], p.x(m[0]), p.y(m[1]))
		}
		fmt.Fprintf(w, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), s.colour)
		for _, v := range s.points {
			fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"/>`+"\n", p.x(v[0]), p.y(v[1]), s.colour)
		}
		text(w, p.left+10, float64(top+18+16*i), "start", s.colour, s.name)
	}
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func text(w io.Writer, x, y float64, anchor, colour, s string) {
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, colour, escape.Replace(s))
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
