package gitscan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Part is one of several repositories that share a store, each with its refs below a prefix of its own. What only the others'
// refs lead to is not there: it is not searched, listed or told, damaged or not.
type Part struct {
	// Refs is what the names of its refs begin with, such as "refs/r/x/". They are told as "refs/" and what follows.
	Refs string
	// Lost is what the names of refs begin with that keep what it no longer has. What only these lead to is told as what
	// nothing leads to is told of a repository by itself. Empty: there are none.
	Lost string
	// Odd are refs that it has under names that no store can have, with their ids in hexadecimal.
	Odd map[string]string
	// Head is the name of the ref that HEAD stands for; empty when that is not known.
	Head string
}

// part is what is known of a Part.
type part struct {
	lost   []pack.ID   // that refs below Lost name, ascending
	direct []directRef // those that lead to no commit
	blobs  *bitmap     // that the commits and refs lead to; nil until they are asked for
	trees  int64
}

// check reports what cannot be done of a part.
func (p *Part) check(o *Options) error {
	for _, prefix := range []string{p.Refs, p.Lost} {
		if name, ok := strings.CutSuffix(prefix, "/"); prefix != "" && (!ok || !isRefName(name)) {
			return fmt.Errorf("%q is no beginning of names of refs", prefix)
		}
	}
	switch {
	case p.Refs == "":
		return errors.New("a part of a repository needs the beginning of its refs' names")
	case o.SinceScan != nil || o.KeepState:
		return errors.New("a part of a repository has no state of its own")
	}
	return nil
}

// addPart reads the refs of a part.
func (r *Repo) addPart(p *Part) {
	f := r.format.objects
	r.part = &part{}
	own := r.readBelow(p.Refs)
	for name, hex := range p.Odd {
		id, err := f.Parse(hex)
		if err != nil {
			r.problem(name, fmt.Sprintf("broken ref: %v", err))
			continue
		}
		own.byName[name] = id
	}
	for name, id := range own.byName {
		r.refs = append(r.refs, ref{name, id})
	}
	slices.SortFunc(r.refs, func(a, b ref) int { return strings.Compare(a.name, b.name) })
	r.symbolic = map[string]string{}
	for name, target := range own.symbolic {
		if rest, ok := strings.CutPrefix(target, p.Refs); ok {
			r.symbolic[name] = "refs/" + rest
		}
	}
	if p.Lost == "" || r.o.NoUnreachable {
		return
	}
	for _, id := range r.readBelow(p.Lost).byName {
		r.part.lost = append(r.part.lost, id)
	}
	slices.SortFunc(r.part.lost, pack.ID.Compare)
	r.part.lost = slices.Compact(r.part.lost)
}

// readBelow reads the refs below a prefix, by "refs/" and what follows it.
func (r *Repo) readBelow(prefix string) *refReader {
	begin := []byte(prefix)
	reader := &refReader{files: r.dirs.files, format: r.format.objects, common: r.dirs.commonDir, byName: map[string]pack.ID{}, symbolic: map[string]string{}}
	reader.packed(func(name []byte, id pack.ID) {
		if rest, ok := bytes.CutPrefix(name, begin); ok {
			reader.byName["refs/"+string(rest)] = id
		}
	})
	reader.loose(filepath.Join(r.dirs.commonDir, strings.TrimSuffix(prefix, "/")), "refs")
	for _, p := range reader.problems {
		r.problem(p.Where, p.Why)
	}
	return reader
}

// partCommits fills the graph with the commits and tags that the refs of a part lead to, once.
func (r *Repo) partCommits(ctx context.Context) error {
	if r.graph != nil {
		return nil
	}
	r.progress.SetStage("reading commits")
	r.graph = newGraph(r.store)
	w := partWalk{repo: r, seen: newBitmap(r.store.Len())}
	for _, rf := range r.refs {
		w.tip(rf.id)
	}
	for _, id := range r.part.lost {
		w.target(id)
	}
	n := 0
	for len(w.todo) > 0 {
		if err := check(ctx, &n); err != nil {
			r.graph = nil
			return err
		}
		ord := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.read(ord)
	}
	r.link()
	slices.SortFunc(w.targets, pack.ID.Compare)
	for _, id := range slices.Compact(w.targets) {
		r.lostDirect(id)
	}
	return r.sel()
}

