package scan

import "testing"

// TestSettleRemedies: the finding says what to do at its first place, a place only what differs from that.
func TestSettleRemedies(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   Kind
		rule   string
		places []string
		want   string
		own    []string
	}{
		{"the rule's alone", KindSecret, "Revoke.", []string{"", ""}, "Revoke.", []string{"", ""}},
		{"of a secret both", KindSecret, "Revoke.", []string{"Mount.", "Mount."}, "Revoke.\nMount.", []string{"", ""}},
		{"of an exposure the place's", KindExposure, "In general.", []string{"Mount.", "Mount."}, "Mount.", []string{"", ""}},
		{"two ways", KindSecret, "Revoke.", []string{"Mount.", "Ignore.", ""}, "Revoke.\nMount.", []string{"", "Revoke.\nIgnore.", "Revoke."}},
		{"a rule without", KindSecret, "", []string{"Mount.", ""}, "Mount.", []string{"", ""}},
		{"nothing", KindSecret, "", []string{""}, "", []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Finding{Kind: c.kind, Remedy: c.rule}
			for _, r := range c.places {
				f.Places = append(f.Places, Place{Remedy: r})
			}
			f.settleRemedies()
			if f.Remedy != c.want {
				t.Errorf("finding: %q, want %q", f.Remedy, c.want)
			}
			for i := range f.Places {
				if f.Places[i].Remedy != c.own[i] {
					t.Errorf("place %d: %q, want %q", i, f.Places[i].Remedy, c.own[i])
				}
			}
		})
	}
}
