package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"rummage/detect/example"
)

// usage ends a script that calls a command wrongly.
func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func cmdSecret(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "secret NAME TEMPLATE")
	value, err := example.Expand(args[1], scriptSeed(args[0]))
	ts.Check(err)
	ts.Setenv(args[0], value)
}

// scriptSeed gives each name a token of its own, the same in every run.
func scriptSeed(name string) uint64 {
	var seed uint64 = 14695981039346656037
	for _, c := range []byte(name) {
		seed = (seed ^ uint64(c)) * 1099511628211
	}
	return seed
}

func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "fill FILE…")
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), func(key string) string {
			if v := ts.Getenv(key); v != "" {
				return v
			}
			return "${" + key + "}"
		})
		filled, err := example.Expand(text, scriptSeed(name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(filled), 0o644))
	}
}

func cmdGit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) > 0, "git ARGUMENT…")
	if err := ts.Exec("git", args...); (err != nil) != neg {
		ts.Fatalf("git %s: %v", args[0], err)
	}
	hours, err := strconv.Atoi(ts.Getenv("HOURS"))
	ts.Check(err)
	setDate(ts.Setenv, hours+1)
}

func cmdCommit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "commit MESSAGE")
	ts.Check(ts.Exec("git", "add", "-A"))
	cmdGit(ts, false, []string{"commit", "-q", "--allow-empty", "-m", args[0]})
}

func cmdObject(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "object NAME REVISION")
	ts.Check(ts.Exec("git", "rev-parse", "--verify", args[1]))
	id := strings.TrimSpace(ts.ReadFile("stdout"))
	ts.Check(ts.Exec("git", "rev-parse", "--git-path", "objects"))
	dir := ts.MkAbs(strings.TrimSpace(ts.ReadFile("stdout")))
	ts.Setenv(args[0], id)
	ts.Setenv(args[0]+"_FILE", filepath.Join(dir, id[:2], id[2:]))
}

func cmdRawTree(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args)%3 == 1, "rawtree FILE [MODE NAME ID]…")
	var b bytes.Buffer
	for i := 1; i < len(args); i += 3 {
		id, err := hex.DecodeString(args[i+2])
		ts.Check(err)
		fmt.Fprintf(&b, "%s %s\x00%s", args[i], args[i+1], id)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "exits CODE PROGRAM …")
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code is %d, want %s", code, args[0])
	}
}

func cmdBig(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "big FILE MIB TEXT")
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	half := bytes.Repeat([]byte("a long line goes on and on, "), size<<19/28)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Join([][]byte{half, half}, []byte(" "+args[2]+" ")), 0o644))
}

func cmdMany(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "many DIRECTORY N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	for i := range n {
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%05d", i)), fmt.Appendf(nil, "file %d\n", i%100), 0o644))
	}
}

func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "flip FILE OFFSET")
	data := []byte(ts.ReadFile(args[0]))
	data[offset(ts, args[1], len(data)-1)] ^= 0xff
	rewrite(ts, args[0], data)
}

func cmdCut(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "cut FILE SIZE")
	data := []byte(ts.ReadFile(args[0]))
	rewrite(ts, args[0], data[:offset(ts, args[1], len(data))])
}

// rewrite replaces a file that git made read-only.
func rewrite(ts *testscript.TestScript, name string, data []byte) {
	ts.Check(os.Remove(ts.MkAbs(name)))
	ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o644))
}

func offset(ts *testscript.TestScript, text string, last int) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	if n < 0 {
		n += last + 1
	}
	if n < 0 || n > last {
		ts.Fatalf("offset %s is outside the file", text)
	}
	return n
}
