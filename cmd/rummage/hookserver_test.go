//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"rummage/detect/example"
)

// What git hands to a hook, and where the tests of it are:
//
//	create, update, force, delete, several refs    hook_push, hook_many; over HTTP and git's protocol below
//	delete only                                    hook_push, below
//	a new branch at a commit that is known         hook_policy, hook_stores
//	light and annotated tags, of blobs; notes      hook_push
//	loose and packed quarantine, thin packs        hook_push, hook_stores
//	shallow, SHA-256, 50,000 refs, alternates      hook_stores
//	push options                                   hook_policy, below
//	no git, no shell, another root                 TestHookChroot
//	what no client of git sends                    hookhostile_test.go

// hookServer is a bare repository whose pre-receive hook is rummage, with a policy and a log.
type hookServer struct {
	t                    *testing.T
	dir, policy, log, at string // repository, files, folder of all of them
}

func newHookServer(t *testing.T, policy string) *hookServer {
	t.Helper()
	at := t.TempDir()
	s := &hookServer{t: t, dir: filepath.Join(at, "server.git"), policy: filepath.Join(at, "policy.toml"), log: filepath.Join(at, "log", "audit"), at: at}
	s.check(os.Mkdir(filepath.Dir(s.log), 0o755))
	runGit(t, "", "init", "-q", "--bare", s.dir)
	s.write(policy)
	s.hook(`exec rummage hook pre-receive --policy "` + s.policy + `"`)
	return s
}

// write writes the policy. Time is none of these tests' business, but where they say so.
func (s *hookServer) write(policy string) {
	s.t.Helper()
	rules, err := filepath.Abs("testdata/rules.toml")
	s.check(err)
	if !strings.Contains(policy, "time") {
		policy = "time = \"1m\"\n" + policy
	}
	s.check(os.WriteFile(s.policy, fmt.Appendf(nil, "rules = [%q]\naudit = %q\n%s", rules, s.log, policy), 0o600))
}

func (s *hookServer) hook(command string) {
	s.t.Helper()
	s.check(os.WriteFile(filepath.Join(s.dir, "hooks", "pre-receive"), []byte("#!/bin/sh\n"+command+"\n"), 0o755))
}

func (s *hookServer) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// work is a clone with one commit of its own, whose file has that content.
func (s *hookServer) work(name, content string) string {
	s.t.Helper()
	dir := filepath.Join(s.at, name)
	runGit(s.t, "", "init", "-q", dir)
	s.commit(dir, "config", content)
	return dir
}

