package mirror

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"rummage/gitscan"
)

// quickly opens a mirror that may do without git.
func quickly(t testing.TB) *Mirror {
	return open(t, Options{Objects: func(dir string) (Objects, error) { return gitscan.OpenObjects(dir) }})
}

// forkOf clones a repository as a server does.
func forkOf(t testing.TB, root, name, of string) string {
	t.Helper()
	dir := filepath.Join(root, name)
	git(t, "", "", "clone", "-q", "--bare", of, dir)
	return dir
}

// fetchCounting fetches a fork, and gives how many programs that took.
func fetchCounting(t testing.TB, m *Mirror, url, dir string) (f *Fetched, programs int64) {
	t.Helper()
	r := request(url + "/" + filepath.Base(dir))
	r.Repo = filepath.Base(dir)
	r.Credential = gives(token(1))
	before := processes.Load()
	f = fetch(t, m, dir, r)
	return f, processes.Load() - before
}

// TestQuick: what forks and pushes bring is there as if git had fetched it, and git was not started for it.
func TestQuick(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(t *testing.T, fork string)
		quick  bool
		pushed bool // and a push to it is, too
	}{
		"same":     {func(*testing.T, string) {}, true, true},
		"fewer":    {func(t *testing.T, fork string) { git(t, fork, "", "update-ref", "-d", "refs/heads/side") }, true, true},
		"a commit": {func(t *testing.T, fork string) { commit(t, fork, "refs/heads/main", "own") }, true, true},
		"an older commit": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "refs/heads/main", "refs/heads/main~3")
		}, true, true},
		"upon an older commit": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "refs/heads/main", "refs/heads/main~3")
			commit(t, fork, "refs/heads/main", "own")
			commit(t, fork, "refs/heads/main", "more")
		}, true, true},
		"a merge": {func(t *testing.T, fork string) {
			tree := git(t, fork, "", "rev-parse", "refs/heads/main~2^{tree}")
			git(t, fork, "", "update-ref", "refs/heads/main", git(t, fork, "", "commit-tree", "-m", "m", "-p", "refs/heads/main", "-p", "refs/heads/side", tree))
		}, true, true},
		"an old file again": {func(t *testing.T, fork string) { commit(t, fork, "refs/heads/main", "content 1") }, true, true},
		"tags": {func(t *testing.T, fork string) {
			git(t, fork, "", "tag", "-a", "-m", "x", "v1", "refs/heads/main~2")
			git(t, fork, "", "tag", "-a", "-m", "x", "v2", "refs/tags/v1")
		}, true, true},
		"directories": {func(t *testing.T, fork string) {
			blob := git(t, fork, "x", "hash-object", "-w", "--stdin")
			tree := git(t, fork, "100644 blob "+blob+"\tfile\n", "mktree")
			tree = git(t, fork, "040000 tree "+tree+"\ta\n160000 commit "+strings.Repeat("1", 40)+"\tb\n", "mktree")
			git(t, fork, "", "update-ref", "refs/heads/main", git(t, fork, "", "commit-tree", "-m", "m", "-p", "refs/heads/main", tree))
		}, true, true},
		"many names": {func(t *testing.T, fork string) {
			for i := range 20 {
				git(t, fork, "", "update-ref", fmt.Sprintf("refs/pull/%d/head", i), "refs/heads/main")
			}
		}, true, true},
		"a root": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "refs/heads/new", orphan(t, fork, "root", ""))
		}, true, true},
		"only a root": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "-d", "refs/heads/side")
			git(t, fork, "", "update-ref", "refs/heads/main", orphan(t, fork, "root", ""))
		}, true, true},
		"nothing in common": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "-d", "refs/heads/side")
			git(t, fork, "", "update-ref", "refs/heads/main", orphan(t, fork, "root", ""))
			git(t, fork, "", "gc", "-q", "--prune=now")
		}, false, true},
		"a tree": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "refs/tags/tree", "refs/heads/main^{tree}")
		}, false, true},
		"an odd name": {func(t *testing.T, fork string) { git(t, fork, "", "update-ref", "refs/heads/a%b", "refs/heads/main") }, false, false},
		"names that some file systems take for one": {func(t *testing.T, fork string) {
			git(t, fork, "", "update-ref", "refs/heads/Side", "refs/heads/main")
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			remote := bare(t, 6)
			git(t, remote, "", "update-ref", "refs/heads/side", commit(t, remote, "refs/heads/side", "side"))
			root := filepath.Dir(remote)
			url := server(t, root, basic("someone", token(1)))
			m := quickly(t)
			fetchCounting(t, m, url, remote)
			fork := forkOf(t, root, "fork.git", remote)
			c.do(t, fork)
			f, programs := fetchCounting(t, m, url, fork)
			if (programs == 0) != c.quick || !f.New || !f.Changed {
				t.Errorf("%d programs: %+v", programs, f)
			}
			for _, id := range f.Tips {
				if !present(t, f, id) {
					t.Errorf("%s is not there", id)
				}
			}
			if f, programs := fetchCounting(t, m, url, fork); programs > 0 || f.Changed {
				t.Errorf("again: %d programs, %+v", programs, f)
			}
			// A push, and one that is forced.
			old := commit(t, fork, "refs/heads/main", "pushed")
			if f, programs := fetchCounting(t, m, url, fork); programs > 0 && c.pushed || len(f.Kept) > 0 {
				t.Errorf("pushed: %d programs, %v", programs, f.Kept)
			}
			git(t, fork, "", "update-ref", "refs/heads/main", "refs/heads/main~1")
			forced := commit(t, fork, "refs/heads/main", "forced")
			if f, _ := fetchCounting(t, m, url, fork); len(f.Kept) != 1 || f.Kept[0] != old || !present(t, f, old) || !present(t, f, forced) {
				t.Errorf("forced: %v, want %s", f.Kept, old)
			}
			if err := m.GC(t.Context(), f.Dir); err != nil {
				t.Error(err)
			}
			git(t, fork, "", "update-ref", "-d", "refs/heads/main")
			if f, _ := fetchCounting(t, m, url, fork); !present(t, f, forced) {
				t.Errorf("removed: %v", f.Kept)
			}
		})
	}
}

