package sweep

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/sourcegraph/conc/pool"

	"rummage/gitscan"
	"rummage/sweep/store"
)

// clockSkew is how far a forge's clock may be away from the database's.
const clockSkew = 10 * time.Minute

// notPushed: the forge, listed after the last search, says that the last push was before it.
func notPushed(r *store.Repository) bool {
	return !r.PushedAt.IsZero() && r.PushedAt.Add(clockSkew).Before(r.LastScan) && r.LastSeen.After(r.LastScan)
}

// leaveUnchanged takes the repositories on this machine out of those that are due in which nothing has changed, and writes
// down that they were looked at: reading refs costs much less than a job.
func (w *Worker) leaveUnchanged(ctx context.Context, due []store.Repository) ([]store.Repository, error) {
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	looked, err := w.looked(ctx)
	if err != nil {
		return nil, err
	}
	same, changed := make([]bool, len(due)), 0
	var asked []int64
	for i := range due {
		switch r := &due[i]; {
		case !mayBeSame(r, version) || looked != nil && !looked[r.ID]:
			changed++
		case isLocal(r):
			asked = append(asked, r.ID)
		case notPushed(r):
			t, err := w.targetOf(ctx, r)
			same[i] = err == nil && t.ByPushTime
		}
	}
	w.ready(ctx, changed)
	if len(asked) == 0 && !slices.Contains(same, true) {
		return due, nil
	}
	tips, err := w.store.TipsOf(ctx, asked)
	if err != nil {
		return nil, err
	}
	if err := w.compareRefs(ctx, due, tips, same); err != nil {
		return nil, err
	}
	var ids []int64
	for i, yes := range same {
		if yes {
			ids = append(ids, due[i].ID)
		}
	}
	if err := w.store.AllUnchanged(ctx, ids, version, w.config.Every); err != nil {
		return nil, err
	}
	left := due[:0]
	for i, r := range due {
		if same[i] {
			w.tell(&Outcome{Repository: r, Answer: &Answer{Unchanged: true}})
		} else {
			left = append(left, r)
		}
	}
	return left, nil
}

// compareRefs notes which of the repositories that have tips have these refs still.
func (w *Worker) compareRefs(ctx context.Context, due []store.Repository, tips map[int64][]store.Tip, same []bool) error {
	p := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for i := range due {
		known, ok := tips[due[i].ID]
		if !ok || ctx.Err() != nil {
			continue
		}
		p.Go(func() {
			var now []store.Tip
			err := gitscan.RefsOf(due[i].CloneURL, func(name, id string) { now = append(now, store.Tip{Ref: name, ID: id}) })
			if same[i] = err == nil && slices.Equal(now, known); !same[i] { // what cannot be read is the search's to tell
				w.ready(ctx, 1)
			}
		})
	}
	p.Wait()
	return ctx.Err()
}

// looked are the repositories whose images need no look yet; nil where no target wants images, or nobody can ask for them.
func (w *Worker) looked(ctx context.Context) (map[int64]bool, error) {
	if w.o.Digests == nil || !slices.ContainsFunc(w.config.Targets, func(t Target) bool { return t.Images }) {
		return nil, nil
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return nil, err
	}
	return w.store.ImagesSince(ctx, now.Add(-w.config.Images))
}
