package sweep

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
	"rummage/sweep/internal/pgtest"
	"rummage/sweep/store"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(chaosMode); mode != "" {
		os.Exit(chaosChild(mode))
	}
	os.Exit(pgtest.Run(m))
}

// markRules find marks, and read .env files.
const markRules = `
[[rules]]
id = "mark"
description = "x"
regex = '''mark-[a-z]{3}'''
keywords = ["mark-"]
[[rules]]
id = "env"
description = "x"
in = ["dotenv"]
key = '''SECRET'''
`

func parseRules(t *testing.T, text string) *detect.Ruleset {
	t.Helper()
	rules, err := detect.Parse("test.toml", []byte(text), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// fleet is a folder of repositories to which things happen.
type fleet struct {
	t     *testing.T
	r     *rand.Rand
	dir   string
	repos []string
	n     int
}

func (f *fleet) add(from string) {
	name := fmt.Sprintf("r%d", len(f.repos))
	dir := filepath.Join(f.dir, name)
	if from == "" {
		git(f.t, f.dir, "init", "-q", "-b", "main", dir)
	} else {
		git(f.t, f.dir, "clone", "-q", "--no-hardlinks", filepath.Join(f.dir, from), dir)
		git(f.t, dir, "remote", "set-head", "origin", "-d") // one ref that stands for another: a server tells of two
	}
	f.repos = append(f.repos, name)
}

func (f *fleet) text() string {
	var b strings.Builder
	for range f.r.IntN(4) {
		b.WriteString([]string{"nothing\n", "A=b\n", "A=b\n", fmt.Sprintf("N=%d\n", f.r.IntN(9)), "SECRET=one\n", "mark-" + string(rune(97+f.r.IntN(4))) + "bc\n"}[f.r.IntN(6)])
	}
	return b.String()
}

// change changes one of them, as people do.
func (f *fleet) change() {
	dir := filepath.Join(f.dir, f.repos[f.r.IntN(len(f.repos))])
	switch n := f.r.IntN(10); {
	case n == 0 && len(f.repos) < 5:
		f.add(filepath.Base(dir))
		return
	case n == 1 && f.has(dir, "HEAD~1"):
		git(f.t, dir, "reset", "-q", "--hard", "HEAD~1") // as a force push
		return
	case n == 2 && f.has(dir, "HEAD"):
		git(f.t, dir, "branch", "-f", "other")
		return
	case n == 3:
		git(f.t, dir, "gc", "-q", "--prune=now")
		return
	}
	for range 1 + f.r.IntN(2) {
		name := []string{".env", "a.txt", "b/.env", "prod.env", "c"}[f.r.IntN(5)]
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(f.text()), 0o600)); err != nil {
			f.t.Fatal(err)
		}
	}
	f.n++
	git(f.t, dir, "add", "-A")
	git(f.t, dir, "commit", "-q", "--allow-empty", "-m", fmt.Sprintf("change %d", f.n))
}

func (f *fleet) has(dir, rev string) bool {
	return exec.Command("git", "-C", dir, "rev-parse", "-q", "--verify", rev).Run() == nil
}

