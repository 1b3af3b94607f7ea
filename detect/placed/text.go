package placed

import "rummage/detect/assignment"

// Text is text that was read from a file, with the place of each of its bytes there. It may leave out bytes of the
// file (line ends that continue, quotation marks, escape characters) or stand for others (escapes, base64).
type Text struct {
	// Bytes is the text. It must not be changed.
	Bytes []byte
	// at is the offset of Bytes[0] in the file when parts is nil, otherwise in the text that parts describe.
	at    int
	parts *[]part // a pointer, to keep a Text small: there are many, and few have parts
}

// part says that the bytes of a text from offset at on, up to the next part's, were made from the bytes [from, to) of
// the file. They are the same bytes unless fixed is set; then each of them stands for the whole of [from, to).
type part struct {
	at, from, to int
	fixed        bool
}

// Of is the piece of the file that the span covers, as it stands.
func Of(file []byte, s assignment.Span) Text {
	return Text{Bytes: file[s.Start:s.End:s.End], at: s.Start}
}

// String is the text. It may hold a secret: it is for comparing, not for messages.
func (t Text) String() string { return string(t.Bytes) }

// Len is the number of bytes of the text.
func (t Text) Len() int { return len(t.Bytes) }

// Verbatim says that the file has the text in one piece, byte by byte.
func (t Text) Verbatim() bool { return t.parts == nil }

// Pos is the offset in the file of byte i, 0 <= i <= Len. For Len it is the offset behind the last byte.
func (t Text) Pos(i int) int {
	if t.parts == nil {
		return t.at + i
	}
	if i == len(t.Bytes) && i > 0 {
		return t.end(i)
	}
	p := &(*t.parts)[t.part(i)]
	if p.fixed {
		return p.from
	}
	return p.from + t.at + i - p.at
}

// Span is the range of the file that bytes [i, j) of the text were made from, 0 <= i <= j <= Len. It holds whatever
// stands between them in the file: escape characters, line ends, indentation. An empty one is behind the byte before
// it.
func (t Text) Span(i, j int) assignment.Span {
	if t.parts == nil {
		return assignment.Span{Start: t.at + i, End: t.at + j}
	}
	if i < j {
		return assignment.Span{Start: t.Pos(i), End: t.end(j)}
	}
	at := t.Pos(0)
	if i > 0 {
		at = t.end(i)
	}
	return assignment.Span{Start: at, End: at}
}

// Place is the span of the whole text.
func (t Text) Place() assignment.Span { return t.Span(0, len(t.Bytes)) }

// Slice is the text of bytes [i, j).
func (t Text) Slice(i, j int) Text {
	if t.parts == nil {
		return Text{Bytes: t.Bytes[i:j:j], at: t.at + i}
	}
	return t.slice(i, j)
}

func (t Text) slice(i, j int) Text {
	if i == j {
		return Text{Bytes: t.Bytes[i:i:i], at: t.Span(i, i).Start}
	}
	k := t.part(i)
	if p := &(*t.parts)[k]; !p.fixed && t.at+j <= (*t.parts)[k+1].at {
		// A slice within one part is a plain piece of the file.
		return Text{Bytes: t.Bytes[i:j:j], at: p.from + t.at + i - p.at}
	}
	return Text{Bytes: t.Bytes[i:j:j], at: t.at + i, parts: t.parts}
}

// Shift is the text when the file that it was read from stands in a larger one, by bytes behind its beginning.
func (t Text) Shift(by int) Text {
	if t.parts == nil {
		t.at += by
		return t
	}
	parts := make([]part, len(*t.parts))
	for i, p := range *t.parts {
		p.from, p.to = p.from+by, p.to+by
		parts[i] = p
	}
	t.parts = &parts
	return t
}

// Decoded is the text when it differs from the bytes of the file at its place, otherwise nil: what
// assignment.Assignment wants.
func (t Text) Decoded() []byte {
	if t.parts == nil {
		return nil
	}
	return t.Bytes
}

// end is the offset in the file behind byte j-1, j > 0.
func (t Text) end(j int) int {
	if t.parts == nil {
		return t.at + j
	}
	p := &(*t.parts)[t.part(j-1)]
	if p.fixed {
		return p.to
	}
	return p.from + t.at + j - p.at
}

// part is the index of the part that byte i belongs to, the last one for the end of the text. The last entry of parts
// only marks the end.
func (t Text) part(i int) int {
	i += t.at
	parts := *t.parts
	low, high := 0, len(parts)-1 // parts[low] begins at i or before, parts[high] behind it
	for high-low > 1 {
		if k := (low + high) / 2; parts[k].at > i {
			high = k
		} else {
			low = k
		}
	}
	return low
}
