package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// ImagesSeen is when the images of a repository were looked into or found unchanged last, and the digests that their names had; an
// empty one is not known.
type ImagesSeen struct {
	At      time.Time
	Digests map[string]string
}

// SawImages remembers the images of a repository as they are now.
func (s *Store) SawImages(ctx context.Context, repository int64, digests map[string]string) error {
	encoded, err := json.Marshal(digests)
	if err != nil {
		return err
	}
	_, err = s.w().exec(ctx, `INSERT INTO images_seen (repository, at, digests) VALUES (?, NOW(), ?)
		ON CONFLICT (repository) DO UPDATE SET at = excluded.at, digests = excluded.digests`, repository, text(string(encoded)))
	return err
}

// ImagesOf is what SawImages remembered last; zero where that is nothing.
func (s *Store) ImagesOf(ctx context.Context, repository int64) (seen ImagesSeen, err error) {
	var at int64
	var encoded string
	err = s.r().row(ctx, "SELECT at, digests FROM images_seen WHERE repository = ?", repository).Scan(&at, &encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return seen, nil
	}
	if err != nil {
		return seen, err
	}
	seen.At = instant(at)
	return seen, json.Unmarshal([]byte(encoded), &seen.Digests)
}

// ImagesSince are the repositories whose images were seen since then.
func (s *Store) ImagesSince(ctx context.Context, since time.Time) (map[int64]bool, error) {
	out := map[int64]bool{}
	return out, s.r().rows(ctx, "SELECT repository FROM images_seen WHERE at > ?", []any{since.UnixMicro()}, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		out[id] = true
		return err
	})
}
