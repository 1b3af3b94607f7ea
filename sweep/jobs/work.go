package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// Work runs jobs until ctx is done; then running handlers have Options.Grace to end before they are cancelled.
func (j *Jobs) Work(ctx context.Context) error {
	return j.loop(ctx, j.opt.Poll, func() (bool, error) { return false, nil })
}

// Drain runs jobs until none is queued, running anywhere, or to be retried.
func (j *Jobs) Drain(ctx context.Context) error {
	return j.loop(ctx, min(j.opt.Poll, 50*time.Millisecond), func() (bool, error) {
		var n int
		err := j.db.QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&n)
		return n == 0, err
	})
}

func (j *Jobs) loop(ctx context.Context, poll time.Duration, done func() (bool, error)) error {
	j.mu.Lock()
	j.ctx = ctx
	err := j.eng.start(ctx, j, poll)
	j.mu.Unlock()
	if err != nil {
		return oneLine(err)
	}
	beating, end := context.WithCancel(context.WithoutCancel(ctx)) // leases are kept while handlers end
	beaten := make(chan struct{})
	go func() { defer close(beaten); j.beats(beating) }()
	err = j.turns(ctx, poll, done)
	j.mu.Lock()
	stopped := j.eng.stop(j.opt.Grace)
	j.mu.Unlock()
	end()
	<-beaten
	if err == nil {
		err = stopped
	}
	return oneLine(err)
}

