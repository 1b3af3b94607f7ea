package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"rummage/sweep/internal/lite"
)

//go:embed migrations
var migrations embed.FS

// Errors that a caller tells apart.
var (
	ErrNotFound = errors.New("not found")
	ErrKey      = errors.New("the key is not the one that this database was made with")
	ErrNewer    = errors.New("the database was made by a newer rummage: update this one")
	ErrOlder    = errors.New("the database was made by an older rummage: a sweep brings it up to date")
	ErrFenced   = errors.New("the lease was lost to another worker")

	// ErrUnwritable is of what another try at once does not mend, such as a full disk.
	ErrUnwritable = errors.New("the database cannot be written")
)

// minKey is the shortest key that is taken, in bytes.
const minKey = 16

// versionTable is where the version of the tables is kept.
const versionTable = "rummage_store_version"

// Store is an open database.
type Store struct {
	d           *dialect
	write, read *sql.DB // the same for PostgreSQL
	key         []byte
	file        file // of SQLite
}

type options struct {
	password string
	readOnly bool
	relaxed  bool
}

// Option changes how a database is opened.
type Option func(*options)

// WithPassword gives the password of PostgreSQL's user, which then need not stand in the address.
func WithPassword(password string) Option { return func(o *options) { o.password = password } }

// Relaxed has SQLite not wait for the disk at the end of each transaction: a power cut may take the last ones back, all from
// some moment on, which is no loss to who does them again. PostgreSQL has settings of its own for that, and is to read tables by
// their indexes: it keeps plans, and one that it made while a table was small would read all of it when it is large.
func Relaxed() Option { return func(o *options) { o.relaxed = true } }

// ReadOnly opens an existing database for reading: nothing is made or brought up to date.
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// Open opens the database at dsn, a path or "sqlite:PATH" or "postgres://…", makes its tables and brings them up to date.
// The key identifies secrets; a database is only opened with the key that it was made with. No error holds a password.
func Open(ctx context.Context, dsn string, key []byte, opts ...Option) (*Store, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if len(key) < minKey {
		return nil, fmt.Errorf("store: the key has %d bytes: at least %d are needed", len(key), minKey)
	}
	s := &Store{key: append([]byte(nil), key...)}
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		err = s.openPostgres(dsn, &o)
	} else {
		err = s.openSQLite(strings.TrimPrefix(dsn, "sqlite:"), &o)
	}
	if err == nil {
		// SQLite does not wait for a lock while another process turns the file's journal into a log.
		for try := 1; ; try++ {
			if err = s.prepare(ctx, o.readOnly); err == nil || !again(err) || try == maxTries || ctx.Err() != nil {
				break
			}
			time.Sleep(time.Duration(try) * 20 * time.Millisecond)
		}
		if err != nil {
			_ = s.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error {
	var err error
	if s.read != nil && s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	if s.write != nil {
		err = errors.Join(err, s.write.Close())
	}
	return err
}

func (s *Store) openPostgres(dsn string, o *options) error {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("the address of PostgreSQL is malformed: postgres://USER@HOST:PORT/DATABASE is expected")
	}
	if o.password != "" {
		cfg.Password = o.password
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "rummage"
	}
	if o.readOnly {
		cfg.RuntimeParams["default_transaction_read_only"] = "on"
	}
	d := postgresDialect
	s.d = &d
	var opts []stdlib.OptionOpenDB
	if o.relaxed {
		opts = append(opts, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SET enable_seqscan = off; SET jit = off")
			return err
		}))
	}
	s.write = stdlib.OpenDB(*cfg, opts...)
	s.write.SetMaxOpenConns(maxConns)
	s.read = s.write
	return nil
}

// maxConns is how many connections a process has at most to PostgreSQL, and readers of SQLite.
const maxConns = 8

