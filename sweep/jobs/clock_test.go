package jobs

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestClock: how long a job waits is reckoned by the database's clock, which is asked again and again, and not by the machine's.
func TestClock(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		o := brisk(time.Hour)
		o.Beat = time.Hour // after the first one there is none
		j := openWith(t, dsn, o)
		hours := time.Now().Add(3 * time.Hour)
		j.clock.set(hours)
		wrong := func() { // once the database was asked, as if it had said so
			until(t, "the database to be asked", func() bool { return time.Until(j.clock.Now()).Abs() < time.Minute })
			j.clock.set(hours)
		}
		asked := sync.OnceFunc(wrong)
		Handle(j, "fails", KindOptions{Backoff: func(int) time.Duration { return time.Minute }}, func(context.Context, Job[arg]) error {
			asked()
			return errors.New("no")
		})
		Handle(j, "later", KindOptions{}, func(context.Context, Job[arg]) error {
			asked()
			return Later(time.Minute, errors.New("later"))
		})
		enqueue(t, j, "fails", 1, EnqueueOptions{})
		enqueue(t, j, "later", 1, EnqueueOptions{})
		stop := background(t, j)
		waiting := "SELECT count(*) FROM river_job WHERE state IN ('retryable', 'scheduled') AND scheduled_at > ?"
		at := any(hours.UTC())
		if !j.db.pg {
			at = hours.UTC().Format("2006-01-02 15:04:05")
		}
		until(t, "both to wait by the database's clock", func() bool { return count(t, j, waiting, at) == 2 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}
