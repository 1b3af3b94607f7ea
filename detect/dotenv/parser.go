package dotenv

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// parser reads one file.
type parser struct {
	data []byte
	pos  int
	o    Options
	f    *File
	// never says that no further quotation mark of the kind (" ' `) follows, so that it is not looked for again.
	never     [3]bool
	from, eol int // no line ends between them but at eol
	// open is the end of a line on which a $( or ${ is not closed.
	open int
	// comment says that a commented line is read, which data ends with.
	comment bool
}

func span(start, end int) assignment.Span { return assignment.Span{Start: start, End: end} }

func (p *parser) problem(at int, what Reason) {
	if !p.comment {
		p.f.Problems = append(p.f.Problems, Problem{at, what})
	}
}

func (p *parser) at(i int) byte {
	if i < len(p.data) {
		return p.data[i]
	}
	return 0
}

// lineEnd is the offset of the line end at or behind i. The last one is remembered: a line may hold many statements.
func (p *parser) lineEnd(i int) int {
	if p.from <= i && i <= p.eol {
		return p.eol
	}
	p.from, p.eol = i, len(p.data)
	if n := bytes.IndexByte(p.data[i:], '\n'); n >= 0 {
		p.eol = i + n
	}
	return p.eol
}

// blank is the length of the blank at i, 0 if there is none. No-break space and next line are blanks too.
func (p *parser) blank(i int) int {
	switch c := p.at(i); c {
	case ' ', '\t', '\v', '\f', '\r':
		return 1
	case 0xc2:
		if n := p.at(i + 1); n == 0x85 || n == 0xa0 {
			return 2
		}
	}
	return 0
}

func (p *parser) skipBlanks(i int) int {
	for {
		n := p.blank(i)
		if n == 0 {
			return i
		}
		i += n
	}
}

// trimRight is the end of data[start:end] without the blanks at its end.
func (p *parser) trimRight(start, end int) int {
	for end > start {
		switch p.data[end-1] {
		case ' ', '\t', '\v', '\f', '\r', '\n':
			end--
			continue
		case 0x85, 0xa0:
			if end-2 >= start && p.data[end-2] == 0xc2 {
				end -= 2
				continue
			}
		}
		break
	}
	return end
}

func (p *parser) file() {
	for p.pos < len(p.data) {
		i := p.skipBlanks(p.pos)
		switch c := p.at(i); {
		case c == '\n' || i == len(p.data):
			p.pos = i + 1
		case c == '#':
			end := p.lineEnd(i)
			p.commented(i, end)
			p.pos = end + 1
		case p.o.Raw:
			p.raw(i)
		case p.o.Shell:
			p.shell(i)
		default:
			p.statement(i)
		}
	}
}

// raw reads the line at i: the name up to the first =, the value all that follows.
func (p *parser) raw(i int) {
	end := p.lineEnd(i)
	p.pos = end + 1
	if end > i && p.data[end-1] == '\r' {
		end--
	}
	name, value := span(i, end), span(end, end)
	eq := bytes.IndexByte(p.data[i:end], '=')
	if eq >= 0 {
		name.End, value.Start = i+eq, i+eq+1
	}
	if name.Len() == 0 || bytes.ContainsAny(name.Of(p.data), " \t") {
		p.problem(i, BadName)
		return
	}
	e := Entry{Unset: eq < 0}
	e.Name = name
	p.add(e, placed.Of(p.data, value), true)
}

// nameEnd is the end of the name at i.
func (p *parser) nameEnd(i int) int {
	for ; i < len(p.data); i++ {
		c := p.data[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '_', c == '.', c == '-', c == '[', c == ']':
		case c >= 0x80 && p.blank(i) == 0:
		default:
			return i
		}
	}
	return i
}

// export skips the word export at i.
func (p *parser) export(i int) (next int, found bool) {
	if !bytes.HasPrefix(p.data[i:], []byte("export")) {
		return i, false
	}
	next = p.skipBlanks(i + len("export"))
	return next, next > i+len("export") && p.at(next) != '=' && p.at(next) != ':'
}

// statement reads the assignment at i and leaves p.pos behind it.
func (p *parser) statement(i int) {
	start := i
	next, export := p.export(i)
	if export {
		i = next
	}
	e := Entry{Export: export}
	e.Name = span(i, p.nameEnd(i))
	sep := p.skipBlanks(e.Name.End)
	switch c := p.at(sep); {
	case e.Name.Len() == 0:
		p.problem(start, BadName)
		p.whole(i)
	case c == '=' || c == ':':
		p.value(e, sep+1)
	case c == '\n' || sep >= len(p.data):
		e.Unset = true
		p.add(e, placed.Of(p.data, span(e.Name.End, e.Name.End)), true)
		p.pos = sep + 1
	default:
		p.problem(start, BadName)
		p.pos = p.lineEnd(sep) + 1
	}
}

// whole reads a line that is no assignment because it stands between quotation marks as a whole: "NAME=some value".
func (p *parser) whole(i int) {
	eol := p.lineEnd(i)
	p.pos = eol + 1
	end := p.trimRight(i, eol)
	if end-i < 4 || p.data[i] != '"' && p.data[i] != '\'' || p.data[end-1] != p.data[i] || !p.assignment(i+1) {
		return
	}
	e := Entry{}
	e.Name = span(i+1, p.nameEnd(i+1))
	e.Quoted = true
	p.add(e, placed.Of(p.data, span(e.Name.End+1, end-1)), p.data[i] == '\'')
}

