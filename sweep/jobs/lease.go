package jobs

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
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
	// A lease left behind is harmless: nobody renews it, and reap removes those whose job does not run.
	_, _ = d.ExecContext(ctx, d.q("DELETE FROM jobs_lease WHERE token = ?"), token)
}

// renew renews a lease and returns ErrLost when there is none.
func (d *database) renew(ctx context.Context, token int64) error {
	r, err := d.ExecContext(ctx, d.q("UPDATE jobs_lease SET beat = NOW WHERE token = ?"), token)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrLost
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
