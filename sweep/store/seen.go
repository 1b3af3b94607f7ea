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
	seenWrite = 300 // rows in one that writes
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
	asked := anys(ids)
	for want := seenSize(len(ids)); len(asked) < want; { // so that there are few statements
		asked = append(asked, ids[len(ids)-1])
	}
	statement, err := s.statement(ctx, len(asked))
	if err != nil {
		return err
	}
	found, err := statement.QueryContext(ctx, asked...)
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

// statement asks for so many ids. It is kept: parsing it takes longer than answering it.
func (s *Store) statement(ctx context.Context, ids int) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.asks[ids]; known != nil {
		return known, nil
	}
	made, err := s.read.PrepareContext(context.WithoutCancel(ctx), s.d.sql("SELECT id, kinds, version FROM blob_seen WHERE id IN "+list(ids)))
	if err == nil {
		s.asks[ids] = made
	}
	return made, err
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
	return chunks(rows, seenWrite, func(part []Seen) error {
		args := make([]any, 0, 3*len(part))
		for _, r := range part {
			args = append(args, r.ID, int64(r.Kinds), r.Version)
		}
		_, err := c.exec(ctx, "INSERT INTO blob_seen (id, kinds, version) VALUES "+marks(len(part), 3)+`
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, kinds = CASE WHEN excluded.version = blob_seen.version
				THEN excluded.kinds | blob_seen.kinds ELSE excluded.kinds END
			WHERE excluded.version > blob_seen.version OR (excluded.version = blob_seen.version
				AND (excluded.kinds | blob_seen.kinds) <> blob_seen.kinds)`, args...)
		return err
	})
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
