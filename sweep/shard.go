package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"rummage/gitscan"
	"rummage/report"
	"rummage/sweep/jobs"
	"rummage/sweep/store"
)

// A large repository is divided: jobs of shards of its blobs, which any worker may take, make clean ahead what has nothing, and a
// last job searches all of it, which leaves out what is clean. So what is found is what the last one finds, whatever became of the
// shards: a blob that was in none, or in two, is only time.

// Shard is one of several of a repository's blobs, counted from 0.
type Shard struct{ N, Of int }

// maxShards bounds the shards of a repository.
const maxShards = 1000

// shardsOf is into how many shards a repository is to be divided; 0: into none.
func shardsOf(t *Task, repo *gitscan.Repo, n *searched) int {
	if t.ShardSize <= 0 {
		return 0
	}
	work := repo.Work(2*t.ShardSize, n.ledger.Searched)
	if work < 2*t.ShardSize {
		return 0
	}
	return int(min((work+t.ShardSize-1)/t.ShardSize, maxShards))
}

// searchShard makes the blobs of a shard clean that have nothing. What cannot be read is for the search of all to tell.
func (s *Sweeper) searchShard(ctx context.Context, t *Task, repo *gitscan.Repo, version int) (*Answer, error) {
	a := &Answer{}
	for {
		sliced, cancel := context.WithTimeout(ctx, s.slice)
		shard := repo.Shard(t.Shard.N, t.Shard.Of)
		n, err := s.searchNew(sliced, shard, t.Workers, version)
		over := sliced.Err() == nil
		cancel()
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, ctx.Err()
		}
		fresh := n.fresh(shard, version)
		a.Blobs, a.Bytes, a.Slices = a.Blobs+int64(len(fresh)), a.Bytes+n.res.Stats.BytesSearched, a.Slices+1
		if err := s.store.MarkClean(context.WithoutCancel(ctx), fresh); err != nil || ctx.Err() != nil {
			return nil, cmp.Or(ctx.Err(), err)
		}
		s.known.seen(fresh)
		switch {
		case over:
			return a, nil
		case len(fresh) == 0:
			return &Answer{Error: fmt.Sprintf("no blob could be searched within %s", s.slice)}, nil
		}
		again, err := s.openRepository(t) // a search reads a repository once
		if err != nil {
			return &Answer{Error: report.Escape(err.Error())}, nil
		}
		defer again.Close()
		repo = again
	}
}

// shardArgs are a shard of a repository.
type shardArgs struct {
	ID int64 `json:"id"`
	N  int   `json:"n"`
	Of int   `json:"of"`
}

// makeShards makes jobs of a repository's shards, and of the search of all of it that comes after them, all or none. What there is
// already of it is not made again. They come before other repositories, but after those if the rules alone have changed.
func (w *Worker) makeShards(ctx context.Context, r *store.Repository, since time.Time, shards int) error {
	version, err := w.rulesVersion(ctx)
	if err != nil {
		return err
	}
	o := jobs.EnqueueOptions{Unique: true, Priority: 1}
	if soon, _ := divide([]store.Repository{*r}, version); len(soon) == 0 {
		o.Priority = 3
	}
	list := []jobs.New{{Kind: searchJob, Args: batchArgs{IDs: []int64{r.ID}, Since: since, Divided: true}, EnqueueOptions: o}}
	for n := range shards {
		list = append(list, jobs.New{Kind: shardJob, Args: shardArgs{r.ID, n, shards}, EnqueueOptions: o})
	}
	w.o.Logger.Info("repository divided", "repository", report.Escape(r.Name), "shards", shards)
	return w.jobs.EnqueueAll(ctx, list)
}

// shardWait is how often it is looked whether all shards of a repository are done.
const shardWait = time.Second

// afterShards is an error while shards of a repository are left.
func (w *Worker) afterShards(ctx context.Context, id int64) error {
	unfinished, err := w.jobs.Unfinished(ctx, shardJob)
	if err != nil {
		return err
	}
	left := 0
	for _, raw := range unfinished {
		var args shardArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return err
		}
		if args.ID == id {
			left++
		}
	}
	if left > 0 {
		return jobs.Later(min(shardWait, w.o.Lease/8), fmt.Errorf("%d of its shards are not done", left))
	}
	return nil
}

// shard does a job of a shard. That it fails again and again is no failure of the repository's.
func (w *Worker) shard(ctx context.Context, job jobs.Job[shardArgs]) error {
	return w.busy(func() error { return w.oneShard(ctx, &job.Args) })
}

func (w *Worker) oneShard(ctx context.Context, args *shardArgs) error {
	r, err := w.store.Repository(ctx, args.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!r.GoneAt.IsZero() || r.State != store.RepositoryOK) {
		return nil
	}
	if err != nil {
		return err
	}
	t := &Task{ID: r.ID, Dir: r.CloneURL, Shard: &Shard{args.N, args.Of}}
	target, err := w.targetOf(ctx, r)
	if errors.Is(err, errNotOurs) { // whose it is has workers
		return jobs.Later(w.o.Lease/4, err)
	}
	if err != nil {
		return err
	}
	f, err := w.bring(ctx, r, t, target, nil)
	if err != nil {
		return err
	}
	defer f.Release()
	a, err := w.inTurn(ctx, t)
	if err != nil {
		return err
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	w.metrics.Blobs.Add(float64(a.Blobs))
	w.metrics.Bytes.Add(float64(a.Bytes))
	return nil
}

// ShardsLeft are the shards of a repository that are still to be searched.
type ShardsLeft struct {
	Repository string `json:"repository"`
	Left       int    `json:"left"`
	Now        int    `json:"now"` // of those left, that are searched now
	Of         int    `json:"of"`
}

// ShardsLeft are those of the repositories that are divided now, by name.
func (s *Sweeper) ShardsLeft(ctx context.Context) ([]ShardsLeft, error) {
	database := jobsDatabase(s.config.Database)
	if _, err := os.Stat(database); errors.Is(err, os.ErrNotExist) && !strings.Contains(database, "://") { // there was no sweep
		return nil, nil
	}
	j, err := jobs.Open(ctx, database, jobs.Options{Password: s.password})
	if err != nil {
		return nil, err
	}
	defer j.Close()
	left, err := j.Left(ctx, shardJob)
	if err != nil {
		return nil, err
	}
	all := map[int64]*ShardsLeft{}
	for _, job := range left {
		var args shardArgs
		if err := json.Unmarshal(job.Args, &args); err != nil {
			return nil, err
		}
		of := all[args.ID]
		if of == nil {
			r, err := s.store.Repository(ctx, args.ID)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			of = &ShardsLeft{Repository: r.Name}
			all[args.ID] = of
		}
		of.Left, of.Of = of.Left+1, max(of.Of, args.Of)
		if job.Running {
			of.Now++
		}
	}
	list := make([]ShardsLeft, 0, len(all))
	for _, of := range all {
		list = append(list, *of)
	}
	slices.SortFunc(list, func(a, b ShardsLeft) int { return strings.Compare(a.Repository, b.Repository) })
	return list, nil
}
