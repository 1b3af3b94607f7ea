package pack

import (
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// manyPacks is a repository of several packs that have objects in common, with a multi-pack-index over them.
func manyPacks(t testing.TB, format Format) (dir, midx string, want map[string]string) {
	t.Helper()
	dir = sampleRepo(t, format.String())
	git(t, dir, nil, "repack", "-adfq")
	for i, rev := range []string{"main", "main~2", "main~5", "main~9"} {
		list := git(t, dir, nil, "rev-list", "--objects", rev)
		git(t, dir, list, "pack-objects", "-q", filepath.Join(dir, "objects/pack/pack"))
		git(t, dir, nil, "tag", "-a", "-m", rev, "more"+string(rune('a'+i)), rev)
	}
	git(t, dir, nil, "repack", "-q") // the tags
	git(t, dir, nil, "multi-pack-index", "write")
	return dir, filepath.Join(dir, "objects/pack/multi-pack-index"), gitObjects(t, dir)
}

// TestMidx: with a multi-pack-index each object is found in the pack that it names, and once.
func TestMidx(t *testing.T) {
	for _, format := range []Format{SHA1, SHA256} {
		dir, _, want := manyPacks(t, format)
		s := open(t, dir, format)
		if len(s.packs) <= fewPacks || len(s.midxs) != 1 {
			t.Fatalf("%d packs, %d multi-pack-indexes", len(s.packs), len(s.midxs))
		}
		got, errs := walked(t, s, WalkOptions{Verify: true})
		if len(errs) > 0 || len(s.Damage()) > 0 || !maps.Equal(got, want) {
			t.Fatalf("%s: %d objects, want %d; %v %v", format, len(got), len(want), errs, s.Damage())
		}
		packs := map[int]bool{}
		for hex := range want {
			id, _ := format.Parse(hex)
			number, ok := s.midxs[0].pack(id)
			if _, has := s.packs[number].idx.find(id); !ok || !has {
				t.Fatalf("%s %s: in pack %d: %v, %v", format, hex, number, ok, has)
			}
			packs[number] = true
		}
		if len(packs) < 2 {
			t.Errorf("%s: all is in one pack", format)
		}
	}
}

// TestMidxMisleads: whatever a multi-pack-index says, the objects are those that the packs have.
func TestMidxMisleads(t *testing.T) {
	dir, midx, want := manyPacks(t, SHA1)
	whole, err := os.ReadFile(midx)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(midx, 0o644); err != nil {
		t.Fatal(err)
	}
	used := 0
	for at := 0; at < len(whole); at += 1 + len(whole)/150 {
		bad := append([]byte(nil), whole...)
		bad[at] ^= 1 << (at % 8)
		if at%3 == 0 {
			bad = bad[:at]
		}
		if err := os.WriteFile(midx, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, SHA1)
		used += len(s.midxs)
		if got, errs := walked(t, s, WalkOptions{}); len(errs) > 0 || !maps.Equal(got, want) {
			t.Fatalf("byte %d: %d objects, want %d; %v", at, len(got), len(want), errs)
		}
		_ = s.Close()
	}
	if used == 0 {
		t.Error("each was refused")
	}
}

// TestMidxNamesOthers: a multi-pack-index that names for each object a pack which has it not, or has it too, is of no harm.
func TestMidxNamesOthers(t *testing.T) {
	dir, midx, want := manyPacks(t, SHA1)
	data, err := os.ReadFile(midx)
	if err != nil {
		t.Fatal(err)
	}
	x, names, err := parseMidx(data, SHA1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x.n { // x is a view of data
		number := binary.BigEndian.Uint32(x.where[8*i:])
		binary.BigEndian.PutUint32(x.where[8*i:], (number+1)%uint32(len(names)))
	}
	if err := os.Remove(midx); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(midx, data, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, SHA1)
	if len(s.midxs) != 1 {
		t.Fatal("it is not used")
	}
	if got, errs := walked(t, s, WalkOptions{Verify: true}); len(errs) > 0 || !maps.Equal(got, want) {
		t.Errorf("%d objects, want %d; %v", len(got), len(want), errs)
	}
	for hex, w := range want {
		id, _ := SHA1.Parse(hex)
		if kind, content, err := s.Get(id, 0); err != nil || kind.String()+" "+string(content) != w {
			t.Errorf("Get %s: %v", hex, err)
		}
	}
}

func FuzzMidx(f *testing.F) {
	_, midx, _ := manyPacks(f, SHA1)
	data, err := os.ReadFile(midx)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("MIDX"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, names, err := parseMidx(data, SHA1)
		if err != nil {
			return
		}
		for i := range names {
			x.packs = append(x.packs, int32(i))
		}
		for i := range x.n {
			if number, ok := x.pack(SHA1.ID(x.ids[i*SHA1.Size():])); ok && number >= len(names) {
				t.Fatalf("pack %d of %d", number, len(names))
			}
		}
	})
}
