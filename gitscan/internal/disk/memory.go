package disk

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// Memory is files in memory. Nothing outside of it can be reached: whatever path is asked for, it is looked up here.
type Memory struct {
	files map[string][]byte
	dirs  map[string][]string // the names in each directory, ascending
}

var _ Files = (*Memory)(nil)

// maxPath is the longest path that systems have. Longer ones would only make the listing of directories slow.
const maxPath = 4096

// IsPath reports whether a name can be that of a file in memory: a slash path without "." or "..", below the top.
func IsPath(name string) bool { return name != "." && len(name) <= maxPath && fs.ValidPath(name) }

// NewMemory makes files of their contents by slash path, which are not copied. Directories are those that files are in,
// and those given. What has no name that IsPath is left out.
func NewMemory(files map[string][]byte, dirs ...string) *Memory {
	m := &Memory{files: files, dirs: map[string][]string{".": nil}}
	for _, dir := range dirs {
		m.addDir(dir)
	}
	for name := range files {
		if IsPath(name) {
			dir := path.Dir(name)
			m.addDir(dir)
			m.dirs[dir] = append(m.dirs[dir], path.Base(name))
		}
	}
	for dir, names := range m.dirs {
		slices.Sort(names)
		m.dirs[dir] = slices.Compact(names) // here a file may have the name of a directory
	}
	return m
}

// addDir adds a directory and those that it is in.
func (m *Memory) addDir(dir string) {
	if _, ok := m.dirs[dir]; ok {
		return
	}
	m.dirs[dir] = nil
	up := path.Dir(dir)
	m.addDir(up)
	m.dirs[up] = append(m.dirs[up], path.Base(dir))
}

var (
	errIsDir  = errors.New("is a directory")
	errNotDir = errors.New("not a directory")
)

// file finds a file by a path as package filepath makes it.
func (m *Memory) file(op, name string) ([]byte, error) {
	key := filepath.ToSlash(name)
	if data, ok := m.files[key]; ok && IsPath(key) {
		return data, nil
	}
	err := fs.ErrNotExist
	if _, ok := m.dirs[key]; ok {
		err = errIsDir
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: err}
}

// Stat implements Files.
func (m *Memory) Stat(name string) (fs.FileInfo, error) {
	key := filepath.ToSlash(name)
	if _, ok := m.dirs[key]; ok {
		return info{name: path.Base(key), dir: true}, nil
	}
	data, err := m.file("stat", name)
	if err != nil {
		return nil, err
	}
	return info{name: path.Base(key), size: len(data)}, nil
}

// ReadFile implements Files.
func (m *Memory) ReadFile(name string) ([]byte, error) { return m.file("open", name) }

// ReadSmall implements Files.
func (m *Memory) ReadSmall(name string, limit int) ([]byte, error) {
	data, err := m.file("open", name)
	if err == nil && len(data) > limit {
		return nil, tooLarge(name, limit)
	}
	return data, err
}

// ReadNames implements Files.
func (m *Memory) ReadNames(dir string) ([]string, error) {
	names, ok := m.dirs[filepath.ToSlash(dir)]
	if ok {
		return slices.Clone(names), nil
	}
	_, err := m.file("open", dir)
	if err == nil {
		err = &fs.PathError{Op: "open", Path: dir, Err: errNotDir}
	}
	return nil, err
}

// Walk implements Files.
func (m *Memory) Walk(dir string, visit func(path string, err error)) {
	names, err := m.ReadNames(dir)
	if err != nil {
		visit(dir, err)
	}
	for _, name := range names {
		at := filepath.Join(dir, name)
		if _, ok := m.dirs[filepath.ToSlash(at)]; ok {
			m.Walk(at, visit)
		} else {
			visit(at, nil)
		}
	}
}

// Map implements Files.
func (m *Memory) Map(name string) (data []byte, unmap func() error, err error) {
	data, err = m.file("open", name)
	return data, nil, err
}

// Real implements Files.
func (m *Memory) Real(dir string) string { return dir }

// Sealed implements Files.
func (m *Memory) Sealed() bool { return true }

// info is what is known of a file in memory.
type info struct {
	name string
	size int
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(i.size) }
func (i info) ModTime() time.Time { return time.Time{} } // it does not change
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
