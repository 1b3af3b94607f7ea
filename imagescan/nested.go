package imagescan

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// kind is a kind of archive or compression, told by its first bytes.
type kind string

const (
	notArchive kind = ""
	kindTar    kind = "tar"
	kindGzip   kind = "gzip"
	kindZstd   kind = "zstd"
	kindZip    kind = "zip"
	// These are told apart and not opened.
	kindXZ    kind = "xz"
	kindBzip2 kind = "bzip2"
	kind7z    kind = "7z"
)

// sniffed is how many bytes are looked at to tell archives.
const sniffed = 512

// magics are the first bytes of archives.
var magics = []struct {
	kind  kind
	begin string
}{
	{kindGzip, "\x1f\x8b\x08"}, {kindZstd, "\x28\xb5\x2f\xfd"}, {kindZip, "PK\x03\x04"}, {kindXZ, "\xfd7zXZ\x00"}, {kindBzip2, "BZh"}, {kind7z, "7z\xbc\xaf\x27\x1c"},
}

// archiveKind tells an archive by its first 512 bytes.
func archiveKind(head []byte) kind {
	for _, m := range magics {
		if len(head) > 10 && bytes.HasPrefix(head, []byte(m.begin)) {
			if m.kind == kindBzip2 && !bytes.HasPrefix(head[4:], []byte("1AY&SY")) {
				continue
			}
			return m.kind
		}
	}
	if isTar(head) {
		return kindTar
	}
	return notArchive
}

