package imagescan

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// archive is a tar archive of images: an OCI layout, or what docker save writes (manifest.json beside configurations and
// layers), or both in one. Members are read where they stand in the file.
type archive struct {
	name    string
	file    io.ReaderAt
	close   func() error
	members map[string]member
}

// member is where a file stands in an archive, in bytes.
type member struct {
	offset, size int64
	link         string // of a link: the member that it means
}

// maxMembers bounds the members of an archive of images.
const maxMembers = 1 << 17

// openArchive reads the headers of a file. images says whether it is an archive of images; otherwise it is the file system
// of one.
func openArchive(label string, f *os.File) (a *archive, images bool, err error) {
	a = &archive{name: label, file: f, close: f.Close, members: map[string]member{}}
	r := &seeker{f: f}
	t := tar.NewReader(r)
	for len(a.members) < maxMembers {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if len(a.members) == 0 {
				return nil, false, fmt.Errorf("%s: no tar archive: %w", label, err)
			}
			break // what is damaged is told by whoever reads it
		}
		name := strings.TrimPrefix(clean(h.Name), "/")
		if isSystem(name) && !a.isImages() {
			return a, false, nil // no need to read all of it twice
		}
		m := member{offset: r.at, size: h.Size}
		if h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink {
			m.link = linkTarget(h)
		}
		a.members[name] = m
	}
	return a, a.isImages(), nil
}

// systemFolders are in the file systems of images, and in no archive of images.
var systemFolders = []string{"bin", "boot", "dev", "etc", "home", "lib", "lib64", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var"}

// isSystem says whether a member is of a file system. An archive of images that has such a one all the same is searched as
// one: its layers are archives in it.
func isSystem(member string) bool {
	top, _, _ := strings.Cut(member, "/")
	return slices.Contains(systemFolders, top)
}

// linkTarget is the member that a link means: docker save wrote links for layers that an archive has twice.
func linkTarget(h *tar.Header) string {
	if h.Typeflag == tar.TypeSymlink {
		return strings.TrimPrefix(clean(path.Join(path.Dir(h.Name), h.Linkname)), "/")
	}
	return strings.TrimPrefix(clean(h.Linkname), "/")
}

func (a *archive) isImages() bool {
	_, saved := a.members["manifest.json"]
	_, index := a.members["index.json"]
	_, mark := a.members["oci-layout"]
	return saved || index && mark
}

// seeker reads a file and skips what is not needed without reading it.
type seeker struct {
	f  *os.File
	at int64
}

func (s *seeker) Read(p []byte) (int, error) {
	n, err := s.f.ReadAt(p, s.at)
	s.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker, as archive/tar uses it to skip.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		s.at = offset
	case io.SeekCurrent:
		s.at += offset
	default:
		info, err := s.f.Stat()
		if err != nil {
			return 0, err
		}
		s.at = info.Size() + offset
	}
	return s.at, nil
}

// target follows the links of the archive.
func (a *archive) target(name string) string {
	name = strings.TrimPrefix(clean(name), "/")
	for range 8 {
		m := a.members[name]
		if m.link == "" {
			break
		}
		name = m.link
	}
	return name
}

// member opens a member.
func (a *archive) member(name string) (io.ReadCloser, error) {
	m, ok := a.members[a.target(name)]
	if !ok || m.link != "" {
		return nil, fmt.Errorf("the archive has no %q", name)
	}
	return io.NopCloser(&exactly{io.NewSectionReader(a.file, m.offset, m.size), m.size}), nil
}

// exactly fails where a member is shorter than its header says.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (a *archive) roots(context.Context) ([]root, error) {
	index, err := a.small("index.json")
	if err != nil || index == nil {
		return nil, err
	}
	return rootsOf(a.name, index)
}

// small is a member in full, nil if there is none.
func (a *archive) small(name string) ([]byte, error) {
	if _, ok := a.members[name]; !ok {
		return nil, nil
	}
	r, err := a.member(name)
	if err != nil {
		return nil, err
	}
	data, err := readBounded(r, maxManifest, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// open opens a content by its digest, or by the name of a member where a descriptor of ours has one.
func (a *archive) open(_ context.Context, d descriptor) (io.ReadCloser, error) {
	if name := d.Annotations[annotationMember]; name != "" {
		return a.member(name)
	}
	name, err := blobPath(d.Digest)
	if err != nil {
		return nil, err
	}
	return a.member(name)
}

func (a *archive) referrers(context.Context, string) ([]descriptor, error) { return nil, nil }

func (a *archive) Close() error { return a.close() }

// annotationMember names a member of an archive in descriptors made for it.
const annotationMember = "rummage.member"

// savedImage is an image of manifest.json.
type savedImage struct {
	archiveManifest
	name string
}

// saved are the images of manifest.json.
func (a *archive) saved() ([]savedImage, error) {
	data, err := a.small("manifest.json")
	if err != nil || data == nil {
		return nil, err
	}
	return savedImages(a.name, data)
}

func savedImages(name string, data []byte) ([]savedImage, error) {
	var list []archiveManifest
	if err := parseJSON(data, &list); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if len(list) > maxManifests {
		return nil, &limitError{"too many images in manifest.json"}
	}
	var images []savedImage
	for _, m := range list {
		if len(m.Layers) > maxLayers {
			return nil, &limitError{fmt.Sprintf("manifest.json: %d layers, more than %d", len(m.Layers), maxLayers)}
		}
		label := name
		if len(m.RepoTags) > 0 && len(list) > 1 {
			label += " (" + m.RepoTags[0] + ")"
		}
		images = append(images, savedImage{m, label})
	}
	return images, nil
}

// rootFS is a file that is itself the file system of an image, such as docker export writes.
type rootFS struct {
	file *os.File
}

func (r *rootFS) roots(context.Context) ([]root, error) { return nil, nil }

func (r *rootFS) open(context.Context, descriptor) (io.ReadCloser, error) {
	info, err := r.file.Stat()
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bufio.NewReader(io.NewSectionReader(r.file, 0, info.Size()))), nil
}

func (r *rootFS) referrers(context.Context, string) ([]descriptor, error) { return nil, nil }

func (r *rootFS) Close() error { return r.file.Close() }

// saved is the one image: a layer without a configuration.
func (r *rootFS) saved() ([]savedImage, error) {
	return []savedImage{{archiveManifest{Layers: []string{""}}, r.file.Name()}}, nil
}

// openFile opens an archive of images, or of a file system, by what it holds.
func openFile(name string) (Target, error) {
	f, err := os.Open(name)
	if err != nil {
		return Target{}, err
	}
	t, err := targetOf(name, f)
	if err != nil {
		f.Close()
	}
	return t, err
}

func targetOf(name string, f *os.File) (Target, error) {
	info, err := f.Stat()
	if err != nil {
		return Target{}, err
	}
	if !info.Mode().IsRegular() {
		return Target{}, fmt.Errorf("%s: neither a regular file nor a directory", name)
	}
	head := make([]byte, sniffed)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return Target{}, err
	}
	switch archiveKind(head[:n]) {
	case kindTar:
		a, images, err := openArchive(name, f)
		if err != nil {
			return Target{}, err
		}
		if images {
			return Target{name: name, store: a}, nil
		}
		return Target{name: name, store: &rootFS{f}}, nil
	case kindGzip, kindZstd:
		return compressedTarget(name, f)
	}
	return Target{}, errors.New(name + ": no tar archive, compressed or not")
}
