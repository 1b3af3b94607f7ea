package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile writes a report to path so that the file is there whole or not at all: into a temporary file beside it,
// which is given the mode (0600 is for reports) and renamed. A file or symbolic link that was there is
// replaced, with its permissions. On an error, or a panic of write, the temporary file is removed and what was there
// stays.
//
// The system writes it to the disk when it likes to: waiting for that takes as long as the search of a small repository where the
// disk is busy. Should the machine lose its power just then, the report can be made again.
//
// What is no regular file, such as a pipe, a terminal or /dev/stdout, is written to directly, whatever the mode.
func WriteFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return replace(path, mode, false, write)
}

// WriteDurable is WriteFile for what later runs rely on: it is on the disk before it takes the name.
func WriteDurable(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return replace(path, mode, true, write)
}

func replace(path string, mode fs.FileMode, sync bool, write func(io.Writer) error) (err error) {
	if isStream(path) {
		return writeStream(path, write)
	}
	dir, base := filepath.Split(path)
	if base == "" {
		return fmt.Errorf("%s: is a directory", path)
	}
	if dir == "" {
		dir = "."
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a directory", path)
	}
	f, err := os.CreateTemp(dir, ".rummage-*.tmp") // the name says nothing of what is in it, and is 0600
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	done := false
	defer func() {
		if !done {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	if err := finish(f, mode, sync, path); err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	done = true
	return nil
}

func finish(f *os.File, mode fs.FileMode, sync bool, path string) error {
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if sync {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// isStream reports whether path names something that must not be replaced by a file. /dev/stdout may lead to a regular
// file, by the shell's redirection, and is a stream all the same.
func isStream(path string) bool {
	if clean := filepath.ToSlash(filepath.Clean(path)); strings.HasPrefix(clean, "/dev/") || strings.HasPrefix(clean, "/proc/") {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func writeStream(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	return nil
}

// cause takes the operation and the temporary file's name off an error of package os.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}
