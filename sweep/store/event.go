package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Kinds of events. Those of hooks begin with EventHook.
const (
	EventTriage     = "triage"
	EventRegression = "regression"
	EventGone       = "gone" // a finding is nowhere any more
	EventPark       = "park"
	EventUnpark     = "unpark"
	EventForget     = "forget"
	EventRetire     = "retire" // of a target
	EventRuleset    = "ruleset"
	EventStart      = "sweep-start"
	EventEnd        = "sweep-end"
	EventHook       = "hook-"
)

// Event is an entry of the log, to which entries are only added. The database refuses anything else.
type Event struct {
	ID         int64           `json:"-"`
	UID        string          `json:"uid"` // made by Log when empty; an event whose UID is known is not logged again
	At         time.Time       `json:"at"`  // the database's time when zero
	Kind       string          `json:"kind"`
	Who        string          `json:"who,omitempty"`
	Finding    string          `json:"finding,omitempty"`    // Identity
	Repository string          `json:"repository,omitempty"` // its name at that time
	Detail     json.RawMessage `json:"detail,omitempty"`     // an object
}

// detail is an object of names and values in turn.
func detail(pairs ...any) json.RawMessage {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return b
}

// Log appends an event.
func (s *Store) Log(ctx context.Context, e Event) error {
	return s.event(ctx, s.w(), e)
}

func (s *Store) event(ctx context.Context, c conn, e Event) error {
	_, err := s.addEvent(ctx, c, e)
	return err
}

func (s *Store) addEvent(ctx context.Context, c conn, e Event) (added bool, err error) {
	if e.UID == "" {
		var b [16]byte
		if _, err := rand.Read(b[:]); err != nil {
			return false, err
		}
		e.UID = hex.EncodeToString(b[:])
	}
	if len(e.Detail) == 0 {
		e.Detail = json.RawMessage(`{}`)
	}
	at := "?"
	args := []any{text(e.UID), text(e.Kind), text(e.Who), text(e.Finding), text(e.Repository), text(string(e.Detail))}
	if e.At.IsZero() {
		at = "NOW()"
	} else {
		args = append(args, e.At.UnixMicro())
	}
	n, err := c.exec(ctx, "INSERT INTO event (uid, kind, who, finding, repository, detail, at) VALUES (?, ?, ?, ?, ?, ?, "+at+
		") ON CONFLICT (uid) DO NOTHING", args...)
	return n > 0, err
}

// EventFilter chooses events; what is empty chooses all.
type EventFilter struct {
	Kind    string
	Finding string // Identity
	Since   time.Time
	After   int64 // ID
	Limit   int
}

// Events calls each for the events in the order in which they were logged.
func (s *Store) Events(ctx context.Context, f EventFilter, each func(*Event) error) error {
	return s.r().events(ctx, f, each)
}

func (c conn) events(ctx context.Context, f EventFilter, each func(*Event) error) error {
	where, args := "id > ?", []any{f.After}
	and := func(term string, arg any) { where, args = where+" AND "+term, append(args, arg) }
	if f.Kind != "" {
		and("kind = ?", f.Kind)
	}
	if f.Finding != "" {
		and("finding = ?", f.Finding)
	}
	if !f.Since.IsZero() {
		and("at >= ?", f.Since.UnixMicro())
	}
	limit := ""
	if f.Limit > 0 {
		limit, args = " LIMIT ?", append(args, f.Limit)
	}
	return c.rows(ctx, "SELECT id, uid, at, kind, who, finding, repository, detail FROM event WHERE "+where+" ORDER BY id"+limit, args,
		func(scan func(...any) error) error {
			var e Event
			var at int64
			var detail string
			if err := scan(&e.ID, &e.UID, &at, &e.Kind, &e.Who, &e.Finding, &e.Repository, &detail); err != nil {
				return err
			}
			e.At, e.Detail = instant(at), json.RawMessage(detail)
			return each(&e)
		})
}
