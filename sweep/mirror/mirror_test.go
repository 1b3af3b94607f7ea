package mirror

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFetch follows a repository through what happens to refs.
func TestFetch(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			remote := bare(t, 3, "--object-format="+format)
			url := server(t, filepath.Dir(remote), nil) + "/remote.git"
			m := open(t, Options{})
			f := fetch(t, m, remote, request(url))
			if !f.New || !f.Changed || f.Empty || f.Head != "refs/heads/main" || f.Bytes == 0 || len(f.Kept) > 0 || len(f.Unfetchable) > 0 {
				t.Errorf("first: %+v", f)
			}
			if info, err := os.Stat(m.root); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("root %v, %v", info.Mode(), err)
			}
			if f := fetch(t, m, remote, request(url)); f.New || f.Changed || f.Bytes != 0 {
				t.Errorf("nothing new: %+v", f)
			}

			// A push: the former tip needs no ref.
			commit(t, remote, "refs/heads/main", "more")
			if f := fetch(t, m, remote, request(url)); f.New || !f.Changed || f.Bytes == 0 || len(f.Kept) > 0 {
				t.Errorf("push: %+v", f)
			}

			// A force push, and gc at the remote: the former tip stays.
			old := git(t, remote, "", "rev-parse", "refs/heads/main")
			git(t, remote, "", "update-ref", "refs/heads/main", orphan(t, remote, "anew", ""))
			git(t, remote, "", "gc", "-q", "--prune=now")
			f = fetch(t, m, remote, request(url))
			if !slices.Equal(f.Kept, []string{old}) || !present(t, f, old) {
				t.Errorf("force push: %+v", f)
			}
			// GC of ours keeps it.
			if err := m.GC(t.Context(), f.Dir); err != nil {
				t.Fatal(err)
			}
			if !present(t, f, old) {
				t.Error("gc lost a former tip")
			}

			// A deleted branch, tags of all sorts of things, one moved, and another default branch.
			side := commit(t, remote, "refs/heads/side", "side")
			blob := git(t, remote, "a blob", "hash-object", "-w", "--stdin")
			git(t, remote, "", "update-ref", "refs/odd/blob", blob)
			git(t, remote, "", "tag", "-a", "-m", "x", "v1", "refs/heads/main")
			tag := git(t, remote, "", "rev-parse", "refs/tags/v1")
			fetch(t, m, remote, request(url))
			git(t, remote, "", "update-ref", "-d", "refs/heads/side")
			git(t, remote, "", "update-ref", "-d", "refs/odd/blob")
			git(t, remote, "", "tag", "-f", "-a", "-m", "y", "v1", "refs/heads/main")
			git(t, remote, "", "branch", "-m", "main", "trunk")
			git(t, remote, "", "symbolic-ref", "HEAD", "refs/heads/trunk")
			f = fetch(t, m, remote, request(url))
			if f.Head != "refs/heads/trunk" {
				t.Errorf("head %s", f.Head)
			}
			for _, id := range []string{old, side, blob, tag} {
				if !slices.Contains(f.Kept, id) || !present(t, f, id) {
					t.Errorf("%s is not kept: %v", id, f.Kept)
				}
			}
			if len(f.Kept) != 4 {
				t.Errorf("kept %v", f.Kept)
			}

			// A directory in place of a ref, and a ref in place of a directory.
			commit(t, remote, "refs/heads/a", "a")
			fetch(t, m, remote, request(url))
			git(t, remote, "", "update-ref", "-d", "refs/heads/a")
			commit(t, remote, "refs/heads/a/b", "b")
			fetch(t, m, remote, request(url))

			// A detached HEAD that no branch has.
			alone := orphan(t, remote, "alone", "")
			git(t, remote, "", "update-ref", "--no-deref", "HEAD", alone)
			if f := fetch(t, m, remote, request(url)); !present(t, f, alone) {
				t.Errorf("detached HEAD: %v", f.Kept)
			}
			if f := fetch(t, m, remote, request(url)); f.Changed {
				t.Errorf("detached HEAD, nothing new: %+v", f)
			}

			// Everything gone.
			for name := range refsOf(t, remote, "refs/") {
				git(t, remote, "", "update-ref", "-d", name)
			}
			git(t, remote, "", "symbolic-ref", "HEAD", "refs/heads/main")
			f = fetch(t, m, remote, request(url))
			if !f.Empty || !present(t, f, side) || !f.Changed {
				t.Errorf("emptied: %+v", f)
			}
		})
	}
}

