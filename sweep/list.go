package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rummage/report"
	"rummage/sweep/forge"
	"rummage/sweep/store"
)

// listBatch is how many repositories are saved at a time: as many as a statement has of SQLite.
const listBatch = 256

// list saves the repositories of a target. Only what was seen whole makes others gone.
func (s *Sweeper) list(ctx context.Context, t *Target) error {
	l, err := s.store.StartListing(ctx, t.Name)
	if err != nil {
		return err
	}
	unread, err := s.listInto(ctx, l, s.sources[t.Name])
	if err == nil {
		err = unread
	}
	if ctx.Err() != nil { // which says nothing about the target
		return ctx.Err()
	}
	if err != nil {
		return errors.Join(err, l.Fail(ctx, err.Error()))
	}
	_, err = l.Complete(ctx)
	return err
}

// listInto saves what a source lists, while it goes on listing.
func (s *Sweeper) listInto(ctx context.Context, l *store.Listing, from source) (unread, err error) {
	var batch []store.Listed
	var saving chan error // the batch before
	saved := func() (err error) {
		if saving != nil {
			err, saving = <-saving, nil
		}
		return err
	}
	flush := func() error {
		if err := saved(); err != nil || len(batch) == 0 {
			return err
		}
		full, done := batch, make(chan error, 1)
		batch, saving = nil, done
		go func() {
			_, err := l.Add(ctx, full)
			done <- err
		}()
		return nil
	}
	unread, err = from.list(ctx, func(r store.Listed) error {
		if batch = append(batch, r); len(batch) >= listBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return unread, cmp.Or(saved(), err)
}

// listAll lists the targets whose turn it is by the time since their last complete listing. What cannot be listed is counted.
func (w *Worker) listAll(ctx context.Context, turn func(t *Target, since time.Duration) bool) error {
	listed, err := w.store.Listings(ctx)
	if err != nil {
		return err
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	last := map[string]time.Time{}
	for _, t := range listed {
		last[t.Name] = t.Listed
	}
	for _, note := range w.config.strays(listed) {
		w.note(note)
	}
	for i := range w.config.Targets {
		t := &w.config.Targets[i]
		if !turn(t, now.Sub(last[t.Name])) {
			continue
		}
		err := w.listOnce(ctx, t, now)
		w.listed(t, err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrUnwritable):
			return err
		case err != nil:
			w.o.Logger.Error("target not listed", "target", t.Name, "reason", report.Escape(err.Error()))
			w.count(func(s *Summary) { s.Errors = append(s.Errors, fmt.Errorf("target %s: %w", t.Name, err)) })
		default:
			w.count(func(s *Summary) { s.Listed++ })
			if s, ok := w.sources[t.Name].(interface{ notes(target string) []string }); ok {
				for _, note := range s.notes(t.Name) {
					w.note(note)
				}
			}
		}
	}
	return nil
}

// listOnce lists a target, which a sweep that runs once does alone: another that was at it meanwhile has done it for both.
func (w *Worker) listOnce(ctx context.Context, t *Target, began time.Time) error {
	if !w.once {
		return w.list(ctx, t)
	}
	release, err := w.jobs.Acquire(ctx, listJob+"/"+t.Name, 1)
	if err != nil {
		return err
	}
	defer release()
	targets, err := w.store.Listings(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(targets, func(l store.Target) bool { return l.Name == t.Name && !l.Listed.Before(began) }) {
		return nil
	}
	return w.list(ctx, t)
}

// note tells something once, which is no failure.
func (w *Worker) note(text string) {
	w.count(func(s *Summary) {
		if !slices.Contains(s.Notes, text) {
			s.Notes = append(s.Notes, text)
			w.o.Logger.Info("note", "text", text)
		}
	})
}

// unlisted is a target that could not be listed whole.
type unlisted struct {
	times int
	next  time.Time // by this machine's clock
}

// listed remembers how the listing of a target ended.
func (w *Worker) listed(t *Target, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.unlisted, t.Name)
		return
	}
	times := w.unlisted[t.Name].times + 1
	next := time.Now().Add(min(time.Minute<<min(times-1, 10), w.config.List))
	var limit *forge.RateLimit
	if errors.As(err, &limit) && limit.Until.After(next) {
		next = limit.Until
	}
	w.unlisted[t.Name] = unlisted{times, next}
}

// toList: it is a target's turn in a sweep that keeps going. One that could not be listed has it sooner, but not at once: a part
// that is never seen would have all of it listed all the time.
func (w *Worker) toList(t *Target, since time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return since >= w.config.List && !time.Now().Before(w.unlisted[t.Name].next)
}
