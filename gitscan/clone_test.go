package gitscan_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/gitscan/remote"
	"rummage/scan"
)

// serve gives a directory of repositories over HTTP, to somebody who knows the password.
func serve(t *testing.T, root, user, password string) (url string) {
	t.Helper()
	execPath, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Stderr: io.Discard,
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// anything finds every text that has a letter.
const anything = `
[[rules]]
id = "anything"
description = "a text"
regex = '''(?s).*[a-z].*'''
`

func contents(res *scan.Result) (texts []string) {
	for _, f := range res.Findings {
		texts = append(texts, f.Secret.Reveal())
	}
	slices.Sort(texts)
	return texts
}

// TestClone: with git and without, a clone has every ref and object that the server shows, and is gone after cleanup.
func TestClone(t *testing.T) {
	root := t.TempDir()
	if err := os.Rename(fixture(t, true), filepath.Join(root, "full.git")); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(root, "full.git")
	blob := strings.TrimSpace(git(t, full, []byte("a blob"), "hash-object", "-w", "--stdin"))
	git(t, full, nil, "update-ref", "refs/odd/blob", blob)
	git(t, root, nil, "init", "-q", "--bare", "empty.git")
	url := strings.Replace(serve(t, root, "someone", "hunter2"), "http://", "http://someone:hunter2@", 1)
	want := scanRepo(t, full, gitscan.Options{NoUnreachable: true}, anything, 1)
	withoutGit := func(t *testing.T) { t.Setenv("PATH", t.TempDir()) }
	for name, prepare := range map[string]func(*testing.T){"git": func(*testing.T) {}, "go-git": withoutGit} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			dir, cleanup, err := remote.Clone(t.Context(), url+"/full.git", nil)
			if err != nil {
				t.Fatal(err)
			}
			got := scanRepo(t, dir, gitscan.Options{}, anything, 1)
			if !got.Stats.Complete || !slices.Equal(contents(got), contents(want)) {
				t.Errorf("found %q, want %q; %+v", contents(got), contents(want), got.Stats)
			}
			if info, err := os.Stat(filepath.Dir(dir)); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if err := cleanup(); err != nil {
				t.Error(err)
			}

			dir, cleanup, err = remote.Clone(t.Context(), url+"/empty.git", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := scanRepo(t, dir, gitscan.Options{}, anything, 1); len(got.Findings) > 0 || !got.Stats.Complete {
				t.Errorf("empty: %+v", got)
			}
			if err := cleanup(); err != nil {
				t.Error(err)
			}

			for _, wrong := range []string{url + "/nowhere.git", strings.Replace(url, "hunter2", "swordfish", 1) + "/full.git"} {
				_, cleanup, err := remote.Clone(t.Context(), wrong, nil)
				if err == nil {
					t.Error("no error")
				} else if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "swordfish") ||
					strings.Contains(text, "someone") || strings.ContainsAny(text, "\n\r") {
					t.Errorf("error %q", text)
				}
				if err := cleanup(); err != nil {
					t.Error(err)
				}
			}

			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, cleanup, err = remote.Clone(ctx, url+"/full.git", nil)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			if err := cleanup(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com/a.git":                        "https://example.com/a.git",
		"https://example.com/@scope/a.git":                 "https://example.com/@scope/a.git",
		"https://example.com:443/a?b=c@d":                  "https://example.com:443/a?b=c@d",
		"https://someone:hunter2@example.com/a":            "https://xxxxx@example.com/a",
		"https://hunter2@example.com/a":                    "https://xxxxx@example.com/a",
		"https://someone:hunt%65r2@example.com/a@b":        "https://xxxxx@example.com/a@b",
		"https://someone:hunter2%zz@example.com/a":         "https://xxxxx@example.com/a",
		"https://someone:hunter2@hunter2@example.com/a":    "https://xxxxx@example.com/a",
		"https://someone:hunter2/hunter2@example.com/a":    "https://xxxxx@example.com/a",
		"ssh://git@example.com/a":                          "ssh://git@example.com/a",
		"ssh://git:hunter2@example.com/a":                  "ssh://git:xxxxx@example.com/a",
		"ftp://someone:hunter2@example.com/a":              "ftp://xxxxx@example.com/a",
		"odd+x://someone:hunter2@example.com/a":            "odd+x://xxxxx@example.com/a",
		"git@example.com:a/b.git":                          "git@example.com:a/b.git",
		"https://someone:hunter2@[::1]:8080/a":             "https://xxxxx@[::1]:8080/a",
		"https://someone:hunter2\x00@example.com/a":        "https://xxxxx@example.com/a",
		"https://someone:hunter2 hunter2@example.com/a b/": "https://xxxxx@example.com/a b/",
	} {
		if !remote.IsURL(url) {
			t.Errorf("%s is not taken for a URL", url)
		}
		if got := remote.RedactURL(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
	for _, path := range []string{"repo", "./a", "../a:b", "/srv/git/a.git", "C:\\repo", "a@b", "dir/git@host:x", ".", ""} {
		if remote.IsURL(path) {
			t.Errorf("%s is taken for a URL", path)
		}
		if got := remote.RedactURL(path); got != path {
			t.Errorf("%q: %q", path, got)
		}
	}
}

// FuzzRedactURL: what stands before the host of a URL is not in what is shown. (A URL may have an @ in its path and
// nothing before its host: that is no credential to whoever dials it.)
func FuzzRedactURL(f *testing.F) {
	f.Add("someone", "hunter2", "example.com/a.git")
	f.Add("a/b", "c?d#e", "[::1]:80/@x")
	f.Fuzz(func(t *testing.T, user, password, rest string) {
		const mark = "Xq9-mark"
		if i := strings.IndexAny(rest, "@"); i >= 0 {
			rest = rest[:i]
		}
		for _, url := range []string{"https://" + user + mark + ":" + password + "@" + rest, "https://" + user + ":" + mark + password + "@" + rest} {
			if u, err := neturl.Parse(url); err == nil && !strings.Contains(u.User.String(), mark) {
				continue
			}
			if got := remote.RedactURL(url); strings.Contains(got, mark) {
				t.Errorf("%q: %q", url, got)
			}
		}
	})
}
