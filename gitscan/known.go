package gitscan

import (
	"context"
	"fmt"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Objects is one more than the highest reference to a blob.
func (r *Repo) Objects() int { return r.store.Len() }

// Blobs visits the blobs of the repository, also those that nothing leads to, with their ids in binary. The id is valid
// during the call. Of a Part it reads the commits and trees, which Search does not do again.
func (r *Repo) Blobs(ctx context.Context, visit func(ref scan.BlobRef, id []byte)) error {
	r.beside.Wait()
	size, n := r.format.objects.Size(), 0
	var err error
	if r.part != nil {
		if err := r.partBlobs(ctx); err != nil {
			return err
		}
	}
	r.store.EachKind(func(ord uint32, k pack.Kind) {
		if err == nil {
			err = check(ctx, &n)
		}
		if err == nil && k == pack.Blob && (r.part == nil || r.part.blobs.has(ord)) {
			id := r.store.ID(ord)
			visit(scan.BlobRef(ord), id[:size])
		}
	})
	return err
}

// LeaveOut has Search leave out the blobs that were searched before. It is to be called before Search.
func (r *Repo) LeaveOut(searched func(scan.BlobRef) bool) { r.before = searched }

// Damaged reports whether a blob could not be read, or is not what its id says. It is known after Search.
func (r *Repo) Damaged(ref scan.BlobRef) bool { return r.isDamaged(uint32(ref)) }

// walkShare is the part of all blobs from which on it is quicker to read the whole store, where each object is made from
// its base at hand, than to read the blobs that are left one by one.
const walkShare = 4

// left is the blobs that were not searched before, and whether they are few.
func (r *Repo) left() (todo []uint32, few bool) {
	if r.before == nil {
		return nil, false
	}
	blobs := 0
	r.store.EachKind(func(ord uint32, k pack.Kind) {
		if k != pack.Blob {
			return
		}
		blobs++
		if !r.before(scan.BlobRef(ord)) {
			todo = append(todo, ord)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped[scan.SkipKnown] += int64(blobs - len(todo))
	return todo, len(todo)*walkShare <= blobs
}

// notBefore says of an object whether it is to be searched; nil: all are.
func (r *Repo) notBefore() func(ord uint32) bool {
	if r.before == nil {
		return nil
	}
	return func(ord uint32) bool { return !r.before(scan.BlobRef(ord)) }
}

// drop takes what was searched before from a selection.
func (r *Repo) drop(todo []uint32) []uint32 {
	if r.before == nil {
		return todo
	}
	left := todo[:0]
	for _, ord := range todo {
		if !r.before(scan.BlobRef(ord)) {
			left = append(left, ord)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped[scan.SkipKnown] += int64(len(todo) - len(left))
	return left
}

// Refs visits the refs, ascending by name, with the ids that they have in hexadecimal.
func (r *Repo) Refs(visit func(name, id string)) {
	for _, rf := range r.refs {
		visit(rf.name, r.format.objects.Hex(rf.id))
	}
}

// Lost visits the ids of what a part no longer has, once each.
func (r *Repo) Lost(visit func(id string)) {
	if r.part == nil {
		return
	}
	for _, id := range r.part.lost {
		visit(r.format.objects.Hex(id))
	}
}

// RefsOf visits the refs of the repository at a path as Refs does, without reading anything else. What cannot be read is an
// error, after the others have been visited.
func RefsOf(path string, visit func(name, id string)) error {
	d, err := locate(path, false)
	if err != nil {
		return err
	}
	f, err := readFormat(d)
	if err != nil {
		return err
	}
	refs, _, problems := readRefs(d, f.objects)
	for _, rf := range refs {
		visit(rf.name, f.objects.Hex(rf.id))
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s: %s", problems[0].Where, problems[0].Why)
	}
	return nil
}

// IsRepository reports whether a folder is a repository, bare or with a work tree.
func IsRepository(path string) bool {
	_, err := locateAt(path)
	return err == nil
}
