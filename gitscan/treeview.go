package gitscan

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// treeView is a tree of the repository as a scan.Tree.
type treeView struct {
	views *treeViews
	id    pack.ID
}

// treeViews makes views and remembers, for each tree, the watched files below it: most trees are those of many commits.
type treeViews struct {
	repo    *Repo
	differ  differ
	watched func(name string) bool
	below   map[pack.ID][]string
	bytes   int  // of the names in below
	told    bool // that names were left out for their length
}

// Bounds of what is remembered: trees, names of one tree, and the bytes of these and of all. A tree made to have endless names
// has so many; directories that are made to be deep have names that are as long, once more at each depth.
const (
	maxViews        = 1 << 17
	maxWatched      = 4096
	maxWatchedBytes = 1 << 20
	maxViewBytes    = 32 << 20
)

func (r *Repo) treeViews(l scan.Lookup) *treeViews {
	return &treeViews{repo: r, differ: r.differ(func(change) {}), watched: l.Watched, below: map[pack.ID][]string{}}
}

func (v *treeViews) of(tree pack.ID) scan.Tree { return treeView{v, tree} }

// File implements scan.Tree.
func (t treeView) File(path string) (scan.BlobRef, bool) {
	id := t.views.differ.lookup(t.id, []byte(path))
	if id.IsZero() {
		return 0, false
	}
	ord, ok := t.views.repo.store.Find(id)
	return scan.BlobRef(ord), ok
}

// Lacks implements scan.Tree.
func (t treeView) Lacks(path string) bool {
	id := t.views.differ.lookup(t.id, []byte(path))
	if id.IsZero() {
		return false
	}
	_, ok := t.views.repo.store.Find(id)
	return !ok
}

// Whole implements scan.Tree.
func (t treeView) Whole() bool { return true }

// Watched implements scan.Tree.
func (t treeView) Watched(folder string) []string {
	id := t.id
	if folder != "" {
		id = t.views.differ.folder(t.id, []byte(folder))
	}
	return t.views.list(id, 0)
}

// list is the watched files below a tree, ascending.
func (v *treeViews) list(tree pack.ID, depth int) []string {
	if tree.IsZero() || depth > maxTreeDepth {
		return nil
	}
	if names, known := v.below[tree]; known {
		return names
	}
	v.below[tree] = nil // should it, against all odds, hold itself
	var names []string
	size := 0
	add := func(name string) {
		if size += len(name); size <= maxWatchedBytes {
			names = append(names, name)
		}
	}
	var c cursor
	for c.start(v.differ.format, v.differ.read(tree)); c.ok && len(names) < maxWatched; c.next() {
		name := string(c.cur.name)
		switch {
		case c.cur.isDir():
			for _, n := range v.list(c.cur.id, depth+1) {
				add(name + "/" + n)
			}
		case c.cur.isBlob() && v.watched(name):
			add(name)
		}
	}
	if size > maxWatchedBytes && !v.told {
		v.told = true
		v.repo.damaged(tree, errWatchedBytes)
	}
	slices.Sort(names)
	names = slices.Clip(names[:min(len(names), maxWatched)])
	v.remember(tree, names, min(size, maxWatchedBytes))
	return names
}

var errWatchedBytes = errors.New("tree: names of files that others depend on are too long together: some are left out")

// remember keeps the names of a tree, which have so many bytes.
func (v *treeViews) remember(tree pack.ID, names []string, size int) {
	if v.bytes += size; len(v.below) >= maxViews || v.bytes > maxViewBytes {
		clear(v.below)
		v.bytes = size
	}
	v.below[tree] = names
}

// folder is the tree at a path of a tree, zero when there is none.
func (d *differ) folder(tree pack.ID, path []byte) pack.ID {
	for len(path) > 0 {
		name, rest, _ := bytes.Cut(path, []byte{'/'})
		var next pack.ID
		var c cursor
		for c.start(d.format, d.read(tree)); c.ok; c.next() {
			if c.cur.isDir() && bytes.Equal(c.cur.name, name) {
				next = c.cur.id
				break
			}
		}
		if next.IsZero() {
			return next
		}
		tree, path = next, rest
	}
	return tree
}

