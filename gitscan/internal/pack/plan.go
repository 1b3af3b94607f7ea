package pack

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// plan is the work of a walk. Its workers take the jobs one after the other, of which the trees are the heaviest first, so that
// no worker is left with one when the others are done. Then each goes through a share of the light trees of its own: they
// lie in the order of their offsets, in which what is alike stands together, and workers remember what they have read. Who
// has done its share takes half of what another has left. What a tree is walked with does not depend on who walks it.
type plan struct {
	jobs   []walkJob
	next   atomic.Int64
	light  lightTrees
	shares []share // by worker
}

// share is the light trees that a worker has before it, by their numbers. Others may take from its end.
type share struct {
	mu       sync.Mutex
	from, to int
}

// maxTake is how many light trees a worker takes at a time, while there are many.
const maxTake = 64

// take gives a worker its next job; not ok means that there is none left.
func (p *plan) take(worker int) (j walkJob, ok bool) {
	if n := p.next.Add(1) - 1; n < int64(len(p.jobs)) {
		return p.jobs[n], true
	}
	for own := &p.shares[worker]; ; {
		own.mu.Lock()
		if left := own.to - own.from; left > 0 {
			j = p.light.job(own.from, own.from+max(1, min(left/maxTake, maxTake)))
			own.from += len(j.roots)
			own.mu.Unlock()
			return j, true
		}
		own.mu.Unlock()
		if !p.steal(own) {
			return walkJob{}, false
		}
	}
}

// steal fills an empty share with half of the largest one, which may have become empty meanwhile. It reports false when all are.
func (p *plan) steal(own *share) bool {
	var victim *share
	most := 0
	for i := range p.shares {
		s := &p.shares[i]
		s.mu.Lock()
		if left := s.to - s.from; left > most {
			victim, most = s, left
		}
		s.mu.Unlock()
	}
	if victim == nil {
		return false
	}
	victim.mu.Lock()
	to := victim.to
	from := victim.from + (to-victim.from)/2
	victim.to = from
	victim.mu.Unlock()
	own.mu.Lock()
	own.from, own.to = from, to
	own.mu.Unlock()
	return true
}

// lightTrees are trees of forests, numbered: of one pack after the other.
type lightTrees struct {
	roots  []int32
	weight weights // beside roots
	packs  []packTrees
}

// packTrees are the trees of a pack: from a number on.
type packTrees struct{ part, first int }

// add appends a tree. Those of a pack follow each other.
func (l *lightTrees) add(part int, root int32, weight uint32) {
	if n := len(l.packs); n == 0 || l.packs[n-1].part != part {
		l.packs = append(l.packs, packTrees{part, len(l.roots)})
	}
	l.roots, l.weight = append(l.roots, root), append(l.weight, weight)
}

// job is to walk trees from a number on, as far as they are of one pack.
func (l *lightTrees) job(from, to int) walkJob {
	i, found := slices.BinarySearchFunc(l.packs, from, func(p packTrees, n int) int { return cmp.Compare(p.first, n) })
	if !found {
		i-- // the first one begins at 0
	}
	if i+1 < len(l.packs) {
		to = min(to, l.packs[i+1].first)
	}
	return walkJob{part: l.packs[i].part, roots: l.roots[from:to]}
}

// share divides the trees among workers, about by their weight.
func (l *lightTrees) share(workers int) []share {
	total, sum := int64(0), int64(0)
	for i := range int32(len(l.roots)) {
		total += l.weight.of(i)
	}
	shares := make([]share, workers)
	i := 0
	for n := range shares {
		shares[n].from = i
		for end := total * int64(n+1) / int64(workers); i < len(l.roots) && (sum < end || n == workers-1); i++ {
			sum += l.weight.of(int32(i))
		}
		shares[n].to = i
	}
	return shares
}
