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

// Acquire takes a lease unless somebody holds it, whoever that is. Time is the database's.
func (s *Store) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (l Lease, ok bool, err error) {
	err = s.tx(ctx, false, func(c conn) error {
		l, ok, err = c.acquire(ctx, name, owner, ttl)
		return err
	})
	return l, ok, err
}

func (c conn) acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, bool, error) {
	l := Lease{Name: name, Owner: owner}
	err := c.row(ctx, `INSERT INTO lease (name, owner, token, expires) VALUES (?, ?, 1, NOW() + ?)
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
	return s.w().release(ctx, l)
}

func (c conn) release(ctx context.Context, l Lease) error {
	_, err := c.exec(ctx, "UPDATE lease SET expires = 0 WHERE name = ? AND owner = ? AND token = ?", l.Name, l.Owner, l.Token)
	return err
}

// fence fails when the lease is not held any more. It locks the lease until the end of the transaction.
func (c conn) fence(ctx context.Context, l Lease) error {
	n, err := c.exec(ctx, "UPDATE lease SET token = token WHERE name = ? AND owner = ? AND token = ? AND expires > NOW()", l.Name, l.Owner, l.Token)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: %w", l.Name, ErrFenced)
	}
	return err
}
