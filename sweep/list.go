package sweep

import (
	"context"
	"errors"

	"rummage/sweep/store"
)

// listBatch is how many repositories are saved at a time.
const listBatch = 500

// list saves the repositories of a target. Only what was seen whole makes others gone.
func (s *Sweeper) list(ctx context.Context, t *Target) error {
	l, err := s.store.StartListing(ctx, t.Name)
	if err != nil {
		return err
	}
	var batch []store.Listed
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := l.Add(ctx, batch)
		batch = batch[:0]
		return err
	}
	unread, err := s.sources[t.Name].list(ctx, func(r store.Listed) error {
		if batch = append(batch, r); len(batch) >= listBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = unread
	}
	if err != nil {
		return errors.Join(err, l.Fail(context.WithoutCancel(ctx), err.Error()))
	}
	_, err = l.Complete(ctx)
	return err
}
