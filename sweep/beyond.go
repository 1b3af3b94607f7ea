package sweep

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// quiet remembers the packs in which a worker's searches have found nothing, by what they are named: a clone of a repository on
// the same machine has its pack, and what is to be searched of it is what the pack does not have. A name tells nothing: who uses
// the memory compares the sum of what is in the pack. It is of the rules that the worker has.
type quiet struct {
	mu   sync.Mutex
	sums map[string]string
}

// maxQuiet bounds the packs that are remembered, which take about 200 bytes each.
const maxQuiet = 100_000

func (q *quiet) add(name, sum string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sums == nil || len(q.sums) >= maxQuiet {
		q.sums = map[string]string{}
	}
	q.sums[name] = sum
}

// of are the sums of those packs of a repository on this machine that have names which are remembered.
func (q *quiet) of(dir string) (sums []string) {
	for _, name := range packNames(dir) {
		q.mu.Lock()
		if sum := q.sums[name]; sum != "" {
			sums = append(sums, sum)
		}
		q.mu.Unlock()
	}
	return sums
}

// quietTips remembers, by the directory of a store that a fork network shares, the tips of repositories in which a worker's searches
// have found nothing: of a fork, only what they do not lead to is to be searched. What they lead to is there as long as the store is.
type quietTips struct {
	mu   sync.Mutex
	of   map[string]map[string]bool
	size int
}

// maxNetwork bounds the tips of a store that are remembered, and are handed to each search.
const maxNetwork = 1000

// add remembers tips, unless they are too many.
func (q *quietTips) add(dir string, ids []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of == nil || q.size >= maxQuiet {
		q.of, q.size = map[string]map[string]bool{}, 0
	}
	known := q.of[dir]
	if known == nil {
		known = map[string]bool{}
		q.of[dir] = known
	}
	for _, id := range ids {
		if !known[id] && len(known) < maxNetwork {
			known[id] = true
			q.size++
		}
	}
}

// in are the tips that are remembered of a store.
func (q *quietTips) in(dir string) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Sorted(maps.Keys(q.of[dir]))
}

// tipsOfFetched are all that a repository's part of a store has refs for.
func tipsOfFetched(f *mirror.Fetched) []string {
	return slices.Concat(slices.Collect(maps.Values(f.Tips)), f.Kept)
}

// packNames are the names of a repository's packs, as far as they can be read: whoever asks knows what to do without.
func packNames(dir string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(dir, "objects", "pack"))
	if err != nil {
		entries, _ = os.ReadDir(filepath.Join(dir, ".git", "objects", "pack"))
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".pack"); ok && len(name) < 100 {
			names = append(names, name)
		}
	}
	return names
}

// hasLoose: a repository has, or had, objects outside packs.
func hasLoose(dir string) bool {
	entries, err := os.ReadDir(filepath.Join(dir, "objects"))
	if err != nil {
		entries, _ = os.ReadDir(filepath.Join(dir, ".git", "objects"))
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return len(e.Name()) == 2 })
}

// QuietPack is a pack in which there is nothing to find.
type QuietPack struct{ Name, Sum string }

// quietPack is the pack that is all that a repository has, after a search without a finding.
func quietPack(t *Task, repo *gitscan.Repo, n *searched) *QuietPack {
	if t.Images || t.Prefix != "" || !n.res.Stats.Complete || !n.ledger.Quiet() {
		return nil
	}
	names := packNames(t.Dir)
	sum, ok := repo.OnlyPack()
	if !ok || len(names) != 1 {
		return nil
	}
	return &QuietPack{names[0], hex.EncodeToString(sum[:])}
}

// quietPart: the search of a part of a shared store was whole, and without a finding.
func quietPart(t *Task, n *searched) bool {
	return t.Prefix != "" && !t.Images && n.res.Stats.Complete && n.ledger.Quiet()
}

// beyond is what a repository has beside what is known to have nothing.
func beyond(ctx context.Context, t *Task, repo *gitscan.Repo) (*gitscan.Beyond, error) {
	if t.Prefix != "" {
		return repo.BeyondTips(ctx, t.Quiet)
	}
	known := map[string]bool{}
	for _, sum := range t.Quiet {
		known[sum] = true
	}
	return repo.Beyond(ctx, func(sum [sha256.Size]byte) bool { return known[hex.EncodeToString(sum[:])] })
}

// searchBeyond searches what a repository has beside packs in which there is nothing to find. No answer: that does not do, such as
// when there is something to find.
func (s *Sweeper) searchBeyond(ctx context.Context, t *Task, repo *gitscan.Repo, tips []store.Tip, version int, first bool) (*Answer, error) {
	if len(t.Quiet) == 0 || t.Images {
		return nil, nil
	}
	b, err := beyond(ctx, t, repo)
	if err != nil || b == nil {
		return nil, ctx.Err()
	}
	a := &Answer{Quick: true, QuietTips: t.Prefix != ""}
	var fresh []store.Seen
	if !b.Nothing() {
		n, err := s.searchNew(ctx, b, t.Workers, version)
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, ctx.Err()
		}
		if !n.res.Stats.Complete || !n.ledger.Quiet() {
			return nil, ctx.Err()
		}
		fresh = n.fresh(b, version)
		a.Blobs, a.Bytes, a.Known, a.Slices = int64(len(fresh)), n.res.Stats.BytesSearched, n.res.Stats.Skipped[scan.SkipKnown], 1
		s.known.seen(fresh)
	}
	told, held := s.config.channels(first)
	_, err = s.store.Settle(ctx, t.ID, store.Scan{ID: rand.Text(), Ruleset: version, Complete: true, Tips: tips, Lease: t.Lease, Seen: fresh,
		Next: t.Next, Channels: told, Held: held}, nil)
	if err != nil {
		return nil, err
	}
	s.alike.add(t, nil, a.QuietTips)
	return a, nil
}
