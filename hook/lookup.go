package hook

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// lookUpReserve is what a look-up leaves of the time, for placing what it has found when the time ends.
const lookUpReserve = 700 * time.Millisecond

// lookUp asks of what would be blocked whether the repository holds it already, which then does what the policy says of
// that. It is asked of all that the refs reach which the repository has before the push: the files of its tips first,
// since most is there, and then the whole history, within the time and memory that are left. What is not found for
// whatever reason stays blocked.
func (p *push) lookUp(ctx context.Context) {
	if len(p.block) == 0 || milder(Block, p.Policy.Known) == Block {
		return
	}
	if p.fault != nil && (p.fault.what == eventTimeout || p.fault.what == eventMemory) {
		p.cut = "there was no time or memory left"
		return
	}
	var ids []string
	for _, j := range p.block {
		ids = append(ids, j.f.Rule)
	}
	det := detect.New(p.Detector().Rules().Only(ids))
	for _, tips := range []bool{true, false} {
		if p.cut = p.lookIn(ctx, det, tips); p.cut != "" || len(p.block) == 0 {
			return
		}
	}
}

// lookIn looks in the files of the tips or in the history, and says why that was cut short.
func (p *push) lookIn(ctx context.Context, det *detect.Detector, tips bool) (cut string) {
	deadline := p.Started.Add(p.Policy.Time - lookUpReserve)
	if !time.Now().Before(deadline) {
		return "there was no time left"
	}
	repo, err := gitscan.OpenBefore(p.Dir, p.Getenv, gitscan.Options{MaxBlob: p.Policy.MaxBlob, Search: !tips})
	if err != nil {
		return err.Error()
	}
	var src scan.Source = repo
	if tips {
		src = repo.Tips()
	}
	res, f := p.bounded(ctx, deadline, src, det)
	if f == nil || !f.running {
		defer repo.Close()
	}
	if res != nil {
		p.hold(res)
	}
	switch {
	case f != nil && f.what == eventTimeout:
		return "there was no time left"
	case f != nil:
		return f.why
	case !res.Stats.Complete && len(p.block) > 0 && !tips:
		return "not all of it could be read"
	}
	return ""
}

// hold takes what the repository was found to hold out of what is blocked.
func (p *push) hold(res *scan.Result) {
	where := map[string]string{}
	for _, list := range [][]scan.Finding{res.Findings, res.Suppressed} {
		for i := range list {
			f := &list[i]
			if at := slices.IndexFunc(f.Places, func(at scan.Place) bool { return at.Reachable }); at >= 0 && where[f.Fingerprint] == "" {
				where[f.Fingerprint] = standing(&f.Places[at])
			}
		}
	}
	var rest []judged
	for _, j := range p.block {
		if j.where = where[j.f.Fingerprint]; j.where == "" {
			rest = append(rest, j)
			continue
		}
		j.held = true
		if j.action = milder(Block, p.Policy.Known); j.action == Warn {
			p.warn = append(p.warn, j)
		}
	}
	p.block = rest
	p.sortFindings()
}

// standing says where in the repository a place is.
func standing(at *scan.Place) string {
	parts := []string{cmp.Or(at.Path, at.Note)}
	if at.Introduced != nil {
		parts = append(parts, "commit "+short(at.Introduced.ID))
	} else if len(at.AtTip) > 0 {
		parts = append(parts, at.AtTip[0])
	}
	return strings.Join(parts, ", ")
}
