package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
	"rummage/sweep/jobs"
	"rummage/sweep/store"
)

// shardsOfTests is a ShardSize that divides repositories of some blobs.
const shardsOfTests = 4000

// TestShardsAgainstAudit: after whatever happens to repositories, with the same rules and with others, a sweep that divides them
// leaves in the database what audits from nothing find; and without a word it divides none that is small.
func TestShardsAgainstAudit(t *testing.T) {
	eachDatabase(t, func(t *testing.T, address string) {
		f := &fleet{t: t, r: rand.New(rand.NewPCG(3, 11)), dir: t.TempDir()}
		f.add("")
		f.add("")
		rules := parseRules(t, markRules)
		shards, blobs, again := 0, int64(0), 0
		sweep := func(size int64) {
			t.Helper()
			s := open(t, address, f.dir, rules)
			s.config.ShardSize = size
			var mu sync.Mutex
			sum, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
				a, err := s.Search(ctx, task)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && task.Shard != nil {
					shards++
					if blobs += a.Blobs; a.Blobs == 0 {
						again++
					}
				}
				return a, err
			}, false)
			if err != nil || sum.Failed > 0 || len(sum.Errors)+len(sum.Notes) > 0 {
				t.Fatalf("%+v %v", sum, err)
			}
			if got, want := f.kept(s), f.audited(s, rules); !slices.Equal(got, want) {
				t.Fatalf("--- got\n%s--- want\n%s", strings.Join(got, ""), strings.Join(want, ""))
			}
		}
		for step := range 8 {
			for range 3 + f.r.IntN(6) {
				f.change()
			}
			if step > 2 && step%2 == 0 { // other rules find other things in what was clean
				rules = parseRules(t, otherRules(f.r))
			}
			sweep(shardsOfTests)
		}
		if shards < 10 || blobs < 10 {
			t.Errorf("%d blobs in %d shards", blobs, shards)
		}
		before := shards
		rules = parseRules(t, markRules)
		sweep(defaultShardSize)
		if shards > before {
			t.Errorf("small repositories were searched in %d shards", shards-before)
		}
	})
}

