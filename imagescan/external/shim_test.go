//go:build unix

package external

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shim writes a shell script of that name into a new directory, and makes that the first one of PATH. $REPORT in it is a
// file with the report.
func shim(t *testing.T, name, script string, report []byte) (path string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "report")
	path = filepath.Join(dir, name)
	script = "#!/bin/sh\nREPORT='" + file + "'\nDIR='" + dir + "'\n" + script + "\n"
	for name, content := range map[string]string{file: string(report), path: script} {
		if err := os.WriteFile(name, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return path
}

// asTrivy is the beginning of a script that answers trivy --version.
const asTrivy = `if [ "$1" = --version ]; then echo "Version: 0.74.0"; exit 0; fi
`

func open(t *testing.T, s Scanner) *Runner {
	t.Helper()
	r, err := Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// scanWith runs a scanner on a reference.
func scanWith(t *testing.T, s Scanner) *Outcome {
	t.Helper()
	return open(t, s).Scan(context.Background(), Target{Image: "example.com/team/app:1"})
}

// custom is a scanner as a configuration has it.
func custom(format Format, program string) Scanner {
	return Scanner{Name: "mine", Format: format, Argv: []string{program, "--", "{image}"}, ArgvInput: []string{program, "{input}"}}
}

// left is what a script wrote beside itself, as lines.
func left(t *testing.T, script, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(script), name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
