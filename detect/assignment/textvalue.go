package assignment

// operand reads the value behind the operator that ends at p.
func (r *textReader) operand(p int, op []byte) (Span, bool, bool) {
	if len(op) == 1 && op[0] == ':' {
		if q, ok := r.skipType(r.skipBlank(p)); ok {
			return r.operand(q, nil) // name: str = "v"
		}
	}
	q := r.skipBlank(p)
	if r.query() {
		return r.bareUntil(p, true)
	}
	if len(op) == 1 && op[0] == ':' && r.quote == 0 && r.at(r.name.Start-1) == ':' {
		return Span{}, false, false // a row of fields: name:password:id
	}
	switch r.at(q) {
	case '\n', '\r', '\\', 0:
		return r.nextLine(q)
	case '{':
		if v, quoted, ok := r.member(q + 1); ok && r.quote != 0 {
			return v, quoted, ok
		}
	}
	if s, open := r.openQuote(r.skipPrefix(q)); open {
		if s.slashes == 0 && r.insideLiteral(s.mark) {
			return Span{q, q}, false, true // "PASSWORD="+password, "password: " + password
		}
		return r.quotedValue(s)
	}
	if s, open := r.wrapped(q); open {
		return r.quotedValue(s)
	}
	return r.bare(q)
}

// insideLiteral reports whether the name stands in a string literal between marks of this kind, so that the next mark
// closes the literal: the marks before the name on its line are odd in number.
func (r *textReader) insideLiteral(mark byte) bool {
	if r.quote != 0 {
		return false
	}
	if mark == '\'' {
		return r.at(r.name.Start-1) == mark // elsewhere it may be an apostrophe
	}
	odd := false
	for i := r.name.Start - 1; i >= max(0, r.name.Start-maxBefore) && r.data[i] != '\n'; i-- {
		if r.data[i] == mark && r.at(i-1) != '\\' {
			odd = !odd
		}
	}
	return odd
}

// query reports whether the name is a parameter of a URL.
func (r *textReader) query() bool {
	c := r.at(r.name.Start - 1)
	return r.quote == 0 && (c == '?' || c == '&')
}

// nextLine reads a string literal that stands indented on the line after the operator. Anything else there belongs
// to the next line: the value is empty.
func (r *textReader) nextLine(p int) (Span, bool, bool) {
	empty := Span{min(p, len(r.data)), min(p, len(r.data))}
	if r.at(p) == '\\' {
		if s, open := r.openQuote(p); open {
			return r.quotedValue(s)
		}
		p++
	}
	q := r.skipSpace(p)
	if r.at(q-1) != ' ' && r.at(q-1) != '\t' {
		return empty, false, true
	}
	if s, open := r.openQuote(r.skipPrefix(q)); open && r.at(q) != '`' {
		return r.quotedValue(s)
	}
	return empty, false, true
}

// opening is the place behind an opening quotation mark.
type opening struct {
	start   int
	mark    byte
	slashes int
	triple  bool
}

// openQuote recognises an opening quotation mark at p, with backslashes before it.
func (r *textReader) openQuote(p int) (opening, bool) {
	o := opening{start: p}
	for r.at(o.start) == '\\' && o.slashes < 4 {
		o.slashes++
		o.start++
	}
	o.mark = r.at(o.start)
	if class[o.mark]&quoteByte == 0 {
		return opening{}, false
	}
	o.start++
	if o.slashes == 0 && r.at(o.start) == o.mark && r.at(o.start+1) == o.mark {
		o.start, o.triple = o.start+2, true
	}
	return o, true
}

// skipPrefix skips the letters that may stand before a string literal: b"", f”, @"", N”, L"", rb"", and brackets
// that wrap it.
func (r *textReader) skipPrefix(p int) int {
	q := p
	for n := 0; n < 4; n++ {
		switch r.at(q) {
		case 'b', 'B', 'r', 'R', 'u', 'U', 'f', 'F', 'L', 'N', '@', '$', '(', '[':
			q++
			if c := r.at(q); class[c]&quoteByte != 0 {
				return q
			}
		default:
			return p
		}
	}
	return p
}

// quotedValue reads up to the closing mark of o.
func (r *textReader) quotedValue(o opening) (Span, bool, bool) {
	limit := min(len(r.data), o.start+MaxValue)
	slashes := 0
	for i := o.start; i < limit; i++ {
		switch c := r.data[i]; {
		case c == '\\':
			slashes++
			continue
		case c == o.mark && slashes <= o.slashes:
			if o.triple && !(r.at(i+1) == c && r.at(i+2) == c) {
				break
			}
			return Span{o.start, i - min(slashes, o.slashes)}, true, true
		case c == '\n' && !o.triple && o.mark != '`':
			return r.open(Span{o.start, i})
		case c == 0:
			return r.open(Span{o.start, i})
		}
		slashes = 0
	}
	return r.open(Span{o.start, limit})
}

