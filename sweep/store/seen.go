package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// Seen is a blob that was searched and holds nothing.
type Seen struct {
	ID      []byte // 20 or 32 bytes
	Kinds   uint64 // as which kinds of file it was read, a bit for each; the caller knows what they mean
	Version int    // of the rules
}

// Mark is what is known of a blob; Version 0 says nothing.
type Mark struct {
	Kinds   uint64
	Version int
}

const (
	seenAsk   = 500 // ids in a statement that asks
	seenBatch = 20000
)

// Clean says what is known of each of the ids, which ascend: an answer for each, at the same index.
func (s *Store) Clean(ctx context.Context, ids [][]byte) ([]Mark, error) {
	for i := range ids {
		if err := checkBlob(ids[i]); err != nil {
			return nil, err
		}
		if i > 0 && bytes.Compare(ids[i-1], ids[i]) >= 0 {
			return nil, fmt.Errorf("ids do not ascend at %d", i)
		}
	}
	out := make([]Mark, len(ids))
	scan := true
	for from := 0; from < len(ids); {
		to := min(from+seenBatch, len(ids))
		// A range is read as a whole as long as that is not many times what is asked.
		if scan && to-from > seenAsk {
			whole, err := s.cleanRange(ctx, ids[from:to], out[from:to])
			if err != nil {
				return nil, err
			}
			if scan = whole; whole {
				from = to
				continue
			}
		}
		to = min(from+seenAsk, len(ids))
		if err := s.cleanEach(ctx, ids[from:to], out[from:to]); err != nil {
			return nil, err
		}
		from = to
	}
	return out, nil
}

// cleanRange reads the table from the first to the last id; it gives up after eight times as many rows as were asked for.
func (s *Store) cleanRange(ctx context.Context, ids [][]byte, out []Mark) (whole bool, err error) {
	limit, rows, at := 8*len(ids), 0, 0
	found, err := s.read.QueryContext(ctx, s.d.sql("SELECT id, kinds, version FROM blob_seen WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?"),
		ids[0], ids[len(ids)-1], limit+1)
	if err != nil {
		return false, err
	}
	defer func() { _ = found.Close() }()
	var id []byte
	var m Mark
	for found.Next() {
		if rows++; rows > limit {
			return false, nil
		}
		if err := scanSeen(found, &id, &m); err != nil {
			return false, err
		}
		for at < len(ids) && bytes.Compare(ids[at], id) < 0 {
			at++
		}
		if at < len(ids) && bytes.Equal(ids[at], id) {
			out[at] = m
		}
	}
	return true, found.Err()
}

func (s *Store) cleanEach(ctx context.Context, ids [][]byte, out []Mark) error {
	const ask = "SELECT id, kinds, version FROM blob_seen WHERE id "
	query, args := ask+"= ANY (?)", []any{ids}
	if !s.d.number {
		args = anys(ids)
		for want := seenSize(len(ids)); len(args) < want; { // so that there are few statements to parse
			args = append(args, ids[len(ids)-1])
		}
		query = ask + "IN " + list(len(args))
	}
	found, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	var id []byte
	var m Mark
	for found.Next() {
		if err := scanSeen(found, &id, &m); err != nil {
			return err
		}
		if at, ok := slices.BinarySearchFunc(ids, id, bytes.Compare); ok {
			out[at] = m
		}
	}
	return found.Err()
}

// seenSize is how many ids a statement has that asks for n.
func seenSize(n int) int {
	for _, size := range []int{8, 64} {
		if n <= size {
			return size
		}
	}
	return seenAsk
}

func checkBlob(id []byte) error {
	if len(id) != 20 && len(id) != 32 {
		return fmt.Errorf("a blob id has %d bytes: 20 or 32 are expected", len(id))
	}
	return nil
}

// MarkClean remembers blobs. Kinds add up under one version; a newer version replaces an older one, whose kinds say
// nothing about it.
func (s *Store) MarkClean(ctx context.Context, seen []Seen) error {
	merged, err := mergeSeen(seen)
	if err != nil {
		return err
	}
	return chunks(merged, seenBatch, func(batch []Seen) error {
		return s.tx(ctx, false, func(c conn) error { return c.markClean(ctx, batch) })
	})
}

// mergeSeen puts what is said of a blob together, ascending by id.
func mergeSeen(seen []Seen) ([]Seen, error) {
	rows := make([]Seen, len(seen))
	copy(rows, seen)
	slices.SortFunc(rows, func(a, b Seen) int { return bytes.Compare(a.ID, b.ID) })
	merged := rows[:0]
	for _, r := range rows {
		if err := checkBlob(r.ID); err != nil {
			return nil, err
		}
		if r.Version <= 0 {
			return nil, fmt.Errorf("a blob is clean under version %d", r.Version)
		}
		last := len(merged) - 1
		switch {
		case last < 0 || !bytes.Equal(merged[last].ID, r.ID):
			merged = append(merged, r)
		case merged[last].Version == r.Version:
			merged[last].Kinds |= r.Kinds
		case merged[last].Version < r.Version:
			merged[last] = r
		}
	}
	return merged, nil
}

// markClean writes what mergeSeen has put together.
func (c conn) markClean(ctx context.Context, rows []Seen) error {
	ids, kinds, versions := make(blobs, len(rows)), make(ints, len(rows)), make(ints, len(rows))
	for i, r := range rows {
		ids[i], kinds[i], versions[i] = r.ID, int64(r.Kinds), int64(r.Version)
	}
	return c.insert(ctx, "blob_seen (id, kinds, version)", `ON CONFLICT (id) DO UPDATE SET version = excluded.version,
		kinds = CASE WHEN excluded.version = blob_seen.version THEN excluded.kinds | blob_seen.kinds ELSE excluded.kinds END
		WHERE excluded.version > blob_seen.version OR (excluded.version = blob_seen.version
			AND (excluded.kinds | blob_seen.kinds) <> blob_seen.kinds)`, ids, kinds, versions)
}

// MarkHot forgets blobs that were clean under other rules: something was found in them, so that they are searched each time, and not
// first with the rules that are new.
func (s *Store) MarkHot(ctx context.Context, ids [][]byte) error {
	all := slices.Clone(ids)
	slices.SortFunc(all, bytes.Compare)
	return chunks(all, seenBatch, func(batch [][]byte) error {
		return s.tx(ctx, false, func(c conn) error {
			return chunks(batch, seenAsk, func(part [][]byte) error {
				_, err := c.exec(ctx, "DELETE FROM blob_seen WHERE id IN "+list(len(part)), anys(part)...)
				return err
			})
		})
	})
}

func scanSeen(rows interface{ Scan(...any) error }, id *[]byte, m *Mark) error {
	var raw sql.RawBytes
	err := rows.Scan(&raw, &m.Kinds, &m.Version)
	*id = raw
	return err
}
