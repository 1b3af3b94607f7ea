package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is what people decided about a finding, by GitHub's names.
type State string

// States of a finding.
const (
	StateOpen          State = "open"
	StateRevoked       State = "revoked"
	StateFalsePositive State = "false_positive"
	StateUsedInTests   State = "used_in_tests"
	StateWontFix       State = "wont_fix"
)

// States are all of them.
func States() []State {
	return []State{StateOpen, StateRevoked, StateFalsePositive, StateUsedInTests, StateWontFix}
}

// Valid: there is such a state.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Commit is a commit as a place tells it.
type Commit struct {
	ID      string    `json:"commit"`
	Author  string    `json:"author"`
	Email   string    `json:"email"`
	Date    time.Time `json:"date"`
	Subject string    `json:"subject"`
}

// Place is where a finding stands in a repository. Path, Blob, lines and columns, Introduced's ID, Image and Note say
// which place it is; the rest may change.
type Place struct {
	Path       string          `json:"path"`
	Blob       string          `json:"blob,omitempty"`
	Line       int             `json:"line"`
	Column     int             `json:"column"`
	EndLine    int             `json:"end_line"`
	EndColumn  int             `json:"end_column"`
	Introduced *Commit         `json:"introduced,omitempty"`
	Removed    *Commit         `json:"removed,omitempty"`
	AtTip      []string        `json:"at_tip,omitempty"`
	Reachable  bool            `json:"reachable"`
	Note       string          `json:"note,omitempty"`
	Context    string          `json:"context,omitempty"`
	Tags       []string        `json:"tags,omitempty"`
	Remedy     string          `json:"remedy,omitempty"`
	ImageKey   string          `json:"image_key,omitempty"` // tells places of images apart
	Image      json.RawMessage `json:"image,omitempty"`
}

// placeKey is the length of a key, in hexadecimal digits.
const placeKey = 24

// key names the place among those of its finding in its repository.
func (p *Place) key() string {
	commit := ""
	if p.Introduced != nil {
		commit = p.Introduced.ID
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d %d %d %d", p.Path, p.Blob, commit, p.Note, p.ImageKey, p.Line, p.Column, p.EndLine, p.EndColumn))
	return hex.EncodeToString(sum[:placeKey/2])
}

// rest is what the columns of an occurrence do not hold.
func (p *Place) rest() (string, error) {
	q := *p
	q.Path, q.Blob, q.Line, q.Column, q.EndLine, q.EndColumn, q.Reachable = "", "", 0, 0, 0, 0, false
	b, err := json.Marshal(&q)
	return text(string(b)), err
}

// Found is a finding of a search. Secrets are masked in every field.
type Found struct {
	Fingerprint string // is not stored
	Rule        string
	Kind        string // secret, exposure
	Severity    string
	Mask        string
	Length      int    // of the secret, in bytes; 0 where it is not told
	Sealed      []byte // the secret, encrypted to who may see it; nil keeps what is there
	Places      []Place
	Count       int // of places, where Places does not hold all
}

// Finding is a finding as the database knows it.
type Finding struct {
	ID          string // Identity
	Rule        string
	Kind        string
	Severity    string
	Mask        string
	Length      int
	Sealed      []byte
	FirstSeen   time.Time
	LastSeen    time.Time
	GoneAt      time.Time // since when it is nowhere
	RegressedAt time.Time // when it came back last
	State       State
	Comment     string
	Who         string
	StateAt     time.Time
	Occurrences []Occurrence
	Sightings   []Sighting // the repositories of it, with how many places each has
	row         int64
}

// Sighting says in how many places of a repository a finding was at last.
type Sighting struct {
	Repository int64     `json:"repository"`
	Places     int       `json:"places"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
	GoneAt     time.Time `json:"gone_at"`
}

// Occurrence is a place of a finding in a repository.
type Occurrence struct {
	Repository int64  `json:"repository"`
	Key        string `json:"key"` // of the place, within finding and repository
	Place
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	GoneAt    time.Time `json:"gone_at"`
}

const findingColumns = `f.id, f.hmac, f.rule, f.kind, f.severity, f.mask, f.length, f.sealed, f.first_seen, f.last_seen, f.gone_at,
	f.regressed_at, f.state, f.comment, f.who, f.state_at`

func findingTargets(f *Finding) (targets []any, done func()) {
	var first, last int64
	var gone, regressed, state sql.NullInt64
	return []any{&f.row, &f.ID, &f.Rule, &f.Kind, &f.Severity, &f.Mask, &f.Length, &f.Sealed, &first, &last, &gone, &regressed,
			&f.State, &f.Comment, &f.Who, &state}, func() {
			f.FirstSeen, f.LastSeen, f.GoneAt, f.RegressedAt, f.StateAt = instant(first), instant(last), maybe(gone), maybe(regressed), maybe(state)
		}
}

func (c conn) findings(ctx context.Context, where string, args ...any) ([]*Finding, error) {
	var out []*Finding
	err := c.rows(ctx, "SELECT "+findingColumns+" FROM finding f "+where, args, func(scan func(...any) error) error {
		f := &Finding{}
		targets, done := findingTargets(f)
		if err := scan(targets...); err != nil {
			return err
		}
		done()
		out = append(out, f)
		return nil
	})
	return out, err
}

// Finding is the one that id names: an Identity, a unique prefix of one with 12 digits at least, or a fingerprint.
func (s *Store) Finding(ctx context.Context, id string) (*Finding, error) {
	f, err := s.find(ctx, s.r(), id)
	if err != nil {
		return nil, err
	}
	err = s.streamFindings(ctx, s.r(), "f.id = ?", []any{f.row}, nil, 0, func(g *Finding) error { f = g; return nil })
	return f, err
}

// minPrefix is how many digits of an Identity name a finding.
const minPrefix = 12

func (s *Store) find(ctx context.Context, c conn, id string) (*Finding, error) {
	found, err := c.findings(ctx, "WHERE f.hmac = ? OR f.hmac = ?", id, s.Identity(id))
	if err != nil || len(found) > 0 {
		return first(found), err
	}
	if len(id) < minPrefix || len(id) > sha256.Size*2 || strings.Trim(id, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("finding %.70q: %w (a fingerprint, or %d digits of one that findings show)", id, ErrNotFound, minPrefix)
	}
	// "g" comes after the last digit.
	found, err = c.findings(ctx, "WHERE f.hmac >= ? AND f.hmac < ? ORDER BY f.hmac LIMIT 2", id, id+"g")
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("finding %.70q: %w", id, ErrNotFound)
	case len(found) > 1:
		return nil, fmt.Errorf("finding %.70q: several begin so: give more digits", id)
	}
	return found[0], nil
}

func first[T any](all []*T) *T {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// order is how places are chosen when there are more than are stored: those at tips first, then those that are reachable.
func order(a, b *placed) int {
	rank := func(p *placed) int {
		switch {
		case len(p.AtTip) > 0:
			return 0
		case p.Reachable:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.key, b.key))
}
