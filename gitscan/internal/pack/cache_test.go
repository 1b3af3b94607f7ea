package pack

import (
	"math/rand/v2"
	"testing"
)

// TestBaseCache: what is kept is what was put, whatever its size; of what is used all the time nothing is forgotten, and
// no more is kept than the cache may hold.
func TestBaseCache(t *testing.T) {
	const limit = 1 << 20
	random := rand.New(rand.NewPCG(1, 2))
	var c baseCache
	c.init(limit)
	sizes := map[cacheKey]int{}
	put := func(k cacheKey, size int) {
		sizes[k] = size
		c.put(cached{k, Blob, make([]byte, size)})
	}
	often := []cacheKey{{off: 7}, {off: 8}}
	put(often[0], 100)
	put(often[1], limit/4)
	kept := 0
	for i := range 20_000 {
		size := random.IntN(2000)
		if random.IntN(50) == 0 {
			size = random.IntN(limit / 8)
		}
		put(cacheKey{off: uint64(100 + i)}, size)
		for _, k := range often {
			if _, ok := c.get(k); !ok {
				t.Fatalf("after %d: offset %d is forgotten", i, k.off)
			}
		}
		k := cacheKey{off: uint64(100 + i - random.IntN(min(i+1, 50)))}
		if v, ok := c.get(k); ok {
			kept++
			if v.key != k || len(v.data) != sizes[k] {
				t.Fatalf("%v: %d bytes of %v, not %d", k, len(v.data), v.key, sizes[k])
			}
		}
	}
	if kept < 10_000 {
		t.Errorf("only %d of 20,000 were kept for a while", kept)
	}
	if put(cacheKey{off: 1}, limit); c.has(cacheKey{off: 1}) {
		t.Error("an object as large as the cache is kept")
	}
	bytes := c.large.size
	for i := range c.parts {
		bytes += c.parts[i].size
	}
	if bytes > 2*limit {
		t.Errorf("%d bytes are kept", bytes)
	}
}

func (c *baseCache) has(k cacheKey) bool {
	_, ok := c.get(k)
	return ok
}
