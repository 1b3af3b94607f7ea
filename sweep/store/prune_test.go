package store

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

const testDay = int64(24 * time.Hour / time.Microsecond)

// TestPrune: what is removed and, above all, what is not.
func TestPrune(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		repos := add(t, s, "a", "b")
		a, b := repos[0].ID, repos[1].ID
		day := int64(1000)
		settle := func(repo int64, all ...Found) *Settled {
			t.Helper()
			s.at(day * testDay)
			out, err := s.Settle(bg, repo, Scan{ID: fmt.Sprintf("%d-%d", repo, day), Complete: true, Channels: []string{"c"}}, all)
			no(t, err)
			return out
		}
		settle(a, found("nowhere", 1, 2), found("stays", 1, 2), found("false", 1, 2), found("revoked", 1, 2), found("open", 1, 2))
		settle(b, found("nowhere", 5))
		for fp, state := range map[string]State{"false": StateFalsePositive, "revoked": StateRevoked, "nowhere": StateRevoked} {
			_, err := s.Triage(bg, fp, state, "why", "who")
			no(t, err)
		}
		day = 1010 // half of the places go
		settle(a, found("stays", 1, 2), found("false", 1), found("revoked", 1), found("open", 1))
		settle(b)
		day = 1020
		settle(a, found("stays", 1, 2), found("false", 1), found("revoked", 1), found("open", 1))
		events := count(t, s, "event")

		prune := func(at int64, want Pruned) {
			t.Helper()
			s.at(at * testDay)
			for range 2 { // the second time there is nothing
				got, err := s.Prune(bg, Retention{Gone: 30 * 24 * time.Hour, Decided: 20 * 24 * time.Hour, Deliveries: 365 * 24 * time.Hour})
				no(t, err)
				if got != want {
					t.Errorf("day %d: %+v, not %+v", at, got, want)
				}
				want = Pruned{}
			}
		}
		before := count(t, s, "occurrence")
		prune(1030, Pruned{}) // to the day
		prune(1031, Pruned{Occurrences: 1})
		prune(1040, Pruned{})
		prune(1041, Pruned{Occurrences: 3})
		if n := count(t, s, "occurrence"); n != before-4 {
			t.Errorf("%d places of %d", n, before)
		}
		for fp, want := range map[string]struct {
			places int
			state  State
			gone   bool
		}{"nowhere": {0, StateRevoked, true}, "stays": {2, StateOpen, false}, "false": {1, StateFalsePositive, false}, "revoked": {2, StateRevoked, false}, "open": {2, StateOpen, false}} {
			f, err := s.Finding(bg, fp)
			no(t, err)
			if len(f.Occurrences) != want.places || f.State != want.state || f.GoneAt.IsZero() == want.gone || len(f.Sightings) == 0 {
				t.Errorf("%s: %d places, %s, gone %v, %d sightings", fp, len(f.Occurrences), f.State, f.GoneAt, len(f.Sightings))
			}
			if want.state != StateOpen && f.Comment != "why" {
				t.Errorf("%s: the decision's reason is lost", fp)
			}
		}
		if n := count(t, s, "event"); n != events {
			t.Errorf("%d events, not %d", n, events)
		}

		// What is nowhere comes back as it would have; a revoked one does not at the place where it was.
		day = 1050
		out := settle(a, found("nowhere", 1), found("stays", 1, 2), found("false", 1, 2), found("revoked", 1, 2), found("open", 1, 2))
		if len(out.New) != 0 || len(out.Regressed) != 1 || out.Regressed[0].ID != s.Identity("nowhere") {
			t.Errorf("%+v", out)
		}
		f, err := s.Finding(bg, "false")
		no(t, err)
		if len(f.Occurrences) != 2 || f.State != StateFalsePositive {
			t.Errorf("%d places, %s", len(f.Occurrences), f.State)
		}
	})
}