// audited is what an audit from nothing finds in all of them: identity, repository, place.
func (f *fleet) audited(s *Sweeper, rules *detect.Ruleset) (found []string) {
	f.t.Helper()
	for _, name := range f.repos {
		repo, err := gitscan.Open(filepath.Join(f.dir, name), gitscan.Options{})
		if err != nil {
			f.t.Fatal(err)
		}
		res, err := scan.Run(context.Background(), repo, detect.New(rules), 1)
		if err != nil || !res.Stats.Complete {
			f.t.Fatal(err, res.Stats.Problems)
		}
		repo.Close()
		for i := range res.Findings {
			for _, at := range res.Findings[i].Places {
				commit := ""
				if at.Introduced != nil {
					commit = at.Introduced.ID
				}
				found = append(found, fmt.Sprintln(s.store.Identity(res.Findings[i].Fingerprint), name, at.Path, at.Line, at.Column, at.Blob, commit, at.Reachable, at.AtTip))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// kept is what the database has.
func (f *fleet) kept(s *Sweeper) (found []string) {
	f.t.Helper()
	repositories, err := s.store.Repositories(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	name := map[int64]string{}
	for _, r := range repositories {
		name[r.ID] = r.Name
	}
	err = s.store.Findings(context.Background(), store.Filter{}, func(d *store.Finding) error {
		for _, at := range d.Occurrences {
			commit := ""
			if at.Introduced != nil {
				commit = at.Introduced.ID
			}
			found = append(found, fmt.Sprintln(d.ID, name[at.Repository], at.Path, at.Line, at.Column, at.Blob, commit, at.Reachable, at.AtTip))
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func open(t *testing.T, database, folder string, rules *detect.Ruleset) *Sweeper {
	t.Helper()
	t.Setenv(KeyVariable, "the key of a database of a test")
	c := &Config{Database: database, Key: Credential{Variable: KeyVariable}, Password: Credential{Variable: PasswordVariable}, Every: time.Nanosecond,
		Timeout: time.Minute, Targets: []Target{{Name: "t", Folder: folder}}}
	s, err := Open(context.Background(), c, rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// worker is one that searches in this process, unless another search is given.
func worker(t *testing.T, s *Sweeper, search Searcher, told func(Outcome)) *Worker {
	t.Helper()
	if search == nil {
		search = s.Search
	}
	w, err := NewWorker(context.Background(), s, WorkerOptions{Jobs: 2, Search: search, Told: told})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// sweepOnce sweeps, and gives what was done.
func sweepOnce(t *testing.T, s *Sweeper) *Summary {
	t.Helper()
	w := worker(t, s, nil, func(o Outcome) {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Repository.Name, o.Err)
		}
	})
	sum, err := w.Run(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// otherRules are some rules, with changes to them.
func otherRules(r *rand.Rand) string {
	rule := func(id, rest string) string {
		return "[[rules]]\nid = \"" + id + "\"\ndescription = \"x\"\n" + rest + "\n"
	}
	rules := rule("mark", "regex = '''mark-["+string(rune('a'+r.IntN(3)))+"-z]{3}|nothing'''")
	if r.IntN(2) == 0 {
		rules += rule("b", "regex = '''A=b'''\nkeywords = [\"a=\"]")
	}
	if r.IntN(2) == 0 {
		rules += rule("env", "in = [\"dotenv\"]\nkey = '''SECRET|"+string(rune('M'+r.IntN(2)))+"'''")
	}
	if r.IntN(2) == 0 {
		rules = "[[allowlists]]\nregexes = [\"b\"]\n" + rules
	}
	return rules
}

// TestSweepAgainstAudit: after whatever happens to repositories, with the same rules and with others, a sweep leaves in the
// database what audits from nothing find.
func TestSweepAgainstAudit(t *testing.T) {
	databases := map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "sweep.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t, true) },
	}
	for kind, database := range databases {
		t.Run(kind, func(t *testing.T) {
			f := &fleet{t: t, r: rand.New(rand.NewPCG(3, 9)), dir: t.TempDir()}
			f.add("")
			f.add("")
			address := database(t)
			rules := parseRules(t, markRules)
			s := open(t, address, f.dir, rules)
			most := 0
			for step := range 14 {
				for range 2 + f.r.IntN(6) {
					f.change()
				}
				if step > 3 && step%2 == 0 { // other rules find other things in what was clean
					rules = parseRules(t, otherRules(f.r))
					s = open(t, address, f.dir, rules)
				}
				sweepOnce(t, s)
				got, want := f.kept(s), f.audited(s, rules)
				if !slices.Equal(got, want) {
					t.Fatalf("step %d:\n--- got\n%s--- want\n%s", step, strings.Join(got, ""), strings.Join(want, ""))
				}
				most = max(most, len(want))
			}
			if most < 10 {
				t.Errorf("only %d places were found", most)
			}
		})
	}
}

// TestSweepTwice: what one process is at is left to it, and is due still for the next sweep.
func TestSweepTwice(t *testing.T) {
	f := &fleet{t: t, r: rand.New(rand.NewPCG(1, 1)), dir: t.TempDir()}
	f.add("")
	s := open(t, filepath.Join(t.TempDir(), "sweep.db"), f.dir, parseRules(t, markRules))
	inner := 0
	w := worker(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
		r, err := s.store.Repository(ctx, task.ID)
		if err != nil {
			return nil, err
		}
		second := worker(t, s, func(context.Context, *Task) (*Answer, error) {
			inner++
			return &Answer{}, nil
		}, nil)
		if o, err := second.one(ctx, r, searchHow{}); err != nil || !o.Left {
			t.Errorf("it is not said that another is at it: %v", err)
		}
		return &Answer{}, nil
	}, nil)
	if _, err := w.Run(context.Background(), false); err != nil || inner != 0 {
		t.Errorf("searched at the same time %d times, %v", inner, err)
	}
}

// TestSweepFails: a repository that fails three times is parked; a folder that cannot be listed makes nothing gone.
func TestSweepFails(t *testing.T) {
	dir := t.TempDir()
	f := &fleet{t: t, r: rand.New(rand.NewPCG(1, 1)), dir: dir}
	f.add("")
	s := open(t, filepath.Join(t.TempDir(), "sweep.db"), dir, parseRules(t, markRules))
	for i := range 4 {
		told := 0
		w := worker(t, s, func(context.Context, *Task) (*Answer, error) { return &Answer{Error: "no"}, nil }, func(o Outcome) {
			if told++; o.Parked != (i == 2) {
				t.Errorf("time %d: parked: %v", i+1, o.Parked)
			}
		})
		sum, err := w.Run(context.Background(), false)
		if err != nil || told != min(1, 3-i) || sum.Failed != told {
			t.Errorf("time %d: searched %d: %+v, %v", i+1, told, sum, err)
		}
	}
	f.add("")
	for i := range 4 { // it is listed, and then it is not here: another machine may have it
		w := worker(t, s, nil, func(o Outcome) {
			if o.Err == nil || o.Parked || o.Repository.Name != "r1" {
				t.Errorf("time %d: %s: %v, parked: %v", i+1, o.Repository.Name, o.Err, o.Parked)
			}
		})
		w.o.Search = func(context.Context, *Task) (*Answer, error) { return nil, errors.New("searched") }
		if err := w.listAll(context.Background(), func(*Target, time.Duration) bool { return true }); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "r1")); err != nil {
			t.Fatal(err)
		}
		r, err := s.store.FindRepository(context.Background(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.one(context.Background(), r, searchHow{all: true})
		if err != nil {
			t.Fatal(err)
		}
		w.tell(o)
		f.repos = f.repos[:1]
		f.add("")
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	sum, err := worker(t, s, nil, nil).Run(context.Background(), false)
	if err != nil || sum.Failed != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	list, err := s.store.Repositories(context.Background())
	if err != nil || len(sum.Errors) != 1 || len(list) != 2 || !list[0].GoneAt.IsZero() {
		t.Errorf("%+v, %+v, %v", sum, list, err)
	}
}

// TestSlices: a search that is written down again and again before it ends finds what one in a piece finds.
func TestSlices(t *testing.T) {
	folder := t.TempDir()
	dir := filepath.Join(folder, "large.git")
	git(t, folder, "init", "-q", "--bare", dir)
	var b strings.Builder
	for i := range 2000 {
		text := fmt.Sprintf("%d\n%s", i, strings.Repeat(fmt.Sprintf("line %d of a text\n", i*i), 300))
		if i%100 == 0 {
			text += fmt.Sprintf("mark-%c%cz\n", 'a'+i/100%26, 'a'+i/2600)
		}
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 2\nc\nM 644 inline d%d/f%d\ndata %d\n%s\n", 1700000000+i, i%50, i, len(text), text)
	}
	cmd := exec.Command("git", "-C", dir, "-c", "fastimport.unpackLimit=1", "-c", "core.fsync=none", "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rules := parseRules(t, markRules)
	f := &fleet{t: t, dir: folder, repos: []string{"large.git"}}
	want := f.audited(open(t, filepath.Join(t.TempDir(), "sweep.db"), folder, rules), rules)
	most := 0
	for length, tries := 8*time.Millisecond, 0; tries < 20 && most < 2; length = length * 5 / 4 {
		s := open(t, filepath.Join(t.TempDir(), "sweep.db"), folder, rules)
		s.slice = length
		tooShort := false
		w := worker(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			a, err := s.Search(ctx, task)
			if err == nil {
				tooShort, most = a.Error != "", max(most, a.Slices)
			}
			return a, err
		}, nil)
		if _, err := w.Run(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		if got := f.kept(s); !tooShort && (!slices.Equal(got, want) || len(want) < 20) {
			t.Fatalf("slices of %s:\n--- got\n%s--- want\n%s", length, strings.Join(got, ""), strings.Join(want, ""))
		}
		if tooShort {
			most = 0
		} else if most < 2 { // a busy machine may have been slow until now
			length, tries = 8*time.Millisecond, tries+1
		}
	}
	if most < 2 {
		t.Errorf("at most %d slices", most)
	}
}

// TestHot: a blob that was clean under other rules, and in which something is found now, loses its mark, or it would be searched with
// what has changed first each time.
func TestHot(t *testing.T) {
	folder, database := t.TempDir(), filepath.Join(t.TempDir(), "sweep.db")
	oneMark(t, folder, "r", "word-abc\n")
	blob := strings.TrimSpace(git(t, filepath.Join(folder, "r"), "rev-parse", "HEAD:x"))
	id, err := hex.DecodeString(blob)
	if err != nil {
		t.Fatal(err)
	}
	version := func(rules string) int {
		t.Helper()
		s := open(t, database, folder, parseRules(t, rules))
		sweepOnce(t, s)
		marks, err := s.store.Clean(context.Background(), [][]byte{id})
		if err != nil {
			t.Fatal(err)
		}
		return marks[0].Version
	}
	if v := version(markRules); v != 1 {
		t.Errorf("clean under version %d", v)
	}
	if v := version(markRules + "[[rules]]\nid = \"word\"\ndescription = \"x\"\nregex = '''word-[a-z]{3}'''\nkeywords = [\"word-\"]\n"); v != 0 {
		t.Errorf("clean under version %d still", v)
	}
}
