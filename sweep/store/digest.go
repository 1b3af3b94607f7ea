package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// What a digest tells of.
const (
	digestHeld = "held" // the notices that were held until it was made
	digestOpen = "open" // all that is open
)

// Digest puts what is held for a channel into one message when it is of more than few searches; otherwise each has its own. While
// repositories are to be searched for the first time it waits, but not longer than patience.
func (s *Store) Digest(ctx context.Context, channel string, few int, patience time.Duration) error {
	const held = "FROM delivery WHERE state = 'held' AND channel = ?"
	var n int
	if err := s.r().row(ctx, "SELECT count(*) "+held, channel).Scan(&n); err != nil || n == 0 {
		return err
	}
	return s.tx(ctx, true, func(c conn) error {
		var last, oldest, now int64
		if err := c.row(ctx, "SELECT count(*), COALESCE(max(id), 0), COALESCE(min(created), 0), NOW() "+held, channel).Scan(&n, &last, &oldest, &now); err != nil || n == 0 {
			return err
		}
		if now < oldest+patience.Microseconds() {
			var more int
			err := c.row(ctx, "SELECT count(*) FROM repository WHERE gone_at IS NULL AND state = 'ok' AND last_scan IS NULL AND failures = 0").Scan(&more)
			if err != nil || more > 0 {
				return err
			}
		}
		if n <= few {
			_, err := c.exec(ctx, "UPDATE delivery SET state = 'pending', next_try = NOW() WHERE state = 'held' AND channel = ?", channel)
			return err
		}
		dedup := fmt.Sprintf("digest %s %d", channel, last)
		if _, err := c.exec(ctx, "UPDATE delivery SET state = 'done', reason = ? WHERE state = 'held' AND channel = ?", text(dedup), channel); err != nil {
			return err
		}
		return c.enqueueDigest(ctx, channel, dedup, digestHeld)
	})
}

func (c conn) enqueueDigest(ctx context.Context, channel, dedup, kind string) error {
	payload, err := json.Marshal(Notice{Digest: kind})
	if err != nil {
		return err
	}
	return c.enqueue(ctx, channel, dedup, "pending", payload)
}

// Introduce remembers a channel. One that is new is told by one message of what is open, if it wants that.
func (s *Store) Introduce(ctx context.Context, channel string, wants bool) error {
	return s.tx(ctx, true, func(c conn) error {
		n, err := c.exec(ctx, "INSERT INTO meta (name, value) VALUES (?, '') ON CONFLICT (name) DO NOTHING", text("channel "+channel))
		if err != nil || n == 0 || !wants {
			return err
		}
		var open int
		if err := c.row(ctx, "SELECT count(*) FROM finding WHERE state = 'open' AND gone_at IS NULL").Scan(&open); err != nil || open == 0 {
			return err
		}
		return c.enqueueDigest(ctx, channel, "digest "+channel+" open", digestOpen)
	})
}

// Digested calls each for every finding in every repository that a digest tells of, and that is open and somewhere now.
func (s *Store) Digested(ctx context.Context, d Delivery, kind string, each func(repository int64, f *Finding, back bool) error) error {
	if kind == digestOpen {
		return s.openSightings(ctx, each)
	}
	var notices []Notice
	err := s.r().rows(ctx, "SELECT payload FROM delivery WHERE channel = ? AND reason = ? AND dedup <> ? ORDER BY id", []any{d.Channel, d.Dedup, d.Dedup}, func(scan func(...any) error) error {
		var payload string
		var n Notice
		err := scan(&payload)
		if err == nil {
			err = json.Unmarshal([]byte(payload), &n)
		}
		notices = append(notices, n)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notices {
		for i, ids := range [][]string{n.New, n.Regressed} {
			err := chunks(ids, 500, func(part []string) error {
				found, err := s.r().findings(ctx, "WHERE f.state = 'open' AND f.gone_at IS NULL AND f.hmac IN "+list(len(part))+" ORDER BY f.id", anys(part)...)
				for _, f := range found {
					if err == nil {
						err = each(n.Repository, f, i == 1)
					}
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) openSightings(ctx context.Context, each func(repository int64, f *Finding, back bool) error) error {
	return s.r().rows(ctx, "SELECT g.repository, "+findingColumns+` FROM sighting g JOIN finding f ON f.id = g.finding
		WHERE g.gone_at IS NULL AND f.gone_at IS NULL AND f.state = 'open' ORDER BY f.id, g.repository`, nil, func(scan func(...any) error) error {
		f := &Finding{}
		var repository int64
		targets, done := findingTargets(f)
		if err := scan(append([]any{&repository}, targets...)...); err != nil {
			return err
		}
		done()
		return each(repository, f, false)
	})
}
