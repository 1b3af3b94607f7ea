package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rummage/gitscan"
	"rummage/hook"
	"rummage/report"
	"rummage/scan"
)

type hookRecheckCmd struct {
	Repo       []string `arg:"" optional:"" help:"Repositories. Default: all that the log names."`
	Policy     string   `placeholder:"FILE" help:"Policy of the server: which log, which rules, which comments in files count."`
	Log        string   `placeholder:"FILE" help:"The log, in place of the policy's; with audit = \"syslog\" the file that the daemon writes."`
	LetThrough bool     `help:"Search also what was let through for a reason of the pusher's, or because who pushed is exempt."`
	Moved      []string `placeholder:"OLD=NEW" sep:"none" help:"A repository that the log names as OLD is at NEW now. Repeatable."`
	Settle     []string `placeholder:"ID" sep:"none" help:"Search nothing, and record of these events of the log that they are dealt with: what they let through is gone, say. Repeatable."`
	scanFlags
}

// recheck is a run of the command.
type recheck struct {
	*hookRecheckCmd
	app     *app
	policy  *hook.Policy
	audit   string // where to record what was searched
	log     *hook.Log
	moved   map[string]string
	several bool // repositories
	res     *scan.Result
	events  []hook.Event
}

// Run searches what the hook has let through unread.
func (c *hookRecheckCmd) Run(a *app) error {
	started := time.Now()
	r := recheck{hookRecheckCmd: c, app: a, moved: map[string]string{}, res: &scan.Result{Findings: []scan.Finding{}, Suppressed: []scan.Finding{},
		Stats: scan.Stats{Complete: true, Skipped: map[scan.SkipReason]int64{}, Suppressed: map[string]int64{}, Problems: []scan.Problem{}, Notices: []string{}}}}
	if err := r.load(); err != nil {
		return err
	}
	if len(c.Settle) > 0 {
		return r.settle()
	}
	known, err := c.loadKnown()
	if err != nil {
		return err
	}
	j := &job{flags: &c.scanFlags}
	files := c.Rules
	if len(files) == 0 {
		files = r.policy.Rules
	}
	rules, err := loadRules(files)
	if err != nil {
		return err
	}
	j.use(rules)
	chosen, err := r.choose()
	if err != nil {
		return err
	}
	for i := range chosen {
		r.search(&chosen[i], j)
		if a.ctx.Err() != nil {
			break
		}
	}
	s := &r.res.Stats
	s.Seconds = time.Since(started).Seconds()
	s.Notices = append(s.Notices, fmt.Sprintf("%d of the pushes that %s says were let through were searched", len(chosen), r.logName()))
	s.Notices = append(s.Notices, rules.Notices()...)
	known.apply(r.res)
	rep := &report.Report{Tool: "rummage", Version: versionText(), Command: "hook", Source: r.logName(), Started: started,
		Findings: r.res.Findings, Suppressed: r.res.Suppressed, Stats: *s, Rules: ruleInfos(rules)}
	if err := a.write(&c.scanFlags, rep); err != nil {
		return err
	}
	return r.finish()
}

// finish records what was searched, now that it is told, and sets the exit code.
func (r *recheck) finish() error {
	if err := hook.Append(r.audit, r.events); err != nil {
		return fmt.Errorf("what was searched cannot be recorded, and will be searched again: %w", err)
	}
	switch s := &r.res.Stats; {
	case !s.Complete:
		r.app.code = exitError
		if r.Format != "text" || r.Output != "" {
			fmt.Fprintf(r.app.stderr, "rummage: incomplete: %s\n", incompleteWhy(*s))
		}
	case len(r.res.Findings) > 0 && !r.ExitZero:
		r.app.code = exitFindings
	}
	return nil
}

func (r *recheck) logName() string {
	if r.Log != "" {
		return r.Log
	}
	return r.policy.Audit
}

