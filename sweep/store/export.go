package store

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// The lines of an export. The first is a header, then repositories, findings and events; numbers of repositories are
// those of the exporting database and only join lines.
type exportLine struct {
	Header     *exportHeader     `json:"rummage_sweep,omitempty"`
	Repository *exportRepository `json:"repository,omitempty"`
	Finding    *exportFinding    `json:"finding,omitempty"`
	Event      *Event            `json:"event,omitempty"`
}

type exportHeader struct {
	Version int    `json:"version"`
	Key     string `json:"key_check"` // the same under the same key
}

const exportVersion = 1

type exportRepository struct {
	ID int64 `json:"id"`
	Listed
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	GoneAt    time.Time `json:"gone_at"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	Names     []string  `json:"names"`
}

type exportFinding struct {
	ID          string       `json:"id"`
	Rule        string       `json:"rule"`
	Kind        string       `json:"kind"`
	Severity    string       `json:"severity"`
	Mask        string       `json:"mask"`
	Length      int          `json:"length,omitempty"`
	Sealed      []byte       `json:"sealed,omitempty"`
	FirstSeen   time.Time    `json:"first_seen"`
	LastSeen    time.Time    `json:"last_seen"`
	GoneAt      time.Time    `json:"gone_at"`
	RegressedAt time.Time    `json:"regressed_at"`
	State       State        `json:"state"`
	Comment     string       `json:"comment,omitempty"`
	Who         string       `json:"who,omitempty"`
	StateAt     time.Time    `json:"state_at"`
	Sightings   []Sighting   `json:"sightings"`
	Occurrences []Occurrence `json:"occurrences"`
}

// Export writes repositories, findings with their places and decisions, and events, a line of JSON each. It is a picture
// of one moment. What is clean, due or to be sent is left out: a sweep finds that again.
func (s *Store) Export(ctx context.Context, w io.Writer) error {
	opts := &sql.TxOptions{ReadOnly: s.d.number}
	if s.d.number {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("store: export: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	bw := bufio.NewWriterSize(w, 64<<10)
	if err := s.export(ctx, conn{s.d, tx}, json.NewEncoder(bw)); err != nil {
		return fmt.Errorf("store: export: %w", err)
	}
	return bw.Flush()
}

func (s *Store) export(ctx context.Context, c conn, enc *json.Encoder) error {
	if err := enc.Encode(exportLine{Header: &exportHeader{exportVersion, s.keyCheck()}}); err != nil {
		return err
	}
	all, err := c.repositories(ctx, "ORDER BY id")
	if err != nil {
		return err
	}
	for i := range all {
		r := &all[i]
		names, err := c.names(ctx, r.ID)
		if err != nil {
			return err
		}
		if err := enc.Encode(exportLine{Repository: &exportRepository{ID: r.ID, Listed: r.Listed, FirstSeen: r.FirstSeen,
			LastSeen: r.LastSeen, GoneAt: r.GoneAt, State: r.State, Reason: r.Reason, Names: names}}); err != nil {
			return err
		}
	}
	err = s.streamFindings(ctx, c, "1 = 1", nil, nil, 0, func(f *Finding) error {
		return enc.Encode(exportLine{Finding: &exportFinding{f.ID, f.Rule, f.Kind, f.Severity, f.Mask, f.Length, f.Sealed, f.FirstSeen,
			f.LastSeen, f.GoneAt, f.RegressedAt, f.State, f.Comment, f.Who, f.StateAt, f.Sightings, f.Occurrences}})
	})
	if err != nil {
		return err
	}
	return c.events(ctx, EventFilter{}, func(e *Event) error { return enc.Encode(exportLine{Event: e}) })
}
