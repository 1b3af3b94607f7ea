package imagescan

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"

	"rummage/imagescan/internal/netguard"
)

// TestNotAllowed: nothing is asked of a registry that the user has not named.
func TestNotAllowed(t *testing.T) {
	s := newSite(t, false)
	for _, allow := range [][]string{nil, {"docker.io"}, {"127.0.0.1"}} {
		o := s.options
		o.Allow = allow
		_, err := openRegistry(t.Context(), s.host+"/app:1", o)
		if err == nil || !strings.Contains(err.Error(), "--registry "+s.host+" would allow it") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", allow, err)
		}
	}
	if len(s.requests()) != 0 {
		t.Errorf("%d requests", len(s.requests()))
	}
	named := s.options
	named.Allow, named.Named = nil, true
	s.push(s.host+"/app:1", empty.Image)
	st, err := openRegistry(t.Context(), s.host+"/app:1", named)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	theRoot(t, st)
	for reference, allow := range map[string]string{"alpine": "docker.io", "docker.io/x/y": "index.docker.io", "index.docker.io/x/y": "DOCKER.IO", "Registry.Example/x": "registry.example"} {
		if _, err := openRegistry(t.Context(), reference, RegistryOptions{Allow: []string{allow}}); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"-x", "x/--y", "a b", "https://registry.example/x", "me:word@registry.example/x", "$IMAGE", ""} {
		if _, err := openRegistry(t.Context(), bad, RegistryOptions{Named: true}); err == nil || strings.Contains(err.Error(), "word") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := openRegistry(t.Context(), "alpine", RegistryOptions{Allow: []string{"https://docker.io"}}); err == nil || !strings.Contains(err.Error(), "--registry: ") {
		t.Error(err)
	}
}

// TestRedirect: a blob may be elsewhere, where the credentials do not go; no private address is reached.
func TestRedirect(t *testing.T) {
	s, img := newSite(t, true), randomImage(t)
	s.push(s.host+"/app:1", img)
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0]
	d := descriptor{MediaType: string(layer.MediaType), Digest: layer.Digest.String(), Size: layer.Size}
	_, port, _ := net.SplitHostPort(s.host)
	dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, s.host, base64.StdEncoding.EncodeToString([]byte("me:correct-horse"))))
	for _, c := range []struct{ to, want string }{
		{"https://cdn.example.com:" + port, ""},
		{"https://inside.example.com", "10.0.0.1, is private (--registry inside.example.com would allow it)"},
		{"https://auth.example.com:" + port, "this machine"},
		{"https://10.0.0.1", "private"},
		{"http://cdn.example.com:" + port, "plain http"},
	} {
		s.options.Allow = []string{s.host, "cdn.example.com:" + port}
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			switch _, password, _ := r.BasicAuth(); {
			case strings.HasPrefix(r.Host, "cdn."):
				return false
			case password != "correct-horse":
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			case strings.Contains(r.URL.Path, "/blobs/"):
				http.Redirect(w, r, c.to+r.URL.Path+"?signature=correct-horse", http.StatusTemporaryRedirect)
				return true
			}
			return false
		})
		_, err := content(t, s.open(s.host+"/app:1"), d)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "correct-horse")) {
			t.Errorf("%s: %v", c.to, err)
		}
		elsewhere := 0
		for _, r := range s.requests() {
			if strings.HasPrefix(r.Host, "cdn.") {
				if elsewhere++; r.Header.Get("Authorization") != "" {
					t.Error("the credentials went elsewhere")
				}
			}
		}
		if want := c.want == ""; (elsewhere > 0) != want {
			t.Errorf("%s: %d requests elsewhere", c.to, elsewhere)
		}
	}
}

// TestResolvesToPrivate: the name of a registry that is not the user's own choice of a private one.
func TestResolvesToPrivate(t *testing.T) {
	s := newSite(t, true)
	_, port, _ := net.SplitHostPort(s.host)
	s.options.Allow = []string{s.host}
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example.com:`+port+`/token",service="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err := s.open(s.host + "/app:1").roots(t.Context())
	var refused *netguard.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "--registry auth.example.com:"+port) {
		t.Error(err)
	}
	for _, r := range s.requests() {
		if strings.HasPrefix(r.Host, "auth.") {
			t.Error("the realm was asked")
		}
	}
}
