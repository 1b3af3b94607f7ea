package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rummage/report"
	"rummage/scan"
	"rummage/sweep/jobs"
	"rummage/sweep/metrics"
	"rummage/sweep/mirror"
	"rummage/sweep/notify"
	"rummage/sweep/store"
)

// Searcher does tasks, each so that what a repository does to it is that repository's loss alone. It may be called from
// several goroutines. The error is of what says nothing about the repository.
type Searcher func(ctx context.Context, t *Task) (*Answer, error)

// Worker fetches and searches what is due, by itself or beside others with the same database.
type Worker struct {
	*Sweeper
	o      WorkerOptions
	jobs   *jobs.Jobs
	mirror func() (*mirror.Mirror, error)
	turns  chan struct{} // searches at a time
	disk   disk
	quiet  quiet
	tips   quietTips
	once   bool // it does not keep going
	all    bool // it searches what has not changed too

	awaited awaited

	batches atomic.Int64 // jobs of searches that run here

	registry *metrics.Registry
	metrics  *metrics.Sweep

	mu       sync.Mutex
	sum      *Summary
	unlisted map[string]unlisted // by target
	readied  int                 // see ready
}

// WorkerOptions are of a Worker. Zero values have defaults.
type WorkerOptions struct {
	Jobs   int // repositories that are searched at a time
	Search Searcher
	// Ready hears how many more searches there will be at a time, as soon as that is known, so that they start sooner. It may be nil.
	Ready func(ctx context.Context, n int)
	// Told hears what became of each repository that this worker took on, of one at a time.
	Told   func(Outcome)
	Logger *slog.Logger
	Poll   time.Duration // see jobs.Options
	// Lease is how long a worker may be silent before others take over what it is at: 45 s.
	Lease time.Duration
	// Digests asks for what registries have now. nil: images are looked into when their repositories have changed, or all are searched.
	Digests Digester
	// SARIF makes what a channel of that type uploads. nil: there can be none.
	SARIF   func(context.Context, notify.Message) (notify.Upload, error)
	Version string // of the program, for the metrics
	// Progress tells how far Run is. nil: nobody asks.
	Progress *scan.Progress
}

// Outcome is what became of a repository in a sweep.
type Outcome struct {
	Repository store.Repository
	Answer     *Answer // nil when it was not searched
	Err        error   // of one line
	Parked     bool
	Left       bool // another process is at it
	Fetched    int64
	Took       time.Duration
}

// Summary counts what a worker did.
type Summary struct {
	Listed    int // targets that were seen whole
	Searched  int // those that have not changed too
	Unchanged int
	Failed    int
	Errors    []error // what was not listed, and work that was given up
	Notes     []string
}

// searchTries is how often a job of searches is tried. Its repositories have failures of their own: this is for workers that
// die, which may be no fault of theirs.
const searchTries = 10

// searchBackoff is how long a job of searches waits after a try that says nothing about its repositories: a sweep that runs once
// ends soon where it cannot work at all.
func (w *Worker) searchBackoff(attempt int) time.Duration {
	second := w.o.Lease / (leaseTime / time.Second)
	return min(second<<min(attempt-1, 10), 60*second)
}

// stopGrace is how long searches go on when a worker is to end. What they have done until then is kept.
const stopGrace = 100 * time.Millisecond

// kinds of jobs.
const (
	searchJob  = "search"
	shardJob   = "shard"
	listJob    = "list"
	planJob    = "plan"
	deliverJob = "deliver"
	pruneJob   = "prune"
)

