package jobs

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// chaosTTL is the lease of a test in which workers die at any moment, which waits for that.
const chaosTTL = 600 * time.Millisecond

// staleLease has the lease that is held now, the only one, be an old one: without a wait, and so without leases that end by themselves on
// a busy machine. It is to be called until that has been seen, for a last renewal may still be on its way.
func staleLease(t *testing.T, j *Jobs) func() {
	t.Helper()
	token := count(t, j, "SELECT token FROM jobs_lease")
	return func() { t.Helper(); execute(t, j, "UPDATE jobs_lease SET beat = 0 WHERE token = ?", token) }
}

// child is a worker in a process of its own. It works until its standard input ends.
func child(mode, dsn string) int {
	ctx, stop := context.WithCancel(context.Background())
	in := make(chan string)
	go func() {
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			in <- s.Text()
		}
		stop()
	}()
	o := brisk(time.Minute)
	if o.Owner = "child"; mode == "chaos" {
		o.LeaseTTL = chaosTTL
	}
	j, err := Open(ctx, dsn, o)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer j.Close()
	k := KindOptions{Workers: 2, MaxAttempts: 1000}
	switch mode {
	case "hang":
		Handle(j, "hang", KindOptions{MaxAttempts: 3}, func(context.Context, Job[arg]) error { fmt.Println("running"); select {} })
	case "zombie":
		Handle(j, "late", k, func(ctx context.Context, job Job[arg]) error {
			fmt.Println("running")
			<-in // ctx is done by then: a zombie need not care
			fmt.Println("check", job.Check(context.Background()))
			return nil
		})
		Handle(j, "after", KindOptions{Queue: "zombie"}, func(context.Context, Job[arg]) error { fmt.Println("after"); return nil })
	case "chaos":
		Handle(j, "effect", k, func(ctx context.Context, job Job[arg]) error { return effect(ctx, j, job) })
	}
	if err := j.Work(ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ended")
	return 0
}

// effect has the job's effect once, under its lease, and dies beside it now and then.
func effect(ctx context.Context, j *Jobs, job Job[arg]) error {
	die := func(when int) {
		if job.Attempt == 1 && job.Args.N%6 == when {
			p, _ := os.FindProcess(os.Getpid())
			_ = p.Kill()
			select {}
		}
	}
	if _, err := j.db.Exec(j.db.q("INSERT INTO run VALUES (?)"), job.Args.N); err != nil {
		return err
	}
	die(0)
	err := j.db.tx(ctx, func(tx *sql.Tx) error {
		if _, err := j.db.next(ctx, tx); err != nil { // nobody takes a lease over until this has committed
			return err
		}
		_, err := tx.ExecContext(ctx, j.db.q(`INSERT INTO effect SELECT one * ?, ? FROM jobs_counter WHERE
			EXISTS (SELECT 1 FROM jobs_lease WHERE token = ?) AND NOT EXISTS (SELECT 1 FROM effect WHERE n = ?)`),
			job.Args.N, job.Token, job.Token, job.Args.N)
		return err
	})
	if err == nil {
		die(3)
	}
	return err
}

// process is a running child.
type process struct {
	*exec.Cmd
	lines chan string
	stdin interface{ Close() error }
	say   func(string)
	wait  func() error
}

func spawn(t *testing.T, mode, dsn string) *process {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "RUMMAGE_JOBS_CHILD="+mode, "RUMMAGE_JOBS_DSN="+dsn)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: c, lines: make(chan string, 100), stdin: in}
	p.say = func(s string) { _, _ = in.Write([]byte(s + "\n")) }
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	p.wait = sync.OnceValue(c.Wait)
	t.Cleanup(func() { _ = c.Process.Kill(); _ = p.wait() })
	return p
}

// expect waits for a line that contains s.
func (p *process) expect(t *testing.T, s string) string {
	t.Helper()
	return p.expectWith(t, s, func() {})
}

// expectWith does something again and again meanwhile.
func (p *process) expectWith(t *testing.T, s string, meanwhile func()) string {
	t.Helper()
	for late := time.After(patience); ; {
		select {
		case l, ok := <-p.lines:
			if !ok {
				t.Fatalf("the child ended without %q", s)
			}
			if strings.Contains(l, s) {
				return l
			}
		case <-late:
			t.Fatalf("no %q from the child", s)
		case <-time.After(10 * time.Millisecond):
			meanwhile()
		}
	}
}

// TestTakeover: the job of a worker that was killed goes to another, and is parked when it outlived its attempts.
func TestTakeover(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		parked := make(chan Failure, 1)
		j.opt.OnParked = func(_ context.Context, f Failure) { parked <- f }
		first := enqueue(t, j, "hang", 7, EnqueueOptions{Unique: true})
		stale := func() {}
		for range 3 {
			p := spawn(t, "hang", dsn)
			p.expectWith(t, "running", stale)
			stale = staleLease(t, j)
			_ = p.Process.Kill()
			_ = p.wait()
		}
		Handle(j, "hang", KindOptions{}, func(context.Context, Job[arg]) error { t.Error("a fourth attempt"); return nil })
		stop := background(t, j)
		until(t, "the job to be parked", func() bool { stale(); return len(parked) == 1 })
		if err := stop(); err != nil {
			t.Error(err)
		}
		f := <-parked
		if f.Kind != "hang" || f.Reason != WorkerGone || f.Attempt != 3 || !strings.Contains(string(f.Args), "7") {
			t.Errorf("parked %+v", f)
		}
		if f.ID == first {
			t.Error("the row kept its id: a zombie could set its state")
		}
		// A second like it can be enqueued.
		if _, fresh, err := j.Enqueue(t.Context(), "hang", arg{7}, EnqueueOptions{Unique: true}); !fresh || err != nil {
			t.Errorf("after it: %v %v", fresh, err)
		}
	})
}

