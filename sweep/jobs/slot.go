package jobs

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Acquire takes one of limit slots of the name, counted over all processes, waiting for one to become free. The slots of a worker
// that died are free after Options.LeaseTTL.
func (j *Jobs) Acquire(ctx context.Context, name string, limit int) (release func(), err error) {
	for {
		freed := j.await(name) // before it is asked: one that becomes free in between is not waited for
		id, err := j.slot(ctx, name, limit)
		switch {
		case err != nil:
			err = oneLine(err)
		case id != 0:
			j.heldMu.Lock()
			j.slots[id] = true
			j.heldMu.Unlock()
			release = func() { j.free(context.WithoutCancel(ctx), name, id) }
		default:
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-freed:
				continue
			case <-time.After(j.slotPoll):
			}
		}
		j.leave(name, freed)
		if release != nil || err != nil {
			return release, err
		}
	}
}

// free gives a slot back, and tells one of those who wait for one of the name here.
func (j *Jobs) free(ctx context.Context, name string, id int64) {
	j.heldMu.Lock() // a slot that cannot be deleted now is renewed no more
	delete(j.slots, id)
	j.heldMu.Unlock()
	_, _ = j.db.ExecContext(ctx, j.db.q("DELETE FROM jobs_slot WHERE id = ?"), id)
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	j.wake(name)
}

// await is closed when this process gives a slot of the name back that those who came before were not told of. Whoever does not wait for
// it any more has to leave.
func (j *Jobs) await(name string) <-chan struct{} {
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	freed := make(chan struct{})
	j.freed[name] = append(j.freed[name], freed)
	return freed
}

// wake tells the first who waits: all at once would ask the database, for one of them to have it. It is called with heldMu.
func (j *Jobs) wake(name string) {
	if len(j.freed[name]) > 0 {
		close(j.freed[name][0])
		j.remove(name, 0)
	}
}

// leave ends the waiting of one who has what he wants, or asks again. What he was told meanwhile is told to the next.
func (j *Jobs) leave(name string, freed <-chan struct{}) {
	j.heldMu.Lock()
	defer j.heldMu.Unlock()
	at := slices.IndexFunc(j.freed[name], func(c chan struct{}) bool { return c == freed })
	if at < 0 {
		j.wake(name)
		return
	}
	j.remove(name, at)
}

func (j *Jobs) remove(name string, at int) {
	if j.freed[name] = slices.Delete(j.freed[name], at, at+1); len(j.freed[name]) == 0 {
		delete(j.freed, name)
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
