package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// Commit decides about a commit that is about to be made, as a pre-commit hook: by what is staged, as it is staged. Only the
// policy's actions and sizes count; comments in files do as everywhere, since who commits may leave the hook out anyway.
func (r *Receiver) Commit(ctx context.Context) (Verdict, error) {
	repo, staged, err := gitscan.OpenStaged(r.Dir, r.Getenv, gitscan.Options{MaxBlob: r.Policy.MaxBlob})
	if err != nil {
		return Fail, err
	}
	defer repo.Close()
	res, err := scan.Run(ctx, staged, r.Detector(), r.Workers)
	if err != nil {
		return Fail, err
	}
	p := &push{Receiver: r}
	for i := range res.Findings {
		j := judged{f: &res.Findings[i]}
		switch p.Policy.action(j.f, []string{"HEAD"}) {
		case Block:
			p.block = append(p.block, j)
		case Warn:
			p.warn = append(p.warn, j)
		}
	}
	p.sortFindings()
	m := message{push: p}
	m.commit()
	if err := m.write(r.Out); err != nil {
		return Fail, err
	}
	switch {
	case len(p.block) > 0:
		return Refuse, nil
	case ctx.Err() != nil:
		return Fail, errors.New("interrupted")
	}
	return incomplete(&res.Stats)
}

// Outgoing decides about a push that is about to be made from here, as a pre-push hook: by what the remote lacks.
func (r *Receiver) Outgoing(ctx context.Context, remote string) (Verdict, error) {
	p := &push{Receiver: r}
	var err error
	if p.updates, err = ReadOutgoing(r.Lines); err != nil {
		return Fail, err
	}
	if !slices.ContainsFunc(p.updates, func(u gitscan.Update) bool { return !u.Deletes() }) {
		return Accept, nil
	}
	if p.src, err = gitscan.OpenUnpushed(r.Dir, r.Getenv, remote, p.updates, gitscan.Options{MaxBlob: r.Policy.MaxBlob}); err != nil {
		return Fail, err
	}
	defer p.src.Close()
	res, err := scan.Run(ctx, p.src, r.Detector(), r.Workers)
	if err != nil {
		return Fail, err
	}
	p.judge(res)
	m := message{push: p}
	if len(p.block) > 0 {
		m.refused()
		m.gap()
		m.say("", "If it is no secret, say so in a comment on its line (rummage:allow and why), or push with --no-verify.")
	} else {
		m.accepted()
	}
	if err := m.write(r.Out); err != nil {
		return Fail, err
	}
	switch {
	case len(p.block) > 0:
		return Refuse, nil
	case ctx.Err() != nil:
		return Fail, errors.New("interrupted")
	}
	return incomplete(&res.Stats)
}

// incomplete is the verdict on a commit or push in which nothing was found.
func incomplete(s *scan.Stats) (Verdict, error) {
	if s.Complete {
		return Accept, nil
	}
	if len(s.Problems) > 0 {
		return Fail, fmt.Errorf("%d could not be read, first: %s: %s", s.ProblemCount, s.Problems[0].Where, s.Problems[0].Why)
	}
	return Fail, errors.New("not searched whole")
}

// commit tells who commits what was found and how to take it out of the index.
func (m *message) commit() {
	if len(m.block) > 0 {
		m.say("", "rummage: commit refused: "+findings(len(m.block)))
		m.list(m.block)
		m.gap()
		m.say("", "Take it out of the file and stage that anew, or leave the file out of the commit:")
		var paths []string
		for _, j := range m.block {
			for i := range j.f.Places {
				paths = append(paths, j.f.Places[i].Path)
			}
		}
		slices.Sort(paths)
		paths = slices.Compact(paths)
		for _, path := range paths[:min(len(paths), maxShown)] {
			if name := quoted(path); name != "" {
				m.code("git restore --staged -- %s", name)
			}
		}
		m.gap()
		m.say("", "If it is no secret, say so in a comment on its line (rummage:allow and why), or commit with --no-verify.")
	}
	if len(m.warn) > 0 {
		m.say("", "rummage: warning: "+findings(len(m.warn)))
		m.list(m.warn)
	}
}

// quoted is a path as an argument of a shell; empty for one that would have to be shown otherwise than it is.
func quoted(path string) string {
	if report.Escape(path) != path {
		return ""
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