// TestUnleased: a run whose handler never began counts as no attempt, one with a lease does.
func TestUnleased(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		var ids []int64
		for n := range 3 {
			ids = append(ids, enqueue(t, j, "job", n, EnqueueOptions{}))
		}
		execute(t, j, "UPDATE river_job SET state = 'running', attempt = 1")
		if _, err := j.db.lease(t.Context(), ids[1], "dead"); err != nil {
			t.Fatal(err)
		}
		if n, _, err := j.db.reap(t.Context(), time.Minute); n != 0 || err != nil {
			t.Fatalf("taken at once: %d %v", n, err)
		}
		execute(t, j, "UPDATE jobs_lease SET beat = 0")
		n, parked, err := j.db.reap(t.Context(), time.Minute)
		if n != 3 || len(parked) != 0 || err != nil {
			t.Fatalf("taken: %d %v %v", n, parked, err)
		}
		for i, want := range []string{"available 0", "available 0", "available 1"} {
			var state string
			var attempt int
			q := "SELECT state, attempt FROM river_job ORDER BY attempt LIMIT 1 OFFSET " + strconv.Itoa(i)
			if err := j.db.QueryRow(q).Scan(&state, &attempt); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(state, " ", attempt); got != want {
				t.Errorf("job %d: %s, want %s", i, got, want)
			}
		}
		// What was completed in the meantime stays so.
		execute(t, j, "UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP WHERE attempt = 1")
		done := orphan{Failure: Failure{ID: int64(count(t, j, "SELECT id FROM river_job WHERE attempt = 1"))}, token: 1}
		err = j.db.tx(t.Context(), func(tx *sql.Tx) error { _, err := j.db.takeOver(t.Context(), tx, done); return err })
		if n := count(t, j, "SELECT count(*) FROM river_job WHERE state = 'completed'"); err != nil || n != 1 {
			t.Errorf("%d completed, %v", n, err)
		}
	})
}

// TestRenewed: a lease that is held is renewed, one that is not goes stale, and a handler whose lease has gone is told.
func TestRenewed(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		j := open(t, dsn)
		id := enqueue(t, j, "job", 1, EnqueueOptions{})
		execute(t, j, "UPDATE river_job SET state = 'running', attempt = 1")
		token, err := j.db.lease(t.Context(), id, "me")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		j.hold(token, cancel)
		stale := func() int {
			execute(t, j, "UPDATE jobs_lease SET beat = 0")
			if err := j.beat(t.Context()); err != nil {
				t.Fatal(err)
			}
			return count(t, j, "SELECT count(*) FROM river_job WHERE state = 'available'")
		}
		if stale() != 0 || ctx.Err() != nil || j.db.check(t.Context(), token) != nil {
			t.Fatal("a held lease was lost")
		}
		j.drop(token)
		if stale() != 1 || ctx.Err() != nil {
			t.Fatal("a lease that nobody holds was renewed")
		}
		j.hold(token, cancel)
		if stale(); !errors.Is(context.Cause(ctx), ErrLost) || !errors.Is(j.db.check(t.Context(), token), ErrLost) {
			t.Error("the handler was not told")
		}
	})
}

// TestChaos: workers die at any moment; no job is lost and each effect is there once.
func TestChaos(t *testing.T) {
	const jobs, workers = 60, 3
	each(t, func(t *testing.T, dsn string) {
		j := openWith(t, dsn, brisk(chaosTTL))
		execute(t, j, "CREATE TABLE run (n BIGINT)")
		execute(t, j, "CREATE TABLE effect (n BIGINT, token BIGINT)")
		for n := range jobs {
			if _, _, err := j.Enqueue(t.Context(), "effect", arg{n}, EnqueueOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		kills := make([]int, workers)
		for w := range workers {
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					p := spawn(t, "chaos", dsn)
					ended := make(chan struct{})
					go func() { _ = p.wait(); close(ended) }()
					var kill <-chan time.Time // the first dies by its own hand only, so that there is an end
					if w > 0 {
						kill = time.After(time.Duration(300+170*((i*7+w*3)%5)) * time.Millisecond)
					}
					select {
					case <-ended:
					case <-kill:
					case <-ctx.Done():
					}
					_ = p.Process.Kill()
					<-ended
					kills[w]++
				}
			})
		}
		until(t, "all jobs to be done", func() bool {
			return count(t, j, "SELECT count(*) FROM river_job WHERE state = 'completed'") == jobs
		})
		cancel()
		wg.Wait()
		if n := count(t, j, "SELECT count(*) FROM river_job"); n != jobs {
			t.Errorf("%d rows for %d jobs", n, jobs)
		}
		all, distinct := count(t, j, "SELECT count(*) FROM effect"), count(t, j, "SELECT count(DISTINCT n) FROM effect")
		runs := count(t, j, "SELECT count(*) FROM run")
		if all != jobs || distinct != jobs || runs <= jobs {
			t.Errorf("%d effects of %d jobs in %d runs", all, distinct, runs)
		}
		t.Logf("%d runs, %v processes killed", runs, kills)
	})
}
