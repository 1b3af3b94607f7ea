package disk

import (
	"bytes"
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

// TestReadAgainstOS: files of all sizes, those whose size the system does not tell, directories and what is not there read as
// package os reads them, and to the byte as far as they are wanted.
func TestReadAgainstOS(t *testing.T) {
	dir := t.TempDir()
	paths := []string{dir, filepath.Join(dir, "missing"), filepath.Join(dir, "dangling"), filepath.Join(dir, "0", "below a file"), "/proc/self/maps", "a\x00b"}
	if err := os.Symlink("missing", paths[2]); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 41, 511, 512, 513, 4095, 4096, 4097, 1 << 20} {
		path := filepath.Join(dir, fmt.Sprint(size))
		if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdefghi"), size/19+1)[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	for _, path := range paths {
		want, wantErr := os.ReadFile(path)
		got, err := OS{}.ReadFile(path)
		if path == "/proc/self/maps" && err == nil { // which reading may change
			if wantErr == nil && len(got) < 1000 {
				t.Errorf("%s: %d bytes", path, len(got))
			}
			continue
		}
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; package os reads %d, %v", path, len(got), err, len(want), wantErr)
		}
		for _, limit := range []int{0, len(want) - 1, len(want), len(want) + 1} {
			if limit < 0 || wantErr != nil {
				continue
			}
			if got, err := (OS{}).ReadSmall(path, limit); (err != nil) != (limit < len(want)) || err == nil && !bytes.Equal(got, want) {
				t.Errorf("%s, at most %d: %d bytes, %v", path, limit, len(got), err)
			}
		}
	}
}
