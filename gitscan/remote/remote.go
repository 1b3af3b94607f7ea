// Package remote makes a copy of a repository that is elsewhere, and knows the URLs of such.
//
// It is apart from package gitscan because hooks search too, which the system starts for every push: go-git's transports bring
// SSH, TLS and OpenPGP, whose tables would be made each time. It does not look at what it copies. Its functions may be called by
// several goroutines.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	gogit "github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

var (
	scpForm    = regexp.MustCompile(`^[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:[^\\]`)
	schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

// schemes are what can be cloned.
var schemes = []string{"https://", "http://", "ssh://", "git://", "file://"}

// IsURL reports whether a repository argument is to be cloned: a URL with a scheme, or user@host:path. Something that
// exists as a path is never a URL.
func IsURL(arg string) bool {
	if _, err := os.Stat(arg); err == nil {
		return false
	}
	return schemeForm.MatchString(arg) || scpForm.MatchString(arg)
}

// hidden stands for what is left out of a URL.
const hidden = "xxxxx"

// RedactURL leaves out the credentials of a URL: the password and, but for ssh, the user's name, which is often a
// token.
func RedactURL(s string) string {
	scheme := schemeForm.FindString(s)
	user, ok := userInfo(s)
	if !ok {
		return s
	}
	rest := s[len(scheme)+len(user):]
	if name, _, has := strings.Cut(user, ":"); scheme == "ssh://" {
		if !has {
			return s
		}
		return scheme + name + ":" + hidden + rest
	}
	return scheme + hidden + rest
}

// userInfo is what stands before the @ of a URL. In one that is malformed, as with an unescaped / in the password, it
// is everything before the last @.
func userInfo(s string) (string, bool) {
	scheme := schemeForm.FindString(s)
	if scheme == "" {
		return "", false
	}
	rest := s[len(scheme):]
	if u, err := url.Parse(s); err == nil {
		if u.User == nil {
			return "", false
		}
		rest = rest[:endOfAuthority(rest)]
	}
	i := strings.LastIndexByte(rest, '@')
	if i < 0 {
		return "", false
	}
	return rest[:i], true
}

func endOfAuthority(s string) int {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return i
	}
	return len(s)
}

// Clone copies every ref of a remote repository into a new directory below the system's temporary one that only this
// user can enter. The caller removes it with cleanup, whatever happened. git does it when it is on PATH; go-git
// otherwise. progress, when it is not nil, gets what git says about the transfer.
func Clone(ctx context.Context, rawURL string, progress io.Writer) (dir string, cleanup func() error, err error) {
	if scheme := schemeForm.FindString(rawURL); scheme != "" && !slices.Contains(schemes, scheme) {
		return "", func() error { return nil }, fmt.Errorf("%s: cannot clone from %s; from %s it can", RedactURL(rawURL), scheme, strings.Join(schemes, ", "))
	}
	tmp, err := os.MkdirTemp("", "rummage-clone-")
	if err != nil {
		return "", func() error { return nil }, err
	}
	cleanup = func() error { return os.RemoveAll(tmp) }
	dir = filepath.Join(tmp, "repo.git")
	if git, err := exec.LookPath("git"); err == nil {
		err = cloneWithGit(ctx, git, rawURL, dir, progress)
		return dir, cleanup, err
	}
	_, err = gogit.PlainCloneContext(ctx, dir, true, &gogit.CloneOptions{URL: rawURL, Mirror: true, Tags: gogit.AllTags, Progress: progress})
	switch {
	case err == nil:
		return dir, cleanup, nil
	case ctx.Err() != nil:
		return dir, cleanup, ctx.Err()
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		_, err = gogit.PlainInit(dir, true)
		return dir, cleanup, err
	}
	return dir, cleanup, fmt.Errorf("clone %s: %s", RedactURL(rawURL), redactText(err.Error(), rawURL))
}

// cancelDelay is how long git may take to end when the user interrupts.
const cancelDelay = 300 * time.Millisecond

// cloneWithGit hands a URL that carries credentials to git in a configuration file only this user can read: arguments
// are visible to every user of the machine.
func cloneWithGit(ctx context.Context, git, rawURL, dir string, progress io.Writer) error {
	run := func(args ...string) error {
		cmd := exec.CommandContext(ctx, git, args...)
		cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_DIR="+dir)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets git end what it has started
		cmd.WaitDelay = cancelDelay
		var stderr tail
		cmd.Stderr = &stderr
		if progress != nil {
			cmd.Stderr = io.MultiWriter(&stderr, progress)
		}
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("clone %s: %w: %s", RedactURL(rawURL), err, redactText(stderr.lastLine(), rawURL))
		}
		return nil
	}
	if err := run("init", "--quiet", "--bare", dir); err != nil {
		return err
	}
	cfg := gitconfig.NewConfig()
	cfg.Core.IsBare = true
	cfg.Remotes["origin"] = &gitconfig.RemoteConfig{Name: "origin", URLs: []string{rawURL}, Mirror: true,
		Fetch: []gitconfig.RefSpec{"+refs/*:refs/*"}}
	text, err := cfg.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config"), text, 0o600); err != nil {
		return err
	}
	args := []string{"-c", "fetch.fsckObjects=false", "-c", "gc.auto=0", "fetch", "--no-auto-gc", "--no-write-fetch-head"}
	if progress != nil {
		args = append(args, "--progress")
	} else {
		args = append(args, "--quiet")
	}
	return run(append(args, "origin")...)
}

// redactText hides the URL's credentials in what git or a library says, as they stand in the URL and decoded.
func redactText(text, rawURL string) string {
	text = strings.ReplaceAll(text, rawURL, RedactURL(rawURL))
	user, ok := userInfo(rawURL)
	if !ok {
		return text
	}
	name, password, _ := strings.Cut(user, ":")
	words := []string{password}
	if schemeForm.FindString(rawURL) != "ssh://" {
		words = append(words, name)
	}
	for _, w := range words {
		decoded, err := url.PathUnescape(w)
		if err != nil {
			decoded = w
		}
		for _, form := range []string{w, decoded} {
			if form != "" {
				text = strings.ReplaceAll(text, form, hidden)
			}
		}
	}
	return text
}

// tail keeps the last bytes of a program's error output.
type tail struct{ buf []byte }

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailSize {
		t.buf = t.buf[len(t.buf)-tailSize:]
	}
	return len(p), nil
}

func (t *tail) lastLine() string {
	lines := strings.Split(strings.TrimSpace(string(t.buf)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
