package sweep

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rummage/detect"
)

// badChildren are processes that do not search as they should.
var badChildren = map[string]func(s *Sweeper) int{
	"unready": func(*Sweeper) int {
		fmt.Fprintln(os.Stderr, "rummage: the database is away")
		return 2
	},
	"panics":     func(s *Sweeper) int { ready(s, s.terms()); panic("what was read") },
	"garbage":    func(s *Sweeper) int { ready(s, s.terms()); fmt.Print("\x1b[2J{\n"); return 0 },
	"endless":    func(s *Sweeper) int { ready(s, s.terms()); fmt.Print(strings.Repeat("x", 1<<20)); return 0 },
	"hangs":      func(s *Sweeper) int { ready(s, s.terms()); time.Sleep(time.Hour); return 0 },
	"changed":    func(s *Sweeper) int { ready(s, "others"); return 0 },
	"speechless": func(s *Sweeper) int { ready(s, s.terms()); return 0 },
}

// ready says that it is, and reads a task.
func ready(_ *Sweeper, terms string) {
	line, _ := json.Marshal(reply{Terms: terms})
	fmt.Printf("%s\n", line)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

// TestBadChildren: what a child does wrong is told in a line, and is the repository's failure only once it was ready.
func TestBadChildren(t *testing.T) {
	t.Setenv(KeyVariable, "the key of a database of a test")
	dir := t.TempDir()
	config := filepath.Join(dir, FileName)
	if err := os.WriteFile(config, fmt.Appendf(nil, "database = \"sweep.db\"\n[[target]]\nfolder = %q\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), c, parseRules(t, markRules))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for mode, want := range map[string]string{
		"unready":    "error: the process that searches: the database is away",
		"changed":    "error: the configuration, the rules or the program have changed meanwhile: start again",
		"panics":     "answer: the search crashed",
		"garbage":    "answer: the search answered with what cannot be read",
		"endless":    "answer: the search answered with what cannot be read",
		"speechless": "answer: the search ended by itself",
		"hangs":      "error: context deadline exceeded",
	} {
		t.Run(mode, func(t *testing.T) {
			children := NewChildren(s, func() *exec.Cmd { return chaosCommand(mode, config) })
			limit := time.Minute
			if mode == "hangs" {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			a, err := children.Search(ctx, &Task{ID: 1})
			got := fmt.Sprintf("error: %v", err)
			if err == nil {
				got = "answer: " + a.Error
			}
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if err := children.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestIdleChildDies: one that dies between two searches is replaced.
func TestIdleChildDies(t *testing.T) {
	t.Setenv(KeyVariable, "the key of a database of a test")
	folder := t.TempDir()
	manyRepositories(t, folder, 1)
	config := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(config, fmt.Appendf(nil, "database = \"sweep.db\"\n[[target]]\nfolder = %q\n", folder), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), c, parseRules(t, markRules))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.list(context.Background(), &c.Targets[0]); err != nil {
		t.Fatal(err)
	}
	children := NewChildren(s, func() *exec.Cmd { return chaosCommand("serve", config) })
	defer children.Close()
	list, err := s.store.Repositories(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	task := &Task{ID: list[0].ID, Dir: list[0].CloneURL, All: true}
	for i := range 2 {
		if a, err := children.Search(context.Background(), task); err != nil || a.Error != "" {
			t.Fatalf("%d: %+v %v", i, a, err)
		}
		idle := children.idle[0].cmd.Process
		if err := idle.Kill(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ; { // its pipes are closed some time later
			if _, err := children.idle[0].in.Write([]byte(" ")); err != nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("it lives")
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// TestServeEnds: who is asked no more ends what it is at, with what it has done until then written down.
func TestServeEnds(t *testing.T) {
	folder := t.TempDir()
	manyRepositories(t, folder, 1)
	s := open(t, filepath.Join(t.TempDir(), "sweep.db"), folder, parseRules(t, markRules))
	if err := s.list(context.Background(), &s.config.Targets[0]); err != nil {
		t.Fatal(err)
	}
	list, err := s.store.Repositories(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	task, err := json.Marshal(Task{ID: list[0].ID, Dir: list[0].CloneURL})
	if err != nil {
		t.Fatal(err)
	}
	in, tell := io.Pipe()
	made := s.detect
	s.detect = func() *detect.Detector { // in the middle of the search
		_ = tell.Close()
		time.Sleep(time.Second)
		return made()
	}
	go func() { _, _ = tell.Write(append(task, '\n')) }()
	var out bytes.Buffer
	if err := s.Serve(context.Background(), in, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[1], `"Broken":"context canceled"`) {
		t.Errorf("it went on: %s", out.String())
	}
}

// nowhere is the input of a process that there is not.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// TestChildOfStore: a task is for the idle child that had the last one of the same directory, else for the one that was busy last.
func TestChildOfStore(t *testing.T) {
	c := &Children{}
	for _, dir := range []string{"a", "b", "c"} {
		c.idle = append(c.idle, &child{in: nowhere{}, dir: dir})
	}
	a, b, last := c.idle[0], c.idle[1], c.idle[2]
	for _, want := range []struct {
		dir string
		one *child
	}{{"b", b}, {"else", last}, {"a", a}} {
		got, err := c.take(context.Background(), &Task{Dir: want.dir})
		if err != nil || got != want.one || got.dir != want.dir {
			t.Errorf("%s: %+v, %v", want.dir, got, err)
		}
	}
	if len(c.idle) != 0 {
		t.Errorf("%d are idle", len(c.idle))
	}
}
