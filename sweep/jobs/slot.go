package jobs

import (
	"context"
	"database/sql"
	"time"
)

// Acquire takes one of limit slots of the name, counted over all processes, waiting for one to become free. The slots of a worker
// that died are free after Options.LeaseTTL.
func (j *Jobs) Acquire(ctx context.Context, name string, limit int) (release func(), err error) {
	for {
		freed := j.whenFreed(name) // before it is asked: one that becomes free in between is not waited for
		id, err := j.slot(ctx, name, limit)
		if err != nil {
			return nil, oneLine(err)
		}
		if id != 0 {
			j.heldMu.Lock()
			j.slots[id] = true
			j.heldMu.Unlock()
			return func() { j.free(context.WithoutCancel(ctx), name, id) }, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-freed:
		case <-time.After(j.slotPoll):
		}
	}
}

// free gives a slot back, and tells who waits for one of the name here.
func (j *Jobs) free(ctx context.Context, name string, id int64) {
	j.heldMu.Lock() // a slot that cannot be deleted now is renewed no more
	delete(j.slots, id)
	j.heldMu.Unlock()
	_, _ = j.db.ExecContext(ctx, j.db.q("DELETE FROM jobs_slot WHERE id = ?"), id)
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	if freed := j.freed[name]; freed != nil {
		close(freed)
		delete(j.freed, name)
	}
}

// whenFreed is closed when this process gives a slot of the name back.
func (j *Jobs) whenFreed(name string) <-chan struct{} {
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	if j.freed[name] == nil {
		j.freed[name] = make(chan struct{})
	}
	return j.freed[name]
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
