package store

import (
	"reflect"
	"testing"
	"time"
)

// TestMany: what is asked of several repositories at once is what is asked of each.
func TestMany(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		all := add(t, s, "a", "b", "c")
		l, err := s.StartListing(bg, "another")
		no(t, err)
		_, err = l.Add(bg, []Listed{{Forge: "f", ForgeID: "b", Name: "b"}})
		no(t, err)
		ids := []int64{all[2].ID, all[1].ID, 1 << 40}
		list, now, err := s.RepositoriesNow(bg, ids)
		no(t, err)
		if len(list) != 2 || now.IsZero() {
			t.Fatalf("%+v, %s", list, now)
		}
		for i := range list {
			r, err := s.Repository(bg, list[i].ID)
			no(t, err)
			if !reflect.DeepEqual(*r, list[i]) {
				t.Errorf("%+v, want %+v", list[i], *r)
			}
		}
		targets, err := s.TargetsOf(bg, ids)
		no(t, err)
		want := map[int64][]string{all[1].ID: {"another", "target"}, all[2].ID: {"target"}}
		if !reflect.DeepEqual(targets, want) {
			t.Errorf("%v, want %v", targets, want)
		}
		unsearched := func(want int) {
			t.Helper()
			if n, err := s.Unsearched(bg); err != nil || n != want {
				t.Errorf("%d are unsearched, want %d: %v", n, want, err)
			}
		}
		unsearched(0)
		_, err = s.Fail(bg, all[0].ID, "x", 9, time.Hour)
		no(t, err)
		no(t, s.Park(bg, all[1].ID, "y", ""))
		unsearched(2)
		add(t, s, "b", "c") // a is gone
		unsearched(1)
	})
}

// TestRulesetNow: the last rules have their version without a look at what they are of; others have none until they are given one.
func TestRulesetNow(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		now := func(hash string, version int, want bool) {
			t.Helper()
			if v, same, err := s.RulesetNow(bg, hash); err != nil || same != want || same && v != version {
				t.Errorf("%s: version %d, %v, %v", hash, v, same, err)
			}
		}
		now("one", 0, false)
		one, err := s.Ruleset(bg, "one", map[string]string{"r": "1"})
		no(t, err)
		now("one", one, true)
		two, err := s.Ruleset(bg, "two", map[string]string{"r": "2"})
		no(t, err)
		now("one", 0, false)
		now("two", two, true)
	})
}
