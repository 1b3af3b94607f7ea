package sweep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/sourcegraph/conc/pool"

	"rummage/detect"
	"rummage/sweep/store"
)

// Sweeper sweeps what a configuration names.
type Sweeper struct {
	config *Config
	store  *store.Store
	rules  *detect.Ruleset
	all    bool
}

// Open opens the database of a configuration. Rules are needed to search, and may be nil otherwise.
func Open(ctx context.Context, c *Config, rules *detect.Ruleset) (*Sweeper, error) {
	key, err := c.Key.Read(ctx, os.Getenv)
	if err != nil {
		return nil, err
	}
	var options []store.Option
	switch password, err := c.Password.Read(ctx, os.Getenv); {
	case err == nil:
		options = append(options, store.WithPassword(string(password)))
	case !errors.Is(err, ErrNoCredential):
		return nil, err
	}
	s, err := store.Open(ctx, c.Database, key, options...)
	if err != nil {
		return nil, err
	}
	return &Sweeper{config: c, store: s, rules: rules}, nil
}

// Close closes the database.
func (s *Sweeper) Close() error { return s.store.Close() }

// Store is the database.
func (s *Sweeper) Store() *store.Store { return s.store }

// Everything has repositories searched that are not due, and those of which no ref has changed.
func (s *Sweeper) Everything() { s.all = true }

// maxFailures is after how many failures in a row a repository is parked.
const maxFailures = 3

// Outcome is what became of a repository in a sweep.
type Outcome struct {
	Repository store.Repository
	Err        error // of one line
	Parked     bool
}

// Summary counts what a sweep did.
type Summary struct {
	Listed   int // targets that were seen whole
	Searched int
	Failed   int
	Parked   int
	Unlisted []error // targets that were not
}

// maxDue is how many repositories one sweep takes on at a time.
const maxDue = 1_000_000

// Run lists the targets and has each repository that is due searched by search, so many at a time, which is to call Search
// in a process of its own. told hears of each, one at a time. The error is for what ends the sweep.
func (s *Sweeper) Run(ctx context.Context, jobs int, search func(ctx context.Context, r store.Repository) error, told func(Outcome)) (*Summary, error) {
	started := time.Now()
	if err := s.store.Log(ctx, store.Event{Kind: store.EventStart}); err != nil {
		return nil, err
	}
	sum := &Summary{}
	if err := s.listAll(ctx, sum); err != nil {
		return nil, err
	}
	due, err := s.due(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	p := pool.New().WithContext(ctx).WithCancelOnError().WithMaxGoroutines(max(jobs, 1))
	for _, r := range due {
		p.Go(func(ctx context.Context) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			o, err := s.one(ctx, r, search)
			mu.Lock()
			defer mu.Unlock()
			if sum.Searched++; o.Err != nil {
				sum.Failed++
			}
			if o.Parked {
				sum.Parked++
			}
			told(o)
			return err
		})
	}
	if err := p.Wait(); err != nil {
		return sum, err
	}
	detail := fmt.Appendf(nil, `{"searched":%d,"failed":%d,"seconds":%.3f}`, sum.Searched, sum.Failed, time.Since(started).Seconds())
	return sum, s.store.Log(ctx, store.Event{Kind: store.EventEnd, Detail: detail})
}

func (s *Sweeper) listAll(ctx context.Context, sum *Summary) error {
	var names []string
	for _, t := range s.config.Targets {
		names = append(names, t.Name)
	}
	if _, err := s.store.KeepTargets(ctx, names); err != nil {
		return err
	}
	for _, t := range s.config.Targets {
		err := s.list(ctx, t)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			sum.Unlisted = append(sum.Unlisted, fmt.Errorf("target %s: %w", t.Name, err))
		default:
			sum.Listed++
		}
	}
	return nil
}

func (s *Sweeper) due(ctx context.Context) ([]store.Repository, error) {
	if !s.all {
		return s.store.Due(ctx, time.Time{}, maxDue)
	}
	list, err := s.store.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	due := list[:0]
	for _, r := range list {
		if r.GoneAt.IsZero() && r.State == store.RepositoryOK {
			due = append(due, r)
		}
	}
	return due, nil
}

// leaseTime is how long a search may be silent before another process may take its repository.
const leaseTime = 45 * time.Second

// one has a repository searched, unless another process is at it, and writes down how that ended.
func (s *Sweeper) one(ctx context.Context, r store.Repository, search func(context.Context, store.Repository) error) (Outcome, error) {
	o := Outcome{Repository: r}
	lease, ok, err := s.store.Acquire(ctx, fmt.Sprintf("repository/%d", r.ID), rand.Text(), leaseTime)
	if err != nil || !ok {
		return o, err
	}
	limited, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	stop := s.keep(limited, cancel, lease)
	o.Err = search(limited, r)
	stop()
	if ctx.Err() != nil { // it is due still
		return o, errors.Join(ctx.Err(), s.store.Release(context.WithoutCancel(ctx), lease))
	}
	if o.Err == nil {
		return o, errors.Join(s.store.SetNextDue(ctx, r.ID, time.Now().Add(s.config.Every)), s.store.Release(ctx, lease))
	}
	if limited.Err() != nil {
		o.Err = fmt.Errorf("not searched within %s", s.config.Timeout)
	}
	if o.Parked, err = s.store.Fail(ctx, r.ID, o.Err.Error(), maxFailures); err != nil {
		return o, err
	}
	return o, s.store.Release(ctx, lease)
}

// keep renews a lease until it is stopped, and cancels the search when the lease is lost.
func (s *Sweeper) keep(ctx context.Context, cancel func(), lease store.Lease) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(leaseTime / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := s.store.Renew(ctx, lease, leaseTime); errors.Is(err, store.ErrFenced) {
					cancel()
					return
				}
			}
		}
	}()
	return func() {
		end()
		<-done
	}
}
