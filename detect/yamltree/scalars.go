package yamltree

import (
	"bytes"

	"rummage/detect/assignment"
)

// parent is the column that a scalar on further lines must be behind.
func (r *reader) parent() int {
	if n := len(r.levels); n > 0 {
		return r.levels[n-1].indent
	}
	return -1
}

// quoteEnd is the offset of the mark that closes a quoted scalar whose text begins at p, -1 if there is none or an
// escape is not valid. With oneLine it must be on the same line. plain says that the text means what it is.
func quoteEnd(data []byte, p int, mark byte, oneLine bool) (end int, plain bool) {
	plain = true
	for ; p < len(data); p++ {
		switch c := data[p]; {
		case c == mark:
			if mark == '"' || p+1 == len(data) || data[p+1] != mark {
				return p, plain
			}
			plain = false
			p++
		case c == '\\' && mark == '"':
			// Only the first bytes matter: a line end must not be looked through here, it is counted below.
			_, n := escape(data[p:min(len(data), p+10)])
			if n == 0 {
				return -1, false
			}
			plain = false
			if e := data[p+1]; e != '\n' && e != '\r' {
				p += n - 1
			}
		case c == '\n':
			if oneLine {
				return -1, false
			}
			plain = false
		}
	}
	return -1, false
}

// quoted reads the quoted scalar at r.pos.
func (r *reader) quoted(mark byte) {
	end, plain := quoteEnd(r.data, r.pos+1, mark, !r.strict)
	if end < 0 && !r.strict {
		end, plain = r.longQuote(mark)
	}
	if end < 0 {
		if r.strict {
			r.fail(r.pos, Line)
			return
		}
		r.brokenQuote(mark)
		return
	}
	if p := end + 1; !r.strict && !r.endsWell(p) {
		r.plain()
		return
	}
	r.add(scalarNode(quoteStyle(mark), span(r.pos+1, end), plain))
	r.pos = end + 1
	r.rest()
}

// endsWell reports whether nothing but a comment follows on the line of p.
func (r *reader) endsWell(p int) bool {
	for r.at(p) == ' ' || r.at(p) == '\t' {
		p++
	}
	return r.atEnd(p)
}

// longQuote tries a quoted scalar of several lines in a document that is no YAML. It is taken for one only if its
// lines are indented and nothing follows it: else a missing quotation mark would swallow lines up to the next one.
func (r *reader) longQuote(mark byte) (int, bool) {
	if r.budget <= 0 {
		return -1, false
	}
	end, _ := quoteEnd(r.data, r.pos+1, mark, false)
	if end < 0 {
		r.budget -= len(r.data) - r.pos
		return -1, false
	}
	r.budget -= end - r.pos
	for p := r.nextBreak(r.pos); p <= end; p = r.nextBreak(p) {
		q := p
		for r.at(q) == ' ' {
			q++
		}
		if q-p <= r.parent() && r.at(q) != '\n' && r.at(q) != '\r' {
			return -1, false
		}
	}
	if !r.endsWell(end + 1) {
		return -1, false
	}
	return end, false
}

// brokenQuote reads what begins with a quotation mark and has none at its end: the text behind the mark.
func (r *reader) brokenQuote(mark byte) {
	r.fail(r.pos, Line)
	end := trimBreak(r.data, r.pos, r.nextBreak(r.pos))
	text := bytes.TrimRight(r.data[r.pos+1:end], " \t")
	if n := len(text); n > 1 && text[n-1] == mark {
		text = text[:n-1] // a mark behind a backslash that makes no escape
	}
	r.add(scalarNode(Plain, span(r.pos+1, r.pos+1+len(text)), true))
	r.pos = r.nextBreak(r.pos)
}

// block reads the block scalar whose header is at r.pos.
func (r *reader) block() {
	h := readHeader(r.data, r.pos, len(r.data))
	if !h.ok {
		if r.strict {
			r.fail(r.pos, Line)
		} else {
			r.plain()
		}
		return
	}
	indent, sure := blockIndent(r.data, h, r.parent())
	body, tab := blockBody(r.data, h.next, indent)
	if r.strict && (!sure || tab) {
		r.fail(r.pos, Line)
		return
	}
	r.add(blockNode(h, r.pos, body))
	// The empty lines behind it are read again as lines; comments may stand among them.
	if r.pos = h.next; body.Len() > 0 {
		r.pos = r.nextBreak(body.End)
	}
}

func blockNode(h header, pos int, body assignment.Span) node {
	n := scalarNode(Literal, body, false)
	if n.first = int32(pos); h.folded {
		n.style = Folded
	}
	return n
}

// blockIndent is the column of a block scalar's text in a collection at column parent. It is not sure where libyaml
// would not agree, or would find an error.
func blockIndent(data []byte, h header, parent int) (indent int, sure bool) {
	if h.indent > 0 {
		return max(parent, 0) + h.indent, true
	}
	widest := 0
	for p := h.next; p < len(data); p = lineEnd(data, p) {
		q := p
		for q < len(data) && data[q] == ' ' {
			q++
		}
		if q < len(data) && (data[q] == '\n' || data[q] == '\r') {
			widest = max(widest, q-p)
			continue
		}
		// A blank line wider than the first line of text counts for libyaml, and then this is no text.
		return max(q-p, parent+1, 1), widest <= q-p && (q == len(data) || data[q] != '\t')
	}
	return max(widest, parent+1, 1), true
}

