package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Imported counts what an import read.
type Imported struct {
	Repositories, Findings, Events int
}

// Import reads what Export wrote, from a database with the same key, in one transaction: all of it or nothing. What is
// here already is merged: the earliest first and the latest last time, the later decision. The same import again changes
// nothing.
func (s *Store) Import(ctx context.Context, r io.Reader) (*Imported, error) {
	var out *Imported
	// Not begun anew, as the reader is read once.
	err := s.tryTx(ctx, true, func(c conn) error {
		now, err := c.now(ctx)
		if err != nil {
			return err
		}
		im := &importing{s: s, c: c, now: now, repositories: map[int64]int64{}, out: &Imported{}}
		out = im.out
		if err := lines(r, false, func(number int, line []byte) error {
			if err := im.line(ctx, line); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			return nil
		}); err != nil {
			return err
		}
		if !im.header {
			return errors.New("it is empty")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: import: %w", err)
	}
	return out, nil
}

type importing struct {
	s            *Store
	c            conn
	now          int64
	header       bool
	repositories map[int64]int64 // number there to number here
	out          *Imported
}

func (im *importing) line(ctx context.Context, raw []byte) error {
	var l exportLine
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return errors.New("not a line of an export")
	}
	if !im.header {
		switch {
		case l.Header == nil || l.Header.Version < 1:
			return errors.New("the header of an export is expected")
		case l.Header.Version > exportVersion:
			return ErrNewer
		case l.Header.Key != im.s.keyCheck():
			return ErrKey
		}
		im.header = true
		return nil
	}
	switch {
	case l.Repository != nil:
		im.out.Repositories++
		return im.repository(ctx, l.Repository)
	case l.Finding != nil:
		im.out.Findings++
		return im.finding(ctx, l.Finding)
	case l.Event != nil:
		im.out.Events++
		return im.event(ctx, l.Event)
	}
	return errors.New("a line without repository, finding or event")
}

func (im *importing) event(ctx context.Context, e *Event) error {
	if e.UID == "" || e.Kind == "" || e.At.IsZero() || !storable(e.At) || !jsonObject(e.Detail) {
		return errors.New("an event without uid, kind, time or detail")
	}
	return im.s.event(ctx, im.c, *e)
}

// jsonObject: PostgreSQL and SQLite hold it as text, readers expect an object.
func jsonObject(raw json.RawMessage) bool {
	var m map[string]json.RawMessage
	return len(raw) == 0 || json.Unmarshal(raw, &m) == nil && m != nil
}

func (im *importing) repository(ctx context.Context, r *exportRepository) error {
	if r.Forge == "" || r.ForgeID == "" || r.Name == "" || !storable(r.FirstSeen) || !storable(r.LastSeen) || !storable(r.GoneAt) || !storable(r.PushedAt) {
		return errors.New("a repository without forge, id, name or with times out of range")
	}
	if r.State != RepositoryOK && r.State != RepositoryParked {
		return fmt.Errorf("a repository in no known state")
	}
	var id int64
	first, last := r.FirstSeen.UnixMicro(), r.LastSeen.UnixMicro()
	// One that is here already is as it is here.
	err := im.c.row(ctx, `INSERT INTO repository (forge, forge_id, name, clone_url, web_url, visibility, archived, fork, network,
			default_branch, size, pushed_at, first_seen, last_seen, gone_at, next_due, state, reason)
		VALUES `+list(18)+` ON CONFLICT (forge, forge_id) DO UPDATE SET
			first_seen = CASE WHEN excluded.first_seen < repository.first_seen THEN excluded.first_seen ELSE repository.first_seen END
		RETURNING id`, text(r.Forge), text(r.ForgeID), text(r.Name), text(r.CloneURL), text(r.WebURL), text(r.Visibility), flag(r.Archived),
		flag(r.Fork), text(r.Network), text(r.DefaultBranch), r.Size, micros(r.PushedAt), first, last, micros(r.GoneAt), im.now, r.State,
		text(r.Reason)).Scan(&id)
	if err != nil {
		return err
	}
	im.repositories[r.ID] = id
	for _, name := range r.Names {
		if _, err := im.c.exec(ctx, "INSERT INTO repository_name (repository, name, first_seen, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT (repository, name) DO NOTHING",
			id, text(name), first, last); err != nil {
			return err
		}
	}
	return nil
}

func (f *exportFinding) check() error {
	switch {
	case len(f.ID) != 64 || strings.Trim(f.ID, "0123456789abcdef") != "":
		return errors.New("a finding without its identity")
	case f.Rule == "" || !f.State.Valid():
		return fmt.Errorf("finding %s: no rule or no known state", f.ID)
	case len(f.Occurrences) > 0 && len(f.Sightings) == 0:
		return fmt.Errorf("finding %s: places without a repository", f.ID)
	}
	times := []time.Time{f.FirstSeen, f.LastSeen, f.GoneAt, f.RegressedAt, f.StateAt}
	for _, g := range f.Sightings {
		times = append(times, g.FirstSeen, g.LastSeen, g.GoneAt)
	}
	for _, o := range f.Occurrences {
		times = append(times, o.FirstSeen, o.LastSeen, o.GoneAt)
	}
	for _, t := range times {
		if !storable(t) {
			return fmt.Errorf("finding %s: a time out of range", f.ID)
		}
	}
	return nil
}

func (im *importing) finding(ctx context.Context, f *exportFinding) error {
	if err := f.check(); err != nil {
		return err
	}
	row, err := im.saveFinding(ctx, f)
	if err != nil {
		return err
	}
	room := map[int64]int{}
	for _, g := range f.Sightings {
		repository, ok := im.repositories[g.Repository]
		if !ok {
			return fmt.Errorf("finding %s: repository %d comes in no line before", f.ID, g.Repository)
		}
		var have int
		if err := im.c.row(ctx, "SELECT count(*) FROM occurrence WHERE finding = ? AND repository = ?", row, repository).Scan(&have); err != nil {
			return err
		}
		room[g.Repository] = MaxPlaces - have
		if _, err := im.c.exec(ctx, `INSERT INTO sighting (finding, repository, places, first_seen, last_seen, gone_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (finding, repository) DO UPDATE SET
			first_seen = CASE WHEN excluded.first_seen < sighting.first_seen THEN excluded.first_seen ELSE sighting.first_seen END`,
			row, repository, g.Places, g.FirstSeen.UnixMicro(), g.LastSeen.UnixMicro(), micros(g.GoneAt)); err != nil {
			return err
		}
	}
	for i := range f.Occurrences {
		o := &f.Occurrences[i]
		left, ok := room[o.Repository]
		if !ok || len(o.Key) != placeKey || strings.Trim(o.Key, "0123456789abcdef") != "" {
			return fmt.Errorf("finding %s: a place without a key, or in a repository that it is not in", f.ID)
		}
		if left <= 0 {
			continue
		}
		p := placed{&o.Place, o.Key}
		args, err := p.row(row, im.repositories[o.Repository], o.FirstSeen.UnixMicro(), o.LastSeen.UnixMicro(), micros(o.GoneAt))
		if err != nil {
			return fmt.Errorf("finding %s: a place that is no JSON", f.ID)
		}
		n, err := im.c.exec(ctx, insertPlaces+marks(1, placeRow)+" ON CONFLICT (finding, repository, place) DO NOTHING", args...)
		if err != nil {
			return err
		}
		room[o.Repository] -= int(n)
	}
	// What the merge made of all sightings.
	_, err = im.c.exec(ctx, `UPDATE finding SET gone_at = NULL WHERE id = ? AND EXISTS
		(SELECT 1 FROM sighting WHERE sighting.finding = finding.id AND sighting.gone_at IS NULL)`, row)
	return err
}

func (im *importing) saveFinding(ctx context.Context, f *exportFinding) (row int64, err error) {
	first, last := f.FirstSeen.UnixMicro(), f.LastSeen.UnixMicro()
	var sealed any
	if f.Sealed != nil {
		sealed = f.Sealed
	}
	old, err := im.c.findings(ctx, "WHERE f.hmac = ?", f.ID)
	if err != nil {
		return 0, err
	}
	if len(old) == 0 {
		err := im.c.row(ctx, `INSERT INTO finding (hmac, rule, kind, severity, mask, length, sealed, first_seen, last_seen, gone_at,
				regressed_at, state, comment, who, state_at) VALUES `+list(15)+" RETURNING id",
			f.ID, text(f.Rule), text(f.Kind), text(f.Severity), text(f.Mask), f.Length, sealed, first, last, micros(f.GoneAt),
			micros(f.RegressedAt), string(f.State), text(f.Comment), text(f.Who), micros(f.StateAt)).Scan(&row)
		return row, err
	}
	have := old[0]
	if f.StateAt.After(have.StateAt) {
		have.State, have.Comment, have.Who, have.StateAt = f.State, text(f.Comment), text(f.Who), f.StateAt
	}
	if f.RegressedAt.After(have.RegressedAt) {
		have.RegressedAt = f.RegressedAt
	}
	_, err = im.c.exec(ctx, `UPDATE finding SET first_seen = ?, last_seen = ?, sealed = COALESCE(sealed, ?), regressed_at = ?, state = ?,
		comment = ?, who = ?, state_at = ? WHERE id = ?`, min(first, have.FirstSeen.UnixMicro()), max(last, have.LastSeen.UnixMicro()),
		sealed, micros(have.RegressedAt), string(have.State), have.Comment, have.Who, micros(have.StateAt), have.row)
	return have.row, err
}
