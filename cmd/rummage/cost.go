package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"rummage/detect"
	"rummage/filescan"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// costReport is what a measurement says. Times are milliseconds; shares are of the time of the whole search, 0 to 1.
type costReport struct {
	Schema   int         `json:"schema"`
	Source   string      `json:"source"`
	Blobs    int64       `json:"blobs"` // searched
	Bytes    int64       `json:"bytes"`
	Runs     int         `json:"runs"` // of which each time is the least
	MS       float64     `json:"ms"`   // of rules, their preparation and what they share
	Rules    []costRule  `json:"rules"`
	Others   costSum     `json:"other_rules"` // those that --top leaves out
	Idle     int         `json:"idle_rules"`  // without a keyword anywhere
	Setup    costShare   `json:"setup"`
	Shared   []costShare `json:"shared"`
	Generic  costGeneric `json:"generic"`
	Readings int64       `json:"clock_readings"`
	Overhead float64     `json:"overhead_ms"` // of measuring, on nobody's account
}

type costSum struct {
	Rules int     `json:"rules"`
	MS    float64 `json:"ms"`
	Share float64 `json:"share"`
}

type costShare struct {
	What  string  `json:"what"`
	MS    float64 `json:"ms"`
	Share float64 `json:"share"`
}

type costGeneric struct {
	Rules  int     `json:"rules"`
	MS     float64 `json:"ms"`
	Others int     `json:"others"`
	OthMS  float64 `json:"others_ms"`
	More   bool    `json:"more_than_others"`
}

type costRule struct {
	Rule           string        `json:"rule"`
	MS             float64       `json:"ms"`
	Share          float64       `json:"share"`
	SetupMS        float64       `json:"setup_ms"`
	Hits           int64         `json:"hits"`
	Passed         int64         `json:"passed"`
	Windows        int64         `json:"windows"`
	WindowBytes    int64         `json:"window_bytes"`
	Run            int64         `json:"run"`
	RunBytes       int64         `json:"run_bytes"`
	Candidates     int64         `json:"candidates"`
	Matches        int64         `json:"matches"`
	Fruitless      int64         `json:"fruitless"`
	FruitlessShare float64       `json:"fruitless_share"` // of hits
	Keywords       []costKeyword `json:"keywords"`
}

type costKeyword struct {
	Keyword   string `json:"keyword"`
	Hits      int64  `json:"hits"`
	Fruitless int64  `json:"fruitless"`
}

// cost measures what the rules cost on a source.
func (a *app) cost(c *rulesCheckCmd) error {
	rs, err := loadRules(c.File)
	if err != nil {
		return err
	}
	var p *detect.Profile
	var stats scan.Stats
	runs := c.Runs
	if c.Cost == "-" {
		runs = 1 // it can be read once
	}
	for range runs {
		var q *detect.Profile
		if q, stats, err = a.measure(c.Cost, detect.New(rs)); err != nil {
			return err
		}
		if p == nil {
			p = q
		}
		p.Least(q)
	}
	if !stats.Complete {
		a.code = exitError
		fmt.Fprintf(a.stderr, "rummage: incomplete: %s\n", incompleteWhy(stats))
	}
	r := newCostReport(p, len(rs.Rules()))
	r.Source, r.Blobs, r.Bytes, r.Runs = c.Cost, stats.Scanned, stats.Bytes, runs
	top := 0
	if c.Format == "text" {
		top = 20
	}
	if c.Top != nil {
		top = *c.Top
	}
	r.cut(top)
	switch c.Format {
	case "json":
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(r)
	case "csv":
		return r.writeCSV(a.stdout)
	}
	return r.writeText(a.stdout)
}

// measure runs a detector over a source once.
func (a *app) measure(path string, d *detect.Detector) (*detect.Profile, scan.Stats, error) {
	src, closeSource, err := a.costSource(path)
	if err != nil {
		return nil, scan.Stats{}, err
	}
	defer closeSource()
	p := detect.NewProfile(d)
	stats, err := scan.Measure(a.ctx, src, d, p)
	if err == nil && stats.Interrupted {
		err = a.ctx.Err()
	}
	return p, stats, err
}

