package sweep

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"rummage/gitscan"
	"rummage/sweep/metrics"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// minFree is what fetching leaves free of the disk, in bytes.
const minFree = 1 << 30

// openObjects is how the mirror reads what its stores have.
func openObjects(dir string) (mirror.Objects, error) {
	return gitscan.OpenObjects(dir)
}

// oldTips is how many ids that refs pointed at before are asked for again.
const oldTips = 200

// targetOf is the first of a repository's targets that the configuration has.
func (w *Worker) targetOf(ctx context.Context, r *store.Repository) (*Target, error) {
	names, err := w.store.Targets(ctx, r.ID)
	if err != nil {
		return nil, &brokenError{err}
	}
	if t := w.targetIn(names); t != nil {
		return t, nil
	}
	return nil, errNotOurs
}

// targetIn is the first of the targets that the configuration has; nil: none is.
func (w *Worker) targetIn(names []string) *Target {
	for i := range w.config.Targets {
		if slices.Contains(names, w.config.Targets[i].Name) {
			return &w.config.Targets[i]
		}
	}
	return nil
}

// errNotOurs is of a repository whose targets are those of other configurations, whose workers search it.
var errNotOurs = errors.New("it is in no target of the configuration here")

// elsewhereError is of a repository that this machine does not have: another may.
type elsewhereError string

func (e elsewhereError) Error() string { return string(e) }

// requestOf says how a repository of a target is fetched.
func (w *Worker) requestOf(t *Target, r *store.Repository) *mirror.Request {
	q := w.sources[t.Name].request(r)
	q.Repo = fmt.Sprintf("%s/%s", r.Forge, r.ForgeID)
	q.Timeout = w.config.Timeout
	return &q
}

// slot waits until the repository's host may be asked: so many at a time do, of all workers.
func (w *Worker) slot(ctx context.Context, q *mirror.Request) (release func(), err error) {
	host := ""
	if u, err := url.Parse(q.URL); err == nil {
		host = u.Host
	}
	release, err = w.jobs.Acquire(ctx, "fetch/"+host, w.config.Fetches)
	if err != nil {
		return nil, &brokenError{err}
	}
	return release, nil
}

// unchangedThere asks for the refs of a repository that was searched before; the disk is not needed for one in which nothing
// has changed.
func (w *Worker) unchangedThere(ctx context.Context, r *store.Repository, lease *store.Lease, target *Target) (bool, error) {
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return false, &brokenError{err}
	}
	if !mayBeSame(r, version) {
		return false, nil
	}
	q := w.requestOf(target, r)
	m, err := w.mirror()
	if err != nil {
		return false, &brokenError{err}
	}
	release, err := w.slot(ctx, q)
	if err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, w.config.Timeout, &mirror.Error{Kind: mirror.TooSlow})
	remote, err := m.Tips(limited, *q)
	cancel()
	release()
	if err != nil {
		return false, err
	}
	same, err := w.same(ctx, r, tipsIn(remote.Tips, remote.Detached), version)
	if err == nil && same {
		err = w.store.Unchanged(ctx, r.ID, lease, w.config.Every)
	}
	if err != nil {
		return false, &brokenError{err}
	}
	return same, nil
}

// fetch brings a repository here. Former tips that the forge does not have any more are forgotten.
func (w *Worker) fetch(ctx context.Context, r *store.Repository, target *Target) (*mirror.Fetched, error) {
	q := w.requestOf(target, r)
	m, err := w.mirror()
	if err == nil && !r.LastScan.IsZero() { // else it had none
		q.Extra, err = w.store.OldTips(ctx, r.ID, oldTips)
	}
	if err != nil {
		return nil, &brokenError{err}
	}
	w.disk.evict(ctx, m, w.config.ClonesSize, w.metrics.MirrorBytes)
	release, err := w.slot(ctx, q)
	if err != nil {
		return nil, err
	}
	f, err := m.Fetch(ctx, *q)
	release()
	w.fetched(q.URL, bytesOf(f), err)
	if errors.Is(err, mirror.DiskFull) {
		w.disk.full()
	}
	if err != nil {
		return nil, err
	}
	w.disk.grew(f.Bytes)
	var missing []string
	for _, id := range f.Unfetchable {
		if !slices.Contains(q.Extra, id) {
			missing = append(missing, id)
			continue
		}
		if err := w.store.DropTip(ctx, r.ID, id); err != nil {
			f.Release()
			return nil, &brokenError{err}
		}
	}
	if len(missing) > 0 {
		f.Release()
		return nil, fmt.Errorf("%d refs with impossible names could not be fetched, first: %s", len(missing), missing[0])
	}
	return f, nil
}

func bytesOf(f *mirror.Fetched) int64 {
	if f == nil {
		return 0
	}
	return f.Bytes
}

// disk knows when it is time to look at what the clones take, which reads all their folders.
type disk struct {
	mu    sync.Mutex
	last  time.Time
	since int64 // bytes that were fetched since then
}

// evictEvery is how often the clones are looked at, at least, while something is fetched.
const evictEvery = 10 * time.Minute

func (d *disk) grew(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since += bytes
}

// full has the clones looked at before the next fetch.
func (d *disk) full() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = time.Time{}
}

// evict throws clones away until they are within the budget, of which a tenth is left for what is fetched until it looks
// again. What it cannot remove is tried the next time.
func (d *disk) evict(ctx context.Context, m *mirror.Mirror, budget int64, size *metrics.Gauge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.last) < evictEvery && d.since < budget/10 {
		return
	}
	if left, err := m.Evict(ctx, budget-budget/10, nil); err == nil {
		size.Set(float64(left.Size))
		d.last, d.since = time.Now(), 0
	}
}
