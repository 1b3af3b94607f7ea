package sweep

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rummage/sweep/store"
)

// TestBatches: every repository is in one batch, those of a network together and their original first, the largest first; what was
// searched under other rules is apart.
func TestBatches(t *testing.T) {
	var due []store.Repository
	for i := range 200 {
		r := store.Repository{ID: int64(i), Ruleset: 2, LastScan: time.Unix(1, 0)}
		r.Forge, r.Size = "f", int64(i%17)
		if i%3 == 0 {
			r.Network, r.Fork = fmt.Sprint(i%21), i >= 21
		}
		if i%4 == 0 {
			r.Ruleset = 1
		}
		if i%8 == 0 {
			r.LastScan = time.Time{}
		}
		due = append(due, r)
	}
	soon, later := divide(slices.Clone(due), 2)
	if len(soon) != 175 || len(later) != 25 {
		t.Errorf("%d soon, %d later", len(soon), len(later))
	}
	for _, r := range later {
		if r.Ruleset == 2 || r.LastScan.IsZero() {
			t.Errorf("%d is searched later", r.ID)
		}
	}
	seen, batchOf := map[int64]bool{}, map[string]int{}
	for n, batch := range batchesOf(slices.Clone(due), 2) {
		if len(batch) == 0 || len(batch) > batchMost {
			t.Errorf("%d in a batch", len(batch))
		}
		forks := map[string]bool{}
		for _, id := range batch {
			if seen[id] {
				t.Errorf("%d is there twice", id)
			}
			seen[id] = true
			r := &due[id]
			network := networkOf(r)
			if network == "" {
				continue
			}
			if at, ok := batchOf[network]; ok && at != n {
				t.Errorf("network %s is in batches %d and %d", network, at, n)
			}
			if batchOf[network] = n; !r.Fork && forks[network] {
				t.Errorf("%d comes after its fork", id)
			}
			forks[network] = forks[network] || r.Fork
		}
	}
	if len(seen) != len(due) {
		t.Errorf("%d are in batches", len(seen))
	}
}
