package imagescan

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"rummage/detect/imageconfig"
)

// isStatement says whether a layer is a document of its own kind: an in-toto statement, a signature, a bill of materials.
func isStatement(d descriptor) bool {
	return strings.Contains(d.MediaType, "in-toto") || strings.Contains(d.MediaType, "json") || d.Annotations[annotationPredicate] != ""
}

// isFileSystem says whether a layer is one even of a manifest about another: the sources of an image, for example.
func isFileSystem(d descriptor) bool {
	return strings.Contains(d.MediaType, "tar") || strings.HasSuffix(d.MediaType, "gzip") || strings.HasSuffix(d.MediaType, "zstd")
}

// attestation reads a manifest about an image.
func (r *resolver) attestation(ctx context.Context, a attested) error {
	of := r.about[a.subject]
	switch {
	case r.unwanted[a.subject] || r.seen[a.d.Digest] && a.d.Digest != "":
		return nil
	case len(of) == 0: // about nothing that is here
		return r.manifest(ctx, a.d, 1)
	case len(r.seen) >= maxManifests:
		return r.failed(ctx, "attestation "+a.d.Digest, &limitError{"too many manifests"})
	}
	r.seen[a.d.Digest] = true
	data, err := r.read(ctx, a.d, maxManifest, "a manifest")
	if err != nil {
		return r.failed(ctx, "attestation "+a.d.Digest, err)
	}
	m, err := parseManifest(data)
	if err != nil {
		return r.failed(ctx, a.d.Digest, err)
	}
	if slices.ContainsFunc(m.Layers, isFileSystem) {
		return r.addImage(ctx, a.d, m, data)
	}
	if err := r.document(ctx, of, PathAttestation, data); err != nil {
		return err
	}
	if c := m.Config; c.Digest != "" {
		config, err := r.read(ctx, c, maxDocument, "a configuration")
		if err == nil {
			err = r.document(ctx, of, PathAttestation, config)
		} else {
			err = r.failed(ctx, "configuration "+c.Digest, err)
		}
		if err != nil {
			return err
		}
	}
	for _, l := range m.Layers {
		if err := r.statement(ctx, of, l); err != nil {
			return err
		}
	}
	for _, child := range m.Manifests {
		r.waiting = append(r.waiting, attested{child, a.subject})
	}
	return nil
}

// statement reads a document that a manifest has as a layer.
func (r *resolver) statement(ctx context.Context, of []*image, d descriptor) error {
	data, err := r.read(ctx, d, maxDocument, "an attestation")
	if err != nil {
		return r.failed(ctx, "attestation "+d.Digest, err)
	}
	if archiveKind(data[:min(len(data), sniffed)]) != notArchive {
		return r.disguised(ctx, of[0], d)
	}
	if signed := imageconfig.Embedded(data); len(signed) > 0 && signed[0].Name == imageconfig.StatementName {
		if err := r.document(ctx, of, PathAttestation, data); err != nil {
			return err
		}
		data = signed[0].Data
	}
	path := statementPath(d, data)
	if err := r.document(ctx, of, path, data); err != nil || path != PathProvenance {
		return err
	}
	for _, f := range imageconfig.Embedded(data) {
		if err := r.document(ctx, of, PathProvenance+"/"+f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// disguised has a layer that is no document, whatever it is called, read as a layer of its own.
func (r *resolver) disguised(ctx context.Context, of *image, d descriptor) error {
	img := &image{name: of.name, digest: of.digest, platform: of.platform}
	if err := r.s.addLayers(img, r.store, &imageConfig{}, []descriptor{d}); err != nil {
		return r.failed(ctx, "layer "+d.Digest, err)
	}
	r.s.images = append(r.s.images, img)
	return nil
}

// statementPath is the path of a statement, by its predicate.
func statementPath(d descriptor, data []byte) string {
	predicate := d.Annotations[annotationPredicate] + " " + d.MediaType
	switch {
	case strings.Contains(predicate, "provenance") || bytes.Contains(data, []byte("slsa.dev/provenance")):
		return PathProvenance
	case strings.Contains(predicate, "spdx") || strings.Contains(predicate, "cyclonedx"):
		return PathSBOM
	}
	return PathAttestation
}