// costSource is a repository where there is one, else files.
func (a *app) costSource(path string) (src scan.Source, done func(), err error) {
	const maxBlob = 64 << 20 // as in a scan
	if info, err := os.Stat(path); path != "-" && err == nil && info.IsDir() {
		repo, err := gitscan.Open(path, gitscan.Options{MaxBlob: maxBlob})
		if err == nil {
			return repo, func() { repo.Close() }, nil
		}
		if !errors.Is(err, gitscan.ErrNotRepository) {
			return nil, nil, err
		}
	}
	src, err = filescan.Open([]string{path}, filescan.Options{MaxFile: maxBlob, Stdin: a.stdin})
	return src, func() {}, err
}

func newCostReport(p *detect.Profile, rules int) *costReport {
	r := &costReport{Schema: 1, Rules: []costRule{}}
	costs, shared := p.Costs(), p.Shared()
	var all, setup time.Duration
	for i := range costs {
		all += costs[i].Time
		setup += costs[i].Setup
	}
	all += setup
	for _, t := range shared {
		all += t
	}
	share := func(t time.Duration) float64 { return ratio(int64(t), int64(all)) }
	r.MS, r.Idle, r.Generic.Others = ms(all), rules-len(costs), rules-len(costs)
	var generic, others time.Duration
	for i := range costs {
		c := &costs[i]
		if c.Rule.Generic() {
			generic += c.Time
			r.Generic.Rules++
		} else {
			others += c.Time
			r.Generic.Others++
		}
		row := costRule{Rule: c.Rule.ID, MS: ms(c.Time), Share: share(c.Time), SetupMS: ms(c.Setup), Hits: c.Hits, Passed: c.Passed,
			Windows: c.Windows, WindowBytes: c.WindowBytes, Run: c.Run, RunBytes: c.RunBytes, Candidates: c.Candidates,
			Matches: c.Matches, Fruitless: c.Fruitless, FruitlessShare: ratio(c.Fruitless, c.Hits), Keywords: []costKeyword{}}
		for _, k := range c.Keywords {
			row.Keywords = append(row.Keywords, costKeyword{k.Keyword, k.Hits, k.Fruitless})
		}
		r.Rules = append(r.Rules, row)
	}
	r.Generic.MS, r.Generic.OthMS, r.Generic.More = ms(generic), ms(others), generic > others
	r.Setup = costShare{"compiling rules at their first use", ms(setup), share(setup)}
	for s, t := range shared {
		r.Shared = append(r.Shared, costShare{detect.Share(s).String(), ms(t), share(t)})
	}
	readings, overhead := p.Overhead()
	r.Readings, r.Overhead = readings, ms(overhead)
	return r
}

// cut leaves the first n rules, or all for 0.
func (r *costReport) cut(n int) {
	if n == 0 || n >= len(r.Rules) {
		return
	}
	for _, row := range r.Rules[n:] {
		r.Others.Rules++
		r.Others.MS += row.MS
		r.Others.Share += row.Share
	}
	r.Rules = r.Rules[:n]
}

// ms is milliseconds, to the microsecond.
func ms(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 }