// blockBody is the text of a block scalar whose first line begins at p, from the first byte that is no indentation to
// the end of the last line that is not empty. tab says that a tab stands in the indentation of a line, maybe the one
// behind the text.
func blockBody(data []byte, p, indent int) (body assignment.Span, tab bool) {
	body = span(p, p)
	for found := false; p < len(data); {
		next := lineEnd(data, p)
		end := trimBreak(data, p, next)
		if !blankUpTo(data[p:end], indent) {
			q := p
			for q < p+indent && data[q] == ' ' {
				q++
			}
			if q < p+indent {
				return body, data[q] == '\t'
			}
			if !found {
				body.Start, found = q, true
			}
			body.End = end
		}
		p = next
	}
	return body, false
}

// plain reads the plain scalar at r.pos, of several lines perhaps. Without strictness anything may be one.
func (r *reader) plain() {
	c, next := r.at(r.pos), r.at(r.pos+1)
	if r.strict && (plainFirst[c] && !r.plainColon(r.pos) || c == '-' && isBlankOrEnd(next)) {
		r.fail(r.pos, Line)
		return
	}
	start := r.pos
	end, stopped := r.plainEnd(start, &plainStop)
	if r.at(stopped) == ':' {
		if r.strict {
			r.fail(stopped, Line)
			return
		}
		end, stopped = r.looseEnd(start)
	}
	n := scalarNode(Plain, span(start, end), true)
	r.pos = r.nextBreak(stopped)
	if r.at(stopped) != '#' {
		r.further(&n)
	}
	if r.failed && r.strict {
		return
	}
	r.add(n)
}

// looseEnd is the end of the text on the line, whatever it holds, up to a comment.
func (r *reader) looseEnd(p int) (end, stopped int) {
	r.fail(p, Line)
	end = trimBreak(r.data, p, r.nextBreak(p))
	if n := bytes.Index(r.data[p:end], []byte(" #")); n >= 0 {
		end = p + n
	}
	stopped = end
	for end > p && (r.data[end-1] == ' ' || r.data[end-1] == '\t') {
		end--
	}
	for r.at(stopped) == ' ' {
		stopped++
	}
	return end, stopped
}

// further takes up the lines that continue the plain scalar.
func (r *reader) further(n *node) {
	parent := r.parent()
	for p := r.pos; p < len(r.data); {
		q := p
		for r.at(q) == ' ' {
			q++
		}
		switch r.at(q) {
		case '\t':
			if r.strict {
				r.fail(q, Line)
			}
			return
		case '\n', '\r':
			p = r.nextBreak(q)
			continue
		case '#', 0:
			return
		}
		if q-p <= parent {
			return
		}
		end, stopped := r.plainEnd(q, &plainStop)
		if r.at(stopped) == ':' {
			if r.strict {
				r.fail(stopped, Line)
			}
			return
		}
		if !r.strict && (r.at(q) == '-' && isBlankOrEnd(r.at(q+1)) || r.isTemplate(q)) {
			return
		}
		n.end, n.verbatim = int32(end), false
		r.pos = r.nextBreak(stopped)
		if r.at(stopped) == '#' {
			return
		}
		p = r.pos
	}
}

// looseKey reports whether a line that begins with a character no plain scalar begins with may still be a key.
func (r *reader) looseKey(c byte) bool {
	switch c {
	case '*', '@', '%', '`', '?':
		return true
	case '{':
		return r.at(r.pos+1) == '{'
	}
	return false
}

// equals reads NAME=value on a line of its own where there should be a key: it is taken for one.
func (r *reader) equals(c int) {
	p := r.pos
	for carriesName(r.at(p)) {
		p++
	}
	if p == r.pos || r.at(p) != '=' || !r.enter(c, false, false) {
		return
	}
	r.add(scalarNode(Plain, span(r.pos, p), true))
	end, _ := r.looseEnd(p + 1)
	r.pos = p + 1
	r.wait()
	r.add(scalarNode(Plain, span(p+1, max(p+1, end)), true))
}

func carriesName(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_'
}

// isTemplate reports whether a line is a directive of a template and nothing else.
func (r *reader) isTemplate(p int) bool {
	if r.at(p) != '{' {
		return false
	}
	line := bytes.TrimRight(r.data[p:trimBreak(r.data, p, r.nextBreak(p))], " \t")
	if r.at(p+1) == '%' {
		return bytes.HasSuffix(line, []byte("%}"))
	}
	return r.at(p+1) == '{' && (bytes.HasSuffix(line, []byte("}}")) && !bytes.Contains(line, []byte(": ")) ||
		!bytes.Contains(line, []byte("}}")))
}

// conflict are the marks that a merge with conflicts leaves.
var conflict = [][]byte{[]byte("<<<<<<<"), []byte("======="), []byte(">>>>>>>"), []byte("|||||||")}

// skipLine skips a line that is none of YAML's.
func (r *reader) skipLine() bool {
	what := Template
	if !r.isTemplate(r.pos) {
		marked := false
		for _, m := range conflict {
			marked = marked || r.pos == r.line && bytes.HasPrefix(r.data[r.pos:], m)
		}
		if !marked {
			return false
		}
		what = Line
	}
	r.fail(r.pos, what)
	r.pos = r.nextBreak(r.pos)
	return true
}
