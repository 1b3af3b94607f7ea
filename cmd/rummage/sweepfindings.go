package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"rummage/cmd/internal/ahead"
	"rummage/report"
	"rummage/scan"
	"rummage/sweep"
	"rummage/sweep/store"
)

type sweepStatusCmd struct {
	sweepFlags
	JSON bool `name:"json" help:"As JSON."`
}

// Run tells what there is, and what could not be done, which ends in exit code 2.
func (c *sweepStatusCmd) Run(a *app) error {
	return c.withSweeper(a, func(sweeper *sweep.Sweeper, config *sweep.Config) error {
		s := sweeper.Store()
		st, err := s.Status(a.ctx)
		if err != nil {
			return err
		}
		list, err := s.Repositories(a.ctx)
		if err != nil {
			return err
		}
		shards, err := sweeper.ShardsLeft(a.ctx)
		if err != nil {
			return err
		}
		problems := notDone(st, list)
		if len(problems) > 0 {
			a.code = exitError
		}
		if c.JSON {
			return json.NewEncoder(a.stdout).Encode(statusJSON(st, shards, problems, config.Notes(st)))
		}
		if err := statusText(a.stdout, st); err != nil {
			return err
		}
		for _, of := range shards {
			if _, err := fmt.Fprintf(a.stdout, "%s: %d of %d shards are left, %d are searched now\n", oneLine(of.Repository), of.Left, of.Of, of.Now); err != nil {
				return err
			}
		}
		for _, note := range config.Notes(st) {
			if _, err := fmt.Fprintf(a.stdout, "note: %s\n", oneLine(note)); err != nil {
				return err
			}
		}
		for _, p := range problems {
			if _, err := fmt.Fprintf(a.stdout, "%s: %s\n", p.Where, p.Why); err != nil {
				return err
			}
		}
		return nil
	})
}

func statusText(out io.Writer, st *store.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "repositories\t%d\tof them due %d, never searched %d\n", st.Repositories, st.Due, st.NeverScanned)
	fmt.Fprintf(w, "parked\t%d\tgone %d\n", st.Parked, st.GoneRepos)
	if !st.OldestScan.IsZero() {
		fmt.Fprintf(w, "oldest search\t%s\t\n", st.OldestScan.Local().Format(time.DateTime))
	}
	fmt.Fprintf(w, "clean blobs\t%d\t\n", st.Blobs)
	for _, state := range store.States() {
		fmt.Fprintf(w, "findings, %s\t%d\t\n", state, st.Findings[state])
	}
	if st.Pending+st.Failed > 0 {
		fmt.Fprintf(w, "messages to be sent\t%d\tgiven up %d\n", st.Pending, st.Failed)
	}
	fmt.Fprintf(w, "findings, nowhere now\t%d\t\n", st.Gone)
	return w.Flush()
}

// notDone is what a sweep could not list or search.
func notDone(st *store.Status, list []store.Repository) []scan.Problem {
	problems := []scan.Problem{}
	for _, t := range st.Targets {
		if t.Reason != "" {
			problems = append(problems, scan.Problem{Where: "target " + oneLine(t.Name), Why: oneLine(t.Reason)})
		}
	}
	if st.Failed > 0 {
		problems = append(problems, scan.Problem{Where: "messages", Why: fmt.Sprintf("%d were given up", st.Failed)})
	}
	for _, r := range list {
		if r.Failures > 0 && r.GoneAt.IsZero() {
			why := fmt.Sprintf("failed %s, last: %s%s", count(r.Failures, "time"), oneLine(r.Reason), parkedNote(r.State == store.RepositoryParked))
			problems = append(problems, scan.Problem{Where: oneLine(r.Name), Why: why})
		}
	}
	return problems
}