// TestRace: what a ref stood for is kept before git changes it, and when the remote changes while it is fetched.
func TestRace(t *testing.T) {
	remote := bare(t, 2)
	old := commit(t, remote, "refs/heads/main", "old")
	side := commit(t, remote, "refs/heads/side", "side")
	m := open(t, Options{})
	var forced, expect string
	url := server(t, filepath.Dir(remote), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && forced != "" {
			s := m.storeFor(&Request{Network: "n", Repo: "r"}, false)
			if _, err := os.Stat(filepath.Join(s.dir, "refs", "seen", nameOf("repo", "r"), expect)); err != nil {
				t.Error(err)
			}
			git(t, remote, "", "update-ref", "refs/heads/main", forced)
			forced = ""
		}
		return false
	}) + "/remote.git"
	fetch(t, m, remote, request(url))
	git(t, remote, "", "update-ref", "refs/heads/side", orphan(t, remote, "side anew", ""))
	forced, expect = orphan(t, remote, "main anew", ""), side
	f := fetch(t, m, remote, request(url))
	if !slices.Contains(f.Kept, old) || !slices.Contains(f.Kept, side) || forced != "" {
		t.Errorf("kept %v, want %s and %s", f.Kept, old, side)
	}
}

func TestEmpty(t *testing.T) {
	remote := bare(t, 0)
	m := open(t, Options{})
	f := fetch(t, m, remote, request(remote))
	if !f.Empty || f.Dir != "" || f.Changed {
		t.Errorf("%+v", f)
	}
	commit(t, remote, "refs/heads/main", "x")
	if f := fetch(t, m, remote, request(remote)); f.Empty || !f.New {
		t.Errorf("%+v", f)
	}
}

// TestForks: forks share objects, and one's pruning leaves another's refs alone.
func TestForks(t *testing.T) {
	remote := bare(t, 0)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		text := make([]byte, 4096)
		for i := range text {
			text[i] = byte('a' + random.IntN(26))
		}
		commit(t, remote, "refs/heads/main", fmt.Sprint(i, string(text)))
	}
	fork := filepath.Join(t.TempDir(), "fork.git")
	git(t, "", "", "clone", "-q", "--bare", remote, fork)
	m := open(t, Options{})
	original := fetch(t, m, remote, request("file://"+remote))
	commit(t, fork, "refs/heads/main", "of the fork")
	commit(t, fork, "refs/heads/fork", "of the fork")
	r := request("file://" + fork)
	r.Repo = "fork"
	f := fetch(t, m, fork, r)
	if f.Dir != original.Dir || !f.New || f.Bytes == 0 || f.Bytes > original.Bytes/20 {
		t.Errorf("the original has %d bytes, the fork has added %d", original.Bytes, f.Bytes)
	}
	// Deleted in the fork: the original's stays, and is not even noticed.
	git(t, fork, "", "update-ref", "-d", "refs/heads/main")
	fetch(t, m, fork, r)
	if f := fetch(t, m, remote, request("file://"+remote)); f.Changed {
		t.Errorf("original: %+v", f)
	}
	// A repository alone has a store of its own.
	r.Network = ""
	if f := fetch(t, m, fork, r); f.Dir == original.Dir {
		t.Error("it shares a store")
	}
}

func TestManyRefs(t *testing.T) {
	remote := bare(t, 1)
	id := git(t, remote, "", "rev-parse", "refs/heads/main")
	var create strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&create, "create refs/tags/t%d %s\n", i, id)
	}
	git(t, remote, create.String(), "update-ref", "--stdin")
	m := open(t, Options{})
	f := fetch(t, m, remote, request(remote))
	if n := (&store{dir: f.Dir}).loose(nameOf("repo", "r")); len(f.Tips) != 1001 || n > 0 {
		t.Errorf("%d tips, %d loose refs", len(f.Tips), n)
	}
	git(t, remote, "", "update-ref", "-d", "refs/tags/t7")
	if f := fetch(t, m, remote, request(remote)); len(f.Tips) != 1000 || len(f.Kept) > 0 {
		t.Errorf("%d tips, kept %v", len(f.Tips), f.Kept)
	}
}

