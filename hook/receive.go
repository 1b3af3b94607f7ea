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
	// Decisions asks the sweep that the policy names; nil: nobody is asked. It is called only for what would be told.
	Decisions Decisions
	Workers   int
	Started   time.Time // of the program: the time that the policy gives begins then
	Out       io.Writer // to the pusher

	updates []gitscan.Update
	told    bool          // the lines have been read
	noted   bool          // the decision is in the log, or cannot be
	memory  func() uint64 // what the program takes of it; nil: usedMemory
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
	held   bool   // the repository has it already
	back   bool   // in an old version of the file, which is brought back
	where  string // in the repository, where that was looked up
	never  bool   // the pusher asked to let it through, and the policy does not allow that
	// decision is what a sweep knows of it, if that is to be told.
	decision Decision
}

// push is a push while it is decided about.
type push struct {
	*Receiver
	options options
	src     *gitscan.Push
	fault   *fault // why it was not searched whole
	cut     string // why it was not looked up whole what the repository holds
	block   []judged
	warn    []judged
	let     []judged // let through by the pusher, with a reason
	user    string   // exempt, by this variable and name
	// uncounted would be told but for a sweep's decision; unasked is why no sweep was asked that was to be.
	uncounted []judged
	unasked   string
}

// ErrInterrupted: whoever ends the hook does not mean to let the push through.
var ErrInterrupted = errors.New("interrupted")

// Receive decides. What it has to say goes to the pusher; the error is one line for what kept it from deciding, and comes
// with Fail. It is not in the log yet: see Failed.
func (r *Receiver) Receive(ctx context.Context) (Verdict, error) {
	p := &push{Receiver: r}
	if err := r.readUpdates(ctx); err != nil {
		return Fail, err
	}
	if len(p.updates) == 0 {
		return Fail, errors.New("no ref lines on standard input, where git writes one for each ref")
	}
	if !slices.ContainsFunc(p.updates, func(u gitscan.Update) bool { return !u.Deletes() }) {
		return Accept, nil // nothing comes in
	}
	var err error
	if p.options, err = readOptions(r.Getenv); err != nil {
		return Fail, err
	}
	if variable, user, ok := r.Policy.exempt(r.Getenv); ok {
		p.user = variable + "=" + user
	}
	p.fault = p.search(ctx)
	if p.src != nil && (p.fault == nil || !p.fault.running) {
		defer p.src.Close()
	}
	if ctx.Err() == nil {
		p.ask(ctx)
		p.lookUp(ctx)
	}
	if ctx.Err() != nil {
		return Fail, ErrInterrupted
	}
	return p.decide()
}

// readUpdates reads the lines, unless that is interrupted.
func (r *Receiver) readUpdates(ctx context.Context) error {
	type read struct {
		updates []gitscan.Update
		err     error
	}
	done := make(chan read, 1)
	go func() {
		updates, err := ReadUpdates(r.Lines)
		done <- read{updates, err}
	}()
	select {
	case <-ctx.Done():
		return ErrInterrupted
	case got := <-done:
		r.updates, r.told = got.updates, true
		return got.err
	}
}

// search has the push searched within its bounds, and judges what was found.
func (p *push) search(ctx context.Context) *fault {
	var err error
	if p.src, err = gitscan.OpenPush(p.Dir, p.Getenv, p.updates, gitscan.Options{MaxBlob: p.Policy.MaxBlob}); err != nil {
		return &fault{what: eventError, why: err.Error()}
	}
	res, f := p.bounded(ctx, p.Started.Add(p.Policy.Time), p.src, p.Detector())
	if res == nil {
		return f
	}
	p.judge(res)
	switch s := &res.Stats; {
	case f != nil:
	case !s.Complete && len(s.Problems) > 0:
		f = &fault{what: eventError, why: fmt.Sprintf("%d could not be read, first: %s: %s", s.ProblemCount, s.Problems[0].Where, s.Problems[0].Why)}
	case !s.Complete:
		f = &fault{what: eventError, why: "not searched whole"}
	case s.Skipped[scan.SkipTooLarge] > 0:
		f = &fault{what: eventSize, why: fmt.Sprintf("files larger than %d bytes: %d", p.Policy.MaxBlob, s.Skipped[scan.SkipTooLarge])}
	}
	return f
}

