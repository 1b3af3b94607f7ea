package gitscan_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/gitscan"
)

// TestWholeHashes: an index that somebody made to give two blobs each other's names, with checksums that hold, is believed
// as git believes it, and found out by the engine that reads everything.
func TestWholeHashes(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "first", nil, "a.txt=one thing", "b.txt=quite another")
	im.load(t, dir, false)
	git(t, dir, nil, "repack", "-adfq")
	paths, _ := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
	if len(paths) != 1 {
		t.Fatal(paths)
	}
	swapEntries(t, paths[0], git(t, dir, nil, "rev-parse", "main:a.txt"), git(t, dir, nil, "rev-parse", "main:b.txt"))
	for _, whole := range []bool{false, true} {
		res := scanWith(t, dir, gitscan.Options{Whole: whole}, parseRules(t, ""), 2)
		if res.Stats.Complete == whole {
			t.Errorf("whole %v: complete %v, problems %v", whole, res.Stats.Complete, res.Stats.Problems)
		}
	}
}

// swapEntries has an index of version 2 say of two objects that each is where the other is, and has its bytes.
func swapEntries(t *testing.T, path string, ids ...string) {
	t.Helper()
	idx, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := (len(idx) - 8 - 1024 - 2*sha1.Size) / (sha1.Size + 8)
	names, crcs, offsets := idx[8+1024:], idx[8+1024+n*sha1.Size:], idx[8+1024+n*(sha1.Size+4):]
	var at []int
	for _, id := range ids {
		raw, err := hex.DecodeString(strings.TrimSpace(id))
		i := bytes.Index(names[:n*sha1.Size], raw)
		if err != nil || i < 0 || i%sha1.Size != 0 {
			t.Fatal(id, i, err)
		}
		at = append(at, i/sha1.Size*4)
	}
	for _, table := range [][]byte{crcs, offsets} {
		a, b := table[at[0]:][:4], table[at[1]:][:4]
		first := bytes.Clone(a)
		copy(a, b)
		copy(b, first)
	}
	sum := sha1.Sum(idx[:len(idx)-sha1.Size])
	copy(idx[len(idx)-sha1.Size:], sum[:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, idx, 0o644); err != nil {
		t.Fatal(err)
	}
}
