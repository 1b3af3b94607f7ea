package pack

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// defaultBaseCache is how many bytes of inflated objects Get keeps for the next call, and as many again of large ones. Trees of neighbouring commits
// are deltas of each other: a walk over history finds nearly every base here. Four times as much made none of the
// histories faster that were tried, and the collector slower.
const defaultBaseCache = 24 << 20

// baseCache is a cache of inflated objects, by pack and offset, that forgets those used least recently. It is in parts,
// each with a lock of its own: workers ask it several times for each tree. Objects that would fill a part have one in
// common.
type baseCache struct {
	parts    [cacheParts]cachePart
	large    cachePart
	anyLarge atomic.Bool
}

const cacheParts = 32

// cachePart is a table of the objects by the hashes of their keys, and a list of them by use. Both are of numbers of nodes, so
// that nothing is made for an object but the room in nodes.
type cachePart struct {
	mu    sync.Mutex
	limit int
	size  int
	// heads are the first nodes of chains, of keys whose hashes have the same upper bits; 0 ends one. There are as many as
	// nodes, or more.
	heads []int32
	// nodes begins with one that stands for the ends of the list: newer than it is what was used longest ago, older what
	// was used last. Those that are free are a chain from free on.
	nodes []cacheNode
	free  int32
	_     [64]byte // so that two are in no cache line together
}

type cacheNode struct {
	cached
	chain        int32
	newer, older int32
}

type cacheKey struct {
	pack *packFile
	off  uint64
}

type cached struct {
	key  cacheKey
	kind Kind
	data []byte
}

// cacheOverhead is about what one cached object costs beside its bytes.
const cacheOverhead = 200

func (c *baseCache) init(limit int) {
	for i := range c.parts {
		c.parts[i].init(limit / cacheParts)
	}
	c.large.init(limit)
}

func (p *cachePart) init(limit int) {
	*p = cachePart{limit: limit}
}

// hash is of the offset: there are few packs.
func (k cacheKey) hash() uint64 { return k.off * 0x9e3779b97f4a7c15 }

// part is where an object belongs. Neighbours in a pack do not belong together.
func (c *baseCache) part(k cacheKey) *cachePart { return &c.parts[k.hash()>>32%cacheParts] }

func (c *baseCache) get(k cacheKey) (cached, bool) {
	v, ok := c.part(k).get(k)
	if !ok && c.anyLarge.Load() {
		return c.large.get(k)
	}
	return v, ok
}

func (c *baseCache) put(v cached) {
	if c.part(v.key).put(v) {
		return
	}
	if c.large.put(v) {
		c.anyLarge.Store(true)
	}
}

func (p *cachePart) get(k cacheKey) (cached, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(k)
	if i == 0 {
		return cached{}, false
	}
	p.unlink(i)
	p.linkLast(i)
	return p.nodes[i].cached, true
}

// find is the number of a key's node, 0 when there is none.
func (p *cachePart) find(k cacheKey) int32 {
	if len(p.heads) == 0 {
		return 0
	}
	i := p.heads[p.head(k)]
	for i != 0 && p.nodes[i].key != k {
		i = p.nodes[i].chain
	}
	return i
}

// head is where a key's chain begins. There is a power of two of heads.
func (p *cachePart) head(k cacheKey) int { return int(k.hash() >> (65 - bits.Len(uint(len(p.heads))))) }

// unlink takes a node out of the list.
func (p *cachePart) unlink(i int32) {
	n := &p.nodes[i]
	p.nodes[n.newer].older, p.nodes[n.older].newer = n.older, n.newer
}

// linkLast puts a node in the list as what was used last.
func (p *cachePart) linkLast(i int32) {
	last := p.nodes[0].older
	p.nodes[i].newer, p.nodes[i].older = 0, last
	p.nodes[0].older, p.nodes[last].newer = i, i
}

// add makes a node of an object that has none.
func (p *cachePart) add(v cached) {
	i := p.free
	if i != 0 {
		p.free = p.nodes[i].chain
	} else {
		if i = int32(len(p.nodes)); int(i) >= len(p.heads) {
			p.grow()
			i = int32(len(p.nodes))
		}
		p.nodes = append(p.nodes, cacheNode{})
	}
	h := p.head(v.key)
	p.nodes[i] = cacheNode{cached: v, chain: p.heads[h]}
	p.heads[h] = i
	p.linkLast(i)
}

// fewNodes is what a part has room for to begin with.
const fewNodes = 16

// grow has twice as many heads, and puts the nodes, all of which are in use, in their new chains.
func (p *cachePart) grow() {
	if len(p.nodes) == 0 {
		p.nodes = make([]cacheNode, 1, fewNodes)
	}
	p.heads = make([]int32, max(fewNodes, 2*len(p.heads)))
	for i := 1; i < len(p.nodes); i++ {
		h := p.head(p.nodes[i].key)
		p.nodes[i].chain, p.heads[h] = p.heads[h], int32(i)
	}
}

// remove frees a node.
func (p *cachePart) remove(i int32) {
	p.unlink(i)
	at := &p.heads[p.head(p.nodes[i].key)]
	for *at != i {
		at = &p.nodes[*at].chain
	}
	*at = p.nodes[i].chain
	p.nodes[i] = cacheNode{chain: p.free}
	p.free = i
}

// put reports whether the object is not too large for the part.
func (p *cachePart) put(v cached) bool {
	cost := len(v.data) + cacheOverhead
	if cost > p.limit/2 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.find(v.key) != 0 {
		return true
	}
	p.add(v)
	p.size += cost
	for p.size > p.limit {
		last := p.nodes[0].newer
		p.size -= len(p.nodes[last].data) + cacheOverhead
		p.remove(last)
	}
	return true
}
