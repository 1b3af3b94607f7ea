package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// trial tries the script out: with its program, policy and rules, in a scratch repository. The log of the server is left
// alone, since a made event in it would have to be told from true ones ever after: another file takes its place (the log
// itself was looked at before). So is the hook that was there before, which may do anything.
func (e *examination) trial(ctx context.Context) {
	const name = "self-test"
	if e.NoTrial {
		e.add(Warning, name, "left out")
		return
	}
	if e.policy == nil {
		e.add(NotChecked, name, "not run: the hook has not what it needs")
		return
	}
	alike := e.script
	alike.Then = false
	text, err := alike.Text()
	if err != nil {
		e.add(NotChecked, name, "not run: %s", err)
		return
	}
	c, done := e.tried[text]
	if !done {
		c.Name = name
		c.Level, c.Text = e.tryOut(ctx)
		if e.tried == nil {
			e.tried = map[string]Check{}
		}
		e.tried[text] = c
	}
	e.add(c.Level, c.Name, "%s", c.Text)
}

// tryOut runs the trial.
func (e *examination) tryOut(ctx context.Context) (Level, string) {
	secret, err := e.Secret(e.policy, e.script.Rules)
	if err != nil {
		return NotChecked, "not run: " + err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	what := "push"
	if e.script.Hook == PreCommit {
		what = "commit"
	}
	var not *notRun
	switch err := try(ctx, e.script, e.policy.Audit != "", secret); {
	case errors.As(err, &not):
		return NotChecked, "not run: " + not.why
	case err != nil:
		return Failure, err.Error()
	}
	return OK, fmt.Sprintf("in a scratch repository, a %s with a made secret was refused and a clean one accepted", what)
}

const trialTime = time.Minute

// notRun is why there was no trial.
type notRun struct{ why string }

func (n *notRun) Error() string { return n.why }

// scratch is a folder with a server's repository and a desk's.
type scratch struct {
	ctx    context.Context
	dir    string
	script string
}

// refusal is what rummage says when it refuses for what it found.
var refusal = regexp.MustCompile(`rummage: (push|commit) refused: [0-9]+ finding`)

// try has a clean commit and one with a secret made and pushed. The error says what came out wrong.
func try(ctx context.Context, s Script, logs bool, secret string) error {
	dir, err := os.MkdirTemp("", "rummage-hook-")
	if err != nil {
		return &notRun{err.Error()}
	}
	defer os.RemoveAll(dir)
	t := scratch{ctx: ctx, dir: dir, script: filepath.Join(dir, "desk", ".git", "hooks", s.Hook)}
	if s.Hook == PreReceive {
		t.script = filepath.Join(dir, "server", "hooks", s.Hook)
	}
	s.Then = false
	if logs {
		s.log = filepath.Join(dir, "log")
	}
	text, err := s.Text()
	if err != nil {
		return &notRun{err.Error()}
	}
	if err := t.prepare(text); err != nil {
		return &notRun{err.Error()}
	}
	if err := t.alone(s.Hook); err != nil {
		return err
	}
	if out, err := t.bring("clean.txt", "There is nothing to see here.\n"); err != nil {
		return fmt.Errorf("what is clean was refused: %s", said(out, err))
	}
	out, err := t.bring("made.txt", secret)
	switch {
	case err == nil:
		return errors.New("a made secret was accepted, which the policy refuses: is another program in the hook's place?")
	case ctx.Err() != nil:
		return &notRun{"it took too long"}
	case !refusal.MatchString(out):
		return fmt.Errorf("a made secret was refused, and not for what it is: %s", said(out, err))
	}
	return nil
}

// said is the line of a program's output that tells most.
func said(out string, err error) string {
	last := ""
	for l := range strings.Lines(out) {
		l = strings.TrimSpace(strings.TrimPrefix(l, "remote: "))
		if strings.HasPrefix(l, "rummage: ") {
			return l
		}
		if l != "" {
			last = l
		}
	}
	if last == "" {
		return err.Error()
	}
	return last
}

// prepare makes the repositories, and puts the hook into one of them.
func (t *scratch) prepare(script string) error {
	for _, args := range [][]string{{"init", "-q", "--template=", "--bare", "server"}, {"init", "-q", "--template=", "desk"}} {
		if out, err := t.git(t.dir, args...); err != nil {
			return errors.New(said(out, err))
		}
	}
	if err := os.MkdirAll(filepath.Dir(t.script), 0o755); err != nil {
		return err
	}
	return writeFile(t.script, []byte(script), scriptMode)
}

// alone runs the hook without anything to decide about: git would not say that a hook cannot be run.
func (t *scratch) alone(hook string) error {
	if runtime.GOOS == "windows" {
		return nil // scripts are run by git alone
	}
	cmd := t.command(filepath.Dir(filepath.Dir(t.script)), t.script)
	if hook == PrePush {
		cmd.Args = append(cmd.Args, "origin", "../server")
	}
	if hook == PreReceive { // which always has something
		cmd.Stdin = strings.NewReader(strings.Repeat("1", 40) + " " + strings.Repeat("0", 40) + " refs/heads/gone\n")
	}
	cmd.Env = append(cmd.Env, "GIT_DIR=.")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return fmt.Errorf("the hook refuses what brings nothing: %s", said(string(out), err))
	case err != nil:
		return &notRun{fmt.Sprintf("programs cannot be run in %s (%s): set TMPDIR to another folder", t.dir, err)}
	}
	return nil
}

// bring commits a file and pushes it.
func (t *scratch) bring(name, text string) (out string, err error) {
	desk := filepath.Join(t.dir, "desk")
	if err := os.WriteFile(filepath.Join(desk, name), []byte(text), 0o600); err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"add", "--", name},
		{"-c", "user.name=rummage", "-c", "user.email=rummage@localhost", "-c", "commit.gpgSign=false", "commit", "-q", "-m", "Self-test of rummage's hook"},
		{"push", "-q", filepath.Join(t.dir, "server"), "HEAD:refs/heads/main"},
	} {
		if out, err = t.git(desk, args...); err != nil {
			return out, err
		}
	}
	return "", nil
}

func (t *scratch) git(dir string, args ...string) (string, error) {
	out, err := t.command(dir, "git", args...).CombinedOutput()
	return string(out), err
}

// command runs in an environment without git's variables, and those by which platforms tell who pushes.
func (t *scratch) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + t.dir, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0"}
	for _, keep := range []string{"PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "PATHEXT"} {
		if v, ok := os.LookupEnv(keep); ok {
			cmd.Env = append(cmd.Env, keep+"="+v)
		}
	}
	cmd.Stdin = bytes.NewReader(nil)
	cmd.WaitDelay = time.Second
	return cmd
}
