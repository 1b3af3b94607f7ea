package gitscan_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// searchShard searches a shard and adds what it learns to the marks. It gives how many blobs it has read.
func searchShard(t *testing.T, dir string, d *detect.Detector, o gitscan.Options, shard, of int, marks remembered) int64 {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	s := repo.Shard(shard, of)
	ledger, ids := scan.NewLedger(s.Objects()), map[scan.BlobRef]string{}
	if err := s.Blobs(context.Background(), func(ref scan.BlobRef, id []byte) {
		ids[ref] = hex.EncodeToString(id)
		ledger.Set(ref, marks[ids[ref]])
	}); err != nil {
		t.Fatal(err)
	}
	s.LeaveOut(ledger.Searched)
	res, err := scan.RunWith(context.Background(), s, d, 2, ledger)
	if err != nil || !res.Stats.Complete || len(res.Findings)+len(res.Suppressed) > 0 {
		t.Fatalf("%v: %+v, %d findings", err, res.Stats, len(res.Findings))
	}
	ledger.Fresh(func(ref scan.BlobRef, m scan.Mark) {
		if ids[ref] == "" {
			t.Errorf("blob %d is in another shard", ref)
		}
		marks[ids[ref]] |= m
	})
	return res.Stats.Blobs
}

// TestShardsAgainstWhole: after the searches of shards, the search of all leaves out what is clean, and finds what it does without.
// Each blob is in one of the shards; those of other repositories of the store are in none.
func TestShardsAgainstWhole(t *testing.T) {
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	detectors := []*detect.Detector{detect.New(rules), parseRules(t, conditionRules)}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 23))
		d := detectors[seed%2]
		dir := filepath.Join(t.TempDir(), "r")
		n := &network{t: t, r: r, root: t.TempDir(), format: []string{"sha1", "sha256"}[seed/2%2]}
		n.init(dir)
		git(t, dir, randomConditions(r, 40, true), "fast-import", "--quiet", "--force")
		if r.IntN(2) == 0 {
			git(t, dir, nil, "repack", "-adfq")
		}
		o, of := gitscan.Options{}, 2+r.IntN(3)
		if seed >= 4 {
			n.init(n.store())
			other := filepath.Join(n.root, "other")
			n.init(other)
			git(t, other, randomConditions(r, 20, true), "fast-import", "--quiet", "--force")
			for k, from := range []string{dir, other} {
				git(t, n.store(), nil, "fetch", "-q", from, fmt.Sprintf("+refs/*:refs/r/%d/*", k))
			}
			dir, o.Part = n.store(), n.part(0)
			o.Part.Lost = ""
		}
		want := scanWith(t, dir, o, d, 2)
		marks := remembered{}
		var read int64
		for shard := range of {
			read += searchShard(t, dir, d, o, shard, of, marks)
		}
		got := scanRemembering(t, dir, d, o, marks, never)
		compareFindings(t, got.Findings, want.Findings)
		compareFindings(t, got.Suppressed, want.Suppressed)
		if read != want.Stats.Blobs || got.Stats.Skipped[scan.SkipKnown] == 0 || want.Stats.Blobs-got.Stats.Skipped[scan.SkipKnown] > want.Stats.Blobs/2 {
			t.Errorf("%d of %d blobs were read in %d shards, %d are left out then", read, want.Stats.Blobs, of, got.Stats.Skipped[scan.SkipKnown])
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