func count(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	no(t, s.r().row(bg, "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func TestPruneDeliveriesAndScans(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		r := add(t, s, "a", "b", "never")
		s.at(1000 * testDay)
		for i := range 4 {
			no(t, s.Enqueue(bg, "c", fmt.Sprint(i), json.RawMessage("{}")))
		}
		claimed, err := s.Claim(bg, 3, time.Minute)
		no(t, err)
		no(t, s.Delivered(bg, claimed[0]))
		no(t, s.Delivered(bg, claimed[1]))
		no(t, s.GiveUp(bg, claimed[2], "no"))
		for i, repo := range []int64{r[0].ID, r[0].ID, r[0].ID, r[1].ID} {
			_, err := s.Settle(bg, repo, Scan{ID: fmt.Sprint("s", i), Complete: true}, nil)
			no(t, err)
		}
		s.at(1031 * testDay)
		got, err := s.Prune(bg, Retention{})
		no(t, err)
		if got != (Pruned{}) {
			t.Errorf("%+v", got)
		}
		keep := Retention{Deliveries: 30 * 24 * time.Hour, Scans: 30 * 24 * time.Hour}
		got, err = s.Prune(bg, keep)
		no(t, err)
		if got != (Pruned{Deliveries: 2, Scans: 2}) {
			t.Errorf("%+v", got)
		}
		st, err := s.Status(bg)
		no(t, err)
		if st.Pending != 1 || st.Failed != 1 {
			t.Errorf("%+v", st)
		}
		for id, repeated := range map[string]bool{"s2": true, "s3": true} {
			repo := r[0].ID
			if id == "s3" {
				repo = r[1].ID
			}
			out, err := s.Settle(bg, repo, Scan{ID: id, Complete: true}, nil)
			no(t, err)
			if out.Repeated != repeated {
				t.Errorf("the last scan %s is forgotten", id)
			}
		}
		if _, err := s.Prune(bg, Retention{Gone: -1}); err == nil {
			t.Error("a negative time is taken")
		}
	})
}

// TestPruneMany: more than one transaction takes, and rows between them that stay.
func TestPruneMany(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		s.at(1000 * testDay)
		rows := 2*pruneRows + 7
		no(t, s.tx(bg, false, func(c conn) error {
			for i := range rows {
				state := "done"
				if i%5 == 0 {
					state = "pending"
				}
				if _, err := c.exec(bg, "INSERT INTO delivery (dedup, channel, payload, state, created, next_try) VALUES (?, 'c', '{}', ?, NOW(), NOW())", fmt.Sprint(i), state); err != nil {
					return err
				}
			}
			return nil
		}))
		s.at(1040 * testDay)
		got, err := s.Prune(bg, UsualRetention())
		no(t, err)
		if kept := (rows + 4) / 5; got.Deliveries != rows-kept || count(t, s, "delivery") != kept {
			t.Errorf("%+v, %d kept", got, count(t, s, "delivery"))
		}
	})
}

// TestPruneMeanwhile: places that come and go while they are pruned are all there at the end.
func TestPruneMeanwhile(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		repo := add(t, s, "a")[0].ID
		all := []int{1, 2, 4, 6, 8, 10, 12, 14, 16, 18}
		round := func(i int) {
			places := all
			if i%2 == 1 {
				places = all[:1]
			}
			_, err := s.Settle(bg, repo, Scan{ID: fmt.Sprint(i), Complete: true}, []Found{found("x", places...)})
			no(t, err)
			if i%2 == 1 {
				return
			}
			f, err := s.Finding(bg, "x")
			no(t, err)
			there := 0
			for _, o := range f.Occurrences {
				if o.GoneAt.IsZero() {
					there++
				}
			}
			if there != len(all) {
				t.Fatalf("round %d: %d of %d places", i, there, len(all))
			}
		}
		round(0)
		_, err := s.Triage(bg, "x", StateFalsePositive, "why", "who")
		no(t, err)
		end, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-end:
					ended <- nil
					return
				default:
				}
				if _, err := s.Prune(bg, Retention{Decided: time.Microsecond}); err != nil {
					ended <- err
					return
				}
			}
		}()
		for i := range 60 {
			round(i + 1)
		}
		close(end)
		no(t, <-ended)
	})
}
