package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// maxScript bounds the shell text that is split into words, in bytes. A longer one is one value.
const maxScript = 1 << 16

// command reads a command: text for a shell, or a list of arguments, whose members may be such text again.
func (w *walker) command(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(c, k.Span(), v)
		if v.Kind() == yamltree.Scalar {
			w.words(c, v.Text())
		}
		return
	}
	w.depth++
	var args []placed.Text
	if n.Kind() == yamltree.Mapping {
		w.pairs(n, func(k, v yamltree.Node) { w.values(c, k, v) })
	}
	for item := range n.Items() {
		w.values(c, k, item)
		if item.Kind() != yamltree.Scalar {
			args = append(args, placed.Text{})
			continue
		}
		t := item.Text()
		if bytes.ContainsAny(t.Bytes, " \t\n") && !flagWithValue(t.Bytes) {
			w.words(c, t)
			t = placed.Text{}
		}
		args = append(args, t)
	}
	w.flags(c, args)
	w.depth--
}

// flagWithValue reports whether an argument is --flag=some value.
func flagWithValue(b []byte) bool {
	eq := bytes.IndexByte(b, '=')
	return eq > 0 && b[0] == '-' && !bytes.ContainsAny(b[:eq], " \t\n\"'")
}

// words splits the text of a shell and reads the flags and assignments among the words.
func (w *walker) words(c assignment.Context, t placed.Text) {
	if t.Len() > maxScript {
		return
	}
	w.args = w.args[:0]
	splitWords(t, func(word placed.Text, end bool) {
		if end {
			w.flags(c, w.args)
			w.args = w.args[:0]
			return
		}
		w.args = append(w.args, word)
	})
}

// flags reads --name=value, --name value and NAME=value among the arguments of one command.
func (w *walker) flags(c assignment.Context, args []placed.Text) {
	for i, a := range args {
		b := a.Bytes
		dashes := len(b) - len(bytes.TrimLeft(b, "-"))
		if bytes.HasPrefix(b, []byte("-D")) {
			dashes = 2 // a property of Java
		}
		end := dashes
		for end < len(b) && nameByte(b[end]) {
			end++
		}
		switch {
		case end-dashes < 2 || dashes > 2:
		case end < len(b) && b[end] == '=':
			w.argument(c, a.Span(dashes, end), a.Slice(end+1, len(b)))
		case end == len(b) && dashes > 0 && i+1 < len(args):
			if next := args[i+1].Bytes; len(next) > 0 && next[0] != '-' {
				w.argument(c, a.Span(dashes, end), args[i+1])
			}
		}
	}
}

func nameByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

func (w *walker) argument(c assignment.Context, name assignment.Span, value placed.Text) {
	e := Entry{Assignment: assignment.Assignment{Context: c, Name: name}}
	if inner, ok := unquote(value); ok {
		value, e.Quoted = inner, true
	}
	w.add(e, value)
}

// commaPairs reads name=value,name=value.
func (w *walker) commaPairs(c assignment.Context, t placed.Text) {
	if bytes.IndexByte(t.Bytes, '=') < 0 {
		return
	}
	for start := 0; start < t.Len(); {
		end := t.Len()
		if n := bytes.IndexByte(t.Bytes[start:], ','); n >= 0 {
			end = start + n
		}
		if eq := bytes.IndexByte(t.Bytes[start:end], '='); eq > 0 {
			w.argument(c, t.Span(start, start+eq), t.Slice(start+eq+1, end))
		}
		start = end + 1
	}
}

// splitWords calls f for each word of a shell's text, and with end set between commands and at the last. Quotation
// marks and escapes are taken out, comments left out; references are kept as they stand, with the blanks in them.
func splitWords(t placed.Text, f func(word placed.Text, end bool)) {
	s := splitter{t: t, b: t.Bytes}
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r':
			s.flush(f)
			s.i++
		case '\n', ';', '&', '|', '(', ')', '<', '>':
			s.flush(f)
			f(placed.Text{}, true)
			s.i++
		case '#':
			if s.open {
				s.take(1)
				continue
			}
			n := bytes.IndexByte(s.b[s.i:], '\n')
			if n < 0 {
				n = len(s.b) - s.i
			}
			s.i += n
		case '\'', '"':
			s.quoted(c)
		case '\\':
			s.escape()
		case '$':
			s.take(s.reference())
		default:
			s.take(1)
		}
	}
	s.flush(f)
	f(placed.Text{}, true)
}

type splitter struct {
	t    placed.Text
	b    []byte
	i    int
	out  placed.Builder
	open bool // a word has begun
	// unclosed says that a bracket is not closed to the end of the text.
	unclosed bool
	from     int // of the bytes that are taken as they are and not yet in out
	pending  bool
}

// take takes n bytes as they are.
func (s *splitter) take(n int) {
	if !s.pending {
		s.from, s.pending = s.i, true
	}
	s.i += n
	s.open = true
}

func (s *splitter) settle() {
	if s.pending {
		s.out.Add(s.t.Slice(s.from, s.i))
		s.pending = false
	}
}

func (s *splitter) flush(f func(placed.Text, bool)) {
	s.settle()
	if s.open {
		f(s.out.Text(s.t.Span(s.i, s.i).Start), false)
	}
	s.open = false
}

func (s *splitter) escape() {
	s.settle()
	s.open = true
	if s.i+1 < len(s.b) && s.b[s.i+1] == '\n' {
		s.i += 2
		return
	}
	s.i++
	if s.i < len(s.b) {
		s.take(1)
	}
}

// quoted takes the text between quotation marks; a mark that is never closed is taken for itself.
func (s *splitter) quoted(mark byte) {
	end := s.i + 1
	for end < len(s.b) && s.b[end] != mark {
		if mark == '"' && s.b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s.b) {
		s.take(1)
		return
	}
	s.settle()
	s.open = true
	for s.i++; s.i < end; {
		if c := s.b[s.i]; mark == '"' && c == '\\' && bytes.IndexByte([]byte("\"\\`$"), s.b[s.i+1]) >= 0 {
			s.settle()
			s.i++
		}
		s.take(1)
	}
	s.settle()
	s.i = end + 1
}

// reference is the length of the ${…} or $(…) at the dollar sign, 1 if there is none.
func (s *splitter) reference() int {
	if s.i+1 >= len(s.b) || s.unclosed {
		return 1
	}
	opens, closes := s.b[s.i+1], byte('}')
	switch opens {
	case '{':
	case '(':
		closes = ')'
	default:
		return 1
	}
	depth := 0
	for j := s.i + 1; j < len(s.b); j++ {
		switch s.b[j] {
		case opens:
			depth++
		case closes:
			if depth--; depth == 0 {
				return j + 1 - s.i
			}
		}
	}
	s.unclosed = true
	return 1
}
