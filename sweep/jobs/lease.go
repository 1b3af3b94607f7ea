package jobs

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
)

// database is the plain SQL beside River: leases, slots and due times. Placeholders are ?, times are the database's own, in ms.
type database struct {
	*sql.DB
	pg bool
}

const (
	sqliteNow = "CAST(unixepoch('subsec')*1000 AS INTEGER)"
	pgNow     = "(extract(epoch from clock_timestamp())*1000)::bigint"
)

func (d *database) q(s string) string {
	if !d.pg {
		return strings.ReplaceAll(s, "NOW", sqliteNow)
	}
	s = strings.ReplaceAll(s, "NOW", pgNow)
	var b strings.Builder
	n := 0
	for _, r := range s {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (d *database) create(ctx context.Context) error {
	for _, s := range []string{
		"CREATE TABLE IF NOT EXISTS jobs_counter (one INTEGER PRIMARY KEY, n BIGINT NOT NULL)",
		"INSERT INTO jobs_counter VALUES (1, 0) ON CONFLICT DO NOTHING",
		"CREATE TABLE IF NOT EXISTS jobs_lease (job BIGINT PRIMARY KEY, token BIGINT NOT NULL, owner TEXT NOT NULL, beat BIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS jobs_slot (id BIGINT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, beat BIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS jobs_every (kind TEXT PRIMARY KEY, due BIGINT NOT NULL)",
	} {
		if _, err := d.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) tx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// next draws a token; the counter's row lock also puts all that draw one in order.
func (d *database) next(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	err = tx.QueryRowContext(ctx, "UPDATE jobs_counter SET n = n + 1 WHERE one = 1 RETURNING n").Scan(&n)
	return n, err
}

func (d *database) lease(ctx context.Context, job int64, owner string) (token int64, err error) {
	err = d.tx(ctx, func(tx *sql.Tx) error {
		if token, err = d.next(ctx, tx); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, d.q("SELECT count(*) FROM river_job WHERE id = ? AND state = 'running'"), job).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return ErrLost
		}
		_, err := tx.ExecContext(ctx, d.q(`INSERT INTO jobs_lease VALUES (?, ?, ?, NOW)
			ON CONFLICT (job) DO UPDATE SET token = excluded.token, owner = excluded.owner, beat = excluded.beat`), job, token, owner)
		return err
	})
	return token, err
}

func (d *database) check(ctx context.Context, token int64) error {
	var n int
	if err := d.QueryRowContext(ctx, d.q("SELECT count(*) FROM jobs_lease WHERE token = ?"), token).Scan(&n); err != nil {
		return oneLine(err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

func (d *database) release(ctx context.Context, token int64) {
	// A lease left behind is harmless: reap removes those whose job does not run.
	_, _ = d.ExecContext(ctx, d.q("DELETE FROM jobs_lease WHERE token = ?"), token)
}

func (d *database) beat(ctx context.Context, owner string) error {
	_, err := d.ExecContext(ctx, d.q("UPDATE jobs_lease SET beat = NOW WHERE owner = ?"), owner)
	if err == nil {
		_, err = d.ExecContext(ctx, d.q("UPDATE jobs_slot SET beat = NOW WHERE owner = ?"), owner)
	}
	return err
}

// reap takes over the jobs of dead workers. The row is replaced by a copy of another id: River does not look at the attempt when
// a worker sets a row's state, so a zombie must find no row of its own.
func (d *database) reap(ctx context.Context, ttl time.Duration) (taken int, err error) {
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
		ids, err := d.stale(ctx, tx, ttl)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := d.replace(ctx, tx, id); err != nil {
				return err
			}
		}
		taken = len(ids)
		return nil
	})
	return taken, err
}

func (d *database) stale(ctx context.Context, tx *sql.Tx, ttl time.Duration) (ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, d.q("SELECT job FROM jobs_lease WHERE beat < NOW - ?"), ttl.Milliseconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (d *database) replace(ctx context.Context, tx *sql.Tx, id int64) error {
	// A job that took its worker down each time is parked, or it would take all workers down for ever.
	r, err := tx.ExecContext(ctx, d.q(`UPDATE river_job SET state = 'discarded', finalized_at = CURRENT_TIMESTAMP
		WHERE id = ? AND attempt >= max_attempts`), id)
	if err != nil {
		return err
	}
	steps := []string{
		"UPDATE river_job SET state = 'cancelled', finalized_at = CURRENT_TIMESTAMP WHERE id = ?",
		`INSERT INTO river_job (args, attempt, errors, kind, max_attempts, metadata, priority, queue, state, tags, unique_key,
		 unique_states) SELECT args, attempt, errors, kind, max_attempts, metadata, priority, queue, 'available', tags, unique_key,
		 unique_states FROM river_job WHERE id = ?`,
		"DELETE FROM river_job WHERE id = ?",
		"DELETE FROM jobs_lease WHERE job = ?",
	}
	if n, err := r.RowsAffected(); err != nil {
		return err
	} else if n > 0 {
		steps = steps[3:]
	}
	for _, s := range steps {
		if _, err := tx.ExecContext(ctx, d.q(s), id); err != nil {
			return err
		}
	}
	return nil
}

// promote makes due retries and scheduled jobs available without waiting for River's scheduler.
func (d *database) promote(ctx context.Context) error {
	due := "datetime(scheduled_at, 'subsec') <= datetime('now', 'subsec')"
	if d.pg {
		due = "scheduled_at <= clock_timestamp()"
	}
	_, err := d.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state IN ('retryable', 'scheduled') AND "+due)
	return err
}
