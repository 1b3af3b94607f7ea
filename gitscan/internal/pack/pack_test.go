package pack

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"rummage/gitscan/internal/disk"
)

func git(t testing.TB, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// sampleRepo has families of similar files, so that git makes deltas of them.
func sampleRepo(t testing.TB, format string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "--object-format="+format)
	r := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	text := make([][]byte, 4)
	for i := range text {
		for range 400 {
			text[i] = fmt.Appendf(text[i], "line %d\n", r.IntN(1000))
		}
	}
	for i := 1; i <= 60; i++ {
		f := r.IntN(len(text))
		at := r.IntN(len(text[f]))
		text[f] = slices.Concat(text[f][:at], fmt.Appendf(nil, "edit %d\n", i), text[f][min(at+r.IntN(30), len(text[f])):])
		fmt.Fprintf(&b, "commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", i, 1_700_000_000+i)
		fmt.Fprintf(&b, "M 100644 inline dir%d/file%d\ndata %d\n%s\n", f, f, len(text[f]), text[f])
	}
	git(t, dir, b.Bytes(), "fast-import", "--quiet")
	git(t, dir, nil, "tag", "-a", "-m", "a tag", "v1", "main")
	return dir
}

// gitObjects is every object as git itself reads it.
func gitObjects(t testing.TB, dir string) map[string]string {
	t.Helper()
	objects := map[string]string{}
	out := git(t, dir, nil, "cat-file", "--batch-all-objects", "--batch", "--unordered")
	for len(out) > 0 {
		head, rest, _ := bytes.Cut(out, []byte{'\n'})
		var id, kind string
		var size int
		if _, err := fmt.Sscan(string(head), &id, &kind, &size); err != nil {
			t.Fatal(err)
		}
		objects[id] = kind + " " + string(rest[:size])
		out = rest[size+1:]
	}
	return objects
}

// open opens a repository's store, of which walks divide every tree that has a worker's share.
func open(t testing.TB, dir string, f Format) *Store {
	t.Helper()
	s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), f)
	if err != nil {
		t.Fatal(err)
	}
	s.minPiece = 1
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var everyKind = Of(Commit, Tree, Blob, Tag)

