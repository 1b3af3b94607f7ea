package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func ask(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// refs are those of all repositories of a folder, which the ids of all objects follow from.
func refs(t *testing.T, dir string) (all []string) {
	t.Helper()
	repos, err := filepath.Glob(filepath.Join(dir, "*", "*.git"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range repos {
		all = append(all, filepath.Base(r)+" "+ask(t, r, "for-each-ref", "--format=%(refname) %(objectname)"))
	}
	return all
}

// TestMake holds a fleet to what the package doc says of it.
func TestMake(t *testing.T) {
	p := plan{n: 20, commits: 30, forks: 30, seed: 1}
	dir, again, other := t.TempDir(), t.TempDir(), t.TempDir()
	sum, err := p.make(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.make(again); err != nil || !slices.Equal(refs(t, dir), refs(t, again)) {
		t.Errorf("the same arguments made two fleets (%v)", err)
	}
	p.seed = 2
	if _, err := p.make(other); err != nil || slices.Equal(refs(t, dir), refs(t, other)) {
		t.Errorf("another seed made the same fleet (%v)", err)
	}

	blobs := map[string]string{}
	of := map[string]string{} // commit of main: original
	diffs, originals := "", 0
	for _, r := range glob(t, dir, "originals") {
		originals++
		for line := range strings.Lines(ask(t, r, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")) {
			if id, is := strings.CutPrefix(strings.TrimSpace(line), "blob "); is {
				if blobs[id] != "" {
					t.Errorf("a blob of %s is in %s too", blobs[id], r)
				}
				blobs[id] = r
			}
		}
		of[ask(t, r, "rev-parse", "main")] = r
		diffs += "\n" + ask(t, r, "log", "-p", "--format=", "main")
		if n := ask(t, r, "rev-list", "--count", "--all"); n != "30" {
			t.Errorf("%s: %s commits", r, n)
		}
	}
	if originals != 14 || len(blobs) > sum.blobs || len(blobs) < sum.blobs*98/100 { // an edit may bring an earlier version back
		t.Errorf("%d originals with %d blobs, said to be %d", originals, len(blobs), sum.blobs)
	}
	added := strings.Count(diffs, "\n+\tdb"+"Password := ") + strings.Count(diffs, "DB_PASS"+"WORD") + strings.Count(diffs, "\n+# ap"+"i = ") +
		strings.Count(diffs, "\n+# ho"+"ok = ") + strings.Count(diffs, "\n+# pa"+"y = ")
	if sum.planted < 3 || added < sum.planted || added > 2*sum.planted {
		t.Errorf("%d secrets are said to be planted, %d lines are of such", sum.planted, added)
	}
	forks, own := 0, map[int]bool{}
	for _, r := range glob(t, dir, "forks") {
		forks++
		for n := range 4 {
			if of[ask(t, r, "rev-parse", "main~"+strconv.Itoa(n))] != "" {
				own[n] = true
				break
			} else if n == 3 {
				t.Errorf("%s is a fork of none", r)
			}
		}
	}
	if forks != 6 || len(own) < 2 {
		t.Errorf("%d forks, with so many commits of their own: %v", forks, own)
	}

	before := refs(t, dir)
	n, err := touch(dir, 10, 7)
	changed := 0
	for i, r := range refs(t, dir) {
		if r != before[i] {
			changed++
		}
	}
	if err != nil || n != 2 || changed != 2 {
		t.Errorf("10 %% of 20 repositories: touched %d, %d have changed, %v", n, changed, err)
	}
}

func glob(t *testing.T, dir, kind string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, kind, "*.git"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRefuses(t *testing.T) {
	for _, p := range []plan{{0, 1, 0, 1}, {1, 0, 0, 1}, {1, 1, 100, 1}} {
		if _, err := p.make(t.TempDir()); err == nil {
			t.Errorf("%+v was made", p)
		}
	}
	if _, err := touch(t.TempDir(), 1, 1); err == nil {
		t.Error("touched a folder without a fleet")
	}
}
