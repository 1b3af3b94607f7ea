package gitscan

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"rummage/gitscan/internal/pack"
)

// sinceScan is what a scan that keeps a state knows beside its results. With a state of before (old), only what was not
// there then is new: commits that the commits of then do not reach, and the objects that they, or nothing, bring in.
//
// Whether an object was there is a matter of its id alone. It was when it is in a pack of then, when its id is listed,
// or when a commit of then has it in its tree. The last costs a walk over all trees, and so is only asked when packs of
// then are gone (a gc, another clone). What none of these says was there is read again.
type sinceScan struct {
	old   *State
	known *bitmap // was there
	// Of the objects that were not, chosen are the blobs (with older ones to compare with) and fresh is the rest. fresh
	// is nil when the scan is only of what refs reach: such a scan does not look at the others.
	chosen, fresh *bitmap
	count         int64 // of known objects that are not chosen

	searched *bitmap // blobs that were handed to a visitor
	inCommit *bitmap // blobs that the walk over the commits came by
}

// ErrOtherRepository: a state is of a repository that has nothing in common with this one.
var ErrOtherRepository = errors.New("is of another repository")

func (r *Repo) keepState() error {
	if !r.o.KeepState && r.o.SinceScan == nil {
		return nil
	}
	if old := r.o.SinceScan; old != nil && old.format != r.format.objects {
		return ErrOtherRepository
	}
	n := r.store.Len()
	r.since = &sinceScan{old: r.o.SinceScan, known: newBitmap(n), searched: newBitmap(n), inCommit: newBitmap(n)}
	return nil
}

// selective reports whether the scan is of some objects only.
func (r *Repo) selective() bool { return r.o.narrowed() || r.o.SinceScan != nil }

// Terms are those of this repository's scan by a version of the program with rules.
func (r *Repo) Terms(engine, rules string) Terms {
	return Terms{Engine: engine, Rules: rules, MaxBlob: r.o.MaxBlob, Unreachable: !r.o.NoUnreachable}
}

// selNew marks the commits that were not there at the scan before. Commits of a complete scan had all their ancestors.
func (r *Repo) selNew() error {
	g, old := r.graph, r.since.old
	same := len(old.commits) == 0
	for _, id := range old.commits {
		if n, ok := r.node(id); ok {
			same = true
			g.reach(n, func(c *commitNode) bool {
				again := c.known
				c.known = true
				return !again
			})
		}
	}
	if !same && len(r.shallow) == 0 { // a shallow clone may lack them, and is told as incomplete
		return ErrOtherRepository
	}
	for i := range g.nodes {
		c := &g.nodes[i]
		c.wanted = !c.known && (c.reached || !r.o.NoUnreachable)
	}
	return nil
}

func (r *Repo) node(id pack.ID) (int32, bool) {
	ord, ok := r.store.Find(id)
	if !ok {
		return 0, false
	}
	return r.graph.node(ord)
}

// wasThere reports whether the scan before had an object.
func (r *Repo) wasThere(ord uint32) bool { return r.since != nil && r.since.known.has(ord) }

func (r *Repo) idWasThere(id pack.ID) bool {
	ord, ok := r.store.Find(id)
	return ok && r.wasThere(ord)
}

// markKnown finds out which objects were there.
func (r *Repo) markKnown(ctx context.Context) error {
	s := r.since
	for i := range r.graph.nodes {
		if c := &r.graph.nodes[i]; c.known {
			s.known.set(c.ord)
		}
	}
	for _, ids := range [][]pack.ID{s.old.tags, s.old.loose, s.old.apart} {
		for _, id := range ids {
			if ord, ok := r.store.Find(id); ok {
				s.known.set(ord)
			}
		}
	}
	if r.o.NoUnreachable {
		return nil // only commits, tags and refs are asked about
	}
	there := map[[sha256.Size]byte]bool{}
	for i := range r.store.Packs() {
		sum := r.store.PackSum(i)
		if _, ok := slices.BinarySearchFunc(s.old.packs, sum, compareSums); ok {
			there[sum] = true
			r.store.PackOrds(i, s.known.set)
		}
	}
	if len(there) == len(s.old.packs) && !s.old.partial {
		return nil // each object that was there then is still in its pack, or listed
	}
	return r.markReached(ctx)
}

