package sweep

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rummage/report"
	"rummage/sweep/jobs"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// maxFailures is after how many failures in a row a repository is parked.
const maxFailures = 3

// leaseTime is WorkerOptions.Lease where that says nothing.
const leaseTime = 45 * time.Second

// batch does a job: what is searched already is left out, so that it may be done again. A sweep that is to end by itself ends at
// once where its database cannot be written; one that keeps going tries again, for somebody may mend that.
func (w *Worker) batch(ctx context.Context, job jobs.Job[batchArgs]) error {
	return w.busy(func() error { return w.each(ctx, job) })
}

// busy does a job of searches.
func (w *Worker) busy(do func() error) error {
	w.batches.Add(1)
	defer w.batches.Add(-1)
	err := do()
	if w.once && errors.Is(err, store.ErrUnwritable) {
		return jobs.Fatal(unwritableError(report.Escape(err.Error())))
	}
	return err
}

// each searches the repositories of a job.
func (w *Worker) each(ctx context.Context, job jobs.Job[batchArgs]) error {
	ids := job.Args.IDs
	if job.Args.Divided {
		for _, id := range ids {
			if err := w.afterShards(ctx, id); err != nil {
				return err
			}
		}
	} else {
		same, err := w.leaveUnchangedThere(ctx, job.Args)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return same[id] })
	}
	forks := w.forksOf(ids)
	defer forks.release()
	for wait := leftFirst; ; wait *= 2 {
		var left []int64
		for _, id := range ids {
			o, err := w.take(ctx, id, &job.Args, forks)
			if err != nil {
				return err
			}
			if o != nil && o.Left {
				left = append(left, id)
			}
		}
		if ids = left; len(left) == 0 {
			return nil
		}
		if wait > w.o.Lease/8 { // who is at them may be dead or lose them: they are looked at again
			return jobs.Later(w.o.Lease/4, fmt.Errorf("another worker is at %d of its repositories", len(left)))
		}
		select { // most often it is nearly done with them, see help
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// leftFirst is after how long a repository is looked at again that another worker is at.
const leftFirst = 25 * time.Millisecond

// take has a repository of a job searched, and tells of it; no outcome: there is nothing to do.
func (w *Worker) take(ctx context.Context, id int64, args *batchArgs, forks *forks) (*Outcome, error) {
	r, now, err := w.store.RepositoryNow(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // forgotten meanwhile
	}
	if err != nil {
		return nil, err
	}
	if !wanted(r, args.Since, now) {
		if only, err := w.onlyLookedAt(ctx, r, args.Since); err != nil || !only {
			return nil, err
		}
	}
	return w.taken(ctx, r, args, forks)
}

// taken has a repository searched or divided, and tells of it.
func (w *Worker) taken(ctx context.Context, r *store.Repository, args *batchArgs, forks *forks) (*Outcome, error) {
	o, err := w.one(ctx, r, searchHow{!args.Since.IsZero(), args.Divided, forks})
	switch {
	case err != nil || o.Left:
		return o, err
	case o.Err == nil && o.Answer.Shards > 0:
		return o, w.makeShards(ctx, r, args.Since, o.Answer.Shards)
	}
	w.tell(o)
	return o, nil
}

// wanted: the repository is still to be searched.
func wanted(r *store.Repository, since, now time.Time) bool {
	switch {
	case !r.GoneAt.IsZero() || r.State != store.RepositoryOK:
		return false
	case since.IsZero() || r.Failures > 0:
		return !r.NextDue.After(now)
	}
	return r.LastScan.Before(since)
}

// onlyLookedAt: all are to be searched, and since then another worker has seen that the repository has not changed, no more.
func (w *Worker) onlyLookedAt(ctx context.Context, r *store.Repository, since time.Time) (bool, error) {
	if since.IsZero() || !r.GoneAt.IsZero() || r.State != store.RepositoryOK || r.Failures > 0 {
		return false, nil
	}
	searched, err := w.store.SearchedSince(ctx, r.ID, since)
	return !searched, err
}

func (w *Worker) tell(o *Outcome) {
	w.observe(o)
	w.o.Progress.Done.Add(1)
	if !o.Left {
		defer w.waited(o.Repository.ID)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !o.Left {
		w.sum.Searched++
	}
	if o.Answer != nil && o.Answer.Unchanged {
		w.sum.Unchanged++
	}
	if o.Err != nil {
		w.sum.Failed++
		w.o.Logger.Warn("repository not searched", "repository", report.Escape(o.Repository.Name), "reason", report.Escape(o.Err.Error()), "parked", o.Parked)
	}
	w.o.Told(*o)
}

// searchHow says how a repository is searched: all means also when nothing has changed, divided that its shards were searched.
type searchHow struct {
	all, divided bool
	forks        *forks // fetched together; nil: none are
}

// one has a repository searched, unless another process is at it, and writes down how that ended.
func (w *Worker) one(ctx context.Context, r *store.Repository, how searchHow) (*Outcome, error) {
	o := &Outcome{Repository: *r}
	started := time.Now()
	lease, ok, err := w.store.Acquire(ctx, fmt.Sprintf("repository/%d", r.ID), rand.Text(), w.o.Lease)
	if err != nil || !ok {
		o.Left = !ok
		return o, err
	}
	held, cancel := context.WithCancel(ctx)
	defer cancel()
	lost, stop := w.keep(held, cancel, lease)
	o.Err = w.bringAndSearch(held, o, &lease, how)
	stop()
	o.Took = time.Since(started)
	release := func() error { return w.store.Release(context.WithoutCancel(ctx), lease) }
	switch {
	case o.Err == nil && o.Answer.Shards > 0: // nothing was written down
		return o, release()
	case o.Err == nil: // the lease has ended with what was written down
		return o, nil
	case ctx.Err() != nil: // it is due still
		return o, errors.Join(ctx.Err(), release())
	case errors.Is(o.Err, errNotOurs):
		o.Left, o.Err = true, nil
		return o, release()
	case lost.Load() || errors.Is(o.Err, store.ErrFenced): // who has it now says what became of it
		o.Left, o.Err = true, nil
		return o, nil
	}
	var broken *brokenError
	if errors.As(o.Err, &broken) {
		return o, cmp.Or(broken.error, release())
	}
	return o, errors.Join(w.failed(ctx, o), release())
}

// brokenError says nothing about the repository: the job is done again.
type brokenError struct{ error }

func (b *brokenError) Unwrap() error { return b.error }

// failed writes a failure down. What another try may mend is never parked.
func (w *Worker) failed(ctx context.Context, o *Outcome) (err error) {
	limit, wait := maxFailures, failedFirst
	if passing(o.Err) {
		limit, wait = maxDue, passingFirst
	}
	wait = min(wait<<min(o.Repository.Failures, 10), w.config.Every)
	o.Parked, err = w.store.Fail(ctx, o.Repository.ID, o.Err.Error(), limit, wait)
	return err
}

// How long what failed waits at first: what another try may mend, and the rest.
const (
	passingFirst = time.Minute
	failedFirst  = 10 * time.Minute
)

// passing: the failure is one of the network, of the disk, of images, of a credential that could not be had, of a machine that does
// not have the repository, or says nothing about it.
func passing(err error) bool {
	var images imagesError
	var broken *brokenError
	var elsewhere elsewhereError
	if errors.As(err, &images) || errors.As(err, &broken) || errors.As(err, &elsewhere) {
		return true
	}
	return slices.ContainsFunc([]mirror.Kind{mirror.Unreachable, mirror.DiskFull, mirror.TooSlow, mirror.NoCredential},
		func(k mirror.Kind) bool { return errors.Is(err, k) })
}

// bringAndSearch fetches what is not on this machine, and has it searched.
func (w *Worker) bringAndSearch(ctx context.Context, o *Outcome, lease *store.Lease, how searchHow) error {
	r := &o.Repository
	t := &Task{ID: r.ID, Dir: r.CloneURL, Lease: lease, All: how.all, Next: w.config.Every}
	if !how.divided {
		t.ShardSize = w.config.ShardSize
	}
	target, err := w.targetOf(ctx, r)
	if err != nil {
		return err
	}
	t.Images, t.Registries = target.Images, target.Registries
	if !t.All {
		if t.All, err = w.imagesChanged(ctx, r, target); err != nil {
			return &brokenError{err}
		}
	}
	if isLocal(r) && !target.Images {
		t.Quiet = w.quiet.of(t.Dir)
	}
	if !isLocal(r) && !t.All {
		if same, err := w.unchangedThere(ctx, r, lease, target); same || err != nil && !w.withoutPages(ctx, r, err) {
			o.Answer = &Answer{Unchanged: same}
			return err
		}
	}
	f, err := w.bring(ctx, r, t, target, how.forks)
	switch {
	case err == nil:
		defer f.Release()
		o.Fetched = f.Bytes
		if !isLocal(r) && !target.Images {
			t.Quiet = w.tips.in(f.Dir)
		}
	case w.withoutPages(ctx, r, err):
		t.Dir = ""
	default:
		return err
	}
	o.Answer, err = w.inTurn(ctx, t)
	if err == nil && o.Answer.Quiet != nil && isLocal(r) {
		w.quiet.add(o.Answer.Quiet.Name, o.Answer.Quiet.Sum)
	}
	if err == nil && o.Answer.QuietTips && f != nil && !isLocal(r) {
		w.tips.add(f.Dir, tipsOfFetched(f))
	}
	switch {
	case err != nil && o.Answer == nil:
		return &brokenError{err}
	case err != nil:
		return err
	case o.Answer.Error != "":
		return errors.New(o.Answer.Error)
	case o.Answer.Images != "":
		return imagesError(o.Answer.Images)
	}
	return nil
}

// bring fetches what is not on this machine.
func (w *Worker) bring(ctx context.Context, r *store.Repository, t *Task, target *Target, forks *forks) (*mirror.Fetched, error) {
	if isLocal(r) {
		if _, err := os.Stat(t.Dir); errors.Is(err, os.ErrNotExist) {
			return nil, elsewhereError("it is not on this machine")
		}
		return &mirror.Fetched{}, nil
	}
	if f := forks.take(ctx, r, target); f != nil {
		t.fetched(f)
		return f, nil
	}
	f, err := w.fetch(ctx, r, target)
	if err == nil {
		t.fetched(f)
	}
	return f, err
}

// inTurn has a task done when it is its turn. Of one without a folder there is nothing in the repository.
func (w *Worker) inTurn(ctx context.Context, t *Task) (*Answer, error) {
	select {
	case w.turns <- struct{}{}:
		defer func() { <-w.turns }()
	case <-ctx.Done():
		return &Answer{}, ctx.Err()
	}
	if t.Dir == "" {
		return w.nothing(ctx, t)
	}
	t.Workers = max(1, runtime.GOMAXPROCS(0)/max(1, len(w.turns))) // the last ones have all processors
	limited, cancel := context.WithTimeout(ctx, w.config.Timeout)  // from now on: it may have waited for its turn for long
	defer cancel()
	a, err := w.o.Search(limited, t)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return &Answer{}, fmt.Errorf("not searched within %s", w.config.Timeout)
	}
	return a, err
}

// fetched says where the repository is now.
func (t *Task) fetched(f *mirror.Fetched) {
	t.Dir, t.Prefix, t.Seen, t.Head, t.Tips = f.Dir, f.Prefix, f.Seen, f.Head, tipsIn(f.Tips, f.Detached)
	t.RefsAlone = len(f.Kept) == 0
	t.Odd = map[string]string{}
	maps.Copy(t.Odd, f.Odd)
	if f.Detached != "" {
		t.Odd[detachedHead] = f.Detached
	}
}

// nothing settles a repository without commits.
func (w *Worker) nothing(ctx context.Context, t *Task) (*Answer, error) {
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return nil, err
	}
	if _, err = w.store.Settle(ctx, t.ID, store.Scan{ID: rand.Text(), Ruleset: version, Complete: true, Lease: t.Lease, Next: t.Next}, nil); err != nil {
		return nil, err
	}
	return &Answer{}, nil
}

// withoutPages: what could not be fetched is a wiki that was turned on and has never had a page, so that there is no repository.
func (w *Worker) withoutPages(ctx context.Context, r *store.Repository, err error) bool {
	if !errors.Is(err, mirror.Gone) || !strings.HasPrefix(r.ForgeID, wikiID) {
		return false
	}
	tips, err := w.store.Tips(ctx, r.ID)
	return err == nil && len(tips) == 0
}

// detachedHead is the name of a HEAD that is no ref's.
const detachedHead = "HEAD"

// tipsIn are refs in the order of their names, with the commit of a detached HEAD.
func tipsIn(refs map[string]string, detached string) []store.Tip {
	tips := make([]store.Tip, 0, len(refs)+1)
	if detached != "" {
		tips = append(tips, store.Tip{Ref: detachedHead, ID: detached})
	}
	for name, id := range refs {
		tips = append(tips, store.Tip{Ref: report.Escape(name), ID: id})
	}
	slices.SortFunc(tips, func(a, b store.Tip) int { return cmp.Compare(a.Ref, b.Ref) })
	return tips
}

// keep renews a lease until it is stopped, and cancels the search when the lease is lost.
func (w *Worker) keep(ctx context.Context, cancel func(), lease store.Lease) (lost *atomic.Bool, stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	lost = new(atomic.Bool)
	go func() {
		defer close(done)
		tick := time.NewTicker(w.o.Lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := w.store.Renew(ctx, lease, w.o.Lease); errors.Is(err, store.ErrFenced) {
					lost.Store(true)
					cancel()
					return
				}
			}
		}
	}()
	return lost, func() {
		end()
		<-done
	}
}
