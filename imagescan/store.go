package imagescan

import (
	"context"
	"io"
)

// descriptor refers to a content (OCI image specification, descriptor.md).
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"` // "sha256:…"
	Size         int64             `json:"size"`   // bytes
	Platform     *platform         `json:"platform"`
	Annotations  map[string]string `json:"annotations"`
	ArtifactType string            `json:"artifactType"`
	Data         []byte            `json:"data"` // the content itself, where it is small
	URLs         []string          `json:"urls"` // not followed
}

// platform is what an image runs on.
type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// String is "os/architecture[/variant]", empty where nothing is known.
func (p *platform) String() string {
	if p == nil || p.OS == "" && p.Architecture == "" {
		return ""
	}
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// root is an image, or an index of images, that a store was asked for.
type root struct {
	name string // as reports call it
	descriptor
}

// store has the contents of images: a registry, a layout, an archive. Its methods may be called from several goroutines.
type store interface {
	// roots are the images asked for, or all there are.
	roots(ctx context.Context) ([]root, error)
	// open reads a content as it is stored. Whoever reads checks its digest and bounds what it reads.
	open(ctx context.Context, d descriptor) (io.ReadCloser, error)
	// referrers are the manifests that say they are about the one of the digest: signatures, attestations, bills of
	// materials. A store that cannot tell has none.
	referrers(ctx context.Context, digest string) ([]descriptor, error)
	Close() error
}
