package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// noise is text that does not compress well.
func noise(seed uint64, n int) string {
	random := rand.New(rand.NewPCG(seed, 3))
	text := make([]byte, n)
	for i := range text {
		text[i] = byte(' ' + random.IntN(90))
	}
	return string(text)
}

// child is a process of its own that fetches.
func child(root, url string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MIRROR_TEST_ROOT="+root, "MIRROR_TEST_URL="+url)
	return cmd
}

// TestConcurrent: forks fetched at once into one store, by this process and others, do not get in each other's way.
func TestConcurrent(t *testing.T) {
	remote := bare(t, 5)
	m := open(t, Options{})
	var group sync.WaitGroup
	for i := range 4 {
		fork := filepath.Join(t.TempDir(), "fork.git")
		git(t, "", "", "clone", "-q", "--bare", remote, fork)
		commit(t, fork, "refs/heads/main", fmt.Sprint("fork ", i))
		group.Go(func() {
			r := request(fork)
			r.Repo = fmt.Sprint("fork ", i)
			f, err := m.Fetch(t.Context(), r)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Release()
			check(t, f, fork)
		})
		group.Go(func() {
			if out, err := child(m.root, remote).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	f := fetch(t, m, remote, request(remote))
	if f.New || f.Changed {
		t.Errorf("%+v", f)
	}
}

// TestKilled: a process killed with -9 in the middle of a fetch leaves a store that the next fetch mends, and its git
// processes do not stay.
func TestKilled(t *testing.T) {
	remote := bare(t, 3)
	commit(t, remote, "refs/heads/main", noise(1, 1<<20))
	root := filepath.Dir(remote)
	var mu sync.Mutex
	var slow *exec.Cmd
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		victim := slow
		mu.Unlock()
		if victim == nil || r.Method != http.MethodPost {
			return false
		}
		body, err := tryGit(remote, "", "rev-parse", "refs/heads/main")
		if err != nil || body == "" {
			t.Error(err)
		}
		// The beginning of a pack; then nothing, until it is dead.
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		if b := new(bytes.Buffer); true {
			_, _ = b.ReadFrom(r.Body)
			if bytes.Contains(b.Bytes(), []byte("command=ls-refs")) {
				fmt.Fprintf(w, "%04x%s refs/heads/main\n0000", len(body)+4+17, body)
				return true
			}
		}
		pkt := func(s string) { fmt.Fprintf(w, "%04x%s", len(s)+4, s) }
		pkt("packfile\n")
		pkt("\x01PACK\x00\x00\x00\x02\x00\x00\x00\x09" + strings.Repeat("x", 1))
		w.(http.Flusher).Flush()
		store := filepath.Join(victim.Env[len(victim.Env)-2][len("MIRROR_TEST_ROOT="):], "sha1")
		for range 200 { // until it is on the disk
			if tmp, _ := filepath.Glob(store + "/*/objects/pack/tmp_*"); len(tmp) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		_ = victim.Process.Kill()
		<-r.Context().Done()
		return true
	}) + "/remote.git"
	m := open(t, Options{})
	victim := child(m.root, url)
	mu.Lock()
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	slow = victim
	mu.Unlock()
	_ = victim.Wait()
	if victim.ProcessState.Exited() {
		t.Fatalf("it was not killed: %v", victim.ProcessState)
	}
	mu.Lock()
	slow = nil
	mu.Unlock()
	// What a kill at other moments leaves.
	s := m.storeFor(&Request{Network: "n", Repo: "r"}, false)
	if !s.begun() {
		t.Fatal("the store does not know that a fetch did not come to its end")
	}
	name := nameOf("repo", "r")
	stale := []string{"packed-refs.lock", "config.lock", "refs/r/" + name + "/heads/main.lock", "objects/pack/tmp_pack_x", "objects/pack/tmp_idx_x",
		"objects/pack/.tmp-1-pack-x.pack", "objects/pack/pack-" + strings.Repeat("a", 40) + ".pack", "objects/pack/pack-" + strings.Repeat("b", 40) + ".keep",
		"refs/seen/" + name + "/" + strings.Repeat("a", 40) + ".lock", "objects/ab/tmp_obj_x"}
	for _, file := range stale {
		path := filepath.Join(s.dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := fetch(t, m, remote, request(url))
	if f.Recloned != "" {
		t.Errorf("cloned anew: %s", f.Recloned)
	}
	for _, file := range stale {
		if _, err := os.Stat(filepath.Join(s.dir, file)); err == nil {
			t.Errorf("%s is still there", file)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "finished")); s.begun() || err != nil {
		t.Errorf("the store does not know that the last fetch came to its end: %v", err)
	}
	mark, _ := os.Stat(filepath.Join(s.dir, "finished"))
	if err := s.begin(); err != nil || !s.begun() {
		t.Errorf("begun: %v", err)
	}
	if now, err := os.Stat(filepath.Join(s.dir, "unfinished")); err != nil || !os.SameFile(mark, now) {
		t.Errorf("another file marks a change, whose name may come to the disk after what was changed: %v", err)
	}
	if err := errors.Join(s.begin(), s.end()); err != nil || s.begun() { // upon one that did not end
		t.Errorf("ended: %v", err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "unfinished"), nil, 0o600); err != nil || !s.begun() {
		t.Errorf("an older version's mark is not seen: %v", err)
	}
	if tmp, _ := filepath.Glob(s.dir + "/objects/pack/tmp_*"); len(tmp) > 0 {
		t.Error(tmp)
	}
	if left := gits(m.root); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
}

// TestLocked: a fetch waits for the one that changes the store, as long as its context lets it.
func TestLocked(t *testing.T) {
	remote := bare(t, 2)
	m := open(t, Options{})
	s := m.storeFor(&Request{Network: "n", Repo: "r"}, false)
	lock, err := m.tryLock(s.key+".write", true)
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	r := request(remote)
	r.Timeout = 300 * time.Millisecond
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, TooSlow) {
		t.Errorf("%v", err)
	}
	lock.Close()
	fetch(t, m, remote, request(remote))
}

// TestBroken: a store that is broken is made anew once, with the former tips that the server still has.
func TestBroken(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, f *Fetched){
		"pack": func(t *testing.T, f *Fetched) {
			packs, _ := filepath.Glob(f.Dir + "/objects/pack/*.pack")
			for _, p := range packs {
				if err := os.Chmod(p, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(p, 30); err != nil {
					t.Fatal(err)
				}
			}
		},
		"no objects": func(t *testing.T, f *Fetched) {
			if err := os.RemoveAll(f.Dir + "/objects/pack"); err != nil {
				t.Fatal(err)
			}
		},
		"ref": func(t *testing.T, f *Fetched) {
			if err := os.WriteFile(filepath.Join(f.Dir, f.Prefix, "heads/main"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"configuration": func(t *testing.T, f *Fetched) {
			if err := os.WriteFile(filepath.Join(f.Dir, "config"), []byte("[core"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			remote := bare(t, 3)
			url := "file://" + remote
			m := open(t, Options{})
			fetch(t, m, remote, request(url))
			old := git(t, remote, "", "rev-parse", "refs/heads/main")
			git(t, remote, "", "update-ref", "refs/heads/main", orphan(t, remote, "anew", ""))
			f := fetch(t, m, remote, request(url))
			f.Release()
			damage(t, f)
			commit(t, remote, "refs/heads/main", "more")
			f = fetch(t, m, remote, request(url))
			if f.Recloned == "" || !f.New {
				t.Errorf("%+v", f)
			}
			if name != "ref" && !present(t, f, old) { // broken refs tell no former tips
				t.Errorf("kept %v", f.Kept)
			}
			if entries, _ := os.ReadDir(filepath.Join(m.root, "trash")); len(entries) > 0 {
				t.Error(entries)
			}
		})
	}
}

// TestLimits: what is too large, or finds the disk too full, is not fetched, and says so.
func TestLimits(t *testing.T) {
	remote := bare(t, 1)
	m := open(t, Options{MinFree: 1 << 60})
	if _, err := m.Fetch(t.Context(), request(remote)); !errors.Is(err, DiskFull) || strings.Contains(err.Error(), "No space") {
		t.Errorf("MinFree: %v", err)
	}
	r := request(remote)
	r.Expect = 1 << 60
	m = open(t, Options{})
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, DiskFull) {
		t.Errorf("Expect: %v", err)
	}
	// A stream of a pack that never ends.
	id := git(t, remote, "", "rev-parse", "refs/heads/main")
	url := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		if bytes.Contains(b.Bytes(), []byte("command=ls-refs")) {
			fmt.Fprintf(w, "%04x%s refs/heads/main\n0000", len(id)+4+17, id)
			return true
		}
		pkt := func(s string) error { _, err := fmt.Fprintf(w, "%04x%s", len(s)+4, s); return err }
		_ = pkt("packfile\n")
		// One object of many gigabytes, stored without compression.
		_ = pkt("\x01PACK\x00\x00\x00\x02\x00\x00\x00\x01" + "\xbf\xff\xff\xff\xff\x7f" + "\x78\x01")
		block := "\x00\xff\x7f\x00\x80" + noise(2, 0x7fff)
		for pkt("\x01"+block) == nil {
		}
		return true
	}) + "/remote.git"
	r = request(url)
	r.MaxBytes = 2 << 20
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, TooLarge) {
		t.Errorf("MaxBytes: %v", err)
	}
}

// TestDiskFullWord: as TestDiskFull, where no small disk can be had: a program that ends as git does there, and then is git.
func TestDiskFullWord(t *testing.T) {
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, full := filepath.Join(dir, "git"), filepath.Join(dir, "full")
	script := fmt.Sprintf("#!/bin/sh\ncase \" $* \" in *\" fetch \"*) if [ -e '%[1]s' ]; then rm '%[1]s'\np=\"$('%[2]s' rev-parse --absolute-git-dir)/objects/pack/tmp_pack_x\"; head -c 70000 /dev/zero >\"$p\" || exit 3; echo \"$p\" >'%[1]s.path'\n"+
		"echo 'fatal: write error: No space left on device' >&2; echo 'fatal: fetch-pack: invalid index-pack output' >&2; exit 128; fi;; esac\nexec '%[2]s' \"$@\"\n", full, real)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := open(t, Options{Git: program})
	remote := bare(t, 1)
	if _, err := m.Fetch(t.Context(), request("file://"+remote)); !errors.Is(err, DiskFull) || !strings.Contains(err.Error(), "No space") {
		t.Fatalf("%v", err)
	}
	f := fetch(t, m, remote, request("file://"+remote))
	defer f.Release()
	if written, err := os.ReadFile(full + ".path"); err != nil || !strings.HasPrefix(string(written), f.Dir) {
		t.Errorf("what git wrote: %s %v", written, err)
	}
	if left := unfinished(f.Dir); left > 0 {
		t.Errorf("%d bytes left behind", left)
	}
}

// TestDiskFull: git's own word for it has the same kind, and what it wrote is removed by the next fetch.
func TestDiskFull(t *testing.T) {
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("no tmpfs can be mounted: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", small).Run() })
	m, err := New(filepath.Join(small, "mirror"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	remote := bare(t, 1)
	large := bare(t, 1)
	commit(t, large, "refs/heads/main", noise(1, 1<<20))
	r := request("file://" + large)
	r.Network = "large"
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, DiskFull) || !strings.Contains(err.Error(), "No space") {
		t.Errorf("%v", err)
	}
	if f, err := m.Fetch(t.Context(), request("file://"+remote)); err != nil {
		t.Errorf("a small one: %v", err)
	} else {
		f.Release()
	}
	git(t, large, "", "update-ref", "refs/heads/main", orphan(t, large, "small", ""))
	git(t, large, "", "gc", "-q", "--prune=now")
	f := fetch(t, m, large, r)
	if left := unfinished(f.Dir); left > 0 {
		t.Errorf("%d bytes left behind", left)
	}
	f.Release()
	// Not even a store can be made.
	if err := os.WriteFile(filepath.Join(small, "filler"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("it is not full")
	}
	r = request("file://" + remote)
	r.Network = "third"
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, DiskFull) {
		t.Errorf("full: %v", err)
	}
}

func TestEvict(t *testing.T) {
	m := open(t, Options{})
	ctx := t.Context()
	var dirs []string
	var fetched []*Fetched
	var again Request // of the third
	for i := range 4 {
		remote := bare(t, 1)
		commit(t, remote, "refs/heads/main", noise(uint64(i), 50_000*(i+1)))
		r := request("file://" + remote)
		r.Network, r.Repo = fmt.Sprint("n", i), fmt.Sprint("r", i)
		if i == 2 {
			again = r
		}
		f := fetch(t, m, remote, r)
		dirs, fetched = append(dirs, f.Dir), append(fetched, f)
	}
	stores, err := m.Stores(ctx)
	if err != nil || len(stores) != 4 {
		t.Fatal(stores, err)
	}
	var size int64
	for _, s := range stores {
		size += s.Size
	}
	if e, err := m.Evict(ctx, size, nil); err != nil || len(e.Removed) > 0 || e.Size != size {
		t.Errorf("within the budget: %+v, %v", e, err)
	}
	if e, err := m.Evict(ctx, 0, nil); err != nil || len(e.Removed) > 0 {
		t.Errorf("all are held: %+v, %v", e, err)
	}
	for _, f := range fetched {
		f.Release()
	}
	// The first is small, but was not used for long; of the others the largest goes first, but for the one wanted.
	past := time.Now().Add(-1000 * time.Hour)
	if err := os.Chtimes(filepath.Join(m.root, "locks", "sha1-"+filepath.Base(dirs[0])+".use"), past, past); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 4; i++ {
		hour := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(m.root, "locks", "sha1-"+filepath.Base(dirs[i])+".use"), hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	held, err := m.Fetch(ctx, again)
	if err != nil || held.Dir != dirs[2] {
		t.Fatal(held, err)
	}
	e, err := m.Evict(ctx, 0, func(s Store) bool { return s.Dir == dirs[3] })
	var removed []string
	for _, s := range e.Removed {
		removed = append(removed, s.Dir)
	}
	if err != nil || !slices.Equal(removed, []string{dirs[0], dirs[1]}) {
		t.Errorf("removed %v, %v; stores %v", removed, err, dirs)
	}
	held.Release()
	if e, err := m.Evict(ctx, 0, nil); err != nil || len(e.Removed) != 2 || e.Size != 0 {
		t.Errorf("the rest: %+v, %v", e, err)
	}
	if entries, _ := os.ReadDir(filepath.Join(m.root, "trash")); len(entries) > 0 {
		t.Error(entries)
	}
}
