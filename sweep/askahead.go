package sweep

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// leaveUnchangedThere asks for the refs of those of a job's repositories that are elsewhere and were searched before, and gives those
// in which nothing has changed, which is written down: together they cost the database a few statements, and those of a host one slot.
// What cannot be asked is asked again when it is its turn, which is when that is told.
func (w *Worker) leaveUnchangedThere(ctx context.Context, job batchArgs) (same map[int64]bool, err error) {
	elsewhere := func(t Target) bool { return t.Folder == "" }
	if !job.Since.IsZero() || !slices.ContainsFunc(w.config.Targets, elsewhere) {
		return nil, nil
	}
	asked, err := w.askable(ctx, job.IDs)
	if len(asked) < 2 || err != nil { // one by itself costs as much either way
		return nil, err
	}
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(asked))
	for i := range asked {
		ids[i] = asked[i].r.ID
	}
	known, err := w.store.TipsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := w.askEach(ctx, asked, known); err != nil {
		return nil, err
	}
	asked = slices.DeleteFunc(asked, func(a askedRepository) bool { return !a.same })
	ids = ids[:0]
	for i := range asked {
		ids = append(ids, asked[i].r.ID)
	}
	if err := w.store.AllUnchanged(ctx, ids, version, w.config.Every); err != nil {
		return nil, err
	}
	same = map[int64]bool{}
	for i := range asked {
		same[asked[i].r.ID] = true
		w.tell(&Outcome{Repository: *asked[i].r, Answer: &Answer{Unchanged: true}, Took: asked[i].took})
	}
	return same, nil
}

// askedRepository is one whose refs are asked for.
type askedRepository struct {
	r    *store.Repository
	q    *mirror.Request
	same bool
	took time.Duration
}

// askable are those of the repositories that are to be searched only if their refs are no longer what they were.
func (w *Worker) askable(ctx context.Context, ids []int64) (list []askedRepository, err error) {
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		r, now, err := w.store.RepositoryNow(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if isLocal(r) || !wanted(r, time.Time{}, now) || !mayBeSame(r, version) {
			continue
		}
		target, err := w.targetOf(ctx, r)
		if err != nil || target.Images { // whose images may have changed
			continue
		}
		list = append(list, askedRepository{r: r, q: w.requestOf(target, r)})
	}
	return list, nil
}

// askEach finds out in which of them nothing has changed. Of a host that does not answer, no more is asked.
func (w *Worker) askEach(ctx context.Context, asked []askedRepository, known map[int64][]store.Tip) error {
	m, err := w.mirror()
	if err != nil {
		return err
	}
	host, release, dead := "", func() {}, map[string]bool{}
	defer func() { release() }()
	for i := range asked {
		a := &asked[i]
		at := ""
		if u, err := url.Parse(a.q.URL); err == nil {
			at = u.Host
		}
		if dead[at] {
			continue
		}
		if i == 0 || at != host {
			release()
			release = func() {}
			if release, err = w.slot(ctx, a.q); err != nil {
				release = func() {}
				return err
			}
			host = at
		}
		began := time.Now()
		limited, cancel := context.WithTimeoutCause(ctx, w.config.Timeout, &mirror.Error{Kind: mirror.TooSlow})
		remote, err := m.Tips(limited, *a.q)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, mirror.Unreachable), errors.Is(err, mirror.TooSlow), errors.Is(err, mirror.NoCredential), errors.Is(err, mirror.Auth):
			dead[at] = true
		case err == nil:
			a.same, a.took = slices.Equal(known[a.r.ID], tipsIn(remote.Tips, remote.Detached)), time.Since(began)
		}
	}
	return nil
}
