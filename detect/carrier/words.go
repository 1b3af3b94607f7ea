package carrier

import (
	"bytes"

	"rummage/detect/placed"
)

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
