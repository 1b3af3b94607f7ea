package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/sweep/forge/forgetest"
)

// loneFork is a repository of a forge, in a store that forks would share.
type loneFork struct {
	*fleet
	s      *Sweeper
	server *forgetest.Server
}

func newLoneFork(t *testing.T, text string) *loneFork {
	t.Helper()
	t.Setenv(TokenVariable, "a-token-of-a-test")
	server := forgetest.Start(forgetest.Config{Kind: "github", Token: "a-token-of-a-test"})
	t.Cleanup(server.Close)
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	l := &loneFork{fleet: f, server: server}
	l.commit(text)
	l.s = openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nforge = \"github\"\nurl = %q\nowner = \"acme\"\n", server.URL))
	l.sweep()
	return l
}

func (l *loneFork) at() string { return filepath.Join(l.dir, "r0") }

func (l *loneFork) commit(text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.at(), "a"), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	git(l.t, l.at(), "add", "-A")
	git(l.t, l.at(), "commit", "-q", "-m", "Change")
}

func (l *loneFork) sweep() {
	l.t.Helper()
	publish(l.fleet, l.server)
	sweepOnce(l.t, l.s)
}

// lose takes the refs out of a store, as where it was thrown away and made anew.
func lose(t *testing.T, store string) {
	t.Helper()
	err := os.Remove(filepath.Join(store, "packed-refs"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	loseKept(t, store)
	if err := errors.Join(err, os.RemoveAll(filepath.Join(store, "refs", "r"))); err != nil {
		t.Error(err)
	}
}

func loseKept(t *testing.T, store string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(store, "refs", "seen")); err != nil {
		t.Error(err)
	}
}

// anew makes a store anew, with all that it has.
func anew(t *testing.T, store string) {
	t.Helper()
	old := store + ".old"
	if err := errors.Join(os.Rename(store, old), os.CopyFS(store, os.DirFS(old)), os.RemoveAll(old)); err != nil {
		t.Error(err)
	}
}

// TestCloneGone: a repository whose clone is thrown away between the fetch and the end of its search is not taken for one in which
// nothing is any more, nor is that remembered for forks. It fails as what another try may mend, and is searched the next time.
func TestCloneGone(t *testing.T) {
	cases := map[string]func(l *loneFork, task *Task, in func(step func())){
		"before it is opened": func(l *loneFork, task *Task, _ func(func())) { lose(l.t, task.Dir) },
		// What is beyond a tip without a finding is searched first, and then all.
		"before it is opened again": func(l *loneFork, task *Task, in func(func())) {
			task.Quiet = []string{git(l.t, l.at(), "rev-list", "--max-parents=0", "HEAD")}
			in(func() { lose(l.t, task.Dir) })
		},
		"while it is searched": func(l *loneFork, task *Task, in func(func())) {
			in(func() { anew(l.t, task.Dir) })
		},
	}
	for name, gone := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLoneFork(t, "mark-abc\n")
			l.commit("mark-def\n")
			l.fails(func(task *Task, in func(func())) { gone(l, task, in) })
			if have, _ := keptAtForge(l.fleet, l.s); len(have) != 1 {
				t.Errorf("what is known is %v", have)
			}
			if n := len(l.s.alike.last); n != 1 {
				t.Errorf("%d searches are remembered, want the first one alone", n)
			}
			l.sweep()
			have, _ := keptAtForge(l.fleet, l.s)
			if want, _ := reachable(l.audited(l.s, l.s.rules)); !slices.Equal(have, want) || len(have) != 2 {
				t.Errorf("got %v, want %v", have, want)
			}
		})
	}
}

// fails sweeps more often than what is the repository's fault may fail. In step something happens when the search of blobs begins.
func (l *loneFork) fails(happens func(task *Task, in func(step func()))) {
	l.t.Helper()
	made := l.s.detect
	defer func() { l.s.detect = made }()
	search := func(ctx context.Context, task *Task) (*Answer, error) {
		happens(task, func(step func()) {
			l.s.detect = func() *detect.Detector {
				step()
				l.s.detect = made
				return made()
			}
		})
		line, err := json.Marshal(task) // as to a child
		if err != nil {
			return nil, err
		}
		told := &Task{}
		if err := json.Unmarshal(line, told); err != nil {
			return nil, err
		}
		return l.s.Search(ctx, told)
	}
	for range maxFailures + 1 {
		w := worker(l.t, l.s, search, func(o Outcome) {
			if !errors.Is(o.Err, changedError(errCloneChanged.Error())) || o.Parked {
				l.t.Errorf("%v, parked: %v", o.Err, o.Parked)
			}
		})
		if sum, err := w.Run(context.Background(), false); err != nil || sum.Failed != 1 {
			l.t.Errorf("%+v, %v", sum, err)
		}
	}
}

// TestKeptGone: what a repository no longer has is no less a part of it, be it all that there is of it.
func TestKeptGone(t *testing.T) {
	for name, change := range map[string]func(l *loneFork){
		"some":           func(l *loneFork) { l.commit("nothing\n") },
		"no refs at all": func(l *loneFork) { git(t, l.at(), "update-ref", "-d", "refs/heads/main") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLoneFork(t, "mark-abc\n")
			git(t, l.at(), "commit", "-q", "--amend", "-m", "Other")
			l.sweep()
			change(l)
			want := l.kept(l.s)
			l.fails(func(task *Task, _ func(func())) { loseKept(t, task.Dir) })
			if got := l.kept(l.s); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// TestCloneGoneInPart: of a store that is made anew while what is beyond quiet tips is searched, nothing is settled.
func TestCloneGoneInPart(t *testing.T) {
	l := newLoneFork(t, "nothing\n")
	quiet := git(t, l.at(), "rev-parse", "HEAD")
	l.commit("nothing else\n")
	l.fails(func(task *Task, in func(func())) {
		task.Quiet = []string{quiet}
		in(func() { anew(t, task.Dir) })
	})
	if n := len(l.s.alike.last); n != 1 {
		t.Errorf("%d searches are remembered, want the first one alone", n)
	}
}

// TestRefsPacked: refs that are packed while they are read are there when they are read again.
func TestRefsPacked(t *testing.T) {
	l := newLoneFork(t, "mark-abc\n")
	l.commit("mark-def\n")
	opened := 0
	l.s.open = func(path string, o gitscan.Options) (*gitscan.Repo, error) {
		if opened++; opened > 1 {
			return gitscan.Open(path, o)
		}
		refs, away := filepath.Join(path, "packed-refs"), filepath.Join(path, "away") // as if they were loose when it is read
		if err := os.Rename(refs, away); err != nil {
			return nil, err
		}
		repo, err := gitscan.Open(path, o)
		return repo, errors.Join(err, os.Rename(away, refs))
	}
	l.sweep()
	have, _ := keptAtForge(l.fleet, l.s)
	if want, _ := reachable(l.audited(l.s, l.s.rules)); opened != 2 || !slices.Equal(have, want) || len(have) != 2 {
		t.Errorf("opened %d times, got %v, want %v", opened, have, want)
	}
}
