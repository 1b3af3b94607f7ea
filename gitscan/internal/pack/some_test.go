package pack

import (
	"maps"
	"path/filepath"
	"testing"

	"rummage/gitscan/internal/disk"
)

// TestWalkSome: of a walk of one directory, and of some objects, nothing else comes; what is left out is nobody's base.
func TestWalkSome(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adq", "--depth=10")
	other := sampleRepo(t, "sha1")
	git(t, other, []byte("not in the first\n"), "hash-object", "-w", "--stdin")
	git(t, other, nil, "repack", "-adkq")
	s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), SHA1, filepath.Join(other, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	s.minPiece = 1
	t.Cleanup(func() { _ = s.Close() })
	want := gitObjects(t, dir)
	all, errs := walked(t, s, WalkOptions{Verify: true, In: s.Dirs()[0]})
	if len(errs) > 0 || len(all) != len(want) {
		t.Fatalf("%d objects, want %d; %v", len(all), len(want), errs)
	}
	if !s.packs[0].whole.Load() || s.packs[1].summed.Load() || s.Prepared() {
		t.Error("the checksum of the walked pack alone is to be known, and no other pack read")
	}
	wanted := func(ord uint32) bool { return ord%3 != 0 }
	some, errs := walked(t, s, WalkOptions{Verify: true, In: s.Dirs()[0], Only: wanted})
	left := 0
	for id := range want {
		parsed, _ := SHA1.Parse(id)
		if ord, ok := s.Find(parsed); !ok || !wanted(ord) {
			left++
		}
	}
	if len(errs) > 0 || len(some) != len(want)-left || left == 0 {
		t.Errorf("%d objects of %d, %d left out; %v", len(some), len(want), left, errs)
	}
	for id, content := range some {
		if want[id] != content {
			t.Errorf("%s is another", id)
		}
	}
	second, _ := walked(t, s, WalkOptions{In: s.Dirs()[1]})
	for id := range second {
		if want[id] != "" {
			t.Errorf("%s comes of the second directory, and was of the first", id)
		}
	}
	if len(second) == 0 {
		t.Error("nothing comes of the second directory")
	}
}

// TestWalkSomeLoose: of loose objects, too, what is left out does not come.
func TestWalkSomeLoose(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	for i := range 5 {
		git(t, dir, []byte{'a' + byte(i)}, "hash-object", "-w", "--stdin")
	}
	s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), SHA1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	some, errs := walked(t, s, WalkOptions{Only: func(ord uint32) bool { return ord < 2 }})
	if len(errs) > 0 || len(some) != 2 || some[SHA1.Hex(s.ID(0))] == "" || some[SHA1.Hex(s.ID(1))] == "" {
		t.Errorf("%v; %v", some, errs)
	}
}

// TestLetGo: what a walk begins with is made again when it has been let go.
func TestLetGo(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adq", "--depth=10")
	s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), SHA1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	first, _ := walked(t, s, WalkOptions{Verify: true})
	counts := s.Count()
	for range 2 {
		s.LetGo()
		if s.Prepared() {
			t.Fatal("nothing was let go")
		}
		if again, errs := walked(t, s, WalkOptions{Verify: true}); !maps.Equal(first, again) || len(first) == 0 || len(errs) > 0 {
			t.Errorf("%d objects, %d before; %v", len(again), len(first), errs)
		}
	}
	s.LetGo()
	if again := s.Count(); !maps.Equal(counts, again) {
		t.Errorf("%v, %v before", again, counts)
	}
}
