package imagescan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/imagescan/internal/dnstest"
	"rummage/imagescan/internal/netguard"
)

// site is a registry in this process, behind a handler that may answer in its place by returning true.
type site struct {
	t       *testing.T
	host    string // host:port of the registry
	options RegistryOptions
	mu      sync.Mutex
	asked   []*http.Request
	instead func(w http.ResponseWriter, r *http.Request) bool
}

// newSite starts a registry over plain http at 127.0.0.1, or over TLS at registry.example.com. There is no Docker
// configuration.
func newSite(t *testing.T, secure bool, options ...fake.Option) *site {
	t.Helper()
	dockerConfig(t, "")
	s := &site{t: t}
	inner := fake.New(append(options, fake.Logger(log.New(io.Discard, "", 0)))...)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Clone(context.Background()))
		instead := s.instead
		s.mu.Unlock()
		if instead == nil || !instead(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.host = server.Listener.Addr().String()
	s.options = RegistryOptions{idle: 100 * time.Millisecond, backoff: remote.Backoff{Duration: time.Millisecond, Factor: 1, Steps: 2}}
	if secure {
		_, port, _ := net.SplitHostPort(s.host)
		s.host = "registry.example.com:" + port
		s.options.tls = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		s.options.tls.ServerName = "example.com"
		s.options.resolver = dnstest.Resolver(map[string][]string{
			"registry.example.com": {"127.0.0.1"}, "auth.example.com": {"127.0.0.1"}, "cdn.example.com": {"127.0.0.1"}, "inside.example.com": {"10.0.0.1"},
		})
	}
	s.options.Allow = []string{s.host}
	return s
}

// dockerConfig makes a text the only Docker configuration that there is.
func dockerConfig(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	for _, v := range []string{"DOCKER_CONFIG", "HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"} {
		t.Setenv(v, dir)
	}
	t.Setenv("REGISTRY_AUTH_FILE", "")
	t.Setenv("DOCKER_AUTH_CONFIG", "")
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *site) answer(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead, s.asked = f, nil
}

func (s *site) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *site) open(reference string) store {
	s.t.Helper()
	st, err := openRegistry(s.t.Context(), reference, s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { st.Close() })
	return st
}

// push stores an image or an index. The client of the test goes by the address, whatever the registry's name is.
func (s *site) push(reference string, what remote.Taggable) {
	s.t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		s.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.host)
	transport := &http.Transport{TLSClientConfig: s.options.tls.Clone(), DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	defer transport.CloseIdleConnections()
	if err := remote.Push(ref, what, remote.WithTransport(transport)); err != nil {
		s.t.Fatal(err)
	}
}

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(500, 2)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, d interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := d.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// theRoot is the one root of a store.
func theRoot(t *testing.T, st store) root {
	t.Helper()
	roots, err := st.roots(t.Context())
	if err != nil || len(roots) != 1 {
		t.Fatalf("%d roots: %v", len(roots), err)
	}
	return roots[0]
}

