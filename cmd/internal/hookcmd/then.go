package hookcmd

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
func (a *App) follow(what, program string, args []string, decide func() error) error {
	if program == "" {
		return decide()
	}
	var lines bytes.Buffer
	stdin := a.Stdin
	a.Stdin = io.TeeReader(stdin, &lines)
	if err := decide(); err != nil || a.Code != ExitClean {
		return err
	}
	if lines.Len() > 0 { // a hook that reads any reads all
		stdin = &lines
	}
	code, err := a.runHook(program, args, stdin)
	a.Code = code
	if err != nil {
		a.Code = ExitError
		fmt.Fprintf(a.Stderr, "%srummage: %s refused: the hook that runs after this one: %s\n", hook.LinePrefix(os.Getenv), what, report.Escape(err.Error()))
	}
	return nil
}

// endTime is what a hook that is told to end gets for it.
const endTime = 10 * time.Second

// runHook runs a hook as git does: what the system does not know how to run is for the shell.
func (a *App) runHook(program string, args []string, stdin io.Reader) (code int, err error) {
	if program, err = filepath.Abs(program); err != nil { // no name is looked for in PATH
		return ExitError, err
	}
	killAtFileLimit()
	run := func(name string, args ...string) error {
		cmd := exec.CommandContext(a.Ctx, name, args...)
		if name == program {
			cmd.Args[0] = setup.NameOf(program) // some programs go by it
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, a.Stdout, a.Stderr
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
		return ExitClean, nil
	case a.Ctx.Err() != nil:
		return ExitError, errors.New("interrupted")
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	case exit != nil:
		return ExitError, fmt.Errorf("%s: %s", program, exit)
	}
	return ExitError, fmt.Errorf("it cannot be run: %w", err)
}
