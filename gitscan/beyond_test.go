package gitscan_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// beyondRules find marks, what is in files of variables, and files by their names.
const beyondRules = `
[[rules]]
id = "mark"
description = "x"
regex = '''mark-[a-z]{3}'''
keywords = ["mark-"]
[[rules]]
id = "env"
description = "x"
in = ["dotenv"]
key = '''SECRET'''
[[rules]]
id = "named"
description = "x"
path = '''\.key$|^top$'''
`

// beyond scans what a repository has beside a pack: quiet when there is nothing to find, so that there is nothing in all of it;
// known when that could be told from this.
func beyond(t *testing.T, dir string, d *detect.Detector, sum [sha256.Size]byte) (quiet, known bool) {
	t.Helper()
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	b, err := repo.Beyond(context.Background(), func(s [sha256.Size]byte) bool { return s == sum })
	if err != nil {
		t.Fatal(err)
	}
	if b == nil {
		return false, false
	}
	ledger := scan.NewLedger(b.Objects())
	res, err := scan.RunWith(context.Background(), b, d, 2, ledger)
	if err != nil {
		t.Fatal(err)
	}
	return res.Stats.Complete && ledger.Quiet(), true
}

// onlyPack gives the sum of the only pack of a repository in which there is nothing to find.
func onlyPack(t *testing.T, dir string, d *detect.Detector) (sum [sha256.Size]byte, ok bool) {
	t.Helper()
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	ledger := scan.NewLedger(repo.Objects())
	res, err := scan.RunWith(context.Background(), repo, d, 2, ledger)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Stats.Complete || !ledger.Quiet() {
		return sum, false
	}
	return repo.OnlyPack()
}

