package scan

import (
	"slices"
	"testing"
)

func TestSettleTags(t *testing.T) {
	for _, c := range []struct {
		name   string
		places [][]string
		want   []string   // of the finding
		own    [][]string // of the places
	}{
		{"none", [][]string{nil, nil}, nil, [][]string{nil, nil}},
		{"same", [][]string{{"a", "b"}, {"a", "b"}}, []string{"a", "b"}, [][]string{nil, nil}},
		{"plain and encoded", [][]string{nil, {"hex"}}, nil, [][]string{nil, {"hex"}}},
		{"more in one", [][]string{{"rule"}, {"rule", "hex"}}, []string{"rule"}, [][]string{nil, {"rule", "hex"}}},
		{"apart", [][]string{{"x", "hex"}, {"x", "base64"}}, []string{"x"}, [][]string{{"x", "hex"}, {"x", "base64"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Finding{}
			for _, tags := range c.places {
				f.Places = append(f.Places, Place{Tags: tags})
			}
			f.settleTags()
			if !slices.Equal(f.Tags, c.want) {
				t.Errorf("finding: %q, want %q", f.Tags, c.want)
			}
			for i := range f.Places {
				if !slices.Equal(f.Places[i].Tags, c.own[i]) {
					t.Errorf("place %d: %q, want %q", i, f.Places[i].Tags, c.own[i])
				}
			}
		})
	}
}
