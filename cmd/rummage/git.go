package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"rummage"
	"rummage/detect"
	"rummage/filescan"
	"rummage/gitscan"
	"rummage/gitscan/remote"
	"rummage/report"
	"rummage/scan"
)

type gitCmd struct {
	Repo          string   `arg:"" optional:"" help:"Repository: a directory (bare, a work tree, a linked worktree), or a URL that is cloned and removed afterwards. Default: the one around the working directory."`
	Branch        []string `placeholder:"NAME" sep:"none" help:"Search only what this branch, tag or ref reaches. Repeatable."`
	Since         string   `placeholder:"REV" help:"Search only commits that REV does not reach."`
	Range         string   `placeholder:"A..B" help:"Search only commits that B reaches and A does not."`
	Staged        bool     `help:"Search what the next commit would bring in: the index against HEAD."`
	Worktree      bool     `help:"Search the files of the work tree that are tracked or could be (not ignored)."`
	SinceScan     string   `placeholder:"STATE" help:"Search only what was not there at the last complete scan that wrote the file STATE, and write it anew. Without the file, everything is searched."`
	NoUnreachable bool     `help:"Leave out objects that no ref reaches (dangling commits, old stashes)."`
	RepoConfig    bool     `help:"Obey .rummage.toml, .gitleaks.toml, .rummageignore and .gitleaksignore in the repository. Off by default: a repository must not be able to switch its own audit off."`
	Engine        string   `enum:"delta,whole" default:"delta" help:"How blobs are searched: delta looks once at what versions of a file share, whole looks at every blob from end to end. Both find the same."`
	VerifyEngine  bool     `help:"Search with both engines and compare what they find."`
	History       bool     `help:"With --images and --list-images: the images of every commit, not only those of the tips."`
	imageFlags
	lookFlags
	scanFlags
}

// Validate refuses flags that contradict each other.
func (c *gitCmd) Validate() error {
	narrow := 0
	for _, on := range []bool{c.Staged, c.Worktree, c.Range != "" || c.Since != "" || len(c.Branch) > 0} {
		if on {
			narrow++
		}
	}
	if narrow > 1 {
		return errors.New("--staged, --worktree and --branch/--since/--range exclude each other")
	}
	if c.Range != "" && (c.Since != "" || len(c.Branch) > 0) {
		return errors.New("--range excludes --branch and --since")
	}
	if c.SinceScan != "" && narrow > 0 {
		return errors.New("--since-scan excludes --staged, --worktree and --branch/--since/--range")
	}
	if c.VerifyEngine && (c.Staged || c.Worktree || c.ListImages) {
		return errors.New("--verify-engine goes with searches of the history")
	}
	return c.validateImages()
}

func (c *gitCmd) validateImages() error {
	switch {
	case !c.ListImages && !c.LookInto && c.History:
		return errors.New("--history goes with --list-images and --images: a search is of the whole history anyway")
	case c.LookInto && c.Staged:
		return errors.New("--images does not go with --staged")
	case c.LookInto && c.Worktree && c.History:
		return errors.New("--worktree excludes --history")
	case !c.ListImages:
		return c.checkLook(&c.lookFlags)
	case c.SinceScan != "":
		return errors.New("--list-images does not go with --since-scan")
	case c.Staged:
		return errors.New("--list-images does not go with --staged")
	case c.Worktree && c.History:
		return errors.New("--worktree excludes --history")
	case !c.History && (c.Range != "" || c.Since != ""):
		return errors.New("--list-images reads the tips: --range and --since need --history")
	}
	return errors.Join(c.checkImages(), c.checkLook(&c.lookFlags))
}

func (c *gitCmd) Run(a *app) (err error) {
	j := &job{flags: &c.scanFlags, command: "git", subject: c.Repo}
	if err := c.load(j); err != nil {
		return err
	}
	path := c.Repo
	if path == "" {
		path = "."
	}
	if remote.IsURL(path) {
		j.subject = remote.RedactURL(path)
		dir, cleanup, err := c.clone(a, path)
		defer func() {
			if e := cleanup(); e != nil {
				fmt.Fprintf(a.stderr, "rummage: the temporary clone was not removed: %s\n", oneLine(e.Error()))
				a.code = exitError
			}
		}()
		if err != nil {
			return err
		}
		path = dir
	}
	repo, err := gitscan.Open(path, c.options(j.state))
	if err != nil {
		return j.state.explain(err)
	}
	defer repo.Close()
	if j.subject == "" {
		j.subject = repo.WorkTree()
		if j.subject == "" {
			j.subject = repo.GitDir()
		}
	}
	if c.ListImages {
		src, err := c.files(repo)
		if err != nil {
			return err
		}
		return a.listImages(&c.scanFlags, src, j.command, j.subject)
	}
	return c.search(a, j, repo, path)
}

