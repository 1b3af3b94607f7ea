package sent

import (
	"container/heap"
	"context"
	"errors"
	"slices"
)

// Objects are those that a store has.
type Objects interface {
	// Has reports whether the store has an object, whatever that leads to.
	Has(id []byte) bool
	// Get gives an object with its kind by git's name. One larger than limit is an error.
	Get(id []byte, limit int) (kind string, data []byte, err error)
}

// Bounds of a proof: a longer one is left to git.
const (
	maxRoots   = 2000    // that are looked at to find an older commit
	maxCommits = 5000    // of the store that are read for it
	maxEntries = 500_000 // of trees
	maxDepth   = 1000    // of directories
	maxObject  = 16 << 20
)

var (
	errUnproven = errors.New("more is to be looked at than here is done")
	errMissing  = errors.New("something that is named is missing")
)

// Whole proves that all that tips lead to is there, given that it is so for roots, which the store's refs name. passed are the commits
// and tags that the tips lead to and that the pack has or names. The pack may be nil. An error says that there is no such proof.
func Whole(ctx context.Context, p *Pack, store Objects, roots map[ID]bool, tips []ID) (passed map[ID]bool, err error) {
	if p == nil {
		p = &Pack{}
	}
	w := whole{ctx: ctx, pack: p, store: store, roots: roots, seen: map[ID]bool{}, complete: map[ID]bool{}, left: maxEntries}
	if err := w.commits(tips); err != nil {
		return nil, err
	}
	for i := range w.fresh {
		if err := w.commitTree(&w.fresh[i]); err != nil {
			return nil, err
		}
	}
	return w.seen, nil
}

// whole is a proof. The trees of each commit are held against those of its parents, of which they are whole as well: since no commit
// is its own ancestor, all are when each is.
type whole struct {
	ctx      context.Context
	pack     *Pack
	store    Objects
	roots    map[ID]bool
	seen     map[ID]bool // commits and tags that the tips lead to
	fresh    []commitLinks
	complete map[ID]bool // trees
	left     int         // entries that may still be looked at
}

// commits finds the commits of the pack that the tips lead to, and proves that the others that they name are older ones of the roots.
func (w *whole) commits(tips []ID) error {
	todo, older := slices.Clone(tips), []ID(nil)
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[: len(todo)-1 : len(todo)-1]
		if w.seen[id] {
			continue
		}
		if w.seen[id] = true; w.roots[id] {
			continue
		}
		o := w.pack.byID[id]
		if o == nil {
			older = append(older, id)
			continue
		}
		switch o.kind {
		case commit:
			c, err := readCommit(o.data)
			if err != nil {
				return err
			}
			w.fresh = append(w.fresh, c)
			todo = append(todo, c.parents...)
		case tag:
			target, err := tagTarget(o.data)
			if err != nil {
				return err
			}
			todo = append(todo, target)
		default: // what no commit has: seldom, and so git's
			return errUnproven
		}
	}
	return w.reachable(older)
}

// commit reads a commit of the pack or the store.
func (w *whole) commit(id ID) (c commitLinks, err error) {
	if o := w.pack.byID[id]; o != nil {
		if o.kind != commit {
			return c, errLinks
		}
		return readCommit(o.data)
	}
	kind, data, err := w.store.Get(id[:], maxObject)
	if err != nil {
		return c, err
	}
	if kind != "commit" {
		return c, errLinks
	}
	return readCommit(data)
}

