package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"rummage/cmd/internal/ahead"
	"rummage/detect"
	"rummage/report"
	"rummage/scan"
)

// scanFlags are what all scans share.
type scanFlags struct {
	Format         string   `short:"f" enum:"text,json,jsonl,sarif,csv,junit,html,gitleaks,gitlab" default:"text" help:"Report format: ${enum}."`
	Output         string   `short:"o" placeholder:"FILE" help:"Write the report to FILE, readable by you alone (default: standard output)."`
	Rules          []string `placeholder:"FILE" sep:"none" help:"Rule file, ours or gitleaks'; repeatable, later ones override by id. Replaces the built-in rules unless it extends them ([extend] useDefault = true)."`
	Baseline       string   `placeholder:"FILE" help:"Leave out what this earlier report (our JSON or gitleaks') has."`
	IgnoreFile     []string `placeholder:"FILE" sep:"none" help:"Leave out the fingerprints in FILE: one a line, with until=DATE and the reason after a #. Repeatable."`
	ShowSecrets    bool     `help:"Write secrets in full. Without it they are masked everywhere."`
	ShowSuppressed bool     `help:"List what comments, allowlists, baseline and ignore files suppressed."`
	Jobs           int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
	ExitZero       bool     `help:"Exit with 0 when there are findings; errors still exit with 2."`
	MaxBlob        byteSize `placeholder:"SIZE" default:"64MiB" help:"Skip larger blobs and files (default ${default}). Images are read in pieces, whatever their size."`
	NoColor        bool     `help:"No colours (also: NO_COLOR)."`
	NoProgress     bool     `help:"No progress line on the terminal."`
}

// byteSize is a number of bytes as people write it: 500, 64k, 10MB, 64MiB, 1G. Units are powers of 1,024.
type byteSize int64

// UnmarshalText reads a size.
func (b *byteSize) UnmarshalText(text []byte) error {
	n, err := scan.ParseSize(string(text))
	*b = byteSize(n)
	return err
}

func (f *scanFlags) workers() int {
	if f.Jobs > 0 {
		return f.Jobs
	}
	return runtime.GOMAXPROCS(0)
}

// known is what the user has dealt with already: a baseline and ignore files.
type known struct {
	baseline *report.Baseline
	ignores  []*report.Ignore
}

func (f *scanFlags) loadKnown() (k known, err error) {
	if f.Baseline != "" {
		file, err := os.Open(f.Baseline)
		if err != nil {
			return k, err
		}
		defer file.Close()
		if k.baseline, err = report.ReadBaseline(file); err != nil {
			return k, fmt.Errorf("%s: %w", f.Baseline, err)
		}
	}
	for _, name := range f.IgnoreFile {
		file, err := os.Open(name)
		if err != nil {
			return k, err
		}
		ig, err := report.ReadIgnore(name, file, time.Now())
		file.Close()
		if err != nil {
			return k, err
		}
		k.ignores = append(k.ignores, ig)
	}
	return k, nil
}

// apply moves the findings that are known to the suppressed ones.
func (k *known) apply(res *scan.Result) {
	kept := res.Findings[:0]
	for i := range res.Findings {
		f := res.Findings[i]
		if s := k.suppression(&f); s != nil {
			f.Suppressed = s
			res.Suppressed = append(res.Suppressed, f)
			res.Stats.Suppressed[s.By]++
			continue
		}
		kept = append(kept, f)
	}
	res.Findings = kept
	for _, ig := range k.ignores {
		// What was known was not searched again: an entry may be of that.
		whole := res.Stats.Complete && res.Stats.Skipped[scan.SkipKnown] == 0
		res.Stats.Notices = append(res.Stats.Notices, ig.Notices(whole)...)
	}
}

func (k *known) suppression(f *scan.Finding) *scan.Suppression {
	for _, ig := range k.ignores {
		if reason, ok := ig.Match(f); ok {
			return &scan.Suppression{By: "ignore-file", Reason: reason}
		}
	}
	if k.baseline != nil && k.baseline.Has(f) {
		return &scan.Suppression{By: "baseline"}
	}
	return nil
}

// job is a scan ready to run.
type job struct {
	flags   *scanFlags
	source  scan.Source
	command string // git, files
	subject string // what was scanned, as the user named it
	known   known
	vcs     *report.VersionControl
	notices []string
	state   *scanState // nil: none is kept
	// after adds to the result before it is settled, and tells of the images that were looked into.
	after func(*scan.Result) ([]report.ImageScan, error)
	limit time.Duration // for the search; 0: none
	// verify scans again with the other engine, if that is asked for.
	verify func() (*scan.Result, error)

	rules    *detect.Ruleset
	detector func() *detect.Detector // of the rules; use begins to make it
}

