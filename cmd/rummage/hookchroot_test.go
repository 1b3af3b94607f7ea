//go:build linux

package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"rummage/detect/example"
)

// TestHookInChroot pushes to a repository whose hook runs as on GitHub Enterprise Server: in a root directory of its own that
// has nothing but what the packed environment has, and so no git.
func TestHookInChroot(t *testing.T) {
	switch {
	case os.Geteuid() != 0:
		t.Skip("only root may change the root directory")
	case runtime.GOARCH != "amd64":
		t.Skip("the environment is one for amd64")
	}
	c := chroot{t: t, dir: t.TempDir()}
	c.prepare()
	c.commit("readme", "hello\n")
	if out, err := c.push(); err != nil || strings.Contains(out, "rummage") {
		t.Fatalf("a clean push: %v\n%s", err, out)
	}
	token, err := example.Expand("token: {{checksum github ghp_}}\n", 1)
	if err != nil {
		t.Fatal(err)
	}
	c.commit("config", token)
	out, err := c.push()
	if err == nil || !strings.Contains(out, "rummage: push refused: 1 finding") || !strings.Contains(out, "config:1") {
		t.Fatalf("a push with a secret: %v\n%s", err, out)
	}
	// The policy is read there, not here.
	if err := os.Remove(filepath.Join(c.dir, "root", c.dir, "push.toml")); err != nil {
		t.Fatal(err)
	}
	c.git("reset", "-q", "--hard", "HEAD~1")
	c.commit("other", "hello\n")
	if out, err := c.push(); err == nil || !strings.Contains(out, "push.toml: no such file") {
		t.Errorf("without the packed policy: %v\n%s", err, out)
	}
}

// chroot has the root directory, the repository in it, and a work tree outside.
type chroot struct {
	t   *testing.T
	dir string
}

func (c *chroot) prepare() {
	c.t.Helper()
	busybox, err := staticBusybox()
	if err != nil {
		if os.Getenv(needBuildah) != "" {
			c.t.Fatal(err)
		}
		c.t.Skip(err)
	}
	program, shell, policy := c.file("rummage", nil, 0o755), c.file("busybox", busybox, 0o755), c.file("push.toml", []byte("time = \"1m\"\n"), 0o644)
	build := exec.Command("go", "build", "-pgo=off", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.run(build)
	c.run(exec.Command(program, "hook", "install", "--ghes", filepath.Join(c.dir, "out"), "--shell", shell, "--policy", policy))
	c.unpack(filepath.Join(c.dir, "out", "rummage-environment.tar.gz"))
	script, err := os.ReadFile(filepath.Join(c.dir, "out", "rummage-pre-receive"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.file("root/hook", script, 0o755)
	c.run(exec.Command("git", "init", "-q", "--bare", filepath.Join(c.dir, "root", "server")))
	c.run(exec.Command("git", "init", "-q", filepath.Join(c.dir, "work")))
	// What git names is below another root there.
	c.file("root/server/hooks/pre-receive", []byte(`#!/bin/sh
root='`+filepath.Join(c.dir, "root")+`'
export GIT_QUARANTINE_PATH="${GIT_QUARANTINE_PATH#$root}" GIT_OBJECT_DIRECTORY="${GIT_OBJECT_DIRECTORY#$root}"
export GIT_ALTERNATE_OBJECT_DIRECTORIES="${GIT_ALTERNATE_OBJECT_DIRECTORIES#$root}" PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot "$root" /bin/sh -c 'cd /server && exec /hook'
`), 0o755)
}

func (c *chroot) file(name string, data []byte, mode os.FileMode) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, data, mode); err != nil {
		c.t.Fatal(err)
	}
	return path
}

func (c *chroot) run(cmd *exec.Cmd) {
	c.t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func (c *chroot) unpack(archive string) {
	c.t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		c.t.Fatal(err)
	}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.t.Fatal(err)
		}
		path := filepath.Join(c.dir, "root", h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, h.FileInfo().Mode().Perm())
		} else {
			var data []byte
			if data, err = io.ReadAll(in); err == nil {
				err = os.WriteFile(path, data, h.FileInfo().Mode().Perm())
			}
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *chroot) commit(name, text string) {
	c.t.Helper()
	c.file("work/"+name, []byte(text), 0o644)
	c.git("add", "-A")
	c.git("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "Add "+name)
}

func (c *chroot) git(args ...string) {
	c.t.Helper()
	c.run(exec.Command("git", append([]string{"-C", filepath.Join(c.dir, "work")}, args...)...))
}

func (c *chroot) push() (string, error) {
	out, err := exec.Command("git", "-C", filepath.Join(c.dir, "work"), "push", "-q", filepath.Join(c.dir, "root", "server"), "HEAD:refs/heads/main").CombinedOutput()
	return string(out), err
}