// TestQuickProperty: whatever happens to repositories that share a store, it has their refs, and every tip that they ever had.
func TestQuickProperty(t *testing.T) {
	quick, all := 0, 0
	for seed := range 2 {
		random := rand.New(rand.NewPCG(uint64(seed), 11))
		forks := []string{bare(t, 3)}
		root := filepath.Dir(forks[0])
		url := server(t, root, basic("someone", token(1)))
		m := quickly(t)
		ever := map[string]map[string]bool{}
		for step := range 16 {
			if len(forks) < 4 && random.IntN(3) == 0 {
				forks = append(forks, forkOf(t, root, fmt.Sprintf("fork%d.git", len(forks)), forks[random.IntN(len(forks))]))
			}
			fork := forks[random.IntN(len(forks))]
			branch := func() string { return fmt.Sprintf("refs/heads/b%d", random.IntN(4)) }
			for range 1 + random.IntN(2) {
				switch name := branch(); random.IntN(9) {
				case 0, 1, 2:
					_, _ = tryGit(fork, "", "update-ref", name, branch())
					commit(t, fork, name, fmt.Sprint("content ", random.IntN(9)))
				case 3:
					git(t, fork, "", "update-ref", name, orphan(t, fork, fmt.Sprint("forced", seed, step), ""))
				case 4:
					_, _ = tryGit(fork, "", "update-ref", "-d", name)
				case 5:
					_, _ = tryGit(fork, "", "tag", "-f", "-a", "-m", fmt.Sprint(step), "t", branch())
				case 6:
					git(t, fork, "", "gc", "-q", "--prune=now")
				case 7:
					_, _ = tryGit(fork, "", "update-ref", "refs/heads/d", name)
					_, _ = tryGit(fork, "", "update-ref", "-d", "refs/heads/d/e")
				case 8:
					_, _ = tryGit(fork, "", "update-ref", "-d", "refs/heads/d")
					_, _ = tryGit(fork, "", "update-ref", "refs/heads/d/e", name)
				}
			}
			f, programs := fetchCounting(t, m, url, fork)
			if all++; programs == 0 {
				quick++
			}
			if ever[fork] == nil {
				ever[fork] = map[string]bool{}
			}
			for _, id := range f.Tips {
				ever[fork][id] = true
			}
			for id := range ever[fork] {
				if !present(t, f, id) {
					t.Fatalf("seed %d, step %d: %s is gone", seed, step, id)
				}
			}
			switch random.IntN(5) {
			case 0:
				if err := m.GC(t.Context(), f.Dir); err != nil {
					t.Fatal(err)
				}
			case 1:
				git(t, f.Dir, "", "pack-refs", "--all")
			}
		}
	}
	if t.Logf("%d of %d fetches without a program", quick, all); quick < all/4 {
		t.Error("too few")
	}
}