func (s *hookServer) commit(dir, file, content string) {
	s.t.Helper()
	s.check(os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
	runGit(s.t, dir, "add", file)
	runGit(s.t, dir, "commit", "-q", "-m", "c")
}

// push pushes, and gives what the pusher sees.
func (s *hookServer) push(dir string, args ...string) (ok bool, told string) {
	s.t.Helper()
	out, err := gitCommand(dir, append([]string{"push", "-q"}, args...)...).CombinedOutput()
	return err == nil, string(out)
}

func (s *hookServer) refs() []string {
	s.t.Helper()
	return strings.Fields(runGit(s.t, s.dir, "for-each-ref", "--format=%(refname)"))
}

// events reads the log, every line of which must be one event.
func (s *hookServer) events() (events []map[string]any) {
	s.t.Helper()
	data, err := os.ReadFile(s.log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	s.check(err)
	for in := bufio.NewScanner(bytes.NewReader(data)); in.Scan(); {
		var e map[string]any
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			s.t.Errorf("%v: %q", err, in.Text())
		}
		events = append(events, e)
	}
	return events
}

func newToken(t *testing.T, n int) string {
	t.Helper()
	token, err := example.Expand("tok_{{loweralnum 24}}", uint64(n))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestHookManyPushes: of pushes that come at the same time none is lost and none let through unread, and the log has one line
// for each that was refused.
func TestHookManyPushes(t *testing.T) {
	const pushes = 50
	s := newHookServer(t, "")
	shared := s.work("shared", "nothing\n")
	if ok, told := s.push(shared, s.dir, "HEAD:refs/heads/main"); !ok {
		t.Fatal(told)
	}
	var commits []string // made beforehand, all on one another's parent
	tree := func(content string) string {
		s.check(os.WriteFile(filepath.Join(shared, "config"), []byte(content), 0o600))
		runGit(t, shared, "add", "config")
		return runGit(t, shared, "write-tree")
	}
	for i := range pushes {
		content := fmt.Sprintf("clean %d\n", i)
		if i%2 == 1 {
			content = "token: " + newToken(t, i) + "\n"
		}
		commits = append(commits, runGit(t, shared, "commit-tree", "-p", "HEAD", "-m", fmt.Sprint(i), tree(content)))
	}
	var group sync.WaitGroup
	for i, commit := range commits {
		group.Go(func() {
			out, err := gitCommand(shared, "push", "-q", s.dir, fmt.Sprintf("%s:refs/heads/b%d", commit, i)).CombinedOutput()
			if landed := err == nil; landed != (i%2 == 0) {
				t.Errorf("push %d landed: %v\n%s", i, landed, out)
			}
			if refused := strings.Contains(string(out), "push refused: 1 finding"); refused != (i%2 == 1) {
				t.Errorf("push %d refused: %v\n%s", i, refused, out)
			}
		})
	}
	group.Wait()
	want := []string{"refs/heads/main"}
	blocked := map[string]int{}
	for i := range pushes {
		if name := fmt.Sprintf("refs/heads/b%d", i); i%2 == 0 {
			want = append(want, name)
		} else {
			blocked[name] = 1
		}
	}
	slices.Sort(want)
	if got := s.refs(); !slices.Equal(got, want) {
		t.Errorf("the server has %v, want %v", got, want)
	}
	for _, e := range s.events() {
		name := e["refs"].([]any)[0].(map[string]any)["ref"].(string)
		if blocked[name]--; e["event"] != "block" || e["finding_count"] != 1.0 {
			t.Errorf("an event: %v", e)
		}
	}
	for name, n := range blocked {
		if n != 0 {
			t.Errorf("%s: the log has %d lines too few", name, n)
		}
	}
}

// TestHookKilled: a hook that ends by a signal has not let anything through.
func TestHookKilled(t *testing.T) {
	s := newHookServer(t, "")
	dir := s.work("work", "clean\n")
	for _, signal := range []string{"KILL", "TERM", "INT"} {
		// The rules come through a pipe that nobody writes to: the hook is stopped in its midst.
		pipe := mkfifo(t)
		s.check(os.WriteFile(s.policy, fmt.Appendf(nil, "rules = [%q]\ntime = \"1m\"\n", pipe), 0o600))
		s.hook(`rummage hook pre-receive --policy "` + s.policy + `" & sleep 0.3; kill -` + signal + ` $!; sleep 0.1; kill -KILL $! 2>/dev/null; wait $!`)
		if ok, told := s.push(dir, s.dir, "HEAD:refs/heads/main"); ok || len(s.refs()) > 0 {
			t.Errorf("SIG%s: landed\n%s", signal, told)
		}
	}
	s.write("")
	s.hook(`exec rummage hook pre-receive --policy "` + s.policy + `"`)
	if ok, told := s.push(dir, s.dir, "HEAD:refs/heads/main"); !ok {
		t.Errorf("a clean push afterwards: %s", told)
	}
}

// TestHookTerminated: an interrupt refuses the push, in one line, also where the policy lets through what was not searched: while
// the ref lines are awaited, and while the push is searched, here for an object that does not come to its end.
func TestHookTerminated(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for _, searching := range []bool{false, true} {
			p := newMadePush(t)
			p.tip = p.commit(p.loose("tree", treeOf("100644 f", made)), "")
			pipe := filepath.Join(p.quarantine, made[:2], made[2:])
			p.check(os.MkdirAll(filepath.Dir(pipe), 0o700))
			p.check(syscall.Mkfifo(pipe, 0o600))
			dir := t.TempDir()
			policy, log, rules := filepath.Join(dir, "policy.toml"), filepath.Join(dir, "log"), mkfifo(t)
			p.check(os.WriteFile(policy, fmt.Appendf(nil, "time = \"1m\"\nfail = \"open\"\naudit = %q\nrules = [%q]\n", log, rules), 0o600))
			cmd := exec.Command("rummage", "hook", "pre-receive", "--policy", policy)
			cmd.Dir = p.server
			cmd.Env = append(os.Environ(), "GIT_DIR=.", "GIT_QUARANTINE_PATH="+p.quarantine, "GIT_OBJECT_DIRECTORY="+p.quarantine,
				"GIT_ALTERNATE_OBJECT_DIRECTORIES="+filepath.Join(p.server, "objects"))
			in, err := cmd.StdinPipe()
			p.check(err)
			s := start(t, cmd)
			pipeRules(t, rules, slowRules)
			_, err = fmt.Fprintf(in, "%s %s refs/heads/x\n", zeroID, p.tip)
			p.check(err)
			if searching {
				p.check(in.Close())
				waitFor(t, func() bool { // until somebody reads from the pipe
					fd, err := syscall.Open(pipe, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
					if err == nil {
						t.Cleanup(func() { syscall.Close(fd) })
					}
					return err == nil
				})
			}
			s.signal(signal)
			if code := s.exit(); code != exitError || s.stderr.String() != "rummage: push refused: interrupted\n" {
				t.Errorf("%v, searching: %v: exit code %d: %s", signal, searching, code, s.stderr.Bytes())
			}
			if text, err := os.ReadFile(log); err != nil || !bytes.Contains(text, []byte(`"event":"interrupted"`)) {
				t.Errorf("%v, searching: %v: the log: %v %s", signal, searching, err, text)
			}
			in.Close()
		}
	}
}

// TestHookCannot: whatever the hook cannot do refuses the push, in one line that names it, also where the policy lets through
// what was not searched.
func TestHookCannot(t *testing.T) {
	s := newHookServer(t, "")
	clean, secret := s.work("clean", "nothing\n"), s.work("secret", "token: "+newToken(t, 1)+"\n")
	run := `rummage hook pre-receive --policy "` + s.policy + `"`
	for _, c := range []struct {
		name  string
		setup func()
		dir   string
		told  string // empty: nothing reaches the pusher
	}{
		{"no policy", func() { s.check(os.Remove(s.policy)) }, clean, "no such file"},
		{"policy is a folder", func() { s.check(errors.Join(os.Remove(s.policy), os.Mkdir(s.policy, 0o755))) }, clean, "is a directory"},
		{"policy is no policy", func() { s.write("fail = \"maybe\"") }, clean, "fail"},
		{"no standard input", func() { s.hook("exec " + run + " <&-") }, clean, "ref lines"},
		{"no output", func() { s.hook("exec " + run + " >&- 2>&-") }, secret, ""},
		{"the pusher has gone", func() {
			s.hook("(" + run + "; echo $? >" + s.at + "/code) 2>&1 | true; sleep 0.3; exit $(cat " + s.at + "/code)")
		}, secret, ""},
		{"log in no folder", func() { s.check(os.RemoveAll(filepath.Dir(s.log))) }, secret, "cannot be recorded"},
		{"full disk", func() { s.hook("ulimit -f 0; trap '' XFSZ; exec " + run) }, secret, "cannot be recorded"},
		{"log is a link", func() { s.check(os.Symlink("/dev/null", s.log)) }, secret, "not a regular file"},
	} {
		s.check(os.RemoveAll(s.policy))
		s.check(os.RemoveAll(s.log))
		s.check(os.MkdirAll(filepath.Dir(s.log), 0o755))
		s.write("fail = \"open\"\n")
		s.hook("exec " + run)
		c.setup()
		ok, told := s.push(c.dir, s.dir, "HEAD:refs/heads/main")
		if ok || len(s.refs()) > 0 {
			t.Errorf("%s: landed\n%s", c.name, told)
		}
		if !strings.Contains(squeeze(told), squeeze(c.told)) {
			t.Errorf("%s: told %q, want %q", c.name, told, c.told)
		}
	}
}

// TestHookTransports: pushes over HTTP and over git's own protocol are as those over a path.
func TestHookTransports(t *testing.T) {
	transports := map[string]func(*testing.T, *hookServer) string{"http": serveHTTP, "git": serveDaemon}
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			s := newHookServer(t, "")
			runGit(t, s.dir, "config", "receive.advertisePushOptions", "true")
			runGit(t, s.dir, "config", "http.receivepack", "true")
			url := serve(t, s)
			dir := s.work("work", "nothing\n")
			land := func(want bool, args ...string) string {
				t.Helper()
				ok, told := s.push(dir, append([]string{url}, args...)...)
				if ok != want {
					t.Fatalf("push %v landed: %v\n%s", args, ok, told)
				}
				return told
			}
			land(true, "HEAD:refs/heads/main")
			s.commit(dir, "config", "more\n")
			runGit(t, dir, "tag", "-a", "-m", "v", "v1")
			land(true, "HEAD:refs/heads/main", "HEAD:refs/heads/other", "v1")
			runGit(t, dir, "commit", "-q", "--amend", "-m", "again")
			land(true, "-f", "HEAD:refs/heads/main", ":refs/heads/other")
			token := newToken(t, 2)
			s.commit(dir, "config", "token: "+token+"\n")
			told := land(false, "HEAD:refs/heads/main")
			for _, want := range []string{"remote: rummage: push refused: 1 finding", "config:1", "pre-receive hook declined"} {
				if !strings.Contains(told, want) {
					t.Errorf("told %q, without %q", told, want)
				}
			}
			if strings.Contains(told, token) {
				t.Errorf("told the token: %s", told)
			}
			land(false, "HEAD:refs/heads/new", "v1:refs/tags/v2") // all or nothing
			id := s.events()[0]["findings"].([]any)[0].(map[string]any)["fingerprint"].(string)
			land(true, "-o", "rummage.allow="+id, "-o", "rummage.reason=a test", "HEAD:refs/heads/main")
			land(true, ":refs/tags/v1")
			if got := s.refs(); !slices.Equal(got, []string{"refs/heads/main"}) {
				t.Errorf("the server has %v", got)
			}
		})
	}
}

