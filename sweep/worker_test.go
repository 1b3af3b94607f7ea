package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
	"rummage/sweep/jobs"
	"rummage/sweep/store"
)

// some is a sweeper of some repositories.
func some(t *testing.T, database string, n int) *Sweeper {
	t.Helper()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(1, 1)), dir: t.TempDir()}
	for range n {
		f.add("")
	}
	s := open(t, database, f.dir, parseRules(t, markRules))
	s.config.Every = time.Hour
	return s
}

func eachDatabase(t *testing.T, do func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { do(t, filepath.Join(t.TempDir(), "sweep.db")) })
	t.Run("postgres", func(t *testing.T) { do(t, pgtest.Database(t, true)) })
}

// run sweeps once with a worker whose leases, and so its waits, are short, but not so that one is lost where the machine is busy; and
// fails when that takes a minute.
func run(t *testing.T, s *Sweeper, search Searcher, all bool) (*Summary, error) {
	t.Helper()
	w, err := NewWorker(context.Background(), s, WorkerOptions{Jobs: 2, Search: search, Lease: 5 * time.Second, Poll: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.Run(ctx, all)
}

// TestRunAmongOthers: a sweep ends when what was due at its beginning has been searched, whatever others have queued that it
// cannot do, or that came later.
func TestRunAmongOthers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		s := some(t, database, 3)
		other, err := jobs.Open(context.Background(), jobsDatabase(database), jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		queue := func(kind string, args any, queue string) {
			if _, _, err := other.Enqueue(context.Background(), kind, args, jobs.EnqueueOptions{Queue: queue}); err != nil {
				t.Fatal(err)
			}
		}
		queue(listJob, struct{}{}, listJob)
		if _, err := run(t, s, s.Search, false); err != nil {
			t.Fatalf("beside a job of a sweep that was started: %v", err)
		}
		list, err := s.store.Repositories(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.LastScan.IsZero() {
				t.Errorf("%s was not searched", r.Name)
			}
		}
		// One that is searched while another, which was not due, is queued again and again.
		if err := s.list(context.Background(), &s.config.Targets[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.Fail(context.Background(), list[0].ID, "x", 9, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			if task.ID != list[0].ID {
				<-ctx.Done() // has nothing to do with this sweep
				return nil, ctx.Err()
			}
			if _, err := s.store.Fail(ctx, list[1].ID, "x", 9, 0); err != nil {
				return nil, err
			}
			queue(searchJob, batchArgs{IDs: []int64{list[1].ID}}, "")
			return s.Search(ctx, task)
		}, false); err != nil {
			t.Fatalf("beside a job that came later: %v", err)
		}
		if r, err := s.store.Repository(context.Background(), list[0].ID); err != nil || r.Failures != 0 {
			t.Errorf("%+v %v", r, err)
		}
	})
}

// TestRunAfterDeath: a repository whose lease the dead hold still is not passed over.
func TestRunAfterDeath(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		s := some(t, database, 2)
		if err := s.list(context.Background(), &s.config.Targets[0]); err != nil {
			t.Fatal(err)
		}
		list, err := s.store.Repositories(context.Background())
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		if _, ok, err := s.store.Acquire(context.Background(), fmt.Sprintf("repository/%d", list[0].ID), "the dead", time.Second); !ok || err != nil {
			t.Fatal(ok, err)
		}
		sum, err := run(t, s, s.Search, false)
		if err != nil || sum.Searched != 2 {
			t.Errorf("%+v %v", sum, err)
		}
	})
}

