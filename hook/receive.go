package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// Receiver decides about one push.
type Receiver struct {
	Dir      string              // working directory, which git makes the repository
	Getenv   func(string) string // of the hook's environment
	Lines    io.Reader           // what git writes to the hook
	Policy   *Policy
	Detector func() *detect.Detector
	Workers  int
	Started  time.Time // of the program: the time that the policy gives begins then
	Out      io.Writer // to the pusher
}

// Verdict is how it ends.
type Verdict int

// The verdicts; git refuses the push on all but the first.
const (
	Accept Verdict = 0
	Refuse Verdict = 1 // for what was found
	Fail   Verdict = 2 // for what could not be done
)

// judged is a finding with what becomes of it.
type judged struct {
	f      *scan.Finding
	action Action
	held   bool // the repository has it already
	back   bool // in an old version of the file, which is brought back
	never  bool // the pusher asked to let it through, and the policy does not allow that
}

// push is a push while it is decided about.
type push struct {
	*Receiver
	updates []gitscan.Update
	options options
	src     *gitscan.Push
	failed  string // why it was not searched whole
	late    bool   // that is for lack of time
	block   []judged
	warn    []judged
	let     []judged // let through by the pusher, with a reason
	user    string   // exempt, by this variable and name
}

// Receive decides. What it has to say goes to the pusher; the error is one line for what kept it from deciding, and comes
// with Fail.
func (r *Receiver) Receive(ctx context.Context) (Verdict, error) {
	p := &push{Receiver: r}
	var err error
	if p.updates, err = ReadUpdates(r.Lines); err != nil {
		return Fail, err
	}
	if len(p.updates) == 0 {
		return Fail, errors.New("no ref lines on standard input, where git writes one for each ref")
	}
	if !slices.ContainsFunc(p.updates, func(u gitscan.Update) bool { return !u.Deletes() }) {
		return Accept, nil // nothing comes in
	}
	if p.options, err = readOptions(r.Getenv); err != nil {
		return Fail, err
	}
	if variable, user, ok := r.Policy.exempt(r.Getenv); ok {
		p.user = variable + "=" + user
	}
	err = p.search(ctx)
	if p.src != nil {
		defer p.src.Close()
	}
	if ctx.Err() != nil { // whoever ends the hook does not mean to let the push through
		return Fail, errors.New("interrupted")
	}
	if err != nil {
		p.failed = report.Escape(err.Error())
	}
	return p.decide()
}

// search has the push searched within its time, and judges what was found.
func (p *push) search(ctx context.Context) error {
	limited, cancel := context.WithDeadline(ctx, p.Started.Add(p.Policy.Time))
	defer cancel()
	var err error
	if p.src, err = gitscan.OpenPush(p.Dir, p.Getenv, p.updates, gitscan.Options{MaxBlob: p.Policy.MaxBlob}); err != nil {
		return err
	}
	res, err := scan.Run(limited, p.src, p.Detector(), p.Workers)
	if err != nil {
		return err
	}
	p.judge(res)
	switch s := &res.Stats; {
	case limited.Err() != nil || s.Interrupted:
		p.late = true
		return fmt.Errorf("not searched within %s", p.Policy.Time)
	case !s.Complete && len(s.Problems) > 0:
		return fmt.Errorf("%d could not be read, first: %s: %s", s.ProblemCount, s.Problems[0].Where, s.Problems[0].Why)
	case !s.Complete:
		return errors.New("not searched whole")
	case s.Skipped[scan.SkipTooLarge] > 0:
		return fmt.Errorf("files larger than %d bytes: %d", p.Policy.MaxBlob, s.Skipped[scan.SkipTooLarge])
	}
	return nil
}

// judge sorts the findings by what becomes of them. A comment in a pushed file counts only where the policy says so.
func (p *push) judge(res *scan.Result) {
	findings := slices.Clone(res.Findings)
	for _, f := range res.Suppressed {
		if f.Suppressed.By == detect.ByComment && !slices.Contains(p.Policy.Comments, f.Severity) &&
			!slices.ContainsFunc(findings, func(g scan.Finding) bool { return g.Fingerprint == f.Fingerprint }) {
			findings = append(findings, f)
		}
	}
	for i := range findings {
		j := judged{f: &findings[i]}
		j.action = p.Policy.action(j.f, p.refsOf(j.f))
		if j.held = !slices.ContainsFunc(j.f.Places, func(at scan.Place) bool { return !gitscan.Held(&at) }); j.held {
			j.action = milder(j.action, p.Policy.Known)
			j.back = gitscan.IsBack(&j.f.Places[0])
		}
		if j.action == Block && p.options.names(j.f) {
			if j.never = !p.Policy.letsThrough(j.f); !j.never {
				p.let = append(p.let, j)
				continue
			}
		}
		switch j.action {
		case Block:
			p.block = append(p.block, j)
		case Warn:
			p.warn = append(p.warn, j)
		}
	}
	p.sortFindings()
}