func serveHTTP(t *testing.T, s *hookServer) string {
	t.Helper()
	git, err := exec.LookPath("git")
	s.check(err)
	server := httptest.NewServer(&cgi.Handler{Path: git, Args: []string{"http-backend"}, InheritEnv: []string{"PATH"},
		Env: []string{"GIT_PROJECT_ROOT=" + s.at, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=someone"}})
	t.Cleanup(server.Close)
	return server.URL + "/server.git"
}

// freePort is a port that nobody had a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func serveDaemon(t *testing.T, s *hookServer) string {
	t.Helper()
	for range 20 { // another program may have taken the port meanwhile
		if url, ok := tryDaemon(t, s, freePort(t)); ok {
			return url
		}
	}
	t.Fatal("git daemon does not run")
	return ""
}

func tryDaemon(t *testing.T, s *hookServer, port string) (url string, ok bool) {
	t.Helper()
	cmd := exec.Command("git", "daemon", "--reuseaddr", "--listen=127.0.0.1", "--port="+port, "--base-path="+s.at, "--export-all", "--enable=receive-pack")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // git starts the daemon as a child
	s.check(cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	url = "git://127.0.0.1:" + port + "/server.git"
	waitFor(t, func() bool {
		select {
		case <-ended:
			return true
		default:
			ok = gitCommand("", "ls-remote", url).Run() == nil
			return ok
		}
	})
	return url, ok
}

// TestHookChroot: where there is nothing but the program and the repository, no git and no shell, the hook does what it does.
func TestHookChroot(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	buildStatic(t, filepath.Join(root, "rummage"))
	p := newMadePush(t)
	content := []byte("token: " + p.token + "\n")
	p.pack(whole(3, objectID("blob", content), content))
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", objectID("blob", content))), "")
	server := filepath.Join(root, "srv", "server.git")
	p.check(os.MkdirAll(filepath.Dir(server), 0o755))
	p.check(os.Rename(p.server, server))
	rules, err := os.ReadFile("testdata/rules.toml")
	p.check(err)
	p.check(os.WriteFile(filepath.Join(root, "rules.toml"), rules, 0o644))
	p.check(os.WriteFile(filepath.Join(root, "policy.toml"), []byte("rules = [\"/rules.toml\"]\naudit = \"/audit\"\ntime = \"1m\"\n"), 0o644))
	cmd := exec.Command("/rummage", "hook", "pre-receive", "--policy", "/policy.toml")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	cmd.Dir = "/srv/server.git"
	quarantine := "/srv/server.git/./objects/" + filepath.Base(p.quarantine)
	cmd.Env = []string{"GIT_DIR=.", "GIT_QUARANTINE_PATH=" + quarantine, "GIT_OBJECT_DIRECTORY=" + quarantine,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=/srv/server.git/./objects"}
	cmd.Stdin = strings.NewReader(zeroID + " " + p.tip + " refs/heads/x\n")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "push refused: 1 finding") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if log, err := os.ReadFile(filepath.Join(root, "audit")); err != nil || !bytes.Contains(log, []byte(`"event":"block"`)) {
		t.Errorf("the log: %v %s", err, log)
	}
}
