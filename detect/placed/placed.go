// Package placed has text that knows where it stands in a file.
//
// What a reader hands out is often not what the file holds byte by byte: escapes are resolved, lines are folded into
// one, indentation is taken off, base64 is decoded. A Text keeps, beside the meant bytes, from which bytes of the file
// each of them was made, so that a password found in the meant text can be shown, masked and fingerprinted in the
// file. For the common case, a piece of the file as it stands, a Text is two words and a slice and nothing is
// allocated.
//
// The package knows bytes only: no format, no rule, no path.
//
// Concurrency: a Text is a value that refers to bytes nobody may change; it may be used from any goroutine. A Builder
// belongs to one goroutine.
package placed

import (
	"slices"

	"rummage/detect/assignment"
)

// Builder puts a Text together from pieces of a file. The zero value is ready for use. Nothing is copied as long as
// the text is one piece.
type Builder struct {
	bytes []byte
	parts []part
	// file is not nil while the text is one piece of it, [from, to).
	file     []byte
	from, to int
	// lent says that the bytes are someone else's and the parts are to be used again; see Reuse.
	lent bool
}

// Grow makes room for n bytes.
func (b *Builder) Grow(n int) { b.bytes = slices.Grow(b.bytes, n) }

// Reuse begins a text whose bytes go to the end of buf, if there is room. The caller keeps what Text returns and hands
// out the room behind it next time. A builder that is used in this way allocates no more than the parts of each text.
func (b *Builder) Reuse(buf []byte) {
	*b = Builder{bytes: buf[len(buf):], parts: b.parts[:0], lent: true}
}

// Len is the number of bytes so far.
func (b *Builder) Len() int {
	if b.file != nil {
		return b.to - b.from
	}
	return len(b.bytes)
}

// Copy appends the piece of the file that the span covers.
func (b *Builder) Copy(file []byte, s assignment.Span) {
	switch {
	case s.Len() == 0:
		return
	case b.file == nil && len(b.parts) == 0 && !b.lent:
		b.file, b.from, b.to = file, s.Start, s.End
		return
	case b.file != nil && b.to == s.Start:
		b.to = s.End
		return
	}
	b.take()
	b.sameAt(len(b.bytes), s.Start, s.End)
	b.bytes = append(b.bytes, file[s.Start:s.End]...)
}

// take copies the first piece, for there are more.
func (b *Builder) take() {
	if b.file != nil {
		b.parts = append(b.parts, part{from: b.from, to: b.to})
		b.bytes = append(b.bytes, b.file[b.from:b.to]...)
		b.file = nil
	}
}

// Stand appends bytes that the span of the file stands for: an escape, a folded line end.
func (b *Builder) Stand(meant []byte, s assignment.Span) {
	if len(meant) == 0 {
		return
	}
	b.take()
	b.parts = append(b.parts, part{len(b.bytes), s.Start, s.End, true})
	b.bytes = append(b.bytes, meant...)
}

// Add appends a text.
func (b *Builder) Add(t Text) {
	if len(t.Bytes) == 0 {
		return
	}
	b.take()
	at := len(b.bytes)
	b.bytes = append(b.bytes, t.Bytes...)
	if t.parts == nil {
		b.sameAt(at, t.at, t.at+len(t.Bytes))
		return
	}
	for i, k := 0, t.part(0); i < len(t.Bytes); k++ {
		p := (*t.parts)[k]
		n := min((*t.parts)[k+1].at-t.at, len(t.Bytes))
		if p.fixed {
			b.parts = append(b.parts, part{at + i, p.from, p.to, true})
		} else {
			b.sameAt(at+i, p.from+t.at+i-p.at, p.from+t.at+n-p.at)
		}
		i = n
	}
}

// sameAt records bytes that stand in the file as they are. Neighbours in the file become one part.
func (b *Builder) sameAt(at, from, to int) {
	if n := len(b.parts); n > 0 {
		if last := &b.parts[n-1]; !last.fixed && last.to == from {
			last.to = to
			return
		}
	}
	b.parts = append(b.parts, part{at: at, from: from, to: to})
}

// Text is what was put together; an empty one stands at the offset given. The builder is empty afterwards.
func (b *Builder) Text(empty int) Text {
	bytes, parts := b.bytes, b.parts
	file, s := b.file, assignment.Span{Start: b.from, End: b.to}
	*b = Builder{lent: b.lent}
	if b.lent {
		b.parts = parts[:0]
	}
	switch {
	case file != nil:
		return Of(file, s)
	case len(parts) == 0:
		return Text{at: empty}
	case len(parts) == 1 && !parts[0].fixed:
		return Text{Bytes: bytes[:len(bytes):len(bytes)], at: parts[0].from}
	}
	to := parts[len(parts)-1].to
	parts = append(parts, part{at: len(bytes), from: to, to: to})
	if b.lent {
		b.parts = parts[:0]
		parts = slices.Clone(parts)
	}
	return Text{Bytes: bytes[:len(bytes):len(bytes)], parts: &parts}
}

// Decode is a text whose bytes all stand for the whole span, as the bytes that base64 decodes to.
func Decode(meant []byte, s assignment.Span) Text {
	var b Builder
	b.Stand(meant, s)
	return b.Text(s.Start)
}
