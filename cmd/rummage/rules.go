package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"rummage"
	"rummage/detect"
	"rummage/report"
)

type rulesCmd struct {
	List  rulesListCmd  `cmd:"" help:"List the rules: id, severity, kind, description."`
	Show  rulesShowCmd  `cmd:"" help:"Explain one rule: what it matches, why, how to mend it."`
	Check rulesCheckCmd `cmd:"" help:"Prove a rule file: ids, keywords, examples, bounds."`
}

type rulesListCmd struct {
	Rules []string `placeholder:"FILE" sep:"none" help:"Rule file; repeatable. Default: the built-in rules."`
	Tag   string   `help:"Only rules with this tag."`
}

func (c *rulesListCmd) Run(a *app) error {
	rs, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rs.Rules() {
		if c.Tag != "" && !hasTag(r, c.Tag) {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", report.Escape(r.ID), r.Severity, r.Kind, report.Escape(r.Description))
	}
	return w.Flush()
}

func hasTag(r *detect.Rule, tag string) bool {
	for _, t := range r.Tags {
		if strings.EqualFold(t, tag) {
			return true
		}
	}
	return false
}

type rulesShowCmd struct {
	ID    string   `arg:"" help:"Rule id."`
	Rules []string `placeholder:"FILE" sep:"none" help:"Rule file; repeatable. Default: the built-in rules."`
}

func (c *rulesShowCmd) Run(a *app) error {
	rs, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	r := rs.Rule(c.ID)
	if r == nil {
		return fmt.Errorf("no rule has the id %q%s", c.ID, suggest(rs, c.ID))
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(a.stdout, "%-12s %s\n", name, report.Escape(value))
		}
	}
	row("id", r.ID)
	row("description", r.Description)
	row("kind", r.Kind)
	row("severity", r.Severity)
	row("regex", r.Regex)
	row("path", r.Path)
	contexts := make([]string, len(r.In))
	for i, in := range r.In {
		contexts[i] = string(in)
	}
	row("in", strings.Join(contexts, ", "))
	row("key", r.Key)
	row("value", r.Value)
	row("keywords", strings.Join(r.Keywords, ", "))
	if r.Entropy > 0 {
		row("entropy", fmt.Sprintf("more than %g bits per character", r.Entropy))
	}
	row("filter", r.Filter)
	row("checksum", r.Checksum)
	row("tags", strings.Join(r.Tags, ", "))
	row("remedy", r.Remedy)
	for _, ref := range r.References {
		row("see", ref)
	}
	for _, e := range r.Examples {
		row("example", e)
	}
	for _, e := range r.NonExamples {
		row("not found", e)
	}
	return nil
}

// suggest names ids that contain what was asked for, or the other way round.
func suggest(rs *detect.Ruleset, id string) string {
	var near []string
	for _, r := range rs.Rules() {
		if strings.Contains(r.ID, id) || strings.Contains(id, r.ID) {
			near = append(near, r.ID)
		}
	}
	if len(near) == 0 || len(near) > 12 {
		return " (see rummage rules list)"
	}
	return "; there are " + strings.Join(near, ", ")
}

type rulesCheckCmd struct {
	File   []string `arg:"" optional:"" help:"Rule files (default: the built-in rules)."`
	Rules  []string `placeholder:"FILE" sep:"none" help:"The same as a flag; repeatable."`
	Cost   string   `placeholder:"PATH" help:"Instead, run the rules over a repository's whole history, a directory, a file or standard input (-), with one worker, and tell what each costs: rule files lie over one another as in a scan. Exits with 0 whatever comes out."`
	Runs   int      `placeholder:"N" default:"3" help:"With --cost: measure so often, and tell of each time the least (default ${default})."`
	Top    *int     `placeholder:"N" help:"With --cost: only the N costliest rules, 0 for all (default: 20 in text, all in JSON and CSV)."`
	Format string   `short:"f" enum:"text,json,csv" default:"text" help:"With --cost: text, json or csv."`
}

// Validate refuses flags without what they belong to.
func (c *rulesCheckCmd) Validate() error {
	switch {
	case c.Cost == "" && (c.Top != nil || c.Format != "text"):
		return errors.New("--top and --format go with --cost")
	case c.Runs < 1:
		return errors.New("--runs: at least 1")
	case c.Top != nil && *c.Top < 0:
		return errors.New("--top: a number of rules, 0 for all")
	}
	return nil
}

func (c *rulesCheckCmd) Run(a *app) error {
	c.File = append(c.File, c.Rules...)
	if c.Cost != "" {
		return a.cost(c)
	}
	if len(c.File) == 0 {
		rs, err := detect.Parse("rules.toml", rummage.RulesTOML, detect.Options{})
		if err != nil {
			return err
		}
		return a.check("rules.toml", rs)
	}
	for _, name := range c.File {
		rs, err := loadRules([]string{name})
		if err != nil {
			return err
		}
		if err := a.check(name, rs); err != nil {
			return err
		}
	}
	return nil
}
