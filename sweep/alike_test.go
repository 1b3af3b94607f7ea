package sweep

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/sweep/forge/forgetest"
	"rummage/sweep/jobs"
)

// TestForksAlike: forks that are what they were made of are not searched again, and have the findings of audits all the same; those
// that differ in a commit or the name of a ref are searched. New ones are fetched together.
func TestForksAlike(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	defer server.Close()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	dir := filepath.Join(f.dir, "r0")
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "Change "+name)
	}
	write(dir, "a", "mark-abc\n")
	write(dir, "a", "nothing\n")
	write(dir, "b", "mark-def\n")
	git(t, dir, "branch", "next", "HEAD~1")
	for len(f.repos) < 6 {
		f.add("r0")
	}
	alike := func(name string) { // with the refs of what it was cloned from, and no others
		dir := filepath.Join(f.dir, name)
		git(t, dir, "branch", "-q", "next", "origin/next")
		git(t, dir, "remote", "remove", "origin")
	}
	for _, name := range f.repos[1:] {
		alike(name)
	}
	write(filepath.Join(f.dir, "r3"), "c", "mark-xyz\n")
	git(t, filepath.Join(f.dir, "r4"), "branch", "-m", "next", "other")
	git(t, filepath.Join(f.dir, "r5"), "checkout", "-q", "next") // another default branch
	publish(f, server)
	address, config := filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL)
	s := openForge(t, address, config)
	run := func(want ...string) {
		t.Helper()
		var got []string
		w := worker(t, s, nil, func(o Outcome) {
			if o.Err != nil {
				t.Errorf("%s: %v", o.Repository.Name, o.Err)
			} else if o.Answer.Alike {
				got = append(got, strings.TrimPrefix(o.Repository.Name, "acme/"))
			}
		})
		// As one job, which no other has a part in.
		if err := w.listAll(context.Background(), func(*Target, time.Duration) bool { return true }); err != nil {
			t.Fatal(err)
		}
		ids := slices.Sorted(maps.Keys(repositoriesOf(t, s)))
		if err := w.each(context.Background(), jobs.Job[batchArgs]{Args: batchArgs{IDs: ids}}); err != nil {
			t.Fatal(err)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("alike are %v, want %v", got, want)
		}
		have, _ := keptAtForge(f, s)
		if audited, _ := reachable(f.audited(s, s.rules)); !slices.Equal(have, audited) || len(have) < 2*len(f.repos) {
			t.Fatalf("--- got\n%s--- want\n%s", strings.Join(have, ""), strings.Join(audited, ""))
		}
	}
	run("r1", "r2")
	if packs, _ := filepath.Glob(filepath.Join(s.config.Clones, "*", "*", "objects", "pack", "*.pack")); len(packs) != 2 {
		t.Errorf("%d packs, want that of the original and one of its forks", len(packs))
	}
	for i := range 3 { // as many as make a pack each when they are fetched by themselves
		f.add("r0")
		name := f.repos[len(f.repos)-1]
		alike(name)
		write(filepath.Join(f.dir, name), "own", fmt.Sprintf("N=%d\n", i))
	}
	publish(f, server)
	run()
	if packs, _ := filepath.Glob(filepath.Join(s.config.Clones, "*", "*", "objects", "pack", "*.pack")); len(packs) != 3 {
		t.Errorf("%d packs, want one more", len(packs))
	}
	// What a fork no longer has is its own, and is searched under other rules though its refs are again those of others.
	git(t, filepath.Join(f.dir, "r3"), "reset", "-q", "--hard", "HEAD~1")
	run()
	clones := s.config.Clones
	s = openForgeWith(t, address, config, strings.Replace(markRules, "mark-[a-z]{3}", "mark-[a-z]{2,3}", 1))
	s.config.Clones = clones
	run("r1", "r2")
	if _, gone := keptAtForge(f, s); len(gone) == 0 {
		t.Error("what was pushed away is not known any more")
	}
}

// TestCloneGone: a repository whose clone was thrown away before it is searched is not taken for one in which nothing is any more.
func TestCloneGone(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	defer server.Close()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	dir := filepath.Join(f.dir, "r0")
	commit := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "Change")
	}
	commit("mark-abc\n")
	publish(f, server)
	s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL))
	sweepOnce(t, s)
	commit("mark-def\n")
	lose := func(ctx context.Context, task *Task) (*Answer, error) {
		if err := os.Remove(filepath.Join(task.Dir, "packed-refs")); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		if err := os.RemoveAll(filepath.Join(task.Dir, "refs", "r")); err != nil {
			t.Error(err)
		}
		return s.Search(ctx, task)
	}
	w := worker(t, s, lose, nil)
	if sum, err := w.Run(context.Background(), false); err != nil || sum.Failed != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	if have, _ := keptAtForge(f, s); len(have) != 1 {
		t.Errorf("what is known is %v", have)
	}
	sweepOnce(t, s)
	have, _ := keptAtForge(f, s)
	if want, _ := reachable(f.audited(s, s.rules)); !slices.Equal(have, want) || len(have) != 2 {
		t.Errorf("got %v, want %v", have, want)
	}
}