// TestLeaseLost: who loses a repository to nobody, since the database could not be asked for long, searches it again.
func TestLeaseLost(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		s := some(t, database, 1)
		var times atomic.Int32
		sum, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			if times.Add(1) == 1 {
				if err := s.store.Release(ctx, *task.Lease); err != nil {
					return nil, err
				}
				_, err := s.Search(ctx, task)
				if !errors.Is(err, store.ErrFenced) {
					t.Errorf("written without a lease: %v", err)
				}
				return nil, err
			}
			return s.Search(ctx, task)
		}, false)
		if err != nil || sum.Searched != 1 || sum.Failed != 0 || len(sum.Errors) != 0 || times.Load() != 2 {
			t.Errorf("%+v %v, %d times", sum, err, times.Load())
		}
	})
}

// TestWaiting: a repository that waits for its turn has the whole time for its search.
func TestWaiting(t *testing.T) {
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 4)
	s.config.Timeout = time.Hour
	var before time.Time // the end of the search before
	w, err := NewWorker(context.Background(), s, WorkerOptions{Jobs: 1, Search: func(ctx context.Context, task *Task) (*Answer, error) {
		defer func() { before = time.Now() }()
		if until, limited := ctx.Deadline(); !limited || !before.IsZero() && until.Before(before.Add(s.config.Timeout)) {
			t.Errorf("%d: its time began before its turn", task.ID)
		}
		time.Sleep(20 * time.Millisecond) // the others wait meanwhile
		return s.Search(ctx, task)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.listAll(context.Background(), func(*Target, time.Duration) bool { return true }); err != nil {
		t.Fatal(err)
	}
	list, err := s.store.Repositories(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan *Outcome)
	for i := range list { // as where more are fetched than searched at a time
		go func() {
			o, err := w.one(context.Background(), &list[i], searchHow{})
			if err != nil {
				t.Error(err)
			}
			ended <- o
		}()
	}
	for range list {
		if o := <-ended; o.Err != nil {
			t.Errorf("%s: %v", o.Repository.Name, o.Err)
		}
	}
}

// TestRunRetries: what failed waits in a sweep that keeps going, and is tried again by each that runs once.
func TestRunRetries(t *testing.T) {
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 1)
	fails := func(context.Context, *Task) (*Answer, error) { return &Answer{Error: "no"}, nil }
	if sum, err := run(t, s, fails, false); err != nil || sum.Failed != 1 {
		t.Fatalf("%+v %v", sum, err)
	}
	w := worker(t, s, nil, nil)
	if wanted, err := w.plan(context.Background(), time.Time{}, false); err != nil || len(wanted) != 0 {
		t.Errorf("due again at once: %v %v", wanted, err)
	}
	if sum, err := run(t, s, s.Search, false); err != nil || sum.Failed != 0 || sum.Searched != 1 {
		t.Errorf("%+v %v", sum, err)
	}
}

// TestBrokenOnce: a job that is done again, since what broke says nothing about its repositories, counts their failures once.
func TestBrokenOnce(t *testing.T) {
	for _, all := range []bool{false, true} {
		s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 2)
		if err := s.list(context.Background(), &s.config.Targets[0]); err != nil {
			t.Fatal(err)
		}
		w := worker(t, s, func(_ context.Context, task *Task) (*Answer, error) {
			if task.ID == 1 {
				return &Answer{Error: "no"}, nil
			}
			return nil, errors.New("the database is away")
		}, nil)
		args := batchArgs{IDs: []int64{1, 2}}
		if all {
			now, err := s.store.Now(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			args.Since = now
		}
		for range 4 {
			if err := w.batch(context.Background(), jobs.Job[batchArgs]{Args: args}); err == nil || err.Error() != "the database is away" {
				t.Fatal(err)
			}
		}
		if r, err := s.store.Repository(context.Background(), 1); err != nil || r.Failures != 1 {
			t.Errorf("all %v: %d failures, %v", all, r.Failures, err)
		}
	}
}

// TestListen: an address that is taken is told before anything is done.
func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 1)
	s.config.Listen = taken.Addr().String()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := worker(t, s, nil, nil).Start(ctx); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), s.config.Listen) {
		t.Errorf("%v", err)
	}
}

