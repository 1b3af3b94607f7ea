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
	"sort"

	"rummage/detect/assignment"
)

// Text is text that was read from a file, with the place of each of its bytes there.
type Text struct {
	// Bytes is the text. It must not be changed.
	Bytes []byte
	// at is the offset of Bytes[0] in the file when parts is nil, otherwise in the text that parts describe.
	at    int
	parts []part
}

// part says that the bytes of a text from offset at on, up to the next part's, were made from the bytes [from, to) of
// the file. They are the same bytes when there are as many of them and fixed is false; else each stands for the whole
// of [from, to).
type part struct {
	at, from, to int
	fixed        bool
}

// Of is the piece of the file that the span covers, as it stands.
func Of(file []byte, s assignment.Span) Text {
	return Text{Bytes: file[s.Start:s.End:s.End], at: s.Start}
}

// Len is the number of bytes of the text.
func (t Text) Len() int { return len(t.Bytes) }

// Verbatim says that the file has the text in one piece, byte by byte.
func (t Text) Verbatim() bool { return t.parts == nil }

// Span is the range of the file that bytes [i, j) of the text were made from, 0 <= i <= j <= Len. It holds whatever
// stands between them in the file: escape characters, line ends, indentation.
func (t Text) Span(i, j int) assignment.Span {
	if t.parts == nil {
		return assignment.Span{Start: t.at + i, End: t.at + j}
	}
	start := t.start(i)
	if i >= j {
		return assignment.Span{Start: start, End: start}
	}
	k := t.part(j - 1)
	p := t.parts[k]
	end := p.to
	if !p.fixed {
		end = p.from + t.at + j - p.at
	}
	return assignment.Span{Start: start, End: end}
}

// Place is the span of the whole text.
func (t Text) Place() assignment.Span { return t.Span(0, len(t.Bytes)) }

// Slice is the text of bytes [i, j).
func (t Text) Slice(i, j int) Text {
	s := Text{Bytes: t.Bytes[i:j:j], at: t.at + i}
	if t.parts == nil {
		return s
	}
	if i == j {
		return Text{Bytes: s.Bytes, at: t.start(i)}
	}
	k := t.part(i)
	if p := t.parts[k]; !p.fixed && t.at+j <= t.parts[k+1].at {
		// A slice within one part is a plain piece of the file.
		return Text{Bytes: s.Bytes, at: p.from + s.at - p.at}
	}
	s.parts = t.parts
	return s
}

// Decoded is the text when it differs from the bytes of the file at its place, otherwise nil: what
// assignment.Assignment wants.
func (t Text) Decoded() []byte {
	if t.parts == nil {
		return nil
	}
	return t.Bytes
}

// start is where byte i begins in the file, for i == Len where the text ends.
func (t Text) start(i int) int {
	if i == len(t.Bytes) && i > 0 {
		return t.Span(i-1, i).End
	}
	p := t.parts[t.part(i)]
	if p.fixed {
		return p.from
	}
	return p.from + t.at + i - p.at
}

// part is the index of the part that byte i belongs to. The last entry of parts only marks the end.
func (t Text) part(i int) int {
	i += t.at
	return max(0, sort.Search(len(t.parts)-1, func(k int) bool { return t.parts[k].at > i })-1)
}

// Builder puts a Text together from pieces of a file. The zero value is ready for use. Nothing is copied as long as
// the text is one piece.
type Builder struct {
	bytes []byte
	parts []part
	// file is not nil while the text is one piece of it, [from, to).
	file     []byte
	from, to int
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
	case b.file == nil && len(b.parts) == 0:
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
		p := t.parts[k]
		n := min(t.parts[k+1].at-t.at, len(t.Bytes))
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
	*b = Builder{}
	switch {
	case file != nil:
		return Of(file, s)
	case len(parts) == 0:
		return Text{at: empty}
	case len(parts) == 1 && !parts[0].fixed:
		return Text{Bytes: bytes, at: parts[0].from}
	}
	to := parts[len(parts)-1].to
	return Text{Bytes: bytes[:len(bytes):len(bytes)], parts: append(parts, part{at: len(bytes), from: to, to: to})}
}

// Decode is a text whose bytes all stand for the whole span, as the bytes that base64 decodes to.
func Decode(meant []byte, s assignment.Span) Text {
	var b Builder
	b.Stand(meant, s)
	return b.Text(s.Start)
}
