package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"rummage/hook"
	"rummage/hook/setup"
	"rummage/report"
)

// follow decides, and when that accepts has another hook decide too: with the same standard input, byte for byte, the same
// arguments and environment. Its exit code is then ours; what keeps it from running refuses.
func (a *app) follow(what, program string, args []string, decide func() error) error {
	if program == "" {
		return decide()
	}
	var lines bytes.Buffer
	stdin := a.stdin
	a.stdin = io.TeeReader(stdin, &lines)
	if err := decide(); err != nil || a.code != exitClean {
		return err
	}
	if lines.Len() > 0 { // a hook that reads any reads all
		stdin = &lines
	}
	code, err := a.runHook(program, args, stdin)
	a.code = code
	if err != nil {
		a.code = exitError
		fmt.Fprintf(a.stderr, "%srummage: %s refused: the hook that runs after this one: %s\n", hook.LinePrefix(os.Getenv), what, report.Escape(err.Error()))
	}
	return nil
}

// endTime is what a hook that is told to end gets for it.
const endTime = 10 * time.Second

// runHook runs a hook as git does: what the system does not know how to run is for the shell.
func (a *app) runHook(program string, args []string, stdin io.Reader) (code int, err error) {
	if program, err = filepath.Abs(program); err != nil { // no name is looked for in PATH
		return exitError, err
	}
	killAtFileLimit()
	run := func(name string, args ...string) error {
		cmd := exec.CommandContext(a.ctx, name, args...)
		if name == program {
			cmd.Args[0] = setup.NameOf(program) // some programs go by it
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, a.stdout, a.stderr
		cmd.Cancel = func() error {
			if err := cmd.Process.Signal(syscall.SIGTERM); err == nil {
				return nil
			}
			return cmd.Process.Kill()
		}
		cmd.WaitDelay = endTime
		return cmd.Run()
	}
	err = run(program, args...)
	if errors.Is(err, syscall.ENOEXEC) {
		err = run("/bin/sh", append([]string{program}, args...)...)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return exitClean, nil
	case a.ctx.Err() != nil:
		return exitError, errors.New("interrupted")
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	case exit != nil:
		return exitError, fmt.Errorf("%s: %s", program, exit)
	}
	return exitError, fmt.Errorf("it cannot be run: %w", err)
}
