package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRead: what is cloned from another is its fork, wherever that one is now; a push is seen.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(dir); err == nil {
		t.Error("an empty folder is no forge")
	}
	write("originals/a.git/config", "[core]\n\tbare = true\n")
	write("originals/a.git/refs/heads/main", "1")
	write("forks/b.git/config", "[core]\n\tbare = true\n[remote \"origin\"]\n\turl = /elsewhere/originals/a.git\n")
	write("forks/b.git/packed-refs", "1")
	repos, err := read(dir)
	if err != nil || len(repos) != 2 {
		t.Fatal(repos, err)
	}
	fork, original := repos[0], repos[1]
	if fork.Name != "forks/b" || original.Name != "originals/a" || fork.ForkOf != original.ID || original.ForkOf != 0 || original.PushedAt.IsZero() || fork.Size == 0 {
		t.Errorf("%+v", repos)
	}
}