func (s *Store) openSQLite(path string, o *options) error {
	if path == "" {
		return errors.New("the path of the database is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if o.readOnly {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	} else if err := createPrivate(path); err != nil {
		return err
	}
	if s.file.info, err = os.Stat(path); err != nil {
		return err
	}
	s.file.path = path
	d := sqliteDialect
	s.d = &d
	base := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_pragma=busy_timeout(15000)&_pragma=foreign_keys(1)&_pragma=cache_size(-8000)"
	if o.readOnly {
		if s.read, err = lite.Open(base + "&mode=ro&_pragma=query_only(1)"); err != nil {
			return err
		}
		s.write = s.read
		return nil
	}
	sync := "FULL"
	if o.relaxed {
		sync = "NORMAL"
	}
	if s.write, err = lite.Open(base + "&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(" + sync + ")"); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = lite.Open(base + "&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(maxConns)
	return nil
}

// createPrivate makes the file readable by its owner alone before SQLite would make it readable by all; SQLite gives its
// other files the same mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) prepare(ctx context.Context, readOnly bool) error {
	if err := s.write.PingContext(ctx); err != nil {
		return err
	}
	provider, err := s.provider()
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	known := sources[len(sources)-1].Version
	version, err := s.version(ctx)
	switch {
	case err != nil:
		return err
	case version > known:
		return fmt.Errorf("%w (its tables are of version %d, known are those up to %d)", ErrNewer, version, known)
	case readOnly && version < known:
		return ErrOlder
	}
	if version < known {
		if err := s.migrate(ctx, provider, known); err != nil {
			return err
		}
	}
	return s.checkKey(ctx, readOnly)
}

// version is the version of the tables, 0 where there are none.
func (s *Store) version(ctx context.Context) (int64, error) {
	c := conn{s.d, s.write}
	query := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
	if s.d.number {
		query = "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename = ?"
	}
	var n int64
	if err := c.row(ctx, query, versionTable).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	var version int64
	err := c.row(ctx, "SELECT COALESCE(max(version_id), 0) FROM "+versionTable).Scan(&version)
	return version, err
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true)}
	if s.d.number {
		dialect = goose.DialectPostgres
	}
	dir, err := fs.Sub(migrations, "migrations/"+s.d.name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.write, dir, opts...)
}

// alone holds others off that bring the tables of PostgreSQL up to date, until release: one goes on at once when the other is done.
// SQLite has no such lock.
func (s *Store) alone(ctx context.Context) (release func(), err error) {
	if !s.d.number {
		return func() {}, nil
	}
	c, err := s.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(7166732061118)"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return func() {
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7166732061118)")
		_ = c.Close()
	}, nil
}

// migrate brings the tables up to date. Another process may do so at the same time: SQLite lets one of them win, and the
// other finds its work done.
func (s *Store) migrate(ctx context.Context, provider *goose.Provider, known int64) error {
	release, err := s.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	for try := 1; ; try++ {
		if version, err := s.version(ctx); err == nil && version >= known {
			return nil
		}
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		if try == maxTries || ctx.Err() != nil {
			return fmt.Errorf("the tables cannot be brought up to date: %w", err)
		}
	}
}

// checkKey refuses another key than the one the database was made with: every finding would look new.
func (s *Store) checkKey(ctx context.Context, readOnly bool) error {
	want := s.keyCheck()
	c := conn{s.d, s.write}
	if !readOnly {
		if _, err := c.exec(ctx, "INSERT INTO meta (name, value) VALUES ('key_check', ?) ON CONFLICT (name) DO NOTHING", want); err != nil {
			return err
		}
	}
	var have string
	err := c.row(ctx, "SELECT value FROM meta WHERE name = 'key_check'").Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrOlder
	}
	if err == nil && have != want {
		err = ErrKey
	}
	return err
}

// keyCheck tells keys apart without telling the key.
func (s *Store) keyCheck() string { return s.mac("rummage store: key check") }

// Identity is what a finding is called here: HMAC-SHA-256 of its fingerprint under the store's key, in hexadecimal.
func (s *Store) Identity(fingerprint string) string { return s.mac("finding\x00" + fingerprint) }

func (s *Store) mac(message string) string {
	h := hmac.New(sha256.New, s.key)
	_, _ = h.Write([]byte(message))
	return hex.EncodeToString(h.Sum(nil))
}

// Now is the database's time.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	us, err := s.r().now(ctx)
	return instant(us), err
}

func (s *Store) r() conn { return conn{s.d, s.read} }
func (s *Store) w() conn { return conn{s.d, s.write} }