// TestPacks: many small fetches leave few packs.
func TestPacks(t *testing.T) {
	remote := bare(t, 1)
	m := open(t, Options{})
	f := fetch(t, m, remote, request(remote))
	s, _ := m.at(f.Dir)
	for i := range maxPacks {
		blob := git(t, f.Dir, fmt.Sprint("blob ", i), "hash-object", "-w", "--stdin")
		git(t, f.Dir, blob+"\n", "pack-objects", "-q", "objects/pack/pack")
		if err := s.keep("other", blob); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, remote, "refs/heads/main", "more")
	fetch(t, m, remote, request(remote))
	if _, packs := packed(f.Dir); packs > maxPacks/2 {
		t.Errorf("%d packs", packs)
	}
}

// TestExtra: former tips come by their ids where the server has them.
func TestExtra(t *testing.T) {
	remote := bare(t, 2)
	a, b := orphan(t, remote, "one", ""), orphan(t, remote, "two", "")
	url := server(t, filepath.Dir(remote), nil) + "/remote.git"
	none := strings.Repeat("1", 40)
	r := request(url)
	r.Extra = []string{a, none, b, "--upload-pack=x", strings.Repeat("2", 64)}
	m := open(t, Options{})
	f := fetch(t, m, remote, r)
	if !present(t, f, a) || !present(t, f, b) {
		t.Errorf("kept %v", f.Kept)
	}
	slices.Sort(f.Unfetchable)
	if want := []string{"--upload-pack=x", none, strings.Repeat("2", 64)}; !slices.Equal(f.Unfetchable, want) {
		t.Errorf("unfetchable %q", f.Unfetchable)
	}
	// What is there already costs no run of git, and what some other tip leads to is kept without the server.
	r.Extra = []string{a, b}
	before := processes.Load()
	if f := fetch(t, m, remote, r); f.Changed || processes.Load() != before {
		t.Errorf("%d processes: %+v", processes.Load()-before, f)
	}
	first := git(t, remote, "", "rev-parse", "refs/heads/main~1")
	r.Extra = []string{first}
	if f := fetch(t, m, remote, r); !slices.Contains(f.Kept, first) || f.Bytes != 0 {
		t.Errorf("kept %v", f.Kept)
	}
}

// TestProperty: whatever happens to a remote, the mirror has its refs, and every tip that it was ever fetched with.
func TestProperty(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 7))
		remote := bare(t, 2)
		m := open(t, Options{})
		ever := map[string]bool{}
		branch := func() string { return fmt.Sprintf("refs/heads/b%d", random.IntN(4)) }
		for step := range 12 {
			for range 1 + random.IntN(3) {
				switch name := branch(); random.IntN(6) {
				case 0, 1:
					commit(t, remote, name, fmt.Sprint(seed, step))
				case 2:
					git(t, remote, "", "update-ref", name, orphan(t, remote, fmt.Sprint("forced", seed, step), ""))
				case 3:
					_, _ = tryGit(remote, "", "update-ref", "-d", name)
				case 4:
					_, _ = tryGit(remote, "", "tag", "-f", "-a", "-m", fmt.Sprint(step), "t", branch())
				case 5:
					git(t, remote, "", "gc", "-q", "--prune=now")
				}
			}
			f := fetch(t, m, remote, request(remote))
			for _, id := range f.Tips {
				ever[id] = true
			}
			if random.IntN(4) == 0 {
				if err := m.GC(t.Context(), f.Dir); err != nil {
					t.Fatal(err)
				}
			}
			for id := range ever {
				if !present(t, f, id) {
					t.Fatalf("seed %d, step %d: %s is gone", seed, step, id)
				}
			}
		}
	}
}
