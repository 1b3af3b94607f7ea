package pack

import (
	"slices"
	"strings"
	"testing"
)

func FuzzApplyDelta(f *testing.F) {
	f.Add([]byte("hello"), []byte{5, 5, 0x90, 5})
	f.Add([]byte("hello"), []byte{5, 3, 3, 'a', 'b', 'c'})
	f.Add([]byte(""), []byte{0, 0})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		out, err := applyDelta(nil, base, delta)
		if err != nil && len(out) != 0 {
			t.Fatal("bytes beside an error")
		}
		if err == nil {
			if _, target, _, _ := deltaSizes(delta); target != len(out) || target > boundTarget(target, len(base), len(delta)) {
				t.Fatalf("made %d, said %d", len(out), target)
			}
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add(append([]byte("\xfftOc\x00\x00\x00\x02"), make([]byte, 1024+40)...), false)
	f.Add(make([]byte, 1024+40), true)
	f.Fuzz(func(t *testing.T, data []byte, sha256 bool) {
		format := SHA1
		if sha256 {
			format = SHA256
		}
		x, err := parseIndex(data, format)
		if err != nil {
			return
		}
		for i := range x.n {
			x.offset(i)
			x.find(x.id(i))
		}
	})
}

// FuzzPack reads a pack of arbitrary bytes through an index that names arbitrary offsets.
func FuzzPack(f *testing.F) {
	f.Add(slices.Concat(entryHead(Blob, 5), deflate([]byte("hello")), entryHead(ofsDelta, 4), []byte{14}, deflate([]byte{5, 5, 0x90, 5})), uint16(14))
	f.Fuzz(func(t *testing.T, body []byte, second uint16) {
		if len(body) > 1<<12 {
			return
		}
		dir := t.TempDir()
		cut := min(int(second), len(body))
		writePack(t, dir, []madeEntry{{id: ID{1}, head: body[:cut]}, {id: ID{2}, head: body[cut:]}})
		s := open(t, dir, SHA1)
		got, errs := walked(t, s, WalkOptions{MaxSize: 1 << 20})
		if len(got)+len(errs) != 2 {
			t.Fatalf("%d objects of 2", len(got)+len(errs))
		}
		for _, id := range []ID{{1}, {2}} {
			_, data, err := s.Get(id, 1<<20)
			if text, ok := got[SHA1.Hex(id)]; ok && (err != nil || !strings.HasSuffix(text, " "+string(data))) {
				t.Fatalf("walk and Get differ: %v", err)
			}
		}
	})
}
