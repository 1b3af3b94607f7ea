package imagescan

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
	"io"
	"sync"

	"rummage/scan"
)

// Files are read into buffers of pieceSize bytes, which go to the workers when they are full: many small files in one, or
// a piece of a large one. Pieces overlap by twice seam bytes: a match that begins in the seam bytes before the end of a
// piece is that of the next one, which has as many before it.
const (
	pieceSize = 4 << 20
	seamSize  = 32 << 10
)

// part is a content in a buffer.
type part struct {
	ref  scan.BlobRef
	data []byte
}

// batch is a buffer with the contents in it that are to be searched.
type batch struct {
	buf   []byte
	parts []part
	// document says that the contents belong to a document, and not to a buffer.
	document bool
}

// feed takes contents from those who read layers to those who search them, each distinct content once.
type feed struct {
	full chan *batch
	free chan *batch

	mu     sync.Mutex
	known  map[contentKey]scan.BlobRef
	homes  []home // by ref
	pieces map[scan.BlobRef]*scan.Piece
	bytes  int64 // distinct
	seeds  [2]maphash.Seed
	// piece and seam are pieceSize and seamSize, except in tests.
	piece, seam int
}

// contentKey tells contents apart: two hashes whose seeds nobody outside knows.
type contentKey [2]uint64

// home is where a content can be read again: the n-th of a layer, or a document.
type home struct {
	layer *layer
	n     int32
}

func newFeed(buffers int) *feed {
	f := &feed{full: make(chan *batch, buffers), free: make(chan *batch, buffers), known: map[contentKey]scan.BlobRef{},
		pieces: map[scan.BlobRef]*scan.Piece{}, piece: pieceSize, seam: seamSize, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	for range buffers {
		f.free <- nil // made when it is needed first
	}
	return f
}

// ref is the number of a content, and whether it is a new one.
func (f *feed) ref(data []byte, p *scan.Piece, h home) (scan.BlobRef, bool) {
	var k contentKey
	for i := range k {
		k[i] = maphash.Bytes(f.seeds[i], data)
		if p != nil { // the same bytes elsewhere in a file have other lines
			var at [32]byte
			for j, n := range [...]int{p.Line, p.Column, p.From, p.To} {
				binary.LittleEndian.PutUint64(at[8*j:], uint64(n))
			}
			k[i] ^= maphash.Bytes(f.seeds[i], at[:])
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ref, again := f.known[k]; again {
		return ref, false
	}
	ref := scan.BlobRef(len(f.homes))
	f.known[k] = ref
	f.homes = append(f.homes, h)
	f.bytes += int64(len(data))
	if p != nil {
		f.pieces[ref] = p
	}
	return ref, true
}

// take is an empty batch. The error is the context's.
func (f *feed) take(ctx context.Context) (*batch, error) {
	select {
	case b := <-f.free:
		if b == nil {
			b = &batch{buf: make([]byte, f.piece)}
		}
		b.parts = b.parts[:0]
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// filler fills buffers with the contents of one layer. It belongs to one goroutine.
type filler struct {
	f     *feed
	ctx   context.Context
	now   *batch
	used  int // bytes of now
	n     int32
	layer *layer
	// keep is told of new contents of whole files.
	keep func(name string, ref scan.BlobRef, data []byte)
	// grab takes the contents instead, where a layer is read again; they are valid until it returns.
	grab func(n int32, data []byte)
}

// flush hands what was filled to the workers.
func (w *filler) flush() error {
	b := w.now
	w.now, w.used = nil, 0
	if b == nil {
		return nil
	}
	if len(b.parts) == 0 {
		w.f.free <- b
		return nil
	}
	select {
	case w.f.full <- b:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// back gives back a buffer that is not to be searched.
func (w *filler) back() {
	if w.now != nil {
		w.now.parts = w.now.parts[:0]
		w.f.free <- w.now
		w.now = nil
	}
}

// room makes sure that there is a buffer with some room.
func (w *filler) room() (err error) {
	if w.now != nil && len(w.now.buf)-w.used < w.f.seam {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.now == nil {
		w.now, err = w.f.take(w.ctx)
	}
	return err
}

// content reads a content to its end and hands it on; found is told the number of each piece in turn. An error of r comes
// back after what was read until then was handed on.
func (w *filler) content(name string, r io.Reader, found func(ref scan.BlobRef, more bool)) error {
	if err := w.room(); err != nil {
		return err
	}
	seam := w.f.seam
	start, fill, more := w.used, w.used, false
	var at scan.Piece // what stands before the piece at hand
	for {
		n, err := readFull(r, w.now.buf[fill:])
		fill += n
		switch {
		case err != nil: // the end of the content
			var p *scan.Piece
			if more {
				at.To = -1
				p = &at
			}
			if w.add(name, w.now.buf[start:fill], p, found, more) {
				w.used = fill
			}
			if err == io.EOF {
				return nil
			}
			return err
		case start > 0: // it goes on in a buffer of its own
			if fill, err = w.next(w.now.buf[start:fill]); err != nil {
				return err
			}
			start = 0
		default:
			p := at
			p.To = fill - seam
			w.add(name, w.now.buf, &p, found, more)
			pass(&at, w.now.buf[:fill-2*seam])
			at.From, more = seam, true
			if fill, err = w.next(w.now.buf[fill-2*seam:]); err != nil {
				return err
			}
		}
	}
}

// readFull fills buf from r, as far as r goes; the error is io.EOF at the end of r.
func readFull(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	if n == len(buf) {
		return n, nil
	}
	return n, err
}

// next goes on in another buffer, which begins with the bytes given.
func (w *filler) next(begin []byte) (fill int, err error) {
	b, err := w.f.take(w.ctx)
	if err != nil {
		return 0, err
	}
	fill = copy(b.buf, begin)
	if err := w.flush(); err != nil {
		return 0, err
	}
	w.now = b
	return fill, nil
}

// add numbers a content and says whether it is a new one, which is searched.
func (w *filler) add(name string, data []byte, p *scan.Piece, found func(scan.BlobRef, bool), more bool) bool {
	n := w.n
	w.n++
	if w.grab != nil {
		w.grab(n, data)
		return false
	}
	ref, isNew := w.f.ref(data, p, home{w.layer, n})
	if isNew {
		w.now.parts = append(w.now.parts, part{ref, data})
		if p == nil && w.keep != nil {
			w.keep(name, ref, data)
		}
	}
	found(ref, more)
	return isNew
}

// pass moves a piece behind the bytes given.
func pass(at *scan.Piece, gone []byte) {
	if i := bytes.LastIndexByte(gone, '\n'); i >= 0 {
		at.Line += bytes.Count(gone, []byte{'\n'})
		at.Column = len(gone) - i - 1
	} else {
		at.Column += len(gone)
	}
}
