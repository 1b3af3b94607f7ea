package imagescan

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"rummage/detect/imageref"
	"rummage/imagescan/internal/netguard"
)

const (
	// openBlobs is how many blobs of one registry may be open at a time; a further open waits.
	openBlobs = 16
)

var (
	// errNotFound is wrapped by the errors for contents that a registry does not have.
	errNotFound = errors.New("not found")
	errTooMuch  = errors.New("it has more bytes than its descriptor says")
)

// RegistryOptions say which registries may be asked. The zero value allows none.
type RegistryOptions struct {
	// Allow are the registries that may be asked, and other hosts that may have a private address: host, host:port or
	// [address]:port. One without a port has the ports 443 and 80.
	Allow []string
	// Named says that the user wrote the reference himself, and so allows its registry.
	Named bool

	// What tests set.
	resolver *net.Resolver
	tls      *tls.Config
	idle     time.Duration  // how long a body may give nothing; 0 is a minute
	backoff  remote.Backoff // between attempts; zero is that of package remote
}

// registry is the store of one reference to an image in a registry.
type registry struct {
	canonical string // the reference, as the user would write it in full
	ref       name.Reference
	guard     *netguard.Guard
	puller    *remote.Puller
	keys      *keychain
}

// openRegistry makes the store of the image that a reference names. It does not reach the network, and says so in one line
// when the registry may not be asked.
func openRegistry(_ context.Context, reference string, o RegistryOptions) (store, error) {
	canonical, why := imageref.Canonical(reference)
	if canonical == "" {
		return nil, fmt.Errorf("image %q: %s", shown(reference), why)
	}
	// What is canonical is checked already: the grammar of package name is a laxer one.
	ref, err := name.ParseReference(canonical)
	if err != nil {
		return nil, fmt.Errorf("image %q is not a reference", canonical)
	}
	host := ref.Context().RegistryStr()
	allow := hubNames(o.Allow)
	if o.Named {
		allow = append(allow, host)
	}
	hosts, err := netguard.ParseHosts(allow)
	if err != nil {
		return nil, fmt.Errorf("--registry: %w", err)
	}
	if !hosts.Has(host) {
		domain, _, _ := strings.Cut(canonical, "/")
		return nil, fmt.Errorf("image %s: the registry %s is not allowed (--registry %s would allow it)", canonical, domain, domain)
	}
	r := &registry{canonical: canonical, ref: ref, keys: &keychain{}}
	r.guard = netguard.New(hosts, netguard.Options{Resolver: o.resolver, TLS: o.tls, Idle: o.idle})
	options := []remote.Option{
		remote.WithTransport(&exchanges{r.guard, r.keys}), remote.WithAuthFromKeychain(r.keys),
		remote.WithUserAgent("rummage"), remote.WithJobs(openBlobs),
	}
	if o.backoff != (remote.Backoff{}) {
		options = append(options, remote.WithRetryBackoff(o.backoff))
	}
	if r.puller, err = remote.NewPuller(options...); err != nil {
		return nil, err
	}
	return r, nil
}

// shown is what an error tells of a text that is no reference: nothing of what stands where a URL has credentials.
func shown(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		text = "…" + text[at:]
	}
	if len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "") + "…"
	}
	return text
}

// roots implements store: the one manifest or index that the reference names, with its bytes.
func (r *registry) roots(ctx context.Context) ([]root, error) {
	d, err := r.manifest(ctx, r.ref)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", r.canonical, err)
	}
	return []root{{name: r.canonical, descriptor: d}}, nil
}

// manifest reads a manifest, whole. One that is asked for by its digest has it.
func (r *registry) manifest(ctx context.Context, ref name.Reference) (descriptor, error) {
	m, err := r.puller.Get(netguard.Limit(ctx, maxManifest), ref)
	if err != nil {
		return descriptor{}, r.explain(err)
	}
	return descriptor{
		MediaType: mediaTypeOf(string(m.MediaType), m.Manifest),
		Digest:    m.Digest.String(),
		Size:      int64(len(m.Manifest)),
		Data:      m.Manifest,
	}, nil
}

// digest is that of what the reference names.
func (r *registry) digest(ctx context.Context) (string, error) {
	if d, ok := r.ref.(name.Digest); ok {
		return d.DigestStr(), nil
	}
	head, err := r.puller.Head(netguard.Limit(ctx, maxManifest), r.ref)
	if err == nil {
		return head.Digest.String(), nil
	}
	d, err := r.manifest(ctx, r.ref) // not all answer HEAD with a digest
	return d.Digest, err
}

