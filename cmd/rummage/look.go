package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sourcegraph/conc/pool"

	"rummage/imagescan"
	"rummage/imagescan/external"
	"rummage/report"
	"rummage/scan"
)

// scanners are who is to look into images.
type scanners struct {
	builtin bool
	runners []*external.Runner // the others
}

// scanners finds those that the flags name, before anything takes long.
func (f *lookFlags) scanners(ctx context.Context) (s scanners, err error) {
	var defined []external.Scanner
	if f.ScannerFile != "" {
		data, err := loadFile(f.ScannerFile)
		if err != nil {
			return s, err
		}
		if defined, err = external.ReadConfig(f.ScannerFile, data); err != nil {
			return s, err
		}
	}
	for _, name := range f.LayerScanner {
		if name == external.BuiltinName {
			s.builtin = true
			continue
		}
		known, ok := external.Named(name, defined)
		if !ok {
			return s, fmt.Errorf("--layer-scanner %s: want builtin, trivy, trufflehog or a name that --scanner-config defines", name)
		}
		if known.Timeout == 0 {
			known.Timeout = f.ImageTimeout
		}
		r, err := external.Open(ctx, known)
		if err != nil {
			return s, err
		}
		s.runners = append(s.runners, r)
	}
	return s, nil
}

// looker has images looked into by programs, two at a time, and adds what they find to a result.
type looker struct {
	a        *app
	flags    *scanFlags
	look     *lookFlags
	scanners []*external.Runner // our own first, if it is among them
	targets  []external.Target
	allowed  []string // registries that may be asked for images that files name
	before   func()   // what named does when it knows the targets; may be nil
}

// atOnce is how many images are looked into at a time.
const atOnce = 2

// run looks into all targets and gives the rows of their table.
func (l *looker) run(res *scan.Result) []report.ImageScan {
	if len(l.scanners) == 0 || len(l.targets) == 0 {
		return nil
	}
	progress := &scan.Progress{}
	progress.SetStage("looking into images")
	progress.SetUnit("images")
	progress.Total.Store(int64(len(l.targets) * len(l.scanners)))
	stop := func() {}
	if !l.flags.NoProgress && isTerminal(l.a.stderr) {
		stop = showProgress(l.a.stderr, progress)
	}
	outcomes := make([][]*external.Outcome, len(l.targets))
	p := pool.New().WithMaxGoroutines(atOnce)
	for i, t := range l.targets {
		outcomes[i] = make([]*external.Outcome, 0, len(l.scanners))
		p.Go(func() {
			for _, s := range l.scanners {
				progress.SetStage("looking into " + oneLine(t.Name))
				outcomes[i] = append(outcomes[i], l.scan(s, t))
				progress.Done.Add(1)
			}
		})
	}
	p.Wait()
	stop()
	var rows []report.ImageScan
	for _, of := range outcomes {
		rows = append(rows, l.add(res, of)...)
	}
	if l.a.ctx.Err() != nil {
		res.Stats.Interrupted, res.Stats.Complete = true, false
	}
	return rows
}

// scan has one scanner look into one image: once for each platform, if some are asked for.
func (l *looker) scan(s *external.Runner, t external.Target) *external.Outcome {
	if len(l.look.Platform) == 0 || s.Name() == external.BuiltinName {
		return s.Scan(l.a.ctx, t)
	}
	var all *external.Outcome
	for _, platform := range l.look.Platform {
		t.Platform = platform
		o := s.Scan(l.a.ctx, t)
		if all == nil {
			all = o
			continue
		}
		all.Findings = external.Join(all.Findings, o.Findings)
		all.Incomplete = cmp.Or(all.Incomplete, o.Incomplete)
		all.Layers += o.Layers
		all.Seconds += o.Seconds
	}
	return all
}

// add adds what was found in one image, by whoever looked. What several saw is one place.
func (l *looker) add(res *scan.Result, of []*external.Outcome) (rows []report.ImageScan) {
	for _, o := range of {
		row := report.ImageScan{Image: o.Image, Layers: o.Layers, Scanner: o.Scanner, Seconds: o.Seconds, Problem: o.Incomplete}
		countFindings(&row, o.Findings, func(*scan.Place) bool { return true })
		rows = append(rows, row)
		if o.Incomplete != "" && o.Stderr != "" && o.Stats == nil { // else its report has said all
			fmt.Fprintf(l.a.stderr, "rummage: %s on %s said: %s\n", o.Scanner, oneLine(o.Image), oneLine(o.Stderr))
		}
		found := o.Result()
		if o.Scanner != external.BuiltinName {
			res.Findings = external.Join(res.Findings, found.Findings)
			found.Findings = nil
		}
		res.Merge(found)
	}
	return rows
}