// use sets the rules. Their detector is made beside whatever comes before the search: so is a matcher, since the first one
// has to lay the search for keywords out.
func (j *job) use(rules *detect.Ruleset) {
	if builtIn, _ := ahead.Rules(); rules == builtIn {
		j.rules, j.detector = rules, ahead.Detector // has been begun
		return
	}
	j.rules, j.detector = rules, sync.OnceValue(func() *detect.Detector { return detect.New(rules) })
	go func() { j.detector().Matcher() }()
}

// scan runs the job and writes its report.
func (a *app) scan(j *job) error {
	started := time.Now()
	stop := func() {}
	if !j.flags.NoProgress && isTerminal(a.stderr) {
		stop = showProgress(a.stderr, j.source.Progress())
	}
	res, err := a.search(j)
	stop()
	if err != nil {
		return j.state.explain(err)
	}
	if err := a.verify(j, res); err != nil {
		return err
	}
	var images []report.ImageScan
	if j.after != nil {
		if images, err = j.after(res); err != nil {
			return err
		}
		res.Stats.Seconds = time.Since(started).Seconds()
	}
	res.Stats.Notices = append(res.Stats.Notices, j.notices...)
	res.Stats.Notices = append(res.Stats.Notices, j.state.notices(&res.Stats)...)
	res.Stats.Notices = append(res.Stats.Notices, j.rules.Notices()...)
	j.known.apply(res)
	rep := &report.Report{Tool: "rummage", Version: versionText(), Command: j.command, Source: j.subject, VersionControl: j.vcs,
		Started: started, Findings: res.Findings, Suppressed: res.Suppressed, Stats: res.Stats, Rules: ruleInfos(j.rules), Images: images}
	if err := a.write(j.flags, rep); err != nil {
		return err
	}
	if err := j.state.save(&res.Stats); err != nil {
		return err
	}
	switch {
	case !res.Stats.Complete:
		a.code = exitError
		if j.flags.Format != "text" || j.flags.Output != "" {
			fmt.Fprintf(a.stderr, "rummage: incomplete: %s\n", incompleteWhy(res.Stats))
		}
	case len(res.Findings) > 0 && !j.flags.ExitZero:
		a.code = exitFindings
	}
	return nil
}

// search runs the scan, within its time.
func (a *app) search(j *job) (*scan.Result, error) {
	ctx := a.ctx
	if j.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.limit)
		defer cancel()
	}
	res, err := scan.Run(ctx, j.source, j.detector(), j.flags.workers())
	if err == nil && ctx.Err() != nil && a.ctx.Err() == nil {
		res.Stats.Interrupted = false // not by the user
		res.Stats.ProblemCount++
		res.Stats.Problems = append(res.Stats.Problems, scan.Problem{Where: j.subject, Why: fmt.Sprintf("not read in %s (--image-timeout)", j.limit)})
	}
	return res, err
}

func incompleteWhy(s scan.Stats) string {
	if s.Interrupted {
		return "interrupted"
	}
	why := fmt.Sprintf("%d could not be read", s.ProblemCount)
	if len(s.Problems) > 0 {
		why += ", first: " + oneLine(s.Problems[0].Where+": "+s.Problems[0].Why)
	}
	return why
}

func (a *app) write(f *scanFlags, rep *report.Report) error {
	o := report.Options{ShowSecrets: f.ShowSecrets, ShowSuppressed: f.ShowSuppressed, Now: rep.Started}
	if f.Output != "" && f.Output != "-" {
		err := report.WriteFile(f.Output, 0o600, func(w io.Writer) error { return report.Write(w, f.Format, rep, o) })
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		return nil
	}
	if tty, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(tty.Fd())) {
		o.Color = !f.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(tty.Fd())); err == nil {
			o.Width = min(width, 120)
		}
	}
	err := report.Write(a.stdout, f.Format, rep, o)
	if errors.Is(err, errClosedPipe) {
		return nil // `rummage … | head` is no error
	}
	return err
}

func ruleInfos(rs *detect.Ruleset) (infos []report.RuleInfo) {
	infos = slices.Grow(infos, len(rs.Rules()))
	for _, r := range rs.Rules() {
		infos = append(infos, report.RuleInfo{ID: r.ID, Description: r.Description, Kind: scan.Kind(r.Kind), Severity: r.Severity,
			Remedy: r.Remedy, Tags: r.Tags, References: r.References})
	}
	return infos
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
