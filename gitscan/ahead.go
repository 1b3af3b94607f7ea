package gitscan

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/sourcegraph/conc/pool"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// lookahead bounds what is compared before the walk over history comes to it. Workers take runs of commits, so that they
// meet once a run and not once a commit. What a run may keep is bounded, and so is how many runs there are at a time: a
// commit of a million files is compared when the walk comes to it, as all are without workers.
type lookahead struct {
	commits int // of a run
	changes int // that a run keeps
	paths   int // bytes of their paths
	depth   int // of directories
	runs    int // at a time, for each worker
}

var defaultLookahead = lookahead{commits: 16, changes: 4096, paths: 256 << 10, depth: 256, runs: 4}

// comparison is what changed between the trees of a commit and those of its first parent: what the differ emitted.
type comparison struct {
	paths   []byte // one after the other
	changes []keptChange
	// repeats is what the comparison adds to Repo.repeats. It begins with none, and so visits again only what the walk,
	// which may have some left, would visit too.
	repeats int
	left    bool
}

// keptChange is a change whose path ends at an offset of paths.
type keptChange struct {
	end      uint32
	ord      uint32
	found    bool
	interest interest
	old, new pack.ID
}

// each emits the changes.
func (c *comparison) each(emit func(change)) {
	from := uint32(0)
	for i := range c.changes {
		k := &c.changes[i]
		emit(change{path: c.paths[from:k.end:k.end], old: k.old, new: k.new, ord: k.ord, found: k.found, interest: k.interest})
		from = k.end
	}
}

// ahead visits commits one after the other, each with the comparison of its trees to those of its first parent. That is
// nil when the visitor is to make it: there are no workers, or it is one of those that cannot be made ahead. Whatever
// there is to report of trees is left to the visitor, so that it is the same and in the same order for any number of
// workers. foresee, if it is not nil, makes for each worker what says whether names are of interest.
func (r *Repo) ahead(ctx context.Context, order []int32, foresee foresight, visit func(n int32, c *comparison)) error {
	if r.workers < 2 {
		for _, n := range order {
			if err := ctx.Err(); err != nil {
				return err
			}
			visit(n, nil)
		}
		return nil
	}
	inFlight := r.look.runs * r.workers
	todo := make(chan *aheadRun, inFlight)
	working, cancel := context.WithCancelCause(ctx)
	p := pool.New().WithContext(working)
	defer func() {
		cancel(nil)
		close(todo)
		_ = p.Wait()
	}()
	for range r.workers {
		p.Go(func(ctx context.Context) error {
			ended := false
			defer func() {
				if !ended {
					cancel(errWorker) // a panic, which Wait passes on
				}
			}()
			newAheadWorker(r, foresee).work(ctx, todo)
			ended = true
			return nil
		})
	}
	runs := make([]*aheadRun, inFlight)
	next := order
	submit := func(run *aheadRun) {
		n := min(r.look.commits, len(next))
		run.order, next = next[:n], next[n:]
		todo <- run
	}
	for i := range runs {
		runs[i] = &aheadRun{ready: make(chan struct{}, 1)}
		if len(next) > 0 {
			submit(runs[i])
		}
	}
	for i, left := 0, len(order); left > 0; i = (i + 1) % inFlight {
		run := runs[i]
		select {
		case <-run.ready:
		case <-working.Done():
			return context.Cause(working)
		}
		if err := r.visitRun(ctx, run, visit); err != nil {
			return err
		}
		left -= len(run.order)
		if len(next) > 0 {
			submit(run)
		}
	}
	return nil
}

var errWorker = errors.New("comparing trees failed")

func (r *Repo) visitRun(ctx context.Context, run *aheadRun, visit func(n int32, c *comparison)) error {
	for i, n := range run.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := &run.made[i]
		if c.left {
			c = nil
		} else {
			r.repeats += c.repeats
		}
		visit(n, c)
	}
	return nil
}

// aheadRun is the comparisons of commits that follow each other in the walk. Its memory is used again and again.
type aheadRun struct {
	order   []int32
	made    []comparison
	paths   []byte
	changes []keptChange
	ready   chan struct{}
}

// aheadWorker compares trees for the walk.
type aheadWorker struct {
	repo    *Repo
	differ  differ
	run     *aheadRun
	from    int // where the paths of the comparison begin
	repeats int
	recent  [recentTrees]recentTree
	look    func(ref scan.BlobRef, known bool, path []byte) (named bool) // nil: not known
}

// foresight is Ahead of a scan.Foreseer.
type foresight func() func(ref scan.BlobRef, known bool, path []byte) (named bool)

// recentTree is a tree that was read: most of a commit's are those of the commit before.
type recentTree struct {
	id   pack.ID
	data []byte
}

const (
	recentTrees = 512     // a worker remembers
	recentSize  = 8 << 10 // of a tree, at most
)

// tree reads a tree that there is nothing to say about.
func (w *aheadWorker) tree(id pack.ID) ([]byte, bool) {
	known := &w.recent[binary.LittleEndian.Uint16(id[:])%recentTrees]
	if known.id == id && known.data != nil {
		return known.data, true
	}
	data, ok := w.repo.plainTree(id)
	if ok && len(data) <= recentSize {
		*known = recentTree{id, data}
	}
	return data, ok
}

func newAheadWorker(r *Repo, foresee foresight) *aheadWorker {
	w := &aheadWorker{repo: r}
	if foresee != nil {
		w.look = foresee()
	}
	w.differ = differ{format: r.format.objects, emit: w.keep, repeats: &w.repeats, deepest: r.look.depth, ended: r.ended}
	w.differ.get = func(id pack.ID) ([]byte, error) {
		if data, ok := w.tree(id); ok {
			return data, nil
		}
		return nil, errWorker
	}
	w.differ.problem = func(pack.ID, error) { w.differ.stop = true }
	return w
}

func (w *aheadWorker) work(ctx context.Context, todo <-chan *aheadRun) {
	for run := range todo {
		w.run = run
		run.made, run.paths, run.changes = run.made[:0], run.paths[:0], run.changes[:0]
		for _, n := range run.order {
			if ctx.Err() != nil {
				return
			}
			run.made = append(run.made, w.compare(n))
		}
		run.ready <- struct{}{}
	}
}

// compare compares the trees of a commit and its first parent, or leaves that to the walk.
func (w *aheadWorker) compare(n int32) comparison {
	first := len(w.run.changes)
	w.from, w.repeats, w.differ.stop = len(w.run.paths), 0, false
	w.differ.diff(w.repo.trees(n))
	if w.differ.stop {
		w.run.changes, w.run.paths = w.run.changes[:first], w.run.paths[:w.from]
		return comparison{left: true}
	}
	// Should the slices grow, what was kept before stays where it was.
	return comparison{paths: w.run.paths[w.from:], changes: w.run.changes[first:], repeats: w.repeats}
}

// keep is the differ's emit.
func (w *aheadWorker) keep(c change) {
	run, look := w.run, &w.repo.look
	if len(run.changes) >= look.changes || len(run.paths)+len(c.path) > look.paths {
		w.differ.stop = true
		return
	}
	run.paths = append(run.paths, c.path...)
	k := keptChange{end: uint32(len(run.paths) - w.from), old: c.old, new: c.new}
	if !c.new.IsZero() {
		k.ord, k.found = w.repo.store.Find(c.new)
	}
	if w.look != nil {
		k.interest = notNamed
		if w.look(scan.BlobRef(k.ord), k.found, c.path) {
			k.interest = byName
		}
	}
	run.changes = append(run.changes, k)
}
