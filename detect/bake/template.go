package bake

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// maxTemplates bounds how deep the expressions in strings are read, so that the texts of all strings together are
// linear in the length of the file. In deeper strings expressions are text.
const maxTemplates = 6

// ref is an expression within the text of a string, in bytes of the text.
type ref struct{ start, end int }

// marks are the bytes within a string that are looked at.
var marks = [256]bool{'"': true, '\\': true, '$': true, '%': true, '\n': true}

// literalText reads the string or heredoc at pos and adds what it is. It returns the index of its entry.
func (r *reader) literalText(s spot, c byte, compared bool) int {
	if compared {
		s.ctx, s.mode = Value, plain
	}
	at, base := r.reserve(s), len(r.refs)
	inner := s
	inner.inside = true
	if s.mode == inline {
		inner.mode = plain
	}
	var t placed.Text
	switch c {
	case '"':
		t = r.quoted(inner)
	case '\\':
		t = r.quotedWithin()
	default:
		t = r.heredoc(inner)
	}
	refs := r.refs[base:]
	r.fill(at, t, formOf(t, refs, 0, t.Len()), c != '<')
	switch s.mode {
	case inline:
		r.f.Inlines = append(r.f.Inlines, Inline{t, r.owner})
	case pair:
		r.pairs(s, t, refs, false)
	case pairs:
		r.pairs(s, t, refs, true)
	}
	r.refs = r.refs[:base]
	return at
}

// quotedWithin reads the string that \" begins at pos, in an expression in a string of JSON. Escapes in it are left.
func (r *reader) quotedWithin() placed.Text {
	start := r.pos + 2
	n := bytes.Index(r.data[start:r.end], []byte(`\"`))
	r.pos = start + n + 2
	if n < 0 {
		n = r.end - start
		r.pos = r.end
	}
	return placed.Of(r.data, r.span(start, start+n))
}

// quoted reads the string at pos.
func (r *reader) quoted(s spot) placed.Text {
	if r.json {
		// No expression in it goes on behind its end.
		before, start := r.end, r.pos
		r.end = min(before, r.skipString().End+1)
		r.pos = start
		defer func() { r.end = before }()
	}
	var b placed.Builder
	r.pos++
	start, from := r.pos, r.pos
	r.templates++
	for ; ; r.pos++ {
		for r.pos < r.end && !marks[r.data[r.pos]] {
			r.pos++
		}
		c := r.at(r.pos)
		if r.pos >= r.end || c == '\n' || c == '"' {
			break
		}
		from = r.special(s, &b, from, c == '\\')
	}
	r.templates--
	to := r.pos
	if r.at(r.pos) == '"' {
		r.pos++
	} else {
		r.problem(start-1, Unclosed)
		for to > from && r.data[to-1] == '\r' {
			to--
		}
	}
	b.Copy(r.data, r.span(from, to))
	return b.Text(start)
}

// special reads an escape or an expression at pos and leaves pos at its last byte. Text from from on is not in b yet;
// it returns from where that is so afterwards.
func (r *reader) special(s spot, b *placed.Builder, from int, escape bool) int {
	p := r.pos
	c := r.data[p]
	switch {
	case escape:
		meant, n := r.escape(p)
		if n == 0 {
			r.pos = min(p+1, r.end-1)
			if r.data[r.pos] == '\n' {
				r.pos = p
			}
			return from
		}
		b.Copy(r.data, r.span(from, p))
		b.Stand(meant, r.span(p, p+n))
		r.pos = p + n - 1
		return p + n
	case c == '\\':
	case r.at(p+1) == c && r.at(p+2) == '{':
		b.Copy(r.data, r.span(from, p))
		b.Stand([]byte{c, '{'}, r.span(p, p+3))
		r.pos = p + 2
		return p + 3
	case r.at(p+1) == '{' && (c == '$' || c == '%') && r.templates < maxTemplates && r.depth < maxDepth:
		// The expression stays in the text as it stands.
		at := b.Len() + p - from
		r.pos = p + 2
		r.expression(s)
		r.refs = append(r.refs, ref{at, at + r.pos - p})
		r.pos--
	}
	return from
}