// markReached marks the trees and blobs of the commits that were there, and of what refs named without a commit.
func (r *Repo) markReached(ctx context.Context) error {
	s := r.since
	mark := func(id pack.ID) {
		if ord, ok := r.store.Find(id); ok {
			s.known.set(ord)
		}
	}
	d := r.differ(func(c change) { mark(c.new) })
	read := d.get
	d.get = func(id pack.ID) ([]byte, error) {
		mark(id)
		return read(id)
	}
	nodes := r.graph.nodes
	var order []int32
	for i := range nodes {
		if nodes[i].known {
			order = append(order, int32(i))
		}
	}
	// Trees of neighbours are deltas of each other.
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(nodes[a].time, nodes[b].time) })
	n := 0
	for _, i := range order {
		if err := check(ctx, &n); err != nil {
			return err
		}
		d.diff(r.trees(i))
	}
	for _, id := range s.old.apart {
		if _, ok := r.store.Find(id); !ok {
			continue
		}
		if kind, err := r.store.Kind(id); err == nil && kind == pack.Tree {
			d.diff(pack.ID{}, id)
		}
	}
	return nil
}

// unknown chooses the blobs that were not there and that no commit brought in, and counts what was there.
func (s *selector) unknown() {
	r, since := s.repo, s.repo.since
	since.chosen = s.chosen
	if r.o.NoUnreachable {
		for i := range r.graph.nodes {
			if c := &r.graph.nodes[i]; c.known && c.reached {
				since.count++
			}
		}
		for i := range r.graph.tags {
			if t := &r.graph.tags[i]; len(t.reached) > 0 && r.wasThere(t.ord) {
				since.count++
			}
		}
		return
	}
	since.fresh = newBitmap(r.store.Len())
	r.store.EachKind(func(ord uint32, kind pack.Kind) {
		known := r.wasThere(ord)
		switch {
		case kind == pack.Commit || kind == pack.Tree || kind == pack.Tag:
			if known {
				since.count++
				break
			}
			since.fresh.set(ord)
			s.nFresh++
		case s.chosen.has(ord):
		case known:
			since.count++
		default:
			s.chosen.set(ord)
			s.todo = append(s.todo, ord)
		}
	})
}

// correct takes a damaged object out of the count that it was in by its kind.
func (s *sinceScan) correct(ord uint32, kind pack.Kind) (nonBlobs, known int64) {
	switch {
	case s.fresh == nil:
	case s.fresh.has(ord):
		return -1, 0
	case !s.chosen.has(ord) || kind != pack.Blob && kind != 0:
		return 0, -1
	}
	return 0, 0
}

// State is what the repository has after a complete scan, for a scan after it: Options must have asked for it, and the
// scan must be over. What came into the store while the scan ran is not in it.
func (r *Repo) State(t Terms) *State {
	s := &State{terms: t, format: r.format.objects, partial: false}
	if t.Unreachable {
		for i := range r.store.Packs() {
			s.packs = append(s.packs, r.store.PackSum(i))
		}
		s.loose = r.store.Loose()
		s.apart = r.apart()
	}
	for _, d := range r.direct {
		s.apart = append(s.apart, d.id)
	}
	for i := range r.graph.tags {
		if tag := &r.graph.tags[i]; t.Unreachable || len(tag.reached) > 0 {
			s.tags = append(s.tags, tag.id)
		}
	}
	for _, n := range r.landmarks(t.Unreachable, maxStateCommits) {
		s.commits = append(s.commits, r.store.ID(r.graph.nodes[n].ord))
	}
	s.settle()
	return s
}

// apart is the blobs that no commit has. Those that were there before were not searched again: they are still apart
// unless a commit has them now.
func (r *Repo) apart() (ids []pack.ID) {
	since := r.since
	if since.old != nil {
		for _, id := range since.old.apart {
			if ord, ok := r.store.Find(id); ok && !since.inCommit.has(ord) {
				ids = append(ids, id)
			}
		}
	}
	for ord := range uint32(r.store.Len()) {
		if since.searched.has(ord) && !since.inCommit.has(ord) && !since.known.has(ord) {
			ids = append(ids, r.store.ID(ord))
		}
	}
	return ids
}

// landmarks are the commits that a state lists. All of them, so that one of them is still there whatever was deleted
// or rewritten since. Of more than limit these: the tips, the ends, and of the rest one every so often.
func (r *Repo) landmarks(unreachable bool, limit int) []int32 {
	nodes := r.graph.nodes
	var all []int32
	inner := make([]bool, len(nodes)) // has a parent and a child
	for i := range nodes {
		if unreachable || nodes[i].reached {
			all = append(all, int32(i))
			for _, p := range r.graph.parents(int32(i)) {
				inner[p] = len(r.graph.parents(p)) > 0
			}
		}
	}
	if len(all) <= limit {
		return all
	}
	for _, n := range r.tipNodes {
		inner[n] = false
	}
	slices.SortFunc(all, func(a, b int32) int { return cmp.Compare(nodes[a].time, nodes[b].time) })
	every := 2*len(all)/limit + 1
	var some []int32
	for i, n := range all {
		if !inner[n] || i%every == 0 {
			some = append(some, n)
		}
	}
	return some
}
