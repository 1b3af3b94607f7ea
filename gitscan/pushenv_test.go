package gitscan

import (
	"slices"
	"testing"
)

// TestSplitAlternates: lists as git's parse_alt_odb_entry reads them.
func TestSplitAlternates(t *testing.T) {
	for list, want := range map[string][]string{
		"":                      nil,
		"/a":                    {"/a"},
		"/a:../b":               {"/a", "../b"},
		":/a::/b:":              {"/a", "/b"},
		`"/a:b":/c`:             {"/a:b", "/c"},
		`"/a\"\\\303\244\n":/c`: {"/a\"\\\u00e4\n", "/c"},
		"#/a:/b":                {"/b"},
		`/a"b`:                  {`/a"b`},
	} {
		if got, err := splitAlternates(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", list, got, err, want)
		}
	}
	for _, list := range []string{`"/a`, `"/a\`, `"/a"b`, `"\q"`, `"\48x"`} {
		if got, err := splitAlternates(list); err == nil {
			t.Errorf("%q: %q", list, got)
		}
	}
}
