package pack

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// TestPlan: workers take each tree once, together with others of its pack only, whoever is quick and whoever slow.
func TestPlan(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := &plan{jobs: make([]walkJob, r.IntN(3))}
		type tree struct{ part, root int32 }
		var want []tree
		for part := range r.IntN(4) {
			for root := range int32(r.IntN(300)) {
				p.light.add(part, root, r.Uint32N(1000))
				want = append(want, tree{int32(part), root})
			}
		}
		workers := 1 + r.IntN(5)
		p.shares = p.light.share(workers)
		var mu sync.Mutex
		var got []tree
		jobs := 0
		take := func(n int) bool {
			j, ok := p.take(n)
			mu.Lock()
			defer mu.Unlock()
			if ok && len(j.roots) == 0 {
				jobs++
			}
			for _, root := range j.roots {
				got = append(got, tree{int32(j.part), root})
			}
			return ok
		}
		var wg sync.WaitGroup
		for n := range workers {
			for range r.IntN(2) * r.IntN(50) { // a worker that is ahead, or stays away
				take(n)
			}
			wg.Go(func() {
				for take(n) {
				}
			})
		}
		wg.Wait()
		slices.SortFunc(got, func(a, b tree) int { return int(a.part-b.part)<<16 + int(a.root-b.root) })
		if jobs != len(p.jobs) || !slices.Equal(got, want) {
			t.Fatal(fmt.Sprint("seed ", seed, ": ", jobs, " jobs of ", len(p.jobs), ", ", len(got), " trees of ", len(want)))
		}
	}
}

// TestPlanInOrder: a worker has its own share from front to back, and what it steals is the end of another's.
func TestPlanInOrder(t *testing.T) {
	p := &plan{}
	for root := range int32(8) {
		p.light.add(0, root, 1)
	}
	p.shares = p.light.share(2)
	var got []int32
	for range 8 {
		j, _ := p.take(1)
		got = append(got, j.roots...)
	}
	if want := []int32{4, 5, 6, 7, 2, 3, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
