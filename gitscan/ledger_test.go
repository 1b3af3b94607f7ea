package gitscan_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/assignment"
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
	left, seeds := int64(0), uint64(12)
	if racing {
		seeds = 4
	}
	for seed := range seeds {
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

// versions are the marks that searches with different rules have made: by the number of the rules, the last one's.
type versions struct {
	rules []*detect.Ruleset
	of    map[string]int // by blob
	marks remembered
}

// scan searches with the last rules, remembering.
func (v *versions) scan(t *testing.T, dir string, forget func() bool) *scan.Result {
	t.Helper()
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	now := v.rules[len(v.rules)-1]
	changed := map[int]*detect.Detector{}
	for i, rs := range v.rules {
		var ids []string
		was := rs.RuleHashes()
		for id, hash := range now.RuleHashes() {
			if was[id] != hash {
				ids = append(ids, id)
			}
		}
		if c := now.Changed(ids); c != nil {
			changed[i] = detect.New(c)
		}
	}
	ledger, ids := scan.NewLedger(repo.Objects()), map[scan.BlobRef]string{}
	if err := repo.Blobs(context.Background(), func(ref scan.BlobRef, id []byte) {
		ids[ref] = hex.EncodeToString(id)
		if m, known := v.marks[ids[ref]]; known && !forget() {
			if of := v.of[ids[ref]]; of == len(v.rules)-1 {
				ledger.Set(ref, m)
			} else {
				ledger.SetOther(ref, m, changed[of])
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	repo.LeaveOut(ledger.Searched)
	res, err := scan.RunWith(context.Background(), repo, detect.New(now), 2, ledger)
	if err != nil {
		t.Fatal(err)
	}
	ledger.Fresh(func(ref scan.BlobRef, m scan.Mark) {
		if id, ok := ids[ref]; ok {
			if v.of[id] != len(v.rules)-1 {
				v.marks[id] = 0
			}
			v.marks[id] |= m
			v.of[id] = len(v.rules) - 1
		}
	})
	return res
}

// TestLedgerOfOtherRules: whatever was searched with whatever rules, what is found now is what the rules of now find in all of
// it; and little is read for nothing.
func TestLedgerOfOtherRules(t *testing.T) {
	builtin, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	all := parseRules(t, conditionRules).Rules().Rules()
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	for _, r := range builtin.Rules() {
		if slices.ContainsFunc(r.In, func(c assignment.Context) bool { return c != "" }) {
			ids = append(ids, r.ID)
		}
	}
	both, err := detect.Merge(builtin, parseRules(t, conditionRules).Rules())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 29))
		dir := t.TempDir()
		git(t, dir, nil, "init", "-q", "--bare")
		git(t, dir, randomConditions(r, 40, true), "fast-import", "--quiet", "--force")
		v := versions{of: map[string]int{}, marks: remembered{}}
		for step := range 6 {
			some := slices.DeleteFunc(slices.Clone(ids), func(string) bool { return r.IntN(3) == 0 })
			if r.IntN(4) == 0 {
				some = []string{"mark"}
			}
			v.rules = append(v.rules, both.Only(some))
			forget := never
			if r.IntN(2) == 0 {
				forget = func() bool { return r.IntN(3) == 0 }
			}
			want := scanWith(t, dir, gitscan.Options{}, detect.New(v.rules[step]), 2)
			got := v.scan(t, dir, forget)
			compareFindings(t, got.Findings, want.Findings)
			compareFindings(t, got.Suppressed, want.Suppressed)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
			once := v.scan(t, dir, never)
			compareFindings(t, once.Findings, want.Findings)
			found += len(got.Findings)
		}
	}
	if found == 0 {
		t.Error("nothing was found")
	}
}

// TestLedgerSearchesChanged: a blob in which other rules found nothing is searched with what has changed, and with all rules
// when that finds something.
func TestLedgerSearchesChanged(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "c", nil, "a.txt=tok_5678\n", "b.txt=tok_1234 key_1\n", "c.bin=\x00tok_9999")
	im.load(t, dir, false)
	rule := func(id, regex string) string { return fmt.Sprintf("[[rules]]\nid = %q\nregex = '''%s'''\n", id, regex) }
	d := parseRules(t, rule("x", "tok_[0-9]{4}")+rule("y", "key_[0-9]"))
	for name, c := range map[string]struct {
		changed *detect.Detector
		found   int
		marked  int // blobs, and the message
	}{
		"nothing has":   {nil, 0, 4},
		"what is not":   {parseRules(t, rule("z", "other_[0-9]")), 0, 4},
		"what is there": {parseRules(t, rule("y", "key_[0-9]")), 2, 3},
	} {
		repo, err := gitscan.Open(dir, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ledger := scan.NewLedger(repo.Objects())
		binary := ^scan.Mark(0) >> 32
		if err := repo.Blobs(context.Background(), func(ref scan.BlobRef, _ []byte) {
			m := scan.Mark(1)
			if data, err := repo.Content(ref); err != nil || data[0] == 0 {
				m = binary
			}
			if ledger.SetOther(ref, 0, c.changed) || !ledger.SetOther(ref, m, c.changed) {
				t.Errorf("%s: a mark is taken that says nothing, or is not that says something", name)
			}
		}); err != nil {
			t.Fatal(err)
		}
		repo.LeaveOut(ledger.Searched)
		res, err := scan.RunWith(context.Background(), repo, d, 1, ledger)
		if err != nil {
			t.Fatal(err)
		}
		marked := 0
		ledger.Fresh(func(_ scan.BlobRef, m scan.Mark) {
			if m.Searched() {
				marked++
			}
		})
		if len(res.Findings) != c.found || marked != c.marked {
			t.Errorf("what has changed: %s: %d findings, %d are marked, want %d and %d", name, len(res.Findings), marked, c.found, c.marked)
		}
		repo.Close()
	}
}

// TestLedgerLooksAnew: rules that judge no structured files do not look what blobs look like; the first that do, do.
func TestLedgerLooksAnew(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "c", nil, "secret.yml=apiVersion: v1\nkind: Secret\nstringData:\n  password: kX82mQp4vT\n")
	im.load(t, dir, false)
	before := parseRules(t, "[[rules]]\nid = \"a\"\nregex = '''other'''\n").Rules()
	now := parseRules(t, "[[rules]]\nid = \"x\"\ndescription = \"x\"\nin = [\"kubernetes.secret\"]\nkey = '''password'''\n").Rules()
	v := versions{of: map[string]int{}, marks: remembered{}, rules: []*detect.Ruleset{before}}
	if res := v.scan(t, dir, never); len(res.Findings) > 0 || len(v.marks) != 1 {
		t.Fatalf("%+v, %d marks", res.Findings, len(v.marks))
	}
	v.rules = append(v.rules, now)
	if res := v.scan(t, dir, never); len(res.Findings) != 1 {
		t.Errorf("%d findings", len(res.Findings))
	}
}
