package pack

import (
	"math/rand/v2"
	"slices"
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

// TestCachePart holds a part to a list of what was used, last first.
func TestCachePart(t *testing.T) {
	const limit = 100_000
	random := rand.New(rand.NewPCG(3, 4))
	var p cachePart
	p.init(limit)
	packs := []*packFile{{}, {}}
	var want []cached
	forgotten := 0
	for range 50_000 {
		k := cacheKey{packs[random.IntN(2)], uint64(random.IntN(400))}
		at := slices.IndexFunc(want, func(c cached) bool { return c.key == k })
		switch v := (cached{k, Tree, make([]byte, 1+random.IntN(2000))}); {
		case random.IntN(3) > 0:
			got, ok := p.get(k)
			if ok != (at >= 0) || ok && (got.key != k || &got.data[0] != &want[at].data[0]) {
				t.Fatalf("get %v: %v, want %v", k, ok, at >= 0)
			}
			if ok {
				want = slices.Insert(slices.Delete(want, at, at+1), 0, got)
			}
		case !p.put(v):
			t.Fatal("it is too large")
		case at < 0: // else what is there stays, where it is
			want = slices.Insert(want, 0, v)
		}
		for size := sizeOf(want); size > limit; size = sizeOf(want) {
			want = want[:len(want)-1]
			forgotten++
		}
		if p.size != sizeOf(want) {
			t.Fatalf("%d bytes are kept, not %d", p.size, sizeOf(want))
		}
	}
	if forgotten < 1000 || len(p.heads) < len(p.nodes) || len(p.nodes) > 400 {
		t.Errorf("%d forgotten, %d nodes, %d heads", forgotten, len(p.nodes), len(p.heads))
	}
}

func sizeOf(list []cached) (size int) {
	for _, c := range list {
		size += len(c.data) + cacheOverhead
	}
	return size
}
