package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"

	"rummage/scan"
	"rummage/sweep"
	"rummage/sweep/notify"
	"rummage/sweep/store"
)

type sweepRunCmd struct {
	sweepFlags
	All        bool `help:"Search every repository, also those that are not due or have not changed."`
	Jobs       int  `short:"j" placeholder:"N" help:"Repositories to search at a time (default: as the configuration says, or a worker for each processor)."`
	NoProgress bool `help:"No progress, which only a terminal gets."`
	ExitZero   bool `help:"Exit with 0 when there are open findings; errors still exit with 2."`
}

// Run sweeps once.
func (c *sweepRunCmd) Run(a *app) error {
	o := sweep.WorkerOptions{Jobs: c.Jobs, Progress: &scan.Progress{}}
	line, stop := "", func() {}
	if !c.NoProgress && isTerminal(a.stderr) {
		line, stop = "\r\x1b[K", sync.OnceFunc(showProgress(a.stderr, o.Progress)) // a line of ours takes the progress away
	}
	defer stop()
	o.Told = func(o sweep.Outcome) {
		if o.Err != nil {
			fmt.Fprintf(a.stderr, "%srummage: %s: %s%s\n", line, oneLine(o.Repository.Name), oneLine(o.Err.Error()), parkedNote(o.Parked))
		}
	}
	return c.work(a, o, func(w *sweep.Worker) error {
		sum, err := w.Run(a.ctx, c.All)
		stop()
		for _, e := range sum.Errors {
			fmt.Fprintf(a.stderr, "rummage: %s\n", oneLine(e.Error()))
		}
		if err != nil {
			return err
		}
		for _, note := range sum.Notes {
			fmt.Fprintf(a.stderr, "rummage: note: %s\n", oneLine(note))
		}
		return c.sum(a, w.Store(), sum)
	})
}

func parkedNote(parked bool) string {
	if !parked {
		return ""
	}
	return " (parked: it is left out from now on; rummage sweep retry takes it back)"
}

// sum tells how the sweep ended. What could not be searched in an earlier sweep, and was not tried in this one, counts.
func (c *sweepRunCmd) sum(a *app, s *store.Store, sum *sweep.Summary) error {
	counts, err := s.Counts(a.ctx)
	if err != nil {
		return err
	}
	open := 0
	for of, n := range counts.Findings {
		if of.State == store.StateOpen {
			open += n
		}
	}
	unsearched, err := s.Unsearched(a.ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "%s searched, %d failed; %d open findings (rummage sweep findings)\n",
		plural(sum.Searched, "repository", "repositories"), sum.Failed, open); err != nil {
		return err
	}
	if left := unsearched - sum.Failed; left > 0 {
		fmt.Fprintf(a.stderr, "rummage: %s could not be searched before and waits or is parked: rummage sweep status\n", plural(left, "repository", "repositories"))
	}
	unsent, err := s.Unsent(a.ctx)
	if err != nil {
		return err
	}
	if unsent > 0 {
		fmt.Fprintf(a.stderr, "rummage: %s not sent yet: rummage sweep status\n", plural(unsent, "message is", "messages are"))
	}
	switch {
	case unsent > 0 || unsearched > 0 || sum.Failed > 0 || len(sum.Errors) > 0:
		a.code = exitError
	case open > 0 && !c.ExitZero:
		a.code = exitFindings
	}
	return nil
}

// work opens a worker whose searches are in processes of their own.
func (f *sweepFlags) work(a *app, o sweep.WorkerOptions, do func(*sweep.Worker) error) error {
	s, _, err := f.open(a.ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	children := sweep.NewChildren(s, func() *exec.Cmd { return exec.Command(exe, "sweep", "search", "--config", f.Config) })
	o.Search, o.Ready, o.Digests, o.Version = children.Search, children.Ready, digestsOf, versionText()
	o.SARIF = func(ctx context.Context, m notify.Message) (notify.Upload, error) {
		return sarifOf(ctx, s.Store(), m.Number)
	}
	w, err := sweep.NewWorker(a.ctx, s, o)
	if err != nil {
		return err
	}
	defer w.Close()
	return errors.Join(do(w), children.Close())
}

// sweepLogFlags are of those that keep going.
type sweepLogFlags struct {
	Jobs int  `short:"j" placeholder:"N" help:"Repositories to search at a time (default: as the configuration says, or a worker for each processor)."`
	JSON bool `name:"json" help:"Log lines of JSON."`
}

// logger tells on standard error what is done.
func (f *sweepLogFlags) logger(a *app) *slog.Logger {
	if f.JSON {
		return slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(a.stderr, nil))
}

// options of a worker that keeps going.
func (f *sweepLogFlags) options(a *app) sweep.WorkerOptions {
	log := f.logger(a)
	return sweep.WorkerOptions{Jobs: f.Jobs, Logger: log, Told: func(o sweep.Outcome) {
		if o.Err == nil && !o.Left {
			log.Info("repository searched", "repository", oneLine(o.Repository.Name), "seconds", o.Took.Seconds(), "unchanged", o.Answer.Unchanged,
				"new", o.Answer.New, "regressed", o.Answer.Regressed)
		}
	}}
}

type sweepStartCmd struct {
	sweepFlags
	sweepLogFlags
}

// Run keeps sweeping until it is interrupted, which is no error.
func (c *sweepStartCmd) Run(a *app) error {
	return c.work(a, c.options(a), func(w *sweep.Worker) error { return interrupted(a.ctx, w.Start(a.ctx)) })
}

type sweepWorkerCmd struct {
	sweepFlags
	sweepLogFlags
}

// Run searches until it is interrupted, which is no error.
func (c *sweepWorkerCmd) Run(a *app) error {
	return c.work(a, c.options(a), func(w *sweep.Worker) error { return interrupted(a.ctx, w.Work(a.ctx)) })
}

// interrupted takes the error of the interrupt away.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

type sweepSearchCmd struct{ sweepFlags }

// Run searches what standard input names, see sweep.Serve. An interrupt is for who started it, and comes from there: a terminal
// sends it to both.
func (c *sweepSearchCmd) Run(a *app) error {
	ctx := context.WithoutCancel(a.ctx)
	firstToDie()
	s, config, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	s.LookWith(a.lookInSweep(config))
	return s.Serve(ctx, a.stdin, a.stdout)
}

// firstToDie has Linux choose this process when memory runs out, not the one that started it.
func firstToDie() {
	if f, err := os.OpenFile("/proc/self/oom_score_adj", os.O_WRONLY, 0); err == nil {
		_, _ = f.WriteString("900")
		_ = f.Close()
	}
}
