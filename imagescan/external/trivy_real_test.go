//go:build trivy

package external

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealTrivy runs the trivy that RUMMAGE_TRIVY names, an absolute path, on an archive made here:
//
//	RUMMAGE_TRIVY=/usr/bin/trivy go test -tags trivy -run RealTrivy ./imagescan/external
func TestRealTrivy(t *testing.T) {
	s := Trivy()
	if s.Argv[0] = os.Getenv("RUMMAGE_TRIVY"); s.Argv[0] == "" {
		t.Fatal("RUMMAGE_TRIVY does not say which trivy")
	}
	s.ArgvInput[0] = s.Argv[0]
	token := githubToken(t)
	archive := filepath.Join(t.TempDir(), "img.tar")
	if err := os.WriteFile(archive, savedImage(t, token), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Scan(context.Background(), Target{Input: archive, Name: "made"})
	if o.Incomplete != "" || o.Layers != 1 {
		t.Fatalf("%s, %d layers, %s\n%s", o.Incomplete, o.Layers, r.Version(), o.Stderr)
	}
	all := everything(o.Findings)
	if strings.Contains(all, token) {
		t.Error("the value is in the findings")
	}
	// Paths that trivy leaves out unless it is told otherwise are among them.
	for _, want := range []string{"/app/.env:1", "/app/test/notes.md:1", "/app/.git/config:1", "<config>:0"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing at %s:\n%s", want, all)
		}
	}
}

// githubToken has the form that trivy's rule github-pat wants, and belongs to nobody.
func githubToken(t *testing.T) string {
	t.Helper()
	b := make([]byte, 18)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return "ghp" + "_" + hex.EncodeToString(b)
}

// savedImage is an archive as docker save writes it, with one layer.
func savedImage(t *testing.T, token string) []byte {
	t.Helper()
	line := "GITHUB_TOKEN=" + token + "\n"
	layer := tarOf(t, map[string][]byte{"app/.env": []byte(line), "app/test/notes.md": []byte(line), "app/.git/config": []byte(line)})
	sum := sha256.Sum256(layer)
	config := encode(t, object{"architecture": "amd64", "os": "linux", "config": object{"Env": []string{strings.TrimSpace(line)}},
		"rootfs":  object{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
		"history": []object{{"created_by": "COPY app /app # buildkit"}}})
	manifest := encode(t, []object{{"Config": "config.json", "RepoTags": []string{"made:1"}, "Layers": []string{"layer.tar"}}})
	return tarOf(t, map[string][]byte{"layer.tar": layer, "config.json": config, "manifest.json": manifest})
}

func tarOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
