package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// sorted are the keys of a map, ascending.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Ruleset gives the rules of this run their version: the last one's when the hash is the last one's, a new one
// otherwise, also for a hash that was in use before. Rules maps each rule's id to a hash of what it finds.
func (s *Store) Ruleset(ctx context.Context, hash string, rules map[string]string) (version int, err error) {
	encoded, err := json.Marshal(rules)
	if err != nil {
		return 0, err
	}
	err = s.tx(ctx, true, func(c conn) error {
		var last string
		err := c.row(ctx, "SELECT version, hash FROM ruleset ORDER BY version DESC LIMIT 1").Scan(&version, &last)
		if err == nil && last == hash {
			return nil
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := c.exec(ctx, "INSERT INTO ruleset_rules (hash, rules) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", hash, string(encoded)); err != nil {
			return err
		}
		old := version
		if err := c.row(ctx, "INSERT INTO ruleset (hash, created) VALUES (?, NOW()) RETURNING version", hash).Scan(&version); err != nil {
			return err
		}
		return s.event(ctx, c, Event{Kind: EventRuleset, Detail: detail("from", old, "to", version, "hash", hash)})
	})
	return version, err
}

// RulesetNow is the version of the last rules, if their hash is this one: then Ruleset would say the same.
func (s *Store) RulesetNow(ctx context.Context, hash string) (version int, same bool, err error) {
	var last string
	err = s.r().row(ctx, "SELECT version, hash FROM ruleset ORDER BY version DESC LIMIT 1").Scan(&version, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return version, err == nil && last == hash, err
}

// turnsFor is how long ago rules were in use at most of which Turns tells.
const turnsFor = 7 * 24 * time.Hour

// LastRuleset is the version that was made last, by whichever program; 0: there is none.
func (s *Store) LastRuleset(ctx context.Context) (version int, err error) {
	err = s.r().row(ctx, "SELECT COALESCE(max(version), 0) FROM ruleset").Scan(&version)
	return version, err
}

// Turns says whether the rules changed to others and back not long ago, and when: that is what programs with different rules do to
// one database, and each has to search again what the other has searched.
func (s *Store) Turns(ctx context.Context) (at time.Time, turns bool, err error) {
	var hashes []string
	var created []int64
	err = s.r().rows(ctx, "SELECT hash, created FROM ruleset ORDER BY version DESC LIMIT 3", nil, func(scan func(...any) error) error {
		var hash string
		var us int64
		err := scan(&hash, &us)
		hashes, created = append(hashes, hash), append(created, us)
		return err
	})
	if err != nil || len(hashes) < 3 || hashes[0] != hashes[2] {
		return at, false, err
	}
	now, err := s.r().now(ctx)
	return instant(created[0]), now-created[1] < turnsFor.Microseconds(), err
}

// ChangedSince are the rules of version now that version old lacks or has otherwise: what was clean under old is clean
// under now when these find nothing. All rules, when old is not known.
func (s *Store) ChangedSince(ctx context.Context, old, now int) ([]string, error) {
	before, err := s.rules(ctx, old)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	after, err := s.rules(ctx, now)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range sorted(after) {
		if h, ok := before[id]; !ok || h != after[id] {
			out = append(out, id)
		}
	}
	return out, nil
}

func (s *Store) rules(ctx context.Context, version int) (map[string]string, error) {
	var encoded string
	err := s.r().row(ctx, "SELECT rules FROM ruleset JOIN ruleset_rules ON ruleset_rules.hash = ruleset.hash WHERE version = ?", version).Scan(&encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	rules := map[string]string{}
	return rules, json.Unmarshal([]byte(encoded), &rules)
}
