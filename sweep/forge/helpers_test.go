package forge_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// secret is a token that is nowhere in this file.
func secret() string { return strings.Repeat("pq", 6) + "-planted-77" }

// kinds are all kinds of forges.
func kinds() []forge.Kind {
	return []forge.Kind{forge.GitHub, forge.GitLab, forge.Gitea, forge.Bitbucket, forge.BitbucketDC}
}

func each(t *testing.T, test func(t *testing.T, kind forge.Kind)) {
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) { test(t, kind) })
	}
}

func day(n int) time.Time { return time.Date(2024, 5, n, 6, 7, 8, 0, time.UTC) }

// model is what the forges of these tests have: eleven repositories of an organisation, one of another.
func model() []forgetest.Repo {
	repos := []forgetest.Repo{
		{ID: 11, Name: "acme/api", Topics: []string{"go", "http"}, Size: 5 << 20, PushedAt: day(1), Wiki: true},
		{ID: 12, Name: "acme/web", Visibility: "private", DefaultBranch: "trunk", Size: 1 << 10, PushedAt: day(2)},
		{ID: 13, Name: "acme/old", Archived: true, PushedAt: day(3)},
		{ID: 14, Name: "acme/api-fork", ForkOf: 11, PushedAt: day(4)},
		{ID: 15, Name: "acme/api-fork-fork", ForkOf: 14, PushedAt: day(5)},
		{ID: 16, Name: "acme/outside-fork", ForkOf: 900, PushedAt: day(6)},
		{ID: 30, Name: "other/thing", PushedAt: day(7)},
	}
	for i := range 5 {
		repos = append(repos, forgetest.Repo{ID: int64(20 + i), Name: "acme/part-" + string(rune('a'+i)), PushedAt: day(10 + i)})
	}
	return repos
}

func start(t *testing.T, c forgetest.Config) *forgetest.Server {
	t.Helper()
	s := forgetest.Start(c)
	t.Cleanup(s.Close)
	return s
}

// waits remembers what was waited for, and waits for nothing.
type waits []time.Duration

func (w *waits) wait(_ context.Context, d time.Duration) error {
	*w = append(*w, d)
	return nil
}

func token(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

// open is a Forge that waits for nothing.
func open(t *testing.T, c forge.Config, o forge.Options) *forge.Forge {
	t.Helper()
	if o.Wait == nil {
		o.Wait = new(waits).wait
	}
	f, err := forge.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// list is a List by name.
func list(t *testing.T, f *forge.Forge) (map[string]forge.Repository, error) {
	t.Helper()
	got := map[string]forge.Repository{}
	err := f.List(t.Context(), func(r forge.Repository) error {
		if _, twice := got[r.Name]; twice {
			t.Errorf("%s was visited twice", r.Name)
		}
		got[r.Name] = r
		return nil
	})
	if err != nil && (strings.Contains(err.Error(), secret()) || strings.ContainsAny(err.Error(), "\n\r\x1b")) {
		t.Errorf("an error with a secret, or of several lines: %q", err)
	}
	return got, err
}

func names(m map[string]forge.Repository) string {
	var list []string
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

const ofAcme = "acme/api acme/api-fork acme/api-fork-fork acme/old acme/outside-fork acme/part-a acme/part-b acme/part-c acme/part-d acme/part-e acme/web"

// standard is a forge of the model, and what lists it.
func standard(t *testing.T, kind forge.Kind, o forge.Options) (*forgetest.Server, *forge.Forge) {
	t.Helper()
	s := start(t, forgetest.Config{Kind: kind, Repos: model(), Token: secret(), PerPage: 3})
	if o.Token == nil {
		o.Token = token(secret())
	}
	return s, open(t, forge.Config{Kind: kind, URL: s.URL, Owner: "acme"}, o)
}

// bare is a bare repository with one commit, whose file has the text.
func bare(t *testing.T, text string) string {
	t.Helper()
	work, dir := t.TempDir(), filepath.Join(t.TempDir(), "bare.git")
	if err := os.WriteFile(filepath.Join(work, "file"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, work, "init", "-q", "-b", "main")
	git(t, work, "add", ".")
	git(t, work, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "one")
	git(t, work, "clone", "-q", "--bare", ".", dir)
	return dir
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, nil, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// tryGit runs git with nothing of its user's.
func tryGit(dir string, env []string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustBe(t *testing.T, err error, causes ...error) {
	t.Helper()
	for _, c := range causes {
		if !errors.Is(err, c) {
			t.Errorf("the error is %v, not of %v", err, c)
		}
	}
}
