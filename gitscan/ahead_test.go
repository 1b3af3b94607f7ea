package gitscan_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// looks are bounds of what is compared ahead, by name: commits of a run, changes, bytes of paths, depth, runs.
var looks = map[string][5]int{
	"as ever":        {16, 4096, 256 << 10, 256, 4},
	"one at a time":  {1, 4096, 256 << 10, 256, 1},
	"few changes":    {7, 3, 256 << 10, 256, 2},
	"short paths":    {2, 4096, 12, 256, 3},
	"shallow":        {5, 4096, 256 << 10, 0, 1},
	"nothing at all": {3, 0, 0, 0, 2},
	"all at once":    {1000, 4096, 256 << 10, 256, 1},
}

// scanAhead scans with bounds, and gives all of the result that is no time.
func scanAhead(t *testing.T, dir string, workers int, look [5]int) string {
	t.Helper()
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	repo.Lookahead(look[0], look[1], look[2], look[3], look[4])
	res, err := scan.Run(t.Context(), repo, parseRules(t, markRules), workers)
	if err != nil {
		t.Fatal(err)
	}
	res.Stats.Seconds = 0
	text, err := json.MarshalIndent(res, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAheadSame: whatever is compared ahead, and however many do it, the report is that of one worker who does not look
// ahead. Of histories that are whole, and of ones that lack trees and blobs and have such that there is much to say about.
func TestAheadSame(t *testing.T) {
	for seed := range uint64(4) {
		if racing && seed != 0 && seed != 3 {
			continue
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 71))
			dir := t.TempDir()
			git(t, dir, nil, "init", "-q", "--bare")
			git(t, dir, randomHistory(r, 120), "-c", "fastimport.unpackLimit=100000", "fast-import", "--quiet", "--force")
			if seed > 1 {
				addOddTrees(t, dir)
			}
			if seed > 2 {
				lose(t, r, dir)
			}
			want := scanAhead(t, dir, 1, looks["as ever"])
			expected := []string{`"introduced"`, "too many places", "is missing"}[max(seed, 1)-1]
			if !strings.Contains(want, expected) {
				t.Fatalf("%s is not in %.2000s", expected, want)
			}
			for name, look := range looks {
				if racing && name != "as ever" && name != "few changes" {
					continue
				}
				if got := scanAhead(t, dir, 3, look); got != want {
					t.Errorf("%s:\n--- got\n%.4000s\n--- want\n%.4000s", name, got, want)
				}
			}
		})
	}
}

// writeTree stores a tree of "MODE NAME HEX" entries as they are.
func writeTree(t *testing.T, dir string, entries ...string) string {
	t.Helper()
	var b []byte
	for _, e := range entries {
		i := strings.LastIndexByte(e, ' ')
		id, err := hex.DecodeString(e[i+1:])
		if err != nil {
			t.Fatal(err)
		}
		b = append(append(append(b, e[:i]...), 0), id...)
	}
	return strings.TrimSpace(git(t, dir, b, "hash-object", "-w", "--literally", "-t", "tree", "--stdin"))
}

// addOddTrees adds branches of commits whose trees are in disorder, have directories in very many places, deep ones, and
// files of which there is no blob, with ordinary commits after them.
func addOddTrees(t *testing.T, dir string) {
	t.Helper()
	blob := strings.TrimSpace(git(t, dir, []byte("mark-d\n"), "hash-object", "-w", "--stdin"))
	nothing := strings.TrimSpace(git(t, dir, []byte("nothing\n"), "hash-object", "-w", "--stdin"))
	var wide, entries []string
	for i := range 3000 {
		wide = append(wide, fmt.Sprintf("100644 %04d %s", i, nothing))
	}
	level := func(kind, id string, n int) string {
		entries = entries[:0]
		for i := range n {
			entries = append(entries, fmt.Sprintf("%s %c %s", kind, 'a'+i, id))
		}
		return writeTree(t, dir, entries...)
	}
	leaf := level("100644", nothing, 20)
	bomb, deep := leaf, leaf
	for range 4 {
		bomb = level("40000", bomb, 20)
	}
	// What repeats a little is looked at because so much else does not.
	little := level("100644", nothing, 19)
	for range 3 {
		little = level("40000", little, 13)
	}
	for range 20 {
		deep = writeTree(t, dir, "40000 d "+deep)
	}
	trees := []string{
		writeTree(t, dir, wide...),
		little,
		writeTree(t, dir, "100644 b "+blob, "100644 a "+blob),
		writeTree(t, dir, "100644 a "+blob, "100644 a "+blob, "100644 c "+blob),
		bomb,
		writeTree(t, dir, "40000 deep "+deep),
		writeTree(t, dir, "100644 a "+blob, "100644 gone "+strings.Repeat("ab", 20)),
		bomb,
		writeTree(t, dir, "40000 gone "+strings.Repeat("cd", 20), "100644 z "+blob),
		writeTree(t, dir, "40000 blob "+blob, "100644 z "+blob),
	}
	parent := []string{"-p", "b120"}
	if !bytes.Contains([]byte(git(t, dir, nil, "for-each-ref")), []byte("refs/heads/b120\n")) {
		parent = nil
	}
	for i, tree := range trees {
		args := append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com", "commit-tree", "-m", fmt.Sprint(i), tree}, parent...)
		parent = []string{"-p", strings.TrimSpace(git(t, dir, nil, args...))}
		git(t, dir, nil, "update-ref", fmt.Sprintf("refs/heads/odd%d", i), parent[1])
	}
}

// lose removes some trees and blobs of a repository, whose objects are loose.
func lose(t *testing.T, r *rand.Rand, dir string) {
	t.Helper()
	kinds := kinds(t, dir)
	for _, id := range slices.Sorted(maps.Keys(kinds)) {
		if kind := kinds[id]; (kind == "tree" || kind == "blob") && r.IntN(12) == 0 {
			remove(t, filepath.Join(dir, "objects", id[:2], id[2:]))
		}
	}
}

// TestAheadLeaves: a commit that changes more than may be kept is left to the walk, and the commits around it are not.
func TestAheadLeaves(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	im := &importer{}
	var parents []int
	for i := range 100 {
		changes := []string{fmt.Sprintf("dir/file=text %d", i)}
		if i == 50 {
			for j := range 200 {
				changes = append(changes, fmt.Sprintf("many/%d=text", j))
			}
		}
		parents = []int{im.commit("main", "commit", parents, changes...)}
	}
	im.load(t, dir, true)
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	if err := repo.Skim(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		changes, workers, made, left int
	}{
		{4096, 3, 100, 0},
		{200, 3, 99, 1},
		{200, 1, 0, 100},
		{0, 2, 0, 100},
	} {
		repo.Lookahead(10, c.changes, 256<<10, 256, 2)
		made, left, err := repo.Ahead(t.Context(), c.workers)
		if err != nil || made != c.made || left != c.left {
			t.Errorf("at most %d changes, %d workers: %d made ahead and %d left, want %d and %d (%v)", c.changes, c.workers, made, left, c.made, c.left, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := repo.Ahead(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
