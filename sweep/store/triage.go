package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Triage decides about a finding, see Finding for what names it. The same decision again changes nothing.
func (s *Store) Triage(ctx context.Context, id string, state State, reason, who string) (*Finding, error) {
	if !state.Valid() {
		return nil, fmt.Errorf("store: no state is called %.40q: use one of %v", string(state), States())
	}
	var f *Finding
	err := s.tx(ctx, true, func(c conn) error {
		var err error
		if f, err = s.find(ctx, c, id); err != nil {
			return err
		}
		reason, who := text(reason), text(who)
		if f.State == state && f.Comment == reason && f.Who == who {
			return nil
		}
		now, err := c.now(ctx)
		if err != nil {
			return err
		}
		if !f.StateAt.IsZero() {
			now = max(now, f.StateAt.UnixMicro()) // the clock may have gone back
		}
		if _, err := c.exec(ctx, "UPDATE finding SET state = ?, comment = ?, who = ?, state_at = ? WHERE id = ?", string(state), reason, who, now, f.row); err != nil {
			return err
		}
		from := f.State
		f.State, f.Comment, f.Who, f.StateAt = state, reason, who, instant(now)
		return s.event(ctx, c, Event{Kind: EventTriage, Who: who, Finding: f.ID, Detail: detail("from", from, "to", state, "reason", reason)})
	})
	return f, err
}

// Decided is what was decided about the finding with that fingerprint, if it is known: its state, by whom and why.
func (s *Store) Decided(ctx context.Context, fingerprint string) (f Finding, found bool, err error) {
	err = s.r().row(ctx, "SELECT state, who, comment FROM finding WHERE hmac = ?", s.Identity(fingerprint)).Scan(&f.State, &f.Who, &f.Comment)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	return f, err == nil, err
}

// Known is the state of the finding with that fingerprint, if it is known.
func (s *Store) Known(ctx context.Context, fingerprint string) (state State, found bool, err error) {
	err = s.r().row(ctx, "SELECT state FROM finding WHERE hmac = ?", s.Identity(fingerprint)).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return state, err == nil, err
}
