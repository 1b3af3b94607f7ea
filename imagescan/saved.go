package imagescan

import "context"

// resolveSaved adds the images of manifest.json, as docker save writes it. Their digest is that of the configuration, as
// Docker's own image ids are. The error is the context's.
func (s *Source) resolveSaved(ctx context.Context, st store, images []savedImage) error {
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
		s.images = append(s.images, img)
		if err := r.document(ctx, img, PathConfig, config); err != nil {
			return err
		}
		var layers []descriptor
		for _, name := range m.Layers {
			layers = append(layers, memberDescriptor(name))
		}
		s.addLayers(img, st, c, layers)
	}
	return nil
}

// memberDescriptor is a member of an archive by its name.
func memberDescriptor(name string) descriptor {
	return descriptor{Annotations: map[string]string{annotationMember: name}}
}
