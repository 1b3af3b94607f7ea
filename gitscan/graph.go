package gitscan

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"rummage/gitscan/internal/pack"
)

// commitNode is what the walk over history needs of a commit; the rest is read again for the few that are reported.
// There are as many as commits, so it is small: objects are named by their ordinals.
type commitNode struct {
	time    int64  // committer's, seconds since 1970
	ord     uint32 // in the store
	tree    uint32 // see graph.refs
	edges   uint32 // where its parents end in graph.edges
	reached bool   // by a ref
	wanted  bool   // within what the user narrowed the scan to
	known   bool   // an earlier scan had it
	cut     bool   // a parent is not here: shallow boundary or missing
}

// graph is every commit of the repository. After link, nodes ascend by ordinal.
type graph struct {
	mu    sync.Mutex
	store *pack.Store
	nodes []commitNode
	// edges are the parents of all nodes one after the other; missing ones are left out.
	edges []int32
	// refs are, until link, how many parents each node has and which, one after the other, as they come. They and trees
	// are ordinals; what is not in the store has a number from store.Len() on, by which it is in lacking.
	refs    []uint32
	lacking []pack.ID
	ranks   ranks
	tags    []tagObject
}

// tagObject is an annotated tag found in the store.
type tagObject struct {
	ord     uint32
	id      pack.ID
	target  pack.ID
	kind    string
	reached []string // refs that lead to it
}

func newGraph(s *pack.Store) *graph { return &graph{store: s} }

// tree is the tree of a commit.
func (g *graph) tree(n int32) pack.ID { return g.id(g.nodes[n].tree) }

func (g *graph) id(ref uint32) pack.ID {
	if n := uint32(g.store.Len()); ref >= n {
		return g.lacking[ref-n]
	}
	return g.store.ID(ref)
}

// parents are the nodes of a commit's parents.
func (g *graph) parents(n int32) []int32 {
	from := uint32(0)
	if n > 0 {
		from = g.nodes[n-1].edges
	}
	return g.edges[from:g.nodes[n].edges]
}

// node is the commit with an ordinal.
func (g *graph) node(ord uint32) (int32, bool) { return g.ranks.of(ord) }

// addCommit adds a commit. It may be called from several goroutines.
func (g *graph) addCommit(ord uint32, h header) {
	// What is there is looked up before the lock is taken; one id of a commit, or two, is nearly always all there is.
	var found [8]uint32
	refs := found[:0]
	for _, id := range append(h.parents, h.tree) {
		at, ok := g.store.Find(id)
		if !ok {
			at = uint32(g.store.Len())
		}
		refs = append(refs, at)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, at := range refs {
		if at == uint32(g.store.Len()) {
			refs[i] += uint32(len(g.lacking))
			if i < len(h.parents) {
				g.lacking = append(g.lacking, h.parents[i])
			} else {
				g.lacking = append(g.lacking, h.tree)
			}
		}
	}
	last := len(refs) - 1
	g.nodes = append(g.nodes, commitNode{ord: ord, tree: refs[last], time: h.time, edges: uint32(len(g.refs))})
	g.refs = append(append(g.refs, uint32(last)), refs[:last]...)
}

func (g *graph) addTag(t tagObject) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tags = append(g.tags, t)
}

// link turns references to parents into nodes. Missing ones are handed to the caller with the commit that names them.
// Workers find commits in any order; nothing after this depends on it.
func (g *graph) link(missing func(child int32, parent pack.ID)) {
	slices.SortFunc(g.tags, func(a, b tagObject) int { return a.id.Compare(b.id) })
	slices.SortFunc(g.nodes, func(a, b commitNode) int { return cmp.Compare(a.ord, b.ord) })
	g.nodes = slices.Clip(g.nodes)
	g.ranks = newRanks(g.store.Len(), len(g.nodes), func(n int) uint32 { return g.nodes[n].ord })
	g.edges = make([]int32, 0, len(g.refs)-len(g.nodes))
	for n := range g.nodes {
		node := &g.nodes[n]
		refs := g.refs[node.edges+1:][:g.refs[node.edges]]
		for _, ref := range refs {
			p, ok := int32(0), false
			if ref < uint32(g.store.Len()) {
				p, ok = g.node(ref)
			}
			if !ok {
				node.cut = true
				missing(int32(n), g.id(ref))
				continue
			}
			g.edges = append(g.edges, p)
		}
		node.edges = uint32(len(g.edges))
	}
	g.refs = nil
}

// bounded reports whether a wanted commit has a parent that is not wanted.
func (g *graph) bounded() bool {
	for n := range g.nodes {
		if !g.nodes[n].wanted {
			continue
		}
		for _, p := range g.parents(int32(n)) {
			if !g.nodes[p].wanted {
				return true
			}
		}
	}
	return false
}

// reach marks what can be reached from a commit, calling mark for each node newly reached. mark reports whether to go
// on to its parents.
func (g *graph) reach(from int32, mark func(*commitNode) bool) {
	stack := []int32{from}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if mark(&g.nodes[n]) {
			stack = append(stack, g.parents(n)...)
		}
	}
}

// ranks finds the places of ordinals in an ascending list: a bit for each ordinal there could be, and how many of the
// list are before each word of bits.
type ranks struct {
	members bitmap
	before  []int32
}

// newRanks makes ranks of n ordinals below a limit.
func newRanks(limit, n int, ord func(int) uint32) ranks {
	r := ranks{members: *newBitmap(limit)}
	for i := range n {
		r.members.set(ord(i))
	}
	r.before = make([]int32, len(r.members.words))
	count := 0
	for i, w := range r.members.words {
		r.before[i] = int32(count)
		count += bits.OnesCount64(w)
	}
	return r
}

// of is the place of an ordinal, which must be below the limit.
func (r *ranks) of(ord uint32) (int32, bool) {
	if !r.members.has(ord) {
		return 0, false
	}
	w := ord / 64
	return r.before[w] + int32(bits.OnesCount64(r.members.words[w]&(1<<(ord%64)-1))), true
}
