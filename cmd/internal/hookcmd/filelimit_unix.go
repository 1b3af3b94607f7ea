//go:build unix

package hookcmd

import (
	"os/signal"
	"syscall"
)

// tellFileLimit makes a file that grows over a limit of its size an error of the write, in place of the program's end.
func tellFileLimit() { signal.Ignore(syscall.SIGXFSZ) }

// killAtFileLimit undoes that for programs that are run.
func killAtFileLimit() { signal.Reset(syscall.SIGXFSZ) }
