package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite"
)

// Open opens the job database, a postgres:// address or the path of an SQLite file, and brings its tables up to date.
func Open(ctx context.Context, dsn string, o Options) (*Jobs, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Owner = fmt.Sprintf("%s-%d-%08x", o.Owner, os.Getpid(), rand.Uint32())
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Beat, 12*time.Second)
	def(&o.LeaseTTL, 45*time.Second)
	def(&o.Poll, time.Second)
	def(&o.Grace, 10*time.Second)
	j := &Jobs{opt: o, kinds: map[string]*kind{}, queues: map[string]int{}, held: map[int64]context.CancelCauseFunc{}}
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		err = j.openPostgres(ctx, dsn)
	} else {
		err = j.openSQLite(dsn)
	}
	if err == nil {
		err = j.prepare(ctx)
	}
	if err != nil {
		j.Close()
		return nil, fmt.Errorf("job database: %w", oneLine(err))
	}
	return j, nil
}

func (j *Jobs) openPostgres(ctx context.Context, dsn string) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("the address cannot be read") // pgx's text may quote the password
	}
	j.pool = pool
	j.db = &database{stdlib.OpenDBFromPool(pool), true}
	j.eng, err = newEngine(riverpgxv5.New(pool))
	return err
}

func (j *Jobs) openSQLite(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600) // for others the rows are nothing to read
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_txlock=immediate"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	j.db = &database{db, false}
	j.eng, err = newEngine(riversqlite.New(db))
	return err
}

// prepare makes the tables. On PostgreSQL one process at a time does, under an advisory lock: CREATE IF NOT EXISTS races there.
func (j *Jobs) prepare(ctx context.Context) error {
	if j.db.pg {
		c, err := j.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(7270421)"); err != nil {
			return err
		}
		defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7270421)") }()
	}
	if err := j.eng.migrate(ctx); err != nil {
		return err
	}
	return j.db.create(ctx)
}

// Close closes the database; Work and Drain must have returned.
func (j *Jobs) Close() {
	if j.db != nil {
		_ = j.db.Close()
	}
	if j.pool != nil {
		j.pool.Close()
	}
}
