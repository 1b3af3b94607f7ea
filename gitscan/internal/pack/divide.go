package pack

import (
	"cmp"
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
	// rootChunk and looseChunk keep the workers from meeting at the counter of jobs too often.
	rootChunk  = 64
	looseChunk = 64
	// pieces is into how many parts, for each worker, the work is divided at least where trees are large.
	pieces = 4
	// entryCost is what an entry costs beside its deflated bytes, in such bytes.
	entryCost = 64
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

// divide makes the jobs of a walk, the heaviest first, so that no worker is left with one when the others are done.
func (s *Store) divide(o WalkOptions) (jobs []walkJob, cuts []cutSet) {
	if o.Verify && o.Kinds.Has(Blob) {
		jobs = s.sumJobs()
	}
	var heavy, light []weighed
	for part, f := range s.forests {
		cut := cutSet(nil)
		heavy, light, cut = s.divideForest(o, part, f, heavy, light)
		cuts = append(cuts, cut)
		if o.Kinds.Has(Blob) && len(f.bad) > 0 {
			jobs = append(jobs, walkJob{part: part, bad: true})
		}
	}
	slices.SortStableFunc(heavy, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	for _, list := range [][]weighed{heavy, light} {
		for i := range list {
			jobs = append(jobs, list[i].walkJob)
		}
	}
	for i, l := range s.loose {
		for from := 0; from < len(l.ids); from += looseChunk {
			jobs = append(jobs, walkJob{part: len(s.packs) + i, from: from, to: min(from+looseChunk, len(l.ids))})
		}
	}
	return jobs, cuts
}

type weighed struct {
	walkJob
	weight int64
}

// divideForest adds the jobs of a forest: heavy trees, and chunks of others in the order of their offsets.
func (s *Store) divideForest(o WalkOptions, part int, f *forest, heavy, light []weighed) (_, _ []weighed, cut cutSet) {
	base := f.bases()
	weight, total := f.weights(o.Kinds, base)
	limit := max(total/int64(max(o.Workers, 1)*pieces), cmp.Or(s.minPiece, minPiece))
	if o.Workers > 1 {
		cut = f.cut(weight, base, limit)
	}
	var chunk []int32
	flush := func() {
		if len(chunk) > 0 {
			light, chunk = append(light, weighed{walkJob{part: part, roots: chunk}, 0}), nil
		}
	}
	sum := int64(0)
	for i, b := range base {
		i := int32(i)
		if !o.Kinds.Has(f.kind[i]) || b >= 0 && cut[i] == nil {
			continue
		}
		if o.Workers > 1 && weight[i] > limit/pieces {
			heavy = append(heavy, weighed{walkJob{part: part, roots: []int32{i}}, weight[i]})
			continue
		}
		chunk, sum = append(chunk, i), sum+weight[i]
		if len(chunk) >= rootChunk || sum > limit/pieces {
			flush()
			sum = 0
		}
	}
	flush()
	return heavy, light, cut
}

// bases are the bases of the entries, -1 for none.
func (f *forest) bases() []int32 {
	base := make([]int32, len(f.child))
	for i := range base {
		base[i] = -1
	}
	for i, c := range f.child {
		for ; c >= 0; c = f.sibling[c] {
			base[c] = int32(i)
		}
	}
	return base
}

// weights is about how much work the tree of each entry is, and all together: entries of other kinds have none. Of a
// delta whose base stands behind it, which git does not write, the weight does not reach the base.
func (f *forest) weights(kinds Kinds, base []int32) (weight []int64, total int64) {
	weight = make([]int64, len(base))
	end := uint64(len(f.pack.data))
	for i := len(base) - 1; i >= 0; i-- {
		off := f.offset(int32(i))
		if kinds.Has(f.kind[i]) && off < end {
			own := int64(end-off) + entryCost
			weight[i] += own
			total += own
			if b := base[i]; b >= 0 {
				weight[b] += weight[i]
			}
		}
		end = min(end, off)
	}
	return weight, total
}

// cut divides trees that are heavier than the limit, from their leaves on, and leaves each piece its own weight. A piece
// can be heavier where a base has many small deltas: those are not worth making the base again.
func (f *forest) cut(weight []int64, base []int32, limit int64) cutSet {
	cut := cutSet{}
	for i, b := range base { // to own weights
		if b >= 0 && int(b) < i {
			weight[b] -= weight[i]
		}
	}
	for i := len(base) - 1; i >= 0; i-- {
		b := base[i]
		switch {
		case b < 0 || int(b) > i:
		case weight[i] > limit || weight[i] > limit/8 && weight[b]+weight[i] > limit:
			var way []int32
			for ; b >= 0; b = base[b] {
				way = append(way, b)
			}
			cut[int32(i)] = way
		default:
			weight[b] += weight[i]
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
