package imagescan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rummage/scan"
)

// The paths of what is in no layer. Angle brackets cannot be mistaken for a file of an image: those are absolute.
const (
	PathConfig      = "<config>"
	PathManifest    = "<manifest>"
	PathProvenance  = "<provenance>"
	PathSBOM        = "<sbom>"
	PathAttestation = "<attestation>"
)

// resolver follows the descriptors of one root.
type resolver struct {
	s     *Source
	store store
	root  root
	seen  map[string]bool // digests of manifests
	// about are the images of the root by their digests, and by those of the indexes that they stand in; attestations wait
	// until all of them are known. unwanted are the digests of images of platforms that were not asked for.
	about    map[string][]*image
	unwanted map[string]bool
	waiting  []attested
}

// attested is a manifest that says something about another one.
type attested struct {
	d       descriptor
	subject string // digest
}

// resolveTarget finds the images of a target. The error is the context's.
func (s *Source) resolveTarget(ctx context.Context, t *Target) error {
	images, layers := len(s.images), len(s.layers)
	err := s.resolveStore(ctx, t)
	if t.stream != nil {
		s.placeOrphans(t, images, layers)
	}
	for _, img := range s.images[images:] {
		img.target = t.name
	}
	return err
}

// placeOrphans makes images of layers that came in a stream and that no image has: what is found in them has a place. Where
// the stream was read to its end and only some platforms were asked for, they are those of others.
func (s *Source) placeOrphans(t *Target, images, layers int) {
	known := map[*layer]bool{}
	for _, img := range s.images[images:] {
		for _, l := range img.layers {
			known[l] = true
		}
	}
	if len(s.o.Platforms) > 0 && s.troubles[t.name] == "" {
		return
	}
	for _, l := range s.layers[layers:] {
		if !known[l] {
			s.images = append(s.images, &image{name: t.name, layers: []*layer{l}, instructions: []string{""}})
		}
	}
}

// resolveStore finds the images of what a target has. The error is the context's.
func (s *Source) resolveStore(ctx context.Context, t *Target) error {
	st := t.store
	before := len(s.images)
	if t.stream != nil {
		stream, err := s.readStream(ctx, t)
		if err != nil {
			if err := s.targetFailed(ctx, t.name, err); err != nil || !stream.isImages() {
				return err
			}
		}
		st = stream
	}
	roots, err := st.roots(ctx)
	if err != nil {
		return s.targetFailed(ctx, t.name, err)
	}
	for i, r := range roots {
		if i == maxManifests {
			err := &limitError{fmt.Sprintf("more than %d images", maxManifests)}
			if err := s.targetFailed(ctx, t.name, err); err != nil {
				return err
			}
			break
		}
		if err := s.resolveRoot(ctx, st, r); err != nil {
			return err
		}
	}
	if a, ok := st.(interface{ saved() ([]savedImage, error) }); ok {
		images, err := a.saved()
		if err != nil {
			return s.targetFailed(ctx, t.name, err)
		}
		if err := s.resolveSaved(ctx, st, images, s.images[before:]); err != nil {
			return err
		}
	}
	if len(s.images) == before {
		err := errors.New("no image was found" + s.narrowed())
		s.trouble(t.name, err)
		s.problem(t.name, err)
	}
	return nil
}

func (s *Source) narrowed() string {
	if len(s.o.Platforms) == 0 {
		return ""
	}
	return " for " + strings.Join(s.o.Platforms, ", ")
}

func (s *Source) targetFailed(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.trouble(name, err)
	s.lost(scan.SkipUnreadable, name, err)
	return nil
}

