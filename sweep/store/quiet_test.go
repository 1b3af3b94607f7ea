package store

import (
	"context"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
)

// TestQuietSettle: a search that found nothing does not wait for those that reconcile; one that found something does, and so does
// one after which something is gone.
func TestQuietSettle(t *testing.T) {
	ctx, cancel := context.WithTimeout(bg, time.Minute)
	defer cancel()
	s := open(t, pgtest.Database(t, true))
	r := add(t, s, "a", "b")
	settle := func(ctx context.Context, repo int64, id string, found []Found) error {
		_, err := s.Settle(ctx, repo, Scan{ID: id, Ruleset: 1, Complete: true}, found)
		return err
	}
	one := []Found{{Fingerprint: "f", Rule: "r", Places: []Place{{Path: "p", Line: 1}}}}
	no(t, settle(ctx, r[1].ID, "0", one))
	tx, err := s.write.BeginTx(ctx, nil)
	no(t, err)
	defer func() { _ = tx.Rollback() }()
	no(t, conn{s.d, tx}.serialize(ctx))
	if err := settle(ctx, r[0].ID, "1", nil); err != nil {
		t.Errorf("waited: %v", err)
	}
	ended := make(chan error, 2)
	go func() { ended <- settle(ctx, r[0].ID, "2", one) }()
	go func() { ended <- settle(ctx, r[1].ID, "3", nil) }()
	for waiting := 0; waiting < 2; {
		select {
		case err := <-ended:
			t.Fatalf("did not wait: %v", err)
		case <-time.After(time.Millisecond):
		}
		no(t, s.write.QueryRowContext(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").Scan(&waiting))
	}
	no(t, tx.Rollback())
	no(t, <-ended)
	no(t, <-ended)
}

// TestForgetWaits: what a search settles while its repository is forgotten is forgotten too.
func TestForgetWaits(t *testing.T) {
	ctx, cancel := context.WithTimeout(bg, time.Minute)
	defer cancel()
	s := open(t, pgtest.Database(t, true))
	r := add(t, s, "a")
	tx, err := s.write.BeginTx(ctx, nil)
	no(t, err)
	defer func() { _ = tx.Rollback() }()
	c := conn{s.d, tx}
	settling := &settling{s: s, c: c, scan: Scan{ID: "1", Ruleset: 1, Complete: true, Tips: []Tip{{"refs/heads/main", "0123456789012345678901234567890123456789"}}}, out: &Settled{}}
	no(t, settling.run(ctx, r[0].ID, nil))
	ended := make(chan error, 1)
	go func() { ended <- s.Forget(ctx, r[0].ID, "me") }()
	for waiting := 0; waiting < 1; {
		select {
		case err := <-ended:
			t.Fatalf("did not wait: %v", err)
		case <-time.After(time.Millisecond):
		}
		no(t, s.write.QueryRowContext(ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&waiting))
	}
	no(t, tx.Commit())
	no(t, <-ended)
	for _, table := range []string{"tip", "tip_seen", "scan"} {
		var n int
		no(t, s.write.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n))
		if n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
}

// TestPlans: a search has PostgreSQL use indexes, whatever size tables had when it made its plans; others leave that to it.
func TestPlans(t *testing.T) {
	dsn := pgtest.Database(t, true)
	for want, opts := range map[string][]Option{"off": {Relaxed()}, "on": nil} {
		s, err := Open(bg, dsn, testKey, opts...)
		no(t, err)
		for _, setting := range []string{"enable_seqscan", "jit"} {
			var got string
			no(t, s.read.QueryRowContext(bg, "SHOW "+setting).Scan(&got))
			if got != want {
				t.Errorf("%s is %s, want %s", setting, got, want)
			}
		}
		no(t, s.Close())
	}
}
