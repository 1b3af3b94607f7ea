package imagescan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"rummage/detect/imageref"
)

// Daemon is what the Docker daemon has under a reference. The docker program on PATH saves it to a pipe.
func Daemon(ref string) (Target, error) {
	name, why := imageref.Canonical(ref)
	if name == "" {
		return Target{}, fmt.Errorf("docker-daemon:%s: %s", ref, why)
	}
	return Target{name: "docker-daemon:" + ref, stream: func(ctx context.Context) (io.ReadCloser, error) {
		return dockerSave(ctx, name)
	}}, nil
}

// saving is docker save at work.
type saving struct {
	io.ReadCloser
	cmd    *exec.Cmd
	stderr tail
	closed bool
}

// waitDelay is how long Close waits for a child of docker that keeps its standard error open.
const waitDelay = 5 * time.Second

// dockerSave starts docker save of a canonical name, which begins with no dash.
func dockerSave(ctx context.Context, name string) (io.ReadCloser, error) {
	s := &saving{cmd: exec.CommandContext(ctx, "docker", "save", "--", name)}
	s.cmd.Stderr = &s.stderr
	s.cmd.WaitDelay = waitDelay
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.ReadCloser = out
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("docker save: %w", err)
	}
	return s, nil
}

// Close waits for the end of the program. Its error is that of docker, in its own words.
func (s *saving) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	_ = s.ReadCloser.Close()
	if err := s.cmd.Wait(); err != nil {
		if said := oneLine(strings.TrimSpace(s.stderr.String())); said != "" {
			return errors.New("docker save: " + said)
		}
		return fmt.Errorf("docker save: %w", err)
	}
	return nil
}

// tail keeps the last bytes that are written to it.
type tail struct{ bytes.Buffer }

// maxTail is how much of what a program says is kept, in bytes.
const maxTail = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxTail {
		p = p[len(p)-maxTail:]
	}
	if over := t.Len() + len(p) - maxTail; over > 0 {
		t.Next(over)
	}
	t.Buffer.Write(p)
	return n, nil
}