// walked reads the whole store; an object that comes twice fails the test.
func walked(t testing.TB, s *Store, o WalkOptions) (objects map[string]string, errs map[string]error) {
	t.Helper()
	objects, errs = map[string]string{}, map[string]error{}
	var mu sync.Mutex
	o.Kinds, o.Workers = everyKind, 3
	err := s.Walk(context.Background(), o, func() func(*Object) {
		kept := map[int]string{}
		return func(obj *Object) {
			mu.Lock()
			defer mu.Unlock()
			if obj.Base >= 0 {
				checkCopies(t, obj, kept)
			}
			if obj.Slot >= 0 {
				kept[obj.Slot] = string(obj.Data)
			}
			id := s.Format().Hex(s.ID(obj.Ord))
			if _, twice := objects[id]; twice || errs[id] != nil {
				t.Errorf("%s comes twice", id)
			}
			if obj.Err != nil {
				errs[id] = obj.Err
				return
			}
			objects[id] = obj.Kind.String() + " " + string(obj.Data)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects, errs
}

// checkCopies holds an object to what it says of its base.
func checkCopies(t testing.TB, obj *Object, kept map[int]string) {
	t.Helper()
	base, known := kept[obj.Base]
	if !known || obj.Base == obj.Slot {
		t.Errorf("object %d has base %d, which is not kept, and slot %d", obj.Ord, obj.Base, obj.Slot)
	}
	for _, c := range obj.Copies {
		if string(obj.Data[c.To:c.To+c.Len]) != base[c.From:c.From+c.Len] {
			t.Errorf("object %d: %d bytes at %d are not those of its base at %d", obj.Ord, c.Len, c.To, c.From)
		}
	}
}

func TestAgainstGit(t *testing.T) {
	shapes := map[string][][]string{
		"as made":    nil,
		"deep":       {{"repack", "-adfq", "--depth=4095", "--window=250"}},
		"no deltas":  {{"repack", "-adFq", "--depth=0"}},
		"ref deltas": {{"-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"}},
		"index v1":   {{"-c", "pack.indexVersion=1", "repack", "-adfq"}},
		"midx":       {{"repack", "-adfq"}, {"multi-pack-index", "write"}},
		"two packs":  {{"repack", "-adfq"}, {"tag", "-a", "-m", "two", "v2", "main~3"}, {"repack", "-q"}},
	}
	for _, format := range []Format{SHA1, SHA256} {
		for _, name := range slices.Sorted(maps.Keys(shapes)) {
			t.Run(format.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				dir := sampleRepo(t, format.String())
				for _, step := range shapes[name] {
					git(t, dir, nil, step...)
				}
				want := gitObjects(t, dir)
				s := open(t, dir, format)
				got, errs := walked(t, s, WalkOptions{Verify: true})
				if len(errs) > 0 || len(s.Damage()) > 0 {
					t.Fatal(errs, s.Damage())
				}
				if len(want) < 150 || !maps.Equal(got, want) {
					t.Fatalf("walk gives %d objects, git %d, or they differ", len(got), len(want))
				}
				for hex, w := range want {
					id, err := format.Parse(hex)
					if err != nil {
						t.Fatal(err)
					}
					kind, data, err := s.Get(id, 0)
					if err != nil || kind.String()+" "+string(data) != w {
						t.Fatalf("Get %s: %v, %v", hex, kind, err)
					}
					if k, err := s.Kind(id); err != nil || k != kind {
						t.Fatalf("Kind %s: %v, %v", hex, k, err)
					}
				}
			})
		}
	}
}

// TestFlippedBits damages a small pack and its index at every 17th byte: each damage is noticed, or harmless.
func TestFlippedBits(t *testing.T) {
	for _, ext := range []string{"pack", "idx"} {
		t.Run(ext, func(t *testing.T) {
			dir := sampleRepo(t, "sha1")
			git(t, dir, nil, "repack", "-adfq")
			flipBits(t, dir, filepath.Join(dir, "objects/pack/*."+ext), gitObjects(t, dir))
		})
	}
}

func flipBits(t *testing.T, dir, pattern string, want map[string]string) {
	files, _ := filepath.Glob(pattern)
	if len(files) != 1 {
		t.Fatal(files)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(files[0], 0o644); err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for at := 0; at < len(whole); at += 17 {
		bad := slices.Clone(whole)
		bad[at] ^= 1 << (at % 8)
		if err := os.WriteFile(files[0], bad, 0o644); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, SHA1)
		_, _ = walked(t, s, WalkOptions{Sums: true})
		got, errs := walked(t, s, WalkOptions{Verify: true})
		if len(errs) > 0 || len(s.Damage()) > 0 {
			noticed++
		} else if !maps.Equal(got, want) {
			t.Fatalf("byte %d: other content and no error", at)
		}
		for id, text := range got {
			if want[id] != text {
				t.Fatalf("byte %d: %s has other content and no error", at, id)
			}
		}
		for id := range want {
			if _, ok := got[id]; !ok && len(errs) == 0 && len(s.Damage()) == 0 {
				t.Fatalf("byte %d: %s is lost silently", at, id)
			}
		}
		_ = s.Close()
	}
	if noticed == 0 {
		t.Fatal("no damage was noticed")
	}
}

func TestTruncatedPack(t *testing.T) {
	dir := sampleRepo(t, "sha1")
	git(t, dir, nil, "repack", "-adfq")
	packs, _ := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	whole, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 5, 31, len(whole) / 2, len(whole) - 1} {
		if err := os.Chmod(packs[0], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(packs[0], whole[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		if s := open(t, dir, SHA1); len(s.Damage()) != 1 {
			t.Errorf("%d bytes: damage %v", size, s.Damage())
		}
	}
}

// madeEntry is an entry of a pack that the test makes itself.
type madeEntry struct {
	id   ID
	head []byte
	body []byte
}

func entryHead(kind Kind, size int) []byte {
	b := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return b
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// writePack makes a pack and its index in dir, whatever the entries say.
func writePack(t testing.TB, dir string, entries []madeEntry) {
	t.Helper()
	writePackAs(t, dir, "pack-made", entries)
}

func writePackAs(t testing.TB, dir, name string, entries []madeEntry) {
	t.Helper()
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(entries)))
	offsets := map[ID]int{}
	crcs := map[ID]uint32{}
	for _, e := range entries {
		offsets[e.id] = len(pack)
		crcs[e.id] = crc32.ChecksumIEEE(slices.Concat(e.head, e.body))
		pack = append(append(pack, e.head...), e.body...)
	}
	h := SHA1.New()
	h.Write(pack)
	sum := h.Sum(nil)
	pack = append(pack, sum...)
	slices.SortFunc(entries, func(a, b madeEntry) int { return a.id.Compare(b.id) })
	idx := []byte("\xfftOc\x00\x00\x00\x02")
	n := 0
	for b := range 256 {
		for n < len(entries) && int(entries[n].id[0]) <= b {
			n++
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	for _, e := range entries {
		idx = append(idx, e.id[:20]...)
	}
	for _, e := range entries {
		idx = binary.BigEndian.AppendUint32(idx, crcs[e.id])
	}
	for _, e := range entries {
		idx = binary.BigEndian.AppendUint32(idx, uint32(offsets[e.id]))
	}
	idx = append(idx, sum...)
	idxSum := sha1.Sum(idx)
	idx = append(idx, idxSum[:]...)
	packDir := filepath.Join(dir, "objects", "pack")
	if err := os.MkdirAll(packDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for ext, data := range map[string][]byte{".pack": pack, ".idx": idx} {
		if err := os.WriteFile(filepath.Join(packDir, name+ext), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func refDeltaEntry(id, base ID, delta []byte) madeEntry {
	return madeEntry{id, append(entryHead(refDelta, len(delta)), base[:20]...), deflate(delta)}
}

func TestHostilePacks(t *testing.T) {
	a, b, c := ID{1}, ID{2}, ID{3}
	copyAll := []byte{5, 5, 0x90, 5} // of a base of 5 bytes: a copy of all of it
	bomb := deflate(make([]byte, 40<<20))
	blob := madeEntry{a, entryHead(Blob, 5), deflate([]byte("hello"))}
	tests := []struct {
		name    string
		entries []madeEntry
		bad     int // objects that cannot be read
	}{
		{"cycle", []madeEntry{refDeltaEntry(a, b, copyAll), refDeltaEntry(b, a, copyAll)}, 2},
		{"own base", []madeEntry{refDeltaEntry(a, a, copyAll)}, 1},
		{"missing base", []madeEntry{refDeltaEntry(a, c, copyAll)}, 1},
		{"copy past base", []madeEntry{blob, refDeltaEntry(b, a, []byte{5, 9, 0x90, 9})}, 1},
		{"delta of a bad delta", []madeEntry{blob, refDeltaEntry(b, a, []byte{5, 9, 0x90, 9}), refDeltaEntry(c, b, copyAll)}, 2},
		{"size larger than deflate can make", []madeEntry{{a, entryHead(Blob, 1<<40), deflate([]byte("hello"))}}, 1},
		{"delta that says terabytes", []madeEntry{blob, refDeltaEntry(b, a, []byte{5, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x90, 5})}, 1},
		{"stream longer than said", []madeEntry{{a, entryHead(Blob, 3), deflate([]byte("hello"))}}, 1},
		{"bomb over the limit", []madeEntry{{a, entryHead(Blob, 40<<20), bomb}}, 1},
		{"unknown kind", []madeEntry{{a, entryHead(5, 5), deflate([]byte("hello"))}}, 1},
		{"kind 0", []madeEntry{{a, entryHead(0, 5), deflate([]byte("hello"))}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writePack(t, dir, tt.entries)
			s := open(t, dir, SHA1)
			if len(s.Damage()) > 0 {
				t.Fatal(s.Damage())
			}
			got, errs := walked(t, s, WalkOptions{MaxSize: 1 << 20})
			if len(errs) != tt.bad || len(got)+len(errs) != len(tt.entries) {
				t.Errorf("read %d, errors %v, want %d errors", len(got), errs, tt.bad)
			}
			for _, e := range tt.entries {
				if _, ok := got[SHA1.Hex(e.id)]; ok {
					continue
				}
				if _, _, err := s.Get(e.id, 1<<20); err == nil {
					t.Errorf("Get %s gives no error", SHA1.Hex(e.id))
				}
			}
		})
	}
}

// TestDeepChain: a chain of 20,000 deltas is walked without deep recursion, and its memory does not add up.
func TestDeepChain(t *testing.T) {
	dir := t.TempDir()
	entries := []madeEntry{{ID{0, 0, 1}, entryHead(Blob, 5), deflate([]byte("hello"))}}
	for i := 2; i <= 20_000; i++ {
		id, base := ID{byte(i >> 16), byte(i >> 8), byte(i), 1}, entries[len(entries)-1].id
		entries = append(entries, refDeltaEntry(id, base, []byte{5, 5, 0x90, 5}))
	}
	last := entries[len(entries)-1].id
	writePack(t, dir, entries)
	s := open(t, dir, SHA1)
	got, errs := walked(t, s, WalkOptions{})
	if len(got) != 20_000 || len(errs) > 0 {
		t.Fatal(len(got), len(errs))
	}
	if _, data, err := s.Get(last, 0); err != nil || string(data) != "hello" {
		t.Fatal(string(data), err)
	}
}

func TestLooseDamage(t *testing.T) {
	dir := t.TempDir()
	good := slices.Concat([]byte("blob 5\x00"), []byte("hello"))
	id := SHA1.Hash(Blob, []byte("hello"))
	write := func(id ID, data []byte) {
		path := (&looseDir{dir: filepath.Join(dir, "objects"), format: SHA1}).path(id)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(id, deflate(good))
	write(ID{1}, deflate(good))                          // wrong hash
	write(ID{2}, deflate(good)[:9])                      // truncated
	write(ID{3}, nil)                                    // empty
	write(ID{4}, deflate([]byte("blob 99999999\x00hi"))) // lying size
	write(ID{5}, deflate([]byte("blub 5\x00hello")))
	write(ID{6}, []byte("not zlib at all"))
	s := open(t, dir, SHA1)
	got, errs := walked(t, s, WalkOptions{})
	if len(got) != 1 || got[SHA1.Hex(id)] != "blob hello" || len(errs) != 6 {
		t.Fatal(got, errs)
	}
	if !errors.Is(errs[SHA1.Hex(ID{1})], ErrHash) {
		t.Error(errs[SHA1.Hex(ID{1})])
	}
}
