package sweep

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
	"rummage/sweep/store"
)

// outage is a configuration of some repositories, with what is found in them.
type outage struct {
	t      *testing.T
	folder string
	want   []string
}

func newOutage(t *testing.T, n int) *outage {
	t.Helper()
	t.Setenv(KeyVariable, "the key of a database of a test")
	t.Setenv(PasswordVariable, pgtest.Password)
	o := &outage{t: t, folder: t.TempDir()}
	manyRepositories(t, o.folder, n)
	calm := o.config(filepath.Join(t.TempDir(), "calm.db"))
	if out, err := chaosCommand("run", calm).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o.want = o.found(calm)
	if len(o.want) < n {
		t.Fatalf("%d places", len(o.want))
	}
	return o
}

func (o *outage) config(database string) string {
	o.t.Helper()
	file := filepath.Join(o.t.TempDir(), FileName)
	if err := os.WriteFile(file, fmt.Appendf(nil, "database = %q\n[[target]]\nfolder = %q\n", database, o.folder), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return file
}

func (o *outage) found(config string) []string {
	o.t.Helper()
	s := o.open(config)
	defer s.Close()
	return (&fleet{t: o.t}).kept(s)
}

func (o *outage) open(config string) *Sweeper {
	o.t.Helper()
	c, err := ReadConfig(config)
	if err != nil {
		o.t.Fatal(err)
	}
	s, err := Open(context.Background(), c, parseRules(o.t, markRules))
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// searched waits until so many repositories were.
func (o *outage) searched(config string, n int) {
	o.t.Helper()
	s := o.open(config)
	defer s.Close()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		st, err := s.store.Status(context.Background())
		if err == nil && st.Repositories-st.NeverScanned >= n {
			return
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("%+v %v", st, err)
		}
	}
}

// left counts the repositories that are still to be searched.
func (o *outage) left(config string) int {
	o.t.Helper()
	s := o.open(config)
	defer s.Close()
	st, err := s.store.Status(context.Background())
	if err != nil {
		o.t.Fatal(err)
	}
	return st.NeverScanned
}

// all: what is known is all that there is.
func (o *outage) all(config string) {
	o.t.Helper()
	if got := o.found(config); !slices.Equal(got, o.want) {
		o.t.Errorf("--- got %d\n%s--- want %d\n%s", len(got), strings.Join(got, ""), len(o.want), strings.Join(o.want, ""))
	}
}

// mended sweeps undisturbed, after which everything is there and nothing has failed.
func (o *outage) mended(config string) {
	o.t.Helper()
	if out, err := chaosCommand("run", config).CombinedOutput(); err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
	o.all(config)
	s := o.open(config)
	defer s.Close()
	list, err := s.store.Repositories(context.Background())
	if err != nil {
		o.t.Fatal(err)
	}
	for _, r := range list {
		if r.LastScan.IsZero() || r.Failures > 0 || r.State != store.RepositoryOK {
			o.t.Errorf("%s: %+v", r.Name, r)
		}
	}
}

// start starts a sweep; the end of what it says is in the buffer.
func (o *outage) start(cmd *exec.Cmd) *lastWords {
	o.t.Helper()
	said := &lastWords{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return said
}

// TestDatabaseRestarts: a sweep goes on, or fails in a line, when PostgreSQL is restarted; the next one has everything.
func TestDatabaseRestarts(t *testing.T) {
	o := newOutage(t, 60)
	t.Setenv(chaosPause, "50ms")
	config := o.config(pgtest.Database(t, false))
	cmd := chaosCommand("run", config)
	said := o.start(cmd)
	o.searched(config, 10)
	pgtest.Restart(t)
	if o.left(config) == 0 {
		t.Error("the sweep was over before")
	}
	if err := cmd.Wait(); err == nil {
		o.all(config) // what says that it went well has everything
	} else if text := string(said.end); !strings.HasPrefix(text, "rummage: ") || strings.Count(text, "\n") > 1 ||
		strings.HasPrefix(text, "rummage: <nil>") && !strings.Contains(text, "given up") { // no repository has failed by itself
		t.Errorf("%v: %s", err, text)
	}
	o.mended(config)
}

// TestManyDisturbed: what keeps sweeping, its workers and a sweep beside them find what an undisturbed one does, though a worker and
// the sweep are killed and PostgreSQL is restarted.
func TestManyDisturbed(t *testing.T) {
	o := newOutage(t, 100)
	t.Setenv(chaosPause, "100ms")
	config := o.config(pgtest.Database(t, false))
	said := map[string]*lastWords{}
	procs := map[string]*exec.Cmd{}
	for _, name := range []string{"start", "worker", "worker that dies", "run"} {
		mode, _, _ := strings.Cut(name, " ")
		procs[name] = chaosCommand(mode, config)
		said[name] = o.start(procs[name])
	}
	kill := func(name string) {
		if err := procs[name].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := procs[name].Wait(); err == nil || procs[name].ProcessState.ExitCode() >= 0 {
			t.Errorf("%s ended by itself: %v: %s", name, err, said[name].end)
		}
	}
	o.searched(config, 10)
	kill("worker that dies")
	o.searched(config, 20)
	pgtest.Restart(t)
	o.searched(config, 30)
	if o.left(config) == 0 {
		t.Error("the sweep was over before it was disturbed")
	}
	kill("run")
	o.searched(config, 100)
	kill("start")
	kill("worker")
	o.all(config)
	o.mended(config)
}

// TestDatabaseRemoved: the database of jobs may be thrown away, also while it is in use, which is told, as it is of the other one.
func TestDatabaseRemoved(t *testing.T) {
	o := newOutage(t, 60)
	t.Setenv(chaosPause, "50ms")
	for _, name := range []string{"sweep-jobs.db", "sweep.db"} {
		config := o.config("sweep.db")
		cmd := chaosCommand("run", config)
		said := o.start(cmd)
		o.searched(config, 10)
		files, err := filepath.Glob(filepath.Join(filepath.Dir(config), name+"*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(string(said.end), name) || !strings.Contains(string(said.end), "removed or replaced while in use: start again") || strings.Count(string(said.end), "\n") != 1 {
			t.Errorf("%s removed: %v: %s", name, err, said.end)
		}
		o.mended(config)
	}
}

// TestDiskFull: a sweep that cannot write says so in a few lines; the next one has everything.
func TestDiskFull(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	o := newOutage(t, 60)
	failed := 0
	for _, blocks := range []int{200, 450, 560} { // of 1 KiB
		config := o.config("sweep.db")
		run := chaosCommand("run", config)
		cmd := exec.Command(shell, "-c", fmt.Sprintf("ulimit -f %d; exec \"$0\"", blocks), run.Path)
		cmd.Env = run.Env
		said := o.start(cmd)
		if err := cmd.Wait(); err != nil {
			failed++
			t.Logf("%d: %q", blocks, said.end)
			if text := string(said.end); strings.Count(text, "\n") > 8 || !strings.Contains(text, "disk") {
				t.Errorf("%d: %v: %s", blocks, err, text)
			}
		}
		o.mended(config)
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
}

// TestUnwritable: a sweep ends with one line when its database cannot be written, without a second try; the next one has everything.
func TestUnwritable(t *testing.T) {
	o := newOutage(t, 10)
	address := pgtest.Database(t, true)
	config := o.config(strings.Replace(address, ":"+pgtest.Password, "", 1))
	if err := o.open(config).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"CREATE SEQUENCE tried",
		"CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN PERFORM nextval('tried'); RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql",
		"CREATE TRIGGER full_disk BEFORE INSERT ON scan FOR EACH ROW EXECUTE FUNCTION full_disk()",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	out, err := chaosCommand("run", config).CombinedOutput()
	if text := string(out); err == nil || strings.Count(text, "\n") != 1 || !strings.Contains(text, "the database cannot be written, is the disk of PostgreSQL full?") {
		t.Errorf("%v: %s", err, text)
	}
	var tried int
	if err := db.QueryRow("SELECT last_value FROM tried").Scan(&tried); err != nil || tried > 4 { // two jobs, and those that begin meanwhile
		t.Errorf("tried %d times, %v", tried, err)
	}
	if _, err := db.Exec("DROP TRIGGER full_disk ON scan"); err != nil {
		t.Fatal(err)
	}
	o.mended(config)
}
