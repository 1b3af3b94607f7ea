//go:build unix

package jobs

import (
	"context"
	"database/sql"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestZombie: a worker that stood still while its job was taken over is refused, and works on.
func TestZombie(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		enqueue(t, j, "late", 1, EnqueueOptions{})
		zombie := spawn(t, "zombie", dsn)
		zombie.expect(t, "running")
		freeze(t, j, dsn, zombie)
		stale := staleLease(t, j)
		taken, finish := make(chan Job[arg], 1), make(chan struct{})
		Handle(j, "late", KindOptions{}, func(_ context.Context, job Job[arg]) error {
			taken <- job
			<-finish
			return job.Check(context.Background())
		})
		stop := background(t, j)
		for waits := true; waits; stale() {
			select {
			case job := <-taken:
				if waits = false; job.Attempt != 2 {
					t.Errorf("taken over in attempt %d", job.Attempt)
				}
			case <-time.After(10 * time.Millisecond):
			}
		}
		if err := zombie.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		zombie.say("finish")
		if l := zombie.expect(t, "check"); !strings.Contains(l, ErrLost.Error()) {
			t.Errorf("the zombie's token was taken: %s", l)
		}
		// Its next job shows that the result, a success, has been dealt with.
		enqueue(t, j, "after", 1, EnqueueOptions{Queue: "zombie"})
		zombie.expect(t, "after")
		after := "SELECT count(*) FROM river_job WHERE kind = 'after' AND state = 'completed'"
		until(t, "the zombie's next job", func() bool { return count(t, j, after) == 1 })
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE kind = 'late' AND state = 'running'"); n != 1 {
			t.Error("the zombie's result was set")
		}
		close(finish)
		done := "SELECT count(*) FROM river_job WHERE kind = 'late' AND state = 'completed'"
		until(t, "the job to be done", func() bool { return count(t, j, done) == 1 })
		_ = zombie.stdin.Close()
		zombie.expect(t, "ended")
		if err := zombie.wait(); err != nil {
			t.Errorf("the zombie: %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// freeze stops the child at a moment when it holds no lock of the database, which would stop the others too.
func freeze(t *testing.T, j *Jobs, dsn string, p *process) {
	t.Helper()
	if !j.db.pg {
		execute(t, j, "PRAGMA busy_timeout = 100")
		defer execute(t, j, "PRAGMA busy_timeout = 10000")
	}
	for range 100 {
		if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := j.db.tx(ctx, func(tx *sql.Tx) error { _, err := j.db.next(ctx, tx); return err })
		cancel()
		if err == nil {
			return
		}
		if err := p.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the child holds a lock all the time")
}
