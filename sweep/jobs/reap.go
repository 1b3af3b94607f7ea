package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// WorkerGone is the reason of an attempt whose worker stopped without a result.
const WorkerGone = "its worker ended without a result"

// orphan is a running job whose lease nobody renews.
type orphan struct {
	Failure
	token int64 // 0 when no handler of this run had begun
	max   int
}

// reap takes over the jobs of dead workers and returns those that it parked.
func (d *database) reap(ctx context.Context, ttl time.Duration) (taken int, parked []Failure, err error) {
	err = d.tx(ctx, func(tx *sql.Tx) error {
		if _, err := d.next(ctx, tx); err != nil {
			return err
		}
		for _, s := range []string{
			"DELETE FROM jobs_lease WHERE job NOT IN (SELECT id FROM river_job WHERE state = 'running')",
			"INSERT INTO jobs_lease SELECT id, 0, '', NOW FROM river_job WHERE state = 'running' AND id NOT IN (SELECT job FROM jobs_lease)",
		} {
			if _, err := tx.ExecContext(ctx, d.q(s)); err != nil {
				return err
			}
		}
		orphans, err := d.orphans(ctx, tx, ttl)
		if err != nil {
			return err
		}
		for _, o := range orphans {
			park, err := d.takeOver(ctx, tx, o)
			if err != nil {
				return err
			}
			if park {
				parked = append(parked, o.Failure)
			}
		}
		taken = len(orphans)
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return taken, parked, nil
}

func (d *database) orphans(ctx context.Context, tx *sql.Tx, ttl time.Duration) (os []orphan, err error) {
	args := "json(args)"
	if d.pg {
		args = "CAST(args AS TEXT)"
	}
	rows, err := tx.QueryContext(ctx, d.q("SELECT id, kind, "+args+`, attempt, max_attempts, token
		FROM river_job JOIN jobs_lease ON job = id WHERE state = 'running' AND beat < NOW - ?`), ttl.Milliseconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		o := orphan{Failure: Failure{Reason: WorkerGone}}
		var args string
		if err := rows.Scan(&o.ID, &o.Kind, &args, &o.Attempt, &o.max, &o.token); err != nil {
			return nil, err
		}
		o.Args = json.RawMessage(args)
		os = append(os, o)
	}
	return os, rows.Err()
}

// takeOver replaces the row by a copy of another id: River does not look at the attempt when a worker sets a row's state, so a
// zombie must find no row of its own. A job that took its worker down each time is parked, or it would do so for ever.
func (d *database) takeOver(ctx context.Context, tx *sql.Tx, o orphan) (park bool, err error) {
	exec := func(s string, args ...any) (int64, error) {
		r, err := tx.ExecContext(ctx, d.q(s), args...)
		if err != nil {
			return 0, err
		}
		return r.RowsAffected()
	}
	state, attempt := "cancelled", o.Attempt
	switch {
	case o.token == 0:
		attempt = max(attempt-1, 0)
	case o.Attempt >= o.max:
		state, park = "discarded", true
	}
	// Its worker may be setting a result just now: whoever changes the row first has decided.
	n, err := exec(`UPDATE river_job SET state = ?, attempt = ?, finalized_at = CURRENT_TIMESTAMP WHERE id = ? AND state = 'running'`,
		state, attempt, o.ID)
	if err != nil || n == 0 {
		return false, err
	}
	if o.token != 0 {
		if err := d.addError(exec, o); err != nil {
			return false, err
		}
	}
	if !park {
		if _, err := exec(`INSERT INTO river_job (args, attempt, errors, kind, max_attempts, metadata, priority, queue, state, tags,
			unique_key, unique_states) SELECT args, attempt, errors, kind, max_attempts, metadata, priority, queue, 'available', tags,
			unique_key, unique_states FROM river_job WHERE id = ?`, o.ID); err != nil {
			return false, err
		}
		if _, err := exec("DELETE FROM river_job WHERE id = ?", o.ID); err != nil {
			return false, err
		}
	}
	_, err = exec("DELETE FROM jobs_lease WHERE job = ?", o.ID)
	return park, err
}

func (d *database) addError(exec func(string, ...any) (int64, error), o orphan) error {
	e, err := json.Marshal(map[string]any{"at": time.Now().UTC(), "attempt": o.Attempt, "error": WorkerGone, "trace": ""})
	if err != nil {
		return err
	}
	set := "jsonb(json_insert(json(coalesce(errors, jsonb('[]'))), '$[#]', json(?)))"
	if d.pg {
		set = "array_append(errors, CAST(? AS jsonb))"
	}
	_, err = exec(fmt.Sprintf("UPDATE river_job SET errors = %s WHERE id = ?", set), string(e), o.ID)
	return err
}
