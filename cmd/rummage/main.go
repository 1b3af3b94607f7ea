// Command rummage searches git history, files and what Docker ships for credentials that should not be there.
//
// This package is the user's side only: flags, files, terminal, exit code; one file per command. What is searched and
// how is in the packages it calls. It prints and exits, which none of them does.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"rummage/cmd/internal/hookcmd"
	_ "rummage/cmd/internal/hugeheap" // asks for memory before all other packages are initialized
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// cli is the command line.
type cli struct {
	Git     gitCmd     `cmd:"" help:"Search a repository's whole history: every blob of every ref, messages, and what no ref reaches."`
	Files   filesCmd   `cmd:"" help:"Search files, directories or standard input (-)."`
	Image   imageCmd   `cmd:"" help:"Search container images: all layers, deleted files too, configuration, history and attestations."`
	Hook    hookCmd    `cmd:"" help:"Hooks of git: refuse the push that brings a secret."`
	Sweep   sweepCmd   `cmd:"" help:"Search many repositories, again and again; keep what was found and what was decided about it."`
	Rules   rulesCmd   `cmd:"" help:"List, check and show detection rules."`
	Explain explainCmd `cmd:"" help:"Explain a finding or a rule: what it is, why it leaks, how to mend it, how to replace what leaked."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// grammar is the part of the command line that the arguments need: the commands that they begin with, or else all of it.
// The parser of all commands takes a millisecond longer to make, and hooks start the program for every push.
func grammar(args []string) any {
	return reflect.New(narrowed(reflect.TypeFor[cli](), args)).Interface()
}

// narrowed is a struct of commands without those that the arguments do not name; the struct itself where they name none.
func narrowed(t reflect.Type, args []string) reflect.Type {
	if t.Kind() != reflect.Struct || len(args) == 0 {
		return t
	}
	var needed []reflect.StructField
	found := false
	for _, f := range reflect.VisibleFields(t) {
		if _, isCommand := f.Tag.Lookup("cmd"); isCommand {
			if args[0] != cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name)) {
				continue
			}
			found = true
			f.Type = narrowed(f.Type, args[1:])
		}
		needed = append(needed, f)
	}
	if !found {
		return t
	}
	return reflect.StructOf(needed)
}

// app is what commands run with.
type app struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	code           int
	hook           hookcmd.App // of the hooks that git runs
}

const description = `rummage searches git history, files and what Docker ships for credentials that should not be there.

Exit status: 0 nothing found and all of it read; 1 findings; 2 an error, or something could not be read (findings are still written).`

// run is the whole program with its surroundings as arguments; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program as if nobody had asked
	a := &app{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}
	a.hook = hookcmd.App{Ctx: ctx, Stdin: stdin, Stdout: stdout, Stderr: stderr, Decisions: sweepDecisions}
	exited := -1
	parser, err := a.parser(grammar(args), func(code int) { exited = code })
	if err != nil {
		return a.fail(fmt.Errorf("internal error: command line: %w", err))
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help has printed
		return exited
	}
	if err != nil {
		return a.fail(fmt.Errorf("%w (see rummage --help)", err))
	}
	if err := kctx.Run(a); err != nil {
		return a.fail(err)
	}
	return cmp.Or(a.code, a.hook.Code)
}

// parser is that of a grammar, which calls exit after it has printed help.
func (a *app) parser(grammar any, exit func(int)) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name("rummage"),
		kong.Description(description),
		kong.Writers(a.stdout, a.stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(helpWithExamples),
		kong.Bind(a, &a.hook),
	)
}

// fail prints an error as one line and gives the exit code.
func (a *app) fail(err error) int { return hookcmd.Fail(a.stderr, err) }

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintln(a.stdout, "rummage", versionText())
	return err
}