// NewWorker opens what a worker needs beside the database of findings. It must be closed.
func NewWorker(ctx context.Context, s *Sweeper, o WorkerOptions) (*Worker, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Lease <= 0 {
		o.Lease = leaseTime
	}
	if o.Progress == nil {
		o.Progress = &scan.Progress{}
	}
	if o.Told == nil {
		o.Told = func(Outcome) {}
	}
	for _, n := range []int{s.config.Jobs, runtime.GOMAXPROCS(0)} {
		if o.Jobs <= 0 {
			o.Jobs = n
		}
	}
	w := &Worker{Sweeper: s, o: o, turns: make(chan struct{}, o.Jobs), sum: &Summary{}, unlisted: map[string]unlisted{}}
	w.mirror = sync.OnceValues(func() (*mirror.Mirror, error) {
		return mirror.New(s.config.Clones, mirror.Options{MinFree: minFree, Objects: openObjects})
	})
	host, _ := os.Hostname()
	var err error
	w.jobs, err = jobs.Open(ctx, jobsDatabase(s.config.Database), jobs.Options{Logger: o.Logger, Password: s.password, Owner: host, Poll: o.Poll,
		LeaseTTL: o.Lease, Beat: o.Lease / 4, Grace: stopGrace, Check: s.store.Check, OnParked: w.gaveUp})
	if err != nil {
		return nil, err
	}
	w.measure()
	atOnce := o.Jobs
	if s.fetches() {
		atOnce += s.config.Fetches
	}
	jobs.Handle(w.jobs, searchJob, jobs.KindOptions{Workers: atOnce, Timeout: 2 * batchMost * s.config.Timeout, MaxAttempts: searchTries, Backoff: w.searchBackoff}, w.batch)
	jobs.Handle(w.jobs, shardJob, jobs.KindOptions{Workers: atOnce, Timeout: 2 * s.config.Timeout, MaxAttempts: maxFailures, Backoff: w.searchBackoff}, w.shard)
	return w, nil
}

// Close closes what the worker opened, not its Sweeper.
func (w *Worker) Close() { w.jobs.Close() }

// jobsDatabase is where the jobs are: beside a file, in the same PostgreSQL.
func jobsDatabase(database string) string {
	if strings.Contains(database, "://") {
		return database
	}
	return strings.TrimSuffix(database, ".db") + "-jobs.db"
}

// fetches: some target's repositories are elsewhere.
func (s *Sweeper) fetches() bool {
	return slices.ContainsFunc(s.config.Targets, func(t Target) bool { return t.Folder == "" })
}

// gaveUp hears of jobs that failed again and again. What they were to search is due still, until it is parked.
func (w *Worker) gaveUp(ctx context.Context, f jobs.Failure) {
	if f.Kind == shardJob { // what it has is searched with all of the repository
		w.note(fmt.Sprintf("a shard of a large repository was given up, and is searched with all of it: %s", f.Reason))
		return
	}
	w.o.Logger.Error("job given up", "kind", f.Kind, "reason", f.Reason)
	w.count(func(s *Summary) {
		s.Errors = append(s.Errors, fmt.Errorf("a %s job was given up: %s", f.Kind, f.Reason))
	})
	var args batchArgs
	if f.Kind != searchJob || json.Unmarshal(f.Args, &args) != nil {
		return
	}
	unwritten := 0
	var first error
	for _, id := range args.IDs {
		if err := w.failedInJob(ctx, id, &f, args.Since); err != nil {
			unwritten++
			first = cmp.Or(first, err)
		}
	}
	if unwritten > 0 {
		first = fmt.Errorf("that %d repositories were not searched could not be written down: %w", unwritten, first)
		w.o.Logger.Error("failures not written down", "reason", report.Escape(first.Error()))
		w.count(func(s *Summary) { s.Errors = append(s.Errors, first) })
	}
}

