package sweep

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
	"rummage/sweep/seal"
	"rummage/sweep/store"
)

// Task is a repository to be searched. It is handed to the process that does so as JSON, and has no secret.
type Task struct {
	ID         int64
	Dir        string
	Prefix     string            `json:",omitempty"` // where the repository's refs are in a store that others share
	Seen       string            `json:",omitempty"` // where those are that keep what it no longer has
	RefsAlone  bool              `json:",omitempty"` // there is nothing that it no longer has
	Odd        map[string]string `json:",omitempty"` // its refs under names that no store has, see gitscan.Part
	Head       string            `json:",omitempty"` // the name of its default branch
	Tips       []store.Tip       `json:",omitempty"` // its refs, where Dir does not tell them
	Lease      *store.Lease      `json:",omitempty"`
	All        bool              `json:",omitempty"` // also when nothing has changed
	Next       time.Duration
	Workers    int
	Images     bool     `json:",omitempty"` // also the images that its files name
	Registries []string `json:",omitempty"` // that may be asked for them; none: the usual
	Quiet      []string `json:",omitempty"` // sums of packs in which there is nothing to find; with a Prefix, ids of what leads to nothing else
	ShardSize  int64    `json:",omitempty"` // from twice as much work on there are to be shards; 0: never
	Shard      *Shard   `json:",omitempty"` // this alone is to be searched, and nothing settled
}

// Answer is what became of a task.
type Answer struct {
	Unchanged      bool   `json:",omitempty"` // neither refs nor rules have changed since the last complete search
	Error          string `json:",omitempty"` // why it is not complete
	Images         string `json:",omitempty"` // why that is of its images alone
	New, Regressed int
	Blobs, Known   int64      // searched, and left out since they were before
	Bytes          int64      // searched
	Slices         int        // see slice
	Quiet          *QuietPack `json:",omitempty"`
	QuietTips      bool       `json:",omitempty"` // there is nothing to find in what the repository's tips in a shared store lead to
	Quick          bool       `json:",omitempty"` // only what is beyond quiet packs was read
	Alike          bool       `json:",omitempty"` // not searched, since one that is the same was
	Shards         int        `json:",omitempty"` // not searched: it is to be divided into so many
}

// slice is for how long a search goes on before what it did is written down: what dies loses no more.
const slice = 3 * time.Minute

// Search does a task: it searches the repository and settles what it found in the database. An error is one that says nothing
// about the repository.
func (s *Sweeper) Search(ctx context.Context, t *Task) (*Answer, error) {
	r, err := s.store.Repository(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	version, err := s.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	if !mayBeSame(r, version) { // else it is asked first whether anything has changed
		if a, err := s.settleAlike(ctx, t, version, r.LastScan.IsZero()); a != nil || err != nil {
			return a, err
		}
	}
	repo, err := s.openRepository(t)
	if err != nil {
		return &Answer{Error: report.Escape(err.Error())}, nil
	}
	defer repo.Close()
	if t.Shard != nil {
		return s.searchShard(ctx, t, repo, version)
	}
	tips := t.Tips
	if tips == nil {
		tips = tipsOf(repo)
	} else if !hasTips(repo, tips) {
		return &Answer{Error: "its clone was thrown away or changed before it was searched: it is fetched again"}, nil
	}
	if same, err := s.same(ctx, r, tips, version); err != nil {
		return nil, err
	} else if same && !t.All {
		return &Answer{Unchanged: true}, s.store.Unchanged(ctx, t.ID, t.Lease, t.Next)
	}
	first := r.LastScan.IsZero()
	if len(t.Quiet) > 0 {
		if a, err := s.searchBeyond(ctx, t, repo, tips, version, first); a != nil || err != nil {
			return a, err
		}
		whole := *t
		whole.Quiet = nil
		again, err := s.openRepository(&whole)
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, nil
		}
		defer again.Close()
		if t, repo, tips = &whole, again, t.Tips; tips == nil {
			tips = tipsOf(repo)
		}
	}
	return s.search(ctx, t, repo, tips, version, first)
}

func (s *Sweeper) openRepository(t *Task) (*gitscan.Repo, error) {
	return gitscan.Open(t.Dir, s.options(t))
}

func (s *Sweeper) options(t *Task) gitscan.Options {
	o := gitscan.Options{MaxBlob: s.config.MaxBlob, Search: len(t.Quiet) == 0}
	if t.Prefix != "" {
		o.Part = &gitscan.Part{Refs: t.Prefix, Lost: t.Seen, Odd: t.Odd, Head: t.Head}
	}
	return o
}

// mayBeSame: the last search was complete, and with these rules.
func mayBeSame(r *store.Repository, version int) bool {
	return r.Ruleset == version && !r.LastScan.IsZero() && r.Failures == 0
}

