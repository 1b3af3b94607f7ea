package mirror

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// forksRequests are requests of repositories below a server's root.
func forksRequests(url string, names ...string) (list []Request) {
	for _, name := range names {
		r := request(url + "/" + name)
		r.Repo, r.Credential = name, gives(token(1))
		list = append(list, r)
	}
	return list
}

// togetherAll is FetchForks where nothing goes wrong afterwards.
func togetherAll(t *testing.T, m *Mirror, requests []Request) []*Fetched {
	t.Helper()
	got, err := m.FetchForks(t.Context(), requests)
	if err != nil {
		t.Error(err)
	}
	return got
}

// TestFetchForks: what is fetched together is there as if each had been fetched by itself, in one pack; the rest is left alone.
func TestFetchForks(t *testing.T) {
	remote := bare(t, 6)
	root := filepath.Dir(remote)
	var asked atomic.Int64
	auth := basic("someone", token(1))
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		asked.Add(1)
		return auth(w, r)
	})
	m := quickly(t)
	names := []string{"same.git", "own.git", "two.git", "copy.git", "odd.git", "nothing.git", "detached.git", "empty.git"}
	for _, name := range names[:7] {
		forkOf(t, root, name, remote)
	}
	git(t, "", "", "init", "-q", "--bare", filepath.Join(root, "empty.git"))
	at := func(name string) string { return filepath.Join(root, name) }
	commit(t, at("own.git"), "refs/heads/main", "own")
	commit(t, at("two.git"), "refs/heads/main", "two 1")
	commit(t, at("two.git"), "refs/heads/next", "two 2")
	git(t, at("two.git"), "", "tag", "-a", "-m", "x", "v1", "refs/heads/main")
	git(t, at("copy.git"), "", "fetch", "-q", at("own.git"), "refs/heads/main:refs/heads/copied") // an object of another fork's pack
	commit(t, at("copy.git"), "refs/heads/copied", "more")
	git(t, at("odd.git"), "", "update-ref", "refs/heads/a%b", "refs/heads/main")
	git(t, at("nothing.git"), "", "update-ref", "refs/heads/main", orphan(t, at("nothing.git"), "root", ""))
	git(t, at("nothing.git"), "", "gc", "-q", "--prune=now")
	git(t, at("detached.git"), "", "update-ref", "--no-deref", "HEAD", orphan(t, at("detached.git"), "elsewhere", ""))

	requests := forksRequests(url, names...)
	if got := togetherAll(t, m, requests); slices.ContainsFunc(got, func(f *Fetched) bool { return f != nil }) || asked.Load() > 0 {
		t.Fatalf("without a store: %v, %d requests", got, asked.Load())
	}
	first, _ := fetchCounting(t, m, url, remote)
	before := processes.Load()
	got := togetherAll(t, m, requests)
	if n := processes.Load() - before; n > 0 {
		t.Errorf("%d programs", n)
	}
	for i, name := range names {
		f := got[i]
		if (f != nil) != (i < 4) {
			t.Fatalf("%s: %+v", name, f)
		}
		if f == nil {
			continue
		}
		check(t, f, at(name))
		if !f.New || !f.Changed || f.Dir != first.Dir || (f.Bytes > 0) != (i > 0) {
			t.Errorf("%s: %+v", name, f)
		}
		for ref, id := range f.Tips {
			if !present(t, f, id) {
				t.Errorf("%s: %s is not there", name, ref)
			}
		}
		if removed, err := m.remove(f.Dir); removed || err != nil {
			t.Fatalf("%s: the store was removed while it is held: %v", name, err)
		}
		f.Release()
		if again, programs := fetchCounting(t, m, url, at(name)); programs > 0 || again.Changed {
			t.Errorf("%s again: %d programs, %+v", name, programs, again)
		}
	}
	// That of the original, that of forks, and that of the fork with an object of another's.
	if packs, _ := filepath.Glob(filepath.Join(first.Dir, "objects", "pack", "*.pack")); len(packs) != 3 {
		t.Errorf("%d packs, want 3", len(packs))
	}
	git(t, first.Dir, "", "fsck", "--strict")
	for _, f := range togetherAll(t, m, requests[:4]) {
		if f != nil {
			t.Errorf("what the store has was fetched again: %+v", f)
		}
	}
	for _, name := range names[4:7] { // each by itself
		if f, _ := fetchCounting(t, m, url, at(name)); !f.New {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if first.Release(); m.storeFor(&requests[0], false).begun() {
		t.Error("the store says that something did not come to its end")
	}
}

// TestFetchForksMany: where many refs are packed, those of forks are files.
func TestFetchForksMany(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	url := server(t, root, basic("someone", token(1)))
	m := quickly(t)
	f, _ := fetchCounting(t, m, url, remote)
	id := f.Tips["refs/heads/main"]
	text := packedHeader
	for i := range maxRewrite / 60 {
		text += fmt.Sprintf("%s refs/r/other/heads/b%06d\n", id, i)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "packed-refs"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := forkOf(t, root, "a.git", remote), forkOf(t, root, "b.git", remote)
	commit(t, b, "refs/heads/main", "own")
	for i, f := range togetherAll(t, m, forksRequests(url, "a.git", "b.git")) {
		if f == nil {
			t.Fatal("not fetched")
		}
		check(t, f, []string{a, b}[i])
		f.Release()
	}
	if data, err := os.ReadFile(filepath.Join(f.Dir, "packed-refs")); err != nil || string(data) != text {
		t.Errorf("packed-refs was written: %v", err)
	}
}

// TestFetchForksRefused: a server that fails is asked for no more, what it gives that is not whole is not taken, and nothing is left.
func TestFetchForksRefused(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	fork := forkOf(t, root, "a.git", remote)
	commit(t, fork, "refs/heads/main", "own")
	forkOf(t, root, "b.git", remote)
	down, posts, asked := atomic.Bool{}, atomic.Int64{}, atomic.Int64{}
	auth := basic("someone", token(1))
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		if auth(w, r) {
			return true
		}
		asked.Add(1)
		switch {
		case down.Load():
			w.WriteHeader(http.StatusBadGateway)
			return true
		case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/a.git/"):
			posts.Add(1)
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			fmt.Fprintf(w, "%04xACK %040d\n", 4+4+40+1, 0)
			pack := "PACK\x00\x00\x00\x02\x00\x00\x00\x00\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e"
			fmt.Fprintf(w, "%04x\x01%s0000", 4+1+len(pack), pack) // a pack without objects
			return true
		}
		return false
	})
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	got := togetherAll(t, m, forksRequests(url, "a.git", "b.git"))
	if got[0] != nil || got[1] == nil || posts.Load() != 1 {
		t.Fatalf("%+v, %d packs were asked for", got, posts.Load())
	}
	got[1].Release()
	if refs := refsOf(t, first.Dir, "refs/r/"+nameOf("repo", "a.git")); len(refs) > 0 {
		t.Errorf("refs to what is not there: %v", refs)
	}
	down.Store(true)
	asked.Store(0)
	if got := togetherAll(t, m, forksRequests(url, "c.git", "d.git")); got[0] != nil || got[1] != nil || asked.Load() != 1 {
		t.Errorf("%+v, %d requests to a server that fails", got, asked.Load())
	}
	if _, err := m.Fetch(t.Context(), forksRequests(url, "c.git")[0]); err == nil || errors.Is(err, errSlow) {
		t.Errorf("by itself: %v", err)
	}
	first.Release()
	if removed, err := m.remove(first.Dir); !removed || err != nil {
		t.Errorf("something still holds the store: %v", err)
	}
}
