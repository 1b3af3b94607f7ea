// Package hookcmd is the commands that git runs for every push and commit, and what they share with the others: exit codes,
// rule files, errors of one line.
//
// It is apart from cmd/rummage so that cmd/rummage-hook is a small program: what is linked costs time at each start. It knows
// no database, no images and no network; what a sweep has decided is asked through App.Decisions. An App is used by one
// goroutine.
package hookcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"rummage/hook"
)

// Exit codes. An error beats findings: a scan that could not look everywhere has not said all.
const (
	ExitClean    = 0
	ExitFindings = 1
	ExitError    = 2
)

// App is what the commands run with.
type App struct {
	Ctx            context.Context
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Code           int // to exit with
	// Decisions gives what asks the sweep that a policy names; it is called with nil where none is named.
	Decisions func(*hook.Sweep) hook.Decisions
}

// Fail prints an error as one line and gives the exit code.
func Fail(stderr io.Writer, err error) int {
	if errors.Is(err, syscall.EPIPE) {
		return ExitError
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	fmt.Fprintf(stderr, "rummage: %s\n", OneLine(err.Error()))
	return ExitError
}
