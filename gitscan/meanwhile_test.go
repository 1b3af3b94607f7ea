package gitscan_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// meddled is a repository to which something is done once while it is searched, and once before places are told.
type meddled struct {
	*gitscan.Repo
	searching, placing func()
}

func (m *meddled) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	var once sync.Once
	return m.Repo.Search(ctx, workers, func() scan.Visitor { return &meddler{open(), &once, m.searching} })
}

func (m *meddled) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	m.placing()
	return m.Repo.Place(ctx, l, emit)
}

type meddler struct {
	scan.Visitor
	once *sync.Once
	f    func()
}

func (m *meddler) Visit(ref scan.BlobRef, data []byte) scan.SkipReason {
	m.once.Do(m.f)
	return m.Visitor.Visit(ref, data)
}

func (m *meddler) VisitDelta(ref scan.BlobRef, data []byte, d scan.Delta) scan.SkipReason {
	m.once.Do(m.f)
	return m.Visitor.VisitDelta(ref, data, d)
}

// TestRepackedMeanwhile: packs and loose objects that are replaced by others while they are read change nothing.
func TestRepackedMeanwhile(t *testing.T) {
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	d := detect.New(rules)
	f := families{rand.New(rand.NewPCG(21, 22)), rules.Rules(), map[string][]string{}}
	var im importer
	f.write(&im, 25)
	for _, stored := range []string{"loose", "many packs", "depth 50"} {
		for _, when := range []string{"searching", "placing"} {
			t.Run(stored+", "+when, func(t *testing.T) {
				dir := t.TempDir()
				git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
				im.load(t, dir, false)
				storedAs[stored](t, dir)
				want := scanWith(t, dir, gitscan.Options{}, d, 2)
				repo, err := gitscan.Open(dir, gitscan.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer repo.Close()
				repacked := 0
				repack := func() {
					repacked++
					git(t, dir, nil, "repack", "-adfq", "--depth=3")
					git(t, dir, nil, "prune-packed", "-q")
				}
				m := meddled{repo, func() {}, func() {}}
				if when == "searching" {
					m.searching = repack
				} else {
					m.placing = repack
				}
				got, err := scan.Run(t.Context(), &m, d, 2)
				if err != nil || !got.Stats.Complete || repacked != 1 {
					t.Fatalf("%v, %d times repacked, problems %v", err, repacked, got.Stats.Problems)
				}
				if len(want.Findings) < 10 {
					t.Fatalf("%d findings", len(want.Findings))
				}
				compareFindings(t, got.Findings, want.Findings)
			})
		}
	}
}