// TestBeyond: what may become of a clone is found, or it is said that it cannot be told.
func TestBeyond(t *testing.T) {
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "A")
		t.Setenv("GIT_"+who+"_EMAIL", "a@example.com")
	}
	d := parseRules(t, beyondRules)
	work := t.TempDir()
	git(t, work, nil, "init", "-q", "-b", "main")
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		writeFile(t, filepath.Join(work, "a.txt"), text)
		writeFile(t, filepath.Join(work, "d", "top"), text)
		git(t, work, nil, "add", "-A")
		git(t, work, nil, "commit", "-q", "-m", "c")
	}
	git(t, work, nil, "tag", "-a", "-m", "x", "odd", "HEAD:d")
	git(t, work, nil, "tag", "-d", "odd")
	git(t, work, nil, "tag", "-a", "-m", "x", "v1", "HEAD~1")
	base := filepath.Join(t.TempDir(), "base.git")
	git(t, work, nil, "clone", "-q", "--bare", work, base)
	git(t, base, nil, "repack", "-q", "-a", "-d", "-f")
	git(t, base, nil, "prune")
	sum, ok := onlyPack(t, base, d)
	if !ok {
		t.Fatal("there is something to find in the repository that is cloned")
	}
	commit := func(w, name, text, message string) {
		writeFile(t, filepath.Join(w, filepath.FromSlash(name)), text)
		git(t, w, nil, "add", "-A")
		git(t, w, nil, "commit", "-q", "-m", message)
	}
	for name, c := range map[string]struct {
		do    func(w string)
		bare  bool // without an index
		known bool // it can be told
	}{
		"same":                    {func(string) {}, true, true},
		"an index":                {func(string) {}, false, false},
		"a commit":                {func(w string) { commit(w, "b", "four\n", "c") }, true, true},
		"commits that are packed": {func(w string) { commit(w, "b", "four\n", "c"); git(t, w, nil, "repack", "-q", "-d") }, true, true},
		"packed anew":             {func(w string) { commit(w, "b", "four\n", "c"); git(t, w, nil, "gc", "-q") }, true, false},
		"mark":                    {func(w string) { commit(w, "b", "mark-abc\n", "c") }, true, true},
		"mark in a message":       {func(w string) { commit(w, "b", "four\n", "mark-abc") }, true, true},
		"mark in a tag":           {func(w string) { git(t, w, nil, "tag", "-a", "-m", "mark-abc", "x") }, true, true},
		"file of variables":       {func(w string) { commit(w, ".env", "SECRET=one\n", "c") }, true, true},
		"new name":                {func(w string) { commit(w, "x.key", "two\n", "c") }, true, true},
		"new name, merged": {func(w string) {
			git(t, w, nil, "checkout", "-q", "-b", "side", "HEAD~1")
			commit(w, "x.key", "two\n", "c")
			git(t, w, nil, "checkout", "-q", "main")
			git(t, w, nil, "merge", "-q", "--no-edit", "side")
		}, true, true},
		"a root":              {func(w string) { git(t, w, nil, "checkout", "-q", "--orphan", "new"); commit(w, "x", "mark-abc\n", "c") }, true, true},
		"commit that is gone": {func(w string) { commit(w, "x", "mark-abc\n", "c"); git(t, w, nil, "reset", "-q", "--hard", "HEAD~1") }, true, true},
		"fewer refs":          {func(w string) { git(t, w, nil, "tag", "-d", "v1") }, true, true},
		"blob that nothing leads to": {func(w string) {
			writeFile(t, filepath.Join(w, "loose"), "mark-abc\n")
			git(t, w, nil, "hash-object", "-w", "loose")
		}, true, false},
		"tree that nothing leads to": {func(w string) {
			git(t, w, []byte("100644 blob "+revParse(t, w, "HEAD:a.txt")+"\tx.key\n"), "mktree")
		}, true, false},
		"tag of a tree":      {func(w string) { git(t, w, nil, "tag", "tree", "HEAD:d") }, true, false},
		"told tag of a tree": {func(w string) { git(t, w, nil, "tag", "-a", "-m", "x", "tree", "HEAD:d") }, true, false},
		"tag of a blob":      {func(w string) { git(t, w, nil, "tag", "blob", "HEAD:a.txt") }, true, false},
		"staged": {func(w string) {
			writeFile(t, filepath.Join(w, "x.key"), "two\n")
			git(t, w, nil, "add", "x.key")
		}, false, false},
		"lost parent": {func(w string) {
			commit(w, "b", "four\n", "c")
			commit(w, "b", "five\n", "c")
			loseLoose(t, w, "HEAD~1")
		}, true, false},
		"lost blob": {func(w string) { commit(w, "b", "four\n", "c"); loseLoose(t, w, "HEAD:b") }, true, false},
		"lost tree": {func(w string) { commit(w, "e/b", "four\n", "c"); loseLoose(t, w, "HEAD:e") }, true, false},
		"damaged commit": {func(w string) {
			commit(w, "b", "four\n", "c")
			git(t, w, nil, "commit", "-q", "--allow-empty", "-m", "d")
			at, data := looseFile(t, w, "HEAD"), readFile(t, looseFile(t, w, "HEAD~1"))
			loseLoose(t, w, "HEAD")
			writeFile(t, at, string(data))
		}, true, false},
		"told tag of a tree that is gone": {func(w string) {
			git(t, w, nil, "tag", "-a", "-m", "x", "tree", "HEAD:d")
			git(t, w, nil, "tag", "-d", "tree")
		}, true, false},
		"shallow":    {func(w string) { writeFile(t, filepath.Join(w, ".git", "shallow"), revParse(t, w, "HEAD")+"\n") }, true, false},
		"broken ref": {func(w string) { writeFile(t, filepath.Join(w, ".git", "refs", "heads", "x"), "none\n") }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := filepath.Join(t.TempDir(), "w")
			git(t, work, nil, "clone", "-q", "--no-hardlinks", base, w)
			git(t, w, nil, "tag", "-f", "v1", "origin/main~1")
			c.do(w)
			if c.bare {
				if err := os.Remove(filepath.Join(w, ".git", "index")); err != nil {
					t.Fatal(err)
				}
			}
			quiet, known := beyond(t, w, d, sum)
			if known != c.known {
				t.Errorf("it can be told: %v", known)
			}
			repo, err := gitscan.Open(w, gitscan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			whole := scan.NewLedger(repo.Objects())
			res, err := scan.RunWith(context.Background(), repo, d, 2, whole)
			if err != nil {
				t.Fatal(err)
			}
			if nothing := res.Stats.Complete && whole.Quiet(); quiet && !nothing || known && quiet != nothing {
				t.Errorf("quiet: %v, but the whole has %d findings, complete %v", quiet, len(res.Findings), res.Stats.Complete)
			}
			if q, k := beyond(t, w, d, [sha256.Size]byte{}); q || k {
				t.Error("told by a pack that it does not have")
			}
			_, ok := onlyPack(t, w, d)
			if in := git(t, w, nil, "count-objects", "-v"); ok && !(strings.Contains(in, "count: 0\n") && strings.Contains(in, "packs: 1\n")) {
				t.Errorf("a pack is said to be all that there is: %s", in)
			}
		})
	}
}

func revParse(t *testing.T, dir, rev string) string {
	t.Helper()
	return strings.TrimSpace(string(git(t, dir, nil, "rev-parse", rev)))
}

func looseFile(t *testing.T, dir, rev string) string {
	t.Helper()
	id := revParse(t, dir, rev)
	return filepath.Join(dir, ".git", "objects", id[:2], id[2:])
}

// loseLoose removes a loose object.
func loseLoose(t *testing.T, dir, rev string) {
	t.Helper()
	if err := os.Remove(looseFile(t, dir, rev)); err != nil {
		t.Fatal(err)
	}
}
