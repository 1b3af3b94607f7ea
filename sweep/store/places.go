package store

import (
	"cmp"
	"context"
	"slices"
)

const placeRow = 15

// savePlaces reconciles the places of one finding in the repository. What is stored stays stored while it is found, so
// that the choice among too many does not change from scan to scan.
func (t *settling) savePlaces(ctx context.Context, g *sighting, places []placed) error {
	var still []int64
	var fresh []placed
	found := make(map[string]bool, len(places))
	for _, p := range places {
		found[p.key] = true
		o := g.stored[p.key]
		if o == nil {
			fresh = append(fresh, p)
			continue
		}
		detail, err := p.rest()
		if err != nil {
			return err
		}
		if o.goneAt == 0 && o.detail == detail && o.reach == flag(p.Reachable) {
			still = append(still, o.id)
			continue
		}
		if o.goneAt != 0 {
			t.out.Added++
		}
		if _, err := t.c.exec(ctx, "UPDATE occurrence SET detail = ?, reachable = ?, gone_at = NULL, last_seen = CASE WHEN last_seen < ? THEN ? ELSE last_seen END WHERE id = ?",
			detail, flag(p.Reachable), t.now, t.now, o.id); err != nil {
			return err
		}
		o.goneAt = 0
	}
	err := chunks(still, 500, func(part []int64) error {
		_, err := t.c.exec(ctx, "UPDATE occurrence SET last_seen = ? WHERE last_seen < ? AND id IN "+list(len(part)),
			append([]any{t.now, t.now}, anys(part)...)...)
		return err
	})
	if err != nil {
		return err
	}
	if t.scan.Complete {
		if err := t.lose(ctx, g, found); err != nil {
			return err
		}
	}
	return t.addPlaces(ctx, g, fresh)
}

// lose marks the stored places that were not found; found nil: none was.
func (t *settling) lose(ctx context.Context, g *sighting, found map[string]bool) error {
	var lost []int64
	for key, o := range g.stored {
		if o.goneAt == 0 && !found[key] {
			o.goneAt = t.now
			lost = append(lost, o.id)
		}
	}
	slices.Sort(lost)
	t.out.Removed += len(lost)
	return chunks(lost, 500, func(part []int64) error {
		_, err := t.c.exec(ctx, "UPDATE occurrence SET gone_at = ?, reachable = 0 WHERE id IN "+list(len(part)), append([]any{t.now}, anys(part)...)...)
		return err
	})
}

// addPlaces stores new places, up to MaxPlaces together with those that are there; places that are gone make room, the
// oldest first.
func (t *settling) addPlaces(ctx context.Context, g *sighting, fresh []placed) error {
	type gone struct {
		key string
		*occurrence
	}
	var old []gone
	for key, o := range g.stored {
		if o.goneAt != 0 {
			old = append(old, gone{key, o})
		}
	}
	fresh = fresh[:min(len(fresh), max(0, MaxPlaces-(len(g.stored)-len(old))))]
	if over := len(g.stored) + len(fresh) - MaxPlaces; over > 0 {
		slices.SortFunc(old, func(a, b gone) int { return cmp.Or(cmp.Compare(a.goneAt, b.goneAt), cmp.Compare(a.key, b.key)) })
		var ids []int64
		for _, o := range old[:min(over, len(old))] {
			ids = append(ids, o.id)
			delete(g.stored, o.key)
		}
		err := chunks(ids, 500, func(part []int64) error {
			_, err := t.c.exec(ctx, "DELETE FROM occurrence WHERE id IN "+list(len(part)), anys(part)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	t.out.Added += len(fresh)
	return chunks(fresh, 100, func(part []placed) error {
		var args []any
		for _, p := range part {
			row, err := p.row(g.finding.row, t.repo.ID, t.now, t.now, nil)
			if err != nil {
				return err
			}
			args = append(args, row...)
		}
		_, err := t.c.exec(ctx, insertPlaces+marks(len(part), placeRow), args...)
		return err
	})
}

const insertPlaces = `INSERT INTO occurrence (finding, repository, place, path, blob, line, col, end_line, end_col, introduced_id,
	reachable, detail, first_seen, last_seen, gone_at) VALUES `

func (p *placed) row(finding, repository, first, last int64, gone any) ([]any, error) {
	detail, err := p.rest()
	commit := ""
	if p.Introduced != nil {
		commit = p.Introduced.ID
	}
	return []any{finding, repository, p.key, text(p.Path), text(p.Blob), p.Line, p.Column, p.EndLine, p.EndColumn, text(commit),
		flag(p.Reachable), detail, first, last, gone}, err
}

// remove marks the findings of the repository that were not found in it; what is in no other is gone.
func (t *settling) remove(ctx context.Context) error {
	var lost []*sighting
	for _, g := range t.sighted {
		if !g.found && !g.gone {
			lost = append(lost, g)
		}
	}
	slices.SortFunc(lost, func(a, b *sighting) int { return cmp.Compare(a.finding.ID, b.finding.ID) })
	for _, g := range lost {
		if err := t.lose(ctx, g, nil); err != nil {
			return err
		}
		if _, err := t.c.exec(ctx, "UPDATE sighting SET gone_at = ? WHERE finding = ? AND repository = ?", t.now, g.finding.row, t.repo.ID); err != nil {
			return err
		}
		n, err := t.c.exec(ctx, `UPDATE finding SET gone_at = ? WHERE id = ? AND gone_at IS NULL AND NOT EXISTS
			(SELECT 1 FROM sighting WHERE sighting.finding = finding.id AND sighting.gone_at IS NULL)`, t.now, g.finding.row)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		t.out.Gone = append(t.out.Gone, g.finding.ID)
		if err := t.s.event(ctx, t.c, Event{Kind: EventGone, Finding: g.finding.ID, Repository: t.repo.Name, Detail: detail("scan", t.scan.ID)}); err != nil {
			return err
		}
	}
	return nil
}
