package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv("STORE_TEST_CHILD"); dsn != "" {
		child(dsn)
		return
	}
	os.Exit(pgtest.Run(m))
}

var (
	bg      = context.Background()
	testKey = []byte("a key for tests, of no use elsewhere")
)

// both runs a test on a fresh database of each kind.
func both(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "a b?#%.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, pgtest.Database(t, true)) })
}

func open(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(bg, dsn, testKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func no(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at sets the database's clock as this store sees it.
func (s *Store) at(us int64) { s.d.now = fmt.Sprintf("CAST(%d AS BIGINT)", us) }

// add lists repositories of the forge "f" by name, which is their id too.
func add(t testing.TB, s *Store, names ...string) []Repository {
	t.Helper()
	l, err := s.StartListing(bg, "target")
	no(t, err)
	var all []Listed
	for _, n := range names {
		all = append(all, Listed{Forge: "f", ForgeID: n, Name: n})
	}
	out, err := l.Add(bg, all)
	no(t, err)
	_, err = l.Complete(bg)
	no(t, err)
	return out
}

func TestOpen(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		if _, err := Open(bg, dsn, testKey, ReadOnly()); err == nil {
			t.Fatal("a database that is not there was opened for reading")
		}
		s := open(t, dsn)
		no(t, s.Close())
		s = open(t, dsn) // again: nothing to do
		if _, err := Open(bg, dsn, []byte("another key, which is long enough")); !errors.Is(err, ErrKey) {
			t.Fatalf("another key: %v", err)
		}
		if _, err := Open(bg, dsn, []byte("short")); err == nil {
			t.Fatal("a short key was taken")
		}
		r, err := Open(bg, dsn, testKey, ReadOnly())
		no(t, err)
		defer func() { _ = r.Close() }()
		if _, found, err := r.Known(bg, "x"); err != nil || found {
			t.Fatal(found, err)
		}
		if err := r.Log(bg, Event{Kind: "x"}); err == nil {
			t.Fatal("written to a database opened for reading")
		}
		_, err = s.w().exec(bg, "INSERT INTO "+versionTable+" (version_id, is_applied) VALUES (999, "+map[bool]string{true: "true", false: "1"}[s.d.number]+")")
		no(t, err)
		for _, o := range [][]Option{nil, {ReadOnly()}} {
			if _, err := Open(bg, dsn, testKey, o...); !errors.Is(err, ErrNewer) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("newer tables: %v", err)
			}
		}
	})
}

func TestOpenAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		errs := make(chan error)
		for range 6 {
			go func() {
				s, err := Open(bg, dsn, testKey)
				if err == nil {
					err = errors.Join(s.Log(bg, Event{Kind: "x"}), s.Close())
				}
				errs <- err
			}()
		}
		for range 6 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSQLiteFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	no(t, s.Log(bg, Event{Kind: "x"}))
	files, err := filepath.Glob(path + "*")
	no(t, err)
	if len(files) < 2 {
		t.Fatalf("no log of SQLite: %v", files)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		no(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f, info.Mode())
		}
	}
}

func TestPostgresPassword(t *testing.T) {
	dsn := pgtest.Database(t, false)
	s, err := Open(bg, dsn, testKey, WithPassword(pgtest.Password))
	no(t, err)
	_ = s.Close()
	wrong := "wrong-planted-password"
	for _, bad := range []string{
		dsn, strings.Replace(dsn, "@", ":"+wrong+"@", 1), "postgres://u:" + wrong + "@[::1/x", "postgres://u:" + wrong + "@127.0.0.1:1/x",
		"postgres://u:" + wrong + "%zz@h/x", "postgres://u:" + wrong + "@h:port/x",
	} {
		_, err := Open(bg, bad, testKey)
		if err == nil {
			t.Fatalf("%s was opened", bad)
		}
		if strings.Contains(err.Error(), wrong) {
			t.Errorf("the password is in %q", err)
		}
	}
	if _, err := Open(bg, dsn, testKey, WithPassword(wrong)); err == nil || strings.Contains(err.Error(), wrong) {
		t.Error(err)
	}
}

