// Package disk is where the files of a repository are: in the file system, or in memory. It knows nothing of what they
// mean. Only files and directories are asked for here, never single bytes: whatever is read often is mapped first.
package disk

import (
	"io/fs"
)

// Files are read only. Errors are as package os gives them: errors.Is fs.ErrNotExist tells that there is no such file.
type Files interface {
	// Stat tells of a file or a directory. Links are followed.
	Stat(path string) (fs.FileInfo, error)
	// ReadFile gives a whole file. Do not write to the bytes: they may be the file itself.
	ReadFile(path string) ([]byte, error)
	// ReadSmall is ReadFile to which a file of more than limit bytes is an error, of which no more is read.
	ReadSmall(path string, limit int) ([]byte, error)
	// ReadNames lists what is in a directory, in any order.
	ReadNames(dir string) ([]string, error)
	// Walk visits, in lexical order, what is in and below a directory and no directory itself, and the directories that
	// cannot be read with the reason.
	Walk(dir string, visit func(path string, err error))
	// Map gives a file's bytes without reading them. They stay valid, whatever becomes of the file, until unmap is called.
	// Where unmap is nil they are no mapped memory, and are not to be treated as such.
	Map(path string) (data []byte, unmap func() error, err error)
	// Real is the one name of a directory that links may give several.
	Real(dir string) string
	// Sealed reports that there is nothing but these files: a path in them that leads elsewhere is not to be followed.
	Sealed() bool
}