// largeRepository is one of many files, of which some have secrets.
func largeRepository(t *testing.T, folder, name string, files int) {
	t.Helper()
	dir := filepath.Join(folder, name)
	git(t, folder, "init", "-q", "--bare", dir)
	var b strings.Builder
	for i := range files {
		text := fmt.Sprintf("%d\nline %d of a text\n", i*i, i)
		if i%10 == 0 {
			text += fmt.Sprintf("mark-%c%cz\n", 'a'+i/10%26, 'a'+i/260)
		}
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 2\nc\nM 644 inline d%d/f%d\ndata %d\n%s\n", 1700000000+i, i%50, i, len(text), text)
	}
	cmd := exec.Command("git", "-C", dir, "-c", "fastimport.unpackLimit=1", "-c", "core.fsync=none", "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestShardsOfTwo: two workers each search shards of one repository, and one of them all of it after that.
func TestShardsOfTwo(t *testing.T) {
	f := &fleet{t: t, dir: t.TempDir(), repos: []string{"large.git"}}
	largeRepository(t, f.dir, "large.git", 200)
	database, rules := pgtest.Database(t, true), parseRules(t, markRules)
	var mu sync.Mutex
	var blobs [2]int64
	left, whole := 0, 0
	both := make(chan struct{})
	begun := [2]func(){}
	var began sync.WaitGroup
	began.Add(2)
	go func() { began.Wait(); close(both) }()
	var workers sync.WaitGroup
	var s *Sweeper
	for i := range 2 {
		begun[i] = sync.OnceFunc(began.Done)
		s = open(t, database, f.dir, rules)
		s.config.Every, s.config.ShardSize = time.Hour, 50_000
		workers.Go(func() {
			sum, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
				if task.Shard != nil {
					begun[i]()
					select { // nobody does all
					case <-both:
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				a, err := s.Search(ctx, task)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil || a.Error != "":
				case task.Shard != nil:
					blobs[i], left = blobs[i]+a.Blobs, task.Shard.Of-1
				case a.Shards == 0:
					whole++
					if a.Blobs > 0 || a.Known == 0 {
						t.Errorf("the last search has read what shards have: %+v", a)
					}
				}
				return a, err
			}, false)
			if err != nil || sum.Failed > 0 || len(sum.Errors) > 0 {
				t.Errorf("%+v %v", sum, err)
			}
		})
	}
	workers.Wait()
	if blobs[0] == 0 || blobs[1] == 0 || blobs[0]+blobs[1] != 180 || left < 2 || whole != 1 {
		t.Errorf("%v blobs in %d shards, %d searches of all", blobs, left+1, whole)
	}
	if got, want := f.kept(s), f.audited(s, rules); !slices.Equal(got, want) || len(want) != 20 {
		t.Errorf("--- got\n%s--- want\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
}

// TestShardGivenUp: a shard that fails again and again is given up, with a note, and what it has is searched with all the rest.
func TestShardGivenUp(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		f := &fleet{t: t, dir: t.TempDir(), repos: []string{"large.git"}}
		largeRepository(t, f.dir, "large.git", 50)
		rules := parseRules(t, markRules)
		s := open(t, database, f.dir, rules)
		s.config.Every, s.config.ShardSize = time.Hour, 20_000
		tries, others := 0, 0
		var mu sync.Mutex
		sum, err := run(t, s, func(ctx context.Context, task *Task) (*Answer, error) {
			a, err := s.Search(ctx, task)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case task.Shard != nil && task.Shard.N == 0:
				tries++
				return nil, errors.New("no luck")
			case task.Shard != nil:
				others++
			case a.Shards == 0 && (tries != maxFailures || others == 0):
				t.Errorf("all is searched after %d tries of a shard and %d others", tries, others)
			}
			return a, err
		}, false)
		if err != nil || sum.Searched != 1 || sum.Failed+len(sum.Errors) > 0 || len(sum.Notes) != 1 || !strings.Contains(sum.Notes[0], "no luck") {
			t.Errorf("%+v %v", sum, err)
		}
		if got, want := f.kept(s), f.audited(s, rules); !slices.Equal(got, want) || len(want) != 5 {
			t.Errorf("--- got\n%s--- want\n%s", strings.Join(got, ""), strings.Join(want, ""))
		}
		if list, err := s.store.Repositories(context.Background()); err != nil || list[0].State != store.RepositoryOK || list[0].Failures > 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// TestShardKilled: the shard of a worker that was killed is taken over.
func TestShardKilled(t *testing.T) {
	t.Setenv(KeyVariable, "the key of a database of a test")
	t.Setenv(PasswordVariable, pgtest.Password)
	f := &fleet{t: t, dir: t.TempDir(), repos: []string{"large.git"}}
	largeRepository(t, f.dir, "large.git", 100)
	for kind, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "sweep.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t, false) },
	} {
		t.Run(kind, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), FileName)
			text := fmt.Appendf(nil, "database = %q\nevery = \"24h\"\nshard_size = \"30KB\"\n[[target]]\nfolder = %q\n", database(t), f.dir)
			if err := os.WriteFile(config, text, 0o600); err != nil {
				t.Fatal(err)
			}
			dying := chaosCommand("run", config)
			dying.Env = append(dying.Env, chaosShard+"=1")
			if err := dying.Run(); err == nil || dying.ProcessState.ExitCode() != -1 {
				t.Fatalf("not killed: %v", err)
			}
			c, err := ReadConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			rules := parseRules(t, markRules)
			s, err := Open(context.Background(), c, rules)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			j, err := jobs.Open(context.Background(), jobsDatabase(c.Database), jobs.Options{Password: pgtest.Password})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			shards, err := s.ShardsLeft(context.Background())
			if err != nil || len(shards) != 1 || shards[0].Repository != "large.git" || shards[0].Now == 0 || shards[0].Left <= shards[0].Now || shards[0].Of != shards[0].Left {
				t.Errorf("left: %+v %v", shards, err)
			}
			if out, err := chaosCommand("run", config).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if left, err := j.Unfinished(context.Background(), shardJob); err != nil || len(left) > 0 {
				t.Errorf("%d shards are left: %v", len(left), err)
			}
			if shards, err := s.ShardsLeft(context.Background()); err != nil || len(shards) > 0 {
				t.Errorf("left at the end: %+v %v", shards, err)
			}
			if got, want := f.kept(s), f.audited(s, rules); !slices.Equal(got, want) || len(want) != 10 {
				t.Errorf("--- got\n%s--- want\n%s", strings.Join(got, ""), strings.Join(want, ""))
			}
		})
	}
}