func statusJSON(st *store.Status, shards []sweep.ShardsLeft, problems []scan.Problem, notes []string) any {
	findings := map[string]int{}
	for _, state := range store.States() {
		findings[string(state)] = st.Findings[state]
	}
	return map[string]any{"schema": 1, "repositories": st.Repositories, "due": st.Due, "never_searched": st.NeverScanned, "parked": st.Parked,
		"gone": st.GoneRepos, "clean_blobs": st.Blobs, "findings": findings, "findings_gone": st.Gone, "occurrences": st.Occurrences, "problems": problems, "notes": notes, "shards": slices.Concat([]sweep.ShardsLeft{}, shards)}
}

type sweepTriageCmd struct {
	sweepFlags
	ID     string `arg:"" name:"fingerprint" help:"Fingerprint of a report, or the id that sweep findings shows, or 12 digits of its beginning."`
	State  string `required:"" enum:"open,revoked,false_positive,used_in_tests,wont_fix" help:"What it is: ${enum}."`
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Who    string `placeholder:"NAME" help:"Who decides (default: the user of this system)."`
}

// Run decides about a finding.
func (c *sweepTriageCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		if c.Who == "" {
			c.Who = who()
		}
		f, err := s.Triage(a.ctx, c.ID, store.State(c.State), c.Reason, c.Who)
		if err != nil {
			return fmt.Errorf("finding %s: %w", c.ID, err)
		}
		_, err = fmt.Fprintf(a.stdout, "%s %s %s: %s\n", f.ID[:shownID], f.Rule, f.Mask, f.State)
		return err
	})
}

type sweepSealedCmd struct {
	sweepFlags
	ID string `arg:"" name:"fingerprint" help:"Fingerprint of a report, or the id that sweep findings shows, or 12 digits of its beginning."`
}

// Run writes what age reads.
func (c *sweepSealedCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		f, err := s.Finding(a.ctx, c.ID)
		if err != nil {
			return fmt.Errorf("finding %s: %w", c.ID, err)
		}
		if len(f.Sealed) == 0 {
			return fmt.Errorf("finding %s: its secret is not kept: sweep.toml had no recipients when it was searched for", c.ID)
		}
		_, err = a.stdout.Write(f.Sealed)
		return err
	})
}

// shownID is how many digits of an id name a finding.
const shownID = 32

func who() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + fmt.Sprint(os.Getuid())
}

type sweepFindingsCmd struct {
	sweepFlags
	Format    string        `short:"f" enum:"text,json,jsonl,sarif,csv,junit,html,gitleaks,gitlab" default:"text" help:"Report format: ${enum}."`
	Output    string        `short:"o" placeholder:"FILE" help:"Write the report to FILE, readable by you alone (default: standard output)."`
	State     []string      `default:"open" enum:"open,revoked,false_positive,used_in_tests,wont_fix,any" help:"Findings of this state (default open; any: all). Repeatable."`
	Severity  []string      `placeholder:"NAME" help:"Findings of this severity. Repeatable."`
	Rule      []string      `placeholder:"ID" help:"Findings of this rule. Repeatable."`
	Repo      []string      `placeholder:"GLOB" sep:"none" help:"Findings in repositories of these names: team/*, team/**. Repeatable."`
	Path      string        `placeholder:"GLOB" help:"Findings in files of these paths."`
	Since     time.Duration `placeholder:"TIME" help:"Findings that are new or have come back since so long ago, such as 24h."`
	New       bool          `help:"With --since: only those that are new."`
	Regressed bool          `help:"Only those that have come back."`
	Gone      bool          `help:"Also those that are nowhere any more."`
	NoColor   bool          `help:"No colours (also: NO_COLOR)."`
	ExitZero  bool          `help:"Exit with 0 when there are findings."`
}

