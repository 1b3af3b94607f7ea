package sweep

import (
	"context"
	"sync"

	"rummage/sweep/store"
)

// known remembers what the database said of blobs, for the forks that are searched next. That a blob is clean under a version of
// the rules stays true whatever happens to the database.
type known struct {
	mu    sync.Mutex
	marks map[blobID]store.Mark
}

// blobID is the id of a blob, filled up with zeros: without a pointer, so that the collector of garbage has nothing to look at.
type blobID [32]byte

func blobIDOf(id []byte) (b blobID) {
	copy(b[:], id)
	return b
}

// maxKnown bounds the blobs that are remembered, which take about a hundred bytes each.
const maxKnown = 300_000

func (k *known) add(id []byte, m store.Mark) {
	if k.marks == nil || len(k.marks) >= maxKnown {
		k.marks = map[blobID]store.Mark{}
	}
	k.marks[blobIDOf(id)] = m
}

// seen remembers blobs in which a search has found nothing.
func (k *known) seen(list []store.Seen) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range list {
		k.add(list[i].ID, store.Mark{Kinds: list[i].Kinds, Version: list[i].Version})
	}
}

// clean is store.Clean that asks for what is not remembered under the version alone.
func (s *Sweeper) clean(ctx context.Context, ids [][]byte, version int) ([]store.Mark, error) {
	out := make([]store.Mark, len(ids))
	var ask [][]byte
	var at []int
	s.known.mu.Lock()
	for i, id := range ids {
		if m, ok := s.known.marks[blobIDOf(id)]; ok && m.Version == version {
			out[i] = m
		} else {
			ask, at = append(ask, id), append(at, i)
		}
	}
	s.known.mu.Unlock()
	marks, err := s.store.Clean(ctx, ask)
	if err != nil {
		return nil, err
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	for j, m := range marks {
		out[at[j]] = m
		if m.Version == version {
			s.known.add(ask[j], m)
		}
	}
	return out, nil
}
