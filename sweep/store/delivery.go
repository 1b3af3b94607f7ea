package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Delivery is something to be sent. It is sent at least once: whoever claimed it and died may have sent it.
type Delivery struct {
	ID       int64
	Dedup    string // the same for the same message, also to the receiver
	Channel  string
	Payload  json.RawMessage // of what Settle enqueues: a Notice
	Attempts int             // this one included
	Created  time.Time
	token    int64
}

// Notice is the payload of what Settle enqueues, and Digest and Introduce, of which only Digest is set.
type Notice struct {
	Digest     string   `json:"digest,omitempty"` // see Digested
	Repository int64    `json:"repository"`
	Name       string   `json:"name"`
	Scan       string   `json:"scan"`
	New        []string `json:"new,omitempty"`       // Identity of each
	Regressed  []string `json:"regressed,omitempty"` // Identity of each
}

// Enqueue adds something to be sent, unless something with that dedup key was added before.
func (s *Store) Enqueue(ctx context.Context, channel, dedup string, payload json.RawMessage) error {
	return s.w().enqueue(ctx, channel, dedup, "pending", payload)
}

func (c conn) enqueue(ctx context.Context, channel, dedup, state string, payload json.RawMessage) error {
	_, err := c.exec(ctx, `INSERT INTO delivery (dedup, channel, payload, state, created, next_try) VALUES (?, ?, ?, ?, NOW(), NOW())
		ON CONFLICT (dedup) DO NOTHING`, text(dedup), text(channel), text(string(payload)), state)
	return err
}

// Unsent counts what is still to be sent.
func (s *Store) Unsent(ctx context.Context) (n int, err error) {
	err = s.r().row(ctx, "SELECT count(*) FROM delivery WHERE state = 'pending'").Scan(&n)
	return n, err
}

// SendAgain has what was given up sent after all, and counts it.
func (s *Store) SendAgain(ctx context.Context) (int64, error) {
	return s.w().exec(ctx, "UPDATE delivery SET state = 'pending', attempts = 0, next_try = NOW(), lease_until = 0 WHERE state = 'failed'")
}

// Claim takes up to limit deliveries that are due, for as long as lease.
func (s *Store) Claim(ctx context.Context, limit int, lease time.Duration) ([]Delivery, error) {
	var out []Delivery
	err := s.tx(ctx, false, func(c conn) error {
		out = out[:0]
		const due = "state = 'pending' AND next_try <= NOW() AND lease_until <= NOW()"
		var ids []int64
		err := c.rows(ctx, "SELECT id FROM delivery WHERE "+due+" ORDER BY next_try, id LIMIT ?", []any{limit}, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			d := Delivery{ID: id}
			var payload string
			var created int64
			err := c.row(ctx, "UPDATE delivery SET lease_until = NOW() + ?, token = token + 1, attempts = attempts + 1 WHERE id = ? AND "+due+
				" RETURNING dedup, channel, payload, attempts, created, token", lease.Microseconds(), id).
				Scan(&d.Dedup, &d.Channel, &payload, &d.Attempts, &created, &d.token)
			if errors.Is(err, sql.ErrNoRows) {
				continue // another worker was quicker
			}
			if err != nil {
				return err
			}
			d.Payload, d.Created = json.RawMessage(payload), instant(created)
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// Delivered ends a claimed delivery; ErrFenced when the claim had ended and another has it.
func (s *Store) Delivered(ctx context.Context, d Delivery) error {
	return s.claimed(ctx, d, "state = 'done', reason = ''")
}

// Retry gives a claimed delivery back, to be tried after the delay.
func (s *Store) Retry(ctx context.Context, d Delivery, reason string, after time.Duration) error {
	return s.claimed(ctx, d, "reason = ?, next_try = NOW() + ?", text(reason), after.Microseconds())
}

// GiveUp ends a claimed delivery that will never succeed. Status counts it.
func (s *Store) GiveUp(ctx context.Context, d Delivery, reason string) error {
	return s.claimed(ctx, d, "state = 'failed', reason = ?", text(reason))
}

func (s *Store) claimed(ctx context.Context, d Delivery, set string, args ...any) error {
	n, err := s.w().exec(ctx, "UPDATE delivery SET lease_until = 0, "+set+" WHERE id = ? AND token = ? AND state = 'pending'", append(args, d.ID, d.token)...)
	if err == nil && n == 0 {
		err = fmt.Errorf("delivery %d: %w", d.ID, ErrFenced)
	}
	return err
}
