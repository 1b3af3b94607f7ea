package report

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func writeString(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// only fails the test when dir holds anything but the names.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("directory holds %v, want %v", got, names)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := os.WriteFile(path, []byte("the old one, readable by all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, 0o600, writeString("new")); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	info, err := os.Stat(path)
	if err != nil || string(data) != "new" {
		t.Errorf("%q, %v", data, err)
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := WriteFile(path, 0o644, writeString("for all")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	only(t, dir, "report.json")
}

func TestWriteFileInTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := WriteFile("report.json", 0o600, writeString("x")); err != nil {
		t.Fatal(err)
	}
	only(t, ".", "report.json")
}

// An error, or a panic, leaves what was there, and nothing else.
func TestWriteFileThatFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	half := func(w io.Writer) error { io.WriteString(w, "half"); return errBroken }
	if err := WriteFile(path, 0o600, half); !errors.Is(err, errBroken) || err.Error() != path+": no room" {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		WriteFile(path, 0o600, func(io.Writer) error { panic("x") })
	}()
	if data, _ := os.ReadFile(path); string(data) != "old" {
		t.Errorf("what was there is now %q", data)
	}
	only(t, dir, "report.json")
}

func TestWriteFileWhereThereIsNoRoom(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		path string
		want error
	}{
		{filepath.Join(dir, "no", "such", "dir.json"), fs.ErrNotExist}, {dir, nil}, {dir + string(filepath.Separator), nil},
	} {
		err := WriteFile(tt.path, 0o600, writeString("x"))
		if err == nil || !strings.HasPrefix(err.Error(), tt.path+": ") || strings.Contains(err.Error(), ".tmp") || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.path, err)
		}
	}
	only(t, dir)
}

// A symbolic link is replaced, not followed: somebody else may have put it there.
func TestWriteFileReplacesALink(t *testing.T) {
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path); err != nil {
		if runtime.GOOS == "windows" {
			return // needs a privilege there
		}
		t.Fatal(err)
	}
	if err := WriteFile(path, 0o600, writeString("x")); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("the link's target is now %q", data)
	}
}
