//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// maxRead is how much is read at a time: some systems refuse more than they can count.
const maxRead = 1 << 30

// readAtMost reads a file, or its first so many bytes. Package os would first try to wait for the file as for a connection and,
// since files are no such thing, take that back: six system calls beside the four that it takes, for each of thousands of
// loose objects.
func readAtMost(path string, most int) ([]byte, error) {
	fd, err := uninterrupted(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	size := 0 // not known
	if stat.Mode&syscall.S_IFMT == syscall.S_IFREG {
		size = int(min(int64(stat.Size), int64(most)))
	}
	data := make([]byte, 0, max(size+1, 128)) // one more, by which the end shows
	for len(data) < most {
		data = slices.Grow(data, 1)
		room := data[len(data):min(cap(data), most, len(data)+maxRead)]
		n, err := uninterrupted(func() (int, error) { return syscall.Read(fd, room) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		data = data[:len(data)+n]
		if n == 0 || n < len(room) && len(data) == size {
			break
		}
	}
	return data, nil
}

// uninterrupted calls again what a signal has interrupted.
func uninterrupted(call func() (int, error)) (n int, err error) {
	for {
		if n, err = call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