// Run lists findings as a report.
func (c *sweepFindingsCmd) Run(a *app) error {
	return c.with(a, func(s *store.Store) error {
		filter := store.Filter{Severities: c.Severity, Rules: c.Rule, Repositories: c.Repo, Path: c.Path, New: c.New, Regressed: c.Regressed, Gone: c.Gone}
		if !slices.Contains(c.State, "any") {
			for _, state := range c.State {
				filter.States = append(filter.States, store.State(state))
			}
		}
		if c.Since > 0 {
			now, err := s.Now(a.ctx)
			if err != nil {
				return err
			}
			filter.Since = now.Add(-c.Since)
		}
		repositories, err := s.Repositories(a.ctx)
		if err != nil {
			return err
		}
		name := map[int64]string{}
		for _, r := range repositories {
			name[r.ID] = r.Name
		}
		rep, err := sweepReport(a.ctx, s, filter, c.Config, func(id int64) string { return name[id] })
		if err != nil {
			return err
		}
		if len(rep.Findings) > 0 && !c.ExitZero {
			a.code = exitFindings
		}
		return a.write(&scanFlags{Format: c.Format, Output: c.Output, NoColor: c.NoColor}, rep)
	})
}

// sweepReport is a report of findings of the database. Paths begin with what name gives for their repository.
func sweepReport(ctx context.Context, s *store.Store, filter store.Filter, source string, name func(id int64) string) (*report.Report, error) {
	rules, err := ahead.Rules()
	if err != nil {
		return nil, err
	}
	rep := &report.Report{Tool: "rummage", Version: versionText(), Command: "sweep", Source: source, Started: time.Now(), Rules: ruleInfos(rules),
		Findings: []scan.Finding{}, Suppressed: []scan.Finding{}}
	rep.Stats.Complete, rep.Stats.Problems, rep.Stats.Notices = true, []scan.Problem{}, []string{}
	err = s.Findings(ctx, filter, func(f *store.Finding) error {
		rep.Findings = append(rep.Findings, reported(f, name, func(rule string) string {
			if r := rules.Rule(rule); r != nil {
				return r.Description
			}
			return rule
		}))
		return nil
	})
	slices.SortFunc(rep.Findings, scan.CompareFindings)
	return rep, err
}

// reported is a finding of the database as reports have it. The path of a place begins with its repository.
func reported(f *store.Finding, name func(id int64) string, describe func(rule string) string) scan.Finding {
	out := scan.Finding{Fingerprint: f.ID[:shownID], Rule: f.Rule, Kind: scan.Kind(f.Kind), Severity: f.Severity, Description: describe(f.Rule), Masked: f.Mask,
		Places: []scan.Place{}}
	for i := range f.Occurrences {
		o := &f.Occurrences[i]
		at := scan.Place{Path: strings.Trim(name(o.Repository)+"/"+o.Path, "/"), Line: o.Line, Column: o.Column, EndLine: o.EndLine, EndColumn: o.EndColumn,
			Context: o.Context, Blob: o.Blob, Introduced: scanCommit(o.Introduced), Removed: scanCommit(o.Removed), AtTip: o.AtTip, Reachable: o.Reachable,
			Note: o.Note, Remedy: o.Remedy, Image: imageOfPlace(o)}
		if at.Image != nil { // paths there are the image's
			at.Path = o.Path
			if repository := name(o.Repository); repository != "" {
				at.Note = strings.TrimPrefix(at.Note+"; named in "+repository, "; ")
			}
		}
		if !o.GoneAt.IsZero() {
			at.Note = strings.TrimPrefix(at.Note+"; gone since "+o.GoneAt.Format(time.DateOnly), "; ")
		}
		if i == 0 {
			out.Remedy, out.Tags, at.Remedy = o.Remedy, o.Tags, ""
		}
		if at.Remedy == out.Remedy {
			at.Remedy = ""
		}
		if at.AtTip == nil {
			at.AtTip = []string{}
		}
		out.Places = append(out.Places, at)
	}
	if f.State != store.StateOpen {
		out.Tags = append(slices.Clone(out.Tags), string(f.State))
	}
	return out
}

func scanCommit(c *store.Commit) *scan.Commit {
	if c == nil {
		return nil
	}
	return &scan.Commit{ID: c.ID, Author: c.Author, Email: c.Email, Date: c.Date, Subject: c.Subject}
}
