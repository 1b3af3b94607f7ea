package pack

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// moved opens a repository of loose objects, of which a concurrent gc then packs all and removes the files.
func moved(t *testing.T) (*Store, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	var paths []byte
	for i := range 40 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "blob %d\n", i), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = fmt.Appendln(paths, path)
	}
	ids := git(t, dir, paths, "hash-object", "-w", "--stdin-paths")
	s := open(t, dir, SHA1)
	want := gitObjects(t, dir)
	if len(want) != 40 {
		t.Fatalf("%d objects", len(want))
	}
	git(t, dir, ids, "pack-objects", "-q", "objects/pack/pack")
	git(t, dir, nil, "prune-packed", "-q")
	return s, want
}

// TestObjectPackedMeanwhile: a loose object that a concurrent gc packs and removes is still read.
func TestObjectPackedMeanwhile(t *testing.T) {
	t.Run("walk", func(t *testing.T) {
		s, want := moved(t)
		got, errs := walked(t, s, WalkOptions{})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for id := range want {
			if got[id] != want[id] {
				t.Errorf("%s: %q", id, got[id])
			}
		}
	})
	t.Run("Kind", func(t *testing.T) {
		s, want := moved(t)
		for id := range want {
			parsed, _ := SHA1.Parse(id)
			if kind, err := s.Kind(parsed); kind != Blob || err != nil {
				t.Errorf("%s: %v, %v", id, kind, err)
			}
		}
	})
	t.Run("foreign base", func(t *testing.T) {
		s, want := moved(t)
		for id := range want {
			parsed, _ := SHA1.Parse(id)
			if _, data, err := s.foreignBase(nil, parsed, 0); "blob "+string(data) != want[id] || err != nil {
				t.Errorf("%s: %q, %v", id, data, err)
			}
		}
	})
	// Whoever comes second finds that the new pack is open already.
	t.Run("Get by many", func(t *testing.T) {
		for range 20 {
			s, want := moved(t)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for id := range want {
				parsed, _ := SHA1.Parse(id)
				wg.Go(func() {
					<-start
					if _, data, err := s.Get(parsed, 0); "blob "+string(data) != want[id] || err != nil {
						t.Errorf("%s: %q, %v", id, data, err)
					}
				})
			}
			close(start)
			wg.Wait()
		}
	})
}
