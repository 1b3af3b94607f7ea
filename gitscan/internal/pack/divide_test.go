package pack

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// TestDivide: a large tree is divided, the work is shared out evenly, and every object is in one job.
func TestDivide(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adfq", "--depth=4095", "--window=250")
	want := gitObjects(t, dir)
	for _, workers := range []int{1, 2, 16} {
		s := open(t, dir, SHA1)
		s.once.Do(s.buildForests)
		o := WalkOptions{Kinds: Of(Blob), Workers: workers}
		plan, cuts := s.divide(o, s.forests)
		var jobs []walkJob
		for j, ok := plan.take(0); ok; j, ok = plan.take(0) {
			jobs = append(jobs, j)
		}
		f := s.forests[0]
		total := int64(0)
		heaviest, single := int64(0), int64(0) // of jobs, of entries
		seen := map[int32]bool{}
		for _, j := range jobs {
			sum := int64(0)
			todo := slices.Clone(j.roots)
			for len(todo) > 0 {
				i := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				if seen[i] {
					t.Fatalf("%d workers: entry %d is walked twice", workers, i)
				}
				seen[i] = true
				own := f.work(o.Kinds, i)
				sum, single, total = sum+own, max(single, own), total+own
				for c := cuts[0].child(f, i); c >= 0; c = cuts[0].sibling(f, c) {
					todo = append(todo, c)
				}
			}
			heaviest = max(heaviest, sum)
		}
		blobs := 0
		for _, text := range want {
			if text[:4] == "blob" {
				blobs++
			}
		}
		if len(seen) != blobs {
			t.Errorf("%d workers: %d entries are walked, want %d", workers, len(seen), blobs)
		}
		if workers > 1 && (len(cuts[0]) == 0 || heaviest > max(single, total/int64(workers))) {
			t.Errorf("%d workers: %d cuts, a job of %d of %d", workers, len(cuts[0]), heaviest, total)
		}
		if got, errs := walked(t, s, WalkOptions{Verify: true}); len(errs) > 0 || !maps.Equal(got, want) {
			t.Errorf("%d workers: %d objects, want %d; %v", workers, len(got), len(want), errs)
		}
	}
}

// TestDivideDamaged: what cannot be read costs its deltas, those that are walked apart too.
func TestDivideDamaged(t *testing.T) {
	var entries []madeEntry
	entries = append(entries, madeEntry{ID{0, 1}, entryHead(Blob, 5), []byte("no zlib")})
	for i := 2; i < 200; i++ {
		entries = append(entries, refDeltaEntry(ID{byte(i), 1}, ID{byte(i-1) * min(1, byte(i-2)), 1}, []byte{5, 5, 0x90, 5}))
	}
	dir := t.TempDir()
	writePack(t, dir, entries)
	s := open(t, dir, SHA1)
	s.once.Do(s.buildForests)
	if _, cuts := s.divide(WalkOptions{Kinds: Of(Blob), Workers: 3}, s.forests); len(cuts[0]) == 0 {
		t.Fatal("nothing is cut")
	}
	got, errs := walked(t, s, WalkOptions{})
	if len(got) != 0 || len(errs) != len(entries) {
		t.Error(fmt.Sprint(len(got), " objects, ", len(errs), " errors"))
	}
}