// isTar says whether a block is the header of a tar archive: its checksum says so, whatever its dialect (POSIX.1-1988,
// ustar).
func isTar(block []byte) bool {
	if len(block) < 512 {
		return false
	}
	var want int64
	digits := strings.Trim(string(block[148:156]), " \x00")
	if digits == "" || len(digits) > 8 {
		return false
	}
	for _, d := range digits {
		if d < '0' || d > '7' {
			return false
		}
		want = want<<3 | int64(d-'0')
	}
	var unsigned, signed int64
	for i, b := range block[:512] {
		if i >= 148 && i < 156 {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return want == unsigned || want == signed
}

// decompress opens a compressed stream within the bounds. window bounds that of a zstd stream, in bytes.
func decompress(k kind, r io.Reader, b *budget, window uint64) (io.ReadCloser, error) {
	taken := &counted{r: r}
	switch k {
	case kindGzip:
		z, err := gzip.NewReader(taken)
		if err != nil {
			return nil, err
		}
		return readCloser{&expanded{r: z, taken: taken, b: b}, z.Close}, nil
	case kindZstd:
		z, err := zstd.NewReader(taken, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return readCloser{&expanded{r: windowed{z}, taken: taken, b: b}, func() error { z.Close(); return nil }}, nil
	}
	return nil, fmt.Errorf("%s is not opened", k)
}

// Windows of zstd streams, in bytes: that which every level but the highest does with, and what zstd's own tools take
// without being asked for more. One stream at a time has more than usualWindow.
const (
	usualWindow = 16 << 20
	maxWindow   = 128 << 20
)

// windowed tells a window that is too large from damage.
type windowed struct{ *zstd.Decoder }

func (d windowed) Read(p []byte) (int, error) {
	n, err := d.Decoder.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = &limitError{"a zstd stream with too large a window"}
	}
	return n, err
}

// decompress is decompress of what the walker comes by.
func (w *walker) decompress(k kind, r *bufio.Reader) (io.ReadCloser, error) {
	head, _ := r.Peek(zstd.HeaderMaxSize)
	var h zstd.Header
	if k != kindZstd || h.Decode(head) != nil || h.WindowSize <= usualWindow && (!h.SingleSegment || h.FrameContentSize <= usualWindow) {
		return decompress(k, r, w.b, usualWindow)
	}
	if w.wide {
		return nil, &limitError{"zstd streams with large windows in one another"}
	}
	release := w.large()
	z, err := decompress(k, r, w.b, maxWindow)
	if err != nil {
		release()
		return nil, err
	}
	w.wide = true
	return readCloser{z, func() error {
		w.wide = false
		release()
		return z.Close()
	}}, nil
}

// large waits until the walker is the only one that holds much memory: a zip archive, a wide window.
func (w *walker) large() (release func()) {
	if w.alone {
		return func() {}
	}
	w.b.large.Lock()
	w.alone = true
	return func() {
		w.alone = false
		w.b.large.Unlock()
	}
}

type readCloser struct {
	io.Reader
	close func() error
}

func (c readCloser) Close() error { return c.close() }

// archive searches what an archive in a layer holds. done says that nothing is left to do with the file. What is damaged is
// searched as far as it goes, and counted.
func (w *walker) archive(k kind, e *entry, r io.Reader, size int64, depth int) (done bool, err error) {
	switch k {
	case kindXZ, kindBzip2, kind7z:
		w.report.unopened.add(e.path)
		return false, nil
	}
	if depth >= w.b.limits.Depth {
		w.report.limit(e.path, fmt.Sprintf("more than %d archives in one another", w.b.limits.Depth))
		return false, nil
	}
	switch k {
	case kindTar:
		err = w.archived(e, r, e.path+nestedMark, len(e.file()), depth+1)
	case kindGzip, kindZstd:
		err = w.compressed(k, e, r, depth)
	case kindZip:
		done, err := w.zip(e, r, size, depth)
		if err != nil && w.fatal(err) {
			return true, err
		}
		w.failed(e.path, err)
		return done, nil
	}
	if err == nil {
		return true, nil
	}
	if w.fatal(err) {
		return true, err
	}
	w.failed(e.path, err)
	return true, w.plain(e, r) // the rest as it is
}

// nestedMark stands between the path of an archive and that in it.
const nestedMark = "!"

// failed counts an archive that could not be read to its end.
func (w *walker) failed(name string, err error) {
	switch {
	case err == nil:
	case isLimit(err):
		w.report.limit(name, err.Error())
	default:
		w.report.broken.add(name + ": " + err.Error())
	}
}

// compressed searches a compressed file, or the archive that it compresses.
func (w *walker) compressed(k kind, e *entry, r io.Reader, depth int) error {
	z, err := w.decompress(k, bufio.NewReaderSize(r, sniffed))
	if err != nil {
		return err
	}
	defer z.Close()
	if err := w.b.takeEntry(); err != nil {
		return err
	}
	in := entry{path: e.path + nestedMark + "/" + uncompressedName(e.path), outer: len(e.file()), public: e.public}
	return w.inner(&in, z, -1, depth+1, e.path)
}

// inner searches a file in an archive. A tar archive in a compressed file goes by the name of that.
func (w *walker) inner(e *entry, r io.Reader, size int64, depth int, compressed string) error {
	head := make([]byte, sniffed)
	n, err := readFull(r, head)
	if err != nil && err != io.EOF {
		if n > 0 {
			_ = w.plain(e, bytes.NewReader(head[:n]))
		}
		return err
	}
	r = io.MultiReader(bytes.NewReader(head[:n]), r)
	switch k := archiveKind(head[:n]); {
	case k == kindTar && compressed != "" && depth <= w.b.limits.Depth:
		return w.archived(e, r, compressed+nestedMark, e.outer, depth)
	case k != notArchive:
		if done, err := w.archive(k, e, r, size, depth); done || err != nil {
			return err
		}
	}
	return w.plain(e, r)
}

// uncompressedName is what a compressed file is called when it is not.
func uncompressedName(name string) string {
	base := path.Base(name)
	for _, end := range []string{".gz", ".tgz", ".zst", ".gzip"} {
		if s, ok := strings.CutSuffix(base, end); ok && s != "" {
			return s
		}
	}
	return base
}

// largeZip is the size from which a zip archive is worth a run of the collector, in bytes.
const largeZip = 16 << 20

// zip searches the files of a zip archive, which is held in memory for that. done says whether it was one.
func (w *walker) zip(e *entry, r io.Reader, size int64, depth int) (done bool, err error) {
	limit := w.b.limits.Archive - w.held // of one in another, both are held
	if size > limit {
		return false, &limitError{fmt.Sprintf("a zip archive of more than %d bytes", limit)}
	}
	defer w.large()()
	if size > largeZip {
		runtime.GC() // the one before is not needed any more, and both together would be the peak
	}
	data, err := readSized(r, size, limit, "a zip archive")
	if err != nil {
		return true, err
	}
	w.held += int64(len(data))
	defer func() { w.held -= int64(len(data)) }()
	if n := bytes.Count(data, []byte(zipEntry)); n > maxZipEntries {
		return true, w.plainAfter(e, data, &limitError{fmt.Sprintf("a zip archive of more than %d files", maxZipEntries)})
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return true, w.plainAfter(e, data, err)
	}
	// Files of a zip archive may overlap: it is all of them that are bounded by its size.
	out := &expanded{taken: &counted{n: int64(len(data))}, b: w.b}
	for _, f := range z.File {
		if err := w.b.takeEntry(); err != nil {
			return true, err
		}
		if len(f.Name) > maxName {
			w.report.limit(e.path+nestedMark+shortened(f.Name), tooLong)
			continue
		}
		if strings.HasSuffix(f.Name, "/") {
			if f.CompressedSize64 <= emptyDeflated {
				continue
			}
			f.Name = strings.TrimRight(f.Name, "/") // package zip would not read it
		}
		in := entry{path: e.path + nestedMark + clean(f.Name), outer: len(e.file()), public: e.public}
		if err := w.zipped(&in, f, out, depth+1); err != nil {
			if w.fatal(err) {
				return true, err
			}
			w.failed(in.path, err)
		}
	}
	return true, nil
}

// emptyDeflated is the size of nothing, deflated: what some programs write for a folder.
const emptyDeflated = 2

// zipEntry begins the entries of the directory of a zip archive. maxZipEntries bounds them: package zip makes some hundred
// bytes of each.
const (
	zipEntry      = "PK\x01\x02"
	maxZipEntries = 1 << 18
)

// plainAfter searches what is no archive after all.
func (w *walker) plainAfter(e *entry, data []byte, why error) error {
	if err := w.plain(e, bytes.NewReader(data)); err != nil {
		return err
	}
	return why
}

func (w *walker) zipped(e *entry, f *zip.File, out *expanded, depth int) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	out.r = r
	return w.inner(e, out, int64(f.UncompressedSize64&(1<<62-1)), depth, "")
}
