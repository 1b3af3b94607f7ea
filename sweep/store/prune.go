package store

import (
	"context"
	"fmt"
	"time"
)

// Retention says how long what is not needed any more is kept; 0 is for ever. Findings, what people decided about them, in which
// repositories they were, and the event log are kept whatever it says.
type Retention struct {
	// Gone is of places that are gone, of findings that are nowhere any more: they come back whatever is known of places.
	Gone time.Duration
	// Decided is of places that are gone, of findings that are false, tests, or not to be fixed, wherever else they are. Those of
	// a revoked one that still is somewhere are kept, since they tell whether it has come to a new place.
	Decided    time.Duration
	Deliveries time.Duration // sent ones; those that failed are kept
	Scans      time.Duration // but for the last one of each repository
}

// UsualRetention is kept where nobody says otherwise.
func UsualRetention() Retention {
	const day = 24 * time.Hour
	return Retention{Gone: 180 * day, Decided: 90 * day, Deliveries: 30 * day, Scans: 90 * day}
}

// Pruned counts what was removed.
type Pruned struct {
	Occurrences int
	Deliveries  int
	Scans       int
}

// pruneRows is how many rows one transaction removes, so that others need not wait for long.
const pruneRows = 1000

// Prune removes what the retention does not keep. It may be done at any time and by several processes: what reconciles waits for
// each of its transactions. Interrupted, it has removed a part; done again, it removes nothing more.
func (s *Store) Prune(ctx context.Context, r Retention) (Pruned, error) {
	var out Pruned
	for _, p := range []struct {
		name  string
		keep  time.Duration
		table string
		where string // of the row, named x; the placeholder is the age
		count *int
	}{
		{"gone", r.Gone, "occurrence", `x.gone_at < NOW() - ? AND EXISTS (SELECT 1 FROM finding f WHERE f.id = x.finding
			AND f.gone_at IS NOT NULL)`, &out.Occurrences},
		{"decided", r.Decided, "occurrence", `x.gone_at < NOW() - ? AND EXISTS (SELECT 1 FROM finding f WHERE f.id = x.finding
			AND f.state IN ('false_positive', 'used_in_tests', 'wont_fix'))`, &out.Occurrences},
		{"deliveries", r.Deliveries, "delivery", "x.created < NOW() - ? AND x.state = 'done'", &out.Deliveries},
		{"scans", r.Scans, "scan", `x.at < NOW() - ? AND EXISTS (SELECT 1 FROM scan y WHERE y.repository = x.repository
			AND y.number > x.number)`, &out.Scans},
	} {
		if p.keep < 0 {
			return out, fmt.Errorf("store: prune: %s cannot be negative", p.name)
		}
		if p.keep == 0 {
			continue
		}
		n, err := s.prune(ctx, p.table, p.where, p.keep)
		*p.count += n
		if err != nil {
			return out, fmt.Errorf("store: prune: %w", err)
		}
	}
	return out, nil
}

// prune removes rows of a table, some in each transaction, in the order of their ids so that none is looked at twice.
func (s *Store) prune(ctx context.Context, table, where string, keep time.Duration) (removed int, err error) {
	after := any(nil)
	for {
		var ids []any
		err := s.tx(ctx, true, func(c conn) error {
			ids = ids[:0]
			args := []any{keep.Microseconds()}
			from := ""
			if after != nil {
				from, args = " AND x.id > ?", append(args, after)
			}
			query := "SELECT x.id FROM " + table + " x WHERE " + where + from + " ORDER BY x.id LIMIT ?"
			err := c.rows(ctx, query, append(args, pruneRows), func(scan func(...any) error) error {
				var id any
				err := scan(&id)
				ids = append(ids, id)
				return err
			})
			if err != nil {
				return err
			}
			return chunks(ids, 500, func(part []any) error {
				_, err := c.exec(ctx, "DELETE FROM "+table+" WHERE id IN "+list(len(part)), part...)
				return err
			})
		})
		if err != nil {
			return removed, err
		}
		if removed += len(ids); len(ids) < pruneRows {
			return removed, nil
		}
		after = ids[len(ids)-1]
	}
}
