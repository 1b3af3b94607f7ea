package hook

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// lockWait is how long a program waits for others that write to the log.
const lockWait = 5 * time.Second

var errLocked = errors.New("another program keeps it locked")

// appendLog adds whole lines to a log, which is made readable by its owner alone, or none of them. A file that is no
// regular one is refused: the log could be led elsewhere. Programs that append take turns where the file system has locks.
func appendLog(path string, lines []byte) (err error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	file, readable, err := openLog(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	locked, err := waitForLock(file, true)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := appendLines(file, lines, readable, locked); err != nil {
		return err
	}
	return file.Sync()
}

// openLog opens a log for appending, and for reading where its mode allows that.
func openLog(path string) (file *os.File, readable bool, err error) {
	const flags = os.O_APPEND | os.O_CREATE | noFollow
	file, err = os.OpenFile(path, os.O_RDWR|flags, 0o600)
	if readable = err == nil; errors.Is(err, os.ErrPermission) {
		file, err = os.OpenFile(path, os.O_WRONLY|flags, 0o600)
	}
	return file, readable, err
}

// waitForLock locks a file for the time that it is open. locked is false where there are no locks.
func waitForLock(file *os.File, exclusive bool) (locked bool, err error) {
	for end, pause := time.Now().Add(lockWait), time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		taken, supported := lock(file, exclusive)
		switch {
		case !supported:
			return false, nil
		case !taken:
			return true, nil
		case time.Now().After(end):
			return false, errLocked
		}
		time.Sleep(pause)
	}
}

// logFile is what appendLines needs of a file.
type logFile interface {
	io.Writer
	io.ReaderAt
	Stat() (os.FileInfo, error)
	Truncate(size int64) error
}

// appendLines writes lines in one go. Of a line that a full disk or an end of the program left unfinished nothing sticks to
// them: what was written of lines is taken back when it is not all, by who has the log for itself, and lines begin anew
// where the last one does not end, or where that cannot be known.
func appendLines(file logFile, lines []byte, readable, locked bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", info.Name())
	}
	size := info.Size()
	if size > 0 {
		last := make([]byte, 1)
		if readable {
			if _, err := file.ReadAt(last, size-1); err != nil {
				return err
			}
		}
		if last[0] != '\n' {
			lines = append([]byte{'\n'}, lines...)
		}
	}
	n, err := file.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	if err != nil && n > 0 && locked {
		_ = file.Truncate(size) // a log that cannot be cut, as one for appending alone, is mended by the next lines
	}
	return err
}
