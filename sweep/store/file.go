package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrRemoved is of a database whose file was taken away while it was open: SQLite goes on in a file without a name, and all of that
// would be lost at the end.
var ErrRemoved = errors.New("the database was removed or replaced while in use: start again")

// file is a database's file as it was opened.
type file struct {
	path string
	info fs.FileInfo
}

// Check says whether the database is where it was opened. It is cheap.
func (s *Store) Check() error {
	if s.file.info == nil {
		return nil
	}
	now, err := os.Stat(s.file.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, s.file.info) {
		return fmt.Errorf("store: %s: %w", s.file.path, ErrRemoved)
	}
	return err
}
