package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestStopWhileEnqueueing: a handler may enqueue while it is waited for.
func TestStopWhileEnqueueing(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		ctx, stop := context.WithCancel(t.Context())
		Handle(j, "parent", KindOptions{}, func(own context.Context, _ Job[arg]) error {
			stop()
			for n := range 20 {
				if _, _, err := j.Enqueue(own, "child", arg{n}, EnqueueOptions{}); err != nil {
					return err
				}
				time.Sleep(10 * time.Millisecond) // the stop begins meanwhile
			}
			return nil
		})
		enqueue(t, j, "parent", 0, EnqueueOptions{})
		if err := j.Work(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE kind = 'parent' AND state = 'completed'"); n != 1 {
			t.Errorf("parent completed: %d", n)
		}
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE kind = 'child' AND state = 'available'"); n != 20 {
			t.Errorf("%d children", n)
		}
	})
}

// TestStopCancels: what outlives the grace is cancelled, runs again and has no attempt counted.
func TestStopCancels(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		o := brisk(time.Minute)
		o.Grace = 50 * time.Millisecond
		j := openWith(t, dsn, o)
		ctx, stop := context.WithCancel(t.Context())
		Handle(j, "long", KindOptions{MaxAttempts: 1}, func(own context.Context, _ Job[arg]) error {
			stop()
			<-own.Done()
			return own.Err()
		})
		enqueue(t, j, "long", 0, EnqueueOptions{})
		if err := j.Work(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE state IN ('available', 'scheduled') AND attempt = 0"); n != 1 {
			cs, err := j.Status(t.Context())
			t.Errorf("not put back: %v %v", cs, err)
		}
	})
}

// TestUntil: work ends when the caller has what it waits for; what others have queued is left, and what runs is given back.
func TestUntil(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		o := brisk(time.Minute)
		o.Grace = time.Millisecond
		j := openWith(t, dsn, o)
		enqueue(t, j, "of others", 0, EnqueueOptions{Queue: "elsewhere"})
		enqueue(t, j, "long", 0, EnqueueOptions{})
		began := make(chan struct{})
		Handle(j, "long", KindOptions{MaxAttempts: 1}, func(own context.Context, _ Job[arg]) error {
			close(began)
			<-own.Done()
			return own.Err()
		})
		err := j.Until(t.Context(), func(context.Context) (bool, error) {
			select {
			case <-began:
				return true, nil
			default:
				return false, nil
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE state IN ('available', 'scheduled') AND attempt = 0"); n != 2 {
			cs, err := j.Status(t.Context())
			t.Errorf("not left: %v %v", cs, err)
		}
	})
}

// TestUnwritable: a database that is full ends what is to end by itself at once, and what a handler calls fatal ends all work.
func TestUnwritable(t *testing.T) {
	never := func(context.Context) (bool, error) { return false, nil }
	each(t, func(t *testing.T, dsn string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		j := open(t, dsn)
		Handle(j, "fatal", KindOptions{}, func(context.Context, Job[arg]) error { return Fatal(errors.New("all is lost")) })
		enqueue(t, j, "fatal", 1, EnqueueOptions{})
		if err := j.Work(ctx); err == nil || err.Error() != "all is lost" {
			t.Errorf("%v", err)
		}
		if j.db.pg {
			execute(t, j, "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql")
			execute(t, j, "CREATE TRIGGER full_disk BEFORE INSERT ON jobs_lease FOR EACH ROW EXECUTE FUNCTION full_disk()")
		} else {
			execute(t, j, "CREATE TABLE filler (b BLOB)")
			execute(t, j, "PRAGMA max_page_count = "+strconv.Itoa(count(t, j, "PRAGMA page_count")))
			for size := 4096; size > 0; size /= 2 { // no free page and no row of a page has room
				for {
					if _, err := j.db.Exec("INSERT INTO filler VALUES (zeroblob(" + strconv.Itoa(size) + "))"); err != nil {
						break
					}
				}
			}
			execute(t, j, "CREATE TEMP TRIGGER full_disk BEFORE INSERT ON jobs_lease BEGIN INSERT INTO filler VALUES (zeroblob(100000)); END")
		}
		if err := j.Until(ctx, never); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "the disk of the job database is full") {
			t.Errorf("%v", err)
		}
	})
}