// lookInto finds who is to look into the images that files name, and which registries may be asked. That is done before
// the search: a mistake in a flag must not cost what that finds.
func (a *app) lookInto(j *job, look *lookFlags) (*looker, error) {
	s, err := look.scanners(a.ctx)
	if err != nil {
		return nil, err
	}
	l := &looker{a: a, flags: j.flags, look: look, scanners: s.runners, allowed: look.Registry}
	if len(l.allowed) == 0 {
		if l.allowed, err = imagescan.DefaultRegistries(); err != nil {
			return nil, err
		}
	}
	if s.builtin {
		own, err := a.ownScanner(j, look, l.allowed)
		if err != nil {
			return nil, err
		}
		l.scanners = slices.Insert(l.scanners, 0, own)
	}
	return l, nil
}

// named looks into the images that the files of a source name.
func (l *looker) named(src scan.Files, res *scan.Result) ([]report.ImageScan, error) {
	list, err := scan.Images(l.a.ctx, src, l.flags.workers())
	if err != nil {
		return nil, err
	}
	addProblems(&res.Stats, &list.Stats)
	rows := l.choose(res, list)
	if l.before != nil {
		l.before()
	}
	rows = append(rows, l.run(res)...)
	list.Instructions.Point(res)
	return rows, nil
}

// addProblems adds what went wrong besides, such as in a second reading of the same files.
func addProblems(to, of *scan.Stats) {
	for _, p := range of.Problems {
		if slices.Contains(to.Problems, p) {
			continue
		}
		to.ProblemCount++
		if len(to.Problems) < 10 {
			to.Problems = append(to.Problems, p)
		}
	}
	to.Complete = to.Complete && of.Complete
	to.Interrupted = to.Interrupted || of.Interrupted
}

// choose makes targets of the images that may be asked for. Rows tell of those that may not.
func (l *looker) choose(res *scan.Result, list *scan.ImageList) (rows []report.ImageScan) {
	built := 0
	for i := range list.Images {
		img := &list.Images[i]
		if img.BuiltOnly() {
			built++
			continue
		}
		if err := imagescan.MayAsk(img.Name, imagescan.RegistryOptions{Allow: l.allowed}); err != nil {
			why := strings.TrimPrefix(err.Error(), "image "+img.Name+": ") // which stands beside it
			rows = append(rows, report.ImageScan{Image: img.Name, Problem: why})
			addProblems(&res.Stats, &scan.Stats{Problems: []scan.Problem{{Where: img.Name, Why: why}}})
			continue
		}
		l.targets = append(l.targets, external.Target{Image: img.Name, Name: img.Name})
	}
	if built > 0 {
		res.Stats.Notices = append(res.Stats.Notices, fmt.Sprintf("not looked into, since a registry may have others under their names: images that the files only build (%d)", built))
	}
	if n := len(list.Unresolved); n > 0 {
		res.Stats.Notices = append(res.Stats.Notices, fmt.Sprintf("not looked into: references to images that hold what the files do not tell (%d; --list-images names them)", n))
	}
	return rows
}

// writingTime is what our own child gets to report what it has found when its time is over.
const writingTime = 30 * time.Second

// ownScanner is this program as a child for each image: a bomb or a crash costs one image, not all that was found before.
func (a *app) ownScanner(j *job, look *lookFlags, allowed []string) (*external.Runner, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"image", "--format", "json", "--show-secrets", "--show-suppressed", "--no-progress", "-j", strconv.Itoa(max(1, j.flags.workers()/atOnce)),
		"--image-timeout", look.ImageTimeout.String(), "--image-bytes", strconv.FormatInt(int64(look.ImageBytes), 10)}
	for _, p := range look.Platform {
		args = append(args, "--platform="+p)
	}
	for _, host := range allowed {
		args = append(args, "--registry="+host)
	}
	for _, name := range j.flags.Rules {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		args = append(args, "--rules="+abs)
	}
	own := external.Builtin(exe, append(args, "--", "docker://{image}"))
	own.Timeout = look.ImageTimeout + writingTime
	return external.Open(a.ctx, own)
}
