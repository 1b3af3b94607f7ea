package sweep

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rummage/sweep/forge/forgetest"
	"rummage/sweep/jobs"
)

// forksToFetch are forks of which the original was searched, as a job of a worker that has listed them.
func forksToFetch(t *testing.T, n int) (f *fleet, s *Sweeper, w *Worker, ids []int64) {
	t.Helper()
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	t.Cleanup(server.Close)
	f = &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	git(t, filepath.Join(f.dir, "r0"), "commit", "-q", "--allow-empty", "-m", "mark-abc")
	publish(f, server)
	s = openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL))
	sweepOnce(t, s)
	for range n {
		f.add("r0")
	}
	publish(f, server)
	w = worker(t, s, nil, nil)
	if err := w.listAll(context.Background(), func(*Target, time.Duration) bool { return true }); err != nil {
		t.Fatal(err)
	}
	all := repositoriesOf(t, s)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].LastScan.IsZero() {
			ids = append(ids, id)
		}
	}
	if len(ids) != n {
		t.Fatalf("%d forks", len(ids))
	}
	return f, s, w, ids
}

// TestForksExpire: what was fetched with others too long ago is fetched anew, and its store may be thrown away before it is its turn.
func TestForksExpire(t *testing.T) {
	ctx := context.Background()
	_, s, w, ids := forksToFetch(t, 3)
	m, err := w.mirror()
	if err != nil {
		t.Fatal(err)
	}
	forks := w.forksOf(ids)
	defer forks.release()
	take := func(id int64) bool {
		t.Helper()
		r, err := s.store.Repository(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		f := forks.take(ctx, r, &s.config.Targets[0])
		if f != nil {
			f.Release()
		}
		return f != nil
	}
	thrownAway := func() bool {
		t.Helper()
		e, err := m.Evict(ctx, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(e.Removed) > 0
	}
	if !take(ids[0]) || len(forks.fetched) != 2 {
		t.Fatalf("%d were fetched ahead", len(forks.fetched))
	}
	if !take(ids[1]) || thrownAway() {
		t.Error("what was fetched just now is not there")
	}
	last := forks.fetched[ids[2]]
	last.at = last.at.Add(-2 * forksFor)
	forks.fetched[ids[2]] = last
	if take(ids[0]) || !thrownAway() {
		t.Error("what was fetched long ago is kept though another is at its turn")
	}
	if take(ids[2]) {
		t.Error("what was fetched long ago is searched as it was then")
	}
}

// TestForksLate: a fork that another worker has searched since it was fetched ahead is not settled as it was then.
func TestForksLate(t *testing.T) {
	ctx := context.Background()
	f, s, w, ids := forksToFetch(t, 2)
	second, raced := filepath.Join(f.dir, f.repos[2]), false
	var answers []Answer
	w.o.Search = func(ctx context.Context, task *Task) (*Answer, error) {
		if task.ID == ids[1] && !raced {
			raced = true
			git(t, second, "commit", "-q", "--allow-empty", "-m", "mark-def")
			r, err := s.store.Repository(ctx, task.ID)
			if err != nil {
				return nil, err
			}
			target := &s.config.Targets[0]
			got, err := w.fetch(ctx, r, target)
			if err != nil {
				return nil, err
			}
			defer got.Release()
			other := &Task{ID: task.ID, Lease: task.Lease, Next: time.Hour}
			other.fetched(got)
			if _, err := s.Search(ctx, other); err != nil {
				return nil, err
			}
		}
		a, err := s.Search(ctx, task)
		if a != nil {
			answers = append(answers, *a)
		}
		return a, err
	}
	if err := w.each(ctx, jobs.Job[batchArgs]{Args: batchArgs{IDs: ids}}); err != nil {
		t.Fatal(err)
	}
	have, _ := keptAtForge(f, s)
	if want, _ := reachable(f.audited(s, s.rules)); !slices.Equal(have, want) || !raced || w.sum.Failed > 0 {
		t.Errorf("got %v, want %v, %+v", have, want, answers)
	}
	if !slices.ContainsFunc(answers, func(a Answer) bool { return a.Late }) {
		t.Errorf("%+v", answers)
	}
}
