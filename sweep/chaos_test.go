package sweep

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rummage/detect"
	"rummage/sweep/internal/pgtest"
)

// What a process of these tests is to be, of which configuration.
const (
	chaosMode   = "RUMMAGE_CHAOS_MODE"
	chaosConfig = "RUMMAGE_CHAOS_CONFIG"
	// chaosRounds is how many rounds there are; by default few.
	chaosRounds = "RUMMAGE_CHAOS_ROUNDS"
	// chaosPause is how long each search takes at least, so that a sweep is not over before it is disturbed.
	chaosPause = "RUMMAGE_CHAOS_PAUSE"
	// chaosShard has it die in a shard.
	chaosShard = "RUMMAGE_CHAOS_SHARD"
)

// chaosLease is short, so that what the dead were at is taken over soon.
const chaosLease = 400 * time.Millisecond

// chaosChild is a process that sweeps, or one that searches for it.
func chaosChild(mode string) int {
	ctx := context.Background()
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "rummage:", err)
		return 1
	}
	c, err := ReadConfig(os.Getenv(chaosConfig))
	if err != nil {
		return fail(err)
	}
	rules, err := detect.Parse("test.toml", []byte(markRules), detect.Options{})
	if err != nil {
		return fail(err)
	}
	s, err := Open(ctx, c, rules)
	if err != nil {
		return fail(err)
	}
	defer s.Close()
	if do := badChildren[mode]; do != nil {
		return do(s)
	}
	if mode == "serve" {
		if err := s.Serve(ctx, os.Stdin, os.Stdout); err != nil {
			return fail(err)
		}
		return 0
	}
	children := NewChildren(s, func() *exec.Cmd { return chaosCommand("serve", os.Getenv(chaosConfig)) })
	pause, _ := time.ParseDuration(os.Getenv(chaosPause))
	var w *Worker
	search := func(ctx context.Context, task *Task) (*Answer, error) {
		time.Sleep(pause)
		if task.Shard != nil && os.Getenv(chaosShard) != "" {
			dieInShard(ctx, w)
		}
		return children.Search(ctx, task)
	}
	w, err = NewWorker(ctx, s, WorkerOptions{Jobs: 2, Search: search, Lease: chaosLease, Poll: 20 * time.Millisecond})
	if err != nil {
		return fail(err)
	}
	defer w.Close()
	for keepsGoing, do := range map[string]func(context.Context) error{"start": w.Start, "worker": w.Work} {
		if mode == keepsGoing {
			return fail(do(ctx)) // until it is killed
		}
	}
	sum, err := w.Run(ctx, false)
	if err != nil || sum.Failed > 0 || len(sum.Errors) > 0 {
		return fail(fmt.Errorf("%v, %+v", err, sum))
	}
	_ = children.Close()
	return 0
}

// dieInShard kills the process once the job is done of which the shards were made.
func dieInShard(ctx context.Context, w *Worker) {
	for {
		if left, err := w.jobs.Unfinished(ctx, searchJob); err == nil && len(left) == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	self, _ := os.FindProcess(os.Getpid())
	_ = self.Kill()
	select {}
}

func chaosCommand(mode, config string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), chaosMode+"="+mode, chaosConfig+"="+config)
	return cmd
}

// TestChaos: a sweep whose processes are killed at random times, two at a time, ends with what an undisturbed one finds: no
// place twice, none lost. So it does when its children are killed.
func TestChaos(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv(chaosRounds))
	if err != nil {
		rounds = 1
	}
	t.Setenv(KeyVariable, "the key of a database of a test")
	t.Setenv(PasswordVariable, pgtest.Password)
	r := rand.New(rand.NewPCG(4, 4))
	folder := t.TempDir()
	manyRepositories(t, folder, 100)
	config := func(t *testing.T, database string) string {
		file := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(file, fmt.Appendf(nil, "database = %q\nevery = \"24h\"\n[[target]]\nfolder = %q\n", database, folder), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	found := func(t *testing.T, config string) []string {
		c, err := ReadConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(context.Background(), c, parseRules(t, markRules))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return (&fleet{t: t}).kept(s)
	}
	calm := config(t, filepath.Join(t.TempDir(), "calm.db"))
	if out, err := chaosCommand("run", calm).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := found(t, calm)
	if len(want) < 100 {
		t.Fatalf("%d places", len(want))
	}
	for kind, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "sweep.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t, false) },
	} {
		t.Run(kind, func(t *testing.T) {
			for round := range rounds {
				c := config(t, database(t))
				deaths := disturb(t, r, c)
				if got := found(t, c); !slices.Equal(got, want) {
					t.Fatalf("round %d, after %d deaths:\n--- got %d\n%s--- want %d\n%s", round, deaths, len(got), strings.Join(got, ""), len(want), strings.Join(want, ""))
				}
				if deaths < 3 {
					t.Errorf("round %d: only %d were killed", round, deaths)
				}
			}
		})
	}
}

// deathTries is how often processes are killed; what is at the same job each time must not be given up.
const deathTries = searchTries - 2

// disturb sweeps in two processes at a time, which are killed after a while that grows, until two end by themselves.
func disturb(t *testing.T, r *rand.Rand, config string) (deaths int) {
	t.Helper()
	for try := 1; try < 200; try++ {
		var ended [2]error
		var procs [2]*exec.Cmd
		for i := range procs {
			procs[i] = chaosCommand("run", config)
			procs[i].Stderr = &lastWords{}
			if err := procs[i].Start(); err != nil {
				t.Fatal(err)
			}
		}
		kill := make([]*time.Timer, 2)
		for i := range procs {
			if try <= deathTries {
				kill[i] = time.AfterFunc(time.Duration(r.IntN(60*try))*time.Millisecond, func() { _ = procs[i].Process.Kill() })
			}
		}
		for i := range procs {
			ended[i] = procs[i].Wait()
			if kill[i] != nil && kill[i].Stop() && ended[i] != nil {
				t.Fatalf("a process that was not killed: %v: %s", ended[i], procs[i].Stderr.(*lastWords).text())
			}
			if ended[i] != nil {
				deaths++
			}
		}
		if ended[0] == nil && ended[1] == nil {
			return deaths
		}
		if try > deathTries {
			t.Fatalf("undisturbed: %v %v: %s %s", ended[0], ended[1], procs[0].Stderr.(*lastWords).text(), procs[1].Stderr.(*lastWords).text())
		}
	}
	return deaths
}

// manyRepositories makes small bare repositories, of which each third has a secret of its own and each fifth one that others have.
func manyRepositories(t *testing.T, folder string, n int) {
	t.Helper()
	for i := range n {
		dir := filepath.Join(folder, fmt.Sprintf("r%03d.git", i))
		git(t, folder, "init", "-q", "--bare", dir)
		var b strings.Builder
		for c := range 4 {
			text := fmt.Sprintf("text %d of %d\n", c, i%7)
			if c == i%4 && i%3 == 0 {
				text += fmt.Sprintf("mark-%c%c%c\n", 'a'+i%26, 'a'+i/26, 'a'+c)
			}
			if c == 2 {
				text += "mark-own\n"
			}
			fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 2\nc\nM 644 inline f%d\ndata %d\n%s\n", 1700000000+c, c%2, len(text), text)
		}
		cmd := exec.Command("git", "-C", dir, "-c", "core.fsync=none", "fast-import", "--quiet")
		cmd.Stdin = strings.NewReader(b.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