// TestLeaseFails: a database that fails costs no attempt and parks nothing.
func TestLeaseFails(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		j.opt.OnParked = func(_ context.Context, f Failure) { t.Errorf("parked: %+v", f) }
		var ran atomic.Int32
		Handle(j, "once", KindOptions{MaxAttempts: 1}, func(_ context.Context, job Job[arg]) error {
			ran.Add(1)
			if job.Attempt != 1 {
				t.Errorf("attempt %d", job.Attempt)
			}
			return nil
		})
		execute(t, j, "ALTER TABLE jobs_lease RENAME TO hidden")
		enqueue(t, j, "once", 0, EnqueueOptions{})
		stop := background(t, j)
		snoozes := "SELECT count(*) FROM river_job WHERE CAST(metadata ->> 'snoozes' AS INTEGER) > 2"
		until(t, "the job to be put back", func() bool { return count(t, j, snoozes) == 1 })
		execute(t, j, "ALTER TABLE hidden RENAME TO jobs_lease")
		done := "SELECT count(*) FROM river_job WHERE state = 'completed'"
		until(t, "the job to be done", func() bool { return count(t, j, done) == 1 })
		if err := stop(); err != nil || ran.Load() != 1 {
			t.Errorf("%v, %d runs", err, ran.Load())
		}
	})
}

// TestCheckFails: a result that comes while the lease cannot be asked does not count, be it good or bad.
func TestCheckFails(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		for name, result := range map[string]error{"good": nil, "bad": Permanent(errors.New("bad"))} {
			j := open(t, dsn)
			var parked, ran atomic.Int32
			j.opt.OnParked = func(context.Context, Failure) { parked.Add(1) }
			Handle(j, name, KindOptions{MaxAttempts: 1}, func(context.Context, Job[arg]) error {
				if ran.Add(1) == 1 {
					_, err := j.db.Exec("ALTER TABLE jobs_lease RENAME TO hidden")
					return errors.Join(err, result)
				}
				return nil
			})
			enqueue(t, j, name, 0, EnqueueOptions{})
			stop := background(t, j)
			snoozed := "SELECT count(*) FROM river_job WHERE kind = ? AND CAST(metadata ->> 'snoozes' AS INTEGER) > 0"
			until(t, name+" to be put back", func() bool { return count(t, j, snoozed, name) == 1 })
			execute(t, j, "ALTER TABLE hidden RENAME TO jobs_lease")
			done := "SELECT count(*) FROM river_job WHERE kind = ? AND state = 'completed'"
			until(t, name+" to be done", func() bool { return count(t, j, done, name) == 1 })
			if err := stop(); err != nil || ran.Load() != 2 || parked.Load() != 0 {
				t.Errorf("%s: %v, %d runs, %d parked", name, err, ran.Load(), parked.Load())
			}
		}
	})
}

func TestEvery(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		var ran atomic.Int32
		Handle(j, "tick", KindOptions{}, func(context.Context, Job[struct{}]) error { ran.Add(1); return nil })
		j.Every("tick", time.Hour, time.Minute)
		drain(t, j)
		drain(t, j)
		if ran.Load() != 1 {
			t.Fatalf("%d ticks, want 1", ran.Load())
		}
		execute(t, j, "UPDATE jobs_every SET due = NOW")
		drain(t, j)
		if ran.Load() != 2 {
			t.Fatalf("%d ticks, want 2", ran.Load())
		}

		// A tick whose job cannot be stored stays due.
		execute(t, j, "UPDATE jobs_every SET due = 1")
		execute(t, j, "ALTER TABLE river_job RENAME TO hidden")
		if err := j.due(t.Context(), j.every[0]); err == nil {
			t.Fatal("stored without a table")
		}
		if n := count(t, j, "SELECT due FROM jobs_every"); n != 1 {
			t.Errorf("due at %d though nothing was enqueued", n)
		}
		execute(t, j, "ALTER TABLE hidden RENAME TO river_job")

		// A shortened interval counts from now on.
		execute(t, j, "UPDATE jobs_every SET due = NOW + 1000000000")
		j.every[0].interval = time.Millisecond
		j.every[0].jitter = 0
		if err := j.plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, j, "SELECT count(*) FROM jobs_every WHERE due <= NOW + 1000"); n != 1 {
			t.Error("due after the old interval")
		}
	})
}

