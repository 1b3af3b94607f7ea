package pack

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan/internal/disk"
)

// onePack gives the one pack of a repository and its index.
func onePack(t testing.TB, dir string) (pack, idx []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if pack, err = os.ReadFile(names[0]); err != nil {
		t.Fatal(err)
	}
	if idx, err = os.ReadFile(strings.TrimSuffix(names[0], ".pack") + ".idx"); err != nil {
		t.Fatal(err)
	}
	return pack, idx
}

// openLone opens a pack that is all that there is.
func openLone(pack []byte, f Format) (*Store, error) {
	files := disk.NewMemory(map[string][]byte{"objects/pack/pack-1.pack": pack})
	s, err := Open(files, "objects", f)
	if err == nil && len(s.Damage()) > 0 {
		err = s.Damage()[0].Err
	}
	return s, err
}

// TestIndexAgainstGit: the index that is made of a pack has the bytes of git's.
func TestIndexAgainstGit(t *testing.T) {
	for _, format := range []Format{SHA1, SHA256} {
		dir := sampleRepo(t, format.String())
		for _, how := range [][]string{{}, {"--depth=1"}, {"--depth=250", "--window=250"}, {"--depth=0"}} {
			for _, deltas := range []string{"true", "false"} {
				git(t, dir, nil, append([]string{"-c", "repack.useDeltaBaseOffset=" + deltas, "repack", "-adfq", "--no-write-bitmap-index"}, how...)...)
				pack, want := onePack(t, dir)
				s, err := openLone(pack, format)
				if err != nil {
					t.Fatalf("%s %v: %v", format, how, err)
				}
				if !bytes.Equal(s.packs[0].idx.data, want) {
					t.Errorf("%s %v: index of %d bytes differs from git's %d", format, how, len(s.packs[0].idx.data), len(want))
				}
			}
		}
	}
}

// madePack is the pack of writePack, without the index.
func madePack(t *testing.T, entries ...madeEntry) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "objects/pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	writePack(t, dir, entries)
	pack, _ := onePack(t, dir)
	return pack
}

// TestNoIndexToMake: of some packs no index can be made, or only at a price that is not paid.
func TestNoIndexToMake(t *testing.T) {
	base := named(Blob, strings.Repeat("\x00", 16<<20))
	// A delta that copies its base of 16 MB as often as said.
	many := func(times int) madeEntry {
		delta := slices.Concat(varintOf(16<<20), varintOf(times*(16<<20)))
		for range times {
			delta = append(delta, 0xf0, 0xff, 0xff, 0xff, 0x91, 0, 1) // 2^24-1 bytes, and one
		}
		return refDeltaEntry(ID{byte(times)}, base.id, delta)
	}
	eight := SHA1.Hash(Blob, make([]byte, 8*(16<<20)))
	onEight := refDeltaEntry(ID{9}, eight, slices.Concat(varintOf(8*(16<<20)), []byte{1, 1, 'x'}))
	huge := madeEntry{ID{1}, entryHead(Blob, maxIndexed+1), make([]byte, maxIndexed/1000)}
	whole := madePack(t, named(Blob, "one"), named(Blob, "two"))
	for name, c := range map[string]struct {
		pack []byte
		want string
	}{
		"two objects":        {whole, ""},
		"bytes that follow":  {slices.Concat(whole[:len(whole)-20], []byte("xx"), whole[len(whole)-20:]), "2 bytes follow"},
		"an object twice":    {madePack(t, named(Blob, "one"), named(Blob, "one"), refDeltaEntry(ID{1}, named(Blob, "one").id, []byte{3, 1, 1, 'x'})), ""},
		"fewer objects":      {countOf(whole, 1), "bytes follow"},
		"more objects":       {countOf(whole, 3), "outside the pack"},
		"many objects":       {countOf(whole, 1<<32-1), "outside the pack"},
		"no base":            {madePack(t, named(Blob, "one"), refDeltaEntry(ID{1}, ID{2}, []byte{1, 1, 1, 'x'})), "1 deltas have no base"},
		"a circle":           {madePack(t, refDeltaEntry(ID{1}, ID{2}, []byte{1, 1, 1, 'x'}), refDeltaEntry(ID{2}, ID{1}, []byte{1, 1, 1, 'x'})), "2 deltas have no base"},
		"a large delta":      {madePack(t, base, many(4)), ""},
		"too large a delta":  {madePack(t, base, many(9)), "too large"},
		"deltas in a row":    {madePack(t, base, many(8), onEight), ""},
		"too many held":      {madePack(t, base, many(8), many(1), onEight), "too large"},
		"too large together": {madePack(t, base, many(5), many(6), many(7)), "too large"},
		"too large a blob":   {madePack(t, huge), "too large"},
	} {
		_, err := openLone(c.pack, SHA1)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// varintOf is a size as deltas have it.
func varintOf(n int) (b []byte) {
	for ; n > 0x7f; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// countOf is a pack that says it has so many objects.
func countOf(pack []byte, n uint32) []byte {
	pack = bytes.Clone(pack)
	pack[8], pack[9], pack[10], pack[11] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return pack
}

// TestMemoryIsNotGivenBack: what is in memory is there after any number of reads; giving back its pages would empty them.
func TestMemoryIsNotGivenBack(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adfq", "--depth=0", "--no-write-bitmap-index")
	pack, idx := onePack(t, dir)
	before := bytes.Clone(pack)
	s, err := Open(disk.NewMemory(map[string][]byte{"objects/pack/pack-1.pack": pack, "objects/pack/pack-1.idx": idx}), "objects", SHA1)
	if err != nil {
		t.Fatal(err)
	}
	s.resident.limit = 1
	if objects, errs := walked(t, s, WalkOptions{Sums: true, Verify: true}); len(objects) == 0 || len(errs) > 0 {
		t.Errorf("%d objects, %v", len(objects), errs)
	}
	if err := s.Close(); err != nil || !bytes.Equal(pack, before) {
		t.Errorf("the pack in memory was changed; %v", err)
	}
	if len(pack) < 64<<10 {
		t.Errorf("a pack of %d bytes has no page of its own", len(pack))
	}
}

// FuzzLonePack: of whatever bytes an index is made, each object that it names is there and has that name.
func FuzzLonePack(f *testing.F) {
	dir := f.TempDir()
	git(f, dir, nil, "init", "-q", "--bare")
	git(f, dir, []byte("commit refs/heads/a\ncommitter A <a@example.com> 1 +0000\ndata 1\nc\nM 100644 inline f\ndata 60\n"+
		strings.Repeat("0123456789", 6)+"\nM 100644 inline g\ndata 61\n"+strings.Repeat("0123456789", 6)+"x\n"),
		"-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
	for _, deltas := range []string{"true", "false"} {
		git(f, dir, nil, "-c", "repack.useDeltaBaseOffset="+deltas, "repack", "-adfq")
		pack, _ := onePack(f, dir)
		f.Add(pack)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := openLone(data, SHA1)
		if err != nil {
			return
		}
		for ord := range uint32(s.Len()) {
			kind, object, err := s.GetAt(ord, 0)
			if err != nil && !errors.Is(err, ErrTooLarge) || SHA1.Hash(kind, object) != s.ID(ord) {
				t.Errorf("object %d: %v", ord, err)
			}
		}
	})
}
