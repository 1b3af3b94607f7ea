package pack

import (
	"crypto/sha1"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// misnamed is an entry whose index names it otherwise.
func misnamed(kind Kind, id ID, content string) madeEntry {
	return madeEntry{id, entryHead(kind, len(content)), deflate([]byte(content))}
}

func named(kind Kind, content string) madeEntry {
	return misnamed(kind, SHA1.Hash(kind, []byte(content)), content)
}

// TestVouched: of a pack whose checksums hold, blobs are believed that are stored once; everything else is hashed.
func TestVouched(t *testing.T) {
	id := func(kind Kind, content string) string { return SHA1.Hex(SHA1.Hash(kind, []byte(content))) }
	dir := t.TempDir()
	twice := SHA1.Hash(Blob, []byte("twice"))
	writePackAs(t, dir, "pack-a", []madeEntry{
		misnamed(Blob, ID{1}, "once"), misnamed(Blob, twice, "other"), misnamed(Commit, ID{2}, "commit"), misnamed(Tree, ID{3}, ""), named(Blob, "good"),
	})
	writePackAs(t, dir, "pack-b", []madeEntry{named(Blob, "twice"), named(Blob, "also good")})
	s := open(t, dir, SHA1)
	_, _ = walked(t, s, WalkOptions{Sums: true})
	for _, p := range s.packs {
		if !p.whole.Load() {
			t.Fatalf("%s: the checksums do not hold", p.path)
		}
	}
	got, errs := walked(t, s, WalkOptions{Verify: true})
	for _, bad := range []string{SHA1.Hex(twice), SHA1.Hex(ID{2}), SHA1.Hex(ID{3})} {
		if !errors.Is(errs[bad], ErrHash) {
			t.Errorf("%s: %v, want %v", bad, errs[bad], ErrHash)
		}
		delete(errs, bad)
	}
	if len(errs) > 0 || got[SHA1.Hex(ID{1})] != "blob once" || got[id(Blob, "good")] != "blob good" || got[id(Blob, "also good")] != "blob also good" {
		t.Error(got, errs)
	}
	if _, errs = walked(t, s, WalkOptions{Verify: true, Hash: true}); !errors.Is(errs[SHA1.Hex(ID{1})], ErrHash) {
		t.Errorf("hashing all: %v", errs)
	}
}

// TestUnvouched: where the checksum of an index does not hold every object is hashed; where the CRC of an entry does not, the
// object and what is a delta of it are, wherever a worker begins.
func TestUnvouched(t *testing.T) {
	const chain = 40                 // deltas, each of the one before, or of the one before that; and another blob
	copyAll := []byte{4, 4, 0x90, 4} // of four bytes
	base := func(i int) int { return i - 1 - i%2 }
	for lie := -2; lie <= chain; lie++ { // the entry whose CRC is another one; -1: none, -2: the checksum of the index
		for _, divided := range []bool{false, true} {
			dir := t.TempDir()
			entries := []madeEntry{misnamed(Blob, ID{0}, "once")}
			bad := []bool{lie == 0 || lie == -2}
			for i := 1; i < chain; i++ {
				entries = append(entries, refDeltaEntry(ID{byte(i)}, ID{byte(max(base(i), 0))}, copyAll))
				bad = append(bad, bad[max(base(i), 0)] || lie == i)
			}
			entries, bad = append(entries, misnamed(Blob, ID{chain}, "else")), append(bad, lie == chain || lie == -2)
			writePack(t, dir, entries)
			lieInIndex(t, filepath.Join(dir, "objects/pack/pack-made.idx"), len(entries), lie)
			s := open(t, dir, SHA1)
			s.minPiece = 1 << 20
			if divided {
				s.minPiece = 1
			}
			_, _ = walked(t, s, WalkOptions{Sums: true})
			_, errs := walked(t, s, WalkOptions{Verify: true})
			for i, want := range bad {
				if got := errors.Is(errs[SHA1.Hex(ID{byte(i)})], ErrHash); got != want {
					t.Errorf("CRC %d, divided: %v: is entry %d hashed? %v", lie, divided, i, got)
				}
			}
		}
	}
}

// lieInIndex changes the CRC of an entry, of n, in an index; or with -2 the index's own checksum.
func lieInIndex(t *testing.T, path string, n, entry int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch body := data[:len(data)-SHA1.Size()]; {
	case entry >= 0:
		body[8+fanoutLen+n*SHA1.Size()+4*entry] ^= 1
		sum := sha1.Sum(body)
		copy(data[len(body):], sum[:])
	case entry == -2:
		data[len(data)-1] ^= 1
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPackCutWhileMapped: a pack that loses its end while it is read, as one on a failing disk does, costs its objects
// and not the process.
func TestPackCutWhileMapped(t *testing.T) {
	dir := t.TempDir()
	var entries []madeEntry
	for i := range 2000 {
		content := make([]byte, 100)
		for j := range content {
			content[j] = byte(i * (j + 7) >> (j % 5))
		}
		e := named(Blob, string(content))
		if !slices.ContainsFunc(entries, func(o madeEntry) bool { return o.id == e.id }) {
			entries = append(entries, e)
		}
	}
	for _, built := range []bool{true, false} { // the forest, before
		writePack(t, dir, slices.Clone(entries))
		s := open(t, dir, SHA1)
		if built {
			s.once.Do(s.buildForests)
		}
		if err := os.Truncate(filepath.Join(dir, "objects/pack/pack-made.pack"), 1<<14); err != nil {
			t.Fatal(err)
		}
		got, errs := walked(t, s, WalkOptions{Verify: true})
		if len(got)+len(errs) != len(entries) || len(errs) == 0 {
			t.Fatalf("%d objects read, %d not, want %d together", len(got), len(errs), len(entries))
		}
		for id := range errs {
			id, _ := SHA1.Parse(id)
			if _, _, err := s.Get(id, 0); !errors.Is(err, errFault) {
				t.Fatalf("Get: %v", err)
			}
			// Of the one whose bytes begin before the cut the kind is known.
			if kind, err := s.Kind(id); kind != Blob && !errors.Is(err, errFault) {
				t.Fatalf("Kind: %v, %v", kind, err)
			}
			if _, _, err := s.foreignBase(nil, id, 0); err == nil {
				t.Fatal("foreignBase: no error")
			}
		}
	}
}
