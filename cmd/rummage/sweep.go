package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"rummage/report"
	"rummage/sweep"
	"rummage/sweep/store"
)

type sweepCmd struct {
	Init     sweepInitCmd     `cmd:"" help:"Write a commented sweep.toml, and the key of its database beside it."`
	Run      sweepRunCmd      `cmd:"" help:"Sweep once: search the repositories that are due."`
	Status   sweepStatusCmd   `cmd:"" help:"Say what there is, what is due and what has failed."`
	Findings sweepFindingsCmd `cmd:"" help:"List what was found, in any report format."`
	Triage   sweepTriageCmd   `cmd:"" help:"Decide about a finding: open, revoked, false_positive, used_in_tests or wont_fix."`
	Retry    sweepRetryCmd    `cmd:"" help:"Take parked repositories back into the schedule."`
	Forget   sweepForgetCmd   `cmd:"" help:"Remove a repository and all that was found in it alone."`
	Export   sweepExportCmd   `cmd:"" help:"Write repositories, findings, decisions and events as lines of JSON."`
	Import   sweepImportCmd   `cmd:"" help:"Read what export wrote; what is here already is merged."`
	Search   sweepSearchCmd   `cmd:"" hidden:"" help:"Search one repository: run starts this for each."`
}

// sweepFlags are what all of them share.
type sweepFlags struct {
	Config string `short:"c" placeholder:"FILE" default:"${sweepfile}" help:"Configuration (default ${default})."`
}

// open opens the database of the configuration, and reads the rules if a search is to come.
func (f *sweepFlags) open(ctx context.Context, rules bool) (*sweep.Sweeper, *sweep.Config, error) {
	c, err := sweep.ReadConfig(f.Config)
	if err != nil {
		return nil, nil, err
	}
	if !rules {
		s, err := sweep.Open(ctx, c, nil)
		return s, c, err
	}
	rs, err := loadRules(c.Rules)
	if err != nil {
		return nil, nil, err
	}
	s, err := sweep.Open(ctx, c, rs)
	return s, c, err
}

