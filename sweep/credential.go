package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Credential says where a secret of the sweep's own is: in the file that the environment variable Variable_FILE names, in
// Variable, in File, or in what Command prints; the first of these that is set counts. It is never in the configuration.
type Credential struct {
	Variable string
	File     string
	Command  []string // a program and its arguments, without a shell
}

const (
	maxCredential     = 64 << 10
	credentialTimeout = 30 * time.Second
)

// ErrNoCredential: it is set nowhere.
var ErrNoCredential = errors.New("is not set")

// Read reads the secret, without white space around it. No error has any of it, nor of what the command printed.
func (c Credential) Read(ctx context.Context, getenv func(string) string) ([]byte, error) {
	file := c.File
	if named := getenv(c.Variable + "_FILE"); named != "" {
		file = named
	} else if value := getenv(c.Variable); value != "" {
		return bytes.TrimSpace([]byte(value)), nil
	}
	var data []byte
	var err error
	switch {
	case file != "":
		data, err = readCredential(file)
	case len(c.Command) > 0:
		data, err = c.run(ctx)
	default:
		return nil, fmt.Errorf("%s %w: set it, or %s_FILE", c.Variable, ErrNoCredential, c.Variable)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Variable, err)
	}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil, fmt.Errorf("%s: what was read is empty", c.Variable)
	}
	return data, nil
}

func readCredential(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, file)
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCredential+1))
	if err == nil && len(data) > maxCredential {
		err = fmt.Errorf("%s: more than %d bytes", name, maxCredential)
	}
	return data, err
}

func (c Credential) run(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, credentialTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	data, readErr := readBounded(out, c.Command[0])
	if err := cmd.Wait(); err != nil && readErr == nil {
		return nil, fmt.Errorf("%s: %w", c.Command[0], err)
	}
	return data, readErr
}