func (s *Source) resolveRoot(ctx context.Context, st store, r root) error {
	if !s.wants(r.Platform) {
		return nil
	}
	res := &resolver{s: s, store: st, root: r, seen: map[string]bool{}, about: map[string][]*image{}, unwanted: map[string]bool{}}
	if err := res.manifest(ctx, r.descriptor, 0); err != nil {
		return err
	}
	for _, digest := range slices.Sorted(maps.Keys(res.about)) {
		refs, err := st.referrers(ctx, digest)
		if err != nil {
			if err := res.failed(ctx, "referrers of "+digest, err); err != nil {
				return err
			}
			continue
		}
		for _, d := range refs {
			res.waiting = append(res.waiting, attested{d, digest})
		}
	}
	for i := 0; i < len(res.waiting); i++ {
		if err := res.attestation(ctx, res.waiting[i]); err != nil {
			return err
		}
	}
	return nil
}

// failed counts what could not be read. The error is the context's.
func (r *resolver) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() == nil {
		r.s.trouble(r.root.name, err)
	}
	return r.s.targetFailed(ctx, r.root.name+": "+what, err)
}

// read is a content in full, and verified.
func (r *resolver) read(ctx context.Context, d descriptor, bound int64, what string) ([]byte, error) {
	data := d.Data
	if len(data) == 0 || int64(len(data)) != d.Size && d.Size > 0 {
		rc, err := r.store.open(ctx, d)
		if err != nil {
			return nil, err
		}
		defer rc.Close()
		if data, err = readBounded(contextReader{ctx, rc}, bound, what); err != nil {
			return nil, err
		}
	}
	if got := digestBytes(data); strings.HasPrefix(d.Digest, "sha256:") && got != d.Digest {
		return nil, fmt.Errorf("its bytes are those of %s", got)
	}
	return data, nil
}

