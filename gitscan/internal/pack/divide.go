package pack

import (
	"cmp"
	"math"
	"slices"
)

// walkJob is what a worker does without asking for more: some roots of one pack's forest, its damaged entries, its
// checksum, or some objects of a loose directory.
type walkJob struct {
	part     int
	roots    []int32
	bad, sum bool
	from, to int
}

const (
	looseChunk = 64 // keeps the workers from meeting at the counter of jobs too often
	// pieces is into how many parts, for each worker, the work is divided at least where trees are large.
	pieces = 4
	// entryCost is what an entry costs beside its deflated bytes, in such bytes: 350 where code of C has long versions, 1,200 to
	// 3,000 in histories of Ansible and compose files.
	entryCost = 1500
	// minPiece is the weight below which a tree is not divided: the root of each piece is made from its bases again, and
	// nothing is known of it from a base.
	minPiece = 1 << 18
)

// cutSet is the entries of a forest whose trees are walked apart from those of their bases, each with the way to it from
// its base up to the root.
type cutSet map[int32][]int32

// child is the first child of an entry that is walked with it, -1 for none.
func (cut cutSet) child(f *forest, i int32) int32 { return cut.skip(f, f.child[i]) }

// sibling is the next such child of the same base.
func (cut cutSet) sibling(f *forest, c int32) int32 { return cut.skip(f, f.sibling[c]) }

func (cut cutSet) skip(f *forest, c int32) int32 {
	for len(cut) > 0 && c >= 0 && cut[c] != nil {
		c = f.sibling[c]
	}
	return c
}

// divide makes the plan of a walk.
func (s *Store) divide(o WalkOptions, forests []*forest) (p *plan, cuts []cutSet) {
	p = &plan{}
	if o.Sums {
		p.jobs = s.sumJobs()
	}
	var heavy []weighed
	for part, f := range forests {
		cut := cutSet(nil)
		if f == nil {
			cuts = append(cuts, cut)
			continue
		}
		heavy, cut = s.divideForest(o, part, f, heavy, &p.light)
		cuts = append(cuts, cut)
		if o.Kinds.Has(Blob) && len(f.bad) > 0 {
			p.jobs = append(p.jobs, walkJob{part: part, bad: true})
		}
	}
	slices.SortStableFunc(heavy, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	for i := range heavy {
		p.jobs = append(p.jobs, heavy[i].walkJob)
	}
	if o.In == "" {
		p.jobs = append(p.jobs, s.looseJobs()...)
	}
	p.shares = p.light.share(max(o.Workers, 1))
	p.light.weight = nil // of no use any more, and as long as all objects
	return p, cuts
}

func (s *Store) looseJobs() (jobs []walkJob) {
	for i, l := range s.loose {
		for from := 0; from < len(l.ids); from += looseChunk {
			jobs = append(jobs, walkJob{part: len(s.packs) + i, from: from, to: min(from+looseChunk, len(l.ids))})
		}
	}
	return jobs
}

type weighed struct {
	walkJob
	weight int64
}

// divideForest adds the trees of a forest: heavy ones, and others in the order of their offsets.
func (s *Store) divideForest(o WalkOptions, part int, f *forest, heavy []weighed, light *lightTrees) (_ []weighed, cut cutSet) {
	total := int64(0)
	for i := range int32(len(f.child)) {
		total += f.work(o.Kinds, i)
	}
	limit := max(total/int64(max(o.Workers, 1)*pieces), cmp.Or(s.minPiece, minPiece))
	most := limit
	if o.Workers <= 1 {
		most = math.MaxInt64
	}
	weight, cut := f.cut(o.Kinds, most)
	isChild := f.children()
	for i := range int32(len(f.child)) {
		if !o.Kinds.Has(f.kind[i]) || isChild.has(i) && cut[i] == nil {
			continue
		}
		if w := weight.of(i); o.Workers > 1 && w > limit/pieces {
			heavy = append(heavy, weighed{walkJob{part: part, roots: []int32{i}}, w})
		} else {
			light.add(part, i, weight[i])
		}
	}
	return heavy, cut
}

// weights are about how much work trees are, in units of bytes: there are as many as objects.
type weights []uint32

const weightUnit = 8

func (w weights) of(i int32) int64         { return int64(w[i]) * weightUnit }
func (w weights) set(i int32, bytes int64) { w[i] = uint32(min(bytes/weightUnit, math.MaxUint32)) }

// entrySet is a set of entries.
type entrySet []uint64

func (f *forest) newSet() entrySet  { return make(entrySet, len(f.child)/64+1) }
func (s entrySet) has(i int32) bool { return s[i/64]>>(i%64)&1 != 0 }
func (s entrySet) add(i int32)      { s[i/64] |= 1 << (i % 64) }

// children are the entries that have a base.
func (f *forest) children() entrySet {
	s := f.newSet()
	for _, list := range [][]int32{f.child, f.sibling} {
		for _, c := range list {
			if c >= 0 {
				s.add(c)
			}
		}
	}
	return s
}

// work is about how much an entry is, in bytes: nothing for one of another kind.
func (f *forest) work(kinds Kinds, i int32) int64 {
	if !kinds.Has(f.kind[i]) {
		return 0
	}
	start, end := f.offset(i), uint64(len(f.pack.data))
	if int(i)+1 < len(f.child) {
		end = min(end, f.offset(i+1))
	}
	if start >= end {
		return entryCost
	}
	return int64(end-start) + entryCost
}

// cut divides trees that are heavier than the limit, from their leaves on, and tells the weight of each piece at its
// root. A piece can be heavier where a base has many small deltas: those are not worth making the base again. Nor is a
// delta cut off whose base stands behind it, which git does not write.
func (f *forest) cut(kinds Kinds, limit int64) (w weights, cut cutSet) {
	w = make(weights, len(f.child))
	var off entrySet
	for i := int32(len(w)) - 1; i >= 0; i-- {
		sum := f.work(kinds, i)
		for c := f.child[i]; c >= 0; c = f.sibling[c] {
			if more := w.of(c); c > i && (more > limit || more > limit/8 && sum+more > limit) {
				if off == nil {
					off = f.newSet()
				}
				off.add(c)
			} else {
				sum += more
			}
		}
		w.set(i, sum)
	}
	return w, f.ways(off)
}

// maxWay is how long a way may be: git makes chains of at most 4,095 deltas. What is cut off further down stays with its
// base, since its way would be made anew for each piece.
const maxWay = 4095

// ways finds the ways to the entries of a set.
func (f *forest) ways(to entrySet) cutSet {
	if to == nil {
		return nil
	}
	base := make([]int32, len(f.child))
	for i := range base {
		base[i] = -1
	}
	for i := range f.child {
		for c := f.child[i]; c >= 0; c = f.sibling[c] {
			base[c] = int32(i)
		}
	}
	cut := cutSet{}
	for i := range int32(len(base)) {
		if !to.has(i) {
			continue
		}
		var way []int32
		for b := base[i]; b >= 0 && len(way) <= maxWay; b = base[b] {
			way = append(way, b)
		}
		if len(way) <= maxWay {
			cut[i] = way
		}
	}
	return cut
}

// readRoot reads the root of a tree, or of one that was cut off, by the whole way to it.
func (w *walker) readRoot(f *forest, i int32, way []int32) (data []byte, err error) {
	for n := len(way) - 1; n >= 0; n-- {
		base := data
		if data, err = w.read(f, way[n], base, n == len(way)-1); err != nil {
			return nil, errBase
		}
		w.release(base)
	}
	base := data
	data, err = w.read(f, i, base, len(way) == 0)
	w.release(base)
	return data, err
}
