package sweep

import (
	"context"
	"time"

	"rummage/report"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// forks are those of a job that were fetched together, before it is their turn: each by itself costs many times as much.
type forks struct {
	w       *Worker
	ids     []int64 // of the job
	tried   map[string]bool
	fetched map[int64]fetchedFork
}

type fetchedFork struct {
	*mirror.Fetched
	at time.Time
}

// forksFor is how long after it was fetched a fork is searched as it was then.
const forksFor = time.Minute

func (w *Worker) forksOf(ids []int64) *forks {
	return &forks{w: w, ids: ids, tried: map[string]bool{}, fetched: map[int64]fetchedFork{}}
}

// take gives a repository that was fetched with others, or fetches those of the job's that are forks of the same network and are, as
// it is, searched for the first time. None: it is to be fetched by itself.
func (f *forks) take(ctx context.Context, r *store.Repository, target *Target) *mirror.Fetched {
	if f == nil {
		return nil
	}
	f.drop()
	if r.Network == "" || !r.LastScan.IsZero() {
		return nil
	}
	if network := networkOf(r); f.fetched[r.ID].Fetched == nil && !f.tried[network] {
		m, err := f.w.mirror()
		if err != nil || !m.HasStore(*f.w.requestOf(target, r)) {
			return nil
		}
		f.tried[network] = true
		f.together(ctx, m, r, network)
	}
	got, ok := f.fetched[r.ID]
	if !ok {
		return nil
	}
	delete(f.fetched, r.ID)
	return got.Fetched
}

// drop lets go of what was fetched too long ago, so that its store can be thrown away.
func (f *forks) drop() {
	for id, got := range f.fetched {
		if time.Since(got.at) > forksFor {
			got.Release()
			delete(f.fetched, id)
		}
	}
}

// together fetches forks. What goes wrong is told when each is fetched by itself.
func (f *forks) together(ctx context.Context, m *mirror.Mirror, first *store.Repository, network string) {
	list, now, err := f.w.store.RepositoriesNow(ctx, f.ids)
	if err != nil {
		return
	}
	targets, err := f.w.store.TargetsOf(ctx, f.ids)
	if err != nil {
		return
	}
	var ids []int64
	var requests []mirror.Request
	for i := range list {
		r := &list[i]
		if networkOf(r) != network || !r.LastScan.IsZero() || r.ID != first.ID && !wanted(r, time.Time{}, now) {
			continue
		}
		if t := f.w.targetIn(targets[r.ID]); t != nil {
			ids, requests = append(ids, r.ID), append(requests, *f.w.requestOf(t, r))
		}
	}
	if len(requests) < 2 {
		return
	}
	f.w.disk.evict(ctx, m, f.w.config.ClonesSize, f.w.metrics.MirrorBytes)
	release, err := f.w.slot(ctx, &requests[0])
	if err != nil {
		return
	}
	all, err := m.FetchForks(ctx, requests)
	release()
	if err != nil && ctx.Err() == nil {
		f.w.o.Logger.Warn("clones not put in order", "network", report.Escape(network), "reason", report.Escape(err.Error()))
	}
	for i, got := range all {
		if got == nil {
			continue
		}
		f.w.fetched(requests[i].URL, got.Bytes, nil)
		f.w.disk.grew(got.Bytes)
		f.fetched[ids[i]] = fetchedFork{got, time.Now()}
	}
}

// release lets go of what was not taken.
func (f *forks) release() {
	for _, got := range f.fetched {
		got.Release()
	}
}
