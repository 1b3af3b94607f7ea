package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Store is one that Evict may take.
type Store struct {
	Dir  string
	Size int64
	Used time.Time // last
}

// Evicted is what Evict did.
type Evicted struct {
	Removed []Store
	// Size is what all the stores that are left take.
	Size int64
}

// Stores lists the stores with their sizes.
func (m *Mirror) Stores(ctx context.Context) (stores []Store, err error) {
	for _, format := range []string{"sha1", "sha256", "gogit"} {
		entries, err := os.ReadDir(filepath.Join(m.root, format))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			s := Store{Dir: filepath.Join(m.root, format, e.Name())}
			s.Size = diskSize(s.Dir)
			if info, err := os.Stat(filepath.Join(m.root, "locks", format+"-"+e.Name()+".use")); err == nil {
				s.Used = info.ModTime()
			}
			stores = append(stores, s)
		}
	}
	return stores, nil
}

// diskSize is the size of all files below a directory. What disappears meanwhile is not counted.
func diskSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

// Evict removes stores until all of them take no more than budget: first those whose size times the time since they were
// used is largest, never one that is held or being fetched into, nor one that keep (which may be nil) wants. It removes
// what earlier runs did not come to remove, too.
func (m *Mirror) Evict(ctx context.Context, budget int64, keep func(Store) bool) (Evicted, error) {
	m.emptyTrash()
	var e Evicted
	stores, err := m.Stores(ctx)
	if err != nil {
		return e, err
	}
	for _, s := range stores {
		e.Size += s.Size
	}
	now := time.Now()
	score := func(s Store) float64 {
		return float64(s.Size) * max(1, now.Sub(s.Used).Seconds()) // a clock may have been set back
	}
	slices.SortFunc(stores, func(a, b Store) int {
		switch x, y := score(a), score(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.Dir, b.Dir)
	})
	for _, s := range stores {
		if e.Size <= budget {
			break
		}
		if ctx.Err() != nil {
			return e, context.Cause(ctx)
		}
		if keep != nil && keep(s) {
			continue
		}
		removed, err := m.remove(s.Dir)
		if err != nil {
			return e, err
		}
		if removed {
			e.Removed, e.Size = append(e.Removed, s), e.Size-s.Size
		}
	}
	return e, nil
}

// at is the store in a directory that Fetch gave.
func (m *Mirror) at(dir string) (*store, bool) {
	format, name := filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	s := &store{key: format + "-" + name, dir: filepath.Join(m.root, format, name), sha256: format == "sha256", partial: strings.Contains(name, "-")}
	return s, s.dir == filepath.Clean(dir) && slices.Contains([]string{"sha1", "sha256", "gogit"}, format)
}

// remove takes a store away unless somebody uses it.
func (m *Mirror) remove(dir string) (bool, error) {
	s, ok := m.at(dir)
	if !ok {
		return false, nil
	}
	for _, name := range []string{s.key + ".use", s.key + ".write"} {
		f, err := m.tryLock(name, true)
		if err != nil || f == nil {
			return false, err
		}
		defer f.Close()
	}
	return true, m.discard(s)
}

// emptyTrash removes what was taken away by processes that were killed before they had removed it. What another is
// removing right now is removed by both.
func (m *Mirror) emptyTrash() {
	entries, _ := os.ReadDir(filepath.Join(m.root, "trash"))
	for _, e := range entries {
		_ = os.RemoveAll(filepath.Join(m.root, "trash", e.Name()))
	}
}

// GC puts all packs of a store into one, without objects that neither a ref nor a former tip leads to.
func (m *Mirror) GC(ctx context.Context, dir string) error {
	s, ok := m.at(dir)
	if !ok || m.git == "" {
		return nil
	}
	lock, err := m.lock(ctx, s.key+".write", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	if !s.exists() {
		return nil
	}
	if err := s.repair(); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	if err := m.run(ctx, command{dir: s.dir, lock: lock, args: []string{"pack-refs", "--all"}}); err != nil {
		return err
	}
	if err := m.repack(ctx, s, lock, true); err != nil {
		return err
	}
	return s.end()
}
