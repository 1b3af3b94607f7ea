// Command rummage-hook is the hooks of rummage that git runs, alone: hook pre-receive, pre-commit and pre-push with the flags
// that they have there. It does not hold what the other commands are made of, and so takes some milliseconds less for each push.
//
// Whatever else it is asked for, a push whose policy names a sweep too, is for the program rummage beside it, which takes its place.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"rummage/cmd/internal/hookcmd"
	_ "rummage/cmd/internal/hugeheap" // asks for memory before all other packages are initialized
	"rummage/hook"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands are those of rummage hook that are here.
var commands = map[string]func() any{
	"pre-receive": func() any { return &hookcmd.PreReceive{} },
	"pre-commit":  func() any { return &hookcmd.PreCommit{} },
	"pre-push":    func() any { return &hookcmd.PrePush{} },
}

// run is the whole program with its surroundings as arguments; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == "version" {
		fmt.Fprintln(stdout, "rummage", hookcmd.VersionText())
		return hookcmd.ExitClean
	}
	if len(args) < 2 || args[0] != "hook" || commands[args[1]] == nil {
		return hookcmd.Fail(stderr, hookcmd.HandOver())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program as if nobody had asked
	a := &hookcmd.App{Ctx: ctx, Stdin: stdin, Stdout: stdout, Stderr: stderr, Decisions: decisions}
	exited := -1
	parser, err := kong.New(commands[args[1]](), kong.Name("rummage hook "+args[1]), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }), kong.Bind(a))
	if err != nil {
		return hookcmd.Fail(stderr, fmt.Errorf("internal error: command line: %w", err))
	}
	parsed, err := parser.Parse(args[2:])
	switch {
	case exited >= 0: // --help has printed
		return exited
	case err != nil:
		return hookcmd.Fail(stderr, fmt.Errorf("%w (see rummage hook %s --help)", err, args[1]))
	}
	if err := parsed.Run(a); err != nil {
		return hookcmd.Fail(stderr, err)
	}
	return a.Code
}

// decisions has rummage decide about a push where a sweep is to be asked. Nothing has been read of it yet.
func decisions(s *hook.Sweep) hook.Decisions {
	if s == nil {
		return nil
	}
	err := hookcmd.HandOver()
	return func(context.Context, []string) (map[string]hook.Decision, error) { return nil, err }
}
