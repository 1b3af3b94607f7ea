package jobs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv("RUMMAGE_JOBS_CHILD"); mode != "" {
		os.Exit(child(mode, os.Getenv("RUMMAGE_JOBS_DSN")))
	}
	os.Exit(pgtest.Run(m))
}

// each runs a test on both databases.
func each(t *testing.T, do func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { do(t, filepath.Join(t.TempDir(), "jobs.db")) })
	t.Run("postgres", func(t *testing.T) { do(t, pgtest.Database(t, true)) })
}

// brisk are intervals for tests. The lease outlives a busy machine's pauses where no worker dies.
func brisk(ttl time.Duration) Options {
	return Options{Owner: "test", Beat: 50 * time.Millisecond, LeaseTTL: ttl, Poll: 20 * time.Millisecond,
		Backoff: func(int) time.Duration { return time.Millisecond }}
}

func open(t *testing.T, dsn string) *Jobs { t.Helper(); return openWith(t, dsn, brisk(time.Minute)) }

func openWith(t *testing.T, dsn string, o Options) *Jobs {
	t.Helper()
	j, err := Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

func enqueue(t *testing.T, j *Jobs, kind string, n int, o EnqueueOptions) int64 {
	t.Helper()
	id, _, err := j.Enqueue(t.Context(), kind, arg{n}, o)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// drain works until nothing is left to be done.
func drain(t *testing.T, j *Jobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	left := func(ctx context.Context) (bool, error) {
		var n int
		err := j.db.QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&n)
		return n == 0, err
	}
	if err := j.Until(ctx, left); err != nil {
		t.Fatal(err)
	}
}

// parkedOf gives what has been parked here so far.
func parkedOf(j *Jobs) func() []Failure {
	var mu sync.Mutex
	var list []Failure
	j.opt.OnParked = func(_ context.Context, f Failure) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, f)
	}
	return func() []Failure {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func execute(t *testing.T, j *Jobs, sql string, args ...any) {
	t.Helper()
	if _, err := j.db.Exec(j.db.q(sql), args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, j *Jobs, sql string, args ...any) (n int) {
	t.Helper()
	if err := j.db.QueryRow(j.db.q(sql), args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// patience is how long what must come may take on a machine that is busy or waits for its disk.
const patience = 3 * time.Minute

// until waits for what must come.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

// background works until the test or the returned function ends it, and then hands over what Work returned.
func background(t *testing.T, j *Jobs) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Work(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return stop
}

type arg struct{ N int }

func TestDo(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		var done atomic.Int32
		Handle(j, "count", KindOptions{Workers: 8}, func(ctx context.Context, job Job[arg]) error { done.Add(1); return nil })
		for i := range 100 {
			for k := range 2 {
				_, fresh, err := j.Enqueue(t.Context(), "count", arg{i}, EnqueueOptions{Unique: true})
				if err != nil || fresh != (k == 0) {
					t.Fatalf("enqueued: %v %v", fresh, err)
				}
			}
		}
		drain(t, j)
		if done.Load() != 100 {
			t.Errorf("%d jobs done, want 100", done.Load())
		}
	})
}

func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		var slept atomic.Int32
		fs := parkedOf(j)
		quick := KindOptions{Workers: 4}
		Handle(j, "poison", quick, func(context.Context, Job[arg]) error { return errors.New("bad\x1b[31m\nsecond line") })
		Handle(j, "panics", quick, func(context.Context, Job[arg]) error { panic("quoted content") })
		Handle(j, "final", quick, func(context.Context, Job[arg]) error { return Permanent(errors.New("gone")) })
		Handle(j, "limited", quick, func(_ context.Context, job Job[arg]) error {
			if slept.Add(1) < 6 {
				return Later(time.Millisecond, errors.New("rate limit"))
			}
			return nil
		})
		for _, k := range []string{"poison", "panics", "final", "limited"} {
			if _, _, err := j.Enqueue(t.Context(), k, arg{1}, EnqueueOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, j)
		got := map[string]Failure{}
		for _, f := range fs() {
			got[f.Kind] = f
		}
		if len(fs()) != 3 || len(got) != 3 || slept.Load() != 6 {
			t.Errorf("%d rounds: %+v", slept.Load(), fs())
		}
		if f := got["poison"]; f.Attempt != 3 || f.Reason != `bad\x1b[31m` {
			t.Errorf("poison: %+v", f)
		}
		if f := got["final"]; f.Attempt != 1 || !strings.Contains(f.Reason, "gone") {
			t.Errorf("final: %+v", f)
		}
		if f := got["panics"]; strings.Contains(f.Reason, "quoted") {
			t.Errorf("panics: %+v", f)
		}
	})
}