// TestListAgain: a target of which a part is never seen is not listed all the time.
func TestListAgain(t *testing.T) {
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 1)
	s.config.List = time.Hour
	w := worker(t, s, nil, nil)
	target := &s.config.Targets[0]
	if !w.toList(target, time.Hour) || w.toList(target, time.Minute) {
		t.Error("it is not its turn after the time of the configuration")
	}
	w.listed(target, errors.New("a part"))
	if w.toList(target, 2*time.Hour) {
		t.Error("listed again at once")
	}
	w.listed(target, nil)
	if !w.toList(target, time.Hour) {
		t.Error("not listed again")
	}
}

// TestOthersTargets: what is of another configuration is neither planned nor searched, and no failure where its job comes by.
func TestOthersTargets(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		ctx := context.Background()
		s := some(t, database, 2)
		l, err := s.store.StartListing(ctx, "other"+ofConfig+"target")
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := l.Add(ctx, []store.Listed{{Forge: "url:127.0.0.1:1", ForgeID: "a/b", Name: "a/b", CloneURL: "https://127.0.0.1:1/a/b"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Complete(ctx); err != nil {
			t.Fatal(err)
		}
		other, err := jobs.Open(ctx, jobsDatabase(database), jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, _, err := other.Enqueue(ctx, searchJob, batchArgs{IDs: []int64{theirs[0].ID}}, jobs.EnqueueOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, all := range []bool{false, true} {
			if sum, err := run(t, s, s.Search, all); err != nil || sum.Searched != 2 || sum.Failed != 0 || len(sum.Errors)+len(sum.Notes) != 0 {
				t.Errorf("%+v %v", sum, err)
			}
		}
		if r, err := s.store.Repository(ctx, theirs[0].ID); err != nil || r.Failures != 0 || !r.LastScan.IsZero() || !r.GoneAt.IsZero() {
			t.Errorf("%+v %v", r, err)
		}
	})
}

// TestOtherRules: who keeps going learns that another program has begun with other rules.
func TestOtherRules(t *testing.T) {
	ctx := context.Background()
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 1)
	w := worker(t, s, nil, nil)
	plan := func() []string {
		t.Helper()
		if _, err := w.plan(ctx, time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		return w.sum.Notes
	}
	if notes := plan(); len(notes) != 0 {
		t.Errorf("%q", notes)
	}
	if _, err := s.store.Ruleset(ctx, "other", map[string]string{}); err != nil {
		t.Fatal(err)
	}
	plan()
	if notes := plan(); len(notes) != 1 || !strings.HasPrefix(notes[0], "a program with other rules") {
		t.Errorf("%q", notes)
	}
}

// TestRunAllAmongOthers: to search all is to search what a sweep that keeps going has in its jobs, and what that only looks at
// meanwhile.
func TestRunAllAmongOthers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		ctx := context.Background()
		s := some(t, database, 3)
		if _, err := run(t, s, s.Search, false); err != nil {
			t.Fatal(err)
		}
		list, err := s.store.Repositories(ctx)
		if err != nil {
			t.Fatal(err)
		}
		other, err := jobs.Open(ctx, jobsDatabase(database), jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, _, err := other.Enqueue(ctx, searchJob, batchArgs{IDs: []int64{list[0].ID}}, jobs.EnqueueOptions{}); err != nil {
			t.Fatal(err)
		}
		searched := make(chan int64, 9)
		var once atomic.Bool
		if _, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			if once.CompareAndSwap(false, true) {
				for _, r := range list {
					if r.ID == task.ID {
						continue
					}
					if err := s.store.Unchanged(ctx, r.ID, nil, time.Hour); err != nil {
						return nil, err
					}
				}
			}
			if task.All {
				searched <- task.ID
			}
			return s.Search(ctx, task)
		}, true); err != nil {
			t.Fatal(err)
		}
		if len(searched) != 3 {
			t.Errorf("%d searched", len(searched))
		}
	})
}
