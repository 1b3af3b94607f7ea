package forge_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// TestRemember: a server that remembers gives what a fork has of its own to who has the rest, without a program; whoever has less gets
// what git gives.
func TestRemember(t *testing.T) {
	origin := bare(t, "one")
	fork := filepath.Join(t.TempDir(), "fork.git")
	git(t, t.TempDir(), "clone", "-q", "--bare", origin, fork)
	line := func(args ...string) string { return strings.TrimSpace(git(t, fork, args...)) }
	had := line("rev-parse", "HEAD")
	text := filepath.Join(t.TempDir(), "own")
	if err := os.WriteFile(text, []byte("own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blob := line("hash-object", "-w", text)
	line("update-index", "--add", "--cacheinfo", "100644,"+blob+",own")
	own := line("-c", "user.name=a", "-c", "user.email=a@example.com", "commit-tree", "-m", "own", "-p", had, line("write-tree"))
	line("update-ref", "HEAD", own)
	s := start(t, forgetest.Config{Kind: forge.GitHub, Token: secret(), Repos: []forgetest.Repo{
		{ID: 1, Name: "acme/one", Dir: origin}, {ID: 2, Name: "acme/fork", Dir: fork, ForkOf: 1}}})
	if err := s.Remember(); err != nil {
		t.Fatal(err)
	}
	ask := func(lines ...string) string {
		t.Helper()
		var body bytes.Buffer
		for _, line := range lines {
			if line == "" {
				body.WriteString("0000")
				continue
			}
			fmt.Fprintf(&body, "%04x%s\n", len(line)+5, line)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/acme/fork.git/git-upload-pack", &body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
		req.SetBasicAuth("x", secret())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res.Status, err)
		}
		return string(data)
	}
	want := "want " + own + " side-band-64k ofs-delta agent=git/test"
	if got := ask(want, "", "done"); strings.HasPrefix(got, "0031ACK ") || !strings.Contains(got, "PACK") {
		t.Errorf("with nothing in common: %.60q", got)
	}
	t.Setenv("PATH", t.TempDir()) // there is no git
	got := ask(want, "", "have "+had, "done")
	pack, found := strings.CutPrefix(got, "0031ACK "+had+"\n")
	var size int
	if _, err := fmt.Sscanf(pack, "%04x", &size); !found || err != nil || size < 5 || pack[4] != 1 || pack[size:] != "0000" {
		t.Fatalf("%.80q: %v", got, err)
	}
	if objects := pack[5+8 : 5+12]; objects != "\x00\x00\x00\x03" {
		t.Errorf("%q objects, want a commit, a tree and a blob", objects)
	}
	if got := ask(want, "", "done"); strings.Contains(got, "PACK") {
		t.Errorf("without what is in common: %.60q", got)
	}
}
