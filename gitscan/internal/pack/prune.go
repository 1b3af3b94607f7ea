package pack

import (
	"encoding/binary"
	"slices"
)

// pruned are the forests without what a walk need not read: objects that are not wanted and of which nothing wanted is a delta.
func (s *Store) pruned(forests []*forest, kinds Kinds, only func(ord uint32) bool) []*forest {
	if only == nil {
		return forests
	}
	out := make([]*forest, len(forests))
	for part, f := range forests {
		if f != nil {
			out[part] = f.prune(func(i int32) bool {
				pos := int(f.pos[i])
				return kinds.Has(f.kind[i]) && only(s.starts[part]+uint32(pos)) && s.isFirst(part, f.pack.idx.id(pos))
			})
		}
	}
	return out
}

// prune is the forest without the trees in which nothing is wanted.
func (f *forest) prune(wanted func(i int32) bool) *forest {
	order := f.downwards()
	weight := make([]uint32, len(f.child))
	for _, i := range slices.Backward(order) {
		if wanted(i) {
			weight[i]++
		}
		for c := f.child[i]; c >= 0; c = f.sibling[c] {
			weight[i] += weight[c]
		}
	}
	g := &forest{pack: f.pack, pos: f.pos, kind: slices.Clone(f.kind), child: make([]int32, len(f.child)), sibling: make([]int32, len(f.child)), bad: f.bad}
	for i := range g.child {
		g.child[i], g.sibling[i] = -1, -1
		if weight[i] == 0 {
			g.kind[i] = 0
		}
	}
	for _, i := range order {
		last := int32(-1)
		for c := f.child[i]; c >= 0; c = f.sibling[c] {
			switch {
			case weight[c] == 0:
				continue
			case last < 0:
				g.child[i] = c
			default:
				g.sibling[last] = c
			}
			last = c
		}
		g.heaviestLast(i, weight)
	}
	return g
}

// downwards are the entries that a root leads to, each after the one that it is a delta of.
func (f *forest) downwards() []int32 {
	order := make([]int32, 0, len(f.child))
	isChild := f.children()
	for i := range int32(len(f.child)) {
		if f.kind[i] != 0 && !isChild.has(i) {
			order = append(order, i)
		}
	}
	for n := 0; n < len(order); n++ {
		for c := f.child[order[n]]; c >= 0; c = f.sibling[c] {
			order = append(order, c)
		}
	}
	return order
}

// Shards visits the blobs of the store, each once, with the one of so many shards that it belongs to: those of a tree of deltas are
// together. A shard is told by the id of the tree's root, so that two stores agree as far as they have packed alike.
func (s *Store) Shards(of int, visit func(ord uint32, shard int)) {
	s.Prepare()
	shard := func(id ID) uint32 { return uint32(binary.BigEndian.Uint64(id[:8]) % uint64(of)) }
	for part, f := range s.forests {
		shards := make([]uint32, len(f.child))
		isChild := f.children()
		for _, i := range f.downwards() {
			pos := int(f.pos[i])
			id := f.pack.idx.id(pos)
			if !isChild.has(i) {
				shards[i] = shard(id)
			}
			for c := f.child[i]; c >= 0; c = f.sibling[c] {
				shards[c] = shards[i]
			}
			if f.kind[i] == Blob && s.isFirst(part, id) {
				visit(s.starts[part]+uint32(pos), int(shards[i]))
			}
		}
	}
	s.eachLoose(func(ord uint32, id ID, lf *looseFile) {
		if lf.kind == Blob {
			visit(ord, int(shard(id)))
		}
	})
}

// looseWork is how much less a loose object is deflated, of which only the size is at hand that it has when it is not.
const looseWork = 4

// Work is about how much it is to read and search the blobs that are wanted: the bytes that they take in packs, and something for
// each. It gives up, with what it knows, where there is not as much as least in all.
func (s *Store) Work(least int64, only func(ord uint32) bool) (work int64) {
	most := int64(0)
	for _, p := range s.packs {
		most += int64(len(p.data)) + int64(p.idx.n)*entryCost
	}
	for _, l := range s.loose {
		most += int64(len(l.ids)) << 20 // a guess: they are not read for that
	}
	if most < least {
		return 0
	}
	s.Prepare()
	for part, f := range s.forests {
		for i := range int32(len(f.child)) {
			if pos := int(f.pos[i]); f.kind[i] == Blob && only(s.starts[part]+uint32(pos)) && s.isFirst(part, f.pack.idx.id(pos)) {
				work += f.work(Of(Blob), i)
			}
		}
	}
	s.eachLoose(func(ord uint32, _ ID, lf *looseFile) {
		if lf.kind == Blob && only(ord) {
			work += int64(lf.size)/looseWork + entryCost
		}
	})
	return work
}

// eachLoose visits the loose objects whose places their ordinals name, with what their headers say.
func (s *Store) eachLoose(visit func(ord uint32, id ID, lf *looseFile)) {
	inf := s.infl.Get().(*inflater)
	defer s.infl.Put(inf)
	for i, l := range s.loose {
		for j, id := range l.ids {
			if s.isFirst(len(s.packs)+i, id) {
				lf, _ := l.open(id, inf) // a damaged header gives kind 0
				visit(s.starts[len(s.packs)+i]+uint32(j), id, &lf)
			}
		}
	}
}
