package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"
)

// Work runs jobs until ctx is done; then running handlers have Options.Grace to end before they are cancelled.
func (j *Jobs) Work(ctx context.Context) error {
	return j.loop(ctx, j.opt.Poll, false, func(context.Context) (bool, error) { return false, nil })
}

// Until runs jobs as Work does until done says so, or ctx ends, which is an error. What runs then in this process is cancelled
// after Options.Grace and given back: it may be of others. A database that cannot be written ends it at once.
func (j *Jobs) Until(ctx context.Context, done func(context.Context) (bool, error)) error {
	err := j.loop(ctx, min(j.opt.Poll, 20*time.Millisecond), true, done)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return err
}

func (j *Jobs) loop(ctx context.Context, poll time.Duration, hurried bool, done func(context.Context) (bool, error)) error {
	if !j.busy.TryLock() {
		return errors.New("these jobs are being worked already")
	}
	defer j.busy.Unlock()
	j.hurried = hurried
	select {
	case <-j.failed: // of the last time
	default:
	}
	if err := j.plan(ctx); err != nil {
		return oneLine(err)
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	err := j.eng.start(working, j, poll)
	if err != nil {
		return oneLine(err)
	}
	beating, end := context.WithCancel(context.WithoutCancel(ctx)) // leases are kept while handlers end
	beaten := make(chan struct{})
	go func() { defer close(beaten); j.beats(beating) }()
	err = j.turns(ctx, poll, done)
	stop() // handlers that are cancelled from now on have not failed
	stopped := j.eng.stop(j.opt.Grace)
	end()
	<-beaten
	if err == nil {
		err = stopped
	}
	return oneLine(err)
}

// turns promotes and asks whether all is done. A database that fails for a minute on end is given up.
func (j *Jobs) turns(ctx context.Context, poll time.Duration, done func(context.Context) (bool, error)) error {
	t := time.NewTicker(poll)
	defer t.Stop()
	j.promoted = time.Time{}
	good := time.Now()
	for {
		asked, err := j.tick(ctx)
		var over bool
		if err == nil {
			over, err = done(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && over:
			return nil
		case err == nil:
			if asked {
				good = time.Now()
			}
		case errors.As(err, &fatal{}):
			return err
		case time.Since(good) > time.Minute || j.hurried && unwritable(err):
			return fmt.Errorf("job database: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-j.failed:
			return err
		case <-j.asked:
		case <-t.C:
		}
	}
}

// Ask has Until ask at once whether all is done.
func (j *Jobs) Ask() {
	select {
	case j.asked <- struct{}{}:
	default: // it is about to
	}
}

// promoteEvery is how often at most due jobs are looked for.
const promoteEvery = 100 * time.Millisecond

// tick looks for what is due, unless it did just now.
func (j *Jobs) tick(ctx context.Context) (asked bool, err error) {
	if err := j.file.check(); err != nil {
		return false, err
	}
	if time.Since(j.promoted) < promoteEvery {
		return false, nil
	}
	if j.opt.Check != nil {
		if err := j.opt.Check(); err != nil {
			return false, Fatal(err)
		}
	}
	if err := j.db.promote(ctx); err != nil {
		return true, err
	}
	for _, e := range j.every {
		if err := j.due(ctx, e); err != nil {
			return true, err
		}
	}
	j.promoted = time.Now()
	return true, nil
}

// plan makes the periodic jobs known. A new one is due at once, and one whose interval was shortened no later than that.
func (j *Jobs) plan(ctx context.Context) error {
	for _, e := range j.every {
		if _, err := j.db.ExecContext(ctx, j.db.q("INSERT INTO jobs_every VALUES (?, 0) ON CONFLICT DO NOTHING"), e.kind); err != nil {
			return err
		}
		most := (e.interval + e.jitter).Milliseconds()
		if _, err := j.db.ExecContext(ctx, j.db.q("UPDATE jobs_every SET due = NOW + ? WHERE kind = ? AND due > NOW + ?"),
			most, e.kind, most); err != nil {
			return err
		}
	}
	return nil
}

// due enqueues a periodic job that is due and moves its due time on, both or neither.
func (j *Jobs) due(ctx context.Context, e every) error {
	attempts, o := j.defaults(e.kind, EnqueueOptions{Unique: true})
	return j.eng.insertIf(ctx, j.move(e), rawArgs{e.kind, json.RawMessage("{}")}, attempts, o)
}

// move moves the due time on if it has come; of several processes one changes the row.
func (j *Jobs) move(e every) stmt {
	wait := e.interval
	if e.jitter > 0 {
		wait += rand.N(e.jitter)
	}
	return stmt{j.db.q("UPDATE jobs_every SET due = NOW + ? WHERE kind = ? AND due <= NOW"), []any{wait.Milliseconds(), e.kind}}
}

// beats renews leases. Where that fails for so long that all are lost, as on a full disk, on which all else seems well, it is told
// to who works.
func (j *Jobs) beats(ctx context.Context) {
	t := time.NewTicker(j.opt.Beat)
	defer t.Stop()
	good := time.Now()
	for {
		switch err := j.beat(ctx); {
		case err == nil:
			good = time.Now()
		case ctx.Err() == nil:
			j.opt.Logger.Warn("leases could not be renewed", "error", clip(err.Error()))
			if time.Since(good) > max(j.opt.LeaseTTL*4/3, beatsFail) || j.hurried && unwritable(err) {
				j.fail(fmt.Errorf("job database: %w", err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// fail ends the work with an error, the first of several.
func (j *Jobs) fail(err error) {
	select {
	case j.failed <- err:
	default:
	}
}

// beatsFail is for how long leases cannot be renewed, at least, until work ends.
const beatsFail = 5 * time.Second

// beat renews what this worker holds, cancels handlers whose lease has gone and takes dead workers' jobs over. Only what is held
// is renewed: a lease or slot that could not be given back goes stale.
func (j *Jobs) beat(ctx context.Context) error {
	if err := j.setClock(ctx); err != nil {
		return err
	}
	j.heldMu.Lock()
	held, slots := maps.Clone(j.held), maps.Clone(j.slots)
	j.heldMu.Unlock()
	for token, cancel := range held {
		if err := j.db.renew(ctx, token); errors.Is(err, ErrLost) {
			cancel(ErrLost)
		} else if err != nil {
			return err
		}
	}
	for id := range slots {
		if _, err := j.db.ExecContext(ctx, j.db.q("UPDATE jobs_slot SET beat = NOW WHERE id = ?"), id); err != nil {
			return err
		}
	}
	n, parked, err := j.db.reap(ctx, j.opt.LeaseTTL)
	if n > 0 {
		j.opt.Logger.Warn("jobs of a dead worker were taken over", "jobs", n, "parked", len(parked))
	}
	for _, f := range parked {
		j.parked(ctx, f)
	}
	return err
}

func (j *Jobs) parked(ctx context.Context, f Failure) {
	if j.opt.OnParked != nil {
		j.opt.OnParked(ctx, f)
	}
}

func (j *Jobs) hold(token int64, cancel context.CancelCauseFunc) {
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	j.held[token] = cancel
}

func (j *Jobs) drop(token int64) {
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	delete(j.held, token)
}
