package imagescan

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"rummage/scan"
)

// walker goes through one layer: its archive, and the archives in that.
type walker struct {
	ctx      context.Context
	b        *budget
	fill     *filler
	table    *table     // nil where a layer is only read again
	git      *gitFiles  // nil where repositories are not gathered
	packages *packages  // nil as git
	report   *inArchive // what could not be read in archives
	held     int64      // bytes of zip archives in memory
	alone    bool       // it is the one that may hold much memory
	wide     bool       // it reads a zstd stream with a large window
}

// inArchive counts what archives in layers hold that could not be read.
type inArchive struct {
	broken   counts // damaged, or not what they look like: searched as far as they go
	unopened counts // of kinds that are not opened
	limits   []limitHit
	further  int64 // limits beyond those that are named
}

// maxLimits bounds the files that are named one by one: a hostile layer has millions of them.
const maxLimits = 32

// limit notes a file that was not read to its end.
func (r *inArchive) limit(path, why string) {
	if len(r.limits) >= maxLimits {
		r.further++
		return
	}
	r.limits = append(r.limits, limitHit{path, why})
}

// limitHit is a file that was not read to its end because of a bound.
type limitHit struct{ path, why string }

// counts is how often something was seen, with the first of it.
type counts struct {
	n     int64
	first string
}

func (c *counts) add(what string) {
	if c.n == 0 {
		c.first = what
	}
	c.n++
}

// clean is the absolute form of a path in an archive. It is a label: nothing is ever opened by it.
func clean(name string) string {
	return path.Clean("/" + strings.TrimLeft(name, "/"))
}

// tooLong is why a file is not read whose name is longer than maxName.
const tooLong = "its name is too long"

// shortened is the beginning of such a name.
func shortened(name string) string { return strings.ToValidUTF8(name[:min(64, len(name))], "") + "…" }

// archived walks a tar archive as tar does, and searches what follows its end: nobody sees it, but it is there. e is the
// file of both.
func (w *walker) archived(e *entry, r io.Reader, prefix string, outer, depth int) error {
	if err := w.tar(r, prefix, outer, depth); err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, sniffed)
	for {
		c, err := in.ReadByte()
		if err != nil {
			return ended(err)
		}
		if c != 0 {
			return w.plain(e, io.MultiReader(bytes.NewReader([]byte{c}), in))
		}
	}
}

// ended is an error of reading unless it is the end.
func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// tar walks the entries of a tar archive. prefix is the path of the archive where it stands in a layer, with the mark
// behind it; it is empty for the layer itself, which alone has folders, links and whiteouts that mean anything.
func (w *walker) tar(r io.Reader, prefix string, outer, depth int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("tar: %w", err)
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.b.takeEntry(); err != nil {
			return err
		}
		if len(h.Name) > maxName || len(h.Linkname) > maxName {
			w.report.limit(prefix+shortened(h.Name), tooLong)
			continue
		}
		name := clean(h.Name)
		if prefix != "" {
			name = prefix + name
		}
		e := entry{path: name, outer: outer, public: h.Mode&0o004 != 0}
		if err := w.entry(&e, h, t, depth); err != nil {
			return err
		}
	}
}

// The prefix of whiteouts and the name of opaque ones (OCI image specification, layer.md).
const (
	whiteout       = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// entry takes an entry of a tar archive.
func (w *walker) entry(e *entry, h *tar.Header, r io.Reader, depth int) error {
	inLayer := e.outer == 0
	if inLayer && w.whiteout(e.path) && h.Size == 0 {
		return nil
	}
	switch h.Typeflag {
	case tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo, tar.TypeXGlobalHeader:
		if inLayer {
			w.note(&entry{kind: entryOther, path: e.path})
		}
	case tar.TypeLink:
		if inLayer {
			w.note(&entry{kind: entryHardlink, path: e.path, target: clean(h.Linkname), public: e.public})
		}
	case tar.TypeDir:
		if inLayer {
			w.note(&entry{kind: entryDir, path: e.path})
		}
	default: // what is of a kind that nobody knows is a file (POSIX, pax, "typeflag")
		if isSparse(h) { // its holes are not in the archive
			if h.Size > maxSparse {
				w.report.limit(e.path, fmt.Sprintf("a sparse file of more than %d bytes uncompressed", int64(maxSparse)))
				return nil
			}
			r = &expanded{r: r, b: w.b}
		}
		return w.file(e, r, h.Size, depth)
	}
	return nil
}

// whiteout notes what a file of this name in a layer takes away from those below, whatever kind of file it is, and says
// whether it is one of that meaning.
func (w *walker) whiteout(name string) bool {
	folder, base := path.Split(name)
	gone, is := strings.CutPrefix(base, whiteout)
	switch {
	case !is || gone == "" || gone == "." || gone == "..":
		return false
	case base == whiteoutOpaque:
		w.note(&entry{kind: entryOpaque, path: path.Clean(folder)})
	case !strings.HasPrefix(gone, whiteout): // .wh..wh.* are aufs' own
		w.note(&entry{kind: entryWhiteout, path: path.Join(folder, gone)})
	}
	return true
}

// isSparse says whether a file has holes: in GNU's old format by its type, in its later ones by PAX records.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (w *walker) note(e *entry) {
	if w.table != nil {
		before := len(w.table.data)
		w.table.add(e)
		w.b.memory.Add(int64(before - len(w.table.data)))
	}
}

// file searches a regular file: its contents, or those of the archive that it is.
func (w *walker) file(e *entry, r io.Reader, size int64, depth int) error {
	if e.outer == 0 {
		held, err := w.hold(e.path, r, size)
		if err != nil {
			return err
		}
		if held != nil {
			r = held
		}
	}
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && err != io.EOF {
		if len(head) > 0 {
			_ = w.plain(e, bytes.NewReader(head)) // what came until then
		}
		return err
	}
	e.empty = len(head) == 0
	if kind := archiveKind(head); kind != notArchive {
		if e.outer == 0 {
			w.note(&entry{kind: entryArchive, path: e.path, public: e.public}) // which may take the place of another file
			e.more = true
		}
		done, err := w.archive(kind, e, in, size, depth)
		if done || err != nil {
			return err
		}
	}
	return w.plain(e, in)
}

// hold keeps a file in memory that is needed later on, and gives its content to be read once more; nil if it is none.
func (w *walker) hold(name string, r io.Reader, size int64) (held io.Reader, err error) {
	if w.packages != nil {
		if held, err = w.packages.take(name, r, size); held != nil || err != nil {
			return held, err
		}
	}
	if w.git != nil {
		return w.git.take(name, r, size)
	}
	return nil, nil
}

// plain searches a content as it is.
func (w *walker) plain(e *entry, r io.Reader) error {
	return w.fill.content(e.path, r, func(ref scan.BlobRef, more bool) {
		if w.table == nil {
			return
		}
		f := *e
		f.kind, f.ref, f.more = entryFile, ref, more || e.more
		w.note(&f)
		w.b.memory.Add(-contentCost)
	})
}

// fatal says whether an error ends the walk of the layer, and not only that of an archive in it.
func (w *walker) fatal(err error) bool {
	return w.ctx.Err() != nil || isLimit(err) && w.b.bytes.Load() < 0 || w.b.entries.Load() < 0 || w.b.memory.Load() < 0
}
