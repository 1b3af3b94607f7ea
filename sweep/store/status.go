package store

import (
	"context"
	"database/sql"
	"time"
)

// Status counts what there is.
type Status struct {
	Repositories int // listed and not parked
	Parked       int
	GoneRepos    int
	Due          int
	NeverScanned int
	OldestScan   time.Time // the least recent last scan of a listed repository
	Blobs        int64     // known to be clean
	Findings     map[State]int
	Gone         int // findings that are nowhere any more
	Occurrences  int
	Pending      int // deliveries
	Failed       int
	Targets      []Target
	RulesTurned  time.Time // see Turns; zero: they did not
}

// Target is what is known of a target's listings.
type Target struct {
	Name   string
	Listed time.Time // last complete one
	Reason string    // why the last one failed
}

// Status counts. Counting blobs reads their whole table: seconds for many millions.
func (s *Store) Status(ctx context.Context) (*Status, error) {
	st := &Status{Findings: map[State]int{}}
	var oldest sql.NullInt64
	listed := "FROM repository WHERE gone_at IS NULL AND state = 'ok'"
	for _, q := range []struct {
		query string
		to    any
	}{
		{"SELECT count(*) " + listed, &st.Repositories},
		{"SELECT count(*) FROM repository WHERE gone_at IS NULL AND state = 'parked'", &st.Parked},
		{"SELECT count(*) FROM repository WHERE gone_at IS NOT NULL", &st.GoneRepos},
		{"SELECT count(*) " + listed + " AND next_due <= NOW()", &st.Due},
		{"SELECT count(*) " + listed + " AND last_scan IS NULL", &st.NeverScanned},
		{"SELECT min(last_scan) " + listed, &oldest},
		{"SELECT count(*) FROM blob_seen", &st.Blobs},
		{"SELECT count(*) FROM finding WHERE gone_at IS NOT NULL", &st.Gone},
		{"SELECT count(*) FROM occurrence WHERE gone_at IS NULL", &st.Occurrences},
		{"SELECT count(*) FROM delivery WHERE state IN ('pending', 'held')", &st.Pending},
		{"SELECT count(*) FROM delivery WHERE state = 'failed'", &st.Failed},
	} {
		if err := s.r().row(ctx, q.query).Scan(q.to); err != nil {
			return nil, err
		}
	}
	st.OldestScan = maybe(oldest)
	err := s.r().rows(ctx, "SELECT state, count(*) FROM finding WHERE gone_at IS NULL GROUP BY state", nil, func(scan func(...any) error) error {
		var state State
		var n int
		err := scan(&state, &n)
		st.Findings[state] = n
		return err
	})
	if err != nil {
		return nil, err
	}
	if at, turned, err := s.Turns(ctx); err != nil {
		return nil, err
	} else if turned {
		st.RulesTurned = at
	}
	st.Targets, err = s.Listings(ctx)
	return st, err
}

// Listings are the targets that were listed, by name.
func (s *Store) Listings(ctx context.Context) (out []Target, err error) {
	err = s.r().rows(ctx, "SELECT name, listed, reason FROM target ORDER BY name", nil, func(scan func(...any) error) error {
		var t Target
		var at sql.NullInt64
		err := scan(&t.Name, &at, &t.Reason)
		t.Listed = maybe(at)
		out = append(out, t)
		return err
	})
	return out, err
}

// Unsearched counts the repositories whose last search failed, and those that are parked.
func (s *Store) Unsearched(ctx context.Context) (n int, err error) {
	err = s.r().row(ctx, "SELECT count(*) FROM repository WHERE gone_at IS NULL AND (state <> 'ok' OR failures > 0)").Scan(&n)
	return n, err
}

// Counts are what can be counted quickly.
type Counts struct {
	Now          time.Time
	Repositories map[string]int // listed, by state
	Findings     map[StateSeverity]int
	OldestScan   time.Time
}

// StateSeverity are a state and a severity.
type StateSeverity struct {
	State    State
	Severity string
}

// Counts counts repositories and findings.
func (s *Store) Counts(ctx context.Context) (*Counts, error) {
	out := &Counts{Repositories: map[string]int{}, Findings: map[StateSeverity]int{}}
	var err error
	if out.Now, err = s.Now(ctx); err != nil {
		return nil, err
	}
	for _, state := range []string{RepositoryOK, RepositoryParked} {
		out.Repositories[state] = 0
	}
	err = s.r().rows(ctx, "SELECT state, count(*), min(last_scan) FROM repository WHERE gone_at IS NULL GROUP BY state", nil, func(scan func(...any) error) error {
		var state string
		var n int
		var oldest sql.NullInt64
		err := scan(&state, &n, &oldest)
		if out.Repositories[state] = n; state == RepositoryOK {
			out.OldestScan = maybe(oldest)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.r().rows(ctx, "SELECT state, severity, count(*) FROM finding WHERE gone_at IS NULL GROUP BY state, severity", nil, func(scan func(...any) error) error {
		var k StateSeverity
		var n int
		err := scan(&k.State, &k.Severity, &n)
		out.Findings[k] = n
		return err
	})
}
