package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// token is a password that is nowhere in this file.
func token(n int) string {
	return strings.Repeat(string(rune('k'+n)), 3) + fmt.Sprintf("-%d-planted", 7000+n)
}

func gives(passwords ...string) func(context.Context) (string, string, error) {
	n := 0
	return func(context.Context) (string, string, error) {
		p := passwords[min(n, len(passwords)-1)]
		n++
		return "someone", p, nil
	}
}

// TestCredentialsUnseen: nobody who looks at processes or files sees the token, at any time.
func TestCredentialsUnseen(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc")
	}
	remote := bare(t, 3)
	secret := token(1)
	m := open(t, Options{})
	var looked, helpers atomic.Int64
	look := func() {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		environs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range append(files, environs...) {
			data, _ := os.ReadFile(f)
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s has it", f)
			}
			if bytes.Contains(data, []byte("git-remote-http")) {
				looked.Add(1)
			}
			if bytes.Contains(data, []byte("\x00-c\x00ask()")) { // the shell, which is there when the function is called
				helpers.Add(1)
			}
		}
	}
	ask := basic("someone", secret)
	url := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
		look()
		return ask(w, r)
	}) + "/remote.git"
	r := request(url)
	r.Credential = func(context.Context) (string, string, error) { look(); return "someone", secret, nil }
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // also while the helper has it
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				look()
			}
		}
	}()
	fetch(t, m, remote, r)
	close(stop)
	<-done
	if looked.Load() == 0 || helpers.Load() == 0 {
		t.Errorf("git was seen %d times, the helper %d times", looked.Load(), helpers.Load())
	}
	_ = filepath.WalkDir(m.root, func(path string, d fs.DirEntry, err error) error {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s has it", path)
		}
		return nil
	})
}

// TestNetrc: no password is taken from files that curl knows of.
func TestNetrc(t *testing.T) {
	remote := bare(t, 1)
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte("machine 127.0.0.1 login someone password "+token(1)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	_, err := open(t, Options{}).Fetch(t.Context(), request(server(t, filepath.Dir(remote), basic("someone", token(1)))+"/remote.git"))
	if !errors.Is(err, Auth) {
		t.Errorf("%v", err)
	}
}

// TestReply: a credential is given for the server of the request alone.
func TestReply(t *testing.T) {
	to, err := parseTarget("https://example.com:8443/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[[2]string]bool{
		{"https", "example.com:8443"}: true, {"https", "Example.com:8443"}: true, {"https", "example.com"}: false, {"http", "example.com:8443"}: false,
		{"https", "example.com:8443.evil"}: false, {"", ""}: false,
	} {
		a := &answerer{to: &to, ask: gives(token(1))}
		got := a.reply(t.Context(), map[string]string{"protocol": question[0], "host": question[1]})
		if want != strings.Contains(got, token(1)) || want != (a.err == nil) {
			t.Errorf("%v: %q, %v", question, got, a.err)
		}
	}
}

func TestCredentials(t *testing.T) {
	remote := bare(t, 3)
	good, bad := token(1), token(2)
	url := server(t, filepath.Dir(remote), basic("someone", good)) + "/remote.git"
	for name, c := range map[string]struct {
		credential func(context.Context) (string, string, error)
		kind       Kind
	}{
		"right":                  {gives(good), ""},
		"none":                   {nil, Auth},
		"wrong":                  {gives(bad), Auth},
		"wrong, then another":    {gives(bad, token(3), token(4)), Auth},
		"renewed":                {gives(bad, good), ""},
		"failing":                {func(context.Context) (string, string, error) { return "", "", errors.New("vault is sealed") }, NoCredential},
		"with a line break":      {gives(good + "\nhost=elsewhere"), NoCredential},
		"empty":                  {gives(""), NoCredential},
		"of odd but legal bytes": {gives(`a'"$(id)` + "`\\ %00\t" + good), Auth},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(url)
			r.Credential = c.credential
			f, err := open(t, Options{}).Fetch(t.Context(), r)
			if c.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				check(t, f, remote)
				return
			}
			if !errors.Is(err, c.kind) {
				t.Fatalf("%v, want %s", err, c.kind)
			}
			if text := err.Error(); strings.Contains(text, "planted") || strings.ContainsAny(text, "\n\r\x1b") || !strings.Contains(text, url) {
				t.Errorf("%q", text)
			}
		})
	}
}

// TestExpired: a token that ends between two requests of one fetch is asked for anew.
func TestExpired(t *testing.T) {
	remote := bare(t, 3)
	for after := range 6 {
		var mu sync.Mutex
		requests, now := 0, token(1)
		url := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if _, _, ok := r.BasicAuth(); ok {
				if requests++; requests == after {
					now = token(2)
				}
			}
			return basic("someone", now)(w, r)
		}) + "/remote.git"
		r := request(url)
		r.Credential = func(context.Context) (string, string, error) {
			mu.Lock()
			defer mu.Unlock()
			return "someone", now, nil
		}
		fetch(t, open(t, Options{}), remote, r)
	}
}

// TestRedirect: a renamed repository is found; a credential goes to no other server.
func TestRedirect(t *testing.T) {
	remote := bare(t, 3)
	ask := basic("someone", token(1))
	url := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/old.git"); ok {
			http.Redirect(w, r, "/remote.git"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return true
		}
		return ask(w, r)
	})
	r := request(url + "/old.git")
	r.Credential = gives(token(1))
	fetch(t, open(t, Options{}), remote, r)

	var got atomic.Int64
	other := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			got.Add(1)
		}
		return ask(w, r)
	})
	lured := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !basic("someone", token(1))(w, r) {
			http.Redirect(w, r, other+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
		}
	}))
	defer lured.Close()
	r.URL = lured.URL + "/remote.git"
	for _, m := range []*Mirror{open(t, Options{}), withoutGit(t)} {
		_, err := m.Fetch(t.Context(), r)
		if err == nil || got.Load() > 0 {
			t.Errorf("git %q: %v; the other server got %d credentials", m.git, err, got.Load())
		}
	}
}