// lostDirect notes a former tip that is a tree or a blob and that nothing leads to now.
func (r *Repo) lostDirect(id pack.ID) {
	if slices.ContainsFunc(r.direct, func(d directRef) bool { return d.id == id }) {
		return
	}
	kind, err := r.store.Kind(id)
	switch {
	case errors.Is(err, pack.ErrMissing):
		r.lacks(id, "object that was a tip")
	case err != nil:
		r.damaged(id, err)
	case kind == pack.Tree || kind == pack.Blob:
		r.part.direct = append(r.part.direct, directRef{id: id, kind: kind})
	}
}

// partWalk finds commits and tags.
type partWalk struct {
	repo    *Repo
	seen    *bitmap
	todo    []uint32
	parents []pack.ID
	targets []pack.ID // that are neither
}

// tip adds a commit or tag that something names. Whatever else it is, it is told of in resolveRef.
func (w *partWalk) tip(id pack.ID) {
	ord, ok := w.repo.store.Find(id)
	if !ok || w.seen.has(ord) {
		return
	}
	if kind, err := w.repo.store.Kind(id); err == nil && (kind == pack.Commit || kind == pack.Tag) {
		w.add(ord)
	}
}

func (w *partWalk) add(ord uint32) {
	if !w.seen.has(ord) {
		w.seen.set(ord)
		w.todo = append(w.todo, ord)
	}
}

// read reads a commit or tag. A parent that is missing or no commit is told of when the graph is linked.
func (w *partWalk) read(ord uint32) {
	r, f := w.repo, w.repo.format.objects
	id := r.store.ID(ord)
	kind, data, err := r.store.Get(id, maxText)
	if err == nil && kind != pack.Commit && kind != pack.Tag {
		return
	}
	if err == nil && f.Hash(kind, data) != id {
		err = pack.ErrHash
	}
	r.commitOrTag(&pack.Object{Ord: ord, Kind: kind, Data: data, Size: len(data), Err: err}, nil)
	switch kind {
	case pack.Commit:
		if h, err := parseCommit(f, data, w.parents); err == nil {
			for _, p := range h.parents {
				if at, ok := r.store.Find(p); ok {
					w.add(at)
				}
			}
			w.parents = h.parents
		}
	case pack.Tag:
		if target, _, _, err := tagTarget(f, data); err == nil {
			w.target(target)
		}
	}
}

// target adds what a former tip or a tag names, which may be a tree or a blob that nothing else leads to.
func (w *partWalk) target(id pack.ID) {
	w.tip(id)
	if ord, ok := w.repo.store.Find(id); !ok || !w.seen.has(ord) {
		w.targets = append(w.targets, id)
	}
}

// partBlobs finds the blobs that the commits and refs of a part lead to, once. Of each tree it looks at what the first parent of
// its commit did not have there: parents come first, so all of that is known.
func (r *Repo) partBlobs(ctx context.Context) error {
	if r.part.blobs != nil {
		return nil
	}
	if err := r.partCommits(ctx); err != nil {
		return err
	}
	r.progress.SetStage("selecting")
	order, err := r.allParentsFirst(ctx)
	if err != nil {
		return err
	}
	t := partTrees{repo: r, seen: newBitmap(r.store.Len()), blobs: newBitmap(r.store.Len())}
	d := r.differ(func(c change) { t.blob(c.new) })
	d.skip = t.skip
	n := 0
	for _, i := range order {
		if err := check(ctx, &n); err != nil {
			return err
		}
		d.diff(r.trees(i))
	}
	for _, direct := range slices.Concat(r.direct, r.part.direct) {
		if direct.kind == pack.Blob {
			t.blob(direct.id)
		} else {
			d.diff(pack.ID{}, direct.id)
		}
	}
	r.part.blobs = t.blobs
	r.store.EachKind(func(ord uint32, k pack.Kind) {
		switch {
		case t.seen.has(ord) && k == pack.Tree && !r.isDamaged(ord):
			r.part.trees++
		case t.blobs.has(ord) && k != pack.Blob && k != 0:
			t.blobs.words[ord/64] &^= 1 << (ord % 64)
			r.misnamed(r.store.ID(ord), wrongKind{k, pack.Blob})
		}
	})
	return nil
}

