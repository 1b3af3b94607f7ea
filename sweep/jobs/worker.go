package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
)

type worker struct {
	river.WorkerDefaults[rawArgs]
	j   *Jobs
	k   *kind
	ctx context.Context // done when Work or Until are to end
}

func (w *worker) Timeout(*river.Job[rawArgs]) time.Duration { return w.k.Timeout }

func (w *worker) NextRetry(job *river.Job[rawArgs]) time.Time {
	return w.j.clock.Now().Add(w.k.Backoff(job.Attempt))
}

// Work runs the handler under a lease and turns its result into River's.
func (w *worker) Work(ctx context.Context, job *river.Job[rawArgs]) error {
	token, err := w.j.db.lease(ctx, job.ID, w.j.opt.Owner)
	switch {
	case errors.Is(err, ErrLost):
		return err // the row has gone: River has nothing left to set
	case err != nil:
		return w.again("a lease could not be taken", job, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w.j.hold(token, cancel)
	defer func() { w.j.drop(token); cancel(nil) }()
	check := func(ctx context.Context) error { return w.j.db.check(ctx, token) }
	err = w.guard(ctx, run{job.ID, job.Attempt, token, job.Args.raw, check})
	own := context.WithoutCancel(ctx)
	if lost := w.stillHeld(own, token); errors.Is(lost, ErrLost) {
		return lost
	} else if lost != nil {
		w.j.db.release(own, token)
		return w.again("whether the lease still holds could not be asked, so the result does not count", job, lost)
	}
	err = w.result(ctx, own, job, err)
	w.j.db.release(own, token)
	return err
}

// result says what becomes of the job whose handler returned err.
func (w *worker) result(ctx, own context.Context, job *river.Job[rawArgs], err error) error {
	var p permanent
	var l later
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fatal{}):
		w.j.fail(err)
		return river.JobSnooze(0)
	case errors.As(err, &l):
		return river.JobSnooze(l.d)
	case errors.As(err, &p):
		w.parked(own, job, err)
		return river.JobCancel(plain(err))
	case w.ctx.Err() != nil && ctx.Err() != nil:
		return river.JobSnooze(0)
	case job.Attempt >= job.MaxAttempts:
		w.parked(own, job, err)
	}
	return plain(err)
}

// again puts the job back without counting the attempt: not the job failed but its database.
func (w *worker) again(what string, job *river.Job[rawArgs], err error) error {
	if w.j.hurried && unwritable(err) {
		w.j.fail(fmt.Errorf("job database: %w", err))
	}
	w.j.opt.Logger.Warn(what, "job", job.ID, "kind", w.k.name, "error", clip(err.Error()))
	return river.JobSnooze(min(w.j.opt.Beat, 5*time.Second))
}

// stillHeld asks for some seconds, since the work of minutes depends on the answer.
func (w *worker) stillHeld(ctx context.Context, token int64) (err error) {
	for i := range 5 {
		if err = w.j.db.check(ctx, token); err == nil || errors.Is(err, ErrLost) {
			return err
		}
		time.Sleep(min(time.Duration(i)*200*time.Millisecond, w.j.opt.Beat))
	}
	return err
}

func (w *worker) parked(ctx context.Context, job *river.Job[rawArgs], err error) {
	w.j.parked(ctx, Failure{job.ID, w.k.name, job.Args.raw, clip(err.Error()), job.Attempt})
}

// guard turns a panic into an error without its value, which may quote what was read.
func (w *worker) guard(ctx context.Context, r run) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the handler of %s jobs panicked", w.k.name)
		}
	}()
	return w.k.run(ctx, r)
}

func plain(err error) error { return errors.New(clip(err.Error())) }

// backoff is 1 s, 5 s, 25 s ... to an hour, give or take a fifth.
func backoff(attempt int) time.Duration {
	d := time.Second
	for range min(attempt, 7) - 1 {
		d *= 5
	}
	d = min(d, time.Hour)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}