func TestListing(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := add(t, s, "o/a", "o/b", "o/c")
		l, err := s.StartListing(bg, "target")
		no(t, err)
		moved, err := l.Add(bg, []Listed{{Forge: "f", ForgeID: "o/a", Name: "p/z", Visibility: "private"}, {Forge: "f", ForgeID: "o/b", Name: "o/b"}})
		no(t, err)
		if moved[0].ID != a[0].ID || moved[0].Name != "p/z" || moved[0].Visibility != "private" {
			t.Fatalf("%+v", moved[0])
		}
		no(t, l.Fail(bg, "503"))
		if due, err := s.Due(bg, time.Time{}, 10); err != nil || len(due) != 3 {
			t.Fatal("a failed listing made something go", due, err)
		}
		gone, err := l.Complete(bg)
		no(t, err)
		if len(gone) != 1 || gone[0].ID != a[2].ID {
			t.Fatalf("%+v", gone)
		}
		number, err := s.StartListing(bg, "numbers")
		no(t, err)
		called, err := number.Add(bg, []Listed{{Forge: "f", ForgeID: "n", Name: fmt.Sprint(a[0].ID)}})
		no(t, err)
		if r, err := s.FindRepository(bg, fmt.Sprint(a[0].ID)); err != nil || r.ID != called[0].ID {
			t.Fatal("a number was taken for another repository", r, err)
		}
		if r, err := s.FindRepository(bg, fmt.Sprint(a[1].ID)); err != nil || r.ID != a[1].ID {
			t.Fatal(r, err)
		}
		if r, err := s.FindRepository(bg, "o/a"); err != nil || r.ID != a[0].ID {
			t.Fatal("the old name does not find it", r, err)
		}
		if names, _ := s.r().names(bg, a[0].ID); len(names) != 2 || names[0] != "p/z" {
			t.Fatal(names)
		}
		// A second target that has it keeps it; without any target it goes.
		l2, err := s.StartListing(bg, "other")
		no(t, err)
		back, err := l2.Add(bg, []Listed{{Forge: "f", ForgeID: "o/c", Name: "o/c"}})
		no(t, err)
		if back[0].ID != a[2].ID || !back[0].GoneAt.IsZero() {
			t.Fatalf("%+v", back[0])
		}
		if members, err := s.Members(bg, []string{"other", "none"}); err != nil || len(members) != 1 || !members[a[2].ID] {
			t.Fatal(members, err)
		}
		gone, err = s.Retire(bg, "target", "me")
		no(t, err)
		if len(gone) != 2 {
			t.Fatalf("%+v", gone)
		}
		if _, err := s.Retire(bg, "target", "me"); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	})
}

// TestTipsOrder: refs are in the order of their bytes, whatever language the database speaks.
func TestTipsOrder(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := add(t, s, "o/a")
		id := strings.Repeat("a", 40)
		want := []Tip{{"refs/heads/B", id}, {"refs/heads/_", id}, {"refs/heads/a", id}, {"refs/heads/a-b", id}, {"refs/heads/a.b", id}, {"refs/heads/ab", id}}
		_, err := s.Settle(bg, a[0].ID, Scan{ID: "s", Ruleset: 1, Complete: true, Tips: want}, nil)
		no(t, err)
		if got, err := s.Tips(bg, a[0].ID); err != nil || !slices.Equal(got, want) {
			t.Error(got, err)
		}
		if got, err := s.TipsOf(bg, []int64{a[0].ID}); err != nil || !slices.Equal(got[a[0].ID], want) {
			t.Error(got, err)
		}
	})
}

func TestSchedule(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := add(t, s, "o/a", "o/b")
		now, err := s.Now(bg)
		no(t, err)
		if parked, err := s.Fail(bg, a[0].ID, "not now", 3, time.Hour); err != nil || parked {
			t.Fatal(parked, err)
		}
		if due, _ := s.Due(bg, time.Time{}, 10); len(due) != 1 || due[0].ID != a[1].ID {
			t.Fatal(due)
		}
		if due, _ := s.Due(bg, now.Add(2*time.Hour), 1); len(due) != 1 || due[0].ID != a[1].ID {
			t.Fatal(due)
		}
		for i := 1; i <= 3; i++ {
			parked, err := s.Fail(bg, a[1].ID, "bad\x00\xffobject", 3, 0)
			if no(t, err); parked != (i == 3) {
				t.Fatal(i, parked)
			}
		}
		if due, _ := s.Due(bg, now.Add(2*time.Hour), 10); len(due) != 1 || due[0].ID != a[0].ID {
			t.Fatal("parked is due", due)
		}
		no(t, s.Unpark(bg, a[1].ID, "me"))
		if r, _ := s.Repository(bg, a[1].ID); r.State != RepositoryOK || r.Failures != 0 {
			t.Fatalf("%+v", r)
		}
		if _, err := s.Fail(bg, 999, "x", 3, 0); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		no(t, s.FailedDue(bg))
		if due, _ := s.Due(bg, time.Time{}, 10); len(due) != 2 {
			t.Fatal("what failed is not due", due)
		}
		var kinds []string
		no(t, s.Events(bg, EventFilter{}, func(e *Event) error { kinds = append(kinds, e.Kind); return nil }))
		if fmt.Sprint(kinds) != "[park unpark]" {
			t.Fatal(kinds)
		}
	})
}

