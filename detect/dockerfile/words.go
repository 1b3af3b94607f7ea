package dockerfile

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"rummage/detect/placed"
	"rummage/detect/shell"
)

// span is a range of bytes of a text.
type span struct{ start, end int }

// blankFields splits at blanks, without regard to quotation marks.
func blankFields(b []byte, each func(span) bool) {
	for i := 0; i < len(b); {
		for i < len(b) && blank(b[i]) {
			i++
		}
		start := i
		for i < len(b) && !blank(b[i]) {
			i++
		}
		if i > start && !each(span{start, i}) {
			return
		}
	}
}

// quotedFields splits at white space outside quotation marks, which stay. An escape character protects what follows
// it, except in single quotes; one at the very end is dropped.
func quotedFields(b []byte, escape byte, each func(span) bool) {
	start, quote := -1, byte(0)
	for i := 0; i < len(b); {
		if start >= 0 && shell.Class[b[i]]&shell.Ordinary != 0 {
			i++
			continue
		}
		c, n := rune(b[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRune(b[i:])
		}
		if start < 0 {
			if unicode.IsSpace(c) {
				i += n
				continue
			}
			start = i
		}
		switch {
		case quote == 0 && unicode.IsSpace(c):
			if !each(span{start, i}) {
				return
			}
			start = -1
		case b[i] == escape && quote != '\'':
			if i+1 == len(b) {
				if i > start {
					each(span{start, i})
				}
				return
			}
			_, n = utf8.DecodeRune(b[i+1:])
			n++
		case quote != 0 && b[i] == quote:
			quote = 0
		case quote == 0 && (b[i] == '\'' || b[i] == '"'):
			quote = b[i]
		}
		i += n
	}
	if start >= 0 {
		each(span{start, len(b)})
	}
}

// flags reads the words with two dashes that t begins with, and returns what follows them. BuildKit takes bytes for
// characters here, and removes quotation marks and escapes.
func (p *parser) flags(t Text, in *Instruction) Text {
	b := t.Bytes
	for i := 0; ; {
		for i < len(b) && byteSpace(b[i]) {
			i++
		}
		if i+1 >= len(b) || b[i] != '-' || b[i+1] != '-' {
			return t.Slice(i, len(b))
		}
		start := i
		var nodes []shell.Node
		nodes, i = p.flagWord(b, i)
		value := shell.Assemble(t, nodes, start)
		if string(value.Bytes) == "--" {
			return t.Slice(i, len(b))
		}
		if !p.take(in.StartLine) {
			return t.Slice(i, len(b))
		}
		in.Flags = p.flagged.add(in.Flags)
		flag := &in.Flags[len(in.Flags)-1]
		flag.Span = t.Span(start, i)
		name, _, set := bytes.Cut(value.Bytes, []byte("="))
		flag.Set = set
		flag.Name = string(bytes.TrimPrefix(name, []byte("--")))
		flag.Value = value.Slice(value.Len(), value.Len())
		if set {
			flag.Value = value.Slice(len(name)+1, value.Len())
		}
		if flag.Name == "mount" {
			p.options(flag, in.StartLine)
		}
	}
}

// flagWord reads the flag at i: the bytes kept, and where it ends.
func (p *parser) flagWord(b []byte, i int) ([]shell.Node, int) {
	l := shell.Lexer{Src: b}
	nodes := p.nodes[:0]
	quote := byte(0)
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case quote == 0 && byteSpace(c):
			p.nodes = nodes[:0]
			return nodes, i
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == p.escape:
			i++
			if i < len(b) {
				nodes = l.Literal(nodes, i, i+1)
			}
		default:
			nodes = l.Literal(nodes, i, i+1)
		}
	}
	p.nodes = nodes[:0]
	return nodes, len(b)
}

// take counts a word. It reports false, and stops the reading of the file, at the bound.
func (p *parser) take(line int) bool {
	if p.words >= MaxWords {
		p.stop(line)
		return false
	}
	p.words++
	return true
}

// options splits the value of --mount: comma-separated, a field in double quotes may hold commas and doubled quotes.
func (p *parser) options(flag *Flag, line int) {
	b := flag.Value.Bytes
	for i := 0; i < len(b); i++ {
		if !p.take(line) {
			return
		}
		field := flag.Value.Slice(i, i)
		if b[i] == '"' {
			var ok bool
			if field, i, ok = csvField(flag.Value, i+1); !ok {
				p.problem(line, BadMount)
			}
		} else {
			n := bytes.IndexByte(b[i:], ',')
			if n < 0 {
				n = len(b) - i
			}
			field = flag.Value.Slice(i, i+n)
			i += n
		}
		name, _, set := bytes.Cut(field.Bytes, []byte("="))
		o := Option{Name: string(bytes.ToLower(name)), Set: set, Value: field.Slice(field.Len(), field.Len())}
		if set {
			o.Value = field.Slice(len(name)+1, field.Len())
		}
		flag.Options = append(flag.Options, o)
	}
}

// csvField reads a quoted field from i on, behind its mark. It returns the offset of the comma behind it; false when
// the field is not closed or something else follows.
func csvField(t Text, i int) (Text, int, bool) {
	var j placed.Builder
	empty := t.Pos(i)
	for start := i; i < len(t.Bytes); i++ {
		if t.Bytes[i] != '"' {
			continue
		}
		j.Add(t.Slice(start, i))
		if i+1 < len(t.Bytes) && t.Bytes[i+1] == '"' {
			i++
			start = i
			continue
		}
		i++
		comma := bytes.IndexByte(t.Bytes[i:], ',')
		if comma < 0 {
			return j.Text(empty), len(t.Bytes), i == len(t.Bytes)
		}
		return j.Text(empty), i + comma, comma == 0
	}
	return j.Text(empty), len(t.Bytes), false
}