// judge sorts the findings by what becomes of them. A comment in a pushed file counts only where the policy says so.
func (p *push) judge(res *scan.Result) {
	findings := slices.Clone(res.Findings)
	for _, f := range res.Suppressed {
		if p.Policy.overrides(&f) &&
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

// overrides reports whether the policy finds what a comment in a file has taken away.
func (p *Policy) overrides(f *scan.Finding) bool {
	return f.Suppressed != nil && f.Suppressed.By == detect.ByComment && !slices.Contains(p.Comments, f.Severity)
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
		events = append(events, p.event(eventExempt, slices.Concat(p.block, p.let, p.warn), p.user))
		m.exempt()
	case len(p.block) > 0:
		events = append(events, p.event(eventBlock, p.block, p.cut))
		verdict = Refuse
		m.refused()
	default:
		if len(p.let) > 0 {
			events = append(events, p.event(eventBypass, p.let, p.options.reason))
		}
		if len(p.warn) > 0 {
			events = append(events, p.event(eventWarn, p.warn, ""))
		}
		m.accepted()
	}
	m.notCounted()
	if len(p.uncounted) > 0 {
		events = append(events, p.event(eventUncounted, p.uncounted, ""))
	}
	if p.unasked != "" {
		events = append(events, p.event(eventUnasked, nil, p.unasked))
	}
	if p.fault != nil {
		e := p.event(p.fault.what, nil, p.fault.why)
		if p.Policy.FailOpen && verdict == Accept {
			e = p.event(eventFailOpen, nil, p.fault.why)
			e.Cause = p.fault.what
		}
		events = append(events, e)
		if verdict == Accept {
			if !p.Policy.FailOpen {
				verdict = Fail
			}
			m.failed()
		}
	}
	p.noted = true
	if err := appendEvents(p.Policy.Audit, events); err != nil {
		return Fail, fmt.Errorf("it cannot be recorded: %w", err)
	}
	if err := m.write(p.Out); err != nil && verdict == Accept {
		return Accept, nil // the pusher has gone; nothing is to be said that the log does not have
	}
	return verdict, nil
}

// Failed puts into the log why no decision was made, with what is known of the push. The error says that it cannot.
func (r *Receiver) Failed(cause error) error {
	if r.Policy == nil || r.Policy.Audit == "" || r.noted {
		return nil
	}
	r.noted = true
	what := eventError
	if errors.Is(cause, ErrInterrupted) {
		what = eventInterrupted
	}
	if !r.told && what == eventError {
		r.updates, _ = ReadUpdates(r.Lines)
	}
	return appendEvents(r.Policy.Audit, []Event{r.event(what, nil, cause.Error())})
}

// platforms are the variables by which platforms tell who pushes.
var platforms = []string{"GL_USERNAME", "GITEA_PUSHER_NAME", "GITHUB_USER_LOGIN", "BB_USER_NAME", "REMOTE_USER"}

func (p *push) event(what string, findings []judged, reason string) Event {
	e := p.Receiver.event(what, findings, reason)
	if p.user != "" {
		e.User = clip(report.Escape(p.user), maxLoggedName)
	}
	return e
}

func (r *Receiver) event(what string, findings []judged, reason string) Event {
	e := newEvent(what)
	e.Repository, e.Reason = LoggedPath(r.Dir), clip(report.Escape(reason), maxLoggedText)
	e.RefCount, e.Count = len(r.updates), len(findings)
	e.Seconds = time.Since(r.Started).Round(time.Millisecond).Seconds()
	for _, name := range platforms {
		if v := r.Getenv(name); v != "" && e.User == "" {
			e.User = clip(report.Escape(name+"="+v), maxLoggedName)
		}
	}
	refs := r.updates
	if slices.Contains(letThrough, what) {
		e.Head = gitscan.HeadOf(r.Dir, r.Getenv)
	} else {
		refs = refs[:min(len(refs), maxLogged)]
	}
	for _, u := range refs {
		e.Refs = append(e.Refs, Ref{clip(report.Escape(u.Ref), maxLoggedName), u.Old, u.New})
	}
	for _, j := range findings[:min(len(findings), maxLogged)] {
		f := record(j.f)
		f.Held = j.held
		j.decision.record(&f)
		e.Findings = append(e.Findings, f)
	}
	return e
}
