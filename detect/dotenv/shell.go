package dotenv

import (
	"bytes"

	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// shell reads the command at i of a shell script: assignments, with export, declare and the like before them. Of any
// other command only the assignments are read that follow a separator, or a word such as then.
func (p *parser) shell(i int) {
	e := Entry{}
	for {
		next, ok := p.keyword(i)
		if !ok {
			break
		}
		e.Export = e.Export || bytes.HasPrefix(p.data[i:], keywords[0])
		i = next
	}
	name := p.nameEnd(i)
	eq := name
	if p.at(eq) == '+' {
		eq++
	}
	if name > i && p.at(eq) == '=' {
		e.Name = span(i, name)
		p.word(e, eq+1)
		return
	}
	p.command(i)
}

// keywords stand before assignments, or before commands.
var keywords = [][]byte{
	[]byte("export"), []byte("declare"), []byte("typeset"), []byte("local"), []byte("readonly"), []byte("env"), []byte("then"),
	[]byte("else"), []byte("do"), []byte("{"), []byte("("), []byte("!"),
}

// keyword skips one of them at i, with options behind it.
func (p *parser) keyword(i int) (int, bool) {
	if bytes.IndexByte([]byte("edtlr{(!"), p.at(i)) < 0 {
		return i, false
	}
	for _, k := range keywords {
		if !bytes.HasPrefix(p.data[i:], k) {
			continue
		}
		next := p.skipBlanks(i + len(k))
		if next == i+len(k) {
			continue
		}
		for p.at(next) == '-' {
			for c := p.at(next); c != 0 && c != ' ' && c != '\t' && c != '\n'; c = p.at(next) {
				next++
			}
			next = p.skipBlanks(next)
		}
		return next, true
	}
	return i, false
}

// word reads a value as a shell does: bare and quoted pieces, up to a blank or a separator. p.pos is left behind it.
func (p *parser) word(e Entry, i int) {
	var b placed.Builder
	pieces, literal := 0, true
	start := i
	for i < len(p.data) {
		next := i
		switch c := p.data[i]; {
		case c == '\'' || c == '"':
			end := p.shellQuote(i)
			if end < 0 {
				p.problem(i, BadQuote)
				end = p.lineEnd(i)
				b.Copy(p.data, span(i+1, p.trimRight(i+1, end)))
				next, literal = end, false
				break
			}
			e.Quoted = pieces == 0
			literal = literal && c == '\''
			p.piece(&b, i, end)
			next = end + 1
		case p.blank(i) > 0 || bytes.IndexByte([]byte("\n;&|)<>"), c) >= 0:
		default:
			next = p.barePiece(&b, i)
			literal = false
		}
		if next == i {
			break
		}
		i = next
		pieces++
	}
	e.Quoted = e.Quoted && pieces == 1
	p.add(e, b.Text(start), literal)
	p.after(i)
}

// barePiece takes up text up to a quotation mark, a blank or a separator. References are whole, blanks in them or not.
func (p *parser) barePiece(b *placed.Builder, i int) int {
	start := i
	for i < len(p.data) {
		switch c := p.data[i]; {
		case c == '\\' && p.at(i+1) == '\n':
			b.Copy(p.data, span(start, i))
			i, start = i+2, i+2
			continue
		case c == '\\' && i+1 < len(p.data) && p.data[i+1] != '$':
			b.Copy(p.data, span(start, i))
			b.Stand(p.data[i+1:i+2], span(i, i+2))
			i, start = i+2, i+2
			continue
		case c == '\\':
			i++ // \$ is resolved with the references
		case c == '$' && (p.at(i+1) == '(' || p.at(i+1) == '{'), c == '`':
			if end := p.reference(i); end > i {
				i = end
				continue
			}
		case c == '\'' || c == '"' || p.blank(i) > 0 || bytes.IndexByte([]byte("\n;&|)<>"), c) >= 0:
			b.Copy(p.data, span(start, i))
			return i
		}
		i++
	}
	i = min(i, len(p.data))
	b.Copy(p.data, span(start, i))
	return i
}

// reference is the offset behind the $(…), ${…} or `…` at i, on the same line; i if it is not closed there.
func (p *parser) reference(i int) int {
	eol := p.lineEnd(i)
	if p.open == eol {
		return i
	}
	if p.data[i] == '`' {
		if n := bytes.IndexByte(p.data[i+1:eol], '`'); n >= 0 {
			return i + n + 2
		}
		return i
	}
	opens, closes := p.at(i+1), byte(')')
	switch opens {
	case '{':
		closes = '}'
	case '(':
	default:
		return i
	}
	depth := 0
	for j := i + 1; j < eol; j++ {
		switch p.data[j] {
		case opens:
			depth++
		case closes:
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	p.open = eol // so that a line of nothing but openings is not looked through again and again
	return i
}

// shellQuote is the offset of the mark that closes the one at i, -1 if there is none.
func (p *parser) shellQuote(i int) int {
	if p.data[i] == '"' {
		return p.closing(i + 1)
	}
	kind := 1
	eol := p.lineEnd(i)
	n := bytes.IndexByte(p.data[i+1:eol], '\'')
	if n >= 0 {
		return i + 1 + n
	}
	if p.comment || p.never[kind] {
		return -1
	}
	if n = bytes.IndexByte(p.data[eol:], '\''); n < 0 {
		p.never[kind] = true
		return -1
	}
	return eol + n
}

// piece takes up the text between the marks at open and end, by the rules of a shell. \$ stays, to be resolved with
// the references.
func (p *parser) piece(b *placed.Builder, open, end int) {
	copied := open + 1
	if p.data[open] == '"' {
		for i := open + 1; i+1 < end; i++ {
			if p.data[i] != '\\' {
				continue
			}
			switch c := p.data[i+1]; c {
			case '"', '\\', '`':
				b.Copy(p.data, span(copied, i))
				b.Stand(p.data[i+1:i+2], span(i, i+2))
				copied = i + 2
			case '\n':
				b.Copy(p.data, span(copied, i))
				copied = i + 2
			}
			i++
		}
	}
	b.Copy(p.data, span(copied, max(copied, end)))
}

// after reads on behind an assignment: further ones on the line, a separator, a command.
func (p *parser) after(i int) {
	j := p.skipBlanks(i)
	eol := p.lineEnd(i)
	switch {
	case j >= eol:
		p.pos = eol + 1
	case p.data[j] == '#' && j > i:
		if !p.comment {
			p.commented(j, eol)
		}
		p.pos = eol + 1
	case p.assignment(j):
		p.pos = j
	default:
		p.command(j)
	}
}

// command skips the command at i up to a separator outside quotation marks. The literals in its references count:
// `: ${TOKEN:=x}`.
func (p *parser) command(i int) {
	start := i
	for i < len(p.data) {
		switch c := p.data[i]; c {
		case '\\':
			i++
		case '\'', '"':
			if end := p.shellQuote(i); end > 0 {
				i = end
			}
		case '$', '`':
			if end := p.reference(i); end > i {
				i = end
				continue
			}
		case '\n', ';', '&', '|':
			p.operands(start, i)
			for i < len(p.data) && bytes.IndexByte([]byte(";&|"), p.data[i]) >= 0 {
				i++
			}
			if p.pos = i; p.at(i) == '\n' {
				p.pos++
			}
			return
		case '#':
			if i > start && p.blank(i-1) > 0 {
				p.operands(start, i)
				eol := p.lineEnd(i)
				if !p.comment {
					p.commented(i, eol)
				}
				p.pos = eol + 1
				return
			}
		}
		// Behind then, else and do stands a command of its own.
		if n := p.blank(i); n > 0 && i > start {
			if next, ok := p.keyword(i + n); ok && p.assignment(next) {
				p.operands(start, i)
				p.pos = i + n
				return
			}
		}
		i++
	}
	p.operands(start, min(i, len(p.data)))
	p.pos = len(p.data)
}

// operands adds the literals in the references of a command.
func (p *parser) operands(start, end int) {
	t := placed.Of(p.data, span(start, end))
	for _, o := range interpolate.Operands(t, interpolate.Scan(t.Bytes, interpolate.Shell), interpolate.Shell) {
		d := Entry{Form: o.Form, Comment: p.comment}
		d.Context, d.Name, d.Value, d.Decoded, d.Quoted = p.context(Default, p.comment), o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		p.f.Assignments = append(p.f.Assignments, d)
	}
}
