package hook

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rummage/report"
)

// Sweep is where a policy says that a sweep keeps what was decided about findings.
type Sweep struct {
	Config            string // of the sweep
	Database, KeyFile string // in place of it
	// Deadline is how long it may take to ask.
	Deadline time.Duration
}

// Decision is what was decided about a finding.
type Decision struct {
	State  string // one of the sweep's
	Who    string
	Reason string
}

// Decisions gives what was decided about those of the fingerprints that are known. What it has opened is gone with the process.
type Decisions func(ctx context.Context, fingerprints []string) (map[string]Decision, error)

// The states of a sweep that matter here: by the first a finding is not to be told again, the other is told with it.
var uncounted = []string{"false_positive", "used_in_tests", "wont_fix"}

const revoked = "revoked"

const (
	defaultDeadline = 200 * time.Millisecond
	maxDeadline     = 10 * time.Second
)

// sweepFile is the form of a policy's [sweep].
type sweepFile struct {
	Config   string `toml:"config"`
	Database string `toml:"database"`
	KeyFile  string `toml:"key_file"`
	Deadline string `toml:"deadline"`
}

func (p *Policy) sweep(f *policyFile) (err error) {
	s := f.Sweep
	if s == nil {
		return nil
	}
	if (s.Config == "") == (s.Database == "") || (s.Database == "") != (s.KeyFile == "") {
		return errors.New("[sweep] needs config, or database and key_file")
	}
	if u, err := url.Parse(s.Database); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		if _, has := u.User.Password(); has {
			return errors.New("[sweep] database: a password does not belong into a policy: name a sweep.toml with database_password_file as config")
		}
	} else if s.Database != "" && !filepath.IsAbs(s.Database) {
		return errors.New("[sweep] database: want an absolute path, or postgres://…")
	}
	if s.Config != "" && !filepath.IsAbs(s.Config) || s.KeyFile != "" && !filepath.IsAbs(s.KeyFile) {
		return errors.New("[sweep] config and key_file: want absolute paths")
	}
	p.Sweep = &Sweep{Config: s.Config, Database: s.Database, KeyFile: s.KeyFile, Deadline: defaultDeadline}
	if s.Deadline != "" {
		if p.Sweep.Deadline, err = time.ParseDuration(s.Deadline); err != nil || p.Sweep.Deadline <= 0 || p.Sweep.Deadline > maxDeadline {
			return fmt.Errorf("[sweep] deadline = %q: want a time up to %s, such as 200ms", s.Deadline, maxDeadline)
		}
	}
	if p.Audit == "" {
		return errors.New("what is let through is to be recorded: [sweep] needs audit")
	}
	return nil
}

// ask asks the sweep about what would block or be warned of. What was decided not to count is taken out of that. No answer, for
// whatever reason, changes nothing.
func (p *push) ask(ctx context.Context) {
	if p.Policy.Sweep == nil || p.Decisions == nil || len(p.block)+len(p.warn) == 0 {
		return
	}
	var fingerprints []string
	for _, j := range slices.Concat(p.block, p.warn) {
		fingerprints = append(fingerprints, j.f.Fingerprint)
	}
	by, err := p.Policy.Sweep.Ask(ctx, p.Decisions, fingerprints)
	if err != nil {
		p.unasked = err.Error()
		return
	}
	p.block, p.warn = p.decided(p.block, by), p.decided(p.warn, by)
}

// Ask asks for so long as the policy gives, whoever is asked and whatever becomes of them.
func (s *Sweep) Ask(ctx context.Context, decisions Decisions, fingerprints []string) (map[string]Decision, error) {
	type answer struct {
		by  map[string]Decision
		err error
	}
	late := fmt.Errorf("no answer within %s", s.Deadline)
	ctx, cancel := context.WithTimeout(ctx, s.Deadline)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if recover() != nil { // its text may quote anything
				done <- answer{err: errors.New("internal error")}
			}
		}()
		by, err := decisions(ctx, fingerprints)
		done <- answer{by, err}
	}()
	select {
	case a := <-done:
		if a.err != nil && ctx.Err() != nil {
			return nil, late
		}
		return a.by, a.err
	case <-ctx.Done():
		return nil, late
	}
}

// decided gives what is left of findings, and notes what was decided about them.
func (p *push) decided(list []judged, by map[string]Decision) (left []judged) {
	for _, j := range list {
		d, known := by[j.f.Fingerprint]
		switch {
		case known && slices.Contains(uncounted, d.State):
			j.decision = d
			p.uncounted = append(p.uncounted, j)
			continue
		case known && d.State == revoked:
			j.decision = d
		}
		left = append(left, j)
	}
	return left
}

// notCounted tells in a line each what was not counted.
func (m *message) notCounted() {
	for _, j := range m.uncounted[:min(len(m.uncounted), maxShown)] {
		m.say("rummage: ", j.f.Rule+" "+j.f.Fingerprint[:min(len(j.f.Fingerprint), minAllow)]+" does not count: "+j.decision.told())
	}
	if n := len(m.uncounted) - maxShown; n > 0 {
		m.say("rummage: ", findings(n)+" more that do not count, as was decided before")
	}
}

// told is a decision in words.
func (d *Decision) told() string {
	if d.Who == "" {
		return d.State
	}
	return d.State + ", by " + d.Who
}

// record notes a decision in the log.
func (d *Decision) record(r *Record) {
	r.State, r.DecidedBy = d.State, clip(report.Escape(d.Who), maxLoggedName)
	r.Decision = clip(report.Escape(d.Reason), maxLoggedName)
}
