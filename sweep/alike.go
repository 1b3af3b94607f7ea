package sweep

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"

	"rummage/sweep/store"
)

// alike remembers what the last searches of repositories in shared stores have found, by all that such a search depends on beside the
// rules: most forks are what they were made of, and nothing more.
type alike struct {
	mu   sync.Mutex
	last []alikeSearch // the latest at the end
}

type alikeSearch struct {
	key   [sha256.Size]byte
	found []store.Found
	quiet bool // see Answer.QuietTips
}

const (
	maxAlike       = 8
	maxAlikePlaces = 2000 // of a search that is remembered
)

// alikeKey is the same for tasks that a search finds the same in. Not ok: the task is of more than the refs of a store that others
// share, or is to be searched in any case.
func alikeKey(t *Task) (key [sha256.Size]byte, ok bool) {
	if t.Prefix == "" || !t.RefsAlone || t.All || t.Images || t.Shard != nil || len(t.Odd) > 0 || len(t.Tips) == 0 {
		return key, false
	}
	text, err := json.Marshal(struct {
		Dir, Head string
		Tips      []store.Tip
	}{t.Dir, t.Head, t.Tips})
	return sha256.Sum256(text), err == nil
}

func (a *alike) of(key [sha256.Size]byte) (alikeSearch, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.last, func(s alikeSearch) bool { return s.key == key })
	if i < 0 {
		return alikeSearch{}, false
	}
	return a.last[i], true
}

// add remembers a search that was complete.
func (a *alike) add(t *Task, found []store.Found, quiet bool) {
	places := 0
	for i := range found {
		places += len(found[i].Places)
	}
	key, ok := alikeKey(t)
	if !ok || places > maxAlikePlaces {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = slices.DeleteFunc(a.last, func(s alikeSearch) bool { return s.key == key })
	if len(a.last) >= maxAlike {
		a.last = slices.Delete(a.last, 0, 1)
	}
	a.last = append(a.last, alikeSearch{key, found, quiet})
}

// settleAlike settles a repository as another one that it is like. No answer: there was none such.
func (s *Sweeper) settleAlike(ctx context.Context, t *Task, version int, first bool) (*Answer, error) {
	key, ok := alikeKey(t)
	if !ok {
		return nil, nil
	}
	other, ok := s.alike.of(key)
	if !ok {
		return nil, nil
	}
	told, held := s.config.channels(first)
	settled, err := s.store.Settle(ctx, t.ID, store.Scan{ID: rand.Text(), Ruleset: version, Complete: true, Tips: t.Tips, Lease: t.Lease,
		Next: t.Next, Channels: told, Held: held}, other.found)
	if err != nil {
		return nil, err
	}
	return &Answer{New: len(settled.New), Regressed: len(settled.Regressed), QuietTips: other.quiet, Alike: true}, nil
}
