package gitscan_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// hiddenCommit makes a server with a branch, and a commit that is stored there and that no ref leads to; and a client that has
// both, and one more commit on the branch.
func hiddenCommit(t *testing.T) (server, client, tip, hidden, next string) {
	t.Helper()
	server, client = t.TempDir(), t.TempDir()
	git(t, server, nil, "init", "-q", "--bare", "-b", "main")
	git(t, client, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "first", nil, "a=clean")
	im.commit("lost", "second", []int{1}, "a=clean", "b=mark-a")
	im.commit("next", "third", []int{1}, "a=more")
	im.load(t, client, false)
	rev := func(name string) string { return strings.TrimSpace(git(t, client, nil, "rev-parse", name)) }
	git(t, client, nil, "push", "-q", server, "main", "lost")
	git(t, server, nil, "update-ref", "-d", "refs/heads/lost")
	return server, client, rev("main"), rev("lost"), rev("next")
}

// TestLyingOldID: an old id that a ref does not have hides no commit that is stored and that no ref leads to.
func TestLyingOldID(t *testing.T) {
	server, client, tip, hidden, next := hiddenCommit(t)
	zero := strings.Repeat("0", 40)
	for i, updates := range [][]gitscan.Update{
		{{Ref: "refs/heads/x", Old: zero, New: hidden}},
		{{Ref: "refs/heads/x", Old: hidden, New: hidden}},
		{{Ref: "refs/heads/x", Old: zero, New: hidden}, {Ref: "refs/heads/main", Old: hidden, New: next}},
	} {
		in := receive(t, server, client, i%2 == 0, []string{tip, hidden}, updates...)
		if got := in.searched(t); !got[hidden] || got[tip] {
			t.Errorf("%v: searched %v", updates, got)
		}
		p, err := gitscan.OpenPush(server, func(k string) string { return in.env[k] }, updates, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		res := scanSource(t, p, markRules)
		if len(res.Findings) != 1 || slices.ContainsFunc(res.Findings[0].Places, func(at scan.Place) bool { return gitscan.Held(&at) }) {
			t.Errorf("%v: %+v", updates, res.Findings)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQuickPush: one commit onto a branch does not have all refs read, however the branch is stored.
func TestQuickPush(t *testing.T) {
	for _, stored := range []string{"loose", "packed", "symbolic"} {
		server, client, tip, _, next := hiddenCommit(t)
		name := "refs/heads/main"
		git(t, server, nil, "symbolic-ref", "HEAD", "refs/heads/other")
		switch stored {
		case "packed":
			git(t, server, nil, "pack-refs", "--all")
		case "symbolic":
			name = "refs/heads/alias"
			git(t, server, nil, "symbolic-ref", name, "refs/heads/main")
		}
		in := receive(t, server, client, true, []string{tip}, gitscan.Update{Ref: name, Old: tip, New: next})
		p, err := gitscan.OpenPush(server, func(k string) string { return in.env[k] }, in.updates, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if res := scanSource(t, p, markRules); !res.Stats.Complete || res.Stats.Commits != 1 || p.ReadsAllRefs() {
			t.Errorf("%s: %d commits, all refs read: %v, %v", stored, res.Stats.Commits, p.ReadsAllRefs(), res.Stats.Problems)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIDsOfRefs: loose refs win over packed ones, symbolic ones are followed but in no circle, and names lead nowhere else.
func TestIDsOfRefs(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	id := func(n int) string { return fmt.Sprintf("%040x", n) }
	packed := "# pack-refs with: peeled fully-peeled sorted \n"
	for i := range 30 {
		packed += fmt.Sprintf("%s refs/heads/p%d\n^%s\n", id(100+i), i, id(7))
	}
	writeFile(t, filepath.Join(dir, "packed-refs"), packed)
	for name, text := range map[string]string{"refs/heads/p1": id(1) + "\n", "refs/heads/s": "ref: refs/heads/p2\n", "refs/heads/ss": "ref: refs/heads/s\n",
		"refs/heads/c": "ref: refs/heads/c\n", "refs/heads/out": "ref: ../" + filepath.Base(dir) + "/secret\n", "secret": id(9), "refs/heads/bad": "zz\n"} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	for name, want := range map[string]string{"refs/heads/p0": id(100), "refs/heads/p1": id(1), "refs/heads/p2": id(102), "refs/heads/p29": id(129),
		"refs/heads/s": id(102), "refs/heads/ss": id(102), "refs/heads/c": "", "refs/heads/out": "", "refs/heads/bad": "", "refs/heads/p": "",
		"secret": "", "refs/../secret": "", "refs/heads/../../secret": "", "/" + dir + "/secret": "", "heads/p0": "", "refs/heads/p0\n^": ""} {
		if got := strings.Join(repo.IDsOfRefs(name), " "); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("refs/heads/p%d", i))
	}
	got := repo.IDsOfRefs(names...)
	if len(got) != 30 || got[0] != id(1) || got[1] != id(100) || slices.Contains(got, id(101)) || slices.Contains(got, id(7)) {
		t.Errorf("%d: %v", len(got), got)
	}
}
