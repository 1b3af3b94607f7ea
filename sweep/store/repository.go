package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Listed is a repository as a forge lists it.
type Listed struct {
	Forge         string    `json:"forge"`     // host, or what else names the forge
	ForgeID       string    `json:"forge_id"`  // the forge's own, which outlives names
	Name          string    `json:"name"`      // "owner/name"
	CloneURL      string    `json:"clone_url"` // without credentials
	WebURL        string    `json:"web_url"`
	Visibility    string    `json:"visibility"` // public, internal, private
	Archived      bool      `json:"archived"`
	Fork          bool      `json:"fork"`
	Network       string    `json:"network"` // what forks of one another have in common
	DefaultBranch string    `json:"default_branch"`
	Size          int64     `json:"size"` // bytes
	PushedAt      time.Time `json:"pushed_at"`
}

// States of a repository.
const (
	RepositoryOK     = "ok"
	RepositoryParked = "parked"
)

// Repository is a repository as the database knows it.
type Repository struct {
	ID int64
	Listed
	FirstSeen  time.Time
	LastSeen   time.Time
	GoneAt     time.Time // zero while it is listed
	NextDue    time.Time
	LastScan   time.Time // last complete one
	LastScanID string
	Ruleset    int // version, of the last complete scan
	State      string
	Reason     string // why it is parked, or what failed last
	Failures   int    // since the last complete scan
}

const repositoryColumns = `id, forge, forge_id, name, clone_url, web_url, visibility, archived, fork, network, default_branch,
	size, pushed_at, first_seen, last_seen, gone_at, next_due, last_scan, last_scan_id, ruleset, state, reason, failures`

func scanRepository(scan func(...any) error) (*Repository, error) {
	var r Repository
	var archived, fork, first, last, due int64
	var pushed, gone, scanned sql.NullInt64
	err := scan(&r.ID, &r.Forge, &r.ForgeID, &r.Name, &r.CloneURL, &r.WebURL, &r.Visibility, &archived, &fork, &r.Network,
		&r.DefaultBranch, &r.Size, &pushed, &first, &last, &gone, &due, &scanned, &r.LastScanID, &r.Ruleset, &r.State,
		&r.Reason, &r.Failures)
	r.Archived, r.Fork = archived != 0, fork != 0
	r.PushedAt, r.GoneAt, r.LastScan = maybe(pushed), maybe(gone), maybe(scanned)
	r.FirstSeen, r.LastSeen, r.NextDue = instant(first), instant(last), instant(due)
	return &r, err
}

func (c conn) repositories(ctx context.Context, where string, args ...any) ([]Repository, error) {
	var out []Repository
	err := c.rows(ctx, "SELECT "+repositoryColumns+" FROM repository "+where, args, func(scan func(...any) error) error {
		r, err := scanRepository(scan)
		if err == nil {
			out = append(out, *r)
		}
		return err
	})
	return out, err
}

func (c conn) repository(ctx context.Context, where string, args ...any) (*Repository, error) {
	found, err := c.repositories(ctx, where, args...)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("repository: %w", ErrNotFound)
	case len(found) > 1:
		return nil, fmt.Errorf("repository %s is on several forges: use its number (%d, %d, …)", found[0].Name, found[0].ID, found[1].ID)
	}
	return &found[0], nil
}

// Repository is the one with that number.
func (s *Store) Repository(ctx context.Context, id int64) (*Repository, error) {
	return s.r().repository(ctx, "WHERE id = ?", id)
}

