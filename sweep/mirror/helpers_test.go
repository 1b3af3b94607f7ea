package mirror

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMain runs one fetch in place of the tests when it is asked to: a process that can be killed.
func TestMain(m *testing.M) {
	if root := os.Getenv("MIRROR_TEST_ROOT"); root != "" {
		mi, err := New(root, Options{})
		if err == nil {
			_, err = mi.Fetch(context.Background(), Request{Network: "n", Repo: "r", URL: os.Getenv("MIRROR_TEST_URL"), Protocols: []string{"http", "file"}})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func gitEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/nowhere", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a",
		"GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "LC_ALL=C",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none"}
}

func tryGit(dir string, stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, gitEnv(), strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func git(t testing.TB, dir string, stdin string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bare makes a repository with a branch main of n commits.
func bare(t testing.TB, n int, init ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "remote.git")
	git(t, filepath.Dir(dir), "", append(append([]string{"init", "-q", "--bare", "-b", "main"}, init...), dir)...)
	for i := range n {
		commit(t, dir, "refs/heads/main", fmt.Sprintf("content %d", i))
	}
	return dir
}

// commit puts a commit with one file upon a ref, and returns it.
func commit(t testing.TB, dir, ref, content string) string {
	t.Helper()
	parent, _ := tryGit(dir, "", "rev-parse", "-q", "--verify", ref)
	id := orphan(t, dir, content, parent)
	git(t, dir, "", "update-ref", ref, id)
	return id
}

// orphan makes a commit that no ref has.
func orphan(t testing.TB, dir, content, parent string) string {
	t.Helper()
	blob := git(t, dir, content, "hash-object", "-w", "--stdin")
	tree := git(t, dir, "100644 blob "+blob+"\tfile\n", "mktree")
	args := []string{"commit-tree", "-m", content[:min(len(content), 40)], tree}
	if parent != "" {
		args = append(args, "-p", parent)
	}
	return git(t, dir, "", args...)
}

// refsOf is what git says of a remote's refs, or of those of a store below a prefix.
func refsOf(t testing.TB, dir, prefix string) map[string]string {
	t.Helper()
	refs := map[string]string{}
	for line := range strings.Lines(git(t, dir, "", "for-each-ref", "--format=%(refname) %(objectname)", prefix)) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs["refs/"+strings.TrimPrefix(strings.TrimPrefix(name, prefix), "refs/")] = id
	}
	return refs
}

// open makes a mirror below a directory of its own.
func open(t testing.TB, o Options) *Mirror {
	t.Helper()
	m, err := New(filepath.Join(t.TempDir(), "mirror"), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func request(url string) Request {
	return Request{Network: "n", Repo: "r", URL: url, Protocols: []string{"http", "file"}}
}

// fetch fetches, and checks what was fetched against git's view of both sides.
func fetch(t testing.TB, m *Mirror, remote string, r Request) *Fetched {
	t.Helper()
	f, err := m.Fetch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Release)
	check(t, f, remote)
	return f
}

func check(t testing.TB, f *Fetched, remote string) {
	t.Helper()
	want := refsOf(t, remote, "refs/")
	if !maps.Equal(f.Tips, want) {
		t.Fatalf("tips %v, want %v", f.Tips, want)
	}
	if f.Dir == "" {
		return
	}
	if got := refsOf(t, f.Dir, f.Prefix); !maps.Equal(got, want) {
		t.Fatalf("store has %v, want %v", got, want)
	}
	seen := slices.Sorted(maps.Values(refsOf(t, f.Dir, f.Seen)))
	if !slices.Equal(seen, f.Kept) && len(seen)+len(f.Kept) > 0 {
		t.Fatalf("kept %v, store has %v", f.Kept, seen)
	}
	for name := range refsOf(t, f.Dir, "refs/") {
		if name = "refs/" + strings.TrimPrefix(name, "refs/"); !strings.HasPrefix(name, "refs/r/") && !strings.HasPrefix(name, "refs/seen/") {
			t.Fatalf("%s in the store", name)
		}
	}
	git(t, f.Dir, "", "fsck", "--connectivity-only")
}

// present reports whether an object and all it leads to are in the store, reachable from its refs.
func present(t testing.TB, f *Fetched, id string) bool {
	t.Helper()
	if _, err := tryGit(f.Dir, "", "cat-file", "-e", id); err != nil {
		return false
	}
	if _, err := tryGit(f.Dir, "", "rev-list", "--objects", id); err != nil {
		return false
	}
	listed := git(t, f.Dir, "", "rev-list", "--objects", "--glob="+f.Prefix+"*", "--glob="+f.Seen+"*")
	return strings.Contains(listed, id)
}

// server gives a directory of repositories over HTTP. Before says for each request whether that was all.
func server(t testing.TB, root string, before func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	backend := &cgi.Handler{
		Path: filepath.Join(git(t, "", "", "--exec-path"), "git-http-backend"), Stderr: io.Discard,
		Env: append(gitEnv(), "GIT_PROJECT_ROOT="+root, "GIT_HTTP_EXPORT_ALL=1"), InheritEnv: []string{"PATH"},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil && before(w, r) {
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// basic asks for a password.
func basic(user, password string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, _ := r.BasicAuth(); u == user && p == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}
