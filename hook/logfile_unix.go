//go:build unix

package hook

import (
	"errors"
	"os"
	"syscall"
)

// noFollow refuses a link in place of a log, and does not wait at a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// lock tries to lock a file. taken says that another program has it.
func lock(file *os.File, exclusive bool) (taken, supported bool) {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for {
		switch err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); {
		case err == nil:
			return false, true
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return true, true
		default:
			return false, false
		}
	}
}
