package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree is the files that both kinds are asked about.
var tree = map[string]string{
	"HEAD": "ref: refs/heads/main\n", "empty": "", "refs/heads/main": "x", "refs/heads/a/b": "y", "refs/tags/v1": "z",
	"objects/pack/pack-1.pack": "PACK", "refs.x": "1", "refs-x": "2", "refs/heads-/c": "3",
}

// describe is all that Files tell of a path below root.
func describe(files Files, root, name string) string {
	path := filepath.Join(root, filepath.FromSlash(name))
	var b strings.Builder
	note := func(what string, value any, err error) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			value = "not there"
		case err != nil:
			value = "error"
		}
		fmt.Fprintf(&b, "%s: %v\n", what, value)
	}
	info, err := files.Stat(path)
	if err == nil && info.IsDir() {
		note("stat", info.Name()+"/", nil)
	} else if err == nil {
		note("stat", fmt.Sprint(info.Name(), info.Size(), info.Mode().IsRegular()), nil)
	} else {
		note("stat", nil, err)
	}
	data, err := files.ReadFile(path)
	note("file", string(data), err)
	for _, limit := range []int{0, 1, 100} {
		data, err = files.ReadSmall(path, limit)
		note(fmt.Sprint("small ", limit), string(data), err)
	}
	names, err := files.ReadNames(path)
	slices.Sort(names)
	note("names", names, err)
	if info != nil && info.IsDir() {
		files.Walk(path, func(at string, err error) {
			rel, relErr := filepath.Rel(root, at)
			if relErr != nil {
				rel = relErr.Error()
			}
			note("walk", filepath.ToSlash(rel), err)
		})
		return b.String() // what mapping a directory gives differs among systems
	}
	data, unmap, err := files.Map(path)
	note("map", string(data), err)
	if unmap != nil {
		if err := unmap(); err != nil {
			note("unmap", nil, err)
		}
	}
	return b.String()
}

// TestMemoryAgainstOS asks the same of both.
func TestMemoryAgainstOS(t *testing.T) {
	root := t.TempDir()
	files := map[string][]byte{}
	for name, text := range tree {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
		files[name] = []byte(text)
	}
	if err := os.MkdirAll(filepath.Join(root, "objects/info"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := NewMemory(files, "objects/info", "refs")
	names := []string{"objects", "objects/pack", "objects/info", "refs", "refs/heads", "ref", "none/x"}
	for name := range tree {
		names = append(names, name)
	}
	for _, name := range names {
		if got, want := describe(m, "", name), describe(OS{}, root, name); got != want {
			t.Errorf("%s:\n--- got\n%s--- want\n%s", name, got, want)
		}
	}
}

// TestMemoryNames: what is no path below the top is not there, under whatever name it is asked for.
func TestMemoryNames(t *testing.T) {
	files := map[string][]byte{"a": nil}
	bad := []string{"", ".", "/", "/etc/passwd", "../x", "a/../b", "b//c", "b/", "./b", strings.Repeat("x/", 3000) + "x"}
	for _, name := range bad {
		files[name] = []byte("x")
	}
	m := NewMemory(files)
	if names, err := m.ReadNames("."); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("names: %q, %v", names, err)
	}
	for _, name := range bad {
		if data, err := m.ReadFile(name); err == nil {
			t.Errorf("%.20q: %q", name, data)
		}
	}
	if !m.Sealed() || (OS{}).Sealed() || m.Real("/x") != "/x" {
		t.Error("memory leads elsewhere")
	}
}
