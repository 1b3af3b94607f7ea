package gitscan

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
)

// reaching tells of each pushed commit which refs reach it. It is made in one pass, children before their parents: what reaches a
// commit is what reaches its children, and the refs that name it. Commits that the same refs reach, as nearly all do, share a set.
type reaching struct {
	repo  *Repo
	sets  []refSet // by node
	names map[*uint64][]string
	kept  int // names in names
	room  int // words of sets that may still be made; below 0: it is not known what reaches what
}

// refSet is a set of indexes of Repo.tipNodes, in words of 64; nil is the empty one. It is never changed once made.
type refSet []uint64

// maxRefSets is how many words all sets may have: of ten thousand refs, each at a commit of its own, they have 3 million.
const maxRefSets = 8 << 20

// maxKeptNames is how many names of refs are remembered.
const maxKeptNames = 1 << 20

// RefsOf are the pushed refs that reach a pushed commit, by its id in hexadecimal; none when it is not one of the push, or when
// nothing leads to it, or when that is too much to find out. It may be called after the search. The caller must not change them.
func (p *Push) RefsOf(commit string) []string {
	n, ok := p.node(commit)
	if !ok {
		return nil
	}
	if p.refs == nil {
		p.refs = newReaching(p.repo)
	}
	return p.refs.of(n)
}

func newReaching(r *Repo) *reaching {
	w := &reaching{repo: r, sets: make([]refSet, len(r.graph.nodes)), names: map[*uint64][]string{}, room: maxRefSets}
	order, err := r.parentsFirst(context.Background())
	if err != nil {
		w.room = -1
	}
	own := map[int32][]int{}
	for i, n := range r.tipNodes {
		own[n] = append(own[n], i)
	}
	shared := map[string]refSet{}
	for _, n := range slices.Backward(order) {
		if len(own[n]) > 0 {
			more := make(refSet, (len(r.tipNodes)+63)/64)
			for _, i := range own[n] {
				more[i/64] |= 1 << (i % 64)
			}
			w.sets[n] = w.union(w.sets[n], w.share(more, shared), shared)
		}
		for _, p := range r.graph.parents(n) {
			if r.graph.nodes[p].wanted {
				w.sets[p] = w.union(w.sets[p], w.sets[n], shared)
			}
		}
		if w.room < 0 {
			w.sets = nil
			return w
		}
	}
	return w
}

// union is the set of what is in either of two.
func (w *reaching) union(a, b refSet, shared map[string]refSet) refSet {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0 || &a[0] == &b[0]:
		return b
	}
	both := make(refSet, len(a))
	for i := range a {
		both[i] = a[i] | b[i]
	}
	return w.share(both, shared)
}

// share gives the one set that has the same members.
func (w *reaching) share(set refSet, shared map[string]refSet) refSet {
	key := make([]byte, 0, 8*len(set))
	for _, word := range set {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	if known, ok := shared[string(key)]; ok {
		return known
	}
	w.room -= 2 * len(set) // the key has as much
	shared[string(key)] = set
	return set
}

func (w *reaching) of(n int32) []string {
	if len(w.sets) == 0 || len(w.sets[n]) == 0 {
		return nil
	}
	first := &w.sets[n][0]
	if names, known := w.names[first]; known {
		return names
	}
	var names []string
	for i, word := range w.sets[n] {
		for ; word != 0; word &= word - 1 {
			names = append(names, w.repo.tipRefs[i*64+bits.TrailingZeros64(word)]...)
		}
	}
	slices.Sort(names)
	if w.kept += len(names); w.kept > maxKeptNames {
		clear(w.names)
		w.kept = len(names)
	}
	w.names[first] = names
	return names
}