// same: the last complete search was of these tips, with these rules.
func (s *Sweeper) same(ctx context.Context, r *store.Repository, tips []store.Tip, version int) (bool, error) {
	if !mayBeSame(r, version) {
		return false, nil
	}
	known, err := s.store.Tips(ctx, r.ID)
	return err == nil && slices.Equal(known, tips), err
}

func (s *Sweeper) search(ctx context.Context, t *Task, repo *gitscan.Repo, tips []store.Tip, version int, first bool) (*Answer, error) {
	a := &Answer{}
	var res *scan.Result
	var fresh []store.Seen
	var quiet *QuietPack
	var quietTips bool
	var hot [][]byte
	for {
		if res != nil { // the last slice ended before the search did
			again, err := s.openRepository(t)
			if err != nil {
				return &Answer{Error: report.Escape(err.Error())}, nil
			}
			defer again.Close()
			repo = again
		}
		n, err := s.consult(ctx, repo, version)
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, ctx.Err()
		}
		if res == nil {
			if a.Shards = shardsOf(t, repo, n); a.Shards > 0 {
				return a, nil
			}
		}
		sliced, cancel := context.WithTimeout(ctx, s.slice)
		err = n.search(sliced, s, repo, t.Workers)
		over := sliced.Err() == nil
		cancel()
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, ctx.Err()
		}
		res, fresh, hot = n.res, n.fresh(repo, version), n.hot()
		quiet, quietTips = quietPack(t, repo, n), quietPart(t, n)
		a.Blobs, a.Bytes = a.Blobs+int64(len(fresh)), a.Bytes+res.Stats.BytesSearched
		s.known.seen(fresh)
		a.Slices++
		if over {
			break
		}
		if err := s.store.MarkClean(context.WithoutCancel(ctx), fresh); err != nil || ctx.Err() != nil {
			return nil, cmp.Or(ctx.Err(), err)
		}
		if len(fresh) == 0 {
			return &Answer{Error: fmt.Sprintf("no blob could be searched within %s", s.slice)}, nil
		}
	}
	a.Known = res.Stats.Skipped[scan.SkipKnown]
	digests, problem, err := s.images(ctx, t, res)
	if err != nil {
		return nil, err
	}
	list, err := found(res, s.config.Seal)
	if err != nil {
		return nil, err
	}
	if err := s.store.MarkHot(ctx, hot); err != nil {
		return nil, err
	}
	told, held := s.config.channels(first)
	settled, err := s.store.Settle(ctx, t.ID, store.Scan{ID: rand.Text(), Ruleset: version, Complete: res.Stats.Complete, Tips: tips, Lease: t.Lease, Seen: fresh,
		Next: t.Next, Channels: told, Held: held}, list)
	if err != nil {
		return nil, err
	}
	if digests != nil {
		if err := s.store.SawImages(ctx, t.ID, digests); err != nil {
			return nil, err
		}
	}
	a.New, a.Regressed, a.Quiet, a.QuietTips = len(settled.New), len(settled.Regressed), quiet, quietTips
	if res.Stats.Complete && problem == "" {
		s.alike.add(t, list, quietTips)
	}
	if problem != "" {
		a.Images = report.Escape(problem)
	} else if !res.Stats.Complete {
		a.Error = incomplete(&res.Stats).Error()
	}
	return a, nil
}

func incomplete(s *scan.Stats) error {
	if len(s.Problems) == 0 {
		return errors.New("not searched whole")
	}
	return fmt.Errorf("%d could not be read, first: %s: %s", s.ProblemCount, report.Escape(s.Problems[0].Where), report.Escape(s.Problems[0].Why))
}

// tipsOf are the refs, by name.
func tipsOf(repo *gitscan.Repo) (tips []store.Tip) {
	tips = []store.Tip{}
	repo.Refs(func(name, id string) { tips = append(tips, store.Tip{Ref: name, ID: id}) })
	return tips
}