// sortFindings puts the worst first.
func (p *push) sortFindings() {
	for _, list := range [][]judged{p.block, p.warn} {
		slices.SortStableFunc(list, func(a, b judged) int {
			return cmp.Compare(slices.Index(scan.Severities, a.f.Severity), slices.Index(scan.Severities, b.f.Severity))
		})
	}
}

// letsThrough reports whether the pusher may let a finding through.
func (p *Policy) letsThrough(f *scan.Finding) bool {
	return p.Bypass.Allowed && p.Audit != "" && !slices.Contains(p.Bypass.Never, f.Severity)
}

// refsOf are the pushed refs that a finding comes to; all of them where that is not known.
func (p *push) refsOf(f *scan.Finding) (refs []string) {
	all := func() []string {
		var names []string
		for _, u := range p.updates {
			if !u.Deletes() {
				names = append(names, u.Ref)
			}
		}
		return names
	}
	for i := range f.Places {
		at := &f.Places[i]
		names := slices.Clone(at.AtTip)
		if at.Introduced != nil {
			names = append(names, p.src.RefsOf(at.Introduced.ID)...)
		}
		if len(names) == 0 {
			return all()
		}
		refs = append(refs, names...)
	}
	if len(refs) == 0 {
		return all()
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// decide records what was found, tells the pusher and gives the verdict. What is to be recorded and cannot be is refused,
// whatever the policy says of failures.
func (p *push) decide() (Verdict, error) {
	m := message{push: p}
	verdict := Accept
	var events []Event
	switch {
	case p.user != "" && len(p.block)+len(p.warn)+len(p.let) > 0:
		events = append(events, p.event("exempt", slices.Concat(p.block, p.let, p.warn), p.user))
		m.exempt()
	case len(p.block) > 0:
		events = append(events, p.event("block", p.block, p.failed))
		verdict = Refuse
		m.refused()
	default:
		if len(p.let) > 0 {
			events = append(events, p.event("bypass", p.let, p.options.reason))
		}
		if len(p.warn) > 0 {
			events = append(events, p.event("warn", p.warn, ""))
		}
		m.accepted()
	}
	if p.failed != "" && verdict == Accept {
		what := "error"
		switch {
		case p.Policy.FailOpen:
			what = "fail-open"
		case p.late:
			what = "timeout"
		}
		events = append(events, p.event(what, nil, p.failed))
		if !p.Policy.FailOpen {
			verdict = Fail
		}
		m.failed()
	}
	if err := p.record(events); err != nil {
		return Fail, fmt.Errorf("it cannot be recorded: %w", err)
	}
	if err := m.write(p.Out); err != nil && verdict == Accept {
		return Accept, nil // the pusher has gone; nothing is to be said that the log does not have
	}
	return verdict, nil
}

func (p *push) record(events []Event) error {
	if p.Policy.Audit == "" {
		return nil
	}
	for i := range events {
		if err := appendEvent(p.Policy.Audit, &events[i]); err != nil {
			return err
		}
	}
	return nil
}

// platforms are the variables by which platforms tell who pushes.
var platforms = []string{"GL_USERNAME", "GITEA_PUSHER_NAME", "GITHUB_USER_LOGIN", "BB_USER_NAME", "REMOTE_USER"}

func (p *push) event(what string, findings []judged, reason string) Event {
	e := Event{Time: time.Now().UTC(), Event: what, Repository: report.Escape(p.Dir), Reason: report.Escape(reason), User: report.Escape(p.user),
		Refs: []Ref{}, RefCount: len(p.updates), Findings: []Record{}, Count: len(findings),
		Seconds: time.Since(p.Started).Round(time.Millisecond).Seconds()}
	for _, name := range platforms {
		if v := p.Getenv(name); v != "" && e.User == "" {
			e.User = report.Escape(name + "=" + v)
		}
	}
	for _, u := range p.updates[:min(len(p.updates), maxLogged)] {
		e.Refs = append(e.Refs, Ref{report.Escape(u.Ref), u.Old, u.New})
	}
	for _, j := range findings[:min(len(findings), maxLogged)] {
		e.Findings = append(e.Findings, record(j.f))
	}
	return e
}