func digestBytes(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// manifest follows a manifest or an index. The error is the context's.
func (r *resolver) manifest(ctx context.Context, d descriptor, depth int) error {
	if d.Digest == "" {
		return r.failed(ctx, "a manifest", errors.New("no digest"))
	}
	if r.seen[d.Digest] {
		return nil
	}
	if depth > maxNesting || len(r.seen) >= maxManifests {
		return r.failed(ctx, "manifest "+d.Digest, &limitError{"too many manifests, or indexes in one another"})
	}
	r.seen[d.Digest] = true
	data, err := r.read(ctx, d, maxManifest, "a manifest")
	if err != nil {
		return r.failed(ctx, "manifest "+d.Digest, err)
	}
	m, err := parseManifest(data)
	if err == nil {
		err = m.asCache()
	}
	if err != nil {
		return r.failed(ctx, d.Digest, err)
	}
	if !m.isIndex() {
		return r.image(ctx, d, m, data)
	}
	before := len(r.s.images)
	for _, child := range m.Manifests {
		switch {
		case child.Annotations[annotationReferenceType] != "" && child.Annotations[annotationReferenceDigest] != "":
			r.waiting = append(r.waiting, attested{child, child.Annotations[annotationReferenceDigest]})
		case !r.s.wants(child.Platform):
			r.unwanted[child.Digest] = true
		default:
			if err := r.manifest(ctx, child, depth+1); err != nil {
				return err
			}
		}
	}
	// What an index says of itself stands in no image; it is told with each of them.
	r.about[d.Digest] = slices.Clone(r.s.images[before:])
	return r.document(ctx, r.about[d.Digest], PathManifest, data)
}

// wants says whether a platform was asked for. One that is not known is not left out.
func (s *Source) wants(p *platform) bool {
	name := p.String()
	if len(s.o.Platforms) == 0 || name == "" {
		return true
	}
	return slices.ContainsFunc(s.o.Platforms, func(want string) bool {
		return name == want || strings.HasPrefix(name, want+"/")
	})
}

// image adds an image with its configuration and layers.
func (r *resolver) image(ctx context.Context, d descriptor, m *manifest, raw []byte) error {
	if m.Subject != nil && m.Subject.Digest != "" && r.about[m.Subject.Digest] != nil {
		delete(r.seen, d.Digest)
		r.waiting = append(r.waiting, attested{d, m.Subject.Digest})
		return nil
	}
	return r.addImage(ctx, d, m, raw)
}

// addImage is image for what is about no other one, or is more than a document about it.
func (r *resolver) addImage(ctx context.Context, d descriptor, m *manifest, raw []byte) error {
	img := &image{name: r.root.name, digest: d.Digest, platform: d.Platform.String()}
	c := &imageConfig{}
	var config []byte
	if m.Config.Digest != "" {
		var err error
		if config, err = r.read(ctx, m.Config, maxDocument, "a configuration"); err == nil {
			err = parseJSON(config, c)
		}
		if err != nil {
			if err := r.failed(ctx, "configuration "+m.Config.Digest, err); err != nil {
				return err
			}
		}
	}
	if p := c.platform.String(); p != "" && img.platform == "" {
		if !r.s.wants(&c.platform) {
			r.unwanted[d.Digest] = true
			return nil
		}
		img.platform = p
	}
	r.s.images = append(r.s.images, img)
	of := []*image{img}
	r.about[d.Digest] = of
	if err := r.document(ctx, of, PathManifest, raw); err != nil {
		return err
	}
	if err := r.document(ctx, of, PathConfig, config); err != nil {
		return err
	}
	img.config = m.Config.Digest
	var documents []descriptor
	layers := slices.DeleteFunc(slices.Clone(m.Layers), func(l descriptor) bool {
		if !isStatement(l) {
			return false
		}
		documents = append(documents, l)
		return true
	})
	if err := r.s.addLayers(img, r.store, c, layers); err != nil {
		if err := r.failed(ctx, "image "+d.Digest, err); err != nil {
			return err
		}
	}
	for _, l := range documents {
		if err := r.statement(ctx, of, l); err != nil {
			return err
		}
	}
	return nil
}

// addLayers gives an image its layers; those that another image has too are the same.
func (s *Source) addLayers(img *image, st store, c *imageConfig, layers []descriptor) error {
	if s.references += len(layers); s.references > maxReferences {
		return &limitError{fmt.Sprintf("more than %d layers of all images", maxReferences)}
	}
	known := len(c.RootFS.DiffIDs) == len(layers)
	for i, d := range layers {
		diffID := ""
		if known {
			diffID = c.RootFS.DiffIDs[i]
		}
		img.layers = append(img.layers, s.layerOf(diffID, d, st))
	}
	img.instructions = instructions(c.History, len(layers))
	return nil
}

// layerKey is what makes two layers the same: their bytes. A DiffID alone does not, as it is only what a configuration
// claims, and neither does a digest that is not checked.
type layerKey struct {
	diffID, digest string
	store          store
	member         string
}

func (s *Source) layerOf(diffID string, d descriptor, st store) *layer {
	if w, ok := st.(interface{ walked(descriptor) *layer }); ok {
		if l := w.walked(d); l != nil { // it came by in a stream
			switch {
			case l.diffID == "":
				l.diffID = diffID
			case diffID != "" && l.diffID != diffID:
				err := fmt.Errorf("uncompressed, its bytes are those of %s, not of %s", l.diffID, diffID)
				s.trouble(l, err)
				s.problem(l.name(), err)
			}
			return l
		}
	}
	key := layerKey{diffID: diffID, digest: d.Digest}
	if !strings.HasPrefix(d.Digest, "sha256:") {
		key.store, key.member = st, d.Annotations[annotationMember]
		if a, ok := st.(*archive); ok {
			key.member = a.target(key.member)
		}
	}
	l := s.byKey[key]
	if l == nil {
		l = &layer{diffID: diffID, d: d, store: st}
		s.layers = append(s.layers, l)
		s.byKey[key] = l
	}
	return l
}

// document has a document of images searched. The error is the context's.
func (r *resolver) document(ctx context.Context, of []*image, path string, data []byte) error {
	if len(data) == 0 || len(of) == 0 {
		return nil
	}
	if err := r.s.addDocument(ctx, of, path, data); err != nil {
		return r.failed(ctx, path, err)
	}
	return nil
}
