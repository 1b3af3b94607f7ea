package gitscan

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Place implements scan.Source: it walks the history for the paths of secrets, and then places what history does not
// reach: messages, trees and blobs that tags name, the index, unreachable objects.
func (r *Repo) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	if r.graph == nil {
		return nil // interrupted before anything was read
	}
	r.progress.SetStage("placing")
	if r.part == nil { // a store of parts is searched again
		r.store.LetGo()
	}
	p := newPlacer(r, l, emit)
	h := newHistory(r, l)
	h.see = p.see
	if err := h.walk(ctx); err != nil {
		return err
	}
	if r.since != nil {
		copy(r.since.inCommit.words, p.seen.words)
	}
	p.intervals(h)
	p.messages()
	p.directRefs()
	if r.o.narrowed() {
		return nil
	}
	if r.part == nil { // an index is that of the store
		p.index()
	}
	return p.unreachable(ctx)
}

type placer struct {
	repo    *Repo
	lookup  scan.Lookup
	emit    func(scan.Placement)
	commits map[int32]*scan.Commit
	tipSets map[string][]string
	seen    *bitmap
	views   *treeViews
}

func newPlacer(r *Repo, l scan.Lookup, emit func(scan.Placement)) *placer {
	return &placer{repo: r, lookup: l, emit: emit, commits: map[int32]*scan.Commit{}, tipSets: map[string][]string{},
		seen: newBitmap(r.store.Len()), views: r.treeViews(l)}
}

// see is told of every blob at every path that the walk comes by.
func (p *placer) see(id pack.ID, ord uint32, found bool) {
	if !found {
		p.repo.lacks(id, "blob")
		return
	}
	p.seen.set(ord)
}

func (p *placer) commit(n int32) *scan.Commit {
	if c, ok := p.commits[n]; ok {
		return c
	}
	id := p.repo.store.ID(p.repo.graph.nodes[n].ord)
	data, err := p.repo.object(id, pack.Commit)
	if err != nil {
		p.repo.damaged(id, err)
	}
	c := describe(p.repo.format.objects, id, data)
	p.commits[n] = c
	return c
}

// intervals emits one placement for each secret, path, introduction and removal. A secret that two branches removed
// separately has two.
func (p *placer) intervals(h *history) {
	for i := range h.intervals {
		iv := &h.intervals[i]
		pl := scan.Placement{Blob: iv.blob, Path: h.names[iv.path], Secret: iv.secret, Introduced: p.commit(iv.intro),
			AtTip: p.tips(iv.tips), Reachable: p.repo.graph.nodes[iv.intro].reached}
		switch intro := &p.repo.graph.nodes[iv.intro]; {
		case intro.cut:
			pl.Note = "or earlier: history is cut off at this commit"
		case !intro.reached:
			pl.Note = "unreachable commit"
		}
		if len(iv.removed) == 0 {
			p.emit(pl)
		}
		for _, n := range iv.removed {
			pl.Removed = p.commit(n)
			p.emit(pl)
		}
	}
}

// tips is the names of the refs; equal sets are shared.
func (p *placer) tips(tips []int32) []string {
	if len(tips) == 0 {
		return []string{}
	}
	slices.Sort(tips)
	tips = slices.Compact(tips)
	key := make([]byte, 0, 4*len(tips))
	for _, t := range tips {
		key = binary.LittleEndian.AppendUint32(key, uint32(t))
	}
	if names, ok := p.tipSets[string(key)]; ok {
		return names
	}
	var names []string
	for _, t := range tips {
		names = append(names, p.repo.tipRefs[t]...)
	}
	slices.Sort(names)
	p.tipSets[string(key)] = names
	return names
}

// messages places what stands in the messages of commits and tags: path empty.
func (p *placer) messages() {
	g := p.repo.graph
	for n := range g.nodes {
		node := &g.nodes[n]
		for _, id := range p.lookup.At(scan.BlobRef(node.ord), "", nil) {
			pl := scan.Placement{Blob: scan.BlobRef(node.ord), Secret: id, Introduced: p.commit(int32(n)),
				Reachable: node.reached, Note: "commit message"}
			for i, tip := range p.repo.tipNodes {
				if tip == int32(n) {
					pl.AtTip = p.repo.tipRefs[i]
				}
			}
			p.emit(pl)
		}
	}
	for i := range g.tags {
		t := &g.tags[i]
		for _, id := range p.lookup.At(scan.BlobRef(t.ord), "", nil) {
			p.emit(scan.Placement{Blob: scan.BlobRef(t.ord), Secret: id, AtTip: t.reached,
				Reachable: len(t.reached) > 0, Note: "tag message"})
		}
	}
}

// directRefs places blobs that refs or tags name without a commit: alone, or in a tree.
func (p *placer) directRefs() {
	for _, dr := range p.repo.direct {
		if !p.repo.selectedTip(dr.name) || p.repo.idWasThere(dr.id) {
			continue
		}
		tree := p.views.of(dr.id)
		place := func(id pack.ID, path string) {
			ord, ok := p.repo.store.Find(id)
			p.see(id, ord, ok)
			if !ok {
				return
			}
			for _, sec := range p.lookup.At(scan.BlobRef(ord), path, tree) {
				p.emit(scan.Placement{Blob: scan.BlobRef(ord), Path: path, Secret: sec, AtTip: []string{dr.name},
					Reachable: true, Note: "tagged " + dr.kind.String()})
			}
		}
		if dr.kind == pack.Blob {
			place(dr.id, "")
			continue
		}
		d := p.repo.differ(func(c change) { place(c.new, string(c.path)) })
		d.diff(pack.ID{}, dr.id)
	}
}

