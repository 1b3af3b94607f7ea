// Command plot draws time and memory against the size of a history, as SVG, from the raw rows of million.sh.
//
//	plot [-title TEXT] RAW >PLOT.svg
//
// A row is "commits objects pack-KB blob-bytes tool wall-s cpu-s peak-KB …"; comments start with #. There are two panels.
// Both axes are logarithmic in that of time, where a line of slope one says what linear would be; that of memory has a
// logarithmic axis of commits alone and the bar of 300 MB. A point is a run, a line joins medians. The program knows
// nothing else of rummage; rows that are too short are refused.
//
// Concurrency: none.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	title := flag.String("title", "", "what stands above the panels")
	flag.Parse()
	if err := run(os.Stdout, flag.Args(), *title); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string, title string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one file of rows, got %d", len(args))
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := parse(in)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	draw(out, rows, title)
	return out.Flush()
}

// row is one run of a tool: seconds, megabytes.
type row struct {
	commits         float64
	tool            string
	wall, cpu, peak float64
}

func parse(in io.Reader) ([]row, error) {
	var rows []row
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 8 {
			return nil, fmt.Errorf("line %d: %d fields, want 8 or more", n, len(fields))
		}
		var v [4]float64
		for i, at := range []int{0, 5, 6, 7} {
			f, err := strconv.ParseFloat(fields[at], 64)
			if err != nil || f < 0 {
				return nil, fmt.Errorf("line %d: field %d is no number: %q", n, at+1, fields[at])
			}
			v[i] = f
		}
		if v[0] == 0 {
			return nil, fmt.Errorf("line %d: no commits", n)
		}
		rows = append(rows, row{v[0], fields[4], v[1], v[2], v[3] / 1024})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no rows")
	}
	return rows, nil
}

// series is one line of a panel.
type series struct {
	name, colour string
	points       [][2]float64
}

// medians joins the runs of each size.
func (s series) medians() [][2]float64 {
	by := map[float64][]float64{}
	for _, p := range s.points {
		by[p[0]] = append(by[p[0]], p[1])
	}
	var out [][2]float64
	for x, ys := range by {
		slices.Sort(ys)
		out = append(out, [2]float64{x, (ys[len(ys)/2] + ys[(len(ys)-1)/2]) / 2})
	}
	slices.SortFunc(out, func(a, b [2]float64) int { return int(a[0] - b[0]) })
	return out
}

// pick makes a series of what value gives of a tool's rows.
func pick(rows []row, name, tool, colour string, value func(row) float64) series {
	s := series{name: name, colour: colour}
	for _, r := range rows {
		if r.tool == tool {
			s.points = append(s.points, [2]float64{r.commits, value(r)})
		}
	}
	return s
}
