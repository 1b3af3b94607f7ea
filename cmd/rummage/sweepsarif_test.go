package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"rummage/sweep/store"
)

// TestSARIFOfTwoForges: what is uploaded for a repository is its own, though another forge has one of the same name.
func TestSARIFOfTwoForges(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "sweep.db"), []byte("the key of a database of a test"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, forge := range []string{"a.example.org", "b.example.org"} {
		l, err := s.StartListing(ctx, forge)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := l.Add(ctx, []store.Listed{{Forge: forge, ForgeID: "1", Name: "team/app", DefaultBranch: "main"}})
		if err != nil {
			t.Fatal(err)
		}
		commit := strings.Repeat(string(rune('a'+i)), 40)
		scan := store.Scan{ID: forge, Ruleset: 1, Complete: true, Tips: []store.Tip{{Ref: "refs/heads/main", ID: commit}}}
		if _, err := s.Settle(ctx, listed[0].ID, scan, []store.Found{{Fingerprint: forge, Rule: "mark", Severity: "high", Places: []store.Place{{Path: "file-of-" + forge}}}}); err != nil {
			t.Fatal(err)
		}
	}
	up, err := sarifOf(ctx, s, 2)
	if err != nil || up.Commit != strings.Repeat("b", 40) || !strings.Contains(string(up.SARIF), "file-of-b.example.org") || strings.Contains(string(up.SARIF), "file-of-a.example.org") {
		t.Errorf("%+v %v\n%s", up.Commit, err, up.SARIF)
	}
}