// turns promotes and asks whether all is done. A database that fails for a minute on end is given up.
func (j *Jobs) turns(ctx context.Context, poll time.Duration, done func() (bool, error)) error {
	t := time.NewTicker(poll)
	defer t.Stop()
	good := time.Now()
	for {
		err := j.tick(ctx)
		var over bool
		if err == nil {
			over, err = done()
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && over:
			return nil
		case err == nil:
			good = time.Now()
		case time.Since(good) > time.Minute:
			return fmt.Errorf("job database: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (j *Jobs) tick(ctx context.Context) error {
	if err := j.db.promote(ctx); err != nil {
		return err
	}
	for _, e := range j.every {
		if err := j.due(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// due enqueues a periodic job by the one process that moves its due time on. A first one is due at once.
func (j *Jobs) due(ctx context.Context, e every) error {
	if _, err := j.db.ExecContext(ctx, j.db.q("INSERT INTO jobs_every VALUES (?, 0) ON CONFLICT DO NOTHING"), e.kind); err != nil {
		return err
	}
	wait := e.interval
	if e.jitter > 0 {
		wait += rand.N(e.jitter)
	}
	r, err := j.db.ExecContext(ctx, j.db.q("UPDATE jobs_every SET due = NOW + ? WHERE kind = ? AND due <= NOW"), wait.Milliseconds(), e.kind)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, _, err = j.Enqueue(ctx, e.kind, struct{}{}, EnqueueOptions{Unique: true})
	if err != nil { // it is due still
		_, _ = j.db.ExecContext(context.WithoutCancel(ctx), j.db.q("UPDATE jobs_every SET due = 0 WHERE kind = ?"), e.kind)
	}
	return err
}

func (j *Jobs) beats(ctx context.Context) {
	t := time.NewTicker(j.opt.Beat)
	defer t.Stop()
	for {
		if err := j.beat(ctx); err != nil && ctx.Err() == nil {
			j.opt.Logger.Warn("leases could not be renewed", "error", clip(err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// beat renews this worker's leases, cancels handlers whose lease has gone and takes dead workers' jobs over.
func (j *Jobs) beat(ctx context.Context) error {
	if err := j.db.beat(ctx, j.opt.Owner); err != nil {
		return err
	}
	j.heldMu.Lock()
	held := make(map[int64]context.CancelCauseFunc, len(j.held))
	for t, c := range j.held {
		held[t] = c
	}
	j.heldMu.Unlock()
	for t, cancel := range held {
		if err := j.db.check(ctx, t); err == ErrLost {
			cancel(ErrLost)
		}
	}
	n, err := j.db.reap(ctx, j.opt.LeaseTTL)
	if n > 0 {
		j.opt.Logger.Warn("jobs of a dead worker were taken over", "jobs", n)
	}
	return err
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

func (j *Jobs) stopping() bool { return j.ctx.Err() != nil }

// Acquire takes one of limit slots of the name, counted over all processes, waiting for one to become free. The slots of a worker
// that died are free after Options.LeaseTTL.
func (j *Jobs) Acquire(ctx context.Context, name string, limit int) (release func(), err error) {
	for {
		id, err := j.slot(ctx, name, limit)
		if err != nil {
			return nil, oneLine(err)
		}
		if id != 0 {
			return func() {
				_, _ = j.db.ExecContext(context.WithoutCancel(ctx), j.db.q("DELETE FROM jobs_slot WHERE id = ?"), id)
			}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(j.opt.Poll, 200*time.Millisecond)):
		}
	}
}

func (j *Jobs) slot(ctx context.Context, name string, limit int) (id int64, err error) {
	err = j.db.tx(ctx, func(tx *sql.Tx) error {
		token, err := j.db.next(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, j.db.q("DELETE FROM jobs_slot WHERE beat < NOW - ?"), j.opt.LeaseTTL.Milliseconds()); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, j.db.q(`INSERT INTO jobs_slot SELECT one * ?, ?, ?, NOW FROM jobs_counter
			WHERE (SELECT count(*) FROM jobs_slot WHERE name = ?) < ?`), token, name, j.opt.Owner, name, limit)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if n > 0 {
			id = token
		}
		return err
	})
	return id, err
}

// Status counts the jobs by kind and state.
func (j *Jobs) Status(ctx context.Context) ([]Count, error) {
	rows, err := j.db.QueryContext(ctx, "SELECT kind, state, count(*) FROM river_job GROUP BY kind, state ORDER BY kind, state")
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var cs []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Kind, &c.State, &c.N); err != nil {
			return nil, oneLine(err)
		}
		cs = append(cs, c)
	}
	return cs, oneLine(rows.Err())
}

// Failed lists the parked jobs, oldest first.
func (j *Jobs) Failed(ctx context.Context) ([]Failure, error) {
	// River marks a job parked at once as cancelled with an error, and one cancelled by hand as cancelled without.
	text := "CAST(%s AS TEXT)"
	args, errs := "json(args)", "coalesce(json(errors), '[]')"
	if j.db.pg {
		args, errs = fmt.Sprintf(text, "args"), fmt.Sprintf(text, "coalesce(to_jsonb(errors), '[]'::jsonb)")
	}
	rows, err := j.db.QueryContext(ctx, "SELECT id, kind, "+args+", "+errs+
		", attempt, state FROM river_job WHERE state IN ('discarded', 'cancelled') ORDER BY id")
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var fs []Failure
	for rows.Next() {
		var f Failure
		var args, errs, state string
		if err := rows.Scan(&f.ID, &f.Kind, &args, &errs, &f.Attempt, &state); err != nil {
			return nil, oneLine(err)
		}
		var es []struct{ Error string }
		if err := json.Unmarshal([]byte(errs), &es); err != nil {
			return nil, oneLine(err)
		}
		f.Args, f.Reason = json.RawMessage(args), "its worker died each time"
		if len(es) > 0 {
			f.Reason = es[len(es)-1].Error
		} else if state == "cancelled" {
			continue
		}
		fs = append(fs, f)
	}
	return fs, oneLine(rows.Err())
}

// Retry makes a parked job available again.
func (j *Jobs) Retry(ctx context.Context, id int64) error { return oneLine(j.eng.retry(ctx, id)) }

// Cancel ends a job for good; a running one has its context cancelled when its worker learns of it.
func (j *Jobs) Cancel(ctx context.Context, id int64) error { return oneLine(j.eng.cancel(ctx, id)) }
