package gitscan

import (
	"context"
	"maps"
	"slices"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// history follows secrets through commits, parents before children.
//
// At each commit a path either holds a secret or does not. An interval begins at a commit that holds it when no
// parent does. It ends at a commit that does not hold it when a parent does, unless another parent has already lost
// that same interval: then the commit only merges a removal. So a merge that takes one side's version is neither, a
// merge that brings in content of its own is a beginning, and a secret that was removed and came back has two
// intervals.
//
// The state of a commit is a map from path to what is live and lost there, shared with its parents except for the
// changes. Only the difference to the first parent is read from trees; what the other parents have is in their maps.
// When the scan leaves out older commits, a path that is in no map may still hold what those brought in: then the
// trees are asked.
type history struct {
	repo   *Repo
	lookup scan.Lookup
	// foresees is the lookup where it can be asked ahead, else nil.
	foresees scan.Foreseer
	see      func(id pack.ID, ord uint32, found bool) // every blob that comes to a path
	diff     differ

	paths     map[string]uint32
	names     []string
	interest  map[string]bool // by path: does the name alone matter?
	interests int             // bytes of these paths
	intervals []interval
	bounded   bool    // some commit of the scan has a parent outside it
	states    []pmap  // by node
	waiting   []int32 // by node: children not yet walked
	tips      map[int32][]int32
	changed   map[uint32][]scan.SecretID // of the commit being walked
	keys      []uint32
	blobs     []changedBlob // beside keys
	at        walkPoint
	views     *treeViews
	depends   dependents
	// most is how many intervals there may be, 0 means any number; coming are those of the commit being walked, at most, and
	// left is how often a secret was left out for that.
	most, coming, left int
	// registered are the trees that around has looked at.
	registered map[aroundKey]bool
}

// interval is one secret at one path, from one commit on.
type interval struct {
	secret  scan.SecretID
	path    uint32
	blob    scan.BlobRef
	intro   int32
	removed []int32
	tips    []int32 // indexes of Repo.tipNodes
}

// pathState is what is live and lost at a path of a commit. It is never changed once made.
type pathState struct {
	secrets []secretState // ascending by id
}

type secretState struct {
	id   scan.SecretID
	live []int32
	lost *lostList
}

// before stands for an interval that began in a commit outside the scan.
const before = int32(-1)

// lostList is an immutable list of intervals; states share tails.
type lostList struct {
	interval int32
	next     *lostList
}

func (l *lostList) has(i int32) bool {
	for ; l != nil; l = l.next {
		if l.interval == i {
			return true
		}
	}
	return false
}

func newHistory(r *Repo, l scan.Lookup) *history {
	h := &history{
		repo: r, lookup: l, paths: map[string]uint32{}, interest: map[string]bool{},
		states: make([]pmap, len(r.graph.nodes)), waiting: make([]int32, len(r.graph.nodes)),
		changed: map[uint32][]scan.SecretID{}, tips: map[int32][]int32{},
	}
	h.foresees, _ = l.(scan.Foreseer)
	h.diff = r.differ(h.change)
	h.views, h.depends, h.registered = r.treeViews(l), newDependents(l), map[aroundKey]bool{}
	h.bounded = r.graph.bounded()
	for i, n := range r.tipNodes {
		h.tips[n] = append(h.tips[n], int32(i))
	}
	return h
}

// walk goes over all wanted commits, parents first.
func (h *history) walk(ctx context.Context) error {
	nodes := h.repo.graph.nodes
	for n := range nodes {
		if nodes[n].wanted {
			for _, p := range h.repo.graph.parents(int32(n)) {
				if nodes[p].wanted {
					h.waiting[p]++
				}
			}
		}
	}
	order, err := h.repo.parentsFirst(ctx)
	if err != nil {
		return err
	}
	var foresee foresight
	if h.foresees != nil {
		foresee = h.foresees.Ahead
	}
	return h.repo.ahead(ctx, order, foresee, func(n int32, c *comparison) {
		h.commit(n, c)
		h.repo.progress.Done.Add(1)
		h.release(n)
	})
}

// release forgets the states that no child will ask for.
func (h *history) release(n int32) {
	for _, p := range h.repo.graph.parents(n) {
		if h.repo.graph.nodes[p].wanted {
			if h.waiting[p]--; h.waiting[p] == 0 {
				h.states[p] = pmap{}
			}
		}
	}
	if h.waiting[n] == 0 {
		h.states[n] = pmap{}
	}
}

// commit works out the state of one commit. Its trees may have been compared already.
func (h *history) commit(n int32, compared *comparison) {
	tree, parents := h.repo.graph.tree(n), h.repo.graph.parents(n)
	var first pmap
	if len(parents) > 0 {
		first = h.states[parents[0]]
	}
	clear(h.changed)
	h.coming = 0
	h.keys = h.keys[:0]
	h.blobs = h.blobs[:0]
	h.at = walkPoint{node: n, first: first, tree: h.views.of(tree)}
	if compared == nil {
		h.diff.diff(h.repo.trees(n))
	} else {
		compared.each(h.change)
	}
	h.dependents(tree)
	if len(parents) > 1 {
		for _, p := range parents[1:] {
			first.diff(h.states[p], func(key uint32, a, _ *pathState) {
				if _, ok := h.changed[key]; ok {
					return
				}
				if a == nil && h.bounded {
					ref, ids := h.holds(tree, key)
					h.mark(key, ids, ref, pack.ID{})
					return
				}
				h.mark(key, a.liveIDs(), 0, pack.ID{})
			})
		}
	}
	state := first
	for i, key := range h.keys {
		state = state.set(key, h.combine(n, key, h.blobs[i]))
	}
	h.states[n] = state
	if tips := h.tips[n]; len(tips) > 0 {
		state.each(func(_ uint32, s *pathState) { h.atTips(s, tips) })
	}
}

func (h *history) atTips(s *pathState, tips []int32) {
	for _, sec := range s.secrets {
		for _, i := range sec.live {
			if i != before {
				h.intervals[i].tips = append(h.intervals[i].tips, tips...)
			}
		}
	}
}

func (s *pathState) liveIDs() (ids []scan.SecretID) {
	if s == nil {
		return nil
	}
	for _, sec := range s.secrets {
		if len(sec.live) > 0 {
			ids = append(ids, sec.id)
		}
	}
	return ids
}

// walkPoint is where the walk is, for the differ's callback.
type walkPoint struct {
	node  int32
	first pmap
	tree  scan.Tree
}

// changedBlob is what a marked path holds now, and what the first parent had there.
type changedBlob struct {
	blob scan.BlobRef
	old  pack.ID
}

// change is called for each path that differs from the first parent. Most paths neither hold a secret nor ever did.
func (h *history) change(c change) {
	if h.bounded {
		h.around(c.path)
	}
	h.depends.changed(c.path)
	h.compare(c)
}

// compare notes what a path holds now if that matters.
func (h *history) compare(c change) {
	var ids []scan.SecretID
	var ref scan.BlobRef
	named := h.isNamed(c)
	if !c.new.IsZero() {
		ord, ok := c.ord, c.found
		if !ok {
			ord, ok = h.repo.store.Find(c.new)
		}
		h.see(c.new, ord, ok)
		if ok {
			ref = scan.BlobRef(ord)
			if named || h.lookup.Holds(ref) {
				name := string(c.path)
				ids = h.lookup.At(ref, name, h.at.tree)
				h.depends.register(ref, name, h.at.tree)
			}
		}
	}
	key, known := h.paths[string(c.path)]
	if h.full(key, known, ids) {
		return
	}
	switch {
	case len(ids) > 0 && !known:
		if len(h.names) >= 1<<pmapBits {
			h.repo.problem("history", "more paths with secrets than can be followed")
			return
		}
		key = uint32(len(h.names))
		name := string(c.path)
		h.names = append(h.names, name)
		h.paths[name] = key
	case len(ids) > 0:
	case !known || h.at.first.get(key) == nil:
		return
	}
	h.mark(key, ids, ref, c.old)
}

// full reports whether the secrets at a path would make more intervals than there may be, and counts them.
func (h *history) full(key uint32, known bool, ids []scan.SecretID) bool {
	if h.most == 0 || len(ids) == 0 {
		return false
	}
	var was *pathState
	if known {
		was = h.at.first.get(key)
	}
	fresh := 0
	for _, id := range ids {
		if s := was.secret(id); s == nil || len(s.live) == 0 {
			fresh++
		}
	}
	if fresh > 0 && len(h.intervals)+h.coming+fresh > h.most {
		h.left += fresh
		return true
	}
	h.coming += fresh
	return false
}

// dependents looks again at files that did not change themselves, but what they depend on did, and at those that another
// file has just said something of.
func (h *history) dependents(tree pack.ID) {
	for len(h.depends.again) > 0 {
		paths := slices.Sorted(maps.Keys(h.depends.again))
		clear(h.depends.again)
		for _, p := range paths {
			id := h.diff.lookup(tree, []byte(p))
			if id.IsZero() {
				continue
			}
			delete(h.interest, p)
			c := change{path: []byte(p), old: id, new: id}
			if key, known := h.paths[p]; known {
				if i := slices.Index(h.keys, key); i >= 0 {
					c.old = h.blobs[i].old // it changed as well
					h.unmark(i)
				}
			}
			h.compare(c)
		}
	}
}

// unmark takes back the i-th mark.
func (h *history) unmark(i int) {
	delete(h.changed, h.keys[i])
	h.keys, h.blobs = slices.Delete(h.keys, i, i+1), slices.Delete(h.blobs, i, i+1)
}

func (h *history) mark(key uint32, ids []scan.SecretID, ref scan.BlobRef, old pack.ID) {
	if _, again := h.changed[key]; again {
		return
	}
	h.changed[key] = ids
	h.keys = append(h.keys, key)
	h.blobs = append(h.blobs, changedBlob{ref, old})
}

// combine makes the state of one path from what the commit holds there and what its parents have.
func (h *history) combine(n int32, key uint32, b changedBlob) *pathState {
	now := h.changed[key]
	from := h.repo.graph.parents(n)
	parents := make([]*pathState, 0, len(from))
	for i, p := range from {
		var s *pathState
		if h.repo.graph.nodes[p].wanted {
			s = h.states[p].get(key)
		}
		if s == nil && h.bounded {
			s = h.outside(i, p, key, b)
		}
		parents = append(parents, s)
	}
	ids := slices.Clone(now)
	for _, p := range parents {
		if p != nil {
			for _, s := range p.secrets {
				ids = append(ids, s.id)
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := &pathState{secrets: make([]secretState, 0, len(ids))}
	for _, id := range ids {
		_, has := slices.BinarySearch(now, id)
		out.secrets = append(out.secrets, h.settle(n, key, id, has, b.blob, parents))
	}
	return out
}

// outside is what a parent has at a path of which no commit of the scan knows: whatever it is, it began before.
func (h *history) outside(i int, p int32, key uint32, b changedBlob) *pathState {
	var ids []scan.SecretID
	if i == 0 && !b.old.IsZero() {
		_, ids = h.holdsBlob(h.repo.graph.tree(p), b.old, key)
	} else {
		_, ids = h.holds(h.repo.graph.tree(p), key)
	}
	s := &pathState{}
	for _, sec := range ids {
		s.secrets = append(s.secrets, secretState{id: sec, live: []int32{before}})
	}
	return s
}

// holds is the blob at a path of a tree and the secrets in it.
func (h *history) holds(tree pack.ID, key uint32) (scan.BlobRef, []scan.SecretID) {
	return h.holdsBlob(tree, h.diff.lookup(tree, []byte(h.names[key])), key)
}

func (h *history) holdsBlob(tree, id pack.ID, key uint32) (scan.BlobRef, []scan.SecretID) {
	ord, ok := h.repo.store.Find(id)
	if id.IsZero() || !ok {
		return 0, nil
	}
	return scan.BlobRef(ord), h.lookup.At(scan.BlobRef(ord), h.names[key], h.views.of(tree))
}

// settle decides about one secret at one path of a commit: begins, goes on, ends, or stays gone.
func (h *history) settle(n int32, key uint32, id scan.SecretID, has bool, blob scan.BlobRef, parents []*pathState) secretState {
	out := secretState{id: id}
	var live []int32
	for _, p := range parents {
		s := p.secret(id)
		if s == nil {
			continue
		}
		live = append(live, s.live...)
		out.lost = mergeLost(out.lost, s.lost)
	}
	slices.Sort(live)
	live = slices.Compact(live)
	if has {
		if len(live) == 0 {
			live = []int32{int32(len(h.intervals))}
			h.intervals = append(h.intervals, interval{secret: id, path: key, blob: blob, intro: n})
		}
		out.live = live
		out.lost = without(out.lost, live)
		return out
	}
	for _, i := range live {
		if !out.lost.has(i) {
			if i != before && (h.repo.graph.nodes[n].reached || !h.repo.graph.nodes[h.intervals[i].intro].reached) {
				h.intervals[i].removed = append(h.intervals[i].removed, n)
			}
			out.lost = &lostList{i, out.lost}
		}
	}
	return out
}

func (s *pathState) secret(id scan.SecretID) *secretState {
	if s == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(s.secrets, id, func(a secretState, id scan.SecretID) int { return int(a.id) - int(id) })
	if !ok {
		return nil
	}
	return &s.secrets[i]
}

func mergeLost(a, b *lostList) *lostList {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	}
	for l := b; l != nil; l = l.next {
		if l == a {
			return b // a is a tail of b
		}
	}
	for l := b; l != nil; l = l.next {
		if !a.has(l.interval) {
			a = &lostList{l.interval, a}
		}
	}
	return a
}

func without(l *lostList, live []int32) *lostList {
	for _, i := range live {
		if l.has(i) {
			var kept *lostList
			for ; l != nil; l = l.next {
				if _, gone := slices.BinarySearch(live, l.interval); !gone {
					kept = &lostList{l.interval, kept}
				}
			}
			return kept
		}
	}
	return l
}
