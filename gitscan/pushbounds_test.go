package gitscan_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// pushAll makes a push of all branches of a client to an empty server.
func pushAll(t *testing.T, client string) (in incoming) {
	t.Helper()
	server := t.TempDir()
	git(t, server, nil, "init", "-q", "--bare")
	var updates []gitscan.Update
	for line := range strings.Lines(git(t, client, nil, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/")) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		updates = append(updates, gitscan.Update{Ref: name, Old: strings.Repeat("0", 40), New: id})
	}
	return receive(t, server, client, true, nil, updates...)
}

func (in *incoming) open(t *testing.T) *gitscan.Push {
	t.Helper()
	p, err := gitscan.OpenPush(in.server, func(k string) string { return in.env[k] }, in.updates, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// TestRefsOf: the refs that reach a commit are those that git says, and commits that the same refs reach have them in common.
func TestRefsOf(t *testing.T) {
	for seed := range uint64(3) {
		client := t.TempDir()
		git(t, client, nil, "init", "-q", "--bare")
		git(t, client, randomHistory(rand.New(rand.NewPCG(seed, 5)), 60), "fast-import", "--quiet", "--force")
		in := pushAll(t, client)
		p := in.open(t)
		scanSource(t, p, markRules)
		commits := strings.Fields(git(t, client, nil, "rev-list", "--branches"))
		for _, id := range commits {
			want := strings.Fields(git(t, client, nil, "for-each-ref", "--format=%(refname)", "--contains", id, "refs/heads/"))
			if got := p.RefsOf(id); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", id, got, want)
			}
		}
		if p.RefsOf(strings.Repeat("1", 40)) != nil {
			t.Error("refs of what is no commit")
		}
	}
	client := t.TempDir()
	git(t, client, nil, "init", "-q", "--bare")
	var im importer
	for i := range 40 {
		var parents []int
		if i > 0 {
			parents = []int{i}
		}
		im.commit("main", "c", parents, fmt.Sprintf("a=%d", i))
	}
	im.load(t, client, false)
	git(t, client, nil, "branch", "half", "main~20")
	in := pushAll(t, client)
	p := in.open(t)
	scanSource(t, p, markRules)
	if got := p.RefsOf(strings.TrimSpace(git(t, client, nil, "rev-parse", "main~30"))); len(got) != 2 || p.RefSets() != 2 {
		t.Errorf("%v, %d sets", got, p.RefSets())
	}
}

// wideTree makes a commit of so many names for one file.
func wideTree(t *testing.T, client, text string, names int) {
	t.Helper()
	git(t, client, nil, "init", "-q", "--bare")
	raw, err := hex.DecodeString(strings.TrimSpace(git(t, client, []byte(text), "hash-object", "-w", "--stdin")))
	if err != nil {
		t.Fatal(err)
	}
	var tree bytes.Buffer
	for i := range names {
		fmt.Fprintf(&tree, "100644 f%06d\x00%s", i, raw)
	}
	id := strings.TrimSpace(git(t, client, tree.Bytes(), "hash-object", "-w", "-t", "tree", "--stdin"))
	commit := fmt.Sprintf("tree %s\nauthor A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n\nc\n", id)
	git(t, client, nil, "update-ref", "refs/heads/main",
		strings.TrimSpace(git(t, client, []byte(commit), "hash-object", "-w", "-t", "commit", "--stdin")))
}

// ending is a context that ends when it has been asked so many times whether it has.
type ending struct {
	context.Context
	left atomic.Int64
}

func (e *ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestEndsWithin: the search of one commit ends in the middle of its tree, and that is an error.
func TestEndsWithin(t *testing.T) {
	client := t.TempDir()
	wideTree(t, client, "clean\n", 200_000)
	in := pushAll(t, client)
	for _, asked := range []int64{20, 30} {
		p := in.open(t)
		ctx := &ending{Context: t.Context()}
		ctx.left.Store(asked)
		if err := p.Search(ctx, 1, func() scan.Visitor { return visit(func(scan.BlobRef, []byte) scan.SkipReason { return "" }) }); err != context.Canceled {
			t.Errorf("after %d times: %v", asked, err)
		}
		if s := p.Stats(); len(s.Problems) > 0 {
			t.Errorf("after %d times: %v", asked, s.Problems)
		}
	}
}

// TestEndsWithinChain: an object that is made of many deltas is not made to the end, and is not damaged for that.
func TestEndsWithinChain(t *testing.T) {
	client := t.TempDir()
	git(t, client, nil, "init", "-q", "--bare")
	var im importer
	text := strings.Repeat("a line that stays\n", 200)
	for i := range 60 {
		var parents []int
		if i > 0 {
			parents = []int{i}
		}
		text += fmt.Sprintf("line %d\n", i)
		im.commit("main", "c", parents, "a="+text)
	}
	im.load(t, client, true)
	repo, err := gitscan.Open(client, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	packs, err := filepath.Glob(filepath.Join(client, "objects", "pack", "*.idx"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	last, deepest := "", 0
	for line := range strings.Lines(git(t, client, nil, "verify-pack", "-v", packs[0])) {
		if f := strings.Fields(line); len(f) == 7 {
			if depth, err := strconv.Atoi(f[5]); err == nil && depth > deepest {
				last, deepest = f[0], depth
			}
		}
	}
	if deepest < 12 {
		t.Fatalf("chains have %d deltas", deepest)
	}
	for _, asked := range []int64{5, 1000} {
		want := map[int64]string{5: "reading was ended"}[asked]
		ctx := &ending{Context: t.Context()}
		ctx.left.Store(asked)
		told := ""
		if err := repo.ReadWithin(ctx, last); err != nil {
			told = err.Error()
		}
		if !strings.HasSuffix(told, want) || want == "" && told != "" {
			t.Errorf("after %d times: %q", asked, told)
		}
	}
}

// TestWatchedBytes: the names of files that others depend on, in directories made to be deep, do not take more than they may.
func TestWatchedBytes(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	blob := strings.TrimSpace(git(t, dir, []byte("x"), "hash-object", "-w", "--stdin"))
	tree := func(entries string) string { return strings.TrimSpace(git(t, dir, []byte(entries), "mktree")) }
	var files strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&files, "100644 blob %s\tw%04d\n", blob, i)
	}
	id := tree(files.String())
	for range 10 {
		id = tree("040000 tree " + id + "\t" + strings.Repeat("d", 200) + "\n")
	}
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	size, kept := repo.WatchedBelow(id, func(name string) bool { return strings.HasPrefix(name, "w") })
	if size == 0 || size > 1<<20 || kept > 33<<20 {
		t.Errorf("%d bytes of the names of one tree, %d of all", size, kept)
	}
	if s := repo.Stats(); s.Complete || !strings.Contains(s.Problems[0].Why, "too long together") {
		t.Errorf("%v", s.Problems)
	}
}
