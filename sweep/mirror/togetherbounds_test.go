package mirror

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ahead makes forks that each have a commit with a file of their own, and with one that all of them have.
func ahead(t *testing.T, root, of string, names []string, own func(i int) string) {
	t.Helper()
	for i, name := range names {
		dir := forkOf(t, root, name, of)
		common := git(t, dir, "of all of them", "hash-object", "-w", "--stdin")
		file := git(t, dir, own(i), "hash-object", "-w", "--stdin")
		tree := git(t, dir, "100644 blob "+common+"\tcommon\n100644 blob "+file+"\town\n", "mktree")
		git(t, dir, "", "update-ref", "refs/heads/main", git(t, dir, "", "commit-tree", "-m", name, "-p", "refs/heads/main", tree))
	}
}

// TestFetchForksMemory: what is kept of packs, of those that are written by themselves too, is bounded, and nothing is kept unfolded.
func TestFetchForksMemory(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	url := server(t, root, basic("someone", token(1)))
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	defer first.Release()
	const size = 300 << 10
	for name, c := range map[string]struct {
		own  func(i int) string
		want int // of four
		most int // that is held then
	}{
		"folds":   {func(i int) string { return strings.Repeat(string(rune('a'+i)), size) }, 4, 20 << 10},
		"no fold": {func(i int) string { return noise(uint64(i), size) }, 2, 2*size + 20<<10},
	} {
		names := []string{name[:2] + "0", name[:2] + "1", name[:2] + "2", name[:2] + "3"}
		ahead(t, root, remote, names, c.own)
		together := together{m: m, s: m.storeFor(&forksRequests(url, names...)[0], false), most: size}
		together.use.left.Store(1)
		if err := together.ask(t.Context(), forksRequests(url, names...)); err != nil || len(together.forks) != len(names) {
			t.Fatal(together.forks, err)
		}
		err := together.bring(t.Context())
		together.use.Close()
		there := 0
		for _, f := range together.forks {
			if f.there {
				there++
			}
		}
		if held := together.held(); err != nil || there != c.want || len(together.apart) != c.want-1 || held > c.most {
			t.Errorf("%s: %d forks, %d packs apart, %d bytes are held: %v", name, there, len(together.apart), held, err)
		}
	}
}

// TestFetchForksAsked: only those are asked for of which there is something to fetch together, and of many refs no more is read than
// that they are.
func TestFetchForksAsked(t *testing.T) {
	remote := bare(t, 2)
	root := filepath.Dir(remote)
	var mu sync.Mutex
	var asked []string
	auth := basic("someone", token(1))
	url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method[:1]+strings.Split(r.URL.Path, "/")[1])
		return auth(w, r)
	})
	m := quickly(t)
	first, _ := fetchCounting(t, m, url, remote)
	defer first.Release()
	git(t, first.Dir, "", "pack-refs", "--all")
	names := []string{"loose", "remote.git", "bad", "many", "elsewhere", "kept", "twice", "last"}
	for _, name := range names {
		if name != "remote.git" {
			commit(t, forkOf(t, root, name, remote), "refs/heads/main", name)
		}
	}
	fetchCounting(t, m, url, filepath.Join(root, "loose"))
	loose := "refs/r/" + nameOf("repo", "loose") + "/heads/main"
	git(t, first.Dir, "", "update-ref", "-d", loose)
	git(t, first.Dir, "", "update-ref", loose, first.Tips["refs/heads/main"])
	var refs bytes.Buffer
	for i := range quickRefs + 1 {
		fmt.Fprintf(&refs, "%s refs/heads/b%06d\n", first.Tips["refs/heads/main"], i)
	}
	if err := os.WriteFile(filepath.Join(root, "many", "packed-refs"), refs.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	requests := forksRequests(url, append(names, "twice")...)
	requests[2].URL = "ftp://127.0.0.1/bad"
	requests[4].Network = "another"
	requests[5].Extra = []string{first.Tips["refs/heads/main"]}
	asked = nil
	for i, f := range togetherAll(t, m, requests) {
		if name := requests[i].Repo; (f != nil) != (i == 6 || i == 7) {
			t.Errorf("%s: %+v", name, f)
		}
		if f != nil {
			check(t, f, filepath.Join(root, requests[i].Repo))
			f.Release()
		}
	}
	if want := []string{"Gmany", "Gtwice", "Glast", "Ptwice", "Plast"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	// Where they have many refs together, some are left for later.
	var some []string
	for i := range maxRefsTogether/quickRefs + 2 {
		some = append(some, fmt.Sprint("some", i))
		forkOf(t, root, some[i], remote)
		if err := os.WriteFile(filepath.Join(root, some[i], "packed-refs"), refs.Bytes()[:quickRefs*(refs.Len()/(quickRefs+1))], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	asked = nil
	got := togetherAll(t, m, forksRequests(url, some...))
	if n := len(some) - 1; got[n] != nil || len(asked) != n || slices.Contains(got[:n], nil) {
		t.Errorf("%d of %d with %d refs each were asked for", len(asked), len(some), quickRefs)
	}
	for _, f := range got {
		if f != nil {
			f.Release()
		}
	}
}