// allParentsFirst gives all commits, whichever are wanted.
func (r *Repo) allParentsFirst(ctx context.Context) ([]int32, error) {
	nodes := r.graph.nodes
	wanted := make([]bool, len(nodes))
	for i := range nodes {
		wanted[i], nodes[i].wanted = nodes[i].wanted, true
	}
	defer func() {
		for i := range nodes {
			nodes[i].wanted = wanted[i]
		}
	}()
	return r.parentsFirst(ctx)
}

// partTrees finds blobs below trees.
type partTrees struct {
	repo        *Repo
	seen, blobs *bitmap
}

// skip leaves out the trees that were there before: the blobs below them are known.
func (t *partTrees) skip(id pack.ID) bool {
	if id.IsZero() {
		return true
	}
	ord, ok := t.repo.store.Find(id)
	if !ok {
		return false // which is told when it is read
	}
	again := t.seen.has(ord)
	t.seen.set(ord)
	return again
}

func (t *partTrees) blob(id pack.ID) {
	if id.IsZero() {
		return
	}
	if ord, ok := t.repo.store.Find(id); ok {
		t.blobs.set(ord)
	} else {
		t.repo.lacks(id, "blob")
	}
}

// searchPart searches the messages and blobs of a part: one by one when they are few, else by walking the store, where each
// object is made from its base at hand.
func (r *Repo) searchPart(ctx context.Context, workers int, open func() scan.Visitor) error {
	if err := r.partBlobs(ctx); err != nil {
		return err
	}
	var blobs []uint32
	stored := 0
	r.store.EachKind(func(ord uint32, k pack.Kind) {
		if k == pack.Blob || k == 0 {
			if stored++; r.part.blobs.has(ord) {
				blobs = append(blobs, ord)
			}
		}
	})
	blobs = r.drop(blobs)
	messages := r.partMessages()
	if len(blobs)*walkShare <= stored {
		return r.searchOrds(ctx, workers, append(messages, blobs...), open)
	}
	open, again := openTwice(open)
	if err := r.searchOrds(ctx, workers, messages, open); err != nil {
		return err
	}
	wanted := newBitmap(r.store.Len())
	for _, ord := range blobs {
		wanted.set(ord)
	}
	r.progress.Total.Store(int64(len(blobs)))
	r.progress.Done.Store(0)
	err := r.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Blob), Workers: workers, MaxSize: r.o.MaxBlob, Verify: true, Hash: r.o.Whole, Only: wanted.has},
		func() func(*pack.Object) {
			s := searcher{repo: r, v: again()}
			return unlessDone(ctx, s.blob)
		})
	return cmp.Or(err, ctx.Err())
}

// partMessages are the commits and tags of a part, which it counts with the trees.
func (r *Repo) partMessages() (ords []uint32) {
	commits := int64(0)
	for i := range r.graph.nodes {
		ord := r.graph.nodes[i].ord
		if ords = append(ords, ord); !r.isDamaged(ord) {
			commits++
		}
	}
	tags := int64(0)
	for i := range r.graph.tags {
		ord := r.graph.tags[i].ord
		if ords = append(ords, ord); !r.isDamaged(ord) {
			tags++
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.NonBlobs, r.stats.Commits = commits+tags+r.part.trees, commits
	return ords
}

// lostNames finds paths for blobs that former tips lead to without a commit. Of one that is in no tree the path is empty.
func (p *placer) lostNames(blobs map[pack.ID]scan.BlobRef) map[pack.ID][]string {
	names := map[pack.ID][]string{}
	d := p.repo.differ(func(c change) {
		if _, ok := blobs[c.new]; ok {
			names[c.new] = append(names[c.new], string(c.path))
		}
	})
	for _, lost := range p.repo.part.direct {
		if lost.kind == pack.Tree {
			d.diff(pack.ID{}, lost.id)
		}
	}
	settleNames(names, blobs)
	return names
}
