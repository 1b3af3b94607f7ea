package sweep

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"rummage/detect"
	"rummage/sweep/store"
)

// Sweeper is the database of a configuration, and what searches a repository for it.
type Sweeper struct {
	config   *Config
	store    *store.Store
	rules    *detect.Ruleset
	sources  map[string]source // by target
	password string
	slice    time.Duration
	look     Looker
	detect   func() *detect.Detector // of the rules

	known known // blobs
	alike alike

	mu      sync.Mutex
	version int // of the rules; 0: not asked for yet
}

// Open opens the database of a configuration. Rules are needed to search, and may be nil otherwise.
func Open(ctx context.Context, c *Config, rules *detect.Ruleset) (*Sweeper, error) {
	key, err := c.Key.Read(ctx, os.Getenv)
	if err != nil {
		return nil, err
	}
	s := &Sweeper{config: c, rules: rules, slice: slice, sources: map[string]source{}}
	s.detect = sync.OnceValue(func() *detect.Detector { return detect.New(rules) })
	for i := range c.Targets {
		t := &c.Targets[i]
		if s.sources[t.Name], err = sourceOf(t, s.network); err != nil {
			return nil, err
		}
	}
	var options []store.Option
	if rules != nil { // what a search writes down can be found again
		options = append(options, store.Relaxed())
	}
	switch password, err := c.Password.Read(ctx, os.Getenv); {
	case err == nil:
		s.password = string(password)
		options = append(options, store.WithPassword(s.password))
	case !errors.Is(err, ErrNoCredential):
		return nil, err
	}
	s.store, err = store.Open(ctx, c.Database, key, options...)
	return s, err
}

// Close closes the database.
func (s *Sweeper) Close() error { return s.store.Close() }

// Store is the database.
func (s *Sweeper) Store() *store.Store { return s.store }

// network is the fork network of a repository that was listed before.
func (s *Sweeper) network(forge, id string) (string, bool) {
	r, err := s.store.Listed(context.Background(), forge, id)
	return r.Network, err == nil && r.Network != ""
}
