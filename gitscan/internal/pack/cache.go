package pack

import (
	"container/list"
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

type cachePart struct {
	mu    sync.Mutex
	limit int
	size  int
	byKey map[cacheKey]*list.Element
	order *list.List // front: used last
	_     [64]byte   // so that two are in no cache line together
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
	p.limit, p.byKey, p.order = limit, map[cacheKey]*list.Element{}, list.New()
}

// part is where an object belongs. Neighbours in a pack do not belong together.
func (c *baseCache) part(k cacheKey) *cachePart {
	return &c.parts[k.off*0x9e3779b97f4a7c15>>32%cacheParts]
}

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
	e, ok := p.byKey[k]
	if !ok {
		return cached{}, false
	}
	p.order.MoveToFront(e)
	return e.Value.(cached), true
}

// put reports whether the object is not too large for the part.
func (p *cachePart) put(v cached) bool {
	cost := len(v.data) + cacheOverhead
	if cost > p.limit/2 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.byKey[v.key]; ok {
		return true
	}
	p.byKey[v.key] = p.order.PushFront(v)
	p.size += cost
	for p.size > p.limit {
		last := p.order.Back()
		old := p.order.Remove(last).(cached)
		delete(p.byKey, old.key)
		p.size -= len(old.data) + cacheOverhead
	}
	return true
}
