package imagescan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"rummage/imagescan/internal/netguard"
)

// cosignTags are the endings of the tags under which cosign stores what it says about a digest.
var cosignTags = []string{"att", "sbom", "sig"}

// referrers implements store: what the referrers API (or the tag that stands in for it) lists, and cosign's tags, of which
// the manifests come along. Where a registry answers with more than a page, there is an error: what is on the others is
// not known.
func (r *registry) referrers(ctx context.Context, digest string) ([]descriptor, error) {
	h, err := v1.NewHash(digest)
	if err != nil {
		return nil, fmt.Errorf("image %s: referrers of what is not a digest", r.canonical)
	}
	found, err := r.listed(ctx, r.ref.Context().Digest(h.String()))
	if err != nil {
		return nil, fmt.Errorf("image %s: referrers: %w", r.canonical, err)
	}
	known := map[string]bool{}
	for _, d := range found {
		known[d.Digest] = true
	}
	for _, ending := range cosignTags {
		tag := r.ref.Context().Tag(strings.Replace(h.String(), ":", "-", 1) + "." + ending)
		d, err := r.manifest(ctx, tag)
		switch {
		case errors.Is(err, errNotFound) || err == nil && known[d.Digest]:
		case err != nil:
			return nil, fmt.Errorf("image %s: tag %s: %w", r.canonical, tag.TagStr(), err)
		default:
			found = append(found, d)
		}
	}
	return found, nil
}

// listed asks the referrers API.
func (r *registry) listed(ctx context.Context, d name.Digest) ([]descriptor, error) {
	var more bool
	ctx = context.WithValue(netguard.Limit(ctx, maxManifest), pagesKey{}, &more)
	index, err := remote.Referrers(d, remote.WithContext(ctx), remote.Reuse(r.puller))
	if err != nil {
		return nil, r.explain(err)
	}
	if more {
		return nil, errors.New("the list has several pages")
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, errors.New("the list is not an index")
	}
	var found []descriptor
	for _, m := range list.Manifests {
		found = append(found, descriptor{
			MediaType: string(m.MediaType), Digest: m.Digest.String(), Size: m.Size,
			Annotations: m.Annotations, ArtifactType: m.ArtifactType, Data: m.Data, URLs: m.URLs,
		})
	}
	return found, nil
}
