package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
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
