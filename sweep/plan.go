package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"rummage/sweep/jobs"
	"rummage/sweep/store"
)

// batchArgs are the repositories that one job searches, one after the other. Since, when not zero, has those searched too
// that are not due, unless they were since then. Divided: their shards are searched first, see makeShards.
type batchArgs struct {
	IDs     []int64   `json:"ids"`
	Since   time.Time `json:"since,omitzero"`
	Divided bool      `json:"divided,omitempty"`
}

const (
	batchMost  = 25 // repositories in a job: a job costs about as much as the search of a small one
	batchParts = 8  // jobs for each worker there are about at least, where there are many repositories, so that all end at about the same time
	maxDue     = 1_000_000
)

// plan makes jobs of what is due and in no job yet. Again has those due too that failed and wait. It gives the repositories that
// are to be searched now, also by jobs of others.
func (w *Worker) plan(ctx context.Context, since time.Time, again bool) (wanted map[int64]bool, err error) {
	release, err := w.jobs.Acquire(ctx, planJob, 1)
	if err != nil {
		return nil, err
	}
	defer release()
	if again {
		if err := w.store.FailedDue(ctx); err != nil {
			return nil, err
		}
	}
	// What is in a job is asked first: a job that ends in between is then left for the next plan.
	planned, err := w.planned(ctx, since)
	if err != nil {
		return nil, err
	}
	due, err := w.due(ctx, since)
	if err != nil {
		return nil, err
	}
	wanted = map[int64]bool{}
	due = slices.DeleteFunc(due, func(r store.Repository) bool {
		if planned[r.ID] {
			wanted[r.ID] = true
		}
		return planned[r.ID]
	})
	if !since.IsZero() {
		w.ready(ctx, len(due))
	} else if due, err = w.leaveUnchanged(ctx, due); err != nil {
		return nil, err
	}
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.noteRules(ctx, version); err != nil {
		return nil, err
	}
	relate(due)
	soon, later := divide(due, version)
	var batches []jobs.New
	for i, part := range [][]store.Repository{soon, later} {
		for _, ids := range batchesOf(part, w.o.Jobs) {
			batches = append(batches, jobs.New{Kind: searchJob, Args: batchArgs{IDs: ids, Since: since}, EnqueueOptions: jobs.EnqueueOptions{Priority: 2 + 2*i}})
			for _, id := range ids {
				wanted[id] = true
			}
		}
	}
	return wanted, w.jobs.EnqueueAll(ctx, batches)
}

// relate has repositories on this machine that have a pack in common be a fork network: of one that was cloned here, or was packed
// alike. The original is what has nothing but its pack. Their sizes are those of their packs. It is about the order of searches alone,
// see quiet.
func relate(due []store.Repository) {
	for i := range due {
		if r := &due[i]; isLocal(r) && r.Network == "" {
			names := packNames(r.CloneURL)
			r.Size = packSize(r.CloneURL, names)
			if len(names) > 0 {
				r.Network, r.Fork = names[0], len(names) > 1 || hasLoose(r.CloneURL)
			}
		}
	}
}

// packSize is what packs of a repository take.
func packSize(dir string, names []string) (size int64) {
	for _, name := range names {
		for _, objects := range []string{"objects", filepath.Join(".git", "objects")} {
			if info, err := os.Stat(filepath.Join(dir, objects, "pack", name+".pack")); err == nil {
				size += info.Size()
				break
			}
		}
	}
	return size
}

// noteRules tells of programs with other rules, which search again what this one has searched.
func (w *Worker) noteRules(ctx context.Context, version int) error {
	at, turned, err := w.store.Turns(ctx)
	if err != nil {
		return err
	}
	if turned {
		w.note(turnedNote(at))
	}
	last, err := w.store.LastRuleset(ctx)
	if err == nil && last > version {
		w.note("a program with other rules, or of another version, has begun to search for this database: what this one searches is searched by that again: give all the same, and start this one again")
	}
	return err
}

// divide takes the repositories out that were searched under other rules: when the rules change that is all of them, and what is
// new comes first.
func divide(due []store.Repository, version int) (soon, later []store.Repository) {
	for _, r := range due {
		if r.LastScan.IsZero() || r.Ruleset == version {
			soon = append(soon, r)
		} else {
			later = append(later, r)
		}
	}
	return soon, later
}

// planned are the repositories in jobs that are not done. With since, those jobs alone that search all: others leave out what has
// not changed.
func (w *Worker) planned(ctx context.Context, since time.Time) (map[int64]bool, error) {
	unfinished, err := w.jobs.Unfinished(ctx, searchJob)
	if err != nil {
		return nil, err
	}
	planned := map[int64]bool{}
	for _, raw := range unfinished {
		var args batchArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		if !since.IsZero() && args.Since.IsZero() {
			continue
		}
		for _, id := range args.IDs {
			planned[id] = true
		}
	}
	return planned, nil
}

