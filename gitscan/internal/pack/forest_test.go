package pack

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"
)

// TestHeadersInRuns: a forest is the same, damage included, by however many goroutines its headers were read.
func TestHeadersInRuns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(7))
	whole := sampleRepo(t, "sha1")
	git(t, whole, nil, "repack", "-adfq")
	var entries []madeEntry
	for i := range 100 {
		e := madeEntry{ID{byte(i), 1}, entryHead(Kind(i%4+1), 3), deflate([]byte("abc"))}
		switch i % 10 {
		case 3:
			e = refDeltaEntry(e.id, ID{byte(i - 1), 1}, []byte{3, 3, 0x90, 3})
		case 6:
			e = refDeltaEntry(e.id, ID{0xee, byte(i)}, []byte{3, 3, 0x90, 3}) // whose base nobody has
		case 8:
			e.head = []byte{0x50} // a kind that there is not
		}
		entries = append(entries, e)
	}
	damaged := t.TempDir()
	writePack(t, damaged, entries)
	for _, dir := range []string{whole, damaged} {
		forests := map[string]*forest{}
		for _, least := range []int{1 << 20, 1, 9} {
			s := open(t, dir, SHA1)
			s.minHeaders = least
			s.Prepare()
			f := s.forests[0]
			f.pack = nil
			forests[fmt.Sprint(least)] = f
		}
		one := forests["1048576"]
		if dir == damaged && len(one.bad) != 20 {
			t.Errorf("%d bad entries, want 20", len(one.bad))
		}
		for least, f := range forests {
			if !reflect.DeepEqual(f, one) {
				t.Errorf("%s on a goroutine: %+v, want %+v", least, f, one)
			}
		}
	}
}