// TestEveryOnce: of several processes one enqueues a tick.
func TestEveryOnce(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		js := []*Jobs{open(t, dsn), open(t, dsn)}
		e := every{"tick", time.Hour, 0}
		for _, j := range js {
			j.every = []every{e}
			if err := j.plan(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		errs := make(chan error)
		for i := range 8 {
			go func() {
				args := rawArgs{"tick", json.RawMessage(strconv.Itoa(i))} // no two the same, of which one would be skipped
				errs <- js[i%2].eng.insertIf(t.Context(), js[i%2].move(e), args, 1, EnqueueOptions{})
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := count(t, js[0], "SELECT count(*) FROM river_job"); n != 1 {
			t.Errorf("%d jobs, want 1", n)
		}
	})
}

func TestAcquire(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		first, err := a.Acquire(t.Context(), "host", 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Acquire(t.Context(), "host", 2); err != nil {
			t.Fatal(err)
		}
		if id, err := b.slot(t.Context(), "host", 2); id != 0 || err != nil {
			t.Fatalf("a third slot: %d %v", id, err)
		}
		if id, err := b.slot(t.Context(), "other", 1); id == 0 || err != nil {
			t.Fatalf("another name: %d %v", id, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Acquire(ended, "host", 2); !errors.Is(err, context.Canceled) {
			t.Fatalf("waiting: %v", err)
		}
		first()
		third, err := b.Acquire(t.Context(), "host", 2)
		if err != nil {
			t.Fatal(err)
		}
		// Slots of the dead fall free; those that are held are renewed.
		execute(t, a, "UPDATE jobs_slot SET beat = 0 WHERE name = 'host'")
		if err := b.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if id, err := a.slot(t.Context(), "host", 2); id != 0 || err != nil {
			t.Fatalf("a renewed slot was taken: %d %v", id, err)
		}
		execute(t, a, "UPDATE jobs_slot SET beat = 0 WHERE name = 'host'")
		if id, err := a.slot(t.Context(), "host", 1); id == 0 || err != nil {
			t.Fatalf("a stale slot was not taken: %d %v", id, err)
		}
		third()
	})
}

func TestBackoff(t *testing.T) {
	for i, want := range []time.Duration{time.Second, 5 * time.Second, 25 * time.Second} {
		if d := backoff(i + 1); d < want*4/5 || d > want*6/5 {
			t.Errorf("attempt %d: %v", i+1, d)
		}
	}
	if d := backoff(99); d > 72*time.Minute || d < 48*time.Minute {
		t.Errorf("attempt 99: %v", d)
	}
}

// TestCheck: what the caller finds wrong ends the work.
func TestCheck(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		o := brisk(time.Minute)
		var gone atomic.Bool
		o.Check = func() error {
			if gone.Load() {
				return errors.New("something is gone")
			}
			return nil
		}
		j := openWith(t, dsn, o)
		Handle(j, "job", KindOptions{}, func(context.Context, Job[arg]) error { gone.Store(true); return nil })
		enqueue(t, j, "job", 1, EnqueueOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := j.Work(ctx); err == nil || err.Error() != "something is gone" {
			t.Errorf("%v", err)
		}
	})
}

// TestAcquireFreed: who waits has a slot when this process gives one back, without asking again and again; one that was given back
// before is not waited for.
func TestAcquireFreed(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		j.slotPoll = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		const at = 8
		done, most, now := make(chan error), atomic.Int64{}, atomic.Int64{}
		for range at {
			go func() {
				var err error
				for range 5 {
					release, e := j.Acquire(ctx, "host", 2)
					if e != nil {
						err = e
						break
					}
					most.Store(max(most.Load(), now.Add(1)))
					now.Add(-1)
					release()
				}
				done <- err
			}()
		}
		for range at {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := most.Load(); n > 2 {
			t.Errorf("%d at once, want at most 2", n)
		}
		if n := count(t, j, "SELECT count(*) FROM jobs_slot"); n != 0 || len(j.freed) != 0 {
			t.Errorf("%d slots are left, %d are waited for", n, len(j.freed))
		}
	})
}

// TestAsk: Until asks whether all is done when it is told to, and does not wait for its next turn.
func TestAsk(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		asked := 0
		err := j.turns(ctx, time.Hour, func(context.Context) (bool, error) {
			j.Ask()
			j.Ask() // it is about to ask
			asked++
			return asked == 3, nil
		})
		if err != nil || asked != 3 {
			t.Errorf("asked %d times, want 3: %v", asked, err)
		}
	})
}
