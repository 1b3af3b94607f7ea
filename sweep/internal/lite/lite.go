// Package lite opens SQLite databases whose connections parse each statement once: parsing one takes about as long as running it,
// and the same few come again and again.
//
// It knows nothing of what is stored. What it opens is for concurrent use, as any sql.DB; a connection is used by one goroutine at
// a time, which is database/sql's rule.
package lite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"modernc.org/sqlite"
)

// kept is how many statements a connection keeps.
const kept = 200

// Open opens the database at an address of modernc.org/sqlite, as sql.Open does.
func Open(dsn string) (*sql.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{base}), nil
}

type connector struct{ driver.Connector }

// conn is what a connection of the driver can do.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := made.(conn)
	if !ok {
		return nil, errors.Join(errors.New("the driver of SQLite is not the one that is expected"), made.Close())
	}
	return &keeping{able, map[string]statement{}}, nil
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keeping is a connection with the statements that nobody runs just now.
type keeping struct {
	conn
	idle map[string]statement
}

// Unwrap gives the driver's own connection.
func (k *keeping) Unwrap() driver.Conn { return k.conn }

// Close implements driver.Conn.
func (k *keeping) Close() error {
	return errors.Join(k.empty(), k.conn.Close())
}

func (k *keeping) empty() error {
	var err error
	for _, s := range k.idle {
		err = errors.Join(err, s.Close())
	}
	clear(k.idle)
	return err
}

// ExecContext implements driver.ExecerContext.
func (k *keeping) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return k.conn.ExecContext(ctx, query, args)
	}
	result, err := s.ExecContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return result, k.give(query, s)
}

// QueryContext implements driver.QueryerContext.
func (k *keeping) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return k.conn.QueryContext(ctx, query, args)
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &rows{found, k, query, s}, nil
}

// take gives a statement, which is the caller's until it is given back. nil: it is to be run without, since it is several in one.
func (k *keeping) take(ctx context.Context, query string) (statement, error) {
	if strings.Contains(query, ";") {
		return nil, nil
	}
	if s := k.idle[query]; s != nil {
		delete(k.idle, query)
		return s, nil
	}
	made, err := k.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := made.(statement)
	if !ok {
		return nil, made.Close()
	}
	return s, nil
}

func (k *keeping) give(query string, s statement) error {
	if k.idle[query] != nil { // another run of it has ended in between
		return s.Close()
	}
	var err error
	if len(k.idle) >= kept {
		err = k.empty()
	}
	k.idle[query] = s
	return err
}

// rows give their statement back when they end.
type rows struct {
	driver.Rows
	k     *keeping
	query string
	s     statement
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.s != nil {
		err = errors.Join(err, r.k.give(r.query, r.s))
		r.s = nil
	}
	return err
}
