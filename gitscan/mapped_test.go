package gitscan

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"rummage/gitscan/internal/disk"
)

// TestWithMapped: a file that ends while it is read is an error, and one that is whole or empty is given as it is.
func TestWithMapped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "packed-refs")
	for _, text := range []string{"", "a line\n", string(bytes.Repeat([]byte("a line\n"), 10_000))} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := withMapped(disk.OS{}, file, func(data []byte) {
			if string(data) != text {
				t.Errorf("%d bytes, want %d", len(data), len(text))
			}
		}); err != nil {
			t.Error(err)
		}
	}
	if runtime.GOOS == "windows" {
		return // a mapped file cannot be cut there
	}
	lines := 0
	if err := withMapped(disk.OS{}, file, func(data []byte) {
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
		lines = bytes.Count(data, []byte("\n"))
	}); err == nil {
		t.Errorf("%d lines of a file that is cut", lines)
	}
	if err := withMapped(disk.OS{}, filepath.Join(filepath.Dir(file), "gone"), func([]byte) { t.Error("called") }); err == nil {
		t.Error("no error for a file that is not there")
	}
}
