package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"rummage/report"
	"rummage/sweep/store"
)

// How often a worker without a job looks whether it can help others: where a sweep is to end, and where it keeps going.
const (
	helpSoon  = 50 * time.Millisecond
	helpEvery = 2 * time.Second
)

// help searches repositories of jobs that other workers are at, while this one has none: so all end at about the same time, and
// what a dead worker had before it is not left until its lease has ended. Who has the job finds them searched, and waits for the
// last of them. It goes on until it is stopped.
func (w *Worker) help(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		asked := map[int64]time.Time{}
		for idle := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if idle++; w.batches.Load() > 0 {
				idle = 0
			}
			if idle < 2 { // there may be a job that it is just about to get
				continue
			}
			if err := w.helpOnce(ctx, asked); err != nil && ctx.Err() == nil {
				w.o.Logger.Warn("could not help other workers", "reason", report.Escape(err.Error()))
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// helpAgain is after how long a repository is looked at again that was searched, or that another worker was at.
const helpAgain = time.Second

// helpOnce searches what is left of others' jobs, from their ends on, until this worker has a job of its own. Asked is when it
// looked at them last.
func (w *Worker) helpOnce(ctx context.Context, asked map[int64]time.Time) error {
	left, err := w.jobs.Left(ctx, searchJob)
	if err != nil {
		return err
	}
	args, divided := make([]batchArgs, len(left)), map[int64]bool{}
	for i, job := range left {
		if err := json.Unmarshal(job.Args, &args[i]); err != nil {
			return err
		}
		if args[i].Divided {
			divided[args[i].IDs[0]] = true
		}
	}
	for i, job := range left {
		if !job.Running {
			continue
		}
		for _, id := range slices.Backward(args[i].IDs) {
			if w.batches.Load() > 0 || ctx.Err() != nil {
				return ctx.Err()
			}
			if divided[id] || time.Since(asked[id]) < helpAgain {
				continue
			}
			r, now, err := w.store.RepositoryNow(ctx, id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			// What the job has had searched may be due again.
			if err == nil && r.Failures == 0 && r.LastScan.Before(job.Created) && wanted(r, args[i].Since, now) {
				if _, err := w.taken(ctx, r, &args[i], nil); err != nil {
					return err
				}
			}
			if asked[id] = time.Now(); len(asked) > maxDue {
				clear(asked)
			}
		}
	}
	return nil
}
