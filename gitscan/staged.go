package gitscan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Staged is what the next commit would bring in, as a scan.Source: the blobs of the index that HEAD does not have at
// their path. A secret that HEAD has at that path already is not reported again.
type Staged struct {
	repo    *Repo
	entries []stagedEntry
	index   []indexEntry // all of it
	head    pack.ID      // the tree of HEAD
	gone    []string     // paths that HEAD has and the index has not
}

type stagedEntry struct {
	path     string
	ord, old uint32
	replaces bool // old is what HEAD has at the path
}

// Staged compares the index with HEAD.
func (r *Repo) Staged() (*Staged, error) {
	entries, err := r.readIndex()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Join(r.dirs.gitDir, "index"), err)
	}
	return r.compareIndex(entries)
}

// compareIndex compares an index with HEAD.
func (r *Repo) compareIndex(entries []indexEntry) (*Staged, error) {
	head, err := r.headTree()
	if err != nil {
		return nil, err
	}
	atHead := map[string]pack.ID{}
	d := r.differ(func(c change) { atHead[string(c.path)] = c.new })
	d.diff(pack.ID{}, head)
	s := &Staged{repo: r, index: entries, head: head}
	for _, e := range entries {
		old, had := atHead[e.path]
		delete(atHead, e.path)
		if had && old == e.id {
			continue
		}
		ord, ok := r.store.Find(e.id)
		if !ok {
			r.lacks(e.id, "staged blob")
			continue
		}
		se := stagedEntry{path: e.path, ord: ord}
		if had {
			se.old, se.replaces = r.store.Find(old)
		}
		s.entries = append(s.entries, se)
	}
	s.gone = slices.Sorted(maps.Keys(atHead))
	return s, nil
}

// unchanged calls emit for what the index has in files that are as HEAD has them, because of other files that are not.
func (s *Staged) unchanged(l scan.Lookup, now, before scan.Tree, emit func(scan.Placement)) {
	n := nearness{watched: l.Watched, folders: map[string]bool{}}
	staged := map[string]bool{}
	for _, e := range s.entries {
		n.add(e.path)
		staged[e.path] = true
	}
	for _, p := range s.gone {
		n.add(p)
	}
	if len(n.folders) == 0 {
		return
	}
	d := newDependents(l)
	refs := map[string]scan.BlobRef{}
	for _, e := range s.index {
		if !staged[e.path] && n.near(e.path) && l.Named(e.path) {
			if ord, ok := s.repo.store.Find(e.id); ok {
				refs[e.path] = scan.BlobRef(ord)
				d.register(scan.BlobRef(ord), e.path, now)
			}
		}
	}
	for p := range staged {
		d.changed([]byte(p))
	}
	for _, p := range s.gone {
		d.changed([]byte(p))
	}
	for _, p := range slices.Sorted(maps.Keys(d.again)) {
		ref, ok := refs[p]
		if !ok {
			continue
		}
		known := l.At(ref, p, before)
		for _, id := range l.At(ref, p, now) {
			if _, old := slices.BinarySearch(known, id); !old {
				emit(scan.Placement{Blob: ref, Path: p, Secret: id, Note: "staged"})
			}
		}
	}
}

// headTree is the tree of HEAD's commit, zero when the branch is unborn.
func (r *Repo) headTree() (pack.ID, error) {
	name := r.headRef()
	i := slices.IndexFunc(r.refs, func(rf ref) bool { return rf.name == name })
	if i < 0 {
		return pack.ID{}, nil
	}
	data, err := r.object(r.refs[i].id, pack.Commit)
	if err != nil {
		return pack.ID{}, fmt.Errorf("HEAD: %w", err)
	}
	h, err := parseCommit(r.format.objects, data, nil)
	return h.tree, err
}

// Search implements scan.Source.
func (s *Staged) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	var todo []uint32
	for _, e := range s.entries {
		todo = append(todo, e.ord)
		if e.replaces {
			todo = append(todo, e.old)
		}
	}
	slices.Sort(todo)
	return s.repo.searchOrds(ctx, workers, slices.Compact(todo), open)
}

// Place implements scan.Source.
func (s *Staged) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	now, before := newIndexTree(s.repo, s.index, l), s.repo.treeViews(l).of(s.head)
	for _, e := range s.entries { // what files say of others comes first
		if l.Named(e.path) {
			l.Depends(scan.BlobRef(e.ord), e.path, now)
		}
	}
	for _, e := range s.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.Holds(scan.BlobRef(e.ord)) || l.Named(e.path) {
			s.place(e, l, now, before, emit)
		}
	}
	s.unchanged(l, now, before, emit)
	return nil
}

// place emits what an entry brings in.
func (s *Staged) place(e stagedEntry, l scan.Lookup, now, before scan.Tree, emit func(scan.Placement)) {
	ref := scan.BlobRef(e.ord)
	var known []scan.SecretID
	if e.replaces {
		known = l.At(scan.BlobRef(e.old), e.path, before)
	}
	for _, id := range l.At(ref, e.path, now) {
		if _, old := slices.BinarySearch(known, id); !old {
			emit(scan.Placement{Blob: ref, Path: e.path, Secret: id, Note: "staged"})
		}
	}
}

// BlobID implements scan.Source.
func (s *Staged) BlobID(ref scan.BlobRef) string { return s.repo.BlobID(ref) }

// Stats implements scan.Source.
func (s *Staged) Stats() scan.Stats { return s.repo.Stats() }

// Progress implements scan.Source.
func (s *Staged) Progress() *scan.Progress { return &s.repo.progress }

// Content implements scan.Source.
func (s *Staged) Content(ref scan.BlobRef) ([]byte, error) { return s.repo.Content(ref) }
