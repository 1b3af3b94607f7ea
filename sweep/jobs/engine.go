package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
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
	insertMany(ctx context.Context, list []insertion) error
	insertIf(ctx context.Context, s stmt, args rawArgs, attempts int, o EnqueueOptions) error
	start(ctx context.Context, j *Jobs, poll time.Duration) error
	stop(grace time.Duration) error
}

// parkedKept is how long parked jobs are kept, for who looks into the database.
const parkedKept = 30 * 24 * time.Hour

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

// stmt is a statement in the database's own placeholders.
type stmt struct {
	sql  string
	args []any
}

// within runs do in a transaction, with a function that runs a statement in it and counts the rows changed.
type within[TTx any] func(ctx context.Context, do func(tx TTx, run func(stmt) (int64, error)) error) error

type riverEngine[TTx any] struct {
	driver riverdriver.Driver[TTx]
	within within[TTx]
	client *river.Client[TTx] // for all but working
	mu     sync.Mutex
	work   *river.Client[TTx] // while Work or Until run
}

func newEngine[TTx any](d riverdriver.Driver[TTx], w within[TTx]) (*riverEngine[TTx], error) {
	c, err := river.NewClient(d, &river.Config{Logger: slog.New(slog.DiscardHandler), SkipUnknownJobCheck: true})
	if err != nil {
		return nil, err
	}
	return &riverEngine[TTx]{driver: d, within: w, client: c}, nil
}

func (e *riverEngine[TTx]) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func insertOpts(attempts int, o EnqueueOptions) *river.InsertOpts {
	opts := &river.InsertOpts{Queue: o.Queue, Priority: max(o.Priority, 1), MaxAttempts: attempts, ScheduledAt: o.At}
	if o.Unique {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable,
			rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}
	}
	return opts
}

func (e *riverEngine[TTx]) insert(ctx context.Context, args rawArgs, attempts int, o EnqueueOptions) (int64, bool, error) {
	r, err := e.client.Insert(ctx, args, insertOpts(attempts, o))
	if err != nil {
		return 0, false, err
	}
	return r.Job.ID, !r.UniqueSkippedAsDuplicate, nil
}

// insertion is a job to be added.
type insertion struct {
	args     rawArgs
	attempts int
	o        EnqueueOptions
}

// insertMany adds jobs in one transaction.
func (e *riverEngine[TTx]) insertMany(ctx context.Context, list []insertion) error {
	params := make([]river.InsertManyParams, len(list))
	for i, n := range list {
		params[i] = river.InsertManyParams{Args: n.args, InsertOpts: insertOpts(n.attempts, n.o)}
	}
	_, err := e.client.InsertMany(ctx, params)
	return err
}

// insertIf adds a job in one transaction with a statement, when that changes a row.
func (e *riverEngine[TTx]) insertIf(ctx context.Context, s stmt, args rawArgs, attempts int, o EnqueueOptions) error {
	return e.within(ctx, func(tx TTx, run func(stmt) (int64, error)) error {
		if n, err := run(s); err != nil || n == 0 {
			return err
		}
		_, err := e.client.InsertTx(ctx, tx, args, insertOpts(attempts, o))
		return err
	})
}

func (e *riverEngine[TTx]) start(ctx context.Context, j *Jobs, poll time.Duration) error {
	workers := river.NewWorkers()
	queues := map[string]river.QueueConfig{}
	for _, k := range j.kinds {
		river.AddWorkerArgs(workers, rawArgs{kind: k.name}, river.Worker[rawArgs](&worker{j: j, k: k, ctx: ctx}))
	}
	for q, n := range j.queues {
		queues[q] = river.QueueConfig{MaxWorkers: n}
	}
	c, err := river.NewClient(e.driver, &river.Config{
		Logger: slog.New(quiet{j.opt.Logger.Handler()}), ID: j.opt.Owner, Workers: workers, Queues: queues,
		FetchCooldown: min(poll, 20*time.Millisecond), FetchPollInterval: poll, PollOnly: true, FetchOnlyKnownKinds: true,
		JobTimeout: time.Hour, RescueStuckJobsAfter: 1000 * time.Hour, // dead workers' jobs are taken over by lease, see lease.go
		CancelledJobRetentionPeriod: parkedKept, DiscardedJobRetentionPeriod: parkedKept,
		SkipUnknownJobCheck: true, Test: river.TestConfig{Time: &j.clock},
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := c.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	e.work = c
	return nil
}

func (e *riverEngine[TTx]) stop(grace time.Duration) error {
	// No lock is held while handlers end: they may enqueue.
	e.mu.Lock()
	c := e.work
	e.work = nil
	e.mu.Unlock()
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

// quiet passes River's warnings and errors on and nothing else.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(n string) slog.Handler      { return quiet{q.Handler.WithGroup(n)} }
