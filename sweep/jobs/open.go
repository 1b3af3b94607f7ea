package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"rummage/sweep/internal/lite"
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
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	j := &Jobs{opt: o, kinds: map[string]*kind{}, queues: map[string]int{}, failed: make(chan error, 1),
		asked: make(chan struct{}, 1), held: map[int64]context.CancelCauseFunc{}, slots: map[int64]bool{}, freed: map[string]chan struct{}{},
		slotPoll: min(o.Poll, 200*time.Millisecond)}
	var err error
	postgres := strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
	if postgres {
		err = j.openPostgres(ctx, dsn)
	} else {
		err = j.openSQLite(dsn)
	}
	if err == nil {
		err = j.prepare(ctx)
	}
	if err != nil {
		j.Close()
		name := "job database"
		if !postgres {
			name += " " + clip(dsn)
		}
		return nil, fmt.Errorf("%s: %w", name, oneLine(err))
	}
	return j, nil
}

func (j *Jobs) openPostgres(ctx context.Context, dsn string) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("the address cannot be read") // pgx's text may quote the password
	}
	if j.opt.Password != "" {
		config.ConnConfig.Password = j.opt.Password
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	j.pool = pool
	j.db = &database{stdlib.OpenDBFromPool(pool), true}
	j.eng, err = newEngine(riverpgxv5.New(pool), func(ctx context.Context, do func(pgx.Tx, func(stmt) (int64, error)) error) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			return do(tx, func(s stmt) (int64, error) {
				t, err := tx.Exec(ctx, s.sql, s.args...)
				return t.RowsAffected(), err
			})
		})
	})
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
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	j.file = sqliteFile{abs, info}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_txlock=immediate"}
	db, err := lite.Open(u.String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	j.db = &database{db, false}
	j.eng, err = newEngine(riversqlite.New(db), func(ctx context.Context, do func(*sql.Tx, func(stmt) (int64, error)) error) error {
		return j.db.tx(ctx, func(tx *sql.Tx) error {
			return do(tx, func(s stmt) (int64, error) {
				r, err := tx.ExecContext(ctx, s.sql, s.args...)
				if err != nil {
					return 0, err
				}
				return r.RowsAffected()
			})
		})
	})
	return err
}

// sqliteFile is the file as it was opened. SQLite goes on in a file without a name, and all of it would be lost at the end.
type sqliteFile struct {
	path string
	info os.FileInfo
}

var errRemoved = errors.New("was removed or replaced while in use: start again")

func (f sqliteFile) check() error {
	if f.info == nil {
		return nil
	}
	now, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(now, f.info) {
		return Fatal(fmt.Errorf("job database %s %w", clip(f.path), errRemoved))
	}
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
	err := j.eng.migrate(ctx)
	// SQLite has no such lock. Each step is a transaction: where another process was quicker, the rest is tried again.
	for try := 1; err != nil && !j.db.pg && try < 50 && ctx.Err() == nil; try++ {
		time.Sleep(20 * time.Millisecond)
		err = j.eng.migrate(ctx)
	}
	if err != nil {
		return err
	}
	if err := j.db.create(ctx); err != nil {
		return err
	}
	return j.setClock(ctx)
}

// Close closes the database; Work and Until must have returned.
func (j *Jobs) Close() {
	if j.db != nil {
		_ = j.db.Close()
	}
	if j.pool != nil {
		j.pool.Close()
	}
}
