package bake

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// expression is what is known of an expression while it is read.
type expression struct {
	start, end int
	terms      int
	// entry is the first entry, -1 for none. It is the whole's if whole is set, and may become it if scalar is.
	entry         int
	whole, scalar bool
	// reference says that there is a name, a call or an operator.
	reference bool
	last      assignment.Span // the name that was read last
	compare   bool            // the last operator compares
}

// expr reads an expression up to a comma or a closing bracket, and to the end of the line if lines end it. In JSON it
// is one term.
func (r *reader) expr(s spot, lines bool) {
	e := expression{start: -1, entry: -1}
	for {
		r.space(!lines || r.json)
		if r.pos >= r.end {
			break
		}
		c := r.data[r.pos]
		if c == '\n' || c == ',' || bracket(c) >= 0 || r.json && e.terms > 0 {
			break
		}
		if e.start < 0 {
			e.start = r.pos
		}
		r.term(s, &e, c)
		e.end = r.pos
	}
	if s.inside || !e.reference || e.terms == 0 {
		return
	}
	if !e.whole && !e.scalar {
		e.entry = r.reserve(s)
	}
	r.fill(e.entry, placed.Of(r.data, r.span(e.start, e.end)), interpolate.Reference, false)
}

// term reads one term or operator, which c begins.
func (r *reader) term(s spot, e *expression, c byte) {
	switch {
	case c == '"', c == '<' && r.at(r.pos+1) == '<' && r.heredocMark() > 0, c == '\\' && r.escaped && r.at(r.pos+1) == '"':
		r.text(s, e, c)
	case c == '{' && r.braces() > 0:
		if r.pos = r.braces(); !s.inside && e.entry < 0 {
			e.entry, e.whole = r.reserve(s), true
		}
		e.terms, e.reference = e.terms+1, true
	case c == '[' || c == '(' || c == '{':
		r.collection(s, e, c)
		e.terms++
	case wordByte[c] || c == '-' && r.number():
		r.name(s, e)
	default:
		two := c != 0 && r.at(r.pos+1) == '=' && (c == '=' || c == '!')
		e.compare = two
		e.reference = e.reference || e.terms > 0 || c == '!'
		r.pos++
		if two {
			r.pos++
		}
	}
}

// number reports whether the minus at pos belongs to a number.
func (r *reader) number() bool { c := r.at(r.pos + 1); return '0' <= c && c <= '9' }

// text reads a string or a heredoc.
func (r *reader) text(s spot, e *expression, c byte) {
	if e.terms > 0 && s.mode == inline {
		s.mode = plain
	}
	compared := e.compare
	if compared && e.last != (assignment.Span{}) {
		s.name = e.last
	}
	at := r.literalText(s, c, compared)
	if e.terms++; e.terms > 1 {
		e.reference = true
	}
	e.compare = false
	if !compared && !r.json {
		r.space(false)
		if next := r.at(r.pos); (next == '=' || next == '!') && r.at(r.pos+1) == '=' {
			r.entries[at].Context = Value
		}
	}
}

// name reads a name with what belongs to it, a number, a boolean or null.
func (r *reader) name(s spot, e *expression) {
	start := r.pos
	for r.pos++; r.pos < r.end; r.pos++ {
		if c := r.data[r.pos]; !wordByte[c] && c != '.' {
			break
		}
	}
	span := r.span(start, r.pos)
	e.compare = false
	value := isValue(span.Of(r.data)) && r.at(r.pos) != '('
	e.reference = e.reference || !value || e.terms > 0
	if e.terms++; !value {
		e.last = span
	}
	if s.inside || e.entry >= 0 || e.terms > 1 {
		return
	}
	e.entry = r.reserve(s)
	e.whole, e.scalar = !value, value
	if !value {
		return
	}
	if string(span.Of(r.data)) == "null" {
		a := &r.entries[e.entry]
		a.Value, a.Unset = span, true
		return
	}
	r.fill(e.entry, placed.Of(r.data, span), interpolate.Literal, false)
}

// isValue reports whether a word is a number, a boolean or null.
func isValue(b []byte) bool {
	switch string(b) {
	case "true", "false", "null":
		return true
	}
	return b[0] == '-' || '0' <= b[0] && b[0] <= '9'
}

// collection reads a list, an object, or what stands in brackets behind a name or alone.
func (r *reader) collection(s spot, e *expression, c byte) {
	if r.depth >= maxDepth {
		r.flat(s)
		return
	}
	first := e.terms == 0
	if c == '(' || !first {
		e.reference = true
	}
	if c == '(' && !s.inside && e.entry < 0 {
		e.entry, e.whole = r.reserve(s), true
	}
	if s.inside = s.inside || !first || c == '('; s.inside && s.mode == inline {
		s.mode = plain
	}
	if name := string(e.last.Of(r.data)); c == '(' && e.last.End == r.pos && (name == "equal" || name == "notequal") {
		s.ctx, s.mode = Value, plain
	}
	r.pos++
	switch c {
	case '[':
		r.soup(s, ']')
	case '(':
		r.soup(s, ')')
	default:
		start := r.pos
		r.space(true)
		if string(r.data[r.pos:r.word(r.pos)]) == "for" && !r.json {
			s.inside = true
			r.soup(s, '}')
			return
		}
		r.pos = start
		r.fields(s, true)
	}
}

// soup reads expressions with commas between them up to the closing bracket c. pos is behind the opening one.
func (r *reader) soup(s spot, c byte) {
	start := r.pos
	k := bracket(c)
	r.open[k]++
	r.depth++
	for {
		r.expr(s, false)
		if r.pos >= r.end {
			r.problem(start-1, Unclosed)
			break
		}
		if r.at(r.pos) == ',' {
			r.pos++
		} else if r.closes(c) {
			break
		}
	}
	r.depth--
	r.open[k]--
}

// flat reads what is too deep: its strings, up to the bracket that closes the one at pos.
func (r *reader) flat(s spot) {
	r.problem(r.pos, yamltree.TooDeep)
	s.inside, s.mode = true, plain
	for open := 0; r.pos < r.end; {
		r.space(true)
		switch c := r.at(r.pos); {
		case c == '"':
			r.literalText(s, c, false)
			continue
		case c == '{' || c == '[' || c == '(':
			open++
		case bracket(c) >= 0:
			open--
		}
		if r.pos = min(r.end, r.pos+1); open <= 0 {
			return
		}
	}
}

// reserve makes room for an entry, so that it comes before those within it.
func (r *reader) reserve(s spot) int {
	e := Entry{Assignment: assignment.Assignment{Context: s.ctx, Name: s.name}, Owner: r.owner}
	r.entries = append(r.entries, e)
	return len(r.entries) - 1
}

// fill gives an entry its value.
func (r *reader) fill(i int, t placed.Text, form interpolate.Form, quoted bool) {
	e := &r.entries[i]
	e.Value, e.Decoded, e.Form, e.Quoted, e.Unset = t.Place(), t.Decoded(), form, quoted, false
	if e.Name == (assignment.Span{}) {
		e.Name = r.span(e.Value.Start, e.Value.Start)
	}
}

func (r *reader) literal(s spot, v assignment.Span) {
	form := interpolate.Literal
	if len(bytes.TrimSpace(v.Of(r.data))) == 0 {
		form = interpolate.Empty
	}
	r.fill(r.reserve(s), placed.Of(r.data, v), form, false)
}
