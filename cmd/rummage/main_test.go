package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"rummage/report"
	"rummage/sweep"
)

// TestBegunFirst: what asks for huge pages comes before what fills them, which package fmt's imports are the first of; and the
// rules are begun before networks and databases are initialized.
func TestBegunFirst(t *testing.T) {
	cmd := exec.Command("rummage", "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	initialized := func(name string) int {
		at := bytes.Index(trace, []byte("init "+name+" @"))
		if at < 0 {
			t.Fatalf("%s is not there:\n%s", name, trace)
		}
		return at
	}
	for first, later := range map[string]string{"rummage/cmd/internal/hugeheap": "unicode", "rummage/cmd/internal/ahead": "net"} {
		if initialized(first) > initialized(later) {
			t.Errorf("%s comes after %s: it imports too much", first, later)
		}
	}
}

// TestTags: what tags repeat is what it is elsewhere. (Variables in tags would be looked for in the texts of all flags.)
func TestTags(t *testing.T) {
	for _, tag := range []struct {
		of                 reflect.Type
		field, key, wanted string
	}{
		{reflect.TypeFor[scanFlags](), "Format", "enum", strings.Join(report.Formats(), ",")},
		{reflect.TypeFor[sweepFindingsCmd](), "Format", "enum", strings.Join(report.Formats(), ",")},
		{reflect.TypeFor[sweepFlags](), "Config", "default", sweep.FileName},
	} {
		if f, ok := tag.of.FieldByName(tag.field); !ok || f.Tag.Get(tag.key) != tag.wanted {
			t.Errorf("%s.%s: %s is %q, want %q", tag.of, tag.field, tag.key, f.Tag.Get(tag.key), tag.wanted)
		}
	}
}

// TestGrammar: what a command line says to the parser of its command alone it says to that of all commands, and only the
// needed one is made.
func TestGrammar(t *testing.T) {
	said := func(grammar any, args []string) string {
		var out, errs bytes.Buffer
		a := &app{stdout: &out, stderr: &errs}
		code := -1
		p, err := a.parser(grammar, func(c int) { code = c })
		if err != nil {
			t.Fatal(err)
		}
		kctx, err := p.Parse(args)
		command := ""
		if kctx != nil && err == nil && code < 0 {
			command = fmt.Sprintf("%s %+v", kctx.Command(), kctx.Args)
		}
		return fmt.Sprint(code, command, err, out.String(), errs.String())
	}
	for _, line := range []string{
		"git", "git --help", "git a", "git a b", "git --format x", "git --nope", "git --staged --worktree", "git -- git", "git git",
		"files --help", "files a --format json", "rules", "rules --help", "rules check --help", "rules nope", "explain --help", "explain",
		"version", "version x", "--help", "nope", "-f json git", "",
	} {
		args := strings.Fields(line)
		if got, want := said(grammar(args), args), said(&cli{}, args); got != want {
			t.Errorf("%s:\n%s\nwith all commands:\n%s", line, got, want)
		}
	}
	for line, want := range map[string]int{"git a": 1, "rules check": 1, "--help": reflect.TypeFor[cli]().NumField(), "nope": reflect.TypeFor[cli]().NumField()} {
		if n := reflect.TypeOf(grammar(strings.Fields(line))).Elem().NumField(); n != want {
			t.Errorf("%s: %d commands are made, want %d", line, n, want)
		}
	}
}
