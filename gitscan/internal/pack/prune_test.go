package pack

import (
	"testing"
)

// TestPrune: of a forest what is wanted is left, with what that is made from, and the heaviest child is the last still.
func TestPrune(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adfq", "--depth=50")
	s := open(t, dir, SHA1)
	s.Prepare()
	f := s.forests[0]
	for n := range int32(40) {
		checkPruned(t, f, func(i int32) bool { return f.kind[i] == Blob && (i%7 == n || i%41 == n || i == 3*n) })
	}
}

// TestPruneOrder: a child that was the heaviest may be the lightest of what is left.
func TestPruneOrder(t *testing.T) {
	f := &forest{kind: make([]Kind, 9), child: []int32{1, 3, 5, 4, -1, -1, -1, -1, -1}, sibling: []int32{-1, 2, -1, -1, -1, 6, 7, 8, -1}}
	for i := range f.kind {
		f.kind[i] = Blob
	}
	checkPruned(t, f, func(i int32) bool { return i == 3 || i == 4 || i == 5 })
}

func checkPruned(t *testing.T, f *forest, wanted func(i int32) bool) {
	t.Helper()
	g := f.prune(wanted)
	left, n := map[int32]bool{}, 0
	var count func(i int32) int
	count = func(i int32) int {
		left[i] = true
		sum, most, last := 0, 0, 0
		for c := g.child[i]; c >= 0; c = g.sibling[c] {
			last = count(c)
			sum, most = sum+last, max(most, last)
		}
		if last < most {
			t.Errorf("entry %d: its last child has %d, another %d", i, last, most)
		}
		if g.child[i] < 0 && !wanted(i) {
			t.Errorf("entry %d is left, and nothing wants it", i)
		}
		if wanted(i) {
			sum++
		}
		return sum
	}
	isChild := g.children()
	for i := range int32(len(g.child)) {
		if g.kind[i] != 0 && !isChild.has(i) {
			n += count(i)
		}
		if wanted(i) && g.kind[i] != Blob {
			t.Errorf("entry %d is wanted and was taken away", i)
		}
	}
	all := 0
	for i := range int32(len(f.child)) {
		if wanted(i) {
			all++
		}
	}
	if n != all || len(left) >= len(f.child) || len(left) < n {
		t.Errorf("%d of %d wanted, %d entries of %d", n, all, len(left), len(f.child))
	}
}

// TestShards: each blob has one shard, that of its base where it is a delta, packed or not; and all have work of their own.
func TestShards(t *testing.T) {
	for _, how := range []string{"loose", "packed", "two packs"} {
		dir := sampleRepo(t, "sha1")
		switch how {
		case "packed":
			git(t, dir, nil, "repack", "-adfq", "--depth=50")
		case "two packs":
			git(t, dir, nil, "repack", "-dq")
			git(t, dir, []byte("another\n"), "hash-object", "-w", "--stdin")
		}
		s := open(t, dir, SHA1)
		want := 0
		for _, text := range gitObjects(t, dir) {
			if text[:4] == "blob" {
				want++
			}
		}
		shards := map[uint32]int{}
		used := map[int]bool{}
		s.Shards(3, func(ord uint32, shard int) {
			if _, twice := shards[ord]; twice || shard < 0 || shard > 2 {
				t.Errorf("%s: object %d has shard %d", how, ord, shard)
			}
			shards[ord], used[shard] = shard, true
		})
		if len(shards) != want || len(used) < 2 {
			t.Errorf("%s: %d blobs in %d shards, want %d in some", how, len(shards), len(used), want)
		}
		for part, f := range s.forests {
			for i := range f.child {
				for c := f.child[i]; c >= 0; c = f.sibling[c] {
					a, b := s.starts[part]+f.pos[i], s.starts[part]+f.pos[c]
					if f.kind[i] == Blob && shards[a] != shards[b] {
						t.Errorf("%s: %d is a delta of %d and in another shard", how, b, a)
					}
				}
			}
		}
		all := s.Work(0, func(uint32) bool { return true })
		none := s.Work(0, func(uint32) bool { return false })
		some := s.Work(0, func(ord uint32) bool { return shards[ord] == 1 })
		if none != 0 || some <= 0 || some >= all || s.Work(1<<50, func(uint32) bool { return true }) != 0 {
			t.Errorf("%s: work of all %d, of some %d, of none %d", how, all, some, none)
		}
	}
}
