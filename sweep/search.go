package sweep

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
	"rummage/sweep/store"
)

// Search searches a repository with so many workers and settles what it found in the database. When neither its refs nor the
// rules have changed since the last complete search, there is nothing to be done.
func (s *Sweeper) Search(ctx context.Context, id int64, workers int) error {
	r, err := s.store.Repository(ctx, id)
	if err != nil {
		return err
	}
	version, err := s.ruleset(ctx)
	if err != nil {
		return err
	}
	repo, err := gitscan.Open(r.CloneURL, gitscan.Options{MaxBlob: s.config.MaxBlob, Search: true})
	if err != nil {
		return err
	}
	defer repo.Close()
	tips := tipsOf(repo)
	if known, err := s.store.Tips(ctx, id); err != nil || !s.all && r.Ruleset == version && !r.LastScan.IsZero() && slices.Equal(known, tips) {
		return err
	}
	res, ledger, ids, err := s.searchNew(ctx, repo, workers, version)
	if err != nil {
		return err
	}
	if err := s.remember(ctx, repo, ledger, ids, version); err != nil {
		return err
	}
	_, err = s.store.Settle(ctx, id, store.Scan{ID: rand.Text(), Ruleset: version, Complete: res.Stats.Complete, Tips: tips}, found(res))
	if err == nil && !res.Stats.Complete {
		err = incomplete(&res.Stats)
	}
	return err
}

func incomplete(s *scan.Stats) error {
	if len(s.Problems) == 0 {
		return errors.New("not searched whole")
	}
	return fmt.Errorf("%d could not be read, first: %s: %s", s.ProblemCount, report.Escape(s.Problems[0].Where), report.Escape(s.Problems[0].Why))
}

// tipsOf are the refs, by name.
func tipsOf(repo *gitscan.Repo) (tips []store.Tip) {
	repo.Refs(func(name, id string) { tips = append(tips, store.Tip{Ref: name, ID: id}) })
	return tips
}

// ruleset is the version of the rules in the database.
func (s *Sweeper) ruleset(ctx context.Context) (int, error) {
	return s.store.Ruleset(ctx, s.rules.Hash(), s.rules.RuleHashes())
}

// changed gives the detectors of what rules of a version find that those of older versions did not look for, once each.
type changed struct {
	s       *Sweeper
	version int
	known   map[int]*detect.Detector
}

func (c *changed) since(ctx context.Context, old int) (*detect.Detector, error) {
	if d, known := c.known[old]; known {
		return d, nil
	}
	ids, err := c.s.store.ChangedSince(ctx, old, c.version)
	if err != nil {
		return nil, err
	}
	var d *detect.Detector
	if rules := c.s.rules.Changed(ids); rules != nil {
		d = detect.New(rules)
	}
	c.known[old] = d
	return d, nil
}

// searchNew searches what the database does not know to have nothing: what had nothing under older rules with what has changed since,
// and with all rules when that finds something. ids are those of the blobs, by BlobRef.
func (s *Sweeper) searchNew(ctx context.Context, repo *gitscan.Repo, workers, version int) (res *scan.Result, l *scan.Ledger, ids [][]byte, err error) {
	ids = make([][]byte, repo.Objects())
	var refs []scan.BlobRef
	if err := repo.Blobs(ctx, func(ref scan.BlobRef, id []byte) {
		ids[ref] = slices.Clone(id)
		refs = append(refs, ref)
	}); err != nil {
		return nil, nil, nil, err
	}
	slices.SortFunc(refs, func(a, b scan.BlobRef) int { return bytes.Compare(ids[a], ids[b]) })
	asked := make([][]byte, len(refs))
	for i, ref := range refs {
		asked[i] = ids[ref]
	}
	marks, err := s.store.Clean(ctx, asked)
	if err != nil {
		return nil, nil, nil, err
	}
	l = scan.NewLedger(repo.Objects())
	other := changed{s: s, version: version, known: map[int]*detect.Detector{}}
	for i, m := range marks {
		switch m.Version {
		case 0:
		case version:
			l.Set(refs[i], scan.Mark(m.Kinds))
		default:
			d, err := other.since(ctx, m.Version)
			if err != nil {
				return nil, nil, nil, err
			}
			l.SetOther(refs[i], scan.Mark(m.Kinds), d)
		}
	}
	repo.LeaveOut(l.Searched)
	res, err = scan.RunWith(ctx, repo, detect.New(s.rules), workers, l)
	if err == nil {
		err = ctx.Err()
	}
	return res, l, ids, err
}

// remember writes down what the search has found nothing in.
func (s *Sweeper) remember(ctx context.Context, repo *gitscan.Repo, l *scan.Ledger, ids [][]byte, version int) error {
	var seen []store.Seen
	l.Fresh(func(ref scan.BlobRef, m scan.Mark) {
		if id := ids[ref]; id != nil && !repo.Damaged(ref) { // messages have no mark
			seen = append(seen, store.Seen{ID: id, Kinds: uint64(m), Version: version})
		}
	})
	return s.store.MarkClean(ctx, seen)
}

// found is what the database is told: nothing of a secret but its mask and, keyed, its fingerprint.
func found(res *scan.Result) []store.Found {
	text, path := report.Hider(res.Findings, res.Suppressed)
	list := make([]store.Found, 0, len(res.Findings))
	for i := range res.Findings {
		f := &res.Findings[i]
		out := store.Found{Fingerprint: f.Fingerprint, Rule: f.Rule, Kind: string(f.Kind), Severity: f.Severity, Length: len(f.Secret), Count: len(f.Places)}
		if f.Secret != "" {
			out.Mask = f.Secret.String()
		}
		for j := range f.Places[:min(len(f.Places), store.MaxPlaces)] {
			at := &f.Places[j]
			out.Places = append(out.Places, store.Place{Path: path(at.Path), Blob: at.Blob, Line: at.Line, Column: at.Column, EndLine: at.EndLine,
				EndColumn: at.EndColumn, Introduced: commitOf(at.Introduced, text), Removed: commitOf(at.Removed, text), AtTip: names(at.AtTip, path),
				Reachable: at.Reachable, Note: at.Note, Context: at.Context, Tags: slices.Concat(f.Tags, at.Tags), Remedy: path(cmp.Or(at.Remedy, f.Remedy))})
		}
		list = append(list, out)
	}
	return list
}

func commitOf(c *scan.Commit, text func(string) string) *store.Commit {
	if c == nil {
		return nil
	}
	return &store.Commit{ID: c.ID, Author: text(c.Author), Email: text(c.Email), Date: c.Date, Subject: text(c.Subject)}
}

func names(list []string, path func(string) string) []string {
	out := make([]string, len(list))
	for i, name := range list {
		out[i] = path(name)
	}
	return out
}