// load reads the policy and the log.
func (r *recheck) load() (err error) {
	if r.policy, err = loadPolicy(r.Policy); err != nil {
		return err
	}
	switch r.audit = r.policy.Audit; {
	case r.Log == "" && r.audit == "":
		return errors.New("which log? --policy FILE, with audit in it, or --log FILE tells")
	case r.Log == "" && r.policy.IsSyslog():
		return errors.New("the log is with syslog: --log FILE tells which file the daemon writes it to")
	case r.audit == "":
		r.audit = r.Log
	}
	for _, m := range r.Moved {
		from, to, ok := strings.Cut(m, "=")
		if !ok || from == "" || to == "" {
			return fmt.Errorf("--moved %q: want OLD=NEW", m)
		}
		r.moved[hook.LoggedPath(from)] = to
	}
	if r.log, err = hook.ReadLogFile(r.logName(), r.policy.IsSyslog()); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	for _, p := range r.log.Problems {
		p.Where = r.logName() + ", " + p.Where
		r.problem(p)
	}
	r.res.Stats.ProblemCount += r.log.ProblemCount - int64(len(r.log.Problems))
	return nil
}

func (r *recheck) problem(p scan.Problem) {
	s := &r.res.Stats
	s.Complete = false
	s.ProblemCount++
	if len(s.Problems) < 10 {
		s.Problems = append(s.Problems, p)
	}
}

// choose gives the pushes that are to be searched.
func (r *recheck) choose() (chosen []hook.Passed, err error) {
	names := map[string]bool{}
	for _, repo := range r.Repo {
		abs, err := filepath.Abs(repo)
		if err != nil {
			return nil, err
		}
		paths := []string{abs}
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			paths = append(paths, real)
		}
		for from, to := range r.moved {
			if at, err := filepath.Abs(to); err == nil && at == abs {
				names[from] = true
			}
		}
		found := false
		for _, p := range paths {
			names[hook.LoggedPath(p)] = true
			names[hook.LoggedPath(filepath.Join(p, ".git"))] = true
			found = found || slices.ContainsFunc(r.log.Passed, func(e hook.Passed) bool { return names[e.Repository] })
		}
		if !found {
			r.res.Stats.Notices = append(r.res.Stats.Notices, "the log has nothing that is to be searched of "+abs)
		}
	}
	repositories := map[string]bool{}
	for _, p := range r.log.Passed {
		if (len(r.Repo) == 0 || names[p.Repository]) && (p.Unread() || r.LetThrough) {
			chosen = append(chosen, p)
			repositories[p.Repository] = true
		}
	}
	r.several = len(repositories) > 1
	return chosen, nil
}

// search searches one push. What cannot be read is a problem, and leaves the push to be searched.
func (r *recheck) search(p *hook.Passed, j *job) {
	at := p.Repository
	if to, ok := r.moved[at]; ok {
		at = to
	}
	show := func(progress *scan.Progress) func() {
		if r.NoProgress || !isTerminal(r.app.stderr) {
			return func() {}
		}
		return showProgress(r.app.stderr, progress)
	}
	res, err := hook.Recheck(r.app.ctx, p, at, r.policy, j.detector(), gitscan.Options{MaxBlob: int(r.MaxBlob)}, r.workers(), show)
	where := at + ", event " + p.ID
	if err != nil {
		r.problem(scan.Problem{Where: where, Why: err.Error()})
		return
	}
	for i := range res.Stats.Problems {
		res.Stats.Problems[i].Where = where + ": " + res.Stats.Problems[i].Where
	}
	if res.Stats.Complete {
		r.events = append(r.events, p.Rechecked(res, ""))
	}
	if r.several {
		note := "in " + p.Repository
		for _, list := range [][]scan.Finding{res.Findings, res.Suppressed} {
			for i := range list {
				for k := range list[i].Places {
					list[i].Places[k].Note = strings.TrimPrefix(list[i].Places[k].Note+"; "+note, "; ")
				}
			}
		}
	}
	r.res.Merge(res)
}

// settle records that events are dealt with.
func (r *recheck) settle() error {
	for _, id := range r.Settle {
		i := slices.IndexFunc(r.log.Passed, func(p hook.Passed) bool { return p.ID == id })
		if i < 0 {
			return fmt.Errorf("--settle %q: the log has no push of that id that is still to be searched", id)
		}
		r.events = append(r.events, r.log.Passed[i].Rechecked(nil, "settled by hand"))
	}
	return hook.Append(r.audit, r.events)
}