// expression reads an expression in a string up to the brace that closes it. pos is behind the one that opens it.
func (r *reader) expression(s spot) {
	start, json, escaped := r.pos, r.json, r.escaped
	r.json, r.escaped = false, r.escaped || json
	r.open[0]++
	r.depth++
	for {
		r.expr(s, true)
		if r.pos >= r.end || r.at(r.pos) == '\n' && r.begins(r.pos+1) {
			r.problem(start-2, Unclosed)
			break
		}
		if c := r.at(r.pos); c == ',' || c == '\n' {
			r.pos++
		} else if r.closes('}') {
			break
		}
	}
	r.depth--
	r.open[0]--
	r.json, r.escaped = json, escaped
}

// begins reports whether the line at p begins with NAME =, so that what came before it must have ended.
func (r *reader) begins(p int) bool {
	skip := func() {
		for r.at(p) == ' ' || r.at(p) == '\t' {
			p++
		}
	}
	skip()
	name := p
	p = r.word(p)
	end := p
	skip()
	return end > name && r.at(p) == '=' && r.at(p+1) != '='
}

// escape is what the escape at p means, and its length, 0 if it is none.
func (r *reader) escape(p int) ([]byte, int) {
	c := r.at(p + 1)
	switch c {
	case 'n', 'r', 't', 'b', 'f':
		return []byte{map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}[c]}, 2
	case '"', '\\', '/':
		return []byte{c}, 2
	case 'u', 'U':
		n := 4
		if c == 'U' {
			n = 8
		}
		v, ok := r.hex(p+2, n)
		if !ok {
			return nil, 0
		}
		if utf16.IsSurrogate(v) && r.at(p+6) == '\\' && r.at(p+7) == 'u' {
			if low, ok := r.hex(p+8, 4); ok {
				if pair := utf16.DecodeRune(v, low); pair != utf8.RuneError {
					return utf8.AppendRune(nil, pair), 12
				}
			}
		}
		return utf8.AppendRune(nil, v), n + 2
	}
	return nil, 0
}

func (r *reader) hex(p, n int) (rune, bool) {
	if p+n > r.end {
		return 0, false
	}
	v, err := strconv.ParseUint(string(r.data[p:p+n]), 16, 32)
	return rune(v), err == nil
}

// skipString is the string at pos without its marks. Nothing in it is read.
func (r *reader) skipString() assignment.Span {
	start := r.pos + 1
	for r.pos = start; r.pos < r.end; r.pos++ {
		switch r.data[r.pos] {
		case '"':
			r.pos++
			return r.span(start, r.pos-1)
		case '\n':
			r.problem(start-1, Unclosed)
			return r.span(start, r.pos)
		case '\\':
			if r.at(r.pos+1) != '\n' {
				r.pos = min(r.pos+1, r.end-1)
			}
		}
	}
	r.problem(start-1, Unclosed)
	return r.span(start, r.pos)
}

// heredocMark is the end of the mark of the heredoc that << begins at pos, 0 if it is none.
func (r *reader) heredocMark() int {
	p := r.pos + 2
	if r.at(p) == '-' {
		p++
	}
	end := r.word(p)
	if end == p {
		return 0
	}
	for p = end; r.at(p) == ' ' || r.at(p) == '\t' || r.at(p) == '\r'; p++ {
	}
	if r.at(p) != '\n' {
		return 0
	}
	return end
}

