package gitscan

import (
	"cmp"
	"context"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Shard is one of several shards of a repository's blobs, to be searched by itself. Together they have all blobs, where the store is
// the same, and nearly all where it is packed otherwise. A search of it finds no places: it tells which blobs have nothing.
//
// It implements scan.Source with the methods of the Repo, of which it is used in place of.
type Shard struct {
	*Repo
	mine *bitmap
}

// Shard gives one of so many shards, counted from 0.
func (r *Repo) Shard(shard, of int) *Shard {
	r.beside.Wait()
	s := &Shard{r, newBitmap(r.store.Len())}
	r.store.Shards(of, func(ord uint32, n int) {
		if n == shard {
			s.mine.set(ord)
		}
	})
	return s
}

// Blobs visits the blobs of the shard as those of a Repo.
func (s *Shard) Blobs(ctx context.Context, visit func(ref scan.BlobRef, id []byte)) error {
	return s.Repo.Blobs(ctx, func(ref scan.BlobRef, id []byte) {
		if s.mine.has(uint32(ref)) {
			visit(ref, id)
		}
	})
}

// Search implements scan.Source: it searches the blobs of the shard that were not searched before.
func (s *Shard) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	r := s.Repo
	r.workers = workers
	r.beside.Wait()
	r.progress.SetStage("searching")
	wanted := func(ord uint32) bool {
		return s.mine.has(ord) && (r.part == nil || r.part.blobs.has(ord)) && (r.before == nil || !r.before(scan.BlobRef(ord)))
	}
	err := r.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Blob), Workers: workers, MaxSize: r.o.MaxBlob, Verify: true, Hash: r.o.Whole, Only: wanted},
		func() func(*pack.Object) {
			s := searcher{repo: r, v: open()}
			return unlessDone(ctx, s.blob)
		})
	return cmp.Or(err, ctx.Err())
}

// Place implements scan.Source: it tells of no place.
func (s *Shard) Place(context.Context, scan.Lookup, func(scan.Placement)) error { return nil }

// Work is about how much it is to search the blobs that were not searched before: the bytes that they take where they are stored,
// and something for each. It may be 0 where that is not as much as least. Of a Part it is to be called after Blobs.
func (r *Repo) Work(least int64, searched func(scan.BlobRef) bool) int64 {
	r.beside.Wait()
	return r.store.Work(least, func(ord uint32) bool {
		return (r.part == nil || r.part.blobs.has(ord)) && !searched(scan.BlobRef(ord))
	})
}
