package gitscan

import (
	"container/heap"
	"context"
	"slices"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// The notes of a place in a push whose secret the repository holds already.
const (
	noteHeld = "in the repository already"
	noteBack = "an old version is brought back"
)

// Held reports whether a place of a push says that the repository held its secret before: at a path that the push
// changes, in the commits that it builds on (so in what it moves or renames), or in an older version of the file, to
// which it returns. Of a secret that is copied from a file that the push leaves alone nothing is known: it is new.
func Held(p *scan.Place) bool { return p.Note == noteHeld || p.Note == noteBack }

// IsBack reports of such a place that it is the latter.
func IsBack(p *scan.Place) bool { return p.Note == noteBack }

// holding finds out what the repository held. It asks nothing until a secret is placed: most pushes have none.
type holding struct {
	push   *Push
	lookup scan.Lookup
	before map[scan.SecretID]bool // nil: not asked yet
	back   map[versionKey]bool
}

type versionKey struct {
	path string
	blob pack.ID
}

// note is what to say of a place.
func (h *holding) note(ctx context.Context, at *scan.Placement) string {
	if h.before == nil {
		h.before = h.changedFrom(ctx)
	}
	switch {
	case h.before[at.Secret]:
		return noteHeld
	case at.Path != "" && at.Introduced != nil && h.returns(ctx, at.Path, h.push.repo.store.ID(uint32(at.Blob))):
		return noteBack
	}
	return at.Note
}

// changedFrom is the secrets in what the commits before the push have at the paths that it changes.
func (h *holding) changedFrom(ctx context.Context) map[scan.SecretID]bool {
	r := h.push.repo
	held := map[scan.SecretID]bool{}
	views := r.treeViews(h.lookup)
	var tree scan.Tree
	d := r.differ(func(c change) {
		ord, ok := r.store.Find(c.old)
		if c.old.IsZero() || !ok {
			return
		}
		path := string(c.path)
		if ref := scan.BlobRef(ord); h.lookup.Holds(ref) || h.lookup.Named(path) {
			for _, id := range h.lookup.At(ref, path, tree) {
				held[id] = true
			}
		}
	})
	steps := 0
	for n := range r.graph.nodes {
		if !r.graph.nodes[n].wanted {
			continue
		}
		if check(ctx, &steps) != nil {
			return held // what is not known to be held is new
		}
		for _, p := range r.graph.parents(int32(n)) {
			if !r.graph.nodes[p].wanted {
				tree = views.of(r.graph.tree(p))
				d.diff(r.graph.tree(p), r.graph.tree(int32(n)))
			}
		}
	}
	return held
}

// maxReturn is how many commits before the push are looked at for an old version of a file.
const maxReturn = 5_000

// returns reports whether a commit before the push had that version at the path.
func (h *holding) returns(ctx context.Context, path string, blob pack.ID) bool {
	p := h.push
	if p.quarantine != "" && !p.repo.store.Elsewhere(p.quarantine, blob) {
		return false // it has never been here
	}
	k := versionKey{path, blob}
	if known, ok := h.back[k]; ok {
		return known
	}
	if h.back == nil {
		h.back = map[versionKey]bool{}
	}
	h.back[k] = p.everHad(ctx, []byte(path), blob)
	return h.back[k]
}

func (p *Push) everHad(ctx context.Context, path []byte, blob pack.ID) bool {
	d := p.repo.differ(func(change) {})
	// What cannot be read of older history is no matter of this push.
	d.problem = func(pack.ID, error) {}
	seen := map[pack.ID]bool{}
	var q paintQueue
	visit := func(id pack.ID) bool {
		if seen[id] {
			return false
		}
		seen[id] = true
		h, ok := p.readCommit(id)
		if !ok {
			return false
		}
		heap.Push(&q, &paint{id: id, time: h.time, parents: h.parents})
		return d.lookup(h.tree, path) == blob
	}
	starts := slices.Clone(p.before())
	for ord := range p.outer {
		starts = append(starts, p.repo.store.ID(ord))
	}
	slices.SortFunc(starts, pack.ID.Compare)
	for _, id := range starts {
		if ctx.Err() != nil {
			return false
		}
		if visit(id) {
			return true
		}
	}
	for len(q) > 0 && len(seen) < maxReturn && ctx.Err() == nil {
		for _, parent := range heap.Pop(&q).(*paint).parents {
			if visit(parent) {
				return true
			}
		}
	}
	return false
}