// value reads the value that follows the = or : before i.
func (p *parser) value(e Entry, i int) {
	v := p.skipBlanks(i)
	c := p.at(v)
	if c != '"' && c != '\'' && c != '`' {
		p.bare(e, v, v > i)
		return
	}
	end := p.closing(v + 1)
	if end < 0 {
		if c == '`' {
			p.bare(e, v, v > i) // no mark to Compose
			return
		}
		// A mark that is never closed: what follows it on the line.
		p.problem(v, BadQuote)
		p.bare(e, v+1, false)
		return
	}
	e.Quoted = true
	p.add(e, p.quoted(v, end), c != '"')
	p.rest(end + 1)
}

// bare reads a value without quotation marks, up to the end of the line or a comment.
func (p *parser) bare(e Entry, i int, blanks bool) {
	eol := p.lineEnd(i)
	p.pos = eol + 1
	end := eol
	if n := bytes.Index(p.data[i:eol], []byte(" #")); n >= 0 {
		end = i + n
	}
	if blanks && i < eol && p.data[i] == '#' {
		end = i // NAME= # a comment, whatever Compose takes it for
	}
	p.add(e, placed.Of(p.data, span(i, p.trimRight(i, end))), false)
	if end < eol && !p.comment {
		p.commented(p.skipBlanks(end), eol)
	}
}

var quotes = []byte("\"'`")

// closing is the offset of the mark that closes the quoted value whose text begins at i, -1 if there is none. It may
// be on a later line, but then nothing else follows it there, and it is not the mark that opens another value.
func (p *parser) closing(i int) int {
	mark := p.data[i-1]
	kind := bytes.IndexByte(quotes, mark)
	eol := p.lineEnd(i)
	for j := i; j < len(p.data); j++ {
		if j >= eol && (p.comment || p.never[kind]) {
			return -1
		}
		switch p.data[j] {
		case '\\':
			j++
		case mark:
			if j < eol {
				return j
			}
			rest := p.skipBlanks(j + 1)
			if c := p.at(rest); c != '\n' && c != '#' && c != ';' && rest < len(p.data) || p.data[j-1] == '=' && p.assigned(j-1) {
				return -1
			}
			return j
		}
	}
	p.never[kind] = true
	return -1
}

// assigned reports whether nothing but a name stands before the = at i on its line.
func (p *parser) assigned(i int) bool {
	line := bytes.LastIndexByte(p.data[:i], '\n') + 1
	start := p.skipBlanks(line)
	if next, ok := p.export(start); ok {
		start = next
	}
	return start < i && p.nameEnd(start) == i
}

// rest reads what follows a quoted value on its line: a comment, another assignment, or nothing.
func (p *parser) rest(i int) {
	eol := p.lineEnd(i)
	j := p.skipBlanks(i)
	for j < eol && p.data[j] == ';' {
		j = p.skipBlanks(j + 1)
	}
	switch {
	case j >= eol:
		p.pos = eol + 1
	case p.data[j] == '#':
		if !p.comment {
			p.commented(j, eol)
		}
		p.pos = eol + 1
	case p.assignment(j):
		p.pos = j // read as a statement of its own
	default:
		p.problem(j, BadRest)
		p.pos = eol + 1
	}
}

// assignment reports whether a name and = stand at i.
func (p *parser) assignment(i int) bool {
	if next, ok := p.export(i); ok {
		i = next
	}
	end := p.nameEnd(i)
	return end > i && p.at(end) == '='
}

// commented reads the comment at i, which ends at eol, when it is an assignment: a name of letters, digits, dots,
// dashes and underscores and directly behind it an =. Anything else is prose.
func (p *parser) commented(i, eol int) {
	for i < eol && (p.data[i] == '#' || p.data[i] == ';' || p.blank(i) > 0) {
		i++
	}
	if i >= eol || !p.assignment(i) {
		return
	}
	next, export := p.export(i)
	if export {
		i = next
	}
	// A parser of the comment's line alone: a quotation mark must not reach the lines behind it.
	c := parser{data: p.data[:eol], o: p.o, f: p.f, comment: true, from: i, eol: eol}
	e := Entry{Comment: true, Export: export}
	e.Name = span(i, p.nameEnd(i))
	if c := p.data[i]; c == '-' || c == '.' || c == '[' || '0' <= c && c <= '9' {
		return
	}
	switch {
	case p.o.Raw:
		c.add(e, placed.Of(p.data, span(e.Name.End+1, p.trimRight(e.Name.End+1, eol))), true)
	case p.o.Shell:
		c.word(e, e.Name.End+1)
	default:
		c.value(e, e.Name.End+1)
	}
}

// add appends an assignment, and those of the literals that references in it hold. A literal value has no references.
func (p *parser) add(e Entry, t placed.Text, literal bool) {
	dialect := interpolate.Compose | interpolate.Command
	if p.o.Shell {
		dialect = interpolate.Shell
	}
	var v interpolate.Value
	switch {
	case !literal:
		v = interpolate.Scan(t.Bytes, dialect)
		e.Form = v.Form
	case len(bytes.TrimSpace(t.Bytes)) > 0:
		e.Form = interpolate.Literal
	}
	meant := t
	if v.Escapes {
		meant = interpolate.Unescape(t, dialect)
	}
	e.Context, e.Value, e.Decoded = p.context(Context, e.Comment), meant.Place(), meant.Decoded()
	p.f.Assignments = append(p.f.Assignments, e)
	for _, o := range interpolate.Operands(t, v, dialect) {
		d := Entry{Form: o.Form, Comment: e.Comment}
		d.Context, d.Name, d.Value, d.Decoded, d.Quoted = p.context(Default, e.Comment), o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		p.f.Assignments = append(p.f.Assignments, d)
		if o.Whole {
			d.Name = e.Name
			p.f.Assignments = append(p.f.Assignments, d)
		}
	}
}

func (p *parser) context(c assignment.Context, comment bool) assignment.Context {
	switch {
	case p.o.Sample:
		return Sampled
	case comment:
		return Commented
	}
	return c
}
