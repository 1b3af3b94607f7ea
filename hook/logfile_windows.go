package hook

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

const noFollow = 0

// lock tries to lock a file. taken says that another program has it. The lock is on a byte that no log reaches: on Windows
// what is locked cannot be read.
func lock(file *os.File, exclusive bool) (taken, supported bool) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), err == nil || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