// FindRepository finds one by its name, "forge/name", its number, or a name it had before, in this order: some are called by
// a number.
func (s *Store) FindRepository(ctx context.Context, name string) (*Repository, error) {
	r, err := s.r().repository(ctx, "WHERE name = ? OR forge || '/' || name = ? ORDER BY id", name, name)
	if id, notNumber := strconv.ParseInt(name, 10, 64); errors.Is(err, ErrNotFound) && notNumber == nil {
		r, err = s.Repository(ctx, id)
	}
	if errors.Is(err, ErrNotFound) {
		r, err = s.r().repository(ctx, "WHERE id IN (SELECT repository FROM repository_name WHERE name = ?) ORDER BY id", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Listed is the repository that a forge knows by an id, as it was listed last.
func (s *Store) Listed(ctx context.Context, forge, id string) (Listed, error) {
	r, err := s.r().repository(ctx, "WHERE forge = ? AND forge_id = ?", forge, id)
	if err != nil {
		return Listed{}, err
	}
	return r.Listed, nil
}

// Repositories lists all, those that are gone too, by name.
func (s *Store) Repositories(ctx context.Context) ([]Repository, error) {
	return s.r().repositories(ctx, "ORDER BY forge, name, id")
}

// Due are the repositories to be searched by now, the one that waits longest first: neither parked nor gone. Zero stands
// for the database's time.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]Repository, error) {
	us := now.UnixMicro()
	if now.IsZero() {
		var err error
		if us, err = s.r().now(ctx); err != nil {
			return nil, err
		}
	}
	return s.r().repositories(ctx, "WHERE next_due <= ? AND state = 'ok' AND gone_at IS NULL ORDER BY next_due, id LIMIT ?", us, limit)
}

// Unchanged says that a repository, in which nothing has changed since its last complete scan, was looked at, and is due
// again after next. The lease must still be held, when given, and ends.
func (s *Store) Unchanged(ctx context.Context, id int64, lease *Lease, next time.Duration) error {
	return s.tx(ctx, false, func(c conn) error {
		if lease != nil {
			if _, err := c.end(ctx, *lease); err != nil {
				return err
			}
		}
		n, err := c.exec(ctx, `UPDATE repository SET last_scan = NOW(), next_due = NOW() + ?, failures = 0,
			reason = CASE WHEN state = 'ok' THEN '' ELSE reason END WHERE id = ? AND last_scan IS NOT NULL`, next.Microseconds(), id)
		if err == nil && n == 0 {
			err = fmt.Errorf("repository: %w", ErrNotFound)
		}
		return err
	})
}

// AllUnchanged is Unchanged of many, which were found to be what they were when they were searched completely with a version
// of the rules. Those of which that is not true any more are left alone.
func (s *Store) AllUnchanged(ctx context.Context, ids []int64, version int, next time.Duration) error {
	return chunks(ids, 500, func(part []int64) error {
		args := []any{next.Microseconds(), version}
		for _, id := range part {
			args = append(args, id)
		}
		_, err := s.w().exec(ctx, `UPDATE repository SET last_scan = NOW(), next_due = NOW() + ? WHERE ruleset = ? AND failures = 0
			AND state = 'ok' AND last_scan IS NOT NULL AND id IN `+list(len(part)), args...)
		return err
	})
}

// SearchedSince says whether a repository was searched completely since then, not only found to be what it was.
func (s *Store) SearchedSince(ctx context.Context, id int64, since time.Time) (bool, error) {
	var n int
	err := s.r().row(ctx, "SELECT count(*) FROM scan WHERE repository = ? AND complete = 1 AND at >= ?", id, since.UnixMicro()).Scan(&n)
	return n > 0, err
}

// Targets are the names of the targets that a repository is in.
func (s *Store) Targets(ctx context.Context, id int64) ([]string, error) {
	var out []string
	err := s.r().rows(ctx, "SELECT target FROM membership WHERE repository = ? ORDER BY target", []any{id}, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		out = append(out, name)
		return err
	})
	return out, err
}

// TargetsOf are the names of the targets that repositories are in.
func (s *Store) TargetsOf(ctx context.Context, ids []int64) (map[int64][]string, error) {
	out := make(map[int64][]string, len(ids))
	err := chunks(ids, 500, func(part []int64) error {
		query := "SELECT repository, target FROM membership WHERE repository IN " + list(len(part)) + " ORDER BY repository, target"
		return s.r().rows(ctx, query, anys(part), func(scan func(...any) error) error {
			var id int64
			var name string
			err := scan(&id, &name)
			out[id] = append(out[id], name)
			return err
		})
	})
	return out, err
}

// RepositoryNow is Repository, with the database's time.
func (s *Store) RepositoryNow(ctx context.Context, id int64) (r *Repository, now time.Time, err error) {
	var us int64
	err = s.r().rows(ctx, "SELECT NOW(), "+repositoryColumns+" FROM repository WHERE id = ?", []any{id}, func(scan func(...any) error) (err error) {
		r, err = scanRepository(func(targets ...any) error { return scan(append([]any{&us}, targets...)...) })
		return err
	})
	if err == nil && r == nil {
		err = fmt.Errorf("repository: %w", ErrNotFound)
	}
	return r, instant(us), err
}

// RepositoriesNow are those of the repositories that there are, in no order, with the database's time.
func (s *Store) RepositoriesNow(ctx context.Context, ids []int64) (list []Repository, now time.Time, err error) {
	var us int64
	err = chunks(ids, 500, func(part []int64) error {
		query := "SELECT NOW(), " + repositoryColumns + " FROM repository WHERE id IN " + marks(1, len(part))
		return s.r().rows(ctx, query, anys(part), func(scan func(...any) error) error {
			r, err := scanRepository(func(targets ...any) error { return scan(append([]any{&us}, targets...)...) })
			if err == nil {
				list = append(list, *r)
			}
			return err
		})
	})
	return list, instant(us), err
}

// FailedDue makes those due at once whose last search failed and that are not parked.
func (s *Store) FailedDue(ctx context.Context) error {
	_, err := s.w().exec(ctx, "UPDATE repository SET next_due = NOW() WHERE failures > 0 AND next_due > NOW() AND state = 'ok' AND gone_at IS NULL")
	return err
}

// Park takes a repository out of the schedule until it is unparked.
func (s *Store) Park(ctx context.Context, id int64, reason, who string) error {
	return s.tx(ctx, true, func(c conn) error { return s.park(ctx, c, id, reason, who) })
}

func (s *Store) park(ctx context.Context, c conn, id int64, reason, who string) error {
	r, err := c.repository(ctx, "WHERE id = ?", id)
	if err != nil || r.State == RepositoryParked {
		return err
	}
	if _, err := c.exec(ctx, "UPDATE repository SET state = 'parked', reason = ? WHERE id = ?", text(reason), id); err != nil {
		return err
	}
	return s.event(ctx, c, Event{Kind: EventPark, Who: who, Repository: r.Name, Detail: detail("reason", reason)})
}

// Unpark takes a repository back: it is due at once.
func (s *Store) Unpark(ctx context.Context, id int64, who string) error {
	return s.tx(ctx, true, func(c conn) error {
		r, err := c.repository(ctx, "WHERE id = ?", id)
		if err != nil || r.State == RepositoryOK {
			return err
		}
		_, err = c.exec(ctx, "UPDATE repository SET state = 'ok', reason = '', failures = 0, next_due = NOW() WHERE id = ?", id)
		if err != nil {
			return err
		}
		return s.event(ctx, c, Event{Kind: EventUnpark, Who: who, Repository: r.Name, Detail: detail("reason", r.Reason)})
	})
}

// Fail counts a failed attempt, after which the repository is due again after next, and parks it with the reason at the
// limit-th in a row.
func (s *Store) Fail(ctx context.Context, id int64, reason string, limit int, next time.Duration) (parked bool, err error) {
	err = s.tx(ctx, true, func(c conn) error {
		parked = false
		var failures int
		err := c.row(ctx, "UPDATE repository SET failures = failures + 1, reason = ?, next_due = NOW() + ? WHERE id = ? RETURNING failures",
			text(reason), next.Microseconds(), id).Scan(&failures)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("repository: %w", ErrNotFound)
		}
		if err != nil || failures < limit {
			return err
		}
		parked = true
		return s.park(ctx, c, id, reason, "")
	})
	return parked, err
}