// open implements store. What it returns ends with an error where it is not what the descriptor says, by digest or size;
// a size of 0 is not known. Manifests are bounded, blobs by their size.
func (r *registry) open(ctx context.Context, d descriptor) (io.ReadCloser, error) {
	h, err := v1.NewHash(d.Digest) // it becomes part of a URL
	if err != nil || d.Size < 0 {
		return nil, fmt.Errorf("image %s: a descriptor without a digest or size", r.canonical)
	}
	if isContent(d.Data, h) {
		return io.NopCloser(bytes.NewReader(d.Data)), nil
	}
	first, second := r.openBlob, r.openManifest
	if isManifest(d.MediaType) {
		first, second = second, first
	}
	ref := r.ref.Context().Digest(h.String())
	rc, err := first(ctx, ref, d.Size)
	if errors.Is(err, errNotFound) {
		// An index may list what is no manifest, and of some manifests the media type tells nothing.
		if other, err2 := second(ctx, ref, d.Size); err2 == nil {
			return other, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %s: %w", r.canonical, h, err)
	}
	return rc, nil
}

func (r *registry) openManifest(ctx context.Context, ref name.Digest, size int64) (io.ReadCloser, error) {
	m, err := r.manifest(ctx, ref)
	if err != nil {
		return nil, err
	}
	if size != 0 && size != m.Size {
		return nil, fmt.Errorf("it has %d bytes, not %d", m.Size, size)
	}
	return io.NopCloser(bytes.NewReader(m.Data)), nil
}

func (r *registry) openBlob(ctx context.Context, ref name.Digest, size int64) (io.ReadCloser, error) {
	if size == 0 {
		size = math.MaxInt64
	}
	layer, err := r.puller.Layer(netguard.Limit(ctx, size), ref)
	if err != nil {
		return nil, r.explain(err)
	}
	rc, err := layer.Compressed()
	if err != nil {
		return nil, r.explain(err)
	}
	return &blob{rc, r, size}, nil
}

// blob is a blob that is not longer than it should be, and whose errors are told like the others.
type blob struct {
	io.ReadCloser
	r    *registry
	left int64
}

func (b *blob) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooMuch
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), errTooMuch
	}
	if err != nil && err != io.EOF {
		err = b.r.explain(err)
	}
	return n, err
}

// Close implements store. Contents that are open stay so.
func (r *registry) Close() error {
	r.guard.CloseIdleConnections()
	return nil
}

// isContent says whether bytes are a content.
func isContent(data []byte, h v1.Hash) bool {
	if len(data) == 0 {
		return false
	}
	sum, err := v1.Hasher(h.Algorithm)
	if err != nil {
		return false
	}
	sum.Write(data)
	return fmt.Sprintf("%x", sum.Sum(nil)) == h.Hex
}

// isManifest says whether registries serve a content of the media type as a manifest.
func isManifest(mediaType string) bool {
	switch mediaType {
	case "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
		"application/vnd.oci.artifact.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.docker.distribution.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws":
		return true
	}
	return false
}

// mediaTypeOf is what the header of an answer says, or the manifest itself where that is not the type of one.
func mediaTypeOf(header string, manifest []byte) string {
	mediaType, _, err := mime.ParseMediaType(header)
	if err == nil && isManifest(mediaType) {
		return mediaType
	}
	var own struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(manifest, &own) == nil && own.MediaType != "" {
		return own.MediaType
	}
	return mediaType
}

// hubNames gives the Docker Hub's names the one that it is asked by.
func hubNames(hosts []string) []string {
	out := make([]string, 0, len(hosts)+1)
	for _, h := range hosts {
		if strings.EqualFold(h, "docker.io") {
			h = name.DefaultRegistry
		}
		out = append(out, h)
	}
	return out
}

// exchanges is the transport under package remote, which it helps with answers about referrers: their type may have
// parameters, and there may be more than one page of them. What requests are authorized by is remembered as a secret.
type exchanges struct {
	guard http.RoundTripper
	keys  *keychain
}

type pagesKey struct{}

// RoundTrip implements http.RoundTripper.
func (e *exchanges) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, secret, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		e.keys.remember(secret)
	}
	resp, err := e.guard.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	more, ok := req.Context().Value(pagesKey{}).(*bool)
	if !ok || !strings.Contains(req.URL.Path, "/referrers/") || resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	if mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil {
		resp.Header.Set("Content-Type", mediaType)
	}
	*more = strings.Contains(resp.Header.Get("Link"), "next")
	return resp, nil
}
