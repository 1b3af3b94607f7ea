package gitscan_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// remembered is what a store of marks would have: by the ids of blobs in hexadecimal.
type remembered map[string]scan.Mark

// scanRemembering scans with the marks, some of which it forgets, and adds what it learns to them.
func scanRemembering(t *testing.T, dir string, d *detect.Detector, o gitscan.Options, marks remembered, forget func() bool) *scan.Result {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	ledger, ids := scan.NewLedger(repo.Objects()), map[scan.BlobRef]string{}
	if err := repo.Blobs(context.Background(), func(ref scan.BlobRef, id []byte) {
		ids[ref] = hex.EncodeToString(id)
		if !forget() {
			ledger.Set(ref, marks[ids[ref]])
		}
	}); err != nil {
		t.Fatal(err)
	}
	repo.LeaveOut(ledger.Searched)
	res, err := scan.RunWith(context.Background(), repo, d, 2, ledger)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Stats.Complete {
		t.Fatalf("incomplete: %v", res.Stats.Problems)
	}
	s := &res.Stats
	if sum := s.Scanned + s.NonBlobs + s.Skipped[scan.SkipKnown] + s.Skipped[scan.SkipBinary]; sum != s.Objects {
		t.Errorf("%d objects, counted %d: %+v", s.Objects, sum, s)
	}
	ledger.Fresh(func(ref scan.BlobRef, m scan.Mark) {
		if id, ok := ids[ref]; ok {
			marks[id] |= m
		}
	})
	return res
}

func never() bool { return false }

// TestLedgerAgainstWhole: whatever was searched before, in this history, a part of it or another one of the same files, what
// is found now is what is found in all of it.
func TestLedgerAgainstWhole(t *testing.T) {
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	detectors := []*detect.Detector{detect.New(rules), parseRules(t, conditionRules)}
	left := int64(0)
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 17))
		d := detectors[seed%2]
		marks := remembered{}
		var dirs []string
		for _, commits := range []int{25, 50} { // a fork, of which the other may have much or little
			dir := t.TempDir()
			git(t, dir, nil, "init", "-q", "--bare", "--object-format="+[]string{"sha1", "sha256"}[seed/2%2])
			git(t, dir, randomConditions(r, commits, true), "fast-import", "--quiet", "--force")
			dirs = append(dirs, dir)
		}
		for step := range 8 {
			dir := dirs[r.IntN(2)]
			o := gitscan.Options{NoUnreachable: r.IntN(3) == 0}
			if r.IntN(3) == 0 {
				git(t, dir, nil, "update-ref", "-d", fmt.Sprintf("refs/heads/b%d", 1+r.IntN(50)))
			}
			forget := never
			if r.IntN(2) == 0 {
				forget = func() bool { return r.IntN(3) == 0 }
			}
			want := scanWith(t, dir, o, d, 2)
			got := scanRemembering(t, dir, d, o, marks, forget)
			compareFindings(t, got.Findings, want.Findings)
			compareFindings(t, got.Suppressed, want.Suppressed)
			if left += got.Stats.Skipped[scan.SkipKnown]; t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
	}
	if left == 0 {
		t.Error("nothing was left out")
	}
}

// TestLedgerLeavesOut: what is searched again is what has findings.
func TestLedgerLeavesOut(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	var changes []string
	for i := range 40 {
		changes = append(changes, fmt.Sprintf("f%d.txt=%d\n", i, i))
	}
	im.commit("main", "c", nil, append(changes, "a.txt=tok_5678\n", "b.bin=\x00\x01", "Dockerfile=FROM a\nENV A=b\n")...)
	im.load(t, dir, true)
	d := parseRules(t, "[[rules]]\nid = \"x\"\nregex = \"tok_[0-9]{4}\"\nkeywords = [\"tok_\"]\n")
	marks := remembered{}
	first := scanRemembering(t, dir, d, gitscan.Options{}, marks, never)
	again := scanRemembering(t, dir, d, gitscan.Options{}, marks, never)
	if first.Stats.Scanned != 42 || first.Stats.Skipped[scan.SkipBinary] != 1 {
		t.Errorf("the first search: %+v", first.Stats)
	}
	if again.Stats.Scanned != 1 || again.Stats.Skipped[scan.SkipKnown] != 42 {
		t.Errorf("the second search: %+v", again.Stats)
	}
	compareFindings(t, again.Findings, first.Findings)
}

// TestLedgerLooks: what a blob looks like is remembered of it too. A manifest made of a template is not read as one where its
// name says nothing; where another repository names it so, or has it in a tree that nothing leads to, it is.
func TestLedgerLooks(t *testing.T) {
	const manifest = "# {% x %}\napiVersion: v1\nkind: Secret\nstringData:\n  password: kX82mQp4vT\n"
	d := parseRules(t, "[[rules]]\nid = \"x\"\ndescription = \"x\"\nin = [\"kubernetes.secret\"]\nkey = '''password'''\n")
	marks := remembered{}
	for _, c := range []struct {
		name     string
		dangling bool
		found    int
	}{{"notes.txt", false, 0}, {"secret.yml", false, 1}, {"secret.yml", true, 1}} {
		dir := t.TempDir()
		git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
		var im importer
		im.commit("main", "c", nil, c.name+"="+manifest)
		im.load(t, dir, false)
		if c.dangling {
			commit := strings.TrimSpace(git(t, dir, nil, "rev-parse", "main"))
			git(t, dir, nil, "update-ref", "-d", "refs/heads/main")
			if err := os.Remove(filepath.Join(dir, "objects", commit[:2], commit[2:])); err != nil {
				t.Fatal(err)
			}
		}
		res := scanRemembering(t, dir, d, gitscan.Options{}, marks, never)
		if len(res.Findings) != c.found {
			t.Errorf("%+v: %d findings, want %d: %+v", c, len(res.Findings), c.found, res.Stats)
		}
	}
	if len(marks) != 1 {
		t.Errorf("marks of %d blobs", len(marks))
	}
}
