package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// dialect is what the databases say differently.
type dialect struct {
	name   string
	now    string // microseconds since 1970
	serial string // makes transactions that reconcile wait for each other; empty where one writes at a time anyway
	number bool   // placeholders are $1, $2, …

	locked   string // ends a query of rows that nobody changes until the transaction ends
	unsynced string // a condition that is true, and has the transaction not wait for the disk, where it would
}

var (
	sqliteDialect   = dialect{name: "sqlite", unsynced: "true", now: "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"}
	postgresDialect = dialect{name: "postgres", now: "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
		serial: "SELECT pg_advisory_xact_lock(7166732061117)", number: true,
		locked:   " FOR UPDATE",
		unsynced: "set_config('synchronous_commit', 'off', true) = 'off'"}
)

// sql numbers the placeholders where the database wants that and puts in its clock for NOW(). The package's statements
// hold no question mark in a string.
func (d *dialect) sql(query string) string {
	query = strings.ReplaceAll(query, "NOW()", d.now)
	if !d.number {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for {
		i := strings.IndexByte(query, '?')
		if i < 0 {
			b.WriteString(query)
			return b.String()
		}
		n++
		b.WriteString(query[:i])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = query[i+1:]
	}
}

// marks is "(?,?),(?,?)" for rows of columns.
func marks(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}

// list is "(?,?,?)".
func list(n int) string { return marks(1, n) }

type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn runs the package's statements outside or inside a transaction.
type conn struct {
	d  *dialect
	on runner
}

func (c conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := c.on.ExecContext(ctx, c.d.sql(query), args...)
	if err != nil {
		return 0, explained(err)
	}
	return res.RowsAffected()
}

func (c conn) row(ctx context.Context, query string, args ...any) *sql.Row {
	return c.on.QueryRowContext(ctx, c.d.sql(query), args...)
}

// rows calls each for every row.
func (c conn) rows(ctx context.Context, query string, args []any, each func(scan func(...any) error) error) error {
	rows, err := c.on.QueryContext(ctx, c.d.sql(query), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c conn) now(ctx context.Context) (int64, error) {
	var now int64
	err := c.row(ctx, "SELECT NOW()").Scan(&now)
	return now, err
}

// maxTries is how often a transaction is begun that meets another one.
const maxTries = 8

// tx runs f in a transaction, again where the database asks for that; f must start anew each time it is called.
func (s *Store) tx(ctx context.Context, serial bool, f func(conn) error) error {
	return tries(ctx, func() error { return s.tryTx(ctx, serial, f) })
}

// tries calls f, again where it met another transaction.
func tries(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := explained(f())
		if err == nil || try == maxTries || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
		}
	}
}

func (s *Store) tryTx(ctx context.Context, serial bool, f func(conn) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	c := conn{s.d, tx}
	if serial {
		if err := c.serialize(ctx); err != nil {
			return err
		}
	}
	if err := f(c); err != nil {
		return err
	}
	return tx.Commit()
}

// serialize has the transaction wait for others that reconcile. Rows of repositories are locked after that, never before.
func (c conn) serialize(ctx context.Context) error {
	if c.d.serial == "" {
		return nil
	}
	_, err := c.exec(ctx, c.d.serial)
	return err
}

// explained says what to do about errors that another try does not mend, which are ErrUnwritable.
func explained(err error) error {
	if err == nil || errors.Is(err, ErrUnwritable) {
		return err
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case 10, 13: // SQLITE_IOERR, SQLITE_FULL
			return fmt.Errorf("%w, is its disk full? %w", ErrUnwritable, err)
		case 8: // SQLITE_READONLY
			return fmt.Errorf("%w, check the rights of its file and folder: %w", ErrUnwritable, err)
		}
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		switch pg.Code {
		case "53100", "58030": // disk_full, io_error
			return fmt.Errorf("%w, is the disk of PostgreSQL full? %w", ErrUnwritable, err)
		case "25006": // read_only_sql_transaction
			return fmt.Errorf("%w, the server or the user is read-only: %w", ErrUnwritable, err)
		}
	}
	return err
}

// again: the transaction met another one and may succeed when it is begun anew.
func again(err error) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		return lite.Code()&0xff == 5 // SQLITE_BUSY
	}
	return false
}

// micros and instant convert times; the zero time is NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

func maybe(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return instant(us.Int64)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// text is s as both databases can hold it: PostgreSQL takes neither bytes that are no UTF-8 nor NUL.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// chunks calls f for pieces of at most n.
func chunks[T any](all []T, n int, f func([]T) error) error {
	for len(all) > 0 {
		k := min(n, len(all))
		if err := f(all[:k]); err != nil {
			return err
		}
		all = all[k:]
	}
	return nil
}

func anys[T any](all []T) []any {
	out := make([]any, len(all))
	for i, v := range all {
		out[i] = v
	}
	return out
}
