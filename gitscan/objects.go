package gitscan

import (
	"path/filepath"

	"rummage/gitscan/internal/pack"
)

// Objects reads single objects of a repository, by their ids. It may be used by several goroutines.
type Objects struct{ store *pack.Store }

// OpenObjects opens the repository at path for that alone. It must be closed.
func OpenObjects(path string) (*Objects, error) {
	d, err := locate(path, false)
	if err != nil {
		return nil, err
	}
	f, err := readFormat(d)
	if err != nil {
		return nil, err
	}
	store, err := pack.Open(d.files, filepath.Join(d.commonDir, "objects"), f.objects)
	if err != nil {
		return nil, err
	}
	return &Objects{store}, nil
}

// id reads an id of the repository's format.
func (o *Objects) id(raw []byte) (id pack.ID, ok bool) {
	if len(raw) != o.store.Format().Size() {
		return id, false
	}
	return o.store.Format().ID(raw), true
}

// Has reports whether there is an object, which may be damaged.
func (o *Objects) Has(raw []byte) bool {
	id, ok := o.id(raw)
	if ok {
		_, ok = o.store.Find(id)
	}
	return ok
}

// Get gives an object with its kind by git's name. It is an error when it is larger than limit, damaged, or not there.
func (o *Objects) Get(raw []byte, limit int) (kind string, data []byte, err error) {
	id, ok := o.id(raw)
	if !ok {
		return "", nil, pack.ErrMissing
	}
	k, data, err := o.store.Get(id, limit)
	if err != nil {
		return "", nil, err
	}
	if o.store.Format().Hash(k, data) != id {
		return "", nil, pack.ErrHash
	}
	return k.String(), data, nil
}

// Close frees the store.
func (o *Objects) Close() error { return o.store.Close() }
