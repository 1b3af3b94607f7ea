package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
)

// Filter chooses findings; what is empty chooses all. Repository and Path choose occurrences too.
type Filter struct {
	States       []State
	Severities   []string
	Rules        []string
	Kinds        []string
	Repositories []string  // globs over names, as path.Match has them; "owner/**" is all below
	Repository   int64     // of this one alone; 0: of all
	Path         string    // glob over paths, the same
	Since        time.Time // first seen or come back since then
	New          bool      // with Since: only first seen
	Regressed    bool      // only what came back, since Since
	Gone         bool      // also what is nowhere any more, and places that are gone
	MaxPlaces    int       // occurrences given for a finding; 0 = all
}

// Findings calls each for the findings chosen, in the order in which they were first found, as they are read.
func (s *Store) Findings(ctx context.Context, f Filter, each func(*Finding) error) error {
	where, args, err := f.where()
	if err != nil {
		return err
	}
	keep, err := s.placeFilter(ctx, &f)
	if err != nil {
		return err
	}
	return s.streamFindings(ctx, s.r(), where, args, keep, f.MaxPlaces, each)
}

func (f *Filter) where() (string, []any, error) {
	terms, args := []string{"1 = 1"}, []any{}
	in := func(column string, values []any) {
		if len(values) > 0 {
			terms, args = append(terms, column+" IN "+list(len(values))), append(args, values...)
		}
	}
	var states []any
	for _, st := range f.States {
		if !st.Valid() {
			return "", nil, fmt.Errorf("store: no state is called %.40q: use one of %v", string(st), States())
		}
		states = append(states, string(st))
	}
	in("f.state", states)
	in("f.severity", anys(f.Severities))
	in("f.rule", anys(f.Rules))
	in("f.kind", anys(f.Kinds))
	if !f.Gone {
		terms = append(terms, "f.gone_at IS NULL")
	}
	since := f.Since.UnixMicro()
	switch {
	case f.Regressed && f.Since.IsZero():
		terms = append(terms, "f.regressed_at IS NOT NULL")
	case f.Regressed:
		terms, args = append(terms, "f.regressed_at >= ?"), append(args, since)
	case f.Since.IsZero():
	case f.New:
		terms, args = append(terms, "f.first_seen >= ?"), append(args, since)
	default:
		terms, args = append(terms, "(f.first_seen >= ? OR f.regressed_at >= ?)"), append(args, since, since)
	}
	return strings.Join(terms, " AND "), args, nil
}

// placeFilter is nil when every finding is chosen, with or without places.
func (s *Store) placeFilter(ctx context.Context, f *Filter) (*places, error) {
	p := &places{path: f.Path, gone: f.Gone}
	if err := checkGlob(f.Path); err != nil {
		return nil, err
	}
	if f.Repository != 0 {
		p.repositories = map[int64]bool{f.Repository: true}
		return p, nil
	}
	if len(f.Repositories) == 0 {
		return p, nil
	}
	p.repositories = map[int64]bool{}
	all, err := s.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	for _, pattern := range f.Repositories {
		if err := checkGlob(pattern); err != nil {
			return nil, err
		}
		for i := range all {
			if r := &all[i]; glob(pattern, r.Name) || glob(pattern, r.Forge+"/"+r.Name) {
				p.repositories[r.ID] = true
			}
		}
	}
	return p, nil
}

type places struct {
	repositories map[int64]bool // nil: all
	path         string
	gone         bool
}

func (p *places) chooses() bool { return p != nil && (p.repositories != nil || p.path != "") }

func (p *places) keep(o *Occurrence) bool {
	return p == nil || (p.repositories == nil || p.repositories[o.Repository]) && (p.path == "" || glob(p.path, o.Path)) &&
		(p.gone || o.GoneAt.IsZero())
}

func checkGlob(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("store: the pattern %.100q is malformed", pattern)
	}
	return nil
}

