package sweep

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
	"rummage/sweep/jobs"
	"rummage/sweep/store"
)

// publish shows what is in a folder's repositories at a forge, those after the first as forks of it.
func publish(f *fleet, server *forgetest.Server) {
	var repos []forgetest.Repo
	for i, name := range f.repos {
		r := forgetest.Repo{ID: int64(i + 1), Name: "acme/" + name, Dir: filepath.Join(f.dir, name, ".git")}
		if i > 0 {
			r.ForkOf = 1
		}
		repos = append(repos, r)
	}
	server.SetRepos(repos)
}

func openForge(t *testing.T, address, config string) *Sweeper {
	t.Helper()
	return openForgeWith(t, address, config, markRules)
}

func openForgeWith(t *testing.T, address, config, rules string) *Sweeper {
	t.Helper()
	t.Setenv(KeyVariable, "the key of a database of a test")
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	text := fmt.Sprintf("database = %q\nevery = \"1ns\"\nclones = %q\n%s", address, filepath.Join(dir, "clones"), config)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), c, parseRules(t, rules))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestForgeAgainstAudit: after whatever happens to repositories of a forge that are forks of one another, a sweep leaves in
// the database what audits of the repositories by themselves find in what is reachable; what was pushed away stays, marked. So it does
// where repositories are divided.
func TestForgeAgainstAudit(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	for _, name := range []string{"github", "gitlab", "gitlab in shards"} {
		t.Run(name, func(t *testing.T) {
			first, _, inShards := strings.Cut(name, " ")
			kind := forge.Kind(first)
			server := forgetest.Start(forgetest.Config{Kind: kind, Token: "a-token-of-a-test", PerPage: 2})
			defer server.Close()
			f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
			f.add("")
			for range 6 {
				f.change()
			}
			for len(f.repos) < 4 {
				f.add("r0")
			}
			s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = %q\nurl = %q\nowner = \"acme\"\n", kind, server.URL))
			if inShards {
				s.config.ShardSize = shardsOfTests / 2
			}
			lost := 0
			for step := range 5 {
				for range 3 + f.r.IntN(5) {
					f.change()
				}
				switch r0 := filepath.Join(f.dir, "r0"); step {
				case 2: // pushed, swept and pushed away
					if err := os.WriteFile(filepath.Join(r0, "gone"), []byte("mark-xyz\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					git(t, r0, "add", "-A")
					git(t, r0, "commit", "-q", "-m", "Add what is pushed away")
					git(t, r0, "tag", "-f", "last")
					git(t, r0, "checkout", "-q", "--detach")
					if err := os.WriteFile(filepath.Join(r0, "detached"), []byte("mark-det\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					git(t, r0, "add", "-A")
					git(t, r0, "commit", "-q", "-m", "Add to a detached HEAD")
				case 3:
					git(t, r0, "checkout", "-q", "main")
					git(t, r0, "reset", "-q", "--hard", "last~1")
					git(t, r0, "tag", "-d", "last")
					if f.has(r0, "refs/heads/other") {
						git(t, r0, "branch", "-D", "other")
					}
					git(t, r0, "reflog", "expire", "--expire=now", "--all")
				}
				publish(f, server)
				sweepOnce(t, s)
				got, gone := keptAtForge(f, s)
				want, _ := reachable(f.audited(s, s.rules))
				lost += len(gone)
				if !slices.Equal(got, want) {
					t.Fatalf("step %d:\n--- got\n%s--- want\n%s", step, strings.Join(got, ""), strings.Join(want, ""))
				}
			}
			if lost == 0 {
				t.Error("nothing that was pushed away was kept")
			}
			if done := shardsDone(t, s); inShards != (done > 2) {
				t.Errorf("%d shards", done)
			}
		})
	}
}

// shardsDone counts the shards that were searched.
func shardsDone(t *testing.T, s *Sweeper) int {
	t.Helper()
	j, err := jobs.Open(context.Background(), jobsDatabase(s.config.Database), jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	counts, err := j.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.Kind == shardJob && c.State == "completed" {
			return c.N
		}
	}
	return 0
}

// keptAtForge is what the database has, of what is reachable and the rest, under the names that the fleet has for repositories.
func keptAtForge(f *fleet, s *Sweeper) (got, gone []string) {
	all := f.kept(s)
	for i := range all {
		all[i] = strings.Replace(all[i], " acme/", " ", 1)
	}
	slices.Sort(all)
	return reachable(slices.Compact(all))
}

// TestForgeForksAgainstAudit: what a sweep knows of forks, of which it reads only what is beyond tips in which it has found nothing, is
// what audits from nothing find.
func TestForgeForksAgainstAudit(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	quick, slow, most := 0, 0, 0
	for seed := range uint64(2) {
		server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
		defer server.Close()
		f := &quietFleet{&fleet{t: t, r: rand.New(rand.NewPCG(seed, 3)), dir: t.TempDir()}}
		f.original()
		address := filepath.Join(t.TempDir(), "sweep.db")
		config := fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL)
		s := openForgeWith(t, address, config, quietRules)
		var tips map[string]map[string]bool
		for step := range 6 {
			for range 2 {
				f.add(f.repos[f.r.IntN(len(f.repos))])
			}
			for _, name := range f.repos[1:] {
				for range f.r.IntN(3) {
					f.change(filepath.Join(f.dir, name))
				}
			}
			if step == 4 { // with others, what was quiet need not be
				s = openForgeWith(t, address, config, strings.Replace(quietRules, "mark-[a-z]{3}", "mark-[a-z]{3}|N=1", 1)+"keywords = []\n")
				tips = nil
			}
			f.bare()
			publish(f.fleet, server)
			w := worker(t, s, nil, func(o Outcome) {
				switch {
				case o.Err != nil:
					t.Errorf("%s: %v", o.Repository.Name, o.Err)
				case o.Answer.Quick:
					quick++
				case !o.Answer.Unchanged:
					slow++
				}
			})
			w.tips.of = tips
			if _, err := w.Run(context.Background(), false); err != nil {
				t.Fatal(err)
			}
			tips = w.tips.of
			got, _ := keptAtForge(f.fleet, s)
			want, _ := reachable(f.audited(s, s.rules))
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, step %d:\n--- got\n%s--- want\n%s", seed, step, strings.Join(got, ""), strings.Join(want, ""))
			}
			most = max(most, len(want))
		}
	}
	t.Logf("%d quick, %d slow, %d places", quick, slow, most)
	if quick < 10 || slow < 10 || most < 10 {
		t.Errorf("%d repositories were read in part and %d whole, with %d places at most", quick, slow, most)
	}
}

