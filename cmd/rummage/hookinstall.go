package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rummage/cmd/internal/hookcmd"
	"rummage/gitscan"
	"rummage/hook"
	"rummage/hook/setup"
)

// whereFlags say which hooks of which repositories are meant.
type whereFlags struct {
	Repo         string `arg:"" optional:"" help:"Repository, bare for a server's hook (default: the one around the working directory)."`
	PreReceive   bool   `help:"The server's hook: refuses a push. The default in a bare repository."`
	PreCommit    bool   `help:"The desk's hook of commits, in a repository with a work tree."`
	PrePush      bool   `help:"The desk's hook of pushes, in a repository with a work tree."`
	Layout       string `enum:"auto,git,gitea,gitlab" default:"auto" placeholder:"NAME" help:"Where the platform looks for a server's hook: auto (by what is there), git (hooks, or where core.hooksPath leads), gitea (hooks/pre-receive.d, also Forgejo's) or gitlab (custom_hooks/pre-receive.d)."`
	All          string `placeholder:"DIR" help:"All bare repositories in a folder and the folders in it, such as Gitea's, in place of one."`
	GitlabGlobal string `placeholder:"DIR" help:"The folder for all repositories of a Gitaly server (custom_hooks_dir in its configuration), in place of one repository."`
}

// hooks are those that flags ask for.
func (w *whereFlags) hooks() (hooks []string) {
	for i, asked := range []bool{w.PreReceive, w.PreCommit, w.PrePush} {
		if asked {
			hooks = append(hooks, setup.Hooks[i])
		}
	}
	return hooks
}

func (w *whereFlags) check() error {
	given := 0
	for _, v := range []string{w.Repo, w.All, w.GitlabGlobal} {
		if v != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("name one of REPO, --all and --gitlab-global")
	case (w.All != "" || w.GitlabGlobal != "") && (w.PreCommit || w.PrePush):
		return errors.New("--all and --gitlab-global are for servers: --pre-commit and --pre-push are installed in one repository")
	}
	return nil
}

// places finds what is meant, and hands each to do. Of many repositories each has its error told, and the others are gone on
// with.
func (a *app) places(w *whereFlags, choose func(*setup.Repository) ([]string, error), do func(*setup.Place) error) error {
	if err := w.check(); err != nil {
		return err
	}
	one := func(path string) error {
		r, err := setup.OpenRepository(path)
		if err != nil {
			return err
		}
		hooks := w.hooks()
		if len(hooks) == 0 {
			if hooks, err = choose(r); err != nil {
				return err
			}
		}
		for _, h := range hooks {
			p, err := r.Place(h, setup.Layout(w.Layout))
			if err != nil {
				return err
			}
			if err := do(p); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case w.GitlabGlobal != "":
		p, err := setup.Global(w.GitlabGlobal)
		if err != nil {
			return err
		}
		return do(p)
	case w.All != "":
		return a.each(w.All, one)
	case w.Repo == "":
		return one(".")
	}
	return one(w.Repo)
}

// each goes through the bare repositories below a folder.
func (a *app) each(root string, one func(path string) error) error {
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case a.ctx.Err() != nil:
			return a.ctx.Err()
		case err != nil && path == root:
			return err
		case err != nil:
			a.code = a.fail(err)
			return nil
		case !d.IsDir() || !gitscan.IsGitDir(path):
			return nil
		case d.Name() == ".git":
			fmt.Fprintf(a.stderr, "rummage: %s: left out: it has a work tree\n", oneLine(path))
			return fs.SkipDir
		}
		found++
		if err := one(path); err != nil {
			a.code = a.fail(fmt.Errorf("%s: %w", path, err))
		}
		return fs.SkipDir
	})
	if err == nil && found == 0 {
		return fmt.Errorf("%s: no bare repository is there", root)
	}
	return err
}

// installed chooses those hooks of a repository that rummage's scripts stand for; a server's in any case.
func (w *whereFlags) installed(r *setup.Repository) (hooks []string, err error) {
	for _, h := range setup.Hooks {
		layout := setup.Layout(w.Layout)
		if h != setup.PreReceive {
			layout = setup.Git
		}
		p, err := r.Place(h, layout)
		if err != nil {
			return nil, err
		}
		if p.Installed() || r.Bare && h == setup.PreReceive {
			hooks = append(hooks, h)
		}
	}
	if len(hooks) == 0 {
		return nil, fmt.Errorf("%s: no hook of rummage's is installed there", r.Path)
	}
	return hooks, nil
}

type hookInstallCmd struct {
	whereFlags
	Policy    string   `placeholder:"FILE" help:"Policy that the server's hook goes by, TOML; read and checked first."`
	Rules     []string `placeholder:"FILE" sep:"none" help:"Rule file of the desk's hooks; repeatable. Those of a server are named in its policy."`
	Program   string   `placeholder:"FILE" help:"Program that hooks run (default: rummage-hook beside this one, of the same version, or else this one)."`
	GitlabTar string   `placeholder:"FILE" help:"Write an archive for gitaly hooks set (- for standard output), in place of a repository."`
	GHES      string   `name:"ghes" placeholder:"DIR" help:"Write what GitHub Enterprise Server takes, in place of a repository: an environment (chroot) with this program, and the hook's script."`
	Shell     string   `placeholder:"FILE" help:"Static program that is the environment's sh, for --ghes, such as /bin/busybox of busybox-static."`
	DryRun    bool     `help:"Show what would be written, and write nothing."`
}

