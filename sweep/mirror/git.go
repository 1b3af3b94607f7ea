package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// command is one run of git.
type command struct {
	dir   string // the store; empty outside of one
	args  []string
	stdin string
	out   func(io.Reader) error // reads standard output; nil: nobody does
	lock  *os.File              // inherited, so that the lock lives as long as whatever git starts
	// For commands that go to the server alone:
	to      *target
	request *Request
	secrets *[]string // gets what was handed to git, to be kept out of messages; not nil
	watch   func() error
	trace   *tail // gets the packets of the protocol, of which there must be few
}

const (
	// stopGrace is how long git may take to remove its temporary files.
	stopGrace = 2 * time.Second
	// watchEvery is how often sizes are looked at during a fetch.
	watchEvery = 250 * time.Millisecond
)

// lifeline runs git in the group of a shell that kills them all when this process is no more. They have the lock, and one
// that waits for a server would have it for as long as the server likes.
const lifeline = `(exec 3>&- 4>&- >/dev/null 2>&1; read x <&5; kill -9 -$$) </dev/null & exec 5<&-; exec "$0" "$@"`

// processes counts the runs of git, for tests.
var processes atomic.Int64

// run runs it and waits until its process group is gone.
func (m *Mirror) run(ctx context.Context, c command) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var answers *answerer
	if c.to != nil && c.request.Credential != nil && strings.HasPrefix(c.to.scheme, "http") {
		var err error
		if answers, err = answer(ctx, c.to, c.request.Credential); err != nil {
			return c.failed(NoCredential, err)
		}
		defer answers.close()
	}
	stderr := c.trace
	if stderr == nil {
		stderr = &tail{}
	}
	cmd, closers, err := m.prepare(ctx, c, answers)
	defer func() {
		for _, f := range closers {
			f.Close()
		}
	}()
	if err != nil {
		return err
	}
	cmd.Stderr = stderr
	var out io.ReadCloser
	if c.out != nil {
		if out, err = cmd.StdoutPipe(); err != nil {
			return err
		}
	}
	processes.Add(1)
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return stopped(ctx, c.url())
		}
		return c.failed(Failed, err)
	}
	if c.watch != nil {
		go watch(ctx, stop, c.watch)
	}
	var readErr error
	if out != nil {
		if readErr = c.out(out); readErr != nil {
			stop(readErr)
		}
	}
	return c.outcome(ctx, reap(cmd), readErr, answers, stderr.String())
}

// prepare makes the command with the files that it inherits: the lock as 3, the socket as 4, the lifeline as 5. What is in
// closers is to be closed afterwards.
func (m *Mirror) prepare(ctx context.Context, c command, answers *answerer) (cmd *exec.Cmd, closers []*os.File, err error) {
	cmd = exec.CommandContext(ctx, m.git, append(m.settings(c), c.args...)...)
	files := make([]*os.File, 3) // nil ones are closed there
	if c.lock != nil && runtime.GOOS != "windows" {
		theirs, ours, err := os.Pipe()
		if err != nil {
			return nil, nil, err
		}
		closers = []*os.File{theirs, ours}
		files[2] = theirs
		cmd = exec.CommandContext(ctx, "/bin/sh", slices.Concat([]string{"-c", lifeline, m.git}, m.settings(c), c.args)...)
	}
	files[0] = c.lock
	if answers != nil {
		files[1] = answers.theirs
	}
	if runtime.GOOS != "windows" { // which has no inherited files
		cmd.ExtraFiles = files
	}
	cmd.Env, cmd.Dir = m.environ(c), m.root
	cmd.Cancel, cmd.WaitDelay = func() error { return signalGroup(cmd, false) }, stopGrace
	ownGroup(cmd)
	if c.stdin != "" {
		cmd.Stdin = strings.NewReader(c.stdin)
	}
	return cmd, closers, nil
}

// outcome is what came of a run.
func (c *command) outcome(ctx context.Context, err, readErr error, answers *answerer, stderr string) error {
	var given []string
	var refusal error
	if answers != nil {
		given, refusal = answers.close()
		*c.secrets = append(*c.secrets, given...)
	}
	switch {
	case readErr != nil && errors.As(readErr, new(*Error)):
		return readErr
	case ctx.Err() != nil:
		return stopped(ctx, c.url())
	case err == nil && readErr == nil:
		return nil
	case errors.Is(refusal, errOtherServer):
		return c.failed(Auth, refusal)
	case refusal != nil:
		return c.failed(NoCredential, refusal)
	case err == nil:
		return c.failed(Failed, readErr)
	}
	return &Error{Kind: classify(stderr), URL: c.url(), Detail: detail(stderr, given), stderr: stderr}
}

