// Package pgtest runs a PostgreSQL of its own for tests: in a temporary directory, reached over the loopback on a free
// port with a password, and stopped by its process id. Where PostgreSQL is not installed tests are skipped, unless
// RUMMAGE_NEED_POSTGRES is set.
//
// It knows nothing of what is stored. One server serves all tests of a process, each in a database of its own.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
)

// Password is that of the server's user.
const Password = "pg-test-password"

const superuser = "rummage"

var server struct {
	sync.Mutex
	started bool
	err     error
	cmd     *exec.Cmd
	ended   chan error
	dir     string
	port    int
	count   int
	again   func() error
}

// Run runs the tests of a package and stops the server that they started; for TestMain.
func Run(m *testing.M) int {
	defer stop()
	return m.Run()
}

// Database makes an empty database and gives its address, with the password in it if it is asked for.
func Database(t testing.TB, withPassword bool) string {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if !server.started {
		server.started = true
		server.err = start()
	}
	if server.err != nil {
		if os.Getenv("RUMMAGE_NEED_POSTGRES") != "" {
			t.Fatal(server.err)
		}
		t.Skip(server.err)
	}
	server.count++
	name := fmt.Sprintf("test_%d", server.count)
	db, err := sql.Open("pgx", address("postgres", true))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return address(name, withPassword)
}

func address(database string, withPassword bool) string {
	login := superuser
	if withPassword {
		login += ":" + Password
	}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", login, server.port, database)
}

// program finds one of PostgreSQL's programs, which Debian keeps out of PATH.
func program(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return p, nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is not installed: apt-get install postgresql", name)
	}
	return found[len(found)-1], nil
}

func start() (err error) {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	if server.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return err
	}
	as, err := unprivileged(server.dir)
	if err != nil {
		return err
	}
	pwfile := filepath.Join(server.dir, "password")
	if err := os.WriteFile(pwfile, []byte(Password+"\n"), 0o644); err != nil {
		return err
	}
	data := filepath.Join(server.dir, "data")
	if out, err := command(as, initdb, "-D", data, "-U", superuser, "-A", "scram-sha-256", "--pwfile", pwfile, "-E", "UTF8", "--no-sync", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	server.again = func() error { return serve(as, postgres, data) }
	for try := 0; ; try++ { // a program may take the port that is free now before the server does
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server.port = l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if err = server.again(); err == nil || try == 5 {
			return err
		}
	}
}

func serve(as *syscall.SysProcAttr, postgres, data string) error {
	server.cmd = command(as, postgres, "-D", data, "-p", strconv.Itoa(server.port), "-h", "127.0.0.1", "-k", server.dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100", "-c", "shared_buffers=32MB")
	var log bytes.Buffer
	server.cmd.Stdout, server.cmd.Stderr = &log, &log
	if err := server.cmd.Start(); err != nil {
		return err
	}
	cmd, ended := server.cmd, make(chan error, 1)
	server.ended = ended
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(time.Minute); ; {
		if ping() {
			return nil
		}
		select {
		case err := <-ended:
			server.cmd = nil
			return fmt.Errorf("postgres ended: %v\n%s", err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			_ = server.cmd.Process.Kill()
			return fmt.Errorf("postgres does not answer")
		}
	}
}

// Restart ends the server orderly, with all that is connected to it, and starts it again at the same address.
func Restart(t testing.TB) {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if server.cmd == nil {
		t.Fatal("no server runs")
	}
	if err := server.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-server.ended
	if err := server.again(); err != nil {
		t.Fatal(err)
	}
}

func ping() bool {
	db, err := sql.Open("pgx", address("postgres", true))
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return db.PingContext(ctx) == nil
}

func command(as *syscall.SysProcAttr, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.SysProcAttr = server.dir, as
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + server.dir, "LC_ALL=C.UTF-8", "TZ=UTC"}
	return cmd
}

// stop ends the server and removes its directory.
func stop() {
	server.Lock()
	defer server.Unlock()
	if server.cmd != nil && server.cmd.Process != nil {
		// SIGINT: PostgreSQL ends at once and orderly.
		if err := server.cmd.Process.Signal(syscall.SIGINT); err == nil {
			<-server.ended
		}
	}
	if strings.Contains(filepath.Base(server.dir), "pgtest") {
		_ = os.RemoveAll(server.dir)
	}
}
