package sweep

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// counted is a source of so many repositories, of which one may be none and after which something may fail.
type counted struct {
	n, bad int
	fails  error
}

func (c counted) list(_ context.Context, visit func(store.Listed) error) (unread, err error) {
	for i := range c.n {
		r := store.Listed{Forge: "forge", ForgeID: fmt.Sprint(i), Name: fmt.Sprint("name", i)}
		if i == c.bad {
			r.Name = "" // which the store refuses
		}
		if err := visit(r); err != nil {
			return err, nil // as the sources of forges do
		}
	}
	return c.fails, nil
}

func (counted) request(*store.Repository) mirror.Request { return mirror.Request{} }

// TestListFails: what a source lists is saved a batch at a time while it goes on. Whichever batch cannot be saved, the listing is not
// complete, and nothing is gone that it does not have.
func TestListFails(t *testing.T) {
	failed := errors.New("the forge is away")
	for name, c := range map[string]struct {
		counted
		gone, all int // -1: it is an error
	}{
		"whole":                            {counted{700, -1, nil}, 0, 700},
		"fewer":                            {counted{100, -1, nil}, 600, 700},
		"as many as a batch":               {counted{listBatch, -1, nil}, 700 - listBatch, 700},
		"the last, in a part of a batch":   {counted{300, 299, nil}, -1, 700},
		"the last, in a full batch":        {counted{2 * listBatch, 2*listBatch - 1, nil}, -1, 700},
		"in the only batch":                {counted{listBatch, 3, nil}, -1, 700},
		"in the first batch of three":      {counted{600, 1, nil}, -1, 700},
		"in the second batch of three":     {counted{600, 300, nil}, -1, 700},
		"the source, in a part of a batch": {counted{10, -1, failed}, -1, 700},
		"the source, after a batch":        {counted{listBatch, -1, failed}, -1, 700},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s := open(t, filepath.Join(t.TempDir(), "sweep.db"), t.TempDir(), parseRules(t, markRules))
			target := &s.config.Targets[0]
			s.sources[target.Name] = counted{n: 700, bad: -1}
			if err := s.list(ctx, target); err != nil {
				t.Fatal(err)
			}
			s.sources[target.Name] = c.counted
			err := s.list(ctx, target)
			if (err != nil) != (c.gone < 0) {
				t.Errorf("%v", err)
			}
			list, err := s.store.Repositories(ctx)
			if err != nil {
				t.Fatal(err)
			}
			gone := 0
			for i := range list {
				if !list[i].GoneAt.IsZero() {
					gone++
				}
			}
			if gone != max(c.gone, 0) || len(list) != c.all {
				t.Errorf("%d of %d are gone", gone, len(list))
			}
		})
	}
}