// Run installs hooks.
func (c *hookInstallCmd) Run(a *app) error {
	policy, err := c.settle(a.ctx)
	if err != nil {
		return err
	}
	switch {
	case c.GitlabTar != "" || c.GHES != "":
		return c.pack(a, policy)
	case c.Shell != "":
		return errors.New("--shell is for --ghes")
	}
	return a.places(&c.whereFlags, func(r *setup.Repository) ([]string, error) {
		if !r.Bare {
			return nil, fmt.Errorf("%s has a work tree: say --pre-commit or --pre-push for the hooks of a desk, or --pre-receive when pushes come to it", r.Path)
		}
		return []string{setup.PreReceive}, nil
	}, func(p *setup.Place) error {
		if err := c.fits(p.Hook); err != nil {
			return err
		}
		change, err := setup.Plan(p, c.script(p.Hook))
		if err != nil {
			return err
		}
		return a.make(change, c.DryRun)
	})
}

// settle makes all paths absolute and reads what hooks would read, so that nothing is installed that refuses everything.
func (c *hookInstallCmd) settle(ctx context.Context) (*hook.Policy, error) {
	policy := hook.DefaultPolicy()
	for _, file := range slices.Concat([]*string{&c.Policy, &c.Program}, pointers(c.Rules)) {
		if *file == "" {
			continue
		}
		abs, err := filepath.Abs(*file)
		if err != nil {
			return nil, err
		}
		*file = abs
	}
	rules := c.Rules
	if c.Policy != "" {
		var err error
		if policy, err = loadPolicy(c.Policy); err != nil {
			return nil, err
		}
		for _, file := range slices.Concat(policy.Rules, []string{policy.LogFile()}) {
			if file != "" && !filepath.IsAbs(file) {
				return nil, fmt.Errorf("policy %s: %q is not an absolute path: it would be looked for in each repository", c.Policy, file)
			}
		}
		rules = slices.Concat(rules, policy.Rules)
	}
	if _, err := loadRules(rules); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if c.Program == "" {
		var err error
		if c.Program, err = ownPath(); err != nil {
			return nil, err
		}
		if policy.Sweep == nil { // which only this one can ask
			c.Program = quickest(ctx, c.Program)
		}
	}
	if info, err := os.Stat(c.Program); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("program: %s is not a file", c.Program)
	}
	return policy, nil
}

func pointers(list []string) (out []*string) {
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

// ownPath is where this program is. What it was found by in PATH is a link at times that stays when a new version comes.
func ownPath() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	named, err := exec.LookPath(os.Args[0])
	if err != nil {
		return own, nil
	}
	if named, err = filepath.Abs(named); err != nil {
		return own, nil
	}
	a, errA := os.Stat(own)
	b, errB := os.Stat(named)
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return named, nil
	}
	return own, nil
}

// quickest is the program for hooks that lies beside ours, rummage-hook, where there is one of our version; or else ours.
func quickest(ctx context.Context, own string) string {
	beside := filepath.Join(filepath.Dir(own), hookcmd.Beside(filepath.Base(own)))
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if says, err := exec.CommandContext(ctx, beside, "version").Output(); err != nil || strings.TrimSpace(string(says)) != "rummage "+versionText() {
		return own
	}
	return beside
}

// fits refuses flags that a hook has no use for: they would be left out in silence.
func (c *hookInstallCmd) fits(name string) error {
	hooks := c.hooks()
	switch {
	case name == setup.PreReceive && len(c.Rules) > 0 && len(hooks) < 2:
		return errors.New("--rules is for the desk: the rule files of a server are named in its policy (rules = [...])")
	case name != setup.PreReceive && c.Policy != "" && !c.PreReceive:
		return errors.New("--policy is for a server's pre-receive hook")
	}
	return nil
}

func (c *hookInstallCmd) script(name string) setup.Script {
	s := setup.Script{Hook: name, Program: c.Program}
	if name == setup.PreReceive {
		s.Policy = c.Policy
	} else {
		s.Rules = c.Rules
	}
	return s
}

// make makes a change, or shows it, and tells of it.
func (a *app) make(c *setup.Change, dry bool) error {
	if !dry {
		if err := c.Do(); err != nil {
			return err
		}
	}
	would := ""
	if dry && c.What != "unchanged" && c.What != "not there" {
		would = "would be "
	}
	fmt.Fprintf(a.stdout, "%s: %s%s\n", oneLine(c.File), would, c.What)
	for _, n := range c.Notes {
		fmt.Fprintf(a.stdout, "  %s\n", oneLine(n))
	}
	if dry && c.Text != "" {
		for l := range strings.Lines(c.Text) {
			fmt.Fprintf(a.stdout, "    %s\n", oneLine(l))
		}
	}
	return nil
}

type hookUninstallCmd struct {
	whereFlags
	DryRun bool `help:"Show what would be taken away, and leave it."`
}

// Run takes hooks away.
func (c *hookUninstallCmd) Run(a *app) error {
	return a.places(&c.whereFlags, c.installed, func(p *setup.Place) error {
		change, err := setup.PlanRemoval(p)
		if err != nil {
			return err
		}
		return a.make(change, c.DryRun)
	})
}