// glob is path.Match where "**" stands for any number of elements.
func glob(pattern, name string) bool {
	return globParts(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func globParts(pattern, name []string) bool {
	// reach[i]: the pattern so far matches the first i elements.
	reach := make([]bool, len(name)+1)
	reach[0] = true
	for _, p := range pattern {
		next := make([]bool, len(name)+1)
		for i := range reach {
			switch {
			case p == "**":
				next[i] = reach[i] || i > 0 && next[i-1]
			case i > 0 && reach[i-1]:
				next[i], _ = path.Match(p, name[i-1])
			}
		}
		reach = next
	}
	return reach[len(name)]
}

// page is how many findings are read at a time, with all their places.
const page = 50

// streamFindings reads findings page by page, so that no statement is open while each runs.
func (s *Store) streamFindings(ctx context.Context, c conn, where string, args []any, keep *places, most int, each func(*Finding) error) error {
	for after := int64(0); ; {
		all, err := c.findings(ctx, "WHERE "+where+" AND f.id > ? ORDER BY f.id LIMIT ?", append(args[:len(args):len(args)], after, page)...)
		if err != nil || len(all) == 0 {
			return err
		}
		if err := c.fill(ctx, all, keep, most); err != nil {
			return err
		}
		for _, f := range all {
			if keep.chooses() && len(f.Occurrences) == 0 {
				continue
			}
			if err := each(f); err != nil {
				return err
			}
		}
		after = all[len(all)-1].row
	}
}

// fill reads the places and repositories of findings.
func (c conn) fill(ctx context.Context, all []*Finding, keep *places, most int) error {
	by, rows := map[int64]*Finding{}, make([]any, 0, len(all))
	for _, f := range all {
		by[f.row] = f
		rows = append(rows, f.row)
	}
	err := c.rows(ctx, `SELECT finding, repository, place, path, blob, line, col, end_line, end_col, reachable, detail, first_seen,
		last_seen, gone_at FROM occurrence WHERE finding IN `+list(len(rows))+" ORDER BY finding, id", rows, func(scan func(...any) error) error {
		row, o, err := scanOccurrence(scan)
		if err != nil {
			return err
		}
		if f := by[row]; keep.keep(o) && (most <= 0 || len(f.Occurrences) < most) {
			f.Occurrences = append(f.Occurrences, *o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.rows(ctx, "SELECT finding, repository, places, first_seen, last_seen, gone_at FROM sighting WHERE finding IN "+list(len(rows))+
		" ORDER BY finding, repository", rows, func(scan func(...any) error) error {
		var row, first, last int64
		var gone sql.NullInt64
		var g Sighting
		if err := scan(&row, &g.Repository, &g.Places, &first, &last, &gone); err != nil {
			return err
		}
		g.FirstSeen, g.LastSeen, g.GoneAt = instant(first), instant(last), maybe(gone)
		by[row].Sightings = append(by[row].Sightings, g)
		return nil
	})
}

func scanOccurrence(scan func(...any) error) (finding int64, o *Occurrence, err error) {
	o = &Occurrence{}
	var reachable, first, last int64
	var gone sql.NullInt64
	var p Place
	var detail string
	err = scan(&finding, &o.Repository, &o.Key, &p.Path, &p.Blob, &p.Line, &p.Column, &p.EndLine, &p.EndColumn, &reachable, &detail,
		&first, &last, &gone)
	if err != nil {
		return 0, nil, err
	}
	if err := json.Unmarshal([]byte(detail), &o.Place); err != nil {
		return 0, nil, fmt.Errorf("an occurrence of finding %d: %w", finding, err)
	}
	o.Path, o.Blob, o.Line, o.Column, o.EndLine, o.EndColumn = p.Path, p.Blob, p.Line, p.Column, p.EndLine, p.EndColumn
	o.Reachable, o.FirstSeen, o.LastSeen, o.GoneAt = reachable != 0, instant(first), instant(last), maybe(gone)
	if gone.Valid {
		o.AtTip = nil
	}
	return finding, o, nil
}
