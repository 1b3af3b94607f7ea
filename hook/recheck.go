package hook

import (
	"context"
	"fmt"
	"slices"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// LoggedPath is how the log writes the path of a repository.
func LoggedPath(path string) string { return clip(report.Escape(path), maxLoggedPath) }

// Unread reports whether the push was let through unread, rather than with what was found in it.
func (p *Passed) Unread() bool { return p.Event == eventFailOpen }

// Recheck searches what a push that was let through has brought to a repository, and judges comments in files as the policy
// does. The progress is that of the search. What is too large to be searched is a problem.
func Recheck(ctx context.Context, p *Passed, repository string, policy *Policy, det *detect.Detector, o gitscan.Options, workers int,
	show func(*scan.Progress) func()) (*scan.Result, error) {
	var before []string
	if p.Head != "" {
		before = []string{p.Head}
	}
	src, err := gitscan.OpenPassed(repository, p.Updates, before, o)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	stop := show(src.Progress())
	res, err := scan.Run(ctx, src, det, workers)
	stop()
	if err != nil {
		return nil, err
	}
	var disallowed []scan.Finding
	res.Suppressed = slices.DeleteFunc(res.Suppressed, func(f scan.Finding) bool {
		if !policy.overrides(&f) {
			return false
		}
		f.Suppressed = nil
		disallowed = append(disallowed, f)
		return true
	})
	res.Merge(&scan.Result{Findings: disallowed, Stats: scan.Stats{Complete: true}})
	s := &res.Stats
	if n := s.Skipped[scan.SkipTooLarge]; n > 0 {
		s.Complete = false
		s.ProblemCount++
		s.Problems = append(s.Problems, scan.Problem{Where: "files", Why: fmt.Sprintf("%d larger than %s are not searched (--max-blob)", n, scan.FormatSize(int64(o.MaxBlob)))})
	}
	return res, nil
}

// Rechecked is the event that a push of the log has been searched, by what was found in it.
func (p *Passed) Rechecked(res *scan.Result, reason string) Event {
	e := newEvent(eventRecheck)
	e.Repository, e.Settles, e.RefCount, e.Reason = p.Repository, p.ID, len(p.Updates), clip(report.Escape(reason), maxLoggedText)
	if res != nil {
		e.Count, e.Seconds = len(res.Findings), res.Stats.Seconds
		for i := range res.Findings[:min(len(res.Findings), maxLogged)] {
			e.Findings = append(e.Findings, record(&res.Findings[i]))
		}
	}
	return e
}

// Append adds events to a log, as a policy names it.
func Append(audit string, events []Event) error { return appendEvents(audit, events) }

// IsSyslog reports whether a policy's log is the syslog daemon.
func (p *Policy) IsSyslog() bool {
	_, is, _ := parseSyslog(p.Audit)
	return is
}
