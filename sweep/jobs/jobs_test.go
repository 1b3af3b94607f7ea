package jobs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// each runs a test on both databases. PostgreSQL is the server at RUMMAGE_JOBS_POSTGRES, whose database is emptied.
func each(t *testing.T, do func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { do(t, filepath.Join(t.TempDir(), "jobs.db")) })
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("RUMMAGE_JOBS_POSTGRES")
		if dsn == "" {
			if os.Getenv("RUMMAGE_NEED_POSTGRES") == "1" {
				t.Fatal("no PostgreSQL")
			}
			t.Skip("no PostgreSQL")
		}
		j := open(t, dsn)
		if _, err := j.db.Exec("TRUNCATE river_job, jobs_lease, jobs_slot, jobs_every"); err != nil {
			t.Fatal(err)
		}
		do(t, dsn)
	})
}

func open(t *testing.T, dsn string) *Jobs {
	t.Helper()
	j, err := Open(t.Context(), dsn, Options{Owner: "test", Beat: 100 * time.Millisecond, LeaseTTL: time.Second, Poll: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

type arg struct{ N int }

func TestDrain(t *testing.T) {
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
		start := time.Now()
		if err := j.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Log("drained in", time.Since(start))
		if done.Load() != 100 {
			t.Errorf("%d jobs done, want 100", done.Load())
		}
	})
}

func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		var parked, slept atomic.Int32
		j.opt.OnParked = func(context.Context, Failure) { parked.Add(1) }
		quick := KindOptions{Workers: 4, Backoff: func(int) time.Duration { return time.Millisecond }}
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
		if err := j.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		fs, err := j.Failed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Failure{}
		for _, f := range fs {
			got[f.Kind] = f
		}
		if len(fs) != 3 || parked.Load() != 3 || slept.Load() != 6 {
			t.Errorf("%d failed, %d parked, %d rounds: %+v", len(fs), parked.Load(), slept.Load(), fs)
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
