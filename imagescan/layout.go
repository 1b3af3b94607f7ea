package imagescan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// layout is a directory with an OCI image layout (OCI image specification, image-layout.md). What it names cannot lead out
// of it.
type layout struct {
	name string
	dir  *os.Root
}

func openLayout(name string) (*layout, error) {
	dir, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	l := &layout{name, dir}
	if _, err := dir.Stat("index.json"); err != nil {
		dir.Close()
		return nil, fmt.Errorf("%s: a directory without index.json is no OCI layout (to search its files: rummage files)", name)
	}
	return l, nil
}

func (l *layout) roots(context.Context) ([]root, error) {
	data, err := l.file("index.json")
	if err != nil {
		return nil, err
	}
	return rootsOf(l.name, data)
}

func (l *layout) file(name string) ([]byte, error) {
	f, err := l.regular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, maxManifest, name)
}

func (l *layout) open(_ context.Context, d descriptor) (io.ReadCloser, error) {
	name, err := blobPath(d.Digest)
	if err != nil {
		return nil, err
	}
	return l.regular(name)
}

// regular opens a regular file. What is none is not opened: that of a pipe would wait for its writer.
func (l *layout) regular(name string) (*os.File, error) {
	info, err := l.dir.Stat(name)
	if err != nil {
		return nil, causeOf(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("no regular file")
	}
	f, err := l.dir.Open(name)
	if err != nil {
		return nil, causeOf(err)
	}
	return f, nil
}

func (l *layout) referrers(ctx context.Context, digest string) ([]descriptor, error) { return nil, nil }

func (l *layout) Close() error { return l.dir.Close() }

// causeOf is the error without the path that it was about, which the reader knows.
func causeOf(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// blobPath is where a layout has a content: blobs/sha256/….
func blobPath(digest string) (string, error) {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || !plainName(algorithm) || !plainName(hex) {
		return "", errors.New("no digest")
	}
	return "blobs/" + algorithm + "/" + hex, nil
}

// plainName says whether a part of a digest has letters and digits only.
func plainName(s string) bool {
	return s != "" && len(s) <= 128 && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) < 0
}

// rootsOf are the images of index.json of a layout. Attestations that stand beside their images are left to those.
func rootsOf(name string, index []byte) ([]root, error) {
	m, err := parseManifest(index)
	if err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	var roots []root
	for _, d := range m.Manifests {
		label := name
		if ref := cmp.Or(d.Annotations[annotationImageName], d.Annotations[annotationRefName]); ref != "" && len(m.Manifests) > 1 {
			label += " (" + ref + ")"
		}
		roots = append(roots, root{label, d})
	}
	return roots, nil
}
