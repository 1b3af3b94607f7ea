package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// gitThat is git until it is no more wanted, but for what a shell's case does before.
func gitThat(t *testing.T, m *Mirror, does string) (end func()) {
	t.Helper()
	real, program := m.git, filepath.Join(t.TempDir(), "git")
	if err := os.WriteFile(program, []byte(fmt.Sprintf("#!/bin/sh\ncase \" $* \" in %s;; esac\nexec '%s' \"$@\"\n", does, real)), 0o700); err != nil {
		t.Fatal(err)
	}
	m.git = program
	return func() { m.git = real }
}

// fillPacks has a store have n packs.
func fillPacks(t *testing.T, f *Fetched, n int) {
	t.Helper()
	for i := range n {
		dir := filepath.Join(f.Dir, "objects", "pack", "pack")
		id := git(t, f.Dir, fmt.Sprint("filler ", i), "hash-object", "-w", "--stdin")
		git(t, f.Dir, id+"\n", "pack-objects", "-q", dir)
	}
}

// TestFetchForksUntidy: when packs cannot be put together, that is told, what was fetched is there, and the next who changes the store
// knows that there may be something left.
func TestFetchForksUntidy(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	url := server(t, root, basic("someone", token(1)))
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	fillPacks(t, first, maxPacks)
	dirs := []string{forkOf(t, root, "a.git", remote), forkOf(t, root, "b.git", remote)}
	for _, dir := range dirs {
		commit(t, dir, "refs/heads/main", filepath.Base(dir))
	}
	left := []string{filepath.Join(first.Dir, "objects", "pack", ".tmp-1-pack-x"), filepath.Join(first.Dir, "packed-refs.lock")}
	end := gitThat(t, m, fmt.Sprintf("*' repack '*) touch '%s' '%s'; kill -9 $$", left[0], left[1]))
	got, err := m.FetchForks(t.Context(), forksRequests(url, "a.git", "b.git"))
	if !errors.Is(err, Failed) {
		t.Errorf("that packs were not put together is not told: %v", err)
	}
	for i, f := range got {
		if f == nil {
			t.Fatal("what was fetched is not there")
		}
		check(t, f, dirs[i])
		f.Release()
	}
	if !m.storeFor(&forksRequests(url, "a.git")[0], false).begun() {
		t.Error("the store does not know of it")
	}
	end()
	fetchCounting(t, m, url, forkOf(t, root, "c.git", remote))
	for _, file := range left {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is still there", file)
		}
	}
}

// TestStaleLock: what is in git's way and was left behind is not taken for the name of a ref, though the store knows nothing of it.
func TestStaleLock(t *testing.T) {
	for _, file := range []string{"packed-refs.lock", "refs/r/" + nameOf("repo", "remote.git") + "/heads/new.lock"} {
		remote := bare(t, 2)
		for _, name := range []string{"a%b", "old"} { // the first is none for a quick fetch
			git(t, remote, "", "update-ref", "refs/heads/"+name, "refs/heads/main")
		}
		url := server(t, filepath.Dir(remote), basic("someone", token(1)))
		m := quickly(t)
		f, _ := fetchCounting(t, m, url, remote)
		if err := m.GC(t.Context(), f.Dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(f.Dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, remote, "", "update-ref", "-d", "refs/heads/old")
		git(t, remote, "", "update-ref", "refs/heads/new", "refs/heads/main")
		fetchCounting(t, m, url, remote)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", file)
		}
	}
}

// TestFetchForksHang: a server that no longer answers is waited for once, what was had before stays, and a store is not waited for
// without end, nor marked when there is nothing to write.
func TestFetchForksHang(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	auth, hung := basic("someone", token(1)), atomic.Int64{}
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		if auth(w, r) {
			return true
		}
		if r.Method == http.MethodPost && r.URL.Path[:2] == "/h" {
			hung.Add(1)
			_, _ = io.Copy(io.Discard, r.Body) // or it is not seen that the other has gone
			<-r.Context().Done()
			return true
		}
		return false
	})
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	defer first.Release()
	for _, name := range []string{"a", "h1", "h2", "h3"} {
		commit(t, forkOf(t, root, name, remote), "refs/heads/main", name)
	}
	timeout := 4 * time.Second
	asks := func(names ...string) []Request {
		list := forksRequests(url, names...)
		for i := range list {
			list[i].Timeout = timeout
		}
		return list
	}
	// hang asks until the first that hangs has been asked, which a busy machine may not come to in time.
	hang := func(names ...string) []*Fetched {
		for ; ; timeout *= 2 {
			hung.Store(0)
			if got := togetherAll(t, m, asks(names...)); hung.Load() > 0 || timeout > time.Minute {
				return got
			}
		}
	}
	s := m.storeFor(&asks("a")[0], false)
	got := hang("a", "h1", "h2", "h3")
	if hung.Load() != 1 || got[0] == nil || got[1] != nil || got[2] != nil || got[3] != nil {
		t.Fatalf("%d requests hung: %+v", hung.Load(), got)
	}
	got[0].Release()
	if hang("h1", "h2"); hung.Load() != 1 || s.begun() {
		t.Errorf("%d requests hung; the store is marked: %t", hung.Load(), s.begun())
	}
	lock, err := m.lock(t.Context(), s.key+".write", true)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if _, err := m.FetchForks(ctx, asks("h1", "h2")); err != nil || ctx.Err() != nil {
		t.Errorf("the store was waited for: %v", ctx.Err())
	}
}

// TestFetchForksShared: what several forks have beyond the store is brought once.
func TestFetchForksShared(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	auth, packs := basic("someone", token(1)), atomic.Int64{}
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		if auth(w, r) {
			return true
		}
		if r.Method == http.MethodPost {
			packs.Add(1)
		}
		return false
	})
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	packs.Store(0)
	dirs := []string{forkOf(t, root, "a", remote), "", ""}
	commit(t, dirs[0], "refs/heads/main", "shared")
	dirs[1], dirs[2] = forkOf(t, root, "b", dirs[0]), forkOf(t, root, "c", dirs[0])
	for i, f := range togetherAll(t, m, forksRequests(url, "a", "b", "c")) {
		if f == nil {
			t.Fatal("not fetched")
		}
		check(t, f, dirs[i])
		f.Release()
	}
	if files, _ := filepath.Glob(filepath.Join(first.Dir, "objects", "pack", "*.pack")); packs.Load() != 1 || len(files) != 2 {
		t.Errorf("%d packs were asked for, %d are there", packs.Load(), len(files))
	}
}