func (c *command) url() string {
	if c.to != nil {
		return c.to.url
	}
	return filepath.Base(c.dir)
}

func (c *command) failed(k Kind, err error) error {
	return &Error{Kind: k, URL: c.url(), Detail: clean(err.Error(), nil), Err: err}
}

// watch stops a run when a look at sizes says so.
func watch(ctx context.Context, stop context.CancelCauseFunc, look func() error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := look(); err != nil {
				stop(err)
				return
			}
		}
	}
}

// passed are the variables of this process that git and its helpers get: where programs, certificates, proxies and the
// ssh agent are.
func passed() []string {
	return []string{"PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY", "no_proxy", "NO_PROXY", "SystemRoot", "TEMP", "TMP"}
}

func (m *Mirror) environ(c command) []string {
	dir := c.dir
	if dir == "" {
		dir = os.DevNull
	}
	// HOME is nowhere: curl would read credentials from .netrc there.
	env := []string{"LC_ALL=C", "LANGUAGE=", "HOME=" + filepath.Join(m.root, "nowhere"), "GIT_DIR=" + dir, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_PROTOCOL_FROM_USER=0"}
	allow := "none"
	if c.to != nil {
		allow = c.to.allow
	}
	env = append(env, "GIT_ALLOW_PROTOCOL="+allow)
	if c.trace != nil {
		env = append(env, "GIT_TRACE_PACKET=2")
	}
	for _, name := range passed() {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// settings are git's configuration, all of it but that of the store.
func (m *Mirror) settings(c command) []string {
	s := []string{
		"core.hooksPath=" + os.DevNull, "core.fsmonitor=false", "core.askPass=", "credential.helper=", "gc.auto=0", "maintenance.auto=false",
		// A store can be thrown away, so only what would be broken silently is brought to the disk before it counts.
		"core.fsync=pack,pack-metadata",
		// Packs stay packs. Hostile objects are kept: a search reads them with a reader of its own.
		"fetch.unpackLimit=1", "fetch.fsckObjects=false", "transfer.fsckObjects=false", "fetch.recurseSubmodules=false",
		"submodule.recurse=false", "fetch.writeCommitGraph=false", "transfer.bundleURI=false", "advice.pushUpdateRejected=false",
	}
	if m.options.Threads > 0 {
		s = append(s, fmt.Sprintf("pack.threads=%d", m.options.Threads))
	}
	if c.to != nil {
		// remote.origin.url rather than an argument: so no URL is taken for an option.
		s = append(s, "remote.origin.url="+c.to.url, "http.followRedirects=initial", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60",
			"http.sslVerify=true", "core.sshCommand="+m.options.SSH, "ssh.variant=ssh")
		if c.request.CAFile != "" {
			s = append(s, "http.sslCAInfo="+c.request.CAFile)
		}
		if c.request.Credential != nil && strings.HasPrefix(c.to.scheme, "http") {
			// git asks helpers for this host alone; and whoever answers looks at the host again.
			s = append(s, "http.proactiveAuth=basic", "credential."+c.to.scheme+"://"+c.to.host+".helper="+helper)
		}
	}
	args := make([]string, 0, 2*len(s)+1)
	for _, one := range s {
		args = append(args, "-c", one)
	}
	return append(args, "--no-pager")
}

// tail keeps the last bytes of a program's error output.
type tail struct{ buf []byte }

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailSize {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-tailSize:]...)
	}
	return len(p), nil
}

// String is what was kept; progress that overwrote itself counts as lines.
func (t *tail) String() string { return string(bytes.ReplaceAll(t.buf, []byte("\r"), []byte("\n"))) }

// unfinished is what fetches write to until they are done.
func unfinished(dir string) (n int64) {
	for _, pattern := range []string{"tmp_*", ".tmp-*"} {
		files, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", pattern))
		for _, f := range files {
			if info, err := os.Stat(f); err == nil {
				n += info.Size()
			}
		}
	}
	return n
}

// packed is the size of a store's packs, with their number.
func packed(dir string) (size int64, packs int) {
	entries, err := os.ReadDir(filepath.Join(dir, "objects", "pack"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += info.Size()
			if strings.HasSuffix(e.Name(), ".pack") {
				packs++
			}
		}
	}
	return size, packs
}