// with opens the database for as long as use takes.
func (f *sweepFlags) with(a *app, use func(*store.Store) error) error {
	s, _, err := f.open(a.ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(use(s.Store()), s.Close())
}

type sweepInitCmd struct {
	sweepFlags
	Path []string `required:"" placeholder:"FOLDER" sep:"none" help:"Folder below which repositories are: bare ones, work trees. Repeatable."`
}

// Run writes the configuration and the key. Neither is overwritten.
func (c *sweepInitCmd) Run(a *app) error {
	for _, path := range c.Path {
		if info, err := os.Stat(path); err != nil {
			return err
		} else if !info.IsDir() {
			return fmt.Errorf("%s: not a folder", path)
		}
	}
	key := filepath.Join(filepath.Dir(c.Config), "sweep.key")
	if err := writeNew(c.Config, sweep.Template(c.Path), 0o644); err != nil {
		return err
	}
	if err := writeNew(key, rand.Text()+"\n", 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s: what is to be swept\n%s: the key of the database; keep it, and keep it secret\nNext: rummage sweep run\n", c.Config, key)
	return err
}

func writeNew(path, text string, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: there is one already", path)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

type sweepRunCmd struct {
	sweepFlags
	All      bool `help:"Search every repository, also those that are not due or have not changed."`
	Jobs     int  `short:"j" placeholder:"N" help:"Repositories to search at a time (default: as the configuration says, or a worker for each processor)."`
	ExitZero bool `help:"Exit with 0 when there are open findings; errors still exit with 2."`
}

// Run sweeps once.
func (c *sweepRunCmd) Run(a *app) error {
	s, config, err := c.open(a.ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.All {
		s.Everything()
	}
	jobs := c.Jobs
	if jobs <= 0 {
		jobs = config.Jobs
	}
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	workers := max(1, runtime.GOMAXPROCS(0)/jobs)
	sum, err := s.Run(a.ctx, jobs, func(ctx context.Context, r store.Repository) error { return c.child(ctx, r.ID, workers) }, func(o sweep.Outcome) {
		if o.Err != nil {
			fmt.Fprintf(a.stderr, "rummage: %s: %s%s\n", oneLine(o.Repository.Name), oneLine(o.Err.Error()), parkedNote(o.Parked))
		}
	})
	if err != nil {
		return err
	}
	for _, e := range sum.Unlisted {
		fmt.Fprintf(a.stderr, "rummage: %s\n", oneLine(e.Error()))
	}
	return c.sum(a, s.Store(), sum)
}

func parkedNote(parked bool) string {
	if !parked {
		return ""
	}
	return " (parked: it is left out from now on; rummage sweep retry takes it back)"
}

// child searches one repository in a process of its own.
func (c *sweepRunCmd) child(ctx context.Context, id int64, workers int) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"sweep", "search", "--config", c.Config, "-j", strconv.Itoa(workers)}
	if c.All {
		args = append(args, "--all")
	}
	cmd := exec.CommandContext(ctx, exe, append(args, strconv.FormatInt(id, 10))...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	told := &lastLine{}
	cmd.Stderr = told
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return err
	case exit.ExitCode() < 0 || told.text() == "":
		return fmt.Errorf("the search ended by itself: %s", exit)
	}
	return errors.New(strings.TrimPrefix(told.text(), "rummage: "))
}

// lastLine keeps the end of what is written to it.
type lastLine struct{ end []byte }

const maxLastLine = 4 << 10

// Write implements io.Writer.
func (l *lastLine) Write(p []byte) (int, error) {
	l.end = append(l.end, p...)
	if n := len(l.end) - maxLastLine; n > 0 {
		l.end = append(l.end[:0], l.end[n:]...)
	}
	return len(p), nil
}

func (l *lastLine) text() string {
	lines := strings.Split(strings.TrimSpace(string(l.end)), "\n")
	return report.Escape(lines[len(lines)-1])
}

// sum tells how the sweep ended.
func (c *sweepRunCmd) sum(a *app, s *store.Store, sum *sweep.Summary) error {
	open := 0
	if err := s.Findings(a.ctx, store.Filter{States: []store.State{store.StateOpen}, MaxPlaces: 1}, func(*store.Finding) error {
		open++
		return nil
	}); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "%s searched, %d failed; %d open findings (rummage sweep findings)\n",
		plural(sum.Searched, "repository", "repositories"), sum.Failed, open); err != nil {
		return err
	}
	switch {
	case sum.Failed > 0 || len(sum.Unlisted) > 0:
		a.code = exitError
	case open > 0 && !c.ExitZero:
		a.code = exitFindings
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type sweepSearchCmd struct {
	sweepFlags
	All  bool  `help:"Search it though nothing has changed."`
	Jobs int   `short:"j" default:"1" help:"Workers."`
	ID   int64 `arg:"" help:"Number of the repository."`
}

// Run searches one repository. Its error is the last line of standard error, which the parent reads.
func (c *sweepSearchCmd) Run(a *app) error {
	s, _, err := c.open(a.ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.All {
		s.Everything()
	}
	return s.Search(a.ctx, c.ID, c.Jobs)
}

type sweepRetryCmd struct {
	sweepFlags
	Repo []string `arg:"" optional:"" help:"Names of repositories. Default: all that are parked."`
}

// Run takes repositories back.
func (c *sweepRetryCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		var ids []int64
		for _, name := range c.Repo {
			r, err := s.FindRepository(a.ctx, name)
			if err != nil {
				return fmt.Errorf("repository %s: %w", name, err)
			}
			ids = append(ids, r.ID)
		}
		if len(c.Repo) == 0 {
			list, err := s.Repositories(a.ctx)
			if err != nil {
				return err
			}
			for _, r := range list {
				if r.State == store.RepositoryParked {
					ids = append(ids, r.ID)
				}
			}
		}
		for _, id := range ids {
			if err := s.Unpark(a.ctx, id, who()); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(a.stdout, "%s due\n", plural(len(ids), "repository is", "repositories are"))
		return err
	})
}

type sweepForgetCmd struct {
	sweepFlags
	Repo string `arg:"" help:"Name of the repository."`
}

// Run removes a repository.
func (c *sweepForgetCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		r, err := s.FindRepository(a.ctx, c.Repo)
		if err != nil {
			return fmt.Errorf("repository %s: %w", c.Repo, err)
		}
		return s.Forget(a.ctx, r.ID, who())
	})
}

type sweepExportCmd struct {
	sweepFlags
	Output string `short:"o" placeholder:"FILE" help:"Write to FILE, readable by you alone (default: standard output)."`
}

// Run writes everything that a sweep does not find again.
func (c *sweepExportCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		if c.Output == "" || c.Output == "-" {
			return s.Export(a.ctx, a.stdout)
		}
		return report.WriteFile(c.Output, 0o600, func(w io.Writer) error { return s.Export(a.ctx, w) })
	})
}

type sweepImportCmd struct {
	sweepFlags
	File string `arg:"" help:"What export wrote; - is standard input."`
}

// Run reads an export.
func (c *sweepImportCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		in := a.stdin
		if c.File != "-" {
			file, err := os.Open(c.File)
			if err != nil {
				return err
			}
			defer file.Close()
			in = file
		}
		got, err := s.Import(a.ctx, in)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		_, err = fmt.Fprintf(a.stdout, "%d repositories, %d findings, %d events\n", got.Repositories, got.Findings, got.Events)
		return err
	})
}