// heredoc reads the heredoc at pos and leaves pos behind its last mark.
func (r *reader) heredoc(s spot) placed.Text {
	open, end := r.pos, r.heredocMark()
	mark := bytes.TrimPrefix(r.data[open+2:end], []byte("-"))
	start := end + bytes.IndexByte(r.data[end:r.end], '\n') + 1
	body, behind, indent := start, r.end, -1
	for {
		line := r.data[body:r.end]
		n := bytes.IndexByte(line, '\n')
		if n >= 0 {
			line = line[:n]
		}
		text := bytes.TrimSpace(line)
		if bytes.Equal(text, mark) {
			behind = body + len(bytes.TrimRight(line, " \t\r"))
			break
		}
		if len(text) > 0 {
			if blanks := len(line) - len(bytes.TrimLeft(line, " \t")); indent < 0 || blanks < indent {
				indent = blanks
			}
		}
		if n < 0 {
			body = r.end
			r.problem(open, Unclosed)
			break
		}
		body += n + 1
	}
	if r.data[open+2] != '-' {
		indent = 0
	}
	before := r.end
	r.pos, r.end = start, body
	t := r.lineTexts(s, max(0, indent))
	r.pos, r.end = behind, before
	return t
}

// lineTexts reads the lines up to the end, with indent blanks of each taken off.
func (r *reader) lineTexts(s spot, indent int) placed.Text {
	var b placed.Builder
	start, from := r.pos, r.pos
	r.templates++
	begins := true
	for ; r.pos < r.end; r.pos++ {
		if begins && indent > 0 {
			b.Copy(r.data, r.span(from, r.pos))
			for n := 0; n < indent && (r.at(r.pos) == ' ' || r.at(r.pos) == '\t'); n++ {
				r.pos++
			}
			from = r.pos
		}
		begins = false
		for r.pos < r.end && !marks[r.data[r.pos]] {
			r.pos++
		}
		switch r.at(r.pos) {
		case '\n':
			begins = true
		case '$', '%':
			from = r.special(s, &b, from, false)
		}
	}
	r.pos = min(r.pos, r.end)
	r.templates--
	b.Copy(r.data, r.span(from, r.end))
	return b.Text(start)
}

// formOf is the form of bytes [i, j) of a text with these expressions in it.
func formOf(t placed.Text, refs []ref, i, j int) interpolate.Form {
	text, found := false, false
	from := i
	for _, f := range refs {
		if f.start < i || f.end > j {
			continue
		}
		text = text || len(bytes.TrimSpace(t.Bytes[from:f.start])) > 0
		from, found = f.end, true
	}
	rest := t.Bytes[from:j]
	text = text || len(bytes.TrimSpace(rest)) > 0
	switch {
	case text && found:
		return interpolate.Mixed
	case found:
		return interpolate.Reference
	case text:
		// A program that makes the file may fill in {{ }}.
		return interpolate.Scan(rest, interpolate.Template).Form
	}
	return interpolate.Empty
}

// pairs adds each name=value of a text, those behind commas too if many is set.
func (r *reader) pairs(s spot, t placed.Text, refs []ref, many bool) {
	for start, k := 0, 0; start < t.Len(); {
		eq, end, first := -1, start, k
		for ; end < t.Len(); end++ {
			if k < len(refs) && refs[k].start == end {
				end = refs[k].end - 1
				k++
				continue
			}
			if c := t.Bytes[end]; c == ',' && many {
				break
			} else if c == '=' && eq < 0 {
				eq = end
			}
		}
		if eq > start {
			r.pairText(s, t, refs[first:k], start, eq, end)
		}
		start = end + 1
	}
}

func (r *reader) pairText(s spot, t placed.Text, refs []ref, start, eq, end int) {
	name, value := carrier.Trim(t.Slice(start, eq)), carrier.Trim(t.Slice(eq+1, end))
	s.name = name.Place()
	quoted := false
	if value.Len() > 0 {
		if inner, ok := carrier.Unquote(value); ok {
			value, quoted = inner, true
		}
	}
	r.fill(r.reserve(s), value, formOf(t, refs, eq+1, end), quoted)
}