func ratio(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

var costColumns = []string{"rule", "ms", "share", "hits", "passed", "windows", "bytes", "run", "matched", "kept", "in vain", "", "keyword most in vain"}

const costLegend = `hits: keywords found; passed: the rest of the expression may match there, or an assignment's name is there; windows and
bytes: searched, of assignments judged; run: those that the automaton, or memory, did not refuse; matched, kept: matches before
and after filters; in vain: hits that lie in no match that was kept.
`

func (r *costReport) writeText(w io.Writer) error {
	rows := [][]string{costColumns}
	for i := range r.Rules {
		c := &r.Rules[i]
		most := ""
		if len(c.Keywords) > 0 && c.Keywords[0].Fruitless > 0 {
			most = fmt.Sprintf("%s (%d)", report.Escape(strconv.Quote(c.Keywords[0].Keyword)), c.Keywords[0].Fruitless)
		}
		n := func(v int64) string { return strconv.FormatInt(v, 10) }
		rows = append(rows, []string{report.Escape(c.Rule), millis(c.MS), percent(c.Share), n(c.Hits), n(c.Passed), n(c.Windows), n(c.WindowBytes),
			n(c.Run), n(c.Candidates), n(c.Matches), n(c.Fruitless), percent(c.FruitlessShare), most})
	}
	if r.Others.Rules > 0 {
		rows = append(rows, []string{count(r.Others.Rules, "rule") + " more", millis(r.Others.MS), percent(r.Others.Share)})
	}
	rows = append(rows, []string{}, []string{"shared by all rules"})
	for _, s := range append(r.Shared, r.Setup) {
		rows = append(rows, []string{s.What, millis(s.MS), percent(s.Share)})
	}
	rows = append(rows, []string{}, []string{"all", millis(r.MS), percent(1)})
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d blobs, %d bytes, one worker, least of %s\n%s\n", report.Escape(r.Source), r.Blobs, r.Bytes, count(r.Runs, "run"), costLegend)
	writeColumns(&b, rows)
	fmt.Fprintf(&b, "\nMeasuring itself (%d readings of the clock) took about %s ms, which are left out.\n", r.Readings, millis(r.Overhead))
	fmt.Fprintln(&b, r.Generic.sentence())
	_, err := io.WriteString(w, b.String())
	return err
}

// sentence says whether the generic rules cost more than the others together.
func (g *costGeneric) sentence() string {
	if g.Rules == 0 {
		return "No generic rule was at work."
	}
	than := "do not cost more than"
	if g.More {
		than = "cost more than"
	}
	return fmt.Sprintf("The generic rules (%d at work, %s ms) %s all the others together (%d, %s ms).", g.Rules, millis(g.MS), than, g.Others, millis(g.OthMS))
}

func millis(t float64) string { return strconv.FormatFloat(t, 'f', 1, 64) }

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// writeColumns aligns columns: the first and the last to the left, numbers to the right.
func writeColumns(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(costColumns))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			switch {
			case i == 0:
				fmt.Fprintf(&line, "%-*s", widths[i], cell)
			case i == len(costColumns)-1:
				line.WriteString("  " + cell)
			default:
				fmt.Fprintf(&line, "  %*s", widths[i], cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// writeCSV writes a row for each rule, and one for each share, of which only the time is told.
func (r *costReport) writeCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	c.Write([]string{"part", "name", "ms", "share", "setup_ms", "hits", "passed", "windows", "window_bytes", "run", "run_bytes", "candidates", "matches",
		"fruitless", "fruitless_share", "worst_keyword", "worst_keyword_fruitless"})
	f := func(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	for i := range r.Rules {
		v := &r.Rules[i]
		worst := costKeyword{}
		if len(v.Keywords) > 0 {
			worst = v.Keywords[0]
		}
		c.Write([]string{"rule", report.CSVCell(v.Rule), f(v.MS, 3), f(v.Share, 6), f(v.SetupMS, 3), n(v.Hits), n(v.Passed), n(v.Windows), n(v.WindowBytes),
			n(v.Run), n(v.RunBytes), n(v.Candidates), n(v.Matches), n(v.Fruitless), f(v.FruitlessShare, 6), report.CSVCell(worst.Keyword), n(worst.Fruitless)})
	}
	if r.Others.Rules > 0 {
		c.Write(append([]string{"others", count(r.Others.Rules, "rule"), f(r.Others.MS, 3), f(r.Others.Share, 6)}, make([]string, 13)...))
	}
	for _, s := range append(r.Shared, r.Setup) {
		c.Write(append([]string{"shared", s.What, f(s.MS, 3), f(s.Share, 6)}, make([]string, 13)...))
	}
	c.Flush()
	return c.Error() // the first of all
}
