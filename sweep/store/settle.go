package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxPlaces is how many places of a finding are stored for a repository. All are counted.
const MaxPlaces = 1000

// keptScans is how many scans of a repository are remembered, so that a scan that is settled again changes nothing.
const keptScans = 50

// Scan is a search of a repository that ended.
type Scan struct {
	ID       string        // unique to the search; settling it again changes nothing
	Ruleset  int           // version
	Complete bool          // all was read: what was not found is gone
	Tips     []Tip         // what the refs pointed at; saved when complete
	Lease    *Lease        // must still be held, when given, and ends
	Seen     []Seen        // blobs that it found nothing in, as for MarkClean
	Next     time.Duration // when complete, until the repository is due again; 0: that is left alone
	Channels []string
	Held     []string // channels that hear of it by one message with others, see Digest
}

// Change is a finding that is new or has come back.
type Change struct {
	ID       string // Identity
	Rule     string
	Kind     string
	Severity string
	Mask     string
	Was      State // before it came back
}

// Settled says what a scan changed.
type Settled struct {
	New       []Change // were nowhere before
	Regressed []Change
	Gone      []string // Identity of what is nowhere any more
	Added     int      // places that are new to the database
	Removed   int      // places that are gone
	Repeated  bool     // the scan was settled before: nothing was done
}

// Settle reconciles what the database knows of a repository with what a search found, in one transaction. A finding
// comes back when it was nowhere any more, or, revoked, when it stands at a tip in a place with a blob and a commit
// that are not known; what people called false, a test or not to be fixed stays so. A notice of what is new and what
// came back is enqueued for each channel.
func (s *Store) Settle(ctx context.Context, repository int64, scan Scan, found []Found) (*Settled, error) {
	if scan.ID == "" {
		return nil, errors.New("store: a scan without an id")
	}
	var out *Settled
	seen, err := mergeSeen(scan.Seen)
	if err != nil {
		return nil, fmt.Errorf("store: settle: %w", err)
	}
	for len(seen) > seenBatch { // one transaction must not keep others waiting for long
		if err := s.MarkClean(ctx, seen[:seenBatch]); err != nil {
			return nil, err
		}
		seen = seen[seenBatch:]
	}
	err = s.tx(ctx, false, func(c conn) error {
		if err := c.markClean(ctx, seen); err != nil {
			return err
		}
		t := &settling{s: s, c: c, scan: scan, out: &Settled{}}
		out = t.out
		return t.run(ctx, repository, found)
	})
	if err != nil {
		return nil, fmt.Errorf("store: settle: %w", err)
	}
	return out, nil
}

type settling struct {
	s    *Store
	c    conn
	scan Scan
	repo *Repository
	now  int64
	out  *Settled

	findings map[string]*Finding // by Identity, those found and those sighted here
	sighted  map[int64]*sighting // by row of finding
}

type sighting struct {
	finding *Finding
	places  int
	gone    bool
	stored  map[string]*occurrence
	found   bool
}

type occurrence struct {
	id     int64
	goneAt int64 // 0: it is there
	detail string
	reach  int64
}

// placed is a place with its key.
type placed struct {
	*Place
	key string
}

func (t *settling) run(ctx context.Context, repository int64, found []Found) error {
	nothing, err := t.begin(ctx, repository, found)
	if err != nil {
		return err
	}
	if t.repo, err = t.c.repository(ctx, "WHERE id = ?"+t.c.d.locked, repository); err != nil {
		return err
	}
	if t.scan.Lease != nil {
		t.now, err = t.c.end(ctx, *t.scan.Lease)
	} else {
		t.now, err = t.c.now(ctx)
	}
	if err != nil {
		return err
	}
	if done, err := t.record(ctx); err != nil || done {
		t.out.Repeated = done
		return err
	}
	if !nothing {
		if err := t.load(ctx, found); err != nil {
			return err
		}
	}
	for _, f := range merge(t.s, found) {
		if err := t.settle(ctx, f); err != nil {
			return err
		}
	}
	if t.scan.Complete {
		if err := t.remove(ctx); err != nil {
			return err
		}
		if err := t.complete(ctx); err != nil {
			return err
		}
	}
	return t.notify(ctx)
}