// Forget removes a repository with all that was found in it. Events stay, and decisions about findings; an open finding
// that was nowhere else is removed. The repository comes back as a new one when it is listed again.
func (s *Store) Forget(ctx context.Context, id int64, who string) error {
	return s.tx(ctx, true, func(c conn) error {
		r, err := c.repository(ctx, "WHERE id = ?"+c.d.locked, id) // a search that settles now ends first
		if err != nil {
			return err
		}
		mine := "SELECT finding FROM sighting WHERE repository = ?"
		elsewhere := "SELECT 1 FROM sighting o WHERE o.finding = finding.id AND o.repository <> ?"
		if _, err := c.exec(ctx, "DELETE FROM finding WHERE state = 'open' AND id IN ("+mine+") AND NOT EXISTS ("+elsewhere+")", id, id); err != nil {
			return err
		}
		_, err = c.exec(ctx, "UPDATE finding SET gone_at = NOW() WHERE gone_at IS NULL AND id IN ("+mine+
			") AND NOT EXISTS ("+elsewhere+" AND o.gone_at IS NULL)", id, id)
		if err != nil {
			return err
		}
		for _, table := range []string{"occurrence", "sighting", "tip", "tip_seen", "membership", "repository_name", "scan", "images_seen"} {
			if _, err := c.exec(ctx, "DELETE FROM "+table+" WHERE repository = ?", id); err != nil {
				return err
			}
		}
		if _, err := c.exec(ctx, "DELETE FROM repository WHERE id = ?", id); err != nil {
			return err
		}
		return s.event(ctx, c, Event{Kind: EventForget, Who: who, Repository: r.Name})
	})
}

// names are the names a repository had, the newest first.
func (c conn) names(ctx context.Context, id int64) ([]string, error) {
	var out []string
	err := c.rows(ctx, "SELECT name FROM repository_name WHERE repository = ? ORDER BY last_seen DESC, first_seen DESC, name",
		[]any{id}, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			out = append(out, name)
			return err
		})
	return out, err
}
