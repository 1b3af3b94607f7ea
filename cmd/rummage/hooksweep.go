package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"rummage/hook"
	"rummage/sweep"
	"rummage/sweep/store"
)

// sweepDecisions asks the database of a sweep, read-only, which is opened when it is first asked.
func sweepDecisions(s *hook.Sweep) hook.Decisions {
	if s == nil {
		return nil
	}
	return func(ctx context.Context, fingerprints []string) (map[string]hook.Decision, error) {
		c := &sweep.Config{Database: s.Database, Key: sweep.Credential{Variable: sweep.KeyVariable, File: s.KeyFile},
			Password: sweep.Credential{Variable: sweep.PasswordVariable}}
		if s.Config != "" {
			var err error
			if c, err = sweep.ReadConfig(s.Config); err != nil {
				return nil, err
			}
		}
		db, err := openReadOnly(ctx, c)
		if err != nil {
			return nil, err
		}
		defer db.Close()
		by := map[string]hook.Decision{}
		for _, fingerprint := range fingerprints {
			f, known, err := db.Decided(ctx, fingerprint)
			if err != nil {
				return nil, err
			}
			if known {
				by[fingerprint] = hook.Decision{State: string(f.State), Who: f.Who, Reason: f.Comment}
			}
		}
		return by, nil
	}
}

// openReadOnly opens the database of a sweep's configuration.
func openReadOnly(ctx context.Context, c *sweep.Config) (*store.Store, error) {
	key, err := c.Key.Read(ctx, os.Getenv)
	if err != nil {
		return nil, err
	}
	options := []store.Option{store.ReadOnly()}
	switch password, err := c.Password.Read(ctx, os.Getenv); {
	case err == nil:
		options = append(options, store.WithPassword(string(password)))
	case !errors.Is(err, sweep.ErrNoCredential):
		return nil, err
	}
	return store.Open(ctx, c.Database, key, options...)
}

// hookLog takes over the log of a hook.
func (c *sweepImportCmd) hookLog(a *app) error {
	return c.with(a, func(s *store.Store) error {
		file, err := os.Open(c.HookLog)
		if err != nil {
			return err
		}
		defer file.Close()
		added, err := s.ImportHookEvents(a.ctx, file)
		if err != nil {
			return fmt.Errorf("%s: %w", c.HookLog, err)
		}
		_, err = fmt.Fprintf(a.stdout, "%s new\n", plural(added, "event is", "events are"))
		return err
	})
}
