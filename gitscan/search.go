package gitscan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/sourcegraph/conc/pool"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Search implements scan.Source: it reads commits and tags, searches their messages, and then the blobs.
func (r *Repo) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	r.workers = workers
	r.beside.Wait() // with a panic, if it had one
	if r.part != nil && !r.selective() {
		return r.searchPart(ctx, workers, open)
	}
	counts := r.store.Count()
	r.progress.Total.Store(counts[pack.Commit] + counts[pack.Tag] + counts[pack.Blob] + counts[0])
	selective := r.selective()
	open, again := openTwice(open)
	err := r.readCommits(ctx, workers, !selective && !r.o.Whole, func() visitMessages {
		if selective {
			return nil
		}
		return r.messages(open())
	})
	if err != nil {
		return err
	}
	if selective {
		return r.searchSelected(ctx, workers, open)
	}
	r.mu.Lock()
	r.whole = true
	r.stats.NonBlobs = counts[pack.Commit] + counts[pack.Tree] + counts[pack.Tag]
	r.stats.Commits = counts[pack.Commit]
	r.mu.Unlock()
	todo, few := r.left()
	if few {
		return r.searchOrds(ctx, workers, todo, again)
	}
	r.progress.SetStage("searching")
	err = r.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Blob), Workers: workers, MaxSize: r.o.MaxBlob, Verify: true, Hash: r.o.Whole, Only: r.notBefore()},
		func() func(*pack.Object) {
			s := searcher{repo: r, v: again()}
			return unlessDone(ctx, s.blob)
		})
	return cmp.Or(err, ctx.Err())
}

// openTwice gives two ways to open visitors, for two walks one after the other: the second walk has those of the first, which
// remember what they have made for themselves.
func openTwice(open func() scan.Visitor) (first, again func() scan.Visitor) {
	var made []scan.Visitor
	first = func() scan.Visitor {
		made = append(made, open())
		return made[len(made)-1]
	}
	again = func() scan.Visitor {
		if len(made) == 0 {
			return open()
		}
		v := made[0]
		made = made[1:]
		return v
	}
	return first, again
}

// readCommits reads all commits and tags, with a visitor for the messages of each worker or none, and marks the wanted
// ones. With sums the checksums of packs are made beside.
func (r *Repo) readCommits(ctx context.Context, workers int, sums bool, open func() visitMessages) error {
	if r.part != nil {
		return r.partCommits(ctx)
	}
	r.progress.SetStage("reading commits")
	r.graph = newGraph(r.store)
	err := r.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Commit, pack.Tag), Workers: workers, MaxSize: maxText, Verify: true, Sums: sums},
		func() func(*pack.Object) {
			v := open()
			return unlessDone(ctx, func(o *pack.Object) { r.commitOrTag(o, v) })
		})
	if err := cmp.Or(err, ctx.Err()); err != nil {
		r.graph.link(func(int32, pack.ID) {}) // what was found in messages until then is placed
		return err
	}
	r.link()
	return r.sel()
}

// unlessDone passes objects on until the context ends. A walk itself may go on a little longer: to the end of a tree of
// deltas, or of a chunk of loose objects.
func unlessDone(ctx context.Context, f func(*pack.Object)) func(*pack.Object) {
	return func(o *pack.Object) {
		if ctx.Err() == nil {
			f(o)
		}
	}
}

// visitMessages searches a message of the object with an ordinal.
type visitMessages func(ord uint32, message []byte)

func (r *Repo) messages(v scan.Visitor) visitMessages {
	return func(ord uint32, message []byte) {
		if len(message) == 0 {
			return
		}
		v.Visit(scan.BlobRef(ord), message)
		r.mu.Lock()
		r.stats.Messages++
		r.mu.Unlock()
	}
}

