package setup

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestPlan goes through what may stand where a hook is to be, with what becomes of it when rummage's is installed and taken
// away again. A hook that was there is back, to the byte and the mode; or nothing was done.
func TestPlan(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	s := Script{Hook: PreReceive, Program: "/usr/bin/rummage", Policy: "/etc/push.toml"}
	chained := s
	chained.Then = true
	text, _ := s.Text()
	withThen, _ := chained.Text()
	const other = "#!/bin/sh\nexit 1\n"
	for name, c := range map[string]struct {
		hook, kept         string // "" for none
		hookMode, keptMode os.FileMode
		layout             Layout
		want               string // of the script; empty when it is refused
	}{
		"nothing":                  {want: text},
		"ours":                     {hook: text, hookMode: 0o755, want: text},
		"ours, not executable":     {hook: text, hookMode: 0o644, want: text},
		"another's":                {hook: other, hookMode: 0o700, want: withThen},
		"another's, not run":       {hook: other, hookMode: 0o644, want: text},
		"ours, and kept":           {hook: withThen, hookMode: 0o755, kept: other, keptMode: 0o755, want: withThen},
		"ours, kept is not run":    {hook: withThen, hookMode: 0o755, kept: other, keptMode: 0o644, want: text},
		"kept alone":               {kept: other, keptMode: 0o755, want: withThen},
		"two of others":            {hook: other, hookMode: 0o755, kept: other, keptMode: 0o755},
		"edited":                   {hook: text + "#\n", hookMode: 0o755},
		"kept is ours":             {kept: text, keptMode: 0o755},
		"another's of a platform":  {hook: other, hookMode: 0o755, layout: GitLab},
		"ours of a platform":       {hook: text, hookMode: 0o755, layout: GitLab, want: text},
		"kept is none of platform": {kept: other, keptMode: 0o755, layout: GitLab, want: text},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Place{Hook: PreReceive, Layout: c.layout, File: filepath.Join(t.TempDir(), "hooks", PreReceive)}
			if c.layout == "" {
				p.Layout = Git
			}
			put(t, p.File, c.hook, c.hookMode)
			put(t, Kept(p.File), c.kept, c.keptMode)
			before := listing(t, filepath.Dir(p.File))
			change, err := Plan(p, s)
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), PreReceive) {
					t.Fatalf("not refused: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if after := listing(t, filepath.Dir(p.File)); after != before {
				t.Fatalf("planning has changed\n%s\ninto\n%s", before, after)
			}
			if err := change.Do(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(p.File)
			if info, e := os.Stat(p.File); err != nil || e != nil || string(data) != c.want || info.Mode().Perm() != scriptMode {
				t.Fatalf("%q, %v", data, err)
			}
			again, err := Plan(p, s)
			if err != nil || again.What != "unchanged" {
				t.Fatalf("a second time: %+v, %v", again, err)
			}
			removal, err := PlanRemoval(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := removal.Do(); err != nil {
				t.Fatal(err)
			}
			want := before
			if was, _, _ := strings.Cut(c.hook, "\n"); was == "#!/bin/sh" && c.hook != other { // ours does not come back
				want = ""
				if c.kept != "" {
					want = "pre-receive " + c.keptMode.String() + " " + c.kept
				}
			} else if c.hook == "" && c.kept != "" && c.layout == "" {
				want = "pre-receive " + c.keptMode.String() + " " + c.kept
			}
			if after := listing(t, filepath.Dir(p.File)); after != want {
				t.Errorf("taken away, there is\n%s\nwant\n%s", after, want)
			}
		})
	}
}

func put(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if text == "" {
		return
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// listing is all that a folder holds.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(e.Name() + " " + info.Mode().String() + " " + string(data))
	}
	return b.String()
}

// TestKeptLink: a link is kept as the link that it is.
func TestKeptLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links are those of Unix")
	}
	p := &Place{Hook: PreReceive, Layout: Git, File: filepath.Join(t.TempDir(), PreReceive)}
	put(t, filepath.Join(filepath.Dir(p.File), "real"), "#!/bin/sh\n", 0o755)
	if err := os.Symlink("real", p.File); err != nil {
		t.Fatal(err)
	}
	change, err := Plan(p, Script{Hook: PreReceive, Program: "/usr/bin/rummage"})
	if err != nil {
		t.Fatal(err)
	}
	if err := change.Do(); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(Kept(p.File)); err != nil || to != "real" {
		t.Errorf("kept: %q, %v", to, err)
	}
	if data, err := os.ReadFile(filepath.Join(filepath.Dir(p.File), "real")); err != nil || string(data) != "#!/bin/sh\n" {
		t.Errorf("what the link leads to was written: %q, %v", data, err)
	}
}