// reachable divides places.
func reachable(places []string) (yes, no []string) {
	for _, p := range places {
		if strings.Contains(p, " true [") {
			yes = append(yes, p)
		} else {
			no = append(no, p)
		}
	}
	return yes, no
}

// TestWikiWithoutPages: a wiki that is turned on and was never written is no failure; one whose pages have gone is.
func TestWikiWithoutPages(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	defer server.Close()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	f.add("")
	repo := forgetest.Repo{ID: 1, Name: "acme/api", Wiki: true, Dir: filepath.Join(f.dir, "r0", ".git")}
	server.SetRepos([]forgetest.Repo{repo})
	s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\nwikis = true\n", server.URL))
	for range 2 {
		if sum := sweepOnce(t, s); sum.Searched != 2 || sum.Failed != 0 {
			t.Fatalf("%+v", sum)
		}
	}
	wiki := filepath.Join(f.dir, "r1")
	if err := os.WriteFile(filepath.Join(wiki, "Home.md"), []byte("mark-xyz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, wiki, "add", "-A")
	git(t, wiki, "commit", "-q", "-m", "Home")
	repo.WikiDir = filepath.Join(wiki, ".git")
	server.SetRepos([]forgetest.Repo{repo})
	if sum := sweepOnce(t, s); sum.Failed != 0 || len(f.kept(s)) != 1 {
		t.Fatalf("%+v, %v", sum, f.kept(s))
	}
	repo.WikiDir = ""
	server.SetRepos([]forgetest.Repo{repo})
	w := worker(t, s, nil, nil)
	if sum, err := w.Run(context.Background(), false); err != nil || sum.Failed != 1 || len(f.kept(s)) != 1 {
		t.Errorf("%+v %v", sum, err)
	}
}

// TestUnchangedThere: of the repositories of a job those that have not changed are asked for their refs, once, and are then due again
// when they are to be; those that have changed are searched, and those that cannot be asked fail.
func TestUnchangedThere(t *testing.T) {
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	defer server.Close()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	for range 4 {
		f.add("")
		f.change()
	}
	publish(f, server)
	s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL))
	if sum := sweepOnce(t, s); sum.Searched != 4 || sum.Unchanged != 0 {
		t.Fatalf("%+v", sum)
	}
	dir := filepath.Join(f.dir, "r2")
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte("mark-new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "new")
	before := map[int64]time.Time{}
	for id, r := range repositoriesOf(t, s) {
		before[id] = r.LastScan
	}
	seen := len(server.Requests())
	if sum := sweepOnce(t, s); sum.Searched != 4 || sum.Unchanged != 3 {
		t.Fatalf("%+v", sum)
	}
	asked := map[string]int{}
	for _, r := range server.Requests()[seen:] {
		if strings.HasSuffix(r.Path, "/info/refs") {
			asked[r.Path]++
		}
	}
	for id, r := range repositoriesOf(t, s) {
		if !r.LastScan.After(before[id]) {
			t.Errorf("%s was looked at the last time at %s", r.Name, r.LastScan)
		}
		if n := asked["/"+r.Name+".git/info/refs"]; (n != 1) != (r.Name == "acme/r2") {
			t.Errorf("%s was asked %d times", r.Name, n)
		}
	}
	if want, _ := reachable(f.audited(s, s.rules)); len(want) == 0 {
		t.Error("nothing is found")
	} else if got, _ := keptAtForge(f, s); !slices.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range f.repos {
		if err := os.Rename(filepath.Join(f.dir, f.repos[i]), filepath.Join(f.dir, f.repos[i]+"-away")); err != nil {
			t.Fatal(err)
		}
	}
	w := worker(t, s, nil, nil)
	if sum, err := w.Run(context.Background(), false); err != nil || sum.Failed != 4 || sum.Unchanged != 0 {
		t.Errorf("%+v %v", sum, err)
	}
}

func repositoriesOf(t *testing.T, s *Sweeper) map[int64]store.Repository {
	t.Helper()
	list, err := s.store.Repositories(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	all := map[int64]store.Repository{}
	for _, r := range list {
		all[r.ID] = r
	}
	return all
}
