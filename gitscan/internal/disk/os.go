package disk

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	mmap "github.com/edsrzf/mmap-go"
)

// OS is the files of the machine.
type OS struct{}

var _ Files = OS{}

// Stat implements Files.
func (OS) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// ReadFile implements Files.
func (OS) ReadFile(path string) ([]byte, error) { return readAtMost(path, math.MaxInt) }

// ReadSmall implements Files.
func (OS) ReadSmall(path string, limit int) ([]byte, error) {
	data, err := readAtMost(path, limit+1)
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, tooLarge(path, limit)
	}
	return data, nil
}

func tooLarge(path string, limit int) error {
	return fmt.Errorf("%s: larger than %d bytes", path, limit)
}

// ReadNames implements Files.
func (OS) ReadNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// Walk implements Files.
func (OS) Walk(dir string, visit func(path string, err error)) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			visit(path, err)
		}
		return nil
	})
}

// Map implements Files. An empty file cannot be mapped and gives no bytes.
func (OS) Map(path string) (data []byte, unmap func() error, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() == 0 {
		return nil, nil, nil
	}
	m, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: map: %w", path, err)
	}
	return m, m.Unmap, nil
}

// Real implements Files.
func (OS) Real(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// Sealed implements Files.
func (OS) Sealed() bool { return false }
