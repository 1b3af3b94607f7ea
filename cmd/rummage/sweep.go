package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"rummage/report"
	"rummage/sweep"
	"rummage/sweep/forge"
	"rummage/sweep/store"
)

type sweepCmd struct {
	Init     sweepInitCmd     `cmd:"" help:"Write a commented sweep.toml, and the key of its database beside it."`
	Run      sweepRunCmd      `cmd:"" help:"Sweep once: list the targets and search the repositories that are due."`
	Start    sweepStartCmd    `cmd:"" help:"Keep sweeping by the schedule."`
	Worker   sweepWorkerCmd   `cmd:"" help:"Search what a sweep that was started elsewhere plans; for more machines."`
	Status   sweepStatusCmd   `cmd:"" help:"Say what there is, what is due and what has failed."`
	Findings sweepFindingsCmd `cmd:"" help:"List what was found, in any report format."`
	Triage   sweepTriageCmd   `cmd:"" help:"Decide about a finding: open, revoked, false_positive, used_in_tests or wont_fix."`
	Sealed   sweepSealedCmd   `cmd:"" help:"Write the secret of a finding as it is kept, encrypted to the recipients of the configuration."`
	Retry    sweepRetryCmd    `cmd:"" help:"Take parked repositories back into the schedule, and messages that were given up."`
	Forget   sweepForgetCmd   `cmd:"" help:"Remove a repository and all that was found in it alone."`
	Retire   sweepRetireCmd   `cmd:"" help:"End a target that the configuration no longer has: repositories that are in no other are gone, what was found in them stays."`
	Export   sweepExportCmd   `cmd:"" help:"Write repositories, findings, decisions and events as lines of JSON."`
	Import   sweepImportCmd   `cmd:"" help:"Read what export wrote; what is here already is merged."`
	Search   sweepSearchCmd   `cmd:"" hidden:"" help:"Search the repositories that standard input names: workers start this."`
}

// sweepFlags are what all of them share.
type sweepFlags struct {
	Config string `short:"c" placeholder:"FILE" default:"sweep.toml" help:"Configuration (default ${default})."`
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
	return f.withConfig(a, func(s *store.Store, _ *sweep.Config) error { return use(s) })
}

func (f *sweepFlags) withConfig(a *app, use func(*store.Store, *sweep.Config) error) error {
	return f.withSweeper(a, func(s *sweep.Sweeper, config *sweep.Config) error { return use(s.Store(), config) })
}

func (f *sweepFlags) withSweeper(a *app, use func(*sweep.Sweeper, *sweep.Config) error) error {
	s, config, err := f.open(a.ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(use(s, config), s.Close())
}

type sweepInitCmd struct {
	sweepFlags
	Path  []string `placeholder:"FOLDER" sep:"none" help:"Folder below which repositories are: bare ones, work trees. Repeatable."`
	Forge string   `enum:",github,gitlab,gitea,bitbucket,bitbucket-dc" default:"" placeholder:"KIND" help:"Forge: github, gitlab, gitea (Forgejo too), bitbucket, bitbucket-dc."`
	URL   string   `name:"url" placeholder:"URL" help:"Address of the forge (default: the public one)."`
	Owner string   `placeholder:"NAME" help:"Organisation, user, group, workspace or project of the forge (default: all that the token may see)."`
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
	if len(c.Path) == 0 && c.Forge == "" {
		return errors.New("nothing to sweep is named: use --path FOLDER, or --forge KIND --owner NAME")
	}
	if c.Forge != "" {
		if _, err := forge.New(forge.Config{Kind: forge.Kind(c.Forge), URL: c.URL, Owner: c.Owner}, forge.Options{}); err != nil {
			return err
		}
	}
	folders, err := c.folders()
	if err != nil {
		return err
	}
	text := sweep.Template(sweep.TemplateOptions{Folders: folders, Forge: forge.Kind(c.Forge), URL: c.URL, Owner: c.Owner})
	if err := writeNew(c.Config, text, 0o644); err != nil {
		return err
	}
	key := filepath.Join(filepath.Dir(c.Config), "sweep.key")
	what := "the key of the database; keep it, and keep it secret"
	if _, err := os.Stat(key); err == nil { // there may be a database of it
		what = "was there already and is the key of the database"
	} else if err := writeNew(key, rand.Text()+"\n", 0o600); err != nil {
		return err
	}
	next := "rummage sweep run"
	if c.Config != sweep.FileName {
		next += " --config " + c.Config
	}
	_, err = fmt.Fprintf(a.stdout, "%s: what is to be swept\n%s: %s\nNext: %s\n", c.Config, key, what, next)
	return err
}

// folders are those to be swept as the configuration names them, whose paths begin at its own folder.
func (c *sweepInitCmd) folders() ([]string, error) {
	if filepath.Dir(c.Config) == "." {
		return c.Path, nil
	}
	var folders []string
	for _, path := range c.Path {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		folders = append(folders, absolute)
	}
	return folders, nil
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

type sweepRetryCmd struct {
	sweepFlags
	Repo []string `arg:"" optional:"" help:"Names of repositories. Default: all that are parked, and messages that were given up."`
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
		messages := int64(0)
		if len(c.Repo) == 0 {
			var err error
			if messages, err = s.SendAgain(a.ctx); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(a.stdout, "%s due\n", plural(len(ids), "repository is", "repositories are")); err != nil || messages == 0 {
			return err
		}
		_, err := fmt.Fprintf(a.stdout, "%s sent again\n", plural(int(messages), "message is", "messages are"))
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

type sweepRetireCmd struct {
	sweepFlags
	Target string `arg:"" help:"Name of the target, as sweep run and sweep status tell it."`
}

// Run ends a target.
func (c *sweepRetireCmd) Run(a *app) error {
	return c.withConfig(a, func(s *store.Store, config *sweep.Config) error {
		if slices.Contains(config.Names(), c.Target) {
			return fmt.Errorf("target %s: take it out of %s first: the next sweep would list it again", c.Target, c.Config)
		}
		gone, err := s.Retire(a.ctx, c.Target, who())
		if err != nil {
			return fmt.Errorf("target %s: %w", c.Target, err)
		}
		_, err = fmt.Fprintf(a.stdout, "%s gone\n", plural(len(gone), "repository is", "repositories are"))
		return err
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
		return report.WriteDurable(c.Output, 0o600, func(w io.Writer) error { return s.Export(a.ctx, w) })
	})
}

type sweepImportCmd struct {
	sweepFlags
	File    string `arg:"" optional:"" help:"What export wrote; - is standard input."`
	HookLog string `name:"hook-log" placeholder:"FILE" help:"Log of rummage hook pre-receive, in place of what export wrote: its events come into the log of events. Again and again: what was taken over is left out."`
}

// Run reads an export, or the log of a hook.
func (c *sweepImportCmd) Run(a *app) error {
	if (c.File == "") == (c.HookLog == "") {
		return errors.New("want the file that export wrote, or --hook-log FILE")
	}
	if c.HookLog != "" {
		return c.hookLog(a)
	}
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
