package yamltree

import (
	"bytes"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// The functions of this file give the meant text of a scalar from the bytes it is written in, by the rules of libyaml
// and its descendants. They never fail: what is no valid escape stays as it stands.

func span(start, end int) assignment.Span { return assignment.Span{Start: start, End: end} }

// decodePlain joins the lines of a plain scalar.
func decodePlain(data []byte, s assignment.Span) placed.Text {
	var b placed.Builder
	copied := s.Start
	for p := s.Start; p < s.End; {
		end, breaks := gap(data, p, s.End)
		if end == p {
			p++
			continue
		}
		if breaks > 0 {
			b.Copy(data, span(copied, p))
			b.Stand(folded(breaks), span(p, end))
			copied = end
		}
		p = end
	}
	b.Copy(data, span(copied, s.End))
	return b.Text(s.Start)
}

// gap is the end of the blanks and line ends at p, and the number of the latter.
func gap(data []byte, p, limit int) (end, breaks int) {
	for ; p < limit; p++ {
		switch data[p] {
		case '\n':
			breaks++
		case ' ', '\t':
		case '\r':
			if p+1 == len(data) || data[p+1] != '\n' {
				breaks++
			}
		default:
			return p, breaks
		}
	}
	return p, breaks
}

var newlines = bytes.Repeat([]byte{'\n'}, 64)

// folded is what line ends between words stand for: one is a space, of more all but one remain.
func folded(breaks int) []byte {
	if breaks == 1 {
		return []byte{' '}
	}
	return repeated(breaks - 1)
}

func repeated(breaks int) []byte {
	if breaks > len(newlines) {
		return bytes.Repeat([]byte{'\n'}, breaks)
	}
	return newlines[:breaks]
}

func decodeSingle(data []byte, s assignment.Span) placed.Text {
	var b placed.Builder
	copied := s.Start
	for p := s.Start; p < s.End; {
		switch c := data[p]; {
		case c == '\'' && p+1 < s.End && data[p+1] == c:
			b.Copy(data, span(copied, p))
			b.Stand([]byte{c}, span(p, p+2))
			p += 2
			copied = p
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			end, breaks := gap(data, p, s.End)
			if breaks > 0 {
				b.Copy(data, span(copied, p))
				b.Stand(folded(breaks), span(p, end))
				copied = end
			}
			p = end
		default:
			p++
		}
	}
	b.Copy(data, span(copied, s.End))
	return b.Text(s.Start)
}

func decodeDouble(data []byte, s assignment.Span) placed.Text {
	var b placed.Builder
	copied := s.Start
	for p := s.Start; p < s.End; {
		switch c := data[p]; c {
		case '\\':
			meant, n := escape(data[p:s.End])
			if n == 0 {
				p++
				continue
			}
			b.Copy(data, span(copied, p))
			b.Stand(meant, span(p, p+n))
			p += n
			copied = p
		case ' ', '\t', '\n', '\r':
			end, breaks := gap(data, p, s.End)
			if breaks > 0 {
				b.Copy(data, span(copied, p))
				b.Stand(folded(breaks), span(p, end))
				copied = end
			}
			p = end
		default:
			p++
		}
	}
	b.Copy(data, span(copied, s.End))
	return b.Text(s.Start)
}

// escapes are the characters that stand behind a backslash, with what they mean.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b", ' ': " ",
	'"': `"`, '\'': "'", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape is the meaning of the escape that t begins with, and its length; 0 if it is none.
func escape(t []byte) (meant []byte, n int) {
	if len(t) < 2 {
		return nil, 0
	}
	digits := 0
	switch t[1] {
	case '\n', '\r':
		// An escaped line end: what is blank behind it does not count, but further line ends do.
		p := 2
		if t[1] == '\r' && len(t) > 2 && t[2] == '\n' {
			p = 3
		}
		end, breaks := gap(t, p, len(t))
		return repeated(breaks), end
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		if m, ok := escapes[t[1]]; ok {
			return []byte(m), 2
		}
		return nil, 0
	}
	if len(t) < 2+digits {
		return nil, 0
	}
	value := rune(0)
	for _, c := range t[2 : 2+digits] {
		d := hexDigit(c)
		if d < 0 || value > 0x10ffff {
			return nil, 0
		}
		value = value<<4 | rune(d)
	}
	if !utf8.ValidRune(value) {
		return nil, 0
	}
	return utf8.AppendRune(nil, value), 2 + digits
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// header is the line that a block scalar begins with.
type header struct {
	folded bool
	chomp  byte // '+', '-' or 0
	indent int  // as said by a digit, 0 if there is none
	next   int  // the offset of the next line
	ok     bool // there is nothing else on the line but a comment
}

// readHeader reads the header at p.
func readHeader(data []byte, p, limit int) header {
	h := header{folded: data[p] == '>'}
	p++
	for range 2 {
		switch {
		case p < limit && (data[p] == '+' || data[p] == '-') && h.chomp == 0:
			h.chomp = data[p]
			p++
		case p < limit && '1' <= data[p] && data[p] <= '9' && h.indent == 0:
			h.indent = int(data[p] - '0')
			p++
		}
	}
	q := p
	for q < limit && (data[q] == ' ' || data[q] == '\t') {
		q++
	}
	h.ok = q == limit || data[q] == '\n' || data[q] == '\r' || data[q] == '#'
	for q < limit && data[q] != '\n' {
		q++
	}
	h.next = min(q+1, limit)
	return h
}

// decodeBlock takes the indentation off a block scalar and folds it if it is to be folded. Its header stands at head,
// its text from the first byte of the first line to the end of the last is s, and the document ends at limit.
func decodeBlock(data []byte, head int, s assignment.Span, limit int) placed.Text {
	d := blockDecoder{data: data[:limit], h: readHeader(data, head, limit)}
	first := s.Start
	for first > d.h.next && data[first-1] != '\n' {
		first--
	}
	indent, p := s.Start-first, d.h.next
	for p < s.End {
		next := lineEnd(d.data, p)
		if end := trimBreak(data, p, next); end < next && blankUpTo(data[p:end], indent) {
			d.empty(p, next)
		} else {
			d.line(span(min(p+indent, end), end), next)
		}
		p = next
	}
	if d.h.chomp != '-' {
		d.lineEnd()
	}
	for d.h.chomp == '+' && p < limit {
		next := lineEnd(d.data, p)
		end := trimBreak(data, p, next)
		if end == next || !blankUpTo(data[p:end], end-p) {
			break
		}
		d.empty(p, next)
		p = next
	}
	if d.h.chomp == '+' {
		d.flush()
	}
	return d.b.Text(s.Start)
}

// blankUpTo reports whether a line holds no more than indent spaces and nothing else.
func blankUpTo(line []byte, indent int) bool {
	return len(line) <= indent && len(bytes.TrimLeft(line, " ")) == 0
}

// trimBreak is the end of the line that begins at p, before its line end.
func trimBreak(data []byte, p, next int) int {
	if next > p && data[next-1] == '\n' {
		next--
		if next > p && data[next-1] == '\r' {
			next--
		}
	}
	return next
}

// blockDecoder joins the lines of a block scalar.
type blockDecoder struct {
	data []byte
	b    placed.Builder
	h    header
	// lead is the line end behind the last line of text; gap are the empty lines behind that, breaks their number.
	lead, gap assignment.Span
	breaks    int
	// indented says that the last line began with a blank: such lines are not folded.
	indented bool
}

// empty takes up an empty line.
func (d *blockDecoder) empty(p, next int) {
	if d.breaks == 0 {
		d.gap.Start = p
	}
	d.gap.End = next
	d.breaks++
}

// line takes up a line of text.
func (d *blockDecoder) line(s assignment.Span, next int) {
	indented := s.Len() > 0 && (d.data[s.Start] == ' ' || d.data[s.Start] == '\t')
	switch {
	case !d.h.folded || d.indented || indented:
		d.lineEnd()
	case d.lead.Len() > 0 && d.breaks == 0:
		d.b.Stand([]byte{' '}, d.lead)
	}
	d.flush()
	d.indented = indented
	d.b.Copy(d.data, s)
	d.lead = span(s.End, next)
}

// lineEnd adds the line end behind the last line.
func (d *blockDecoder) lineEnd() {
	if d.lead.Len() == 1 {
		d.b.Copy(d.data, d.lead)
	} else if d.lead.Len() > 1 {
		d.b.Stand([]byte{'\n'}, d.lead)
	}
}

// flush adds the empty lines.
func (d *blockDecoder) flush() {
	if d.breaks > 0 {
		d.b.Stand(repeated(d.breaks), d.gap)
	}
	d.breaks = 0
}