func withoutGit(t testing.TB) *Mirror {
	m := open(t, Options{})
	m.git = ""
	return m
}

// TestServerErrors: what servers answer has its kind, and the next fetch is none the worse for it.
func TestServerErrors(t *testing.T) {
	for name, c := range map[string]struct {
		kind   Kind
		answer func(w http.ResponseWriter, r *http.Request) bool
	}{
		"gone":        {Gone, status(http.StatusNotFound)},
		"forbidden":   {Auth, status(http.StatusForbidden)},
		"unavailable": {Unreachable, status(http.StatusServiceUnavailable)},
		"too many":    {Unreachable, status(http.StatusTooManyRequests)},
		"no git":      {Corrupt, func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "<html>"); return true }},
		"cut":         {Unreachable, cut(600)},
		"cut at once": {Unreachable, cut(0)},
		"garbage": {Corrupt, func(w http.ResponseWriter, r *http.Request) bool {
			return intercept(w, r, func(body []byte) []byte { return spoil(body) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			remote := bare(t, 30)
			var fine atomic.Bool
			root := filepath.Dir(remote)
			var backend http.Handler
			answer := c.answer
			url := server(t, root, func(w http.ResponseWriter, r *http.Request) bool {
				if fine.Load() {
					return false
				}
				return answer(w, r.WithContext(context.WithValue(r.Context(), backendKey{}, backend)))
			})
			backend = proxyTo(url, &fine)
			r := request(url + "/remote.git")
			m := open(t, Options{})
			_, err := m.Fetch(t.Context(), r)
			if !errors.Is(err, c.kind) {
				t.Errorf("%v, want %s", err, c.kind)
			}
			fine.Store(true)
			f := fetch(t, m, remote, r)
			if left := unfinished(f.Dir); left > 0 {
				t.Errorf("%d bytes left behind", left)
			}
		})
	}
	m := open(t, Options{})
	s := httptest.NewServer(nil)
	s.Close()
	for _, m := range []*Mirror{m, withoutGit(t)} {
		if _, err := m.Fetch(t.Context(), request(s.URL+"/x")); !errors.Is(err, Unreachable) {
			t.Errorf("nobody there: %v", err)
		}
		if _, err := m.Fetch(t.Context(), request("file://"+t.TempDir()+"/none")); !errors.Is(err, Gone) {
			t.Errorf("no directory: %v", err)
		}
	}
}

func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true }
}

type backendKey struct{}

// proxyTo records what the real server answers.
func proxyTo(url string, fine *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fine.Store(true)
		defer fine.Store(false)
		question, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		out, err := http.NewRequest(r.Method, url+r.URL.RequestURI(), bytes.NewReader(question))
		if err != nil {
			panic(err)
		}
		out.Header = r.Header.Clone()
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		for k, v := range res.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(res.StatusCode)
		var b bytes.Buffer
		_, _ = b.ReadFrom(res.Body)
		_, _ = w.Write(b.Bytes())
	})
}

// intercept changes the answer that has the pack.
func intercept(w http.ResponseWriter, r *http.Request, change func([]byte) []byte) bool {
	recorder := httptest.NewRecorder()
	r.Context().Value(backendKey{}).(http.Handler).ServeHTTP(recorder, r)
	body := recorder.Body.Bytes()
	if bytes.Contains(body, []byte("PACK")) {
		body = change(body)
	}
	for k, v := range recorder.Header() {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(body)
	return true
}

// cut ends the connection some bytes after the beginning of the pack.
func cut(n int) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		intercept(w, r, func(body []byte) []byte {
			_, _ = w.Write(body[:bytes.Index(body, []byte("PACK"))+n])
			panic(http.ErrAbortHandler)
		})
		return true
	}
}

// spoil changes a byte in the middle of a pack.
func spoil(body []byte) []byte {
	body = bytes.Clone(body)
	body[bytes.Index(body, []byte("PACK"))+300] ^= 0xff
	return body
}

// TestStops: a context that ends, a time limit and a limit of size end git and all that it started.
func TestStops(t *testing.T) {
	remote := bare(t, 3)
	release := make(chan struct{})
	started := make(chan struct{}, 8)
	url := server(t, filepath.Dir(remote), func(http.ResponseWriter, *http.Request) bool {
		started <- struct{}{}
		<-release
		return true
	}) + "/remote.git"
	t.Cleanup(func() { close(release) }) // before the server's, which waits for its answers
	m := open(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := m.Fetch(ctx, request(url)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	r := request(url)
	r.Timeout = 300 * time.Millisecond
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, TooSlow) || !strings.Contains(err.Error(), url) {
		t.Errorf("time limit: %v", err)
	}
	if left := gits(m.root); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
}

// gits are the command lines of processes that belong to a mirror and stay: what was killed may take a while to be gone.
func gits(root string) (lines []string) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		lines = nil
		files, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range files {
			if data, _ := os.ReadFile(f); bytes.Contains(data, []byte("HOME="+root)) {
				line, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
				lines = append(lines, string(line))
			}
		}
		if len(lines) == 0 || time.Now().After(end) {
			return lines
		}
	}
}
