package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// engine is River without its type parameter.
type engine interface {
	migrate(ctx context.Context) error
	insert(ctx context.Context, args rawArgs, attempts int, o EnqueueOptions) (int64, bool, error)
	addQueue(name string, workers int) error
	start(ctx context.Context, j *Jobs, poll time.Duration) error
	stop(grace time.Duration) error
	retry(ctx context.Context, id int64) error
	cancel(ctx context.Context, id int64) error
}

// rawArgs are the arguments of any kind, as JSON.
type rawArgs struct {
	kind string
	raw  json.RawMessage
}

func (a rawArgs) Kind() string                 { return a.kind }
func (a rawArgs) MarshalJSON() ([]byte, error) { return a.raw, nil }
func (a *rawArgs) UnmarshalJSON(b []byte) error {
	a.raw = append([]byte(nil), b...)
	return nil
}

type riverEngine[TTx any] struct {
	driver riverdriver.Driver[TTx]
	client *river.Client[TTx] // inserts; replaced by the working one
	work   *river.Client[TTx]
}

func newEngine[TTx any](d riverdriver.Driver[TTx]) (*riverEngine[TTx], error) {
	c, err := river.NewClient(d, &river.Config{Logger: slog.New(slog.DiscardHandler), SkipUnknownJobCheck: true})
	if err != nil {
		return nil, err
	}
	return &riverEngine[TTx]{driver: d, client: c}, nil
}

func (e *riverEngine[TTx]) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (e *riverEngine[TTx]) insert(ctx context.Context, args rawArgs, attempts int, o EnqueueOptions) (int64, bool, error) {
	opts := &river.InsertOpts{Queue: o.Queue, Priority: max(o.Priority, 1), MaxAttempts: attempts, ScheduledAt: o.At}
	if o.Unique {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable,
			rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}
	}
	r, err := e.client.Insert(ctx, args, opts)
	if err != nil {
		return 0, false, err
	}
	return r.Job.ID, !r.UniqueSkippedAsDuplicate, nil
}

func (e *riverEngine[TTx]) addQueue(name string, workers int) error {
	if e.work == nil {
		return nil
	}
	return e.work.Queues().Add(name, river.QueueConfig{MaxWorkers: workers})
}

func (e *riverEngine[TTx]) start(ctx context.Context, j *Jobs, poll time.Duration) error {
	workers := river.NewWorkers()
	queues := map[string]river.QueueConfig{}
	for _, k := range j.kinds {
		river.AddWorkerArgs(workers, rawArgs{kind: k.name}, river.Worker[rawArgs](&worker{j: j, k: k}))
	}
	for q, n := range j.queues {
		queues[q] = river.QueueConfig{MaxWorkers: n}
	}
	c, err := river.NewClient(e.driver, &river.Config{
		Logger: slog.New(quiet{j.opt.Logger.Handler()}), ID: j.opt.Owner, Workers: workers, Queues: queues,
		FetchCooldown: min(poll, 20*time.Millisecond), FetchPollInterval: poll, PollOnly: true, FetchOnlyKnownKinds: true,
		JobTimeout: time.Hour, RescueStuckJobsAfter: 1000 * time.Hour, // dead workers' jobs are taken over by lease, see lease.go
		SkipUnknownJobCheck: true,
	})
	if err != nil {
		return err
	}
	e.work = c
	return c.Start(context.WithoutCancel(ctx))
}

func (e *riverEngine[TTx]) stop(grace time.Duration) error {
	c := e.work
	e.work = nil
	soft, done := context.WithTimeout(context.Background(), grace)
	defer done()
	if c.Stop(soft) == nil {
		return nil
	}
	hard, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	if err := c.StopAndCancel(hard); err != nil {
		return fmt.Errorf("handlers did not stop: %w", err)
	}
	return nil
}

func (e *riverEngine[TTx]) retry(ctx context.Context, id int64) error {
	_, err := e.client.JobRetry(ctx, id)
	return err
}

func (e *riverEngine[TTx]) cancel(ctx context.Context, id int64) error {
	_, err := e.client.JobCancel(ctx, id)
	return err
}

// quiet passes River's warnings and errors on and nothing else.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(n string) slog.Handler      { return quiet{q.Handler.WithGroup(n)} }

type worker struct {
	river.WorkerDefaults[rawArgs]
	j *Jobs
	k *kind
}

func (w *worker) Timeout(*river.Job[rawArgs]) time.Duration { return w.k.Timeout }

func (w *worker) NextRetry(job *river.Job[rawArgs]) time.Time {
	return time.Now().Add(w.k.Backoff(job.Attempt))
}

// Work runs the handler under a lease and turns its result into River's.
func (w *worker) Work(ctx context.Context, job *river.Job[rawArgs]) error {
	token, err := w.j.db.lease(ctx, job.ID, w.j.opt.Owner)
	if err != nil {
		return oneLine(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w.j.hold(token, cancel)
	defer func() { w.j.drop(token); cancel(nil) }()
	check := func(ctx context.Context) error { return w.j.db.check(ctx, token) }
	err = w.guard(ctx, run{job.ID, job.Attempt, token, job.Args.raw, check})
	own := context.WithoutCancel(ctx)
	if lost := check(own); errors.Is(lost, ErrLost) {
		return lost // the row has gone: River has nothing left to set
	}
	var p permanent
	var l later
	switch {
	case err == nil:
	case errors.As(err, &l):
		err = river.JobSnooze(l.d)
	case errors.As(err, &p):
		w.parked(own, job, err)
		err = river.JobCancel(plain(err))
	case w.j.stopping() && ctx.Err() != nil:
		err = river.JobSnooze(0)
	case job.Attempt >= job.MaxAttempts:
		w.parked(own, job, err)
		err = plain(err)
	default:
		err = plain(err)
	}
	w.j.db.release(own, token)
	return err
}

func (w *worker) parked(ctx context.Context, job *river.Job[rawArgs], err error) {
	if w.j.opt.OnParked != nil {
		w.j.opt.OnParked(ctx, Failure{job.ID, w.k.name, job.Args.raw, clip(err.Error()), job.Attempt})
	}
}

// guard turns a panic into an error without its value, which may quote what was read.
func (w *worker) guard(ctx context.Context, r run) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the handler of %s jobs panicked", w.k.name)
		}
	}()
	return w.k.run(ctx, r)
}

func plain(err error) error { return errors.New(clip(err.Error())) }

// backoff is 5 s, 25 s, 125 s ... to an hour, give or take a fifth.
func backoff(attempt int) time.Duration {
	d := time.Second
	for range min(attempt, 6) {
		d *= 5
	}
	d = min(d, time.Hour)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}
