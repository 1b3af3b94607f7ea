package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Lease is a claim that ends by itself. Token grows with each holder of the name: who has an older one has lost it.
type Lease struct {
	Name  string
	Owner string // unique to the holder
	Token int64
}

// Acquire takes a lease unless somebody holds it, whoever that is. Time is the database's. One that a crash of the database takes
// back was lost as any other: end tells, since no other has its owner.
func (s *Store) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (l Lease, ok bool, err error) {
	err = tries(ctx, func() error {
		l, ok, err = s.w().acquire(ctx, name, owner, ttl)
		return err
	})
	return l, ok, err
}

func (c conn) acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, bool, error) {
	l := Lease{Name: name, Owner: owner}
	err := c.row(ctx, `INSERT INTO lease (name, owner, token, expires)
		SELECT CAST(? AS TEXT), CAST(? AS TEXT), 1, NOW() + CAST(? AS BIGINT) WHERE `+c.d.unsynced+`
		ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = lease.token + 1, expires = excluded.expires
		WHERE lease.expires <= NOW() RETURNING token`, name, owner, ttl.Microseconds()).Scan(&l.Token)
	if errors.Is(err, sql.ErrNoRows) {
		return Lease{}, false, nil
	}
	return l, err == nil, err
}

// Renew keeps a lease for ttl from now on; ErrFenced when it has ended or somebody else has it.
func (s *Store) Renew(ctx context.Context, l Lease, ttl time.Duration) error {
	n, err := s.w().exec(ctx, "UPDATE lease SET expires = NOW() + ? WHERE name = ? AND owner = ? AND token = ? AND expires > NOW()",
		ttl.Microseconds(), l.Name, l.Owner, l.Token)
	if err == nil && n == 0 {
		err = ErrFenced
	}
	return err
}

// Release ends a lease. One that was lost is left alone.
func (s *Store) Release(ctx context.Context, l Lease) error {
	_, err := s.w().exec(ctx, "UPDATE lease SET expires = 0 WHERE name = ? AND owner = ? AND token = ?", l.Name, l.Owner, l.Token)
	return err
}

// end ends a lease, and fails when it is not held any more. The transaction's end is the lease's: until then nobody else has it.
func (c conn) end(ctx context.Context, l Lease) (now int64, err error) {
	err = c.row(ctx, "UPDATE lease SET expires = 0 WHERE name = ? AND owner = ? AND token = ? AND expires > NOW() RETURNING NOW()", l.Name, l.Owner, l.Token).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%s: %w", l.Name, ErrFenced)
	}
	return now, err
}