// hasTips: a store that others share has the refs that a repository had when it was fetched. Without them it would be searched as one in
// which there is nothing any more.
func hasTips(repo *gitscan.Repo, tips []store.Tip) bool {
	has := tipsOf(repo)
	for i := range has {
		has[i].Ref = report.Escape(has[i].Ref)
	}
	order := func(a, b store.Tip) int { return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(has, order)
	return slices.Equal(has, slices.SortedFunc(slices.Values(tips), order))
}

// rulesVersion is the version of the rules, which is asked for once.
func (s *Sweeper) rulesVersion(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == 0 {
		version, err := s.ruleset(ctx)
		if err != nil {
			return 0, err
		}
		s.version = version
	}
	return s.version, nil
}

// ruleset is the version of the rules in the database.
func (s *Sweeper) ruleset(ctx context.Context) (int, error) {
	if version, same, err := s.store.RulesetNow(ctx, s.rules.Hash()); same || err != nil {
		return version, err
	}
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

// searched is a search, with what it has marked.
type searched struct {
	res    *scan.Result
	ledger *scan.Ledger
	ids    [][]byte // of the blobs, by BlobRef
}

// searchable is what searchNew searches.
type searchable interface {
	scan.Source
	Objects() int
	Blobs(ctx context.Context, visit func(ref scan.BlobRef, id []byte)) error
	LeaveOut(searched func(scan.BlobRef) bool)
	Damaged(ref scan.BlobRef) bool
}

// searchNew searches what the database does not know to have nothing: what had nothing under older rules with what has changed
// since, and with all rules when that finds something.
func (s *Sweeper) searchNew(ctx context.Context, repo searchable, workers, version int) (*searched, error) {
	n, err := s.consult(ctx, repo, version)
	if err != nil {
		return nil, err
	}
	return n, n.search(ctx, s, repo, workers)
}

// consult asks the database what is known of the blobs.
func (s *Sweeper) consult(ctx context.Context, repo searchable, version int) (*searched, error) {
	n := &searched{ids: make([][]byte, repo.Objects()), ledger: scan.NewLedger(repo.Objects())}
	var refs []scan.BlobRef
	if err := repo.Blobs(ctx, func(ref scan.BlobRef, id []byte) {
		n.ids[ref] = slices.Clone(id)
		refs = append(refs, ref)
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(refs, func(a, b scan.BlobRef) int { return bytes.Compare(n.ids[a], n.ids[b]) })
	asked := make([][]byte, len(refs))
	for i, ref := range refs {
		asked[i] = n.ids[ref]
	}
	marks, err := s.clean(ctx, asked, version)
	if err != nil {
		return nil, err
	}
	other := changed{s: s, version: version, known: map[int]*detect.Detector{}}
	for i, m := range marks {
		switch m.Version {
		case 0:
		case version:
			n.ledger.Set(refs[i], scan.Mark(m.Kinds))
		default:
			d, err := other.since(ctx, m.Version)
			if err != nil {
				return nil, err
			}
			n.ledger.SetOther(refs[i], scan.Mark(m.Kinds), d)
		}
	}
	return n, nil
}

// search searches what is left.
func (n *searched) search(ctx context.Context, s *Sweeper, repo searchable, workers int) (err error) {
	repo.LeaveOut(n.ledger.Searched)
	n.res, err = scan.RunWith(ctx, repo, s.detect(), max(workers, 1), n.ledger)
	return err
}

// fresh are the blobs that the search has found nothing in.
func (n *searched) fresh(repo searchable, version int) (seen []store.Seen) {
	n.ledger.Fresh(func(ref scan.BlobRef, m scan.Mark) {
		if id := n.ids[ref]; id != nil && !repo.Damaged(ref) { // messages have no mark
			seen = append(seen, store.Seen{ID: id, Kinds: uint64(m), Version: version})
		}
	})
	return seen
}

// hot are the blobs that were clean under other rules and in which the search has found something.
func (n *searched) hot() (ids [][]byte) {
	n.ledger.Found(func(ref scan.BlobRef) {
		if id := n.ids[ref]; id != nil {
			ids = append(ids, id)
		}
	})
	return ids
}

// found is what the database is told: nothing of a secret but its mask and, keyed, its fingerprint, and with seal what those
// alone can read who may.
func found(res *scan.Result, seal seal.Seal) ([]store.Found, error) {
	text, path := report.Hider(res.Findings, res.Suppressed)
	list := make([]store.Found, 0, len(res.Findings))
	for i := range res.Findings {
		f := &res.Findings[i]
		out := store.Found{Fingerprint: f.Fingerprint, Rule: f.Rule, Kind: string(f.Kind), Severity: f.Severity, Length: len(f.Secret), Count: len(f.Places)}
		if f.Secret != "" {
			out.Mask = f.Secret.String()
			if seal != nil {
				var err error
				if out.Sealed, err = seal([]byte(f.Secret.Reveal())); err != nil {
					return nil, err
				}
			}
		}
		for j := range f.Places[:min(len(f.Places), store.MaxPlaces)] {
			at := &f.Places[j]
			key, image, err := inImage(at.Image)
			if err != nil {
				return nil, err
			}
			out.Places = append(out.Places, store.Place{Path: path(at.Path), Blob: at.Blob, Line: at.Line, Column: at.Column, EndLine: at.EndLine,
				EndColumn: at.EndColumn, Introduced: commitOf(at.Introduced, text), Removed: commitOf(at.Removed, text), AtTip: names(at.AtTip, path),
				Reachable: at.Reachable, ImageKey: key, Image: image, Note: at.Note, Context: at.Context, Tags: slices.Concat(f.Tags, at.Tags), Remedy: path(cmp.Or(at.Remedy, f.Remedy))})
		}
		list = append(list, out)
	}
	return list, nil
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
