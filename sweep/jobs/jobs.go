// Package jobs runs a sweep's work durably: jobs of named kinds on queues, with retries, parking, leases and fencing, in a
// SQLite file of their own or in PostgreSQL. The engine is River, hidden here so that it may be changed.
//
// It knows nothing of forges, repositories or findings. Error texts are kept in the database (one escaped line): handlers must
// put no content of repositories into them. Panics are kept without their value or trace.
//
// Handle and Every must be called before Work or Until; all else is safe for concurrent use. One Jobs works once at a time.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrLost says that a job's lease has passed to another worker: nothing the handler still does may count.
var ErrLost = errors.New("the job's lease was lost to another worker")

// Options of a Jobs. Zero values have defaults.
type Options struct {
	Logger   *slog.Logger
	Password string        // of PostgreSQL's user, which then need not stand in the address
	Owner    string        // name of this worker in leases; a random suffix makes it unique
	Beat     time.Duration // how often leases are renewed: 12 s
	LeaseTTL time.Duration // a lease not renewed for so long is taken over: 45 s
	Poll     time.Duration // how often the queues are asked: 1 s in Work, at most 20 ms in Until
	Grace    time.Duration // how long running handlers may go on after a stop: 10 s
	// Backoff is how long a failed attempt waits where the kind says nothing: 1 s, 5 s, 25 s ... to an hour.
	Backoff func(attempt int) time.Duration
	// Check is asked now and then whether work may go on; its error ends it. It may be nil.
	Check func() error
	// OnParked is told of each job that is parked. A crash may lose a call or make one twice.
	OnParked func(ctx context.Context, f Failure)
}

// KindOptions say how jobs of one kind are run.
type KindOptions struct {
	Queue       string        // default "default"
	Workers     int           // how many of the queue run at once in this process: 1
	Timeout     time.Duration // 15 minutes
	MaxAttempts int           // 3
	Backoff     func(attempt int) time.Duration
}

// Job is one job as its handler sees it.
type Job[T any] struct {
	ID      int64
	Args    T
	Attempt int
	// Token grows with every run of any job: a store that remembers the highest token of a piece of work can refuse older ones.
	Token int64
	check func(context.Context) error
}

// Check returns ErrLost when the job has been taken over; ask before results are committed.
func (j Job[T]) Check(ctx context.Context) error { return j.check(ctx) }

// EnqueueOptions say where and when a job runs.
type EnqueueOptions struct {
	Queue    string // the kind's queue when empty
	Priority int    // 1 (first) to 4 (last); 0 is 1
	Unique   bool   // not a second time while one of the same kind and arguments is unfinished
	At       time.Time
}

// Failure is a job that was parked.
type Failure struct {
	ID      int64
	Kind    string
	Args    json.RawMessage
	Reason  string
	Attempt int
}

// Count is the number of jobs of a kind in a state.
type Count struct {
	Kind, State string
	N           int
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that no retry can mend: the job is parked at once.
func Permanent(err error) error { return permanent{err} }

type later struct {
	error
	d time.Duration
}

func (l later) Unwrap() error { return l.error }

// Later marks an error that only waiting mends, such as a rate limit: the job runs again after d and no attempt is counted.
func Later(d time.Duration, err error) error { return later{err, d} }

type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// Fatal marks an error after which no job can be done: Work and Until end with it, and the job that it is of is put back.
func Fatal(err error) error { return fatal{err} }

type kind struct {
	KindOptions
	name string
	run  func(ctx context.Context, r run) error
}

type run struct {
	id      int64
	attempt int
	token   int64
	args    []byte
	check   func(context.Context) error
}

type every struct {
	kind             string
	interval, jitter time.Duration
}

// Jobs is an open job database.
type Jobs struct {
	opt    Options
	db     *database
	mu     sync.Mutex
	kinds  map[string]*kind
	queues map[string]int
	every  []every
	pool   *pgxpool.Pool
	file   sqliteFile
	busy   sync.Mutex // held by Work or Until

	hurried  bool          // Until works
	slotPoll time.Duration // how often slots are asked for that others have
	failed   chan error    // what ends the work
	asked    chan struct{} // see Ask
	heldMu   sync.Mutex
	held     map[int64]context.CancelCauseFunc // by token
	slots    map[int64]bool
	freed    map[string]chan struct{} // by a slot's name, for who waits for one here: closed when one becomes free
	promoted time.Time                // see tick
	clock    clock

	eng engine // for inserts; also works while Work or Until run
}

// Handle says how jobs of a kind are done.
func Handle[T any](j *Jobs, name string, o KindOptions, do func(context.Context, Job[T]) error) {
	if o.Queue == "" {
		o.Queue = "default"
	}
	o.Workers = max(o.Workers, 1)
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Minute
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 3
	}
	if o.Backoff == nil {
		o.Backoff = j.opt.Backoff
	}
	k := &kind{KindOptions: o, name: name}
	k.run = func(ctx context.Context, r run) error {
		job := Job[T]{ID: r.id, Attempt: r.attempt, Token: r.token, check: r.check}
		if err := json.Unmarshal(r.args, &job.Args); err != nil {
			return Permanent(fmt.Errorf("the arguments of the %s job cannot be read", name))
		}
		return do(ctx, job)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[name] = k
	j.queues[o.Queue] = max(j.queues[o.Queue], o.Workers)
}

// Every enqueues a job of the kind without arguments again and again; when it is next due is kept in the database.
func (j *Jobs) Every(name string, interval, jitter time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.every = append(j.every, every{name, interval, jitter})
}

// Enqueue adds a job and reports whether it is new: not when it is unique and one such is unfinished.
func (j *Jobs) Enqueue(ctx context.Context, name string, args any, o EnqueueOptions) (int64, bool, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return 0, false, fmt.Errorf("arguments of a %s job: %w", name, err)
	}
	attempts, o := j.defaults(name, o)
	id, fresh, err := j.eng.insert(ctx, rawArgs{name, raw}, attempts, o)
	return id, fresh, oneLine(err)
}

// New is a job to be added.
type New struct {
	Kind string
	Args any
	EnqueueOptions
}

// EnqueueAll adds jobs, all or none, in their order.
func (j *Jobs) EnqueueAll(ctx context.Context, list []New) error {
	if len(list) == 0 {
		return nil
	}
	all := make([]insertion, len(list))
	for i, n := range list {
		raw, err := json.Marshal(n.Args)
		if err != nil {
			return fmt.Errorf("arguments of a %s job: %w", n.Kind, err)
		}
		attempts, o := j.defaults(n.Kind, n.EnqueueOptions)
		all[i] = insertion{rawArgs{n.Kind, raw}, attempts, o}
	}
	return oneLine(j.eng.insertMany(ctx, all))
}

// defaults are what the kind says, as far as it is known here.
func (j *Jobs) defaults(name string, o EnqueueOptions) (attempts int, _ EnqueueOptions) {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := j.kinds[name]
	if k == nil {
		return 3, o
	}
	if o.Queue == "" {
		o.Queue = k.Queue
	}
	return k.MaxAttempts, o
}
