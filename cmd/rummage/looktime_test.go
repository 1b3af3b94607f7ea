package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/detect/example"
)

// TestImageTimeout: a registry stops in the middle of an image. What was found until the time is over is told, and that
// the rest was not read, in the image's row too.
func TestImageTimeout(t *testing.T) {
	token, err := example.Expand("{{checksum github ghp_}}", 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := newOCIDir(t)
	read := layer{tarOf(t, [2]string{"config", "token = " + token + "\n"}), gzipOf, types.OCILayer, "COPY config /"}
	hung := layer{tarOf(t, [2]string{"other", "nothing"}), gzipOf, types.OCILayer, "COPY other /"}
	dir.roots(dir.image(&v1.ConfigFile{OS: "linux", Architecture: "amd64"}, nil, read, hung))
	digest := dir.blob(hung.kind, gzipOf(t, hung.tar)).Digest.String()

	inner := newRegistry()
	defer inner.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, digest) {
			inner.Config.Handler.ServeHTTP(w, r)
			return
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	host := server.Listener.Addr().String()
	image := dir.push(host)
	compose := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(compose, []byte("services: {app: {image: \""+image+"\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"image", image}, {"files", "--images", "--registry", host, compose}} {
		args = append(args, "--no-progress", "--image-timeout", "2s", "--show-secrets", "-f")
		out, err := exec.Command("rummage", append(args, "json")...).Output()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitError {
			t.Fatalf("%s: %v", args[0], err)
		}
		s := readSeen(t, out)
		if places := s.places[token]; !slices.Equal(places, []string{"/config in 1"}) {
			t.Errorf("%s: found at %q", args[0], places)
		}
		if len(s.images) != 1 || s.images[0].Complete || s.images[0].Secrets != 1 {
			t.Errorf("%s: images %+v", args[0], s.images)
		}
		if s.scan.Interrupted || s.scan.ProblemCount != 1 || !strings.Contains(s.scan.Problems[0].Why, "not read in 2s (--image-timeout)") {
			t.Errorf("%s: %+v", args[0], s.scan)
		}
	}
}
