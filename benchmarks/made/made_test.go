package main

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestStream holds the stream to what the package doc says of it.
func TestStream(t *testing.T) {
	const commits = 2000
	var a, b, other bytes.Buffer
	r, err := write(&a, commits, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(&b, commits, 1); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the same N and seed gave two streams (%v)", err)
	}
	if _, err := write(&other, commits, 2); err != nil || bytes.Equal(a.Bytes(), other.Bytes()) {
		t.Errorf("another seed gave the same stream (%v)", err)
	}
	if r.planted != commits/1000 {
		t.Errorf("planted %d secrets, want %d", r.planted, commits/1000)
	}

	dir := t.TempDir()
	git := func(in []byte, args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "fastimport.unpackLimit=1", "-c", "core.fsync=none"}, args...)...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
		return string(out)
	}
	git(nil, "init", "-q", "--bare", "-b", "main", ".")
	git(a.Bytes(), "fast-import", "--quiet")
	if got := strings.TrimSpace(git(nil, "rev-list", "--count", "main")); got != strconv.Itoa(commits) {
		t.Errorf("%s commits, want %d", got, commits)
	}
	objects := len(strings.Fields(git(nil, "rev-list", "--objects", "--no-object-names", "main")))
	if objects < 3*commits*98/100 || objects > 3*commits {
		t.Errorf("%d objects, want about %d", objects, 3*commits)
	}
	diffs := git(nil, "log", "-p", "--format=", "main")
	for _, sign := range []string{"+", "-"} {
		n := strings.Count(diffs, "\n"+sign+"\tdbPass"+"word := ") + strings.Count(diffs, "\n"+sign+"ENV DB_PASS") +
			strings.Count(diffs, "\n"+sign+"      DB_PASS") + strings.Count(diffs, "\n"+sign+"DB_PASS")
		if sign == "+" && n != r.planted || sign == "-" && n > r.planted {
			t.Errorf("%d lines %s with a secret, of %d planted", n, sign, r.planted)
		}
	}
}

func TestRefuses(t *testing.T) {
	if _, err := write(&bytes.Buffer{}, 0, 1); err == nil {
		t.Error("made a repository without commits")
	}
}