// TestQuickAfterOdd: names that were in each other's way and no longer are become refs.
func TestQuickAfterOdd(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	url := server(t, root, basic("someone", token(1)))
	m := quickly(t)
	fetchCounting(t, m, url, remote)
	fork := forkOf(t, root, "fork.git", remote)
	main := git(t, fork, "", "rev-parse", "refs/heads/main")
	packed := "# pack-refs with: peeled fully-peeled sorted \n"
	for _, name := range []string{"a", "a/b", "main"} {
		packed += main + " refs/heads/" + name + "\n"
	}
	if err := os.WriteFile(filepath.Join(fork, "packed-refs"), []byte(packed), 0o600); err != nil {
		t.Fatal(err)
	}
	r := request(url + "/fork.git")
	r.Repo = "fork.git"
	r.Credential = gives(token(1))
	f, err := m.Fetch(t.Context(), r)
	if err != nil || len(f.Odd) != 1 || len(f.Tips) != 3 {
		t.Fatalf("%+v, %v", f, err)
	}
	f.Release()
	for name := range f.Odd { // it is alone now
		packed = "# pack-refs with: peeled fully-peeled sorted \n" + main + " " + name + "\n" + main + " refs/heads/main\n"
	}
	if err := os.WriteFile(filepath.Join(fork, "packed-refs"), []byte(packed), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, _ := fetchCounting(t, m, url, fork); len(f.Odd) > 0 {
		t.Errorf("%+v", f)
	}
}

// TestQuickDangling: that an object lies in the store says nothing of what it leads to.
func TestQuickDangling(t *testing.T) {
	for name, lose := range map[string]string{"parent": "refs/heads/main~1", "tree": "refs/heads/main^{tree}", "blob": "refs/heads/main:file", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			remote := bare(t, 3)
			root := filepath.Dir(remote)
			url := server(t, root, basic("someone", token(1)))
			m := quickly(t)
			f, _ := fetchCounting(t, m, url, remote)
			fork := forkOf(t, root, "fork.git", remote)
			commit(t, fork, "refs/heads/main", "own 1")
			commit(t, fork, "refs/heads/main", "own 2")
			// The store gets the objects, of which one is not there, and no ref.
			objects := git(t, fork, "", "rev-list", "--objects", "refs/heads/main", "--not", f.Tips["refs/heads/main"])
			lost := ""
			if lose != "" {
				lost = git(t, fork, "", "rev-parse", lose)
			}
			var ids strings.Builder
			for line := range strings.Lines(objects) {
				if id, _, _ := strings.Cut(strings.TrimSpace(line), " "); id != lost {
					fmt.Fprintln(&ids, id)
				}
			}
			git(t, fork, ids.String(), "pack-objects", "-q", filepath.Join(f.Dir, "objects", "pack", "pack"))
			f, _ = fetchCounting(t, m, url, fork)
			if !present(t, f, f.Tips["refs/heads/main"]) {
				t.Error("it is not whole")
			}
		})
	}
}

