package sweep

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rummage/sweep/jobs"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// TestHelp: a worker without a job searches what is left of another's, from its end on, and nothing that was searched already. The
// other has not ended before all is searched.
func TestHelp(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		s := some(t, database, 4)
		if err := s.list(ctx, &s.config.Targets[0]); err != nil {
			t.Fatal(err)
		}
		list, err := s.store.Repositories(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		begun, helped := make(chan struct{}), make(chan struct{})
		var mu sync.Mutex
		var own, others []int64
		busy := helper(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			mu.Lock()
			own = append(own, task.ID)
			second := len(own) == 2
			mu.Unlock()
			if second {
				close(begun)
				select {
				case <-helped:
				case <-ctx.Done():
				}
			}
			return s.Search(ctx, task)
		})
		idle := helper(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			a, err := s.Search(ctx, task)
			mu.Lock()
			defer mu.Unlock()
			if others = append(others, task.ID); len(others) == 2 {
				close(helped)
			}
			return a, err
		})
		if _, _, err := busy.jobs.Enqueue(ctx, searchJob, batchArgs{IDs: ids}, jobs.EnqueueOptions{}); err != nil {
			t.Fatal(err)
		}
		working, stop := context.WithCancel(ctx)
		defer stop()
		var workers sync.WaitGroup
		workers.Go(func() { _ = busy.jobs.Work(working) })
		select {
		case <-begun:
		case <-ctx.Done():
			t.Fatal("nothing was searched")
		}
		end := idle.help(working, time.Millisecond)
		for {
			left, err := busy.jobs.Unfinished(ctx, searchJob)
			if err != nil {
				t.Fatal(err)
			}
			if len(left) == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		end()
		stop()
		workers.Wait()
		if want := ids[:2]; !slices.Equal(own, want) {
			t.Errorf("who has the job searched %v, want %v", own, want)
		}
		// It may have asked for the second just before that was settled.
		if want := []int64{ids[3], ids[2]}; len(others) < 2 || !slices.Equal(others[:2], want) {
			t.Errorf("who has none searched %v, want %v", others, want)
		}
	})
}

// helper is a worker of a test.
func helper(t *testing.T, s *Sweeper, search Searcher) *Worker {
	t.Helper()
	w, err := NewWorker(context.Background(), s, WorkerOptions{Jobs: 1, Search: search, Lease: time.Minute, Poll: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// countedSource lists nothing, and counts how often.
type countedSource struct{ n int }

func (c *countedSource) list(context.Context, func(store.Listed) error) (unread, err error) {
	c.n++
	return nil, nil
}

func (c *countedSource) request(*store.Repository) mirror.Request { return mirror.Request{} }

// TestListOnce: what another sweep has listed meanwhile is not listed again, by a sweep that keeps going at its time.
func TestListOnce(t *testing.T) {
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 0)
	target := &s.config.Targets[0]
	source := &countedSource{}
	s.sources[target.Name] = source
	w := helper(t, s, s.Search)
	began, err := s.store.Now(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	list := func(began time.Time, want int) {
		t.Helper()
		if err := w.listOnce(context.Background(), target, began); err != nil || source.n != want {
			t.Errorf("listed %d times, want %d: %v", source.n, want, err)
		}
	}
	w.once = true
	list(began, 1)
	list(began, 1)
	list(began.Add(time.Hour), 2)
	w.once = false
	list(began, 3)
}
