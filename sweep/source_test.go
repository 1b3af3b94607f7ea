package sweep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// TestAddresses: an address that is none is told, and keeps none of the others from being searched.
func TestAddresses(t *testing.T) {
	a := &addresses{&Target{URLs: []string{"https://git.example.com/one.git", "none", "https://git.example.com/two.git"}}}
	var names []string
	unread, err := a.list(context.Background(), func(r store.Listed) error {
		names = append(names, r.Name)
		return nil
	})
	if err != nil || unread == nil || len(names) != 2 {
		t.Errorf("%v, %v, %v", names, unread, err)
	}
}

// TestWorktrees: worktrees are the repository that they belong to, which is searched once, also where it is elsewhere.
func TestWorktrees(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"repos", "elsewhere"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []string{"repos/main", "repos/bare.git", "elsewhere/other"} {
		oneMark(t, root, r+".tmp", "text\n")
		args := []string{"clone", "-q", filepath.Join(root, r+".tmp"), filepath.Join(root, r)}
		if strings.HasSuffix(r, ".git") {
			args = append(args, "--bare")
		}
		git(t, root, args...)
		if err := os.RemoveAll(filepath.Join(root, r+".tmp")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a-of-", "z-of-"} {
			git(t, filepath.Join(root, r), "worktree", "add", "-q", "--detach", filepath.Join(root, "repos", name+filepath.Base(r)))
		}
	}
	f := &folder{path: filepath.Join(root, "repos")}
	var got []string
	unread, err := f.list(context.Background(), func(l store.Listed) error { got = append(got, l.Name); return nil })
	if want := []string{"bare.git", "main", "a-of-other"}; err != nil || unread != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v %v", got, unread, err)
	}
	if notes := f.notes("x"); len(notes) != 1 || !strings.Contains(notes[0], "target x: left out, since they are worktrees of repositories that are searched: 5, first: ") {
		t.Errorf("%q", notes)
	}
}

// TestListInterrupted: an interrupt says nothing about a target.
func TestListInterrupted(t *testing.T) {
	s := some(t, filepath.Join(t.TempDir(), "sweep.db"), 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.sources[s.config.Targets[0].Name] = interrupting{cancel}
	if err := s.list(ctx, &s.config.Targets[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	st, err := s.store.Status(context.Background())
	if err != nil || len(st.Targets) != 1 || st.Targets[0].Reason != "" {
		t.Errorf("%+v %v", st, err)
	}
}

// interrupting is a source whose list is interrupted.
type interrupting struct{ cancel func() }

func (i interrupting) list(ctx context.Context, _ func(store.Listed) error) (unread, err error) {
	i.cancel()
	return nil, ctx.Err()
}

func (interrupting) request(*store.Repository) mirror.Request { return mirror.Request{} }