// begin reports whether nothing was found and nothing was known: then no finding is touched, nobody need wait for others that
// reconcile, nor for the disk, since a search that a crash of the database takes back is done again.
func (t *settling) begin(ctx context.Context, repository int64, found []Found) (nothing bool, err error) {
	if len(found) == 0 {
		var n int64
		err := t.c.row(ctx, "SELECT CASE WHEN EXISTS (SELECT 1 FROM sighting WHERE repository = ?) THEN 0 WHEN "+t.c.d.unsynced+" THEN 1 ELSE 0 END", repository).Scan(&n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, t.c.serialize(ctx)
}

// record remembers the scan; done when it was settled before.
func (t *settling) record(ctx context.Context) (done bool, err error) {
	var number int64
	err = t.c.row(ctx, `INSERT INTO scan (id, repository, number, at, complete)
		SELECT CAST(? AS TEXT), CAST(? AS BIGINT), COALESCE(max(number), 0) + 1, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM scan WHERE repository = ?
		ON CONFLICT (id) DO UPDATE SET complete = excluded.complete
		WHERE scan.repository = excluded.repository AND scan.complete = 0 AND excluded.complete <> 0 RETURNING number`,
		t.scan.ID, t.repo.ID, t.now, flag(t.scan.Complete), t.repo.ID).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		var of int64
		if err := t.c.row(ctx, "SELECT repository FROM scan WHERE id = ?", t.scan.ID).Scan(&of); err != nil {
			return false, err
		}
		if of != t.repo.ID {
			return false, fmt.Errorf("scan %s is of another repository", t.scan.ID)
		}
		return true, nil
	}
	if err == nil && number > keptScans {
		_, err = t.c.exec(ctx, "DELETE FROM scan WHERE repository = ? AND number <= ?", t.repo.ID, number-keptScans)
	}
	return false, err
}

// load reads what is known: all of the repository, and the findings that were found.
func (t *settling) load(ctx context.Context, found []Found) error {
	t.findings, t.sighted = map[string]*Finding{}, map[int64]*sighting{}
	err := t.c.rows(ctx, "SELECT g.places, g.gone_at, "+findingColumns+" FROM sighting g JOIN finding f ON f.id = g.finding WHERE g.repository = ?",
		[]any{t.repo.ID}, func(scan func(...any) error) error {
			f, g := &Finding{}, &sighting{stored: map[string]*occurrence{}}
			var gone sql.NullInt64
			targets, done := findingTargets(f)
			if err := scan(append([]any{&g.places, &gone}, targets...)...); err != nil {
				return err
			}
			done()
			g.gone, g.finding = gone.Valid, f
			t.findings[f.ID], t.sighted[f.row] = f, g
			return nil
		})
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for i := range found {
		if id := t.s.Identity(found[i].Fingerprint); t.findings[id] == nil {
			ids[id] = true
		}
	}
	err = chunks(sorted(ids), 500, func(part []string) error {
		all, err := t.c.findings(ctx, "WHERE f.hmac IN "+list(len(part)), anys(part)...)
		for _, f := range all {
			t.findings[f.ID] = f
		}
		return err
	})
	if err != nil || len(t.sighted) == 0 {
		return err
	}
	return t.c.rows(ctx, "SELECT id, finding, place, detail, reachable, gone_at FROM occurrence WHERE repository = ?", []any{t.repo.ID}, func(scan func(...any) error) error {
		var o occurrence
		var row int64
		var key string
		var gone sql.NullInt64
		if err := scan(&o.id, &row, &key, &o.detail, &o.reach, &gone); err != nil {
			return err
		}
		o.goneAt = gone.Int64
		g := t.sighted[row]
		if g == nil {
			return fmt.Errorf("occurrence %d belongs to no finding of the repository", o.id)
		}
		g.stored[key] = &o
		return nil
	})
}

// merge puts together what was found twice and orders findings by identity.
func merge(s *Store, found []Found) []*Found {
	by := map[string]*Found{}
	for i := range found {
		f := found[i]
		id := s.Identity(f.Fingerprint)
		if old := by[id]; old != nil {
			counted := max(old.Count, len(old.Places)) + max(f.Count, len(f.Places))
			f.Places = append(slices.Clone(old.Places), f.Places...)
			f.Count = 0
			if counted > len(f.Places) {
				f.Count = counted
			}
		}
		by[id] = &f
	}
	var out []*Found
	for _, id := range sorted(by) {
		out = append(out, by[id])
	}
	return out
}

// settle saves one finding and its places.
func (t *settling) settle(ctx context.Context, f *Found) error {
	if f.Fingerprint == "" || f.Rule == "" {
		return errors.New("a finding without fingerprint or rule")
	}
	id := t.s.Identity(f.Fingerprint)
	places := byKey(f.Places)
	count := max(len(places), f.Count)
	known := t.findings[id]
	isNew := known == nil
	if isNew {
		known = &Finding{ID: id, State: StateOpen}
	}
	back := !isNew && !known.GoneAt.IsZero() && (known.State == StateOpen || known.State == StateRevoked)
	if !isNew && !back && known.State == StateRevoked {
		var err error
		if back, err = t.elsewhere(ctx, known, places); err != nil {
			return err
		}
	}
	if err := t.saveFinding(ctx, known, f); err != nil {
		return err
	}
	g := t.sighted[known.row]
	if g == nil {
		g = &sighting{stored: map[string]*occurrence{}}
		t.sighted[known.row] = g
	}
	g.found, g.finding = true, known
	if err := t.savePlaces(ctx, g, places); err != nil {
		return err
	}
	if !t.scan.Complete {
		count = max(count, g.places) // what was not read may still be there
	}
	if _, err := t.c.exec(ctx, `INSERT INTO sighting (finding, repository, places, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (finding, repository) DO UPDATE SET places = excluded.places, gone_at = NULL,
		last_seen = CASE WHEN excluded.last_seen > sighting.last_seen THEN excluded.last_seen ELSE sighting.last_seen END`,
		known.row, t.repo.ID, count, t.now, t.now); err != nil {
		return err
	}
	change := Change{ID: id, Rule: known.Rule, Kind: known.Kind, Severity: known.Severity, Mask: known.Mask}
	switch {
	case isNew:
		t.out.New = append(t.out.New, change)
	case back:
		change.Was = known.State
		t.out.Regressed = append(t.out.Regressed, change)
		return t.reopen(ctx, known)
	}
	return nil
}

func byKey(all []Place) []placed {
	seen := make(map[string]bool, len(all))
	out := make([]placed, 0, len(all))
	for i := range all {
		p := placed{&all[i], all[i].key()}
		if !seen[p.key] {
			seen[p.key] = true
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b placed) int { return order(&a, &b) })
	return out
}

// elsewhere: a place is at a tip whose blob and commit no stored place of the finding has, in any repository. Where some
// places are not stored nobody can tell.
func (t *settling) elsewhere(ctx context.Context, f *Finding, places []placed) (bool, error) {
	known := map[string]bool{}
	err := t.c.rows(ctx, "SELECT blob, introduced_id FROM occurrence WHERE finding = ?", []any{f.row}, func(scan func(...any) error) error {
		var blob, commit string
		err := scan(&blob, &commit)
		known[blob], known[commit] = true, true
		return err
	})
	if err != nil {
		return false, err
	}
	var most int64
	if err := t.c.row(ctx, "SELECT COALESCE(max(places), 0) FROM sighting WHERE finding = ?", f.row).Scan(&most); err != nil || most > MaxPlaces {
		return false, err
	}
	for _, p := range places {
		commit := ""
		if p.Introduced != nil {
			commit = p.Introduced.ID
		}
		fresh := (p.Blob != "" || commit != "") && (p.Blob == "" || !known[text(p.Blob)]) && (commit == "" || !known[text(commit)])
		if fresh && len(p.AtTip) > 0 {
			return true, nil
		}
	}
	return false, nil
}

func (t *settling) saveFinding(ctx context.Context, known *Finding, f *Found) error {
	known.Rule, known.Kind, known.Severity, known.Mask, known.Length = text(f.Rule), text(f.Kind), text(f.Severity), text(f.Mask), f.Length
	var sealed any
	if f.Sealed != nil {
		sealed = f.Sealed
	}
	known.GoneAt = instant(0)
	return t.c.row(ctx, `INSERT INTO finding (hmac, rule, kind, severity, mask, length, sealed, first_seen, last_seen)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hmac) DO UPDATE SET rule = excluded.rule, kind = excluded.kind,
		severity = excluded.severity, mask = excluded.mask, length = excluded.length, gone_at = NULL,
		sealed = COALESCE(excluded.sealed, finding.sealed),
		last_seen = CASE WHEN excluded.last_seen > finding.last_seen THEN excluded.last_seen ELSE finding.last_seen END
		RETURNING id`, known.ID, known.Rule, known.Kind, known.Severity, known.Mask, known.Length, sealed, t.now, t.now).Scan(&known.row)
}

func (t *settling) reopen(ctx context.Context, f *Finding) error {
	at := t.now
	if !f.StateAt.IsZero() {
		at = max(at, f.StateAt.UnixMicro())
	}
	stateAt := any(at)
	if f.State == StateOpen {
		stateAt = micros(f.StateAt)
	}
	if _, err := t.c.exec(ctx, "UPDATE finding SET state = 'open', regressed_at = ?, state_at = ? WHERE id = ?", at, stateAt, f.row); err != nil {
		return err
	}
	return t.s.event(ctx, t.c, Event{Kind: EventRegression, Finding: f.ID, Repository: t.repo.Name, Detail: detail("was", f.State, "scan", t.scan.ID)})
}

// complete ends a complete scan.
func (t *settling) complete(ctx context.Context) error {
	if err := t.c.saveTips(ctx, t.repo.ID, t.scan.Tips, t.now, !t.repo.LastScan.IsZero()); err != nil {
		return err
	}
	due := t.repo.NextDue.UnixMicro()
	if t.scan.Next > 0 {
		due = t.now + t.scan.Next.Microseconds()
	}
	_, err := t.c.exec(ctx, "UPDATE repository SET last_scan = ?, last_scan_id = ?, ruleset = ?, next_due = ?, failures = 0, reason = CASE WHEN state = 'ok' THEN '' ELSE reason END WHERE id = ?",
		t.now, t.scan.ID, t.scan.Ruleset, due, t.repo.ID)
	return err
}

func (t *settling) notify(ctx context.Context) error {
	if len(t.out.New)+len(t.out.Regressed) == 0 {
		return nil
	}
	n := Notice{Repository: t.repo.ID, Name: t.repo.Name, Scan: t.scan.ID}
	for _, c := range t.out.New {
		n.New = append(n.New, c.ID)
	}
	for _, c := range t.out.Regressed {
		n.Regressed = append(n.Regressed, c.ID)
	}
	payload, err := json.Marshal(n)
	if err != nil {
		return err
	}
	for state, channels := range map[string][]string{"pending": t.scan.Channels, "held": t.scan.Held} {
		for _, channel := range channels {
			// A scan that is settled in part first, then in whole, has two notices.
			dedup := fmt.Sprintf("%s %s %v", channel, t.scan.ID, t.scan.Complete)
			if err := t.c.enqueue(ctx, channel, dedup, state, payload); err != nil {
				return err
			}
		}
	}
	return nil
}
