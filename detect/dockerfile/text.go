package dockerfile

import "rummage/detect/assignment"

// Text is text that was read from a file, with the place of each of its bytes there. It may leave out bytes of the
// file (line ends that continue, quotation marks, escape characters) or stand for others (an escape in JSON).
type Text struct {
	// Bytes is the text. It must not be changed.
	Bytes []byte
	// at is the offset of Bytes[0] in the file when parts is nil, otherwise in the text that parts describe.
	at    int
	parts *[]part // a pointer, to keep a Text small: there are many, and few have parts
}

// part says that the bytes of a text from offset at on, up to the next part's, are made from the bytes [from, to) of
// the file. They are the same bytes when there are as many of them; else they stand for one escape.
type part struct {
	at, from, to int
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
	p := (*t.parts)[t.part(i)]
	return min(p.from+t.at+i-p.at, p.to)
}

// Span is the range of the file from byte i up to byte j of the text. It holds whatever stands between. An empty one
// is behind the byte before it.
func (t Text) Span(i, j int) assignment.Span {
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

// Slice is the text from byte i up to byte j.
func (t Text) Slice(i, j int) Text {
	if t.parts == nil {
		return Text{Bytes: t.Bytes[i:j:j], at: t.at + i}
	}
	if i == j {
		return Text{Bytes: t.Bytes[i:i:i], at: t.Span(i, i).Start}
	}
	// A slice within one part is a plain piece of the file.
	k := t.part(i)
	p, next := (*t.parts)[k], (*t.parts)[k+1]
	if t.at+j <= next.at && p.to-p.from == next.at-p.at {
		return Text{Bytes: t.Bytes[i:j:j], at: min(p.from+t.at+i-p.at, p.to)}
	}
	return Text{Bytes: t.Bytes[i:j:j], at: t.at + i, parts: t.parts}
}

// end is the offset in the file behind byte j-1, j > 0.
func (t Text) end(j int) int {
	if t.parts == nil {
		return t.at + j
	}
	k := t.part(j - 1)
	p := (*t.parts)[k]
	if t.at+j >= (*t.parts)[k+1].at {
		return p.to
	}
	return min(p.from+t.at+j-p.at, p.to)
}

// part is the index of the part that byte i belongs to, the last one for the end of the text.
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

// joiner puts a text together from pieces of others.
type joiner struct {
	bytes []byte
	parts []part
}

// add appends a piece. Neighbours in the file become one part.
func (j *joiner) add(t Text) {
	if len(t.Bytes) == 0 {
		return
	}
	at := len(j.bytes)
	j.bytes = append(j.bytes, t.Bytes...)
	if t.parts == nil {
		j.part(at, t.at, t.at+len(t.Bytes))
		return
	}
	for i := 0; i < len(t.Bytes); {
		k := t.part(i)
		p, next := (*t.parts)[k], (*t.parts)[k+1]
		n := min(next.at-t.at, len(t.Bytes))
		s := t.Span(i, n)
		if p.to-p.from == next.at-p.at {
			j.part(at+i, s.Start, s.End)
		} else {
			j.parts = append(j.parts, part{at + i, s.Start, s.End})
		}
		i = n
	}
}

// part records bytes that stand in the file as they are.
func (j *joiner) part(at, from, to int) {
	if n := len(j.parts); n > 0 {
		last := &j.parts[n-1]
		if last.to == from && last.to-last.from == at-last.at {
			last.to = to
			return
		}
	}
	j.parts = append(j.parts, part{at, from, to})
}

// escape appends bytes that stand for the span of the file.
func (j *joiner) escape(b []byte, s assignment.Span) {
	if len(b) > 0 {
		j.parts = append(j.parts, part{len(j.bytes), s.Start, s.End})
		j.bytes = append(j.bytes, b...)
	}
}

// text is what was put together. An empty one stands at the offset given. The joiner must not be used afterwards.
func (j *joiner) text(empty int) Text {
	switch len(j.parts) {
	case 0:
		return Text{at: empty}
	case 1:
		if p := j.parts[0]; p.to-p.from == len(j.bytes) {
			return Text{Bytes: j.bytes, at: p.from}
		}
	}
	to := j.parts[len(j.parts)-1].to
	parts := append(j.parts, part{len(j.bytes), to, to})
	return Text{Bytes: j.bytes, parts: &parts}
}
