package imagescan

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"

	"rummage/detect/structure"
	"rummage/scan"
)

// readLayer reads a layer. What cannot be read is a problem; the error is the context's.
func (s *Source) readLayer(ctx context.Context, l *layer) error {
	l.walked = true
	r, err := l.store.open(ctx, l.d)
	if err != nil {
		return s.layerFailed(ctx, l, err)
	}
	defer r.Close()
	return s.walk(ctx, l, r)
}

// walk searches a layer as it is stored.
func (s *Source) walk(ctx context.Context, l *layer, stored io.Reader) error {
	l.git.left, l.pkgs.left = &s.git, &s.lists
	report := &inArchive{}
	fill := &filler{f: s.feed, ctx: ctx, layer: l, keep: s.keep}
	w := &walker{ctx: ctx, b: s.b, fill: fill, table: &l.table, packages: &l.pkgs, report: report}
	if s.o.OpenGit != nil {
		w.git = &l.git
	}
	sums, err := w.layer(l.name(), stored)
	if e := fill.flush(); err == nil {
		err = e
	}
	s.told(l, report)
	if err != nil {
		return s.layerFailed(ctx, l, err)
	}
	if err := sums.check(l); err != nil {
		s.trouble(l, err)
		s.problem(l.name(), err)
	}
	l.ended = true
	s.mu.Lock()
	s.stats.Layers++
	s.mu.Unlock()
	return nil
}

func (s *Source) layerFailed(ctx context.Context, l *layer, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.ended = true
	s.trouble(l, err)
	s.lost(scan.SkipUnreadable, l.name(), err)
	return nil
}

// told counts what archives in the layer hold that was not read.
func (s *Source) told(l *layer, r *inArchive) {
	for _, h := range r.limits {
		s.beyond(l, 1, h.path, h.why)
	}
	s.beyond(l, r.further, "further files", "beyond limits")
	s.beyond(l, l.git.limit.n, l.git.limit.first, fmt.Sprintf("git repositories of more than %d bytes", s.o.Limits.Git))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range []struct{ to, from *counts }{{&s.broken, &r.broken}, {&s.unopened, &r.unopened}} {
		if c.from.n > 0 && (c.to.n == 0 || c.from.first < c.to.first) {
			c.to.first = c.from.first // whichever layer is read first
		}
		c.to.n += c.from.n
	}
}

// beyond counts n files of a layer that were not read because of a limit.
func (s *Source) beyond(l *layer, n int64, where, why string) {
	if n == 0 {
		return
	}
	err := &limitError{why}
	s.trouble(l, fmt.Errorf("%s: %w", where, err))
	s.lostAll(n, scan.SkipLimit, l.name()+": "+where, err)
}

// name is what problems call a layer.
func (l *layer) name() string {
	switch {
	case l.d.Digest != "":
		return "layer " + l.d.Digest
	case l.diffID != "":
		return "layer " + l.diffID
	}
	return "layer"
}

// sums are the digests of a layer as it was read.
type sums struct{ stored, plain hash.Hash }

