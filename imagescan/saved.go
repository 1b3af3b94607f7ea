package imagescan

import (
	"context"
	"slices"
	"strings"
)

// resolveSaved adds the images of manifest.json, as docker save writes it. Their digest is that of the configuration, as
// Docker's own image ids are. Those that index.json has too are known, and are not added again. The error is the context's.
func (s *Source) resolveSaved(ctx context.Context, st store, images []savedImage, known []*image) error {
	for _, m := range images {
		r := &resolver{s: s, store: st, root: root{name: m.name}}
		img := &image{name: m.name}
		c := &imageConfig{}
		var config []byte
		if m.Config != "" {
			var err error
			if config, err = r.read(ctx, memberDescriptor(m.Config), maxDocument, "a configuration"); err == nil {
				err = parseJSON(config, c)
			}
			if err != nil {
				if err := r.failed(ctx, "configuration "+m.Config, err); err != nil {
					return err
				}
			}
			img.digest, img.platform = digestBytes(config), c.platform.String()
		}
		if !s.wants(&c.platform) {
			continue
		}
		var layers []descriptor
		for _, name := range m.Layers {
			layers = append(layers, memberDescriptor(name))
		}
		if slices.ContainsFunc(known, func(k *image) bool { return k.config == img.digest && k.has(layers) }) {
			continue
		}
		s.images = append(s.images, img)
		if err := r.document(ctx, []*image{img}, PathConfig, config); err != nil {
			return err
		}
		if err := s.addLayers(img, st, c, layers); err != nil {
			if err := r.failed(ctx, "layers", err); err != nil {
				return err
			}
		}
	}
	return nil
}

// has says whether these are the layers of the image, by their digests.
func (img *image) has(layers []descriptor) bool {
	return slices.EqualFunc(img.layers, layers, func(l *layer, d descriptor) bool { return d.Digest != "" && l.d.Digest == d.Digest })
}

// memberDescriptor is a member of an archive by its name, which may tell its digest.
func memberDescriptor(name string) descriptor {
	d := descriptor{Annotations: map[string]string{annotationMember: name}}
	if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && plainName(hex) {
		d.Digest = "sha256:" + hex
	}
	return d
}
