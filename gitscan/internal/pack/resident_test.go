package pack

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rummage/gitscan/internal/disk"
)

// residentOf is how many KB of a mapped file are memory of this process, -1 where the system does not say.
func residentOf(t *testing.T, path string) (kb int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return -1
	}
	_, after, ok := strings.Cut(string(maps), path+"\n")
	if !ok {
		t.Fatalf("%s is not mapped", path)
	}
	rss := regexp.MustCompile(`(?m)^Rss: +(\d+) kB$`).FindStringSubmatch(after)
	kb, err = strconv.Atoi(rss[1])
	if err != nil {
		t.Fatal(err)
	}
	return kb
}

// TestGiveBack: of a pack that has been read little is left in memory, whoever reads, and what is read while pages are
// given back at every turn is what is there.
func TestGiveBack(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	r := rand.New(rand.NewPCG(9, 10))
	var stream bytes.Buffer
	for i := range 100 {
		data := make([]byte, 100_000)
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		fmt.Fprintf(&stream, "blob\ndata %d\n%s\n", len(data), data)
		fmt.Fprintf(&stream, "commit refs/heads/b%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n\n", i, i)
	}
	git(t, dir, stream.Bytes(), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
	packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	for _, limit := range []int{1, 1 << 20, maxResident} {
		s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), SHA1)
		if err != nil {
			t.Fatal(err)
		}
		s.resident.limit = limit
		var mu sync.Mutex
		ids := map[ID]bool{}
		err = s.Walk(t.Context(), WalkOptions{Kinds: Of(Commit, Tree, Blob), Workers: 3, Verify: true}, func() func(*Object) {
			return func(o *Object) {
				if _, _, err := s.GetAt(o.Ord, 0); o.Err != nil || err != nil {
					t.Errorf("limit %d: %v, %v", limit, o.Err, err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[s.ID(o.Ord)] = true
			}
		})
		if err != nil || len(ids) != s.Len() {
			t.Errorf("limit %d: %d of %d objects, %v", limit, len(ids), s.Len(), err)
		}
		if kb := residentOf(t, packs[0]); kb > 6000 && limit < maxResident {
			t.Errorf("limit %d: %d KB of the pack are resident", limit, kb)
		}
		s.packs[0].sumHolds(t.Context(), s.packs[0].data)
		if kb := residentOf(t, packs[0]); kb > 6000 {
			t.Errorf("after its checksum was made %d KB of the pack are resident", kb)
		}
		var all byte
		for _, c := range s.packs[0].data {
			all |= c
		}
		if kb := residentOf(t, packs[0]); kb >= 0 && kb < 6000 || all == 0 {
			t.Errorf("%d KB of a pack that was just read are resident: this test cannot tell whether anything is given back", kb)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