func (r *Repo) commitOrTag(o *pack.Object, visit visitMessages) {
	defer r.progress.Done.Add(1)
	f := r.format.objects
	if o.Err != nil {
		r.damaged(r.store.ID(o.Ord), fmt.Errorf("%s: %w", o.Kind, o.Err))
		if o.Data == nil {
			return
		}
	}
	if o.Kind == pack.Tag {
		target, kind, message, err := tagTarget(f, o.Data)
		if err != nil {
			r.damaged(r.store.ID(o.Ord), fmt.Errorf("tag: %w", err))
			return
		}
		r.graph.addTag(tagObject{ord: o.Ord, id: r.store.ID(o.Ord), target: target, kind: kind})
		if visit != nil {
			visit(o.Ord, []byte(message))
		}
		return
	}
	h, err := parseCommit(f, o.Data, nil)
	if err != nil {
		r.damaged(r.store.ID(o.Ord), fmt.Errorf("commit: %w", err))
		return
	}
	r.graph.addCommit(o.Ord, h)
	if visit != nil {
		visit(o.Ord, h.message)
	}
}

// searcher searches the blobs of one worker.
type searcher struct {
	repo   *Repo
	v      scan.Visitor
	copies []scan.Copy
}

// visit has a blob searched, with what the pack tells of its likeness to others.
func (s *searcher) visit(o *pack.Object) scan.SkipReason {
	if s.repo.o.Whole {
		return s.v.Visit(scan.BlobRef(o.Ord), o.Data)
	}
	if s.copies = s.copies[:0]; cap(s.copies) < len(o.Copies) {
		s.copies = make([]scan.Copy, 0, 2*len(o.Copies))
	}
	for _, c := range o.Copies {
		s.copies = append(s.copies, scan.Copy(c))
	}
	return s.v.VisitDelta(scan.BlobRef(o.Ord), o.Data, scan.Delta{Base: o.Base, Slot: o.Slot, Copies: s.copies})
}