// reachable proves that roots lead to commits, from the latest on.
func (w *whole) reachable(ids []ID) error {
	if len(ids) == 0 {
		return nil
	}
	if len(w.roots) > maxRoots {
		return errUnproven
	}
	left, oldest := map[ID]bool{}, int64(0)
	for i, id := range ids {
		if w.pack.byID[id] != nil || !w.store.Has(id[:]) {
			return errMissing
		}
		c, err := w.commit(id)
		if err != nil {
			return err
		}
		if left[id] = true; i == 0 || c.time < oldest {
			oldest = c.time
		}
	}
	q, seen, reads := latest{}, map[ID]bool{}, 0
	push := func(id ID) error {
		if seen[id] {
			return nil
		}
		seen[id] = true
		if reads++; reads > maxCommits {
			return errUnproven
		}
		c, err := w.commit(id)
		if err == nil {
			heap.Push(&q, dated{id, c})
		}
		return err
	}
	for id := range w.roots {
		if err := w.rootCommit(id, push); err != nil {
			return err
		}
	}
	for len(q) > 0 && len(left) > 0 && q[0].time >= oldest {
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		c := heap.Pop(&q).(dated)
		delete(left, c.id)
		for _, p := range c.parents {
			if err := push(p); err != nil {
				return err
			}
		}
	}
	if len(left) > 0 {
		return errUnproven
	}
	return nil
}

// rootCommit pushes the commit that a root leads to, if it leads to one.
func (w *whole) rootCommit(id ID, push func(ID) error) error {
	for range 8 {
		kind, data, err := w.store.Get(id[:], maxObject)
		switch {
		case err != nil:
			return err
		case kind == "commit":
			return push(id)
		case kind != "tag":
			return nil
		}
		if id, err = tagTarget(data); err != nil {
			return nil
		}
	}
	return nil
}

// commitTree proves that a commit's tree is whole.
func (w *whole) commitTree(c *commitLinks) error {
	var bases []ID
	for _, p := range c.parents {
		parent, err := w.commit(p)
		if err != nil {
			return err
		}
		bases = append(bases, parent.tree)
	}
	return w.tree(c.tree, bases, 0)
}

// tree proves that a tree is whole, given that bases, which stand at the same path in parents, are.
func (w *whole) tree(id ID, bases []ID, depth int) error {
	if w.complete[id] {
		return nil
	}
	for _, b := range bases {
		if b == id {
			return nil
		}
	}
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	if depth > maxDepth {
		return errUnproven
	}
	data, err := w.treeData(id)
	if err != nil {
		return err
	}
	was, err := w.entries(bases)
	if err != nil {
		return err
	}
	err = readTree(data, func(e entry) error {
		if w.left--; w.left < 0 {
			return errUnproven
		}
		if e.link {
			return nil
		}
		var below []ID
		for _, b := range was[string(e.name)] {
			switch {
			case b.dir == e.dir && b.id == e.id:
				return nil
			case b.dir && e.dir:
				below = append(below, b.id)
			}
		}
		if e.dir {
			return w.tree(e.id, below, depth+1)
		}
		return w.blob(e.id)
	})
	if err == nil {
		w.complete[id] = true
	}
	return err
}

// entries are those of trees, by name.
func (w *whole) entries(trees []ID) (map[string][]entry, error) {
	was := map[string][]entry{}
	for _, id := range trees {
		data, err := w.treeData(id)
		if err != nil {
			return nil, err
		}
		err = readTree(data, func(e entry) error {
			if w.left--; w.left < 0 {
				return errUnproven
			}
			if !e.link {
				was[string(e.name)] = append(was[string(e.name)], e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return was, nil
}

func (w *whole) treeData(id ID) ([]byte, error) {
	if o := w.pack.byID[id]; o != nil {
		if o.kind != tree {
			return nil, errLinks
		}
		return o.data, nil
	}
	kind, data, err := w.store.Get(id[:], maxObject)
	if err == nil && kind != "tree" {
		err = errLinks
	}
	return data, err
}

func (w *whole) blob(id ID) error {
	if o := w.pack.byID[id]; o != nil {
		if o.kind != blob {
			return errLinks
		}
		return nil
	}
	if !w.store.Has(id[:]) {
		return errMissing
	}
	return nil
}

// dated is a commit in a queue.
type dated struct {
	id ID
	commitLinks
}

// latest is a heap.
type latest []dated

func (q latest) Len() int           { return len(q) }
func (q latest) Less(i, j int) bool { return q[i].time > q[j].time }
func (q latest) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *latest) Push(x any) { *q = append(*q, x.(dated)) }

// Pop implements heap.Interface.
func (q *latest) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