// dependents are the paths whose findings depend on other files, by what they depend on.
type dependents struct {
	lookup   scan.Lookup
	byPath   map[string]map[string]bool // on the file at a path
	byFolder map[string]map[string]bool // on watched files below a folder
	again    map[string]bool            // to be looked at again at the commit being walked
}

func newDependents(l scan.Lookup) dependents {
	return dependents{lookup: l, byPath: map[string]map[string]bool{}, byFolder: map[string]map[string]bool{}, again: map[string]bool{}}
}

// register notes what a blob at a path of a tree depends on.
func (d *dependents) register(ref scan.BlobRef, path string, tree scan.Tree) {
	paths, folders, _ := d.lookup.Depends(ref, path, tree)
	for _, p := range paths {
		if d.byPath[p] == nil {
			d.again[p] = true // what is said of it here, may be the first that is said
		}
		note(d.byPath, p, path)
	}
	for _, f := range folders {
		note(d.byFolder, f, path)
	}
}

func note(m map[string]map[string]bool, on, path string) {
	if m[on] == nil {
		m[on] = map[string]bool{}
	}
	m[on][path] = true
}

// changed notes who is to be looked at again because a path changed.
func (d *dependents) changed(path []byte) {
	for p := range d.byPath[string(path)] {
		d.again[p] = true
	}
	if len(d.byFolder) == 0 || !d.lookup.Watched(string(path)) {
		return
	}
	for i := len(path); i > 0; {
		i = max(0, bytes.LastIndexByte(path[:i], '/'))
		for p := range d.byFolder[string(path[:i])] {
			d.again[p] = true
		}
	}
}

// nearness is where to look for files that depend on changed ones and that did not change themselves: in the folders
// above, and everywhere when a file changed that may matter anywhere.
type nearness struct {
	watched func(name string) bool
	folders map[string]bool
	all     bool
}

func (n *nearness) add(path string) {
	n.all = n.all || n.watched(path)
	for path != "" {
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
		n.folders[path] = true
	}
}

func (n *nearness) near(path string) bool {
	return n.all || n.folders[path[:max(0, strings.LastIndexByte(path, '/'))]]
}

// around registers the files near a changed path of which no commit of the scan told, since they are older.
func (h *history) around(path []byte) {
	tree := h.repo.graph.tree(h.at.node)
	all := h.lookup.Watched(string(path))
	view := h.views.of(tree)
	h.register(tree, "", all, 0, view)
	for i, c := range path {
		if c == '/' && !all {
			h.register(h.views.differ.folder(tree, path[:i]), string(path[:i+1]), false, 0, view)
		}
	}
}

// around is a tree whose files have been registered.
type aroundKey struct {
	tree   pack.ID
	folder string
	all    bool
}

// register registers the files of a folder's tree, and of all below when that is asked for. View is the tree of the commit.
func (h *history) register(tree pack.ID, folder string, all bool, depth int, view scan.Tree) {
	k := aroundKey{tree, folder, all}
	if tree.IsZero() || depth > maxTreeDepth || h.registered[k] {
		return
	}
	if len(h.registered) >= maxViews {
		clear(h.registered)
	}
	h.registered[k] = true
	var c cursor
	for c.start(h.views.differ.format, h.views.differ.read(tree)); c.ok; c.next() {
		name := folder + string(c.cur.name)
		switch {
		case c.cur.isDir():
			if all {
				h.register(c.cur.id, name+"/", true, depth+1, view)
			}
		case c.cur.isBlob() && h.isNamed(change{path: []byte(name)}):
			if ord, ok := h.repo.store.Find(c.cur.id); ok {
				h.depends.register(scan.BlobRef(ord), name, view)
			}
		}
	}
}

// newIndexTree is the files of an index as a scan.Tree.
func newIndexTree(r *Repo, entries []indexEntry, l scan.Lookup) scan.Tree {
	files := make(map[string]scan.BlobRef, len(entries))
	var lacking []string
	for _, e := range entries {
		if ord, ok := r.store.Find(e.id); ok {
			files[e.path] = scan.BlobRef(ord)
		} else {
			lacking = append(lacking, e.path)
		}
	}
	t := scan.NewFileTree(files, l.Watched, true)
	for _, p := range lacking {
		t.Leave(p)
	}
	return t
}