// TestQuickHostile: what a server may answer is refused, and then git fetches.
func TestQuickHostile(t *testing.T) {
	pkt := func(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }
	pack := func(change func([]byte) []byte) func(http.ResponseWriter, string, []byte) {
		return func(w http.ResponseWriter, ack string, sent []byte) {
			fmt.Fprint(w, pkt("ACK "+ack+"\n"))
			for data := change(sent); len(data) > 0; {
				n := min(len(data), 60000)
				fmt.Fprint(w, pkt("\x01"+string(data[:n])))
				data = data[n:]
			}
			fmt.Fprint(w, "0000")
		}
	}
	summed := func(p []byte) []byte {
		sum := sha1.Sum(p)
		return append(p, sum[:]...)
	}
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, ack string, sent []byte)
		quick  bool
	}{
		"as it is":          {pack(func(p []byte) []byte { return p }), true},
		"a page":            {func(w http.ResponseWriter, _ string, _ []byte) { fmt.Fprint(w, "<html>\x1b[31m") }, false},
		"nothing":           {func(http.ResponseWriter, string, []byte) {}, false},
		"nothing in common": {func(w http.ResponseWriter, _ string, _ []byte) { fmt.Fprint(w, pkt("NAK\n")+"0000") }, false},
		"an error":          {func(w http.ResponseWriter, a string, _ []byte) { fmt.Fprint(w, pkt("ACK "+a+"\n")+pkt("\x03no")) }, false},
		"another band": {func(w http.ResponseWriter, a string, _ []byte) {
			fmt.Fprint(w, pkt("ACK "+a+"\n")+pkt("\x09no")+"0000")
		}, false},
		"no pack":                    {pack(func([]byte) []byte { return nil }), false},
		"an empty pack":              {pack(func([]byte) []byte { return summed([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")) }), false},
		"a cut pack":                 {pack(func(p []byte) []byte { return p[:len(p)-3] }), false},
		"a spoilt pack":              {pack(func(p []byte) []byte { p[len(p)/2] ^= 0x20; return p }), false},
		"a spoilt pack with its sum": {pack(func(p []byte) []byte { p[len(p)/2] ^= 0x20; return summed(p[:len(p)-20]) }), false},
		"fewer than it says":         {pack(func(p []byte) []byte { p[11]++; return summed(p[:len(p)-20]) }), false},
		"more than it says":          {pack(func(p []byte) []byte { p[11]--; return summed(p[:len(p)-20]) }), false},
		"millions":                   {pack(func(p []byte) []byte { p[8] = 0x7f; return summed(p[:len(p)-20]) }), false},
		"a bomb": {pack(func([]byte) []byte {
			p := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01")
			p = append(p, 0xbf, 0xff, 0xff, 0xff, 0xff, 0x01, 0x78, 0x9c)
			return summed(append(p, make([]byte, 1000)...))
		}), false},
		"a base that is before all": {pack(func([]byte) []byte {
			p := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01")
			return summed(append(p, 0x61, 0xff, 0x7f, 0x78, 0x9c, 0, 0, 0))
		}), false},
		"without end": {func(w http.ResponseWriter, a string, _ []byte) {
			fmt.Fprint(w, pkt("ACK "+a+"\n"))
			for {
				if _, err := fmt.Fprint(w, pkt("\x01"+strings.Repeat("x", 60000))); err != nil {
					return
				}
			}
		}, false},
		"talk without end": {func(w http.ResponseWriter, a string, _ []byte) {
			fmt.Fprint(w, pkt("ACK "+a+"\n"))
			for {
				if _, err := fmt.Fprint(w, strings.Repeat(pkt("\x02x"), 1000)); err != nil {
					return
				}
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			remote := bare(t, 3)
			root := filepath.Dir(remote)
			fork := forkOf(t, root, "fork.git", remote)
			commit(t, fork, "refs/heads/main", "own")
			sent := packOf(t, fork, "refs/heads/main", "refs/heads/main~1")
			ack := git(t, remote, "", "rev-parse", "refs/heads/main")
			var asked atomic.Int64
			url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost || r.Header.Get("Git-Protocol") != "" || !strings.Contains(r.URL.Path, "fork.git") {
					return false
				}
				asked.Add(1)
				body, err := io.ReadAll(r.Body)
				if err != nil || !bytes.Contains(body, []byte("have "+ack)) {
					t.Errorf("asked with %q, %v", body, err)
				}
				w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
				c.answer(w, ack, bytes.Clone(sent))
				return true
			})
			m := quickly(t)
			fetchCounting(t, m, url, remote)
			f, programs := fetchCounting(t, m, url, fork)
			if asked.Load() != 1 || (programs == 0) != c.quick || !present(t, f, f.Tips["refs/heads/main"]) {
				t.Errorf("asked %d times, %d programs", asked.Load(), programs)
			}
		})
	}
}

// packOf is a pack of what a tip leads to and another does not, whole by itself.
func packOf(t *testing.T, dir, tip, not string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p")
	name := git(t, dir, tip+"\n^"+not+"\n", "pack-objects", "-q", "--revs", file)
	data, err := os.ReadFile(file + "-" + name + ".pack")
	if err != nil {
		t.Fatal(err)
	}
	if binary.BigEndian.Uint32(data[8:]) < 3 {
		t.Fatal("a pack of nothing")
	}
	return data
}

// TestRefChanges: what git is to do with names is left to it.
func TestRefChanges(t *testing.T) {
	id := func(n byte) string { return strings.Repeat(string(n), 40) }
	for _, c := range []struct {
		was, now      string
		write, remove int
		ok            bool
	}{
		{"", "a b/c tags/v1.0", 3, 0, true},
		{"a b", "b c", 1, 1, true},
		{"a/b", "a", 1, 1, true},
		{"a", "a/b", 1, 1, true},
		{"", "a a/b", 0, 0, false},
		{"", "a/b/c a", 0, 0, false},
		{"", "a A", 0, 0, false},
		{"", "A a/b", 0, 0, false},
		{"", "a..b", 0, 0, false},
		{"", ".a", 0, 0, false},
		{"", "a/.b", 0, 0, false},
		{"", "a/../../../x", 0, 0, false},
		{"", "a//b", 0, 0, false},
		{"", "a/", 0, 0, false},
		{"", "a.lock", 0, 0, false},
		{"", "a.lock/b", 0, 0, false},
		{"", "a.", 0, 0, false},
		{"", "-a", 0, 0, false},
		{"", "a:b", 0, 0, false},
		{"", "a\\b", 0, 0, false},
		{"", "\x1b[31m", 0, 0, false},
		{"", "ä", 0, 0, false},
		{"", strings.Repeat("x", 250), 0, 0, false},
	} {
		refs := func(names string, n byte) map[string]string {
			m := map[string]string{}
			for name := range strings.SplitSeq(names, " ") {
				if name != "" {
					m["refs/"+name] = id(n)
				}
			}
			return m
		}
		was, now := refs(c.was, '1'), refs(c.now, '1')
		got, err := refChanges(was, now)
		if (err == nil) != c.ok || c.ok && (len(got.write) != c.write || len(got.remove) != c.remove) {
			t.Errorf("%q to %q: %+v, %v", c.was, c.now, got, err)
		}
		if c.ok { // the same names with other ids
			if got, err := refChanges(now, refs(c.now, '2')); err != nil || len(got.write) != len(now) || len(got.remove) > 0 {
				t.Errorf("%q: %+v, %v", c.now, got, err)
			}
		}
	}
	if _, err := refChanges(map[string]string{}, map[string]string{"HEAD": id('1')}); err == nil {
		t.Error("a name outside refs is taken")
	}
}

// TestRepackRefs: refs are changed as said, and no others.
func TestRepackRefs(t *testing.T) {
	remote := bare(t, 2)
	for _, name := range []string{"a", "b", "c"} {
		git(t, remote, "", "tag", "-a", "-m", "x", name, "refs/heads/main")
	}
	git(t, remote, "", "update-ref", "refs/r/x/heads/a", "refs/heads/main")
	git(t, remote, "", "pack-refs", "--all")
	s := &store{dir: remote}
	want := refsOf(t, remote, "refs/")
	for _, gone := range []string{"refs/tags/b", "refs/none", "refs/r/x/heads/a", "refs/tags/c"} {
		delete(want, gone)
		if err := s.repackRefs(map[string]string{gone: ""}); err != nil {
			t.Fatal(err)
		}
		if got := refsOf(t, remote, "refs/"); !maps.Equal(got, want) {
			t.Errorf("without %s: %v, want %v", gone, got, want)
		}
		if got, main := git(t, remote, "", "rev-parse", "refs/tags/a^{}"), want["refs/heads/main"]; got != main {
			t.Errorf("the tag leads to %s, not %s", got, main)
		}
	}
	for _, name := range []string{"refs/a", "refs/tags/d", "refs/z", "refs/tags/a"} {
		want[name] = want["refs/tags/a"]
		if name == "refs/tags/a" {
			want[name] = want["refs/heads/main"]
		}
		if err := s.repackRefs(map[string]string{name: want[name]}); err != nil {
			t.Fatal(err)
		}
		if got := refsOf(t, remote, "refs/"); !maps.Equal(got, want) {
			t.Errorf("with %s: %v, want %v", name, got, want)
		}
		if out := git(t, remote, "", "for-each-ref", "--format=%(refname) %(*objectname)", "refs/tags/d"); name == "refs/tags/d" && !strings.HasSuffix(out, want["refs/heads/main"]) {
			t.Errorf("the tag is said to be none: %s", out)
		}
	}
}

// FuzzParsePack: whatever a server answers ends in no more bytes than were allowed, or an error.
func FuzzParsePack(f *testing.F) {
	f.Add([]byte("0009ACK x0009\x01PACK0006\x02x0000"))
	f.Add([]byte("0008NAK\n0000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if pack, err := parsePack(bytes.NewReader(data), 100); err == nil && len(pack) > 100 {
			t.Errorf("%d bytes", len(pack))
		}
	})
}