func TestEventsAreAppendOnly(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		no(t, s.Log(bg, Event{UID: "u", Kind: "x"}))
		no(t, s.Log(bg, Event{UID: "u", Kind: "y"}))
		statements := []string{"UPDATE event SET who = 'x'", "DELETE FROM event"}
		if s.d.number {
			statements = append(statements, "TRUNCATE event")
		}
		for _, q := range statements {
			if _, err := s.w().exec(bg, q); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", q, err)
			}
		}
		n := 0
		no(t, s.Events(bg, EventFilter{}, func(e *Event) error { n++; return nil }))
		if n != 1 {
			t.Fatal(n)
		}
	})
}

func TestRuleset(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		v1, err := s.Ruleset(bg, "h1", map[string]string{"a": "1", "b": "1"})
		no(t, err)
		if again, _ := s.Ruleset(bg, "h1", nil); again != v1 {
			t.Fatal(v1, again)
		}
		v2, _ := s.Ruleset(bg, "h2", map[string]string{"a": "2", "c": "1"})
		v3, err := s.Ruleset(bg, "h1", nil)
		no(t, err)
		if v2 <= v1 || v3 <= v2 {
			t.Fatal(v1, v2, v3)
		}
		for _, c := range []struct {
			old, now int
			want     string
		}{{v1, v2, "[a c]"}, {v2, v3, "[a b]"}, {v1, v3, "[]"}, {0, v1, "[a b]"}} {
			got, err := s.ChangedSince(bg, c.old, c.now)
			if no(t, err); fmt.Sprint(got) != c.want {
				t.Errorf("%d to %d: %v", c.old, c.now, got)
			}
		}
	})
}

func TestSeen(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		id := func(i int) []byte { return append([]byte{byte(i >> 8), byte(i)}, bytes.Repeat([]byte{7}, 18)...) }
		var seen []Seen
		var ids [][]byte
		for i := range 3000 {
			ids = append(ids, id(i))
			if i%3 == 0 {
				seen = append(seen, Seen{id(i), 1, 2}, Seen{id(i), 4, 2}, Seen{id(i), 8, 1})
			}
		}
		no(t, s.MarkClean(bg, seen))
		no(t, s.MarkClean(bg, seen))
		no(t, s.MarkClean(bg, []Seen{{id(3), 2, 2}, {id(6), 16, 3}, {id(9), 32, 1}}))
		no(t, s.MarkHot(bg, [][]byte{id(12)}))
		want := func(i int) Mark {
			switch {
			case i%3 != 0 || i == 12:
				return Mark{}
			case i == 3:
				return Mark{7, 2}
			case i == 6:
				return Mark{16, 3}
			}
			return Mark{5, 2}
		}
		for _, n := range []int{1, 10, 3000} {
			got, err := s.Clean(bg, ids[:n])
			no(t, err)
			for i := range got {
				if got[i] != want(i) {
					t.Fatalf("%d of %d: %v, want %v", i, n, got[i], want(i))
				}
			}
		}
		// Few of a dense range: the range is given up.
		var wide [][]byte
		for i := 0; i < 3000; i += 5 {
			wide = append(wide, append(id(i)[:19:19], 1), append(id(i)[:19:19], 2), id(i))
		}
		wide = wide[:1200]
		got, err := s.Clean(bg, wide)
		no(t, err)
		for i := range got {
			w := Mark{}
			if i%3 == 2 {
				w = want(i / 3 * 5)
			}
			if got[i] != w {
				t.Fatalf("wide %d: %v, want %v", i, got[i], w)
			}
		}
		if _, err := s.Clean(bg, [][]byte{id(2), id(1)}); err == nil {
			t.Error("ids that do not ascend were taken")
		}
		if err := s.MarkClean(bg, []Seen{{[]byte("short"), 1, 1}}); err == nil {
			t.Error("a short id was taken")
		}
	})
}