// content reads all of a content.
func content(t *testing.T, st store, d descriptor) ([]byte, error) {
	t.Helper()
	rc, err := st.open(t.Context(), d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

func TestRegistryImage(t *testing.T) {
	s, img := newSite(t, false), randomImage(t)
	s.push(s.host+"/team/app:1", img)
	for _, reference := range []string{s.host + "/team/app:1", s.host + "/team/app@" + digestOf(t, img)} {
		st := s.open(reference)
		r := theRoot(t, st)
		raw, err := img.RawManifest()
		if err != nil {
			t.Fatal(err)
		}
		if r.name != reference || r.Digest != digestOf(t, img) || r.Size != int64(len(raw)) || string(r.Data) != string(raw) || r.MediaType != string(types.DockerManifestSchema2) {
			t.Errorf("%+v", r)
		}
		manifest, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range append(manifest.Layers, manifest.Config) {
			got, err := content(t, st, descriptor{MediaType: string(d.MediaType), Digest: d.Digest.String(), Size: d.Size})
			if h, _, _ := v1.SHA256(strings.NewReader(string(got))); err != nil || h != d.Digest {
				t.Errorf("%s: %s, %v", d.Digest, h, err)
			}
		}
		// By its descriptor alone, and with a media type that says nothing.
		for _, mediaType := range []string{r.MediaType, "application/json"} {
			if got, err := content(t, st, descriptor{MediaType: mediaType, Digest: r.Digest, Size: r.Size}); string(got) != string(raw) {
				t.Errorf("%q: %v", got, err)
			}
		}
		// What a descriptor carries is taken when it is what the digest says.
		s.answer(nil)
		if got, err := content(t, st, r.descriptor); string(got) != string(raw) || len(s.requests()) != 0 {
			t.Errorf("%q: %v, %d requests", got, err, len(s.requests()))
		}
		forged := r.descriptor
		forged.Data = []byte("{}")
		if got, err := content(t, st, forged); string(got) != string(raw) {
			t.Errorf("%q: %v", got, err)
		}
	}
}

func TestRegistryIndex(t *testing.T) {
	s := newSite(t, false)
	index, err := random.Index(300, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	s.push(s.host+"/app:multi", index)
	st := s.open(s.host + "/app:multi")
	if r := theRoot(t, st); r.MediaType != string(types.OCIImageIndex) || r.Digest != digestOf(t, index) {
		t.Errorf("%+v", r)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Manifests {
		if got, err := content(t, st, descriptor{MediaType: string(m.MediaType), Digest: m.Digest.String(), Size: m.Size}); int64(len(got)) != m.Size || err != nil {
			t.Errorf("%d bytes of %d: %v", len(got), m.Size, err)
		}
		if _, err := content(t, st, descriptor{MediaType: string(m.MediaType), Digest: m.Digest.String(), Size: m.Size - 1}); err == nil {
			t.Error("a manifest of another size is read")
		}
	}
	for _, r := range s.requests() {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			t.Error("a manifest is asked for as a blob")
		}
	}
}

// TestReferrers: those of the API or of the tag in its stead, and cosign's tags.
func TestReferrers(t *testing.T) {
	for _, api := range []bool{false, true} {
		s, img := newSite(t, false, fake.WithReferrersSupport(api)), randomImage(t)
		s.push(s.host+"/app:1", img)
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		st := s.open(s.host + "/app:1")
		if got, err := st.referrers(t.Context(), digest.String()); len(got) != 0 || err != nil {
			t.Fatalf("%v, %v", got, err)
		}
		size, err := img.Size()
		if err != nil {
			t.Fatal(err)
		}
		attestation := mutate.Subject(mutate.MediaType(randomImage(t), types.OCIManifestSchema1), v1.Descriptor{MediaType: types.DockerManifestSchema2, Digest: digest, Size: size}).(v1.Image)
		s.push(s.host+"/app@"+digestOf(t, attestation), attestation)
		tag := s.host + "/app:" + strings.Replace(digest.String(), ":", "-", 1)
		want := []string{digestOf(t, attestation)}
		for _, ending := range []string{".att", ".sbom", ".sig"} {
			signed := randomImage(t)
			s.push(tag+ending, signed)
			want = append(want, digestOf(t, signed))
		}
		found, err := st.referrers(t.Context(), digest.String())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range found {
			got = append(got, d.Digest)
			if raw, err := content(t, st, d); int64(len(raw)) != d.Size || err != nil {
				t.Errorf("%+v: %v", d, err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("api %v: %v, want %v", api, got, want)
		}
		// The same manifest under a tag is told once.
		s.push(tag+".sig", attestation)
		if found, err := st.referrers(t.Context(), digest.String()); len(found) != 3 || err != nil {
			t.Errorf("%d, %v", len(found), err)
		}
	}
}

func TestReferrersErrors(t *testing.T) {
	s, img := newSite(t, false, fake.WithReferrersSupport(true)), randomImage(t)
	s.push(s.host+"/app:1", img)
	st, digest := s.open(s.host+"/app:1"), digestOf(t, img)
	empty := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[{"digest":%q,"size":3}]}`, types.OCIImageIndex, digest)
	for _, c := range []struct {
		what, path, mediaType, link string
		status, found               int
		want                        string
	}{
		{"parameters", "/referrers/", "application/vnd.oci.image.index.v1+json; charset=utf-8", "", 200, 1, ""},
		{"pages", "/referrers/", string(types.OCIImageIndex), `</v2/app/referrers/x?n=2>; rel="next"`, 200, 0, "several pages"},
		{"denied", "/referrers/", "", "", 403, 0, "HTTP 403"},
		{"denied tag", ".att", "", "", 403, 0, "HTTP 403"},
		{"failing tag", ".sig", "", "", 500, 0, "HTTP 500"},
		{"no tag", ".sig", "", "", 404, 0, ""},
	} {
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, c.path) {
				return false
			}
			w.Header().Set("Content-Type", c.mediaType)
			w.Header().Set("Link", c.link)
			w.WriteHeader(c.status)
			fmt.Fprint(w, empty)
			return true
		})
		found, err := st.referrers(t.Context(), digest)
		if len(found) != c.found || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d found, %v", c.what, len(found), err)
		}
	}
}

func TestMissing(t *testing.T) {
	s := newSite(t, false)
	s.push(s.host+"/app:1", empty.Image)
	for _, reference := range []string{s.host + "/app:2", s.host + "/other:1"} {
		_, err := s.open(reference).roots(t.Context())
		if !errors.Is(err, errNotFound) || !strings.Contains(err.Error(), reference) || !strings.Contains(err.Error(), "HTTP 404") {
			t.Error(err)
		}
	}
	st := s.open(s.host + "/app:1")
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, mediaType := range []string{string(types.OCILayer), string(types.OCIManifestSchema1)} {
		if _, err := content(t, st, descriptor{MediaType: mediaType, Digest: digest, Size: 1}); !errors.Is(err, errNotFound) {
			t.Error(err)
		}
	}
	s.answer(nil)
	for _, d := range []descriptor{{}, {Digest: "sha256:../../x", Size: 1}, {MediaType: string(types.OCIManifestSchema1), Digest: "sha256:../x", Size: 1}, {Digest: "md5:" + strings.Repeat("a", 32), Size: 1}, {Digest: digest, Size: -1}} {
		if _, err := st.open(t.Context(), d); err == nil {
			t.Errorf("%+v is opened", d)
		}
	}
	if _, err := st.referrers(t.Context(), "latest"); err == nil || len(s.requests()) != 0 {
		t.Error(err)
	}
}

// TestLies: contents that are not what their digest and size say.
func TestLies(t *testing.T) {
	s, img := newSite(t, false), randomImage(t)
	s.push(s.host+"/app:1", img)
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer, st := manifest.Layers[0], s.open(s.host+"/app:1")
	d := descriptor{MediaType: string(layer.MediaType), Digest: layer.Digest.String(), Size: layer.Size}
	for _, lie := range []string{strings.Repeat("x", int(layer.Size)), "x", strings.Repeat("x", int(layer.Size)+1)} {
		for _, chunked := range []bool{false, true} {
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/blobs/") {
					return false
				}
				if chunked {
					w.(http.Flusher).Flush() // and so no length is told
				}
				io.WriteString(w, lie)
				return true
			})
			if got, err := content(t, st, d); err == nil || len(got) > int(layer.Size) {
				t.Errorf("%d bytes of a blob are read: %v", len(got), err)
			}
		}
	}
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/") {
			io.WriteString(w, `{"schemaVersion":2}`)
			return true
		}
		return false
	})
	if _, err := s.open(s.host + "/app@" + digestOf(t, img)).roots(t.Context()); err == nil || !strings.Contains(err.Error(), "does not match") {
		t.Error(err)
	}
}

// TestEndless: answers that never end, or stall, end.
func TestEndless(t *testing.T) {
	s, img := newSite(t, false), randomImage(t)
	s.push(s.host+"/app:1", img)
	for _, c := range []struct {
		path string
		size int
		want error
	}{{"/manifests/1", 8<<20 + 1, netguard.ErrTooLong}, {"/v2/", 1 << 30, nil}} {
		var sent atomic.Int64
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, c.path) {
				return false
			}
			for chunk := make([]byte, 1<<16); int(sent.Load()) < c.size; {
				n, err := w.Write(chunk[:min(len(chunk), c.size-int(sent.Load()))])
				if sent.Add(int64(n)); err != nil {
					break
				}
			}
			return true
		})
		if _, err := s.open(s.host + "/app:1").roots(t.Context()); !errors.Is(err, c.want) || sent.Load() > 64<<20 {
			t.Errorf("%s: %d bytes sent, %v", c.path, sent.Load(), err)
		}
	}
	stop := make(chan struct{})
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.Write([]byte("x"))
		w.(http.Flusher).Flush()
		<-stop
		return true
	})
	defer close(stop)
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0]
	d := descriptor{MediaType: string(layer.MediaType), Digest: layer.Digest.String(), Size: layer.Size}
	if _, err := content(t, s.open(s.host+"/app:1"), d); !errors.Is(err, netguard.ErrStalled) {
		t.Error(err)
	}
}
