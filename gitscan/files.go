package gitscan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Files is the files of a repository as scan.Files: nothing is searched, and only trees and what a caller asks for are
// read.
type Files struct {
	repo    *Repo
	history bool
}

// Files gives the files of the trees that refs lead to; with history those of every commit, each at the first commit
// that has it. Options.Branches chooses refs. Since and Range, which are of commits, need history: then it is what the
// commits brought in that is given.
func (r *Repo) Files(history bool) *Files { return &Files{r, history} }

// fileAt is a blob at a path.
type fileAt struct {
	path string
	id   pack.ID
}

// Each implements scan.Files: ascending by path, with history in the order of the commits.
func (f *Files) Each(ctx context.Context, wanted func(path string) bool, visit func(scan.FileAt)) error {
	r := f.repo
	if !f.history && (r.o.Since != "" || r.o.Range != "") {
		return errors.New("the files of refs cannot be narrowed to a range of commits")
	}
	if err := r.checkBranches(); err != nil {
		return err
	}
	tips, names, err := r.tipFiles(ctx, wanted)
	if err != nil {
		return err
	}
	emit := func(at fileAt, c *scan.Commit, note string) {
		ord, ok := r.store.Find(at.id)
		if !ok {
			r.lacks(at.id, "blob")
			return
		}
		visit(scan.FileAt{Path: at.path, Blob: scan.BlobRef(ord), Commit: c, Refs: names.of(tips[at]), Note: note})
	}
	rest := make([]fileAt, 0, len(tips))
	seen := map[fileAt]bool{}
	if f.history {
		if seen, err = r.everyFile(ctx, wanted, emit); err != nil || r.o.Since != "" || r.o.Range != "" {
			return err
		}
	}
	for at := range tips {
		if !seen[at] {
			rest = append(rest, at)
		}
	}
	slices.SortFunc(rest, func(a, b fileAt) int { return cmp.Or(strings.Compare(a.path, b.path), a.id.Compare(b.id)) })
	for _, at := range rest {
		emit(at, nil, "")
	}
	return nil
}

// everyFile emits every wanted file of every wanted commit once, with the first commit that has it. What a merge takes
// from another parent is known from there.
func (r *Repo) everyFile(ctx context.Context, wanted func(string) bool, emit func(fileAt, *scan.Commit, string)) (map[fileAt]bool, error) {
	if err := r.readCommits(ctx, 1, false, func() visitMessages { return nil }); err != nil {
		return nil, err
	}
	r.progress.SetStage("reading trees")
	p := &placer{repo: r, commits: map[int32]*scan.Commit{}}
	seen := map[fileAt]bool{}
	var at int32
	tooLong := false
	d := r.differ(func(c change) {
		switch {
		case c.new.IsZero():
			return
		case len(c.path) > maxPath:
			if !tooLong {
				tooLong = true
				r.problem("history", errPath.Error())
			}
			return
		case !wanted(string(c.path)):
			return
		}
		file := fileAt{string(c.path), c.new}
		if seen[file] {
			return
		}
		seen[file] = true
		note := ""
		switch node := &r.graph.nodes[at]; {
		case node.cut:
			note = "or earlier: history is cut off at this commit"
		case !node.reached:
			note = "unreachable commit"
		}
		emit(file, p.commit(at), note)
	})
	order, err := r.parentsFirst(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at = n
		d.diff(r.trees(n))
	}
	return seen, nil
}

// tipNames are the refs of each tree that refs lead to.
type tipNames struct {
	refs [][]string // by tip
	sets map[string][]string
}

// of is the refs of some tips, ascending; equal sets are shared.
func (t *tipNames) of(tips []int32) []string {
	key := fmt.Sprint(tips)
	names, known := t.sets[key]
	if !known {
		names = []string{}
		for _, tip := range tips {
			names = append(names, t.refs[tip]...)
		}
		slices.Sort(names)
		t.sets[key] = names
	}
	return names
}

// tipFiles is the wanted files of the trees that refs lead to, with their tips.
func (r *Repo) tipFiles(ctx context.Context, wanted func(string) bool) (map[fileAt][]int32, *tipNames, error) {
	r.progress.SetStage("reading trees")
	names := &tipNames{sets: map[string][]string{}}
	byTree := map[pack.ID]int32{}
	var trees []pack.ID
	known := map[pack.ID]pack.ID{} // trees of objects that refs name
	for _, rf := range r.refs {
		if !r.selectedRef(rf.name) {
			continue
		}
		tree, again := known[rf.id]
		if !again {
			tree = r.treeOf(rf)
			known[rf.id] = tree
		}
		if tree.IsZero() {
			continue
		}
		tip, ok := byTree[tree]
		if !ok {
			tip = int32(len(trees))
			byTree[tree], trees, names.refs = tip, append(trees, tree), append(names.refs, nil)
		}
		names.refs[tip] = append(names.refs[tip], rf.name)
	}
	files := map[fileAt][]int32{}
	l := treeFiles{differ: r.differ(func(change) {}), wanted: wanted, known: map[treeAt][]fileAt{}, read: map[pack.ID]bool{}}
	for tip, tree := range trees {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		for _, file := range l.list(tree, 0) {
			files[file] = append(files[file], int32(tip))
		}
	}
	return files, names, nil
}