func TestLeases(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		s.at(1000)
		l, ok, err := s.Acquire(bg, "repo/1", "a", time.Second)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if _, ok, _ := s.Acquire(bg, "repo/1", "a", time.Second); ok {
			t.Fatal("held twice")
		}
		s.at(900_000)
		no(t, s.Renew(bg, l, time.Second))
		s.at(1_500_000)
		if _, ok, _ := s.Acquire(bg, "repo/1", "b", time.Second); ok {
			t.Fatal("taken although renewed")
		}
		s.at(2_000_000)
		m, ok, err := s.Acquire(bg, "repo/1", "b", time.Second)
		if err != nil || !ok || m.Token <= l.Token {
			t.Fatal(m, ok, err)
		}
		if err := s.Renew(bg, l, time.Second); !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		no(t, s.Release(bg, l))
		if _, ok, _ := s.Acquire(bg, "repo/1", "c", time.Second); ok {
			t.Fatal("somebody else's lease was released")
		}
		no(t, s.Release(bg, m))
		if n, ok, _ := s.Acquire(bg, "repo/1", "c", time.Second); !ok || n.Token <= m.Token {
			t.Fatal(n, ok)
		}
	})
}

func TestDeliveries(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		s.at(1000)
		for range 2 {
			no(t, s.Enqueue(bg, "slack", "k1", []byte(`{"a":1}`)))
			no(t, s.Enqueue(bg, "mail", "k2", []byte(`{}`)))
		}
		got, err := s.Claim(bg, 10, time.Second)
		if err != nil || len(got) != 2 || got[0].Channel != "slack" || string(got[0].Payload) != `{"a":1}` || got[0].Attempts != 1 {
			t.Fatal(got, err)
		}
		if more, _ := s.Claim(bg, 10, time.Second); len(more) != 0 {
			t.Fatal("claimed twice", more)
		}
		no(t, s.Retry(bg, got[1], "503", time.Minute))
		s.at(2_000_000) // the claim of the first has ended
		again, _ := s.Claim(bg, 10, time.Second)
		if len(again) != 1 || again[0].Dedup != "k1" || again[0].Attempts != 2 {
			t.Fatal(again)
		}
		if err := s.Delivered(bg, got[0]); !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		no(t, s.Delivered(bg, again[0]))
		s.at(70_000_000)
		again, _ = s.Claim(bg, 10, time.Second)
		if len(again) != 1 || again[0].Dedup != "k2" {
			t.Fatal(again)
		}
		no(t, s.GiveUp(bg, again[0], "404"))
		no(t, s.Enqueue(bg, "mail", "k2", []byte(`{}`)))
		if st, err := s.Status(bg); err != nil || st.Failed != 1 || st.Pending != 0 {
			t.Fatal(st, err)
		}
	})
}

// TestUnwritable: that another try does not help is told apart from what it mends.
func TestUnwritable(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if s.d.number {
			_, err := s.w().exec(bg, "ALTER DATABASE "+dsn[strings.LastIndex(dsn, "/")+1:strings.Index(dsn, "?")]+" SET default_transaction_read_only = on")
			no(t, err)
			s.write.SetMaxIdleConns(0) // a connection of now does not know it yet
		} else {
			_, err := s.w().exec(bg, "PRAGMA max_page_count = 1") // raised to the pages there are
			no(t, err)
		}
		err := s.Enqueue(bg, "channel", "once", []byte(strings.Repeat("1", 1<<20)))
		if !errors.Is(err, ErrUnwritable) {
			t.Errorf("a statement: %v", err)
		}
		if _, _, err = s.Acquire(bg, "lease", strings.Repeat("x", 1<<20), time.Minute); !errors.Is(err, ErrUnwritable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("a transaction: %v", err)
		}
		if _, err := s.w().exec(bg, "INSERT INTO nowhere VALUES (1)"); err == nil || errors.Is(err, ErrUnwritable) {
			t.Errorf("another error: %v", err)
		}
	})
}
