package imagescan

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// streamed is an archive of images that came by once, from its beginning to its end: what docker save writes to a pipe, or
// a compressed file. Its small members are kept, the others were walked as layers.
type streamed struct {
	archive
	small  map[string][]byte
	layers map[string]*layer
	links  map[string]string
}

// readStream reads an archive of images to its end, or as far as it goes.
func (s *Source) readStream(ctx context.Context, t *Target) (*streamed, error) {
	st := &streamed{small: map[string][]byte{}, layers: map[string]*layer{}, links: map[string]string{}}
	st.archive = archive{name: t.name, close: func() error { return nil }, members: map[string]member{}}
	rc, err := t.stream(ctx)
	if err != nil {
		return st, err
	}
	defer rc.Close()
	tr := tar.NewReader(bufio.NewReaderSize(contextReader{ctx, rc}, readAhead))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return st, fmt.Errorf("tar: %w", err)
		}
		if err := s.b.takeEntry(); err != nil {
			return st, err
		}
		if len(st.archive.members) >= maxMembers {
			return st, &limitError{"too many members"}
		}
		if err := s.streamMember(ctx, st, h, tr); err != nil {
			return st, err
		}
	}
	if _, err := io.Copy(io.Discard, rc); err != nil { // the writer of a pipe is to end in peace
		return st, err
	}
	if err := rc.Close(); err != nil {
		return st, err
	}
	if !st.isImages() {
		return st, errors.New("neither manifest.json nor index.json is in it: no archive of images")
	}
	return st, nil
}

// streamMember keeps or walks a member of the archive.
func (s *Source) streamMember(ctx context.Context, st *streamed, h *tar.Header, r io.Reader) error {
	if len(h.Name) > maxName || len(h.Linkname) > maxName {
		return &limitError{shortened(h.Name) + ": " + tooLong}
	}
	name := strings.TrimPrefix(clean(h.Name), "/")
	switch h.Typeflag {
	case tar.TypeSymlink, tar.TypeLink:
		st.members[name] = member{link: linkTarget(h)}
		return nil
	case tar.TypeReg, '\x00':
	default:
		return nil
	}
	st.members[name] = member{size: h.Size}
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && err != io.EOF {
		return err
	}
	if k := archiveKind(head); k != kindTar && k != kindGzip && k != kindZstd && h.Size <= maxDocument {
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		if s.docBytes += int64(len(data)); s.docBytes > maxDocuments {
			return &limitError{fmt.Sprintf("documents of more than %d bytes", maxDocuments)}
		}
		st.small[name] = data
		return nil
	}
	l := &layer{walked: true}
	if digest, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
		l.d.Digest = "sha256:" + digest
	}
	st.layers[name] = l
	s.layers = append(s.layers, l)
	return s.walk(ctx, l, in)
}

// roots are those of index.json.
func (s *streamed) roots(context.Context) ([]root, error) {
	if index := s.small["index.json"]; index != nil {
		return rootsOf(s.name, index)
	}
	return nil, nil
}

func (s *streamed) saved() ([]savedImage, error) {
	if data := s.small["manifest.json"]; data != nil {
		return savedImages(s.name, data)
	}
	return nil, nil
}

// memberOf is the member that a descriptor means.
func (s *streamed) memberOf(d descriptor) string {
	name := d.Annotations[annotationMember]
	if name == "" {
		name, _ = blobPath(d.Digest)
	}
	return s.archive.target(name)
}

func (s *streamed) open(_ context.Context, d descriptor) (io.ReadCloser, error) {
	name := s.memberOf(d)
	if data, ok := s.small[name]; ok {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	if _, ok := s.layers[name]; ok {
		return nil, errors.New("came in a stream, which cannot be read again")
	}
	return nil, fmt.Errorf("the archive has no %q", name)
}

// walked is a layer that came by.
func (s *streamed) walked(d descriptor) *layer { return s.layers[s.memberOf(d)] }

// compressedTarget is a compressed archive of images, or the compressed file system of one. Which it is, its headers tell.
func compressedTarget(name string, f *os.File) (Target, error) {
	open := func(ctx context.Context) (io.ReadCloser, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		in := bufio.NewReaderSize(contextReader{ctx, f}, readAhead)
		head, err := in.Peek(sniffed)
		if err != nil && err != io.EOF {
			return nil, err
		}
		return decompress(archiveKind(head), in, newBudget(Limits{}.withDefaults()), maxWindow)
	}
	r, err := open(context.Background())
	if err != nil {
		return Target{}, fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	t := tar.NewReader(r)
	for i := 0; i < maxMembers; i++ {
		h, err := t.Next()
		if err != nil && i == 0 {
			return Target{}, fmt.Errorf("%s: no tar archive: %w", name, err)
		}
		if err != nil {
			break
		}
		member := strings.TrimPrefix(clean(h.Name), "/")
		if isSystem(member) {
			break // no need to read all of it twice
		}
		if member == "manifest.json" || member == "index.json" || member == "oci-layout" {
			return Target{name: name, stream: open, file: f}, nil
		}
	}
	return Target{name: name, store: &rootFS{f}}, nil
}