// To ask whether all is done takes at most this part of the time, and while this worker is at something it may wait.
const (
	askShare = 20
	askBusy  = time.Second
)

// awaited are the repositories that a sweep which runs once waits for, of those that are due.
type awaited struct {
	mu  sync.Mutex
	ids map[int64]bool
}

// drop takes those out that are no longer to be waited for, and reports whether none is left.
func (a *awaited) drop(done func(id int64) bool) (none bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.ids, func(id int64, _ bool) bool { return done(id) })
	return len(a.ids) == 0
}

func (a *awaited) list() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.ids))
}

// waited takes one out that this worker has searched, and ends the wait when it was the last one.
func (w *Worker) waited(id int64) {
	w.awaited.mu.Lock()
	defer w.awaited.mu.Unlock()
	if w.all || !w.awaited.ids[id] { // where all are to be searched, it may only have been looked at
		return
	}
	if delete(w.awaited.ids, id); len(w.awaited.ids) == 0 {
		w.jobs.Ask()
	}
}

// over says whether those awaited have been searched. One that is out of all jobs once is: it may be due again already.
func (w *Worker) over(since time.Time) func(context.Context) (bool, error) {
	var idle, busy time.Time // when to ask again
	return func(ctx context.Context) (bool, error) {
		began := time.Now()
		if w.awaited.drop(func(int64) bool { return false }) {
			return true, nil
		}
		if began.Before(idle) || began.Before(busy) && w.batches.Load() > 0 {
			return false, nil
		}
		planned, err := w.planned(ctx, since)
		if err != nil {
			return false, err
		}
		none := w.awaited.drop(func(id int64) bool { return !planned[id] })
		if left := w.awaited.list(); since.IsZero() && len(left) <= 2*batchMost && w.batches.Load() == 0 {
			searched, err := w.searchedOf(ctx, left)
			if err != nil {
				return false, err
			}
			none = w.awaited.drop(func(id int64) bool { return searched[id] })
		}
		idle, busy = time.Now().Add(askShare*time.Since(began)), time.Now().Add(askBusy)
		return none, nil
	}
}

// searchedOf are those that need no search any more, up to the first that does: their jobs end a little later.
func (w *Worker) searchedOf(ctx context.Context, ids []int64) (map[int64]bool, error) {
	searched := map[int64]bool{}
	for _, id := range ids {
		r, now, err := w.store.RepositoryNow(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && wanted(r, time.Time{}, now) {
			break
		}
		searched[id] = true
	}
	return searched, nil
}

// due are the repositories of the configuration's targets that are to be searched, or all of them.
func (w *Worker) due(ctx context.Context, since time.Time) (list []store.Repository, err error) {
	if since.IsZero() {
		list, err = w.store.Due(ctx, time.Time{}, maxDue)
	} else if list, err = w.store.Repositories(ctx); err == nil {
		list = slices.DeleteFunc(list, func(r store.Repository) bool { return !r.GoneAt.IsZero() || r.State != store.RepositoryOK })
	}
	if err != nil || len(list) == 0 {
		return nil, err
	}
	listed, err := w.store.Listings(ctx)
	if err != nil {
		return nil, err
	}
	own := w.config.Names()
	if !slices.ContainsFunc(listed, func(t store.Target) bool { return !slices.Contains(own, t.Name) }) {
		return list, nil
	}
	members, err := w.store.Members(ctx, own)
	return slices.DeleteFunc(list, func(r store.Repository) bool { return !members[r.ID] }), err
}

// batchesOf divides repositories. Those of a fork network are together, the original first, so that the blobs they share are
// searched once; the largest begin.
func batchesOf(due []store.Repository, workers int) (batches [][]int64) {
	weight := map[string]int64{}
	for i := range due {
		weight[networkOf(&due[i])] += max(due[i].Size, 0)
	}
	rank := func(r *store.Repository) int {
		if r.Fork {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(due, func(a, b store.Repository) int {
		na, nb := networkOf(&a), networkOf(&b)
		return cmp.Or(cmp.Compare(weight[nb], weight[na]), cmp.Compare(na, nb), cmp.Compare(rank(&a), rank(&b)))
	})
	parts := workers * batchParts
	if len(due) < 2*parts { // a job that waits for its turn costs more than a small repository
		parts = 2 * workers
	}
	most := min(max((len(due)+parts-1)/parts, 1), batchMost)
	var batch []int64
	for i := range due {
		if len(batch) >= most && (len(batch) >= batchMost || networkOf(&due[i]) != networkOf(&due[i-1])) {
			batches, batch = append(batches, batch), nil
		}
		batch = append(batch, due[i].ID)
	}
	if len(batch) > 0 {
		batches = append(batches, batch)
	}
	return batches
}

// networkOf is the same for repositories that share history, as far as their forge tells.
func networkOf(r *store.Repository) string {
	if r.Network == "" {
		return fmt.Sprintf("alone/%020d", r.ID)
	}
	return r.Forge + "/" + r.Network
}
