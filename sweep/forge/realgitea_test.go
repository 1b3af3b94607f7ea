package forge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rummage/sweep/forge"
)

// TestRealGitea asks a real Gitea, which it starts: RUMMAGE_TEST_GITEA is the program, built with SQLite, and
// RUMMAGE_TEST_GITEA_ROOT the folder of its source, which has its templates. Without them it is skipped.
func TestRealGitea(t *testing.T) {
	program, root := os.Getenv("RUMMAGE_TEST_GITEA"), os.Getenv("RUMMAGE_TEST_GITEA_ROOT")
	if program == "" || root == "" {
		t.Skip("no RUMMAGE_TEST_GITEA and RUMMAGE_TEST_GITEA_ROOT")
	}
	g := startGitea(t, program, root)
	g.post(t, "/orgs", `{"username":"acme"}`)
	for i := range 7 {
		g.post(t, "/orgs/acme/repos", fmt.Sprintf(`{"name":"repo-%d","private":%v,"auto_init":%v,"default_branch":"trunk"}`, i, i%2 == 1, i > 0))
	}
	g.post(t, "/user/repos", `{"name":"own","auto_init":true}`)
	g.post(t, "/repos/acme/repo-1/forks", `{}`)
	g.post(t, "/repos/acme/repo-2/wiki/new", `{"title":"Home","content_base64":"aGVsbG8K","message":"x"}`)
	g.do(t, http.MethodPut, "/repos/acme/repo-3/topics/go", ``)
	g.do(t, http.MethodPatch, "/repos/acme/repo-4", `{"archived":true}`)

	open := func(owner string, o forge.Options) *forge.Forge {
		return open(t, forge.Config{Kind: forge.Gitea, URL: g.url, Owner: owner, Wikis: true}, o)
	}
	got, err := list(t, open("acme", forge.Options{Token: token(g.token)}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		r := got[fmt.Sprintf("acme/repo-%d", i)]
		want := forge.Repository{ID: r.ID, Name: r.Name, CloneURL: g.url + "/" + r.Name + ".git", WebURL: g.url + "/" + r.Name, Network: r.ID,
			Visibility: either(i%2 == 1, "private", "public"), Archived: i == 4, Empty: i == 0, DefaultBranch: "trunk", Size: r.Size, PushedAt: r.PushedAt, Topics: r.Topics}
		if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", want) || r.ID == "" || r.PushedAt.IsZero() || (i == 3) != (strings.Join(r.Topics, " ") == "go") {
			t.Errorf("%+v, not\n%+v", r, want)
		}
	}
	all := open("", forge.Options{Token: token(g.token)})
	seen, err := list(t, all)
	if err != nil || len(seen) != 7+7+2+1 { // forks have no wiki there
		t.Errorf("all that may be seen: %s %v", names(seen), err)
	}
	if fork := seen["jo/repo-1"]; !fork.Fork || fork.Network != got["acme/repo-1"].ID {
		t.Errorf("the fork: %+v", fork)
	}
	for _, name := range []string{"acme/repo-1", "acme/repo-2.wiki", "jo/own"} {
		user, password, err := all.CredentialFor(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		env := []string{"FORGE_USER=" + user, "FORGE_PASSWORD=" + password}
		helper := `credential.helper=!f() { echo "username=$FORGE_USER"; echo "password=$FORGE_PASSWORD"; }; f`
		if out, err := tryGit(t.TempDir(), env, "-c", helper, "clone", "-q", seen[name].CloneURL, "clone"); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	public, err := list(t, open("acme", forge.Options{}))
	if err != nil || strings.Contains(names(public), "repo-1") || !strings.Contains(names(public), "acme/repo-2 ") {
		t.Errorf("without a token: %s %v", names(public), err)
	}
	if users, err := list(t, open("jo", forge.Options{Token: token(g.token)})); err != nil || names(users) != "jo/own jo/own.wiki jo/repo-1" {
		t.Errorf("of a user: %s %v", names(users), err)
	}
	_, err = list(t, open("nobody", forge.Options{Token: token(g.token)}))
	mustBe(t, err, forge.NotFound)
	_, err = list(t, open("acme", forge.Options{Token: token(strings.Repeat("0", 40))}))
	mustBe(t, err, forge.Denied)
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// realGitea is a Gitea that runs.
type realGitea struct{ url, token string }

// startGitea starts a Gitea of its own in a temporary folder, with an administrator, and pages of three at most.
func startGitea(t *testing.T, program, root string) *realGitea {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	g := &realGitea{url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	config := filepath.Join(dir, "app.ini")
	text := fmt.Sprintf("RUN_MODE = prod\nWORK_PATH = %s\nRUN_USER = %s\n[server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = %d\nROOT_URL = %s/\nSTATIC_ROOT_PATH = %s\nOFFLINE_MODE = true\nDISABLE_SSH = true\n"+
		"[database]\nDB_TYPE = sqlite3\nPATH = %s/gitea.db\n[security]\nINSTALL_LOCK = true\n[api]\nMAX_RESPONSE_ITEMS = 3\n[log]\nLEVEL = Error\n", dir, userName(), port, g.url, root, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, append(args, "--config", config)...)
		cmd.Env = append(os.Environ(), "GITEA_WORK_DIR="+dir, "HOME="+dir, "GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true")
		return cmd
	}
	must := func(args ...string) string {
		out, err := run(args...).CombinedOutput()
		if err != nil {
			t.Fatalf("gitea %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	must("migrate")
	must("admin", "user", "create", "--username", "jo", "--email", "jo@example.com", "--random-password", "--admin", "--must-change-password=false")
	lines := strings.Fields(must("admin", "user", "generate-access-token", "--username", "jo", "--token-name", "test", "--scopes", "all", "--raw"))
	g.token = lines[len(lines)-1]
	web := run("web")
	var log bytes.Buffer
	web.Stdout, web.Stderr = &log, &log
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = web.Process.Kill()
		_ = web.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for range 300 {
		if res, err := http.Get(g.url + "/api/v1/version"); err == nil {
			res.Body.Close()
			return g
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("gitea did not come up")
	return nil
}

func userName() string {
	out, _ := exec.Command("id", "-un").Output()
	return strings.TrimSpace(string(out))
}

func (g *realGitea) post(t *testing.T, path, body string) {
	t.Helper()
	g.do(t, http.MethodPost, path, body)
}

func (g *realGitea) do(t *testing.T, method, path, body string) {
	t.Helper()
	req, err := http.NewRequest(method, g.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+g.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, said)
	}
	if len(said) > 0 && !json.Valid(said) {
		t.Fatalf("%s %s: no JSON", method, path)
	}
}