// search searches the repository at a path.
func (c *gitCmd) search(a *app, j *job, repo *gitscan.Repo, path string) (err error) {
	if err := c.repoConfig(repo, j); err != nil {
		return err
	}
	if j.state != nil {
		if err := j.state.use(repo, j.rules.Hash()); err != nil {
			return err
		}
	}
	j.vcs = versionControl(repo)
	if c.VerifyEngine {
		j.verify = c.otherEngine(a, path, j)
	}
	if c.LookInto {
		l, err := a.lookInto(j, &c.lookFlags)
		if err != nil {
			return err
		}
		j.after = func(res *scan.Result) ([]report.ImageScan, error) { return c.lookInto(l, path, res) }
	}
	if j.source, err = c.source(repo); err != nil {
		return err
	}
	return a.scan(j)
}

// lookInto looks into the images that the repository's files name.
func (c *gitCmd) lookInto(l *looker, path string, res *scan.Result) ([]report.ImageScan, error) {
	o := c.options(nil)
	o.Search = false
	repo, err := gitscan.Open(path, o) // a repository serves one scan
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	files, err := c.files(repo)
	if err != nil {
		return nil, err
	}
	return l.named(files, res)
}

// searches says that a history is to be searched.
func (c *gitCmd) searches() bool { return !c.Staged && !c.Worktree && !c.ListImages }

// load reads the files that the user names, before anything takes long.
func (c *gitCmd) load(j *job) (err error) {
	if c.ListImages {
		return nil
	}
	if j.known, err = c.loadKnown(); err != nil {
		return err
	}
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	j.use(rules)
	if c.SinceScan != "" {
		j.state, err = readScanState(c.SinceScan)
	}
	return err
}

func (c *gitCmd) options(state *scanState) gitscan.Options {
	o := gitscan.Options{MaxBlob: int(c.MaxBlob), Whole: c.Engine == "whole", NoUnreachable: c.NoUnreachable, Branches: c.Branch, Since: c.Since,
		Range: c.Range, Upwards: c.Repo == "", Search: c.searches()}
	if state != nil {
		o.SinceScan, o.KeepState = state.last, true
	}
	return o
}

func (c *gitCmd) clone(a *app, url string) (string, func() error, error) {
	if !c.NoProgress && isTerminal(a.stderr) {
		return remote.Clone(a.ctx, url, a.stderr)
	}
	return remote.Clone(a.ctx, url, nil)
}

func (c *gitCmd) source(repo *gitscan.Repo) (scan.Source, error) {
	switch {
	case c.Staged:
		return repo.Staged()
	case c.Worktree:
		return c.workTree(repo)
	}
	return repo, nil
}

func (c *gitCmd) workTree(repo *gitscan.Repo) (*filescan.Source, error) {
	files, problems, err := repo.WorkTreeFiles()
	if err != nil {
		return nil, err
	}
	o := filescan.Options{MaxFile: int(c.MaxBlob), Note: "work tree", Problems: problems}
	return filescan.List(repo.WorkTree(), files, o), nil
}

// files are those whose images are to be listed.
func (c *gitCmd) files(repo *gitscan.Repo) (scan.Files, error) {
	if c.Worktree {
		return c.workTree(repo)
	}
	return repo.Files(c.History), nil
}

// repoConfig handles configuration that the scanned repository brings along: named once, obeyed only on request.
func (c *gitCmd) repoConfig(repo *gitscan.Repo, j *job) error {
	var rules, ignores []string
	for _, name := range []string{".rummage.toml", ".gitleaks.toml"} {
		if repo.HasFile(name) {
			rules = append(rules, name)
		}
	}
	for _, name := range []string{".rummageignore", ".gitleaksignore"} {
		if repo.HasFile(name) {
			ignores = append(ignores, name)
		}
	}
	if !c.RepoConfig {
		for _, name := range append(rules, ignores...) {
			j.notices = append(j.notices, name+" in the repository was not obeyed (--repo-config would)")
		}
		return nil
	}
	if len(rules) > 0 && len(c.Rules) == 0 {
		rs, err := parseRepoRules(repo, rules[0])
		if err != nil {
			return err
		}
		j.use(rs)
		j.notices = append(j.notices, "rules are those of "+rules[0]+" in the repository")
	}
	for _, name := range ignores {
		ig, err := report.ReadIgnore(name, repo.File(name), time.Now())
		if err != nil {
			return err
		}
		j.known.ignores = append(j.known.ignores, ig)
	}
	return nil
}

func versionControl(repo *gitscan.Repo) *report.VersionControl {
	origin, revision, branch := repo.Origin()
	if origin == "" && revision == "" {
		return nil
	}
	return &report.VersionControl{URI: remote.RedactURL(origin), Revision: revision, Branch: branch}
}

// parseRepoRules reads a rule file of the scanned repository. It may extend the built-in rules, not other files: a
// repository has no business naming files of this machine.
func parseRepoRules(repo *gitscan.Repo, name string) (*detect.Ruleset, error) {
	data, err := io.ReadAll(repo.File(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	refuse := func(path string) ([]byte, error) {
		return nil, fmt.Errorf("a repository's rules may not extend the file %q", path)
	}
	return detect.Parse(name, data, detect.Options{Load: refuse, Default: rummage.RulesTOML})
}