// open trims a value whose closing mark was not found.
func (r *textReader) open(s Span) (Span, bool, bool) {
	for s.End > s.Start && class[r.data[s.End-1]]&spaceByte != 0 {
		s.End--
	}
	return s, false, true
}

// wrapped finds the literal inside a call: String("v"), []byte("v"), new Secret('v'), key(Buffer.from("v")).
func (r *textReader) wrapped(p int) (opening, bool) {
	for depth := 0; depth < 3; depth++ {
		q := p
		for n := 0; n < MaxGap; n++ {
			c := r.at(q)
			if class[c]&nameByte == 0 && c != ' ' && c != '[' && c != ']' && c != '*' && c != '&' && c != ':' {
				break
			}
			q++
		}
		if q == p || r.at(q) != '(' || looksUp(r.data[p:q]) {
			return opening{}, false
		}
		p = r.skipSpace(q + 1)
		if o, open := r.openQuote(r.skipPrefix(p)); open {
			return o, true
		}
	}
	return opening{}, false
}

// lookups are beginnings of the names of functions whose argument is not the value but what it is found or shown by,
// or how it is encoded.
var lookups = [...]string{"get", "find", "load", "read", "fetch", "lookup", "require", "resolve", "select", "query", "credentials", "env",
	"encode", "translate", "gettext", "trans", "split", "join", "replace", "input", "prompt", "concat", "format", "sprintf", "print"}

// looksUp reports whether the last part of a dotted callee begins as one of lookups.
func looksUp(callee []byte) bool {
	for i := len(callee); i > 0; i-- {
		if c := callee[i-1]; class[c]&wordByte == 0 {
			callee = callee[i:]
			break
		}
	}
	for _, l := range lookups {
		if len(callee) < len(l) {
			continue
		}
		same := true
		for i := range len(l) {
			same = same && callee[i]|0x20 == l[i]
		}
		if same {
			return true
		}
	}
	return false
}

// nameAt reports whether a name and = stand at p, or a name and : behind a comma: the next one of a row.
func (r *textReader) nameAt(p int) bool {
	q := p
	for q < p+40 && class[r.at(q)]&nameByte != 0 {
		q++
	}
	switch r.at(q) {
	case '=':
		return q > p+1 && r.at(q+1) != '='
	case ':':
		return q > p && r.at(p-1) == ',' && class[r.at(p)]&wordByte != 0 && r.at(q+1) != '/'
	}
	return false
}

// entity reports whether one of HTML's marks stands at p: &lt; &gt; &quot;
func (r *textReader) entity(p int) bool {
	return r.hasAt(p, "&lt;") || r.hasAt(p, "&gt;") || r.hasAt(p, "&quot;") || r.hasAt(p, "&#")
}

// bare reads a value without quotation marks.
func (r *textReader) bare(p int) (Span, bool, bool) { return r.bareUntil(p, false) }

func (r *textReader) bareUntil(p int, query bool) (Span, bool, bool) {
	limit := min(len(r.data), p+MaxValue)
	var round, curly, square int
	end := p
scan:
	for ; end < limit; end++ {
		c := r.data[end]
		switch c {
		case ' ', '\t', '\r', '\n', 0, '"', '\'', '`', ';':
			break scan
		case ',':
			if n := r.at(end + 1); class[n]&(spaceByte|quoteByte) != 0 || n == 0 || n == '\\' || r.nameAt(end+1) {
				break scan
			}
		case '\\':
			switch r.at(end + 1) {
			case 'n', 'r', 't', '"', '\'', '\\', '\n', '\r', 0:
				break scan
			}
		case '#':
			if query {
				break scan
			}
		case '&':
			if query || r.nameAt(end+1) || end > p && r.entity(end) {
				break scan
			}
		case '(':
			round++
		case ')':
			if round--; round < 0 {
				break scan
			}
		case '{':
			curly++
		case '}':
			if curly--; curly < 0 {
				break scan
			}
		case '[':
			square++
		case ']':
			if square--; square < 0 {
				break scan
			}
		case '<':
			if end > p {
				break scan
			}
		}
	}
	if end > p && r.data[end-1] == '|' {
		end-- // a cell of a table
	}
	return Span{p, end}, false, true
}
