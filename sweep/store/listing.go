package store

import (
	"context"
	"errors"
)

// Listing is a run through a target, which is what the configuration names: an organisation of a forge, a folder, a list.
type Listing struct {
	s      *Store
	target string
	number int64
}

// StartListing begins to list a target.
func (s *Store) StartListing(ctx context.Context, target string) (*Listing, error) {
	l := &Listing{s: s, target: target}
	err := s.tx(ctx, false, func(c conn) error {
		return c.row(ctx, "INSERT INTO target (name, listing) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET listing = target.listing + 1 RETURNING listing",
			target).Scan(&l.number)
	})
	return l, err
}

// Add saves repositories of the target. One that is known by its forge's id keeps its number, whatever else has changed.
// A new one is due at once. They are returned as they are then, in the order given.
func (l *Listing) Add(ctx context.Context, listed []Listed) ([]Repository, error) {
	type key struct{ forge, id string }
	last := map[key]int{} // what comes twice is saved as it came last
	for i, r := range listed {
		if r.Forge == "" || r.ForgeID == "" || r.Name == "" {
			return nil, errors.New("a repository was listed without forge, id or name")
		}
		last[key{text(r.Forge), text(r.ForgeID)}] = i
	}
	var once []*Listed
	forges := map[string]texts{}
	for i := range listed {
		if k := (key{text(listed[i].Forge), text(listed[i].ForgeID)}); last[k] == i {
			once, forges[k.forge] = append(once, &listed[i]), append(forges[k.forge], k.id)
		}
	}
	out := make([]Repository, len(listed))
	err := l.s.tx(ctx, true, func(c conn) error {
		now, err := c.now(ctx)
		if err != nil {
			return err
		}
		if err := c.saveListed(ctx, once, now); err != nil {
			return err
		}
		saved := map[key]Repository{}
		var ids, numbers ints
		var names texts
		for _, forge := range sorted(forges) {
			err := chunks(forges[forge], 500, func(part []string) error {
				found, err := c.repositories(ctx, "WHERE forge = ? AND forge_id IN "+list(len(part)), append([]any{forge}, anys(part)...)...)
				for _, r := range found {
					saved[key{r.Forge, r.ForgeID}] = r
					ids, names, numbers = append(ids, r.ID), append(names, r.Name), append(numbers, l.number)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		for i := range listed {
			out[i] = saved[key{text(listed[i].Forge), text(listed[i].ForgeID)}]
		}
		times := repeated(now, len(ids))
		if err := c.insert(ctx, "repository_name (repository, name, first_seen, last_seen)", `ON CONFLICT (repository, name)
			DO UPDATE SET last_seen = excluded.last_seen WHERE excluded.last_seen > repository_name.last_seen`, ids, names, times, times); err != nil {
			return err
		}
		targets := make(texts, len(ids))
		for i := range targets {
			targets[i] = l.target
		}
		return c.insert(ctx, "membership (target, repository, listing)", `ON CONFLICT (target, repository)
			DO UPDATE SET listing = excluded.listing WHERE excluded.listing > membership.listing`, targets, ids, numbers)
	})
	return out, err
}

// saveListed saves repositories of which none comes twice.
func (c conn) saveListed(ctx context.Context, all []*Listed, now int64) error {
	var forge, id, name, clone, web, visibility, network, branch texts
	var archived, fork, size ints
	var pushed maybes
	for _, r := range all {
		forge, id, name = append(forge, text(r.Forge)), append(id, text(r.ForgeID)), append(name, text(r.Name))
		clone, web, visibility = append(clone, text(r.CloneURL)), append(web, text(r.WebURL)), append(visibility, text(r.Visibility))
		network, branch = append(network, text(r.Network)), append(branch, text(r.DefaultBranch))
		archived, fork, size = append(archived, flag(r.Archived)), append(fork, flag(r.Fork)), append(size, r.Size)
		var at *int64
		if us := r.PushedAt.UnixMicro(); !r.PushedAt.IsZero() {
			at = &us
		}
		pushed = append(pushed, at)
	}
	times := repeated(now, len(all))
	return c.insert(ctx, `repository (forge, forge_id, name, clone_url, web_url, visibility, archived, fork, network,
			default_branch, size, pushed_at, first_seen, last_seen, next_due)`, `ON CONFLICT (forge, forge_id) DO UPDATE SET
			name = excluded.name, clone_url = excluded.clone_url,
			web_url = excluded.web_url, visibility = excluded.visibility, archived = excluded.archived, fork = excluded.fork,
			network = excluded.network, default_branch = excluded.default_branch, size = excluded.size,
			pushed_at = excluded.pushed_at, gone_at = NULL,
			last_seen = CASE WHEN excluded.last_seen > repository.last_seen THEN excluded.last_seen ELSE repository.last_seen END`,
		forge, id, name, clone, web, visibility, archived, fork, network, branch, size, pushed, times, times, times)
}

// Complete ends a listing that saw all there is: what it did not see has left the target, and what is in no target any
// more is gone. Its findings are kept. The repositories that went are returned.
func (l *Listing) Complete(ctx context.Context) (gone []Repository, err error) {
	err = l.s.tx(ctx, true, func(c conn) error {
		if _, err := c.exec(ctx, "DELETE FROM membership WHERE target = ? AND listing < ?", l.target, l.number); err != nil {
			return err
		}
		_, err := c.exec(ctx, "UPDATE target SET complete = ?, listed = NOW(), reason = '' WHERE name = ? AND complete < ?", l.number, l.target, l.number)
		if err != nil {
			return err
		}
		gone, err = c.leave(ctx)
		return err
	})
	return gone, err
}

// Fail ends a listing that did not see all: nothing is gone.
func (l *Listing) Fail(ctx context.Context, reason string) error {
	_, err := l.s.w().exec(ctx, "UPDATE target SET reason = ? WHERE name = ? AND complete < ?", text(reason), l.target, l.number)
	return err
}

// Retire forgets a target that no configuration has any more: what is in no other is gone.
func (s *Store) Retire(ctx context.Context, target, who string) (gone []Repository, err error) {
	err = s.tx(ctx, true, func(c conn) error {
		n, err := c.exec(ctx, "DELETE FROM target WHERE name = ?", target)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, "DELETE FROM membership WHERE target = ?", target); err != nil {
			return err
		}
		if gone, err = c.leave(ctx); err != nil {
			return err
		}
		return s.event(ctx, c, Event{Kind: EventRetire, Who: who, Detail: detail("target", target, "gone", len(gone))})
	})
	return gone, err
}

// Members are the repositories of targets.
func (s *Store) Members(ctx context.Context, targets []string) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := chunks(targets, 500, func(part []string) error {
		return s.r().rows(ctx, "SELECT repository FROM membership WHERE target IN "+list(len(part)), anys(part), func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			out[id] = true
			return err
		})
	})
	return out, err
}

// leave marks the repositories that no target lists.
func (c conn) leave(ctx context.Context) ([]Repository, error) {
	where := "WHERE gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.repository = repository.id)"
	gone, err := c.repositories(ctx, where+" ORDER BY id")
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	now, err := c.now(ctx)
	if err != nil {
		return nil, err
	}
	_, err = c.exec(ctx, "UPDATE repository SET gone_at = ? "+where, now)
	for i := range gone {
		gone[i].GoneAt = instant(now)
	}
	return gone, err
}