// blob counts and searches one blob. Counters are summed under the lock only for what is rare.
func (s *searcher) blob(o *pack.Object) {
	r := s.repo
	r.progress.Done.Add(1)
	reason := scan.SkipReason("")
	switch {
	case errors.Is(o.Err, pack.ErrTooLarge):
		reason = scan.SkipTooLarge
	case o.Err != nil:
		if o.Data != nil {
			s.visit(o)
		}
		kind := "object"
		if o.Kind != 0 {
			kind = o.Kind.String()
		}
		r.damaged(r.store.ID(o.Ord), fmt.Errorf("%s: %w", kind, o.Err))
		return
	default:
		reason = s.visit(o)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since != nil {
		r.since.searched.set(o.Ord)
	}
	if reason != "" {
		r.skipped[reason]++
		return
	}
	r.stats.Scanned++
	r.stats.Bytes += int64(len(o.Data))
	r.progress.Bytes.Add(int64(len(o.Data)))
}

// link makes the graph whole and finds out what the refs point to.
func (r *Repo) link() {
	g := r.graph
	f := r.format.objects
	g.link(func(child int32, parent pack.ID) {
		id := r.store.ID(g.nodes[child].ord)
		if r.shallow[id] {
			if !r.pushed {
				r.problem(f.Hex(id), "history ends here: shallow clone; fetch the rest with: git fetch --unshallow")
			}
			return
		}
		r.lacksParent(id, parent)
	})
	tags := map[pack.ID]*tagObject{}
	for i := range g.tags {
		tags[g.tags[i].id] = &g.tags[i]
	}
	byNode := map[int32][]string{}
	for _, rf := range r.refs {
		r.resolveRef(rf, tags, byNode)
	}
	for n, names := range byNode {
		slices.Sort(names)
		r.tipNodes = append(r.tipNodes, n)
		byNode[n] = names
	}
	slices.SortFunc(r.tipNodes, func(a, b int32) int { return slices.Compare(byNode[a], byNode[b]) })
	for _, n := range r.tipNodes {
		r.tipRefs = append(r.tipRefs, byNode[n])
		g.reach(n, func(c *commitNode) bool {
			again := c.reached
			c.reached = true
			return !again
		})
	}
}

// lacksParent says why a commit's parent is not in the graph.
func (r *Repo) lacksParent(child, parent pack.ID) {
	f := r.format.objects
	if _, ok := r.store.Find(parent); !ok {
		r.lacks(parent, "commit (a parent of "+f.Hex(child)[:12]+")")
		return
	}
	switch kind, err := r.store.Kind(parent); {
	case err != nil:
		r.damaged(parent, fmt.Errorf("commit (a parent of %s): %w", f.Hex(child)[:12], err))
	case kind != pack.Commit:
		r.problem(f.Hex(child), fmt.Sprintf("has a parent %s that is a %s", f.Hex(parent)[:12], kind))
	} // a commit that cannot be read was told when it was tried
}

// maxPeel is how many tags of tags are followed.
const maxPeel = 32

// resolveRef follows a ref through tags to what it means.
func (r *Repo) resolveRef(rf ref, tags map[pack.ID]*tagObject, byNode map[int32][]string) {
	id := rf.id
	for range maxPeel {
		ord, ok := r.store.Find(id)
		if !ok {
			r.lacks(id, "object that "+rf.name+" names")
			return
		}
		if n, ok := r.graph.node(ord); ok {
			byNode[n] = append(byNode[n], rf.name)
			return
		}
		if t := tags[id]; t != nil {
			t.reached = append(t.reached, rf.name)
			id = t.target
			continue
		}
		kind, err := r.store.Kind(id)
		if err != nil {
			r.damaged(id, err)
			return
		}
		if kind == pack.Tree || kind == pack.Blob {
			r.direct = append(r.direct, directRef{rf.name, id, kind})
		}
		return
	}
	r.problem(rf.name, fmt.Sprintf("more than %d tags of tags", maxPeel))
}

// searchSelected searches the messages and blobs of the wanted commits.
func (r *Repo) searchSelected(ctx context.Context, workers int, open func() scan.Visitor) error {
	r.progress.SetStage("selecting")
	if r.o.SinceScan != nil {
		if err := r.markKnown(ctx); err != nil {
			return err
		}
	}
	s := selector{repo: r, chosen: newBitmap(r.store.Len())}
	if err := s.commits(ctx); err != nil {
		return err
	}
	if r.graph.bounded() {
		if err := s.mergedFrom(ctx); err != nil {
			return err
		}
	}
	s.direct()
	nonBlobs := s.nCommits + s.nTags
	if r.o.SinceScan != nil {
		if s.unknown(); !r.o.NoUnreachable {
			nonBlobs = s.nFresh
		}
	}
	r.mu.Lock()
	r.stats.NonBlobs, r.stats.Commits = nonBlobs, s.nCommits
	r.mu.Unlock()
	return r.searchOrds(ctx, workers, r.drop(s.todo), open)
}

// selector collects the objects that a narrowed scan reads.
type selector struct {
	repo            *Repo
	chosen          *bitmap
	todo            []uint32
	paths           pathSet // that the wanted commits change
	nCommits, nTags int64
	nFresh          int64 // objects that are no blobs and were not there at an earlier scan
}

// pathSet is a set of paths by their hashes: paths can be long, and many. That two have one hash puts one more into the set,
// at most.
type pathSet map[uint64]struct{}

var pathSeed = maphash.MakeSeed()

func (s pathSet) add(path []byte)      { s[maphash.Bytes(pathSeed, path)] = struct{}{} }
func (s pathSet) has(path []byte) bool { _, ok := s[maphash.Bytes(pathSeed, path)]; return ok }

func (s *selector) blob(id pack.ID) {
	if id.IsZero() {
		return
	}
	ord, ok := s.repo.store.Find(id)
	if !ok {
		s.repo.lacks(id, "blob")
	} else if !s.chosen.has(ord) {
		s.chosen.set(ord)
		s.todo = append(s.todo, ord)
	}
}

// commits chooses each commit's message, what it changes against its first parent, and what it changes that from: to
// be new, a secret must not have been there before.
func (s *selector) commits(ctx context.Context) error {
	nodes := s.repo.graph.nodes
	bounded := s.repo.graph.bounded()
	s.paths = pathSet{}
	d := s.repo.differ(func(c change) {
		s.blob(c.new)
		s.blob(c.old)
		if bounded {
			s.paths.add(c.path)
		}
	})
	n := 0
	for i := range nodes {
		node := &nodes[i]
		if !node.wanted {
			continue
		}
		if err := check(ctx, &n); err != nil {
			return err
		}
		if !s.repo.isDamaged(node.ord) {
			s.nCommits++
		}
		s.todo = append(s.todo, node.ord)
		d.diff(s.repo.trees(int32(i)))
	}
	return nil
}

// mergedFrom chooses what merges and their other parents have at the paths that the wanted commits change. Some of it
// is from before these commits, and so nobody else chose it.
func (s *selector) mergedFrom(ctx context.Context) error {
	nodes := s.repo.graph.nodes
	d := s.repo.differ(func(c change) {
		if s.paths.has(c.path) {
			s.blob(c.new)
			s.blob(c.old)
		}
	})
	n := 0
	for i := range nodes {
		parents := s.repo.graph.parents(int32(i))
		if !nodes[i].wanted || len(parents) < 2 {
			continue
		}
		if err := check(ctx, &n); err != nil {
			return err
		}
		for _, p := range parents[1:] {
			d.diff(s.repo.graph.tree(p), s.repo.graph.tree(int32(i)))
		}
	}
	return nil
}

// direct chooses the trees, blobs and annotated tags that selected refs name.
func (s *selector) direct() {
	r := s.repo
	d := r.differ(func(c change) { s.blob(c.new) })
	for _, dr := range r.direct {
		switch {
		case !r.selectedTip(dr.name) || r.idWasThere(dr.id):
		case dr.kind == pack.Tree:
			d.diff(pack.ID{}, dr.id)
		default:
			s.blob(dr.id)
		}
	}
	for i := range r.graph.tags {
		if t := &r.graph.tags[i]; r.selectedTag(t) {
			s.todo = append(s.todo, t.ord)
			if !r.isDamaged(t.ord) {
				s.nTags++
			}
		}
	}
}

// searchOrds reads objects one by one, in the order in which they are stored: so the base cache has what the next is a delta of.
// In the order of their ids, a chain of deltas that is longer than the cache would be made anew for each object of it.
func (r *Repo) searchOrds(ctx context.Context, workers int, todo []uint32, open func() scan.Visitor) error {
	r.store.SortByOffset(todo)
	r.progress.SetStage("searching")
	r.progress.Total.Store(int64(len(todo)))
	r.progress.Done.Store(0)
	var next atomic.Int64
	p := pool.New().WithContext(ctx).WithCancelOnError()
	for range workers {
		s := &searcher{repo: r, v: open()}
		message := r.messages(s.v)
		p.Go(func(ctx context.Context) error {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(todo)) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				r.selectedObject(todo[i], s, message)
			}
		})
	}
	return p.Wait()
}

func (r *Repo) selectedObject(ord uint32, s *searcher, message visitMessages) {
	id := r.store.ID(ord)
	kind, data, err := r.store.Get(id, r.o.MaxBlob)
	if errors.Is(err, pack.ErrTooLarge) && (kind == pack.Commit || kind == pack.Tag) {
		kind, data, err = r.store.Get(id, maxText) // the limit is for blobs
	}
	switch {
	case err == nil && kind == pack.Commit:
		r.progress.Done.Add(1)
		if h, err := parseCommit(r.format.objects, data, nil); err == nil {
			message(ord, h.message)
		}
	case err == nil && kind == pack.Tag:
		r.progress.Done.Add(1)
		if _, _, text, err := tagTarget(r.format.objects, data); err == nil {
			message(ord, []byte(text))
		}
	case err == nil && kind == pack.Tree:
		r.progress.Done.Add(1)
		r.misnamed(id, wrongKind{kind, pack.Blob})
	default:
		if err == nil && r.format.objects.Hash(kind, data) != id {
			err = pack.ErrHash
		}
		s.blob(&pack.Object{Ord: ord, Kind: kind, Data: data, Size: len(data), Err: err, Slot: -1, Base: -1})
	}
}
