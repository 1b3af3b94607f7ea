package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rummage/cmd/internal/ahead"
	"rummage/cmd/internal/hookcmd"
	"rummage/detect/example"
)

// TestPreCommit: a commit of plain text passes, one with an example of a rule does not, and no flag goes unread.
func TestPreCommit(t *testing.T) {
	rules, err := ahead.Rules()
	if err != nil {
		t.Fatal(err)
	}
	token, err := example.Expand(rules.Rule("github-app-user-token").Examples[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	stage := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git("add", "notes.txt")
	}
	git("init", "-q")
	for _, c := range []struct {
		text string
		code int
		args []string
	}{
		{"nothing", hookcmd.ExitClean, nil},
		{token, hookcmd.ExitFindings, nil},
		{"nothing", hookcmd.ExitError, []string{"--policy", "policy.toml"}},
		{"nothing", hookcmd.ExitError, []string{"--rules", "lacking.toml"}},
		{"nothing", hookcmd.ExitClean, []string{"--help"}},
	} {
		stage(c.text)
		var stdout, stderr bytes.Buffer
		code := run(append([]string{"hook", "pre-commit"}, c.args...), strings.NewReader(""), &stdout, &stderr)
		if code != c.code || code != hookcmd.ExitClean && stderr.Len() == 0 {
			t.Errorf("%v: code %d, want %d; %s", c.args, code, c.code, &stderr)
		}
	}
}

// linked are the modules that the program is made of: none of a database, a network or a forge.
var linked = []string{
	"github.com/BurntSushi/toml", "github.com/alecthomas/kong", "github.com/edsrzf/mmap-go", "github.com/go-git/gcfg",
	"github.com/go-git/go-billy/v5", "github.com/go-git/go-git/v5", "github.com/jbenet/go-context",
	"github.com/moby/patternmatcher", "github.com/sourcegraph/conc", "go.yaml.in/yaml/v3", "golang.org/x/net",
	"golang.org/x/sys", "gopkg.in/warnings.v0",
}

// TestOthers: what is not here is for the program beside, and an error where there is none.
func TestOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no program takes the place of another there")
	}
	dir := t.TempDir()
	own := filepath.Join(dir, "rummage-hook")
	if out, err := exec.Command("go", "build", "-pgo=off", "-o", own, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps { // each start pays for what is linked
		if !slices.Contains(linked, module.Path) {
			t.Errorf("%s is linked in", module.Path)
		}
	}
	for _, args := range [][]string{{}, {"git", "."}, {"hook"}, {"hook", "doctor"}} {
		out, err := exec.Command(own, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "cannot be run") || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	whole := filepath.Join(dir, "rummage")
	if err := os.WriteFile(whole, []byte("#!/bin/sh\nread -r line; echo \"$line for $0 $@\"; exit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(dir, "policy.toml")
	if err := os.WriteFile(policy, []byte("audit = \""+filepath.Join(dir, "log")+"\"\n[sweep]\nconfig = \"/nowhere/sweep.toml\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"hook", "doctor"}, {"hook", "pre-receive", "--policy", policy}} {
		cmd := exec.Command(own, args...)
		cmd.Stdin = strings.NewReader("a line\n")
		out, err := cmd.CombinedOutput()
		want := "a line for " + whole + " " + strings.Join(args, " ") + "\n"
		if string(out) != want || cmd.ProcessState.ExitCode() != 7 {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}
