//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rummage/detect/example"
)

// patience is how long a test waits for a program that was told to end. It is no measure: an interrupt takes a fraction
// of a second, and a program that ignores it far longer than this.
const patience = 2 * time.Minute

// started is a rummage that runs.
type started struct {
	*exec.Cmd
	t              *testing.T
	stdout, stderr bytes.Buffer
}

func start(t *testing.T, cmd *exec.Cmd) *started {
	t.Helper()
	s := &started{Cmd: cmd, t: t}
	cmd.Stdout, cmd.Stderr = &s.stdout, &s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return s
}

func (s *started) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits for the end and gives the exit code, -1 for one by a signal.
func (s *started) exit() int {
	s.t.Helper()
	hung := time.AfterFunc(patience, func() { _ = s.Process.Signal(syscall.SIGQUIT) }) // says where it hangs
	err := s.Wait()
	if !hung.Stop() {
		s.t.Fatalf("still running %v after the signal; stderr: %s", patience, s.stderr.Bytes())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return 0
}

// interrupted checks that the program ended as an interrupted scan ends, and gives its report.
func (s *started) interrupted() jsonReport {
	s.t.Helper()
	if code := s.exit(); code != exitError {
		s.t.Errorf("exit code %d, want %d", code, exitError)
	}
	var r jsonReport
	if err := json.Unmarshal(s.stdout.Bytes(), &r); err != nil {
		s.t.Fatalf("report: %v\n%s", err, s.stdout.Bytes())
	}
	if r.Scan.Complete || !r.Scan.Interrupted {
		s.t.Errorf("complete: %v, interrupted: %v", r.Scan.Complete, r.Scan.Interrupted)
	}
	if got := s.stderr.String(); got != "rummage: incomplete: interrupted\n" {
		s.t.Errorf("stderr: %q", got)
	}
	return r
}

// pipeRules gives the program its rules through a pipe, so that what comes after is sure to meet a program that runs and
// has its signal handlers in place.
func pipeRules(t *testing.T, pipe, rules string) {
	t.Helper()
	file, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(rules); err != nil {
		t.Fatal(err)
	}
}

func mkfifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInterruptStdin: standard input gives nothing more and does not end. What was read before is reported.
func TestInterruptStdin(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			token, err := example.Expand("tok_{{loweralnum 24}}", 1)
			if err != nil {
				t.Fatal(err)
			}
			// With one worker, files are searched in the order of their names; "<stdin>" comes after "1".
			if err := os.WriteFile(filepath.Join(dir, "1"), []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
			rules, err := filepath.Abs("testdata/rules.toml")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("rummage", "files", "-j1", "-f", "json", "--rules", rules, "1", "-")
			cmd.Dir = dir
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, cmd)
			// More than a pipe holds: once it is written, the other end is reading.
			if _, err := in.Write(make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
			s.signal(sig)
			if r := s.interrupted(); len(r.Findings) != 1 || r.Findings[0].Places[0].Path != "1" {
				t.Errorf("findings: %+v", r.Findings)
			}
		})
	}
}

// TestInterruptGit: the scan of a repository stops between blobs. Its rules make each blob take long. What was not read
// is not known to the next scan.
func TestInterruptGit(t *testing.T) {
	repo := t.TempDir()
	slowRepository(t, repo, 600)
	state := filepath.Join(t.TempDir(), "state")
	for _, args := range [][]string{{}, {"--branch", "main"}, {"--worktree"}, {"--since-scan", state}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			pipe := mkfifo(t)
			s := start(t, exec.Command("rummage", append([]string{"git", repo, "-f", "json", "--rules", pipe}, args...)...))
			pipeRules(t, pipe, slowRules)
			time.Sleep(300 * time.Millisecond) // to be in the middle of things; the test is right wherever it is
			s.signal(os.Interrupt)
			s.interrupted()
		})
	}
	if left, err := os.ReadDir(filepath.Dir(state)); err != nil || len(left) > 0 {
		t.Errorf("beside the state: %v %v", left, err)
	}
}

// slowRules have an expression that no automaton of reasonable size decides: each of the files below, 10 kB of a and b,
// takes some hundredths of a second.
const slowRules = `
[[rules]]
id = "slow"
description = "Takes its time"
regex = '''a[ab]{900}c'''
keywords = ["key"]
`

func slowRepository(t *testing.T, dir string, files int) {
	t.Helper()
	var stream bytes.Buffer
	stream.WriteString("commit refs/heads/main\ncommitter A <a@example.com> 1767268800 +0000\ndata 1\nx\n")
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 10_000)
	for i := range files {
		for j := range text {
			text[j] = 'a' + byte(r.IntN(2))
		}
		file := fmt.Sprintf("%d key %s dc\n", i, text)
		fmt.Fprintf(&stream, "M 100644 inline f%d\ndata %d\n%s\n", i, len(file), file)
	}
	for _, c := range []struct {
		in   []byte
		args []string
	}{{nil, []string{"init", "-q", "-b", "main"}}, {stream.Bytes(), []string{"fast-import", "--quiet", "--depth=0"}}, {nil, []string{"reset", "-q", "--hard"}}} {
		cmd := exec.Command("git", append([]string{"-C", dir}, c.args...)...)
		cmd.Stdin = bytes.NewReader(c.in)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", c.args[0], err, out)
		}
	}
}

// TestInterruptClone: git is cloning and does not answer. It is ended, and nothing is left behind.
func TestInterruptClone(t *testing.T) {
	bin, home, tmp := t.TempDir(), t.TempDir(), t.TempDir()
	ready := filepath.Join(home, "ready")
	git := "#!/bin/sh\nmkdir -p \"$GIT_DIR\"\ncase \"$*\" in *fetch*) echo > " + ready + "; sleep 100 ;; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(git), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("rummage", "git", "https://example.com/x.git")
	cmd.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "TMPDIR="+tmp)
	s := start(t, cmd)
	waitFor(t, func() bool { _, err := os.Stat(ready); return err == nil })
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != exitError {
		t.Errorf("exit code %d, want %d", code, exitError)
	}
	if got := s.stderr.String(); got != "rummage: interrupted\n" {
		t.Errorf("stderr: %q", got)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
}

// TestInterruptTwice: what cannot be stopped in an orderly way, here the reading of rules that never end, is ended by
// the second signal.
func TestInterruptTwice(t *testing.T) {
	pipe := mkfifo(t)
	s := start(t, exec.Command("rummage", "files", "--rules", pipe, "."))
	file, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ended := make(chan error, 1)
	go func() { ended <- s.Wait() }()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err := s.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != -1 {
				t.Errorf("%v, want an end by the signal", err)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("still running after many signals; stderr: %s", s.stderr.Bytes())
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing happens")
		}
	}
}
