package sweep

import (
	"slices"
	"testing"
	"time"

	"rummage/sweep/store"
)

// TestBatches: what shares history is in one job, the original first and the largest first of all; what shares nothing is spread
// over the workers.
func TestBatches(t *testing.T) {
	var due []store.Repository
	add := func(network string, fork bool, size int64) {
		due = append(due, store.Repository{ID: int64(len(due) + 1), Listed: store.Listed{Forge: "f", Network: network, Fork: fork, Size: size}})
	}
	for range 29 {
		add("", false, 10)
	}
	add("", false, 500)
	add("n", true, 300)
	add("n", false, 300)
	batches := batchesOf(due, 2)
	if len(batches) < 16 {
		t.Errorf("%d jobs for two workers: %v", len(batches), batches)
	}
	if got := slices.Concat(batches...); len(got) != len(due) || !slices.Equal(got[:3], []int64{32, 31, 30}) {
		t.Errorf("%v", batches)
	}
	if !slices.Contains(batches[0], 31) || !slices.Contains(batches[0], 32) {
		t.Errorf("a network is in several jobs: %v", batches)
	}
	due = due[:0]
	for i := range 60 {
		add("n", i != 50, 1)
	}
	if batches := batchesOf(due, 2); len(batches) != 3 || batches[0][0] != 51 {
		t.Errorf("a network of 60: %v", batches)
	}
}

// TestDivide: what was searched under other rules is searched last.
func TestDivide(t *testing.T) {
	var due []store.Repository
	for i := range 200 {
		r := store.Repository{ID: int64(i), Ruleset: 2, LastScan: time.Unix(1, 0)}
		if i%4 == 0 {
			r.Ruleset = 1
		}
		if i%8 == 0 {
			r.LastScan = time.Time{}
		}
		due = append(due, r)
	}
	soon, later := divide(due, 2)
	if len(soon) != 175 || len(later) != 25 {
		t.Errorf("%d soon, %d later", len(soon), len(later))
	}
	for _, r := range later {
		if r.Ruleset == 2 || r.LastScan.IsZero() {
			t.Errorf("%d is searched later", r.ID)
		}
	}
}
