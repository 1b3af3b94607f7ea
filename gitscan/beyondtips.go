package gitscan

import (
	"container/heap"
	"context"

	"rummage/gitscan/internal/pack"
)

// BeyondTips is Beyond for a part of a store: known are objects, in hexadecimal, of which it is known that there is nothing to find in
// all that they lead to, and that all of it is there. Those that the store does not have say nothing.
func (r *Repo) BeyondTips(ctx context.Context, known []string) (*Beyond, error) {
	if r.part == nil || r.selective() || len(r.shallow) > 0 || r.format.promisor || r.stats.ProblemCount > 0 {
		return nil, nil
	}
	b := &Beyond{repo: r, isNew: newBitmap(r.store.Len()), chosen: newBitmap(r.store.Len())}
	w := tipsWalk{repo: r, seen: newBitmap(r.store.Len()), known: newBitmap(r.store.Len())}
	b.known = func(ord uint32, _ pack.ID) bool { return w.known.has(ord) }
	r.graph = newGraph(r.store)
	if ok, err := w.walk(ctx, known); err != nil || !ok {
		return nil, err
	}
	for _, ord := range w.found {
		if !w.known.has(ord) {
			b.add(ord)
		}
	}
	if !b.commits() {
		return nil, nil
	}
	b.linked()
	if _, err := b.trees(ctx); err != nil || r.Stats().ProblemCount > 0 {
		return nil, err
	}
	return b, nil
}

// tipsWalk finds the commits and tags of a part that known ones do not lead to. It goes on from the latest commit: by dates that
// are as they should be, what is known is met before anything older is read. By others known ones may be among those found, too,
// which are then searched once more.
type tipsWalk struct {
	repo   *Repo
	seen   *bitmap // what has been queued as a new one
	known  *bitmap
	queue  latestFirst
	asking int      // commits of the queue that are not known
	found  []uint32 // those that may be new
}

// walk reports whether all tips lead to commits that are there.
func (w *tipsWalk) walk(ctx context.Context, known []string) (ok bool, err error) {
	f := w.repo.format.objects
	for _, hex := range known {
		id, err := f.Parse(hex)
		if err != nil {
			return false, nil
		}
		if !w.tip(id, true) {
			return false, nil
		}
	}
	for _, rf := range w.repo.refs {
		if !w.tip(rf.id, false) {
			return false, nil
		}
	}
	for _, id := range w.repo.part.lost {
		if !w.tip(id, false) {
			return false, nil
		}
	}
	n := 0
	for w.asking > 0 {
		if err := check(ctx, &n); err != nil {
			return false, err
		}
		if len(w.found) > maxBeyond {
			return false, nil
		}
		c := heap.Pop(&w.queue).(queuedCommit)
		isKnown := w.known.has(c.ord)
		if !isKnown {
			w.found = append(w.found, c.ord)
		}
		if !c.known {
			w.asking--
		}
		for _, p := range c.parents {
			if !w.commit(p, isKnown) {
				return false, nil
			}
		}
	}
	return true, nil
}

// tip follows tags to a commit, which is queued. It reports whether there is one: what is known leads to may be anything.
func (w *tipsWalk) tip(id pack.ID, known bool) bool {
	s := w.repo.store
	for range maxPeel {
		ord, ok := s.Find(id)
		if !ok {
			return known
		}
		kind, err := s.Kind(id)
		if err != nil || kind != pack.Commit && kind != pack.Tag {
			return known && err == nil
		}
		if kind == pack.Commit {
			return w.commit(id, known)
		}
		kind, data, err := s.Get(id, maxText)
		if err != nil || kind != pack.Tag {
			return false
		}
		switch {
		case known:
			w.known.set(ord)
		case !w.known.has(ord) && !w.seen.has(ord):
			w.seen.set(ord)
			w.found = append(w.found, ord)
		}
		if id, _, _, err = tagTarget(w.repo.format.objects, data); err != nil {
			return false
		}
	}
	return false
}

// commit queues a commit, unless it is known to be what it is said to be. It reports whether there is one.
func (w *tipsWalk) commit(id pack.ID, known bool) bool {
	r := w.repo
	ord, ok := r.store.Find(id)
	switch {
	case !ok:
		return false
	case w.known.has(ord):
		return true
	case known:
		w.known.set(ord)
	case w.seen.has(ord):
		return true
	default:
		w.seen.set(ord)
	}
	kind, data, err := r.store.Get(id, maxText)
	if err != nil || kind != pack.Commit || r.format.objects.Hash(kind, data) != id {
		return false
	}
	h, err := parseCommit(r.format.objects, data, nil)
	if err != nil {
		return false
	}
	heap.Push(&w.queue, queuedCommit{ord: ord, time: h.time, known: known, parents: h.parents})
	if !known {
		w.asking++
	}
	return true
}

// queuedCommit is a commit whose parents are yet to be looked at.
type queuedCommit struct {
	ord     uint32
	time    int64
	known   bool // when it was queued
	parents []pack.ID
}

// latestFirst is a heap.
type latestFirst []queuedCommit

func (q latestFirst) Len() int           { return len(q) }
func (q latestFirst) Less(i, j int) bool { return q[i].time > q[j].time }
func (q latestFirst) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *latestFirst) Push(x any) { *q = append(*q, x.(queuedCommit)) }

// Pop implements heap.Interface.
func (q *latestFirst) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
