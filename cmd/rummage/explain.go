package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"rummage/detect"
	"rummage/filescan"
	"rummage/gitscan"
	"rummage/gitscan/remote"
	"rummage/report"
	"rummage/scan"
)

type explainCmd struct {
	What    string   `arg:"" name:"rule-or-fingerprint" help:"Rule id, or the fingerprint of a finding (its first 8 digits are enough)."`
	Repo    string   `arg:"" optional:"" help:"Repository with the finding (default: the one around the working directory)."`
	Report  string   `placeholder:"FILE" help:"Look for the finding in this JSON report instead of searching."`
	Files   []string `placeholder:"PATH" sep:"none" help:"Search files instead of a repository. Repeatable."`
	Rules   []string `placeholder:"FILE" sep:"none" help:"Rule file; repeatable. Default: the built-in rules."`
	Jobs    int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
	MaxBlob byteSize `placeholder:"SIZE" default:"64MiB" help:"Skip larger blobs and files (default ${default})."`
	NoColor bool     `help:"No colours (also: NO_COLOR)."`
}

// Validate refuses sources that contradict each other.
func (c *explainCmd) Validate() error {
	n := 0
	for _, on := range []bool{c.Repo != "", c.Report != "", len(c.Files) > 0} {
		if on {
			n++
		}
	}
	if n > 1 {
		return errors.New("a repository, --report and --files exclude each other")
	}
	return nil
}

func (c *explainCmd) Run(a *app) error {
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	if r := rules.Rule(c.What); r != nil {
		return c.write(a, ruleStory(r))
	}
	if !isFingerprint(c.What) {
		return fmt.Errorf("%q is neither a rule nor a fingerprint (8 to 32 digits 0-9, a-f)%s", c.What, suggest(rules, c.What))
	}
	list, where, err := c.findings(a, rules)
	if err != nil {
		return err
	}
	f, err := pick(list, strings.ToLower(c.What), where)
	if err != nil {
		return err
	}
	return c.write(a, findingStory(f, rules.Rule(f.Rule)))
}

// write prints the sections for whoever sits at the terminal.
func (c *explainCmd) write(a *app, sections []report.Section) error {
	var o report.Options
	if tty, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(tty.Fd())) {
		o.Color = !c.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(tty.Fd())); err == nil {
			o.Width = min(width, 120)
		}
	}
	err := report.WriteSections(a.stdout, sections, o)
	if errors.Is(err, errClosedPipe) {
		return nil
	}
	return err
}

func isFingerprint(s string) bool {
	return len(s) >= 8 && len(s) <= 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// pick is the one finding whose fingerprint begins so.
func pick(list []report.StoredFinding, prefix, where string) (*report.StoredFinding, error) {
	var found []*report.StoredFinding
	for i := range list {
		if strings.HasPrefix(list[i].Fingerprint, prefix) && !slices.ContainsFunc(found, func(f *report.StoredFinding) bool { return f.Fingerprint == list[i].Fingerprint }) {
			found = append(found, &list[i])
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no finding with the fingerprint %s in %s; search where it was found (rummage explain FINGERPRINT REPO, --files PATH), or name the report (--report FILE)", prefix, where)
	}
	var all []string
	for _, f := range found[:min(len(found), 5)] {
		all = append(all, f.Fingerprint)
	}
	return nil, fmt.Errorf("%d findings begin with %s; give more digits: %s", len(found), prefix, strings.Join(all, ", "))
}

// findings are those of the report, or of a search. Of a search they go through the report too, so that what is printed
// here is masked in the one way there is.
func (c *explainCmd) findings(a *app, rules *detect.Ruleset) (list []report.StoredFinding, where string, err error) {
	if c.Report != "" {
		file, err := os.Open(c.Report)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		if list, err = report.ReadFindings(file); err != nil {
			return nil, "", fmt.Errorf("%s: %w; --report wants what --format json writes", c.Report, err)
		}
		return list, c.Report, nil
	}
	src, where, done, err := c.source(a)
	if err != nil {
		return nil, "", err
	}
	defer done()
	workers := scanFlags{Jobs: c.Jobs}
	res, err := scan.Run(a.ctx, src, detect.New(rules), workers.workers())
	if err != nil {
		return nil, "", err
	}
	if res.Stats.Interrupted {
		return nil, "", errors.New("interrupted")
	}
	if !res.Stats.Complete {
		fmt.Fprintf(a.stderr, "rummage: incomplete: %s\n", incompleteWhy(res.Stats))
	}
	var b bytes.Buffer
	rep := &report.Report{Findings: res.Findings, Suppressed: res.Suppressed, Stats: res.Stats}
	if err := report.Write(&b, "json", rep, report.Options{ShowSuppressed: true}); err != nil {
		return nil, "", err
	}
	list, err = report.ReadFindings(&b)
	return list, where, err
}

func (c *explainCmd) source(a *app) (scan.Source, string, func(), error) {
	if len(c.Files) > 0 {
		src, err := filescan.Open(c.Files, filescan.Options{MaxFile: int(c.MaxBlob), Stdin: a.stdin})
		return src, strings.Join(c.Files, " "), func() {}, err
	}
	path := c.Repo
	if path == "" {
		path = "."
	}
	if remote.IsURL(path) {
		return nil, "", nil, errors.New("explain does not clone; clone the repository yourself, or keep a report (rummage git URL -f json -o FILE) and name it with --report")
	}
	repo, err := gitscan.Open(path, gitscan.Options{MaxBlob: int(c.MaxBlob), Upwards: c.Repo == ""})
	if err != nil {
		return nil, "", nil, fmt.Errorf("%w; name a repository, --report FILE or --files PATH", err)
	}
	where := repo.WorkTree()
	if where == "" {
		where = repo.GitDir()
	}
	return repo, where, func() { repo.Close() }, nil
}
