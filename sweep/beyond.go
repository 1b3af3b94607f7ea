package sweep

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
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

// searchBeyond searches what a repository has beside packs in which there is nothing to find. No answer: that does not do, such as
// when there is something to find.
func (s *Sweeper) searchBeyond(ctx context.Context, t *Task, repo *gitscan.Repo, tips []store.Tip, version int, first bool) (*Answer, error) {
	if len(t.Quiet) == 0 || t.Images || t.Prefix != "" {
		return nil, nil
	}
	known := map[string]bool{}
	for _, sum := range t.Quiet {
		known[sum] = true
	}
	b, err := repo.Beyond(ctx, func(sum [sha256.Size]byte) bool { return known[hex.EncodeToString(sum[:])] })
	if err != nil || b == nil {
		return nil, ctx.Err()
	}
	a := &Answer{Quick: true}
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
	return a, nil
}
