package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Tip is what a ref points at.
type Tip struct {
	Ref string `json:"ref"`
	ID  string `json:"id"` // hexadecimal
}

// Tips are those of the last complete scan, by ref.
func (s *Store) Tips(ctx context.Context, repository int64) ([]Tip, error) {
	var out []Tip
	err := s.r().rows(ctx, "SELECT ref, id FROM tip WHERE repository = ?", []any{repository},
		func(scan func(...any) error) error {
			var t Tip
			err := scan(&t.Ref, &t.ID)
			out = append(out, t)
			return err
		})
	byRef(out)
	return out, err
}

// byRef sorts by the bytes of names: a database sorts as its language does.
func byRef(tips []Tip) {
	slices.SortFunc(tips, func(a, b Tip) int { return strings.Compare(a.Ref, b.Ref) })
}

// TipsOf are those of several repositories. One without refs has none, and is there.
func (s *Store) TipsOf(ctx context.Context, repositories []int64) (map[int64][]Tip, error) {
	out := make(map[int64][]Tip, len(repositories))
	err := chunks(repositories, 500, func(part []int64) error {
		args := make([]any, len(part))
		for i, id := range part {
			args[i], out[id] = id, nil
		}
		return s.r().rows(ctx, "SELECT repository, ref, id FROM tip WHERE repository IN "+list(len(part)), args,
			func(scan func(...any) error) error {
				var id int64
				var t Tip
				err := scan(&id, &t.Ref, &t.ID)
				out[id] = append(out[id], t)
				return err
			})
	})
	for _, tips := range out {
		byRef(tips)
	}
	return out, err
}

// OldTips are ids that refs pointed at in some scan and that none points at now, the last seen first: a forge may still
// have what was pushed away.
func (s *Store) OldTips(ctx context.Context, repository int64, limit int) ([]string, error) {
	var out []string
	err := s.r().rows(ctx, `SELECT id FROM tip_seen WHERE repository = ? AND NOT EXISTS
			(SELECT 1 FROM tip WHERE tip.repository = tip_seen.repository AND tip.id = tip_seen.id)
		ORDER BY last_seen DESC, id LIMIT ?`, []any{repository, limit},
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			out = append(out, id)
			return err
		})
	return out, err
}

// DropTip forgets an id that the forge no longer has.
func (s *Store) DropTip(ctx context.Context, repository int64, id string) error {
	_, err := s.w().exec(ctx, "DELETE FROM tip_seen WHERE repository = ? AND id = ?", repository, id)
	return err
}

// saveTips replaces the tips, of which the repository had some, and remembers their ids.
func (c conn) saveTips(ctx context.Context, repository int64, tips []Tip, now int64, had bool) error {
	if had {
		if _, err := c.exec(ctx, "DELETE FROM tip WHERE repository = ?", repository); err != nil {
			return err
		}
	}
	byName, seen := make(map[string]string, len(tips)), map[string]bool{}
	for _, t := range tips {
		if !isHex(t.ID) {
			return fmt.Errorf("the tip of %q is no object id", t.Ref)
		}
		byName[text(t.Ref)], seen[t.ID] = t.ID, true
	}
	names := texts(sorted(byName))
	ids := make(texts, len(names))
	for i, name := range names {
		ids[i] = byName[name]
	}
	if err := c.insert(ctx, "tip (repository, ref, id)", "", repeated(repository, len(names)), names, ids); err != nil {
		return err
	}
	ids = sorted(seen)
	times := repeated(now, len(ids))
	return c.insert(ctx, "tip_seen (repository, id, first_seen, last_seen)", `ON CONFLICT (repository, id) DO UPDATE SET last_seen = excluded.last_seen
		WHERE excluded.last_seen > tip_seen.last_seen`, repeated(repository, len(ids)), ids, times, times)
}

// isHex: an object id in hexadecimal, of SHA-1 or SHA-256.
func isHex(id string) bool {
	if len(id) != 40 && len(id) != 64 {
		return false
	}
	for i := 0; i < len(id); i++ {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