// index places blobs that are staged and in no commit.
func (p *placer) index() {
	entries, err := p.repo.readIndex()
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			p.repo.problem("index", err.Error())
		}
		return
	}
	if p.repo.o.SinceScan != nil && !slices.ContainsFunc(entries, func(e indexEntry) bool { return !p.repo.idWasThere(e.id) }) {
		return // nothing new is staged
	}
	tree := newIndexTree(p.repo, entries, p.lookup)
	if s, err := p.repo.compareIndex(entries); err == nil { // else there is no HEAD to compare with
		before := p.views.of(s.head)
		s.unchanged(p.lookup, tree, before, p.emit)
		for _, e := range s.entries {
			// A blob that history has need not mean the same among other files.
			if _, _, some := p.lookup.Depends(scan.BlobRef(e.ord), e.path, tree); some && p.seen.has(e.ord) {
				s.place(e, p.lookup, tree, before, p.emit)
			}
		}
	}
	for _, e := range entries {
		ord, ok := p.repo.store.Find(e.id)
		if !ok {
			p.repo.lacks(e.id, "staged blob")
			continue
		}
		if p.seen.has(ord) || p.repo.wasThere(ord) {
			continue
		}
		for _, sec := range p.lookup.At(scan.BlobRef(ord), e.path, tree) {
			p.emit(scan.Placement{Blob: scan.BlobRef(ord), Path: e.path, Secret: sec, Note: "staged"})
		}
		p.seen.set(ord)
	}
}

// unreachable places the blobs that nothing leads to. Trees that nothing leads to either may still know their names.
func (p *placer) unreachable(ctx context.Context) error {
	left := map[pack.ID]scan.BlobRef{}
	for _, ref := range p.lookup.Refs() {
		if !p.seen.has(uint32(ref)) && !p.repo.wasThere(uint32(ref)) && !p.isMessage(uint32(ref)) {
			left[p.repo.store.ID(uint32(ref))] = ref
		}
	}
	if len(left) == 0 {
		return nil
	}
	var names map[pack.ID][]string
	var err error
	if p.repo.part != nil {
		names = p.lostNames(left)
	} else if names, err = p.danglingNames(ctx, left); err != nil {
		return err
	}
	for id, ref := range left {
		for _, path := range names[id] {
			for _, sec := range p.lookup.At(ref, path, nil) {
				p.emit(scan.Placement{Blob: ref, Path: path, Secret: sec, Note: "unreachable object"})
			}
		}
	}
	return nil
}

// maxClimb is how many directories up a name is followed, and maxNames how many names one blob is given.
const (
	maxClimb = 32
	maxNames = 8
)

// danglingNames finds paths for blobs by climbing from tree to containing tree: one pass over all trees for each
// level of directories. A blob in no tree has the empty path.
func (p *placer) danglingNames(ctx context.Context, blobs map[pack.ID]scan.BlobRef) (map[pack.ID][]string, error) {
	type below struct {
		blob pack.ID
		path string
	}
	names := map[pack.ID][]string{}
	level := map[pack.ID][]below{}
	for id := range blobs {
		level[id] = []below{{id, ""}}
	}
	for range maxClimb {
		up := map[pack.ID][]below{}
		climbed := map[pack.ID]bool{}
		err := p.repo.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Tree), Workers: 1, MaxSize: maxText}, func() func(*pack.Object) {
			return func(o *pack.Object) {
				var c cursor
				for c.start(p.repo.format.objects, o.Data); c.ok; c.next() {
					for _, b := range level[c.cur.id] {
						climbed[c.cur.id] = true
						id := p.repo.store.ID(o.Ord)
						if len(up[id]) < maxNames*len(blobs) {
							up[id] = append(up[id], below{b.blob, strings.TrimSuffix(string(c.cur.name)+"/"+b.path, "/")})
						}
					}
				}
			}
		})
		if err != nil {
			return nil, err
		}
		for id, list := range level {
			if climbed[id] {
				continue
			}
			for _, b := range list { // the top of what is left of this tree
				names[b.blob] = append(names[b.blob], b.path)
			}
		}
		if level = up; len(level) == 0 {
			break
		}
	}
	for _, list := range level { // as far as they were followed
		for _, b := range list {
			names[b.blob] = append(names[b.blob], b.path)
		}
	}
	settleNames(names, blobs)
	return names, nil
}

// settleNames leaves each blob a few different names, or the empty one.
func settleNames(names map[pack.ID][]string, blobs map[pack.ID]scan.BlobRef) {
	for id := range blobs {
		if len(names[id]) == 0 {
			names[id] = []string{""}
		}
	}
	for id := range names {
		slices.Sort(names[id])
		names[id] = slices.Compact(names[id])
		names[id] = names[id][:min(len(names[id]), maxNames)]
	}
}

func (p *placer) isMessage(ord uint32) bool {
	if _, ok := p.repo.graph.node(ord); ok {
		return true
	}
	return slices.ContainsFunc(p.repo.graph.tags, func(t tagObject) bool { return t.ord == ord })
}