// failedInJob writes down that a repository was not searched, if it was not.
func (w *Worker) failedInJob(ctx context.Context, id int64, f *jobs.Failure, since time.Time) error {
	r, err := w.store.Repository(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := w.store.Now(ctx)
	if err != nil || !wanted(r, since, now) {
		return err
	}
	reason := errors.New(f.Reason)
	if f.Reason != jobs.WorkerGone {
		reason = &brokenError{reason}
	}
	return w.failed(ctx, &Outcome{Repository: *r, Err: reason})
}

// ready has the searches start of so many repositories, of which it is certain that they will be searched.
func (w *Worker) ready(ctx context.Context, n int) {
	if !w.once || w.o.Ready == nil {
		return
	}
	w.mu.Lock()
	n = min(n, w.o.Jobs-w.readied)
	w.readied += n
	w.mu.Unlock()
	if n > 0 {
		w.o.Ready(ctx, n)
	}
}

func (w *Worker) count(add func(*Summary)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	add(w.sum)
}

// Run sweeps once: it lists the targets, and searches what is due, or everything. It ends when what was due at its beginning has
// been searched, by this worker or by others. The error is for what ends the sweep.
func (w *Worker) Run(ctx context.Context, all bool) (*Summary, error) {
	started := time.Now()
	w.once, w.all = true, all
	if err := w.store.Log(ctx, store.Event{Kind: store.EventStart}); err != nil {
		return w.sum, err
	}
	if err := w.introduce(ctx); err != nil {
		return w.sum, err
	}
	w.o.Progress.SetStage("listing")
	if err := w.listAll(ctx, func(*Target, time.Duration) bool { return true }); err != nil {
		return w.sum, err
	}
	var since time.Time
	if all {
		var err error
		if since, err = w.store.Now(ctx); err != nil {
			return w.sum, err
		}
	}
	wanted, err := w.plan(ctx, since, true)
	if err != nil {
		return w.sum, err
	}
	w.o.Progress.SetUnit("repositories")
	w.o.Progress.SetStage("searching")
	w.o.Progress.Total.Store(w.o.Progress.Done.Load() + int64(len(wanted)))
	if len(wanted) > 0 {
		w.awaited.ids = wanted
		stop := w.help(ctx, helpSoon)
		err := w.jobs.Until(ctx, w.over(since))
		stop()
		if err != nil {
			return w.sum, err
		}
	}
	if err := w.store.Check(); err != nil {
		return w.sum, err
	}
	w.o.Progress.SetStage("sending")
	if err := w.gather(ctx, 0); err != nil {
		return w.sum, err
	}
	if err := w.deliverAll(ctx); err != nil {
		return w.sum, err
	}
	if _, err := w.store.Prune(ctx, w.config.Keep); err != nil {
		return w.sum, err
	}
	detail := fmt.Appendf(nil, `{"searched":%d,"failed":%d,"seconds":%.3f}`, w.sum.Searched, w.sum.Failed, time.Since(started).Seconds())
	return w.sum, w.store.Log(ctx, store.Event{Kind: store.EventEnd, Detail: detail})
}

// Work does what others plan, until ctx is done.
func (w *Worker) Work(ctx context.Context) error {
	stop, err := w.serve(ctx)
	if err != nil {
		return err
	}
	defer w.help(ctx, helpEvery)()
	return errors.Join(w.jobs.Work(ctx), stop())
}

// Start keeps sweeping by the schedule until ctx is done. Several that do so share the work.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.introduce(ctx); err != nil {
		return err
	}
	jobs.Handle(w.jobs, listJob, jobs.KindOptions{Queue: listJob, Timeout: 6 * time.Hour}, func(ctx context.Context, _ jobs.Job[struct{}]) error {
		return w.listAll(ctx, w.toList)
	})
	jobs.Handle(w.jobs, planJob, jobs.KindOptions{Queue: planJob}, func(ctx context.Context, _ jobs.Job[struct{}]) error {
		_, err := w.plan(ctx, time.Time{}, false)
		return err
	})
	jobs.Handle(w.jobs, deliverJob, jobs.KindOptions{Queue: deliverJob}, func(ctx context.Context, _ jobs.Job[struct{}]) error {
		if err := w.gather(ctx, digestWait); err != nil {
			return err
		}
		return w.deliverAll(ctx)
	})
	jobs.Handle(w.jobs, pruneJob, jobs.KindOptions{Queue: pruneJob}, func(ctx context.Context, _ jobs.Job[struct{}]) error {
		_, err := w.store.Prune(ctx, w.config.Keep)
		return err
	})
	w.jobs.Every(pruneJob, 24*time.Hour, time.Hour)
	w.jobs.Every(listJob, min(time.Minute, w.config.List), 0)
	w.jobs.Every(planJob, planEvery, 0)
	w.jobs.Every(deliverJob, deliverEvery, 0)
	return w.Work(ctx)
}

// How often a sweep that keeps going looks for what is due, and for what is to be sent.
const (
	planEvery    = 15 * time.Second
	deliverEvery = 10 * time.Second
)
