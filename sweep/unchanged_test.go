package sweep

import (
	"testing"
	"time"

	"rummage/sweep/store"
)

// TestNotPushed: the forge's word counts only when it was heard after the search that it is about.
func TestNotPushed(t *testing.T) {
	at := func(minutes int) time.Time { return time.Unix(1e9, 0).Add(time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		pushed, scanned, listed time.Time
		want                    bool
	}{
		"pushed long before":        {at(0), at(60), at(90), true},
		"pushed just before":        {at(55), at(60), at(90), false},
		"pushed after":              {at(70), at(60), at(90), false},
		"listed before the search":  {at(0), at(60), at(50), false},
		"never pushed, or not told": {time.Time{}, at(60), at(90), false},
	} {
		r := &store.Repository{LastScan: c.scanned, LastSeen: c.listed}
		r.PushedAt = c.pushed
		if got := notPushed(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