// treeOf is the tree that a ref leads to, zero when it leads to none. What cannot be read is a problem.
func (r *Repo) treeOf(rf ref) pack.ID {
	id, what := rf.id, "object that "+rf.name+" names"
	for range maxPeel {
		kind, data, err := r.store.Get(id, r.o.MaxBlob)
		switch {
		case errors.Is(err, pack.ErrTooLarge) && kind == pack.Blob:
			return pack.ID{}
		case errors.Is(err, pack.ErrTooLarge): // the limit is for blobs
			kind, data, err = r.store.Get(id, maxText)
		}
		switch {
		case errors.Is(err, pack.ErrMissing):
			r.lacks(id, what)
			return pack.ID{}
		case err == nil && r.format.objects.Hash(kind, data) != id:
			err = pack.ErrHash
		}
		var next pack.ID
		switch {
		case err != nil:
		case kind == pack.Tree:
			return id
		case kind == pack.Commit:
			var h header
			if h, err = parseCommit(r.format.objects, data, nil); err == nil {
				return h.tree
			}
		case kind == pack.Tag:
			next, _, _, err = tagTarget(r.format.objects, data)
		default:
			return pack.ID{}
		}
		if err != nil {
			r.damaged(id, fmt.Errorf("%s: %w", what, err))
			return pack.ID{}
		}
		id = next
	}
	r.problem(rf.name, fmt.Sprintf("more than %d tags of tags", maxPeel))
	return pack.ID{}
}

// treeFiles lists trees and remembers what is below each directory: most directories are those of many tips.
type treeFiles struct {
	differ differ
	path   []byte
	wanted func(string) bool
	known  map[treeAt][]fileAt
	read   map[pack.ID]bool
}

// treeAt is a tree at a path, which is empty or ends in a slash.
type treeAt struct {
	tree   pack.ID
	prefix string
}

// Bounds of paths: longer ones, which no system can check out, are problems, and deep directories are not remembered.
const (
	maxPath     = 16 << 10
	maxRemember = 64
)

var errPath = fmt.Errorf("paths are longer than %d bytes", maxPath)

// list is the wanted files below a tree, which stands at the path. Trees that stand in other places too are bounded as
// those of differ are.
func (t *treeFiles) list(tree pack.ID, depth int) (files []fileAt) {
	remember := depth > 0 && depth <= maxRemember
	var at treeAt
	if remember {
		at = treeAt{tree, string(t.path)}
		if files, ok := t.known[at]; ok {
			return files
		}
	}
	switch {
	case depth > maxTreeDepth:
		t.differ.problem(tree, errTreeDepth)
		return nil
	case len(t.path) > maxPath:
		t.differ.problem(tree, errPath)
		return nil
	}
	again := t.read[tree]
	t.read[tree] = true
	n := len(t.path)
	var c cursor
	for c.start(t.differ.format, t.differ.read(tree)); c.ok; c.next() {
		if !again {
			*t.differ.repeats += repeatsPerNew
		} else if *t.differ.repeats--; *t.differ.repeats < 0 {
			*t.differ.repeats = 0
			t.differ.problem(tree, errTreeRepeats)
			return files
		}
		t.path = append(t.path, c.cur.name...)
		switch {
		case c.cur.isDir():
			t.path = append(t.path, '/')
			files = append(files, t.list(c.cur.id, depth+1)...)
		case c.cur.isBlob():
			if name := string(t.path); t.wanted(name) {
				files = append(files, fileAt{name, c.cur.id})
			}
		}
		t.path = t.path[:n]
	}
	if remember {
		if len(t.known) >= maxViews {
			clear(t.known)
		}
		t.known[at] = files
	}
	return files
}

// Read implements scan.Files. The bytes are those that the blob's id promises.
func (f *Files) Read(_ context.Context, blob scan.BlobRef) ([]byte, error) {
	id := f.repo.store.ID(uint32(blob))
	kind, data, err := f.repo.store.Get(id, f.repo.o.MaxBlob)
	switch {
	case errors.Is(err, pack.ErrTooLarge):
		return nil, scan.ErrTooLarge
	case err != nil:
		return nil, err
	case kind != pack.Blob:
		return nil, wrongKind{kind, pack.Blob}
	case f.repo.format.objects.Hash(kind, data) != id:
		return nil, pack.ErrHash
	}
	return data, nil
}

// BlobID implements scan.Files.
func (f *Files) BlobID(blob scan.BlobRef) string { return f.repo.BlobID(blob) }

// Stats implements scan.Files.
func (f *Files) Stats() scan.Stats { return f.repo.Stats() }

// Progress implements scan.Files.
func (f *Files) Progress() *scan.Progress { return &f.repo.progress }

var _ scan.Files = (*Files)(nil)