func sumOf(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// check compares what was read with what was promised.
func (s sums) check(l *layer) error {
	if strings.HasPrefix(l.d.Digest, "sha256:") && l.d.Digest != sumOf(s.stored) {
		return fmt.Errorf("its bytes are those of %s", sumOf(s.stored))
	}
	if l.diffID == "" {
		l.diffID = sumOf(s.plain)
	} else if strings.HasPrefix(l.diffID, "sha256:") && l.diffID != sumOf(s.plain) {
		return fmt.Errorf("uncompressed, its bytes are those of %s, not of %s", sumOf(s.plain), l.diffID)
	}
	return nil
}

// readAhead is how much of a layer is read at a time, in bytes.
const readAhead = 128 << 10

// layer walks a whole layer, whatever it is compressed with: its first bytes tell, not its media type.
func (w *walker) layer(name string, stored io.Reader) (sums, error) {
	sum := sums{sha256.New(), sha256.New()}
	raw := bufio.NewReaderSize(io.TeeReader(contextReader{w.ctx, stored}, sum.stored), readAhead)
	head, err := raw.Peek(sniffed)
	if err != nil && err != io.EOF {
		return sum, err
	}
	r := bufio.NewReaderSize(&expanded{r: raw, b: w.b}, readAhead)
	if k := archiveKind(head); k == kindGzip || k == kindZstd {
		z, err := w.decompress(k, raw)
		if err != nil {
			return sum, err
		}
		defer z.Close()
		r = bufio.NewReaderSize(io.TeeReader(z, sum.plain), readAhead)
	} else {
		sum.plain = sum.stored // the same bytes
	}
	if head, err = r.Peek(sniffed); err != nil && err != io.EOF {
		return sum, err
	}
	file := entry{path: "<" + name + ">", public: true}
	if isTar(head) || len(head) == sniffed && len(bytes.Trim(head, "\x00")) == 0 {
		err = w.archived(&file, r, "", 0, 0)
	} else { // no file system: an artifact
		err = w.file(&file, r, -1, 0)
	}
	if err != nil {
		return sum, err
	}
	for _, rest := range []io.Reader{r, raw} { // what follows the end of the archive belongs to the digest
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// contextReader fails when the context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// kept are contents that are likely to be asked for again, so that no layer need be read twice: those of small files that
// are structured by their names.
type kept struct {
	mu   sync.Mutex
	left int
	data map[scan.BlobRef][]byte
}

// Bounds of kept contents, in bytes: of all, and of one.
const (
	maxKept    = 16 << 20
	maxKeptOne = 256 << 10
)

func (s *Source) keep(name string, ref scan.BlobRef, data []byte) {
	if len(data) > maxKeptOne {
		return
	}
	switch structure.Of(name) {
	case structure.None:
		return
	case structure.Plain:
		if !bytes.HasPrefix(data, []byte("#!")) {
			return
		}
	}
	k := &s.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left < len(data) {
		return
	}
	k.left -= len(data)
	if k.data == nil {
		k.data = map[scan.BlobRef][]byte{}
	}
	k.data[ref] = bytes.Clone(data)
}

// until bounds what is read again: by the context of Place, once that was called.
func (s *Source) until() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placing == nil {
		return context.Background()
	}
	return s.placing
}

// Content implements scan.Source.
func (s *Source) Content(ref scan.BlobRef) ([]byte, error) {
	if n, inner := s.nestedOf(ref); n != nil {
		return n.src.Content(inner)
	}
	if data, ok := s.docs[ref]; ok {
		return data, nil
	}
	s.kept.mu.Lock()
	data, ok := s.kept.data[ref]
	s.kept.mu.Unlock()
	if ok {
		return data, nil
	}
	if ref == noRef {
		return nil, scan.ErrTooLarge // it was opened, and not searched as a whole
	}
	s.feed.mu.Lock()
	h := s.feed.homes[ref]
	s.feed.mu.Unlock()
	return s.readAgain(s.until(), h)
}

// readAgain reads a layer up to a content.
func (s *Source) readAgain(ctx context.Context, h home) (content []byte, err error) {
	if h.layer == nil || h.layer.store == nil {
		return nil, errors.ErrUnsupported // it came in a stream
	}
	s.rereading.Lock() // one at a time: each takes buffers and a decompressor
	defer s.rereading.Unlock()
	if s.spare == nil {
		s.spare = s.newFeed(3)
	}
	r, err := h.layer.store.open(ctx, h.layer.d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	found := false
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fill := &filler{f: s.spare, ctx: ctx, grab: func(n int32, data []byte) {
		if n == h.n {
			content, found = bytes.Clone(data), true
			cancel()
		}
	}}
	defer fill.back()
	w := &walker{ctx: ctx, b: newBudget(s.o.Limits), fill: fill, report: &inArchive{}}
	if _, err := w.layer("", r); !found {
		return nil, cmp.Or(err, errors.New("is not there any more"))
	}
	return content, nil
}
