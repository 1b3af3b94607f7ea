package dockerfile

import (
	"bytes"
	"hash/maphash"
	"strconv"
	"unicode"
	"unicode/utf8"

	"rummage/detect/placed"
	"rummage/detect/shell"
)

// maxLines is how many different lines lastLines remembers. A heredoc that ends with a line beyond is taken for one
// without an end, if another one had none before it.
const maxLines = 1 << 20

// lastLines knows where each line of a file stands last, so that a heredoc without an end costs no search. It is made
// when the first search fails.
type lastLines struct {
	plain, stripped maphash.Seed
	at              map[uint64]int
}

// newLastLines reads the lines from offset pos on.
func newLastLines(data []byte, pos int) *lastLines {
	l := &lastLines{maphash.MakeSeed(), maphash.MakeSeed(), map[uint64]int{}}
	for pos < len(data) && len(l.at) < maxLines {
		end, next := len(data), len(data)
		if n := bytes.IndexByte(data[pos:], '\n'); n >= 0 {
			end, next = pos+n, pos+n+1
		}
		line := bytes.TrimRight(data[pos:end], "\r")
		l.at[maphash.Bytes(l.plain, line)] = pos
		if len(line) > 0 && line[0] == '\t' {
			l.at[maphash.Bytes(l.stripped, bytes.TrimLeft(line, "\t"))] = pos
		}
		pos = next
	}
	return l
}

// after says whether the line may stand at pos or behind.
func (l *lastLines) after(line string, strip bool, pos int) bool {
	at, ok := l.at[maphash.String(l.plain, line)]
	if ok && at >= pos || !strip {
		return ok && at >= pos
	}
	at, ok = l.at[maphash.String(l.stripped, line)]
	return ok && at >= pos
}

// heredocs reads the documents that an instruction has in the lines behind it.
func (p *parser) heredocs(in *Instruction) {
	inner := in
	if in.Name == "ONBUILD" && in.OnBuild != nil {
		inner = in.OnBuild
	}
	switch inner.Name {
	case "RUN", "COPY", "ADD":
	default:
		return
	}
	if inner.JSON || !bytes.Contains(in.Text.Bytes, []byte("<<")) {
		return
	}
	words, ok := shellFields(in.Text.Bytes)
	if !ok {
		return
	}
	for _, w := range words {
		doc, ok := heredocMark(in.Text.Bytes[w.start:w.end])
		if !ok {
			continue
		}
		doc.Mark = in.Text.Span(w.start, w.end)
		if !p.body(&doc) {
			// A builder stops here. The lines that follow are read as instructions.
			p.problem(in.StartLine, NoEnd)
			break
		}
		if inner.Name != "RUN" && len(inner.Args) > 1 {
			doc.Target = inner.Args[len(inner.Args)-1].Value
		}
		if !p.take(in.StartLine) {
			break
		}
		in.Heredocs = append(in.Heredocs, doc)
	}
	inner.Heredocs = in.Heredocs
}

// body reads the lines of a document. When there is no line that ends it, nothing is read.
func (p *parser) body(doc *Heredoc) bool {
	if p.last != nil && !p.last.after(doc.Name, doc.StripTabs, p.pos) {
		return false
	}
	pos, line, end := p.pos, p.line, p.end
	doc.Body.Start = p.pos
	for {
		from, to, ok := p.next()
		if !ok {
			break
		}
		candidate := p.data[from:to]
		if doc.StripTabs {
			candidate = bytes.TrimLeft(candidate, "\t")
		}
		if string(candidate) == doc.Name {
			doc.Body.End = from
			return true
		}
	}
	p.pos, p.line, p.end = pos, line, end
	p.last = newLastLines(p.data, pos)
	return false
}

// Body is the text of a heredoc as the builder sees it: without the tabs that <<- strips.
func (f *File) Body(doc *Heredoc) Text {
	t := f.text(doc.Body)
	if !doc.StripTabs || bytes.IndexByte(t.Bytes, '\t') < 0 {
		return t
	}
	var j placed.Builder
	for i := 0; i < len(t.Bytes); {
		for i < len(t.Bytes) && t.Bytes[i] == '\t' {
			i++
		}
		end := len(t.Bytes)
		if n := bytes.IndexByte(t.Bytes[i:], '\n'); n >= 0 {
			end = i + n + 1
		}
		j.Add(t.Slice(i, end))
		i = end
	}
	return j.Text(doc.Body.Start)
}

// heredocMark reads a word of the form 3<<-'NAME'.
func heredocMark(word []byte) (Heredoc, bool) {
	n := len(word) - len(bytes.TrimLeft(word, "0123456789"))
	name, ok := bytes.CutPrefix(word[n:], []byte("<<"))
	if !ok || bytes.IndexByte(name, '<') >= 0 {
		return Heredoc{}, false
	}
	doc := Heredoc{}
	doc.FD, _ = strconv.Atoi(string(word[:n]))
	name, doc.StripTabs = bytes.CutPrefix(name, []byte("-"))
	name = bytes.TrimLeft(name, "\t\n\f\r ")
	if words, ok := shellFields(name); !ok || len(words) != 1 {
		return Heredoc{}, false
	}
	l := shell.Lexer{Src: name, Escape: '\\'}
	for _, part := range l.All(nil) {
		doc.Name += string(name[part.Start:part.End])
	}
	doc.Quoted = l.Quotes > 0
	return doc, doc.Name != ""
}

// shellSplitter splits a line as BuildKit does to look for heredocs: a backslash escapes whatever the escape directive
// says, marks stay, and `<<` keeps the blanks behind it.
type shellSplitter struct {
	b     []byte
	words []span
	start int // of the word being read, -1 between words
	lost  bool
	depth int
}

// shellFields splits b into words. It reports false when BuildKit gives up: a quotation mark or brace without its
// partner, an operator in braces that it does not know. Then the line has no heredoc.
func shellFields(b []byte) ([]span, bool) {
	s := shellSplitter{b: b, start: -1}
	_, ok := s.until(0, 0, false)
	if s.start >= 0 {
		s.words = append(s.words, span{s.start, len(b)})
	}
	return s.words, ok
}

// until splits from i on up to the stop byte, 0 for the end. Quiet is for what stands within braces, whose words are
// not words of the line.
func (s *shellSplitter) until(i int, stop byte, quiet bool) (int, bool) {
	for i < len(s.b) {
		c, at := s.b[i], i
		ok, space := true, false
		switch {
		case c == stop && stop != 0:
			return i + 1, true
		case c == '\'':
			n := bytes.IndexByte(s.b[i+1:], '\'')
			ok = n >= 0
			i += n + 2
		case c == '"':
			i, ok = s.double(i + 1)
		case c == '$':
			i, ok = s.dollar(i)
		case c == '<' && i+1 < len(s.b) && s.b[i+1] == '<':
			for i += 2; i < len(s.b) && (s.b[i] == ' ' || s.b[i] == '\t' || s.b[i] == '\r'); i++ {
			}
		case c == '\\' && i+1 < len(s.b):
			_, n := utf8.DecodeRune(s.b[i+1:])
			i += 1 + n
		default:
			r, n := utf8.DecodeRune(s.b[i:])
			space = unicode.IsSpace(r)
			i += n
		}
		if !ok {
			return i, false
		}
		if !quiet {
			s.piece(at, i, space)
		}
	}
	return i, stop == 0
}

// piece adds b[i:j] to the word being read, or ends it there when it is a space.
func (s *shellSplitter) piece(i, j int, space bool) {
	if s.lost {
		// A reference with an operator: BuildKit forgets what it has read of the word before it, and splits what
		// the reference holds if that is not in quotes.
		s.lost, s.start = false, i
		if s.b[i] == '$' {
			for k := i; k < j; {
				r, n := utf8.DecodeRune(s.b[k:])
				s.piece(k, k+n, unicode.IsSpace(r))
				k += n
			}
		}
		return
	}
	switch {
	case space && s.start >= 0:
		s.words = append(s.words, span{s.start, i})
		s.start = -1
	case !space && s.start < 0:
		s.start = i
	}
}

// double reads up to the closing double quote.
func (s *shellSplitter) double(i int) (int, bool) {
	for i < len(s.b) {
		switch c := s.b[i]; {
		case c == '"':
			return i + 1, true
		case c == '$':
			var ok bool
			if i, ok = s.dollar(i); !ok {
				return i, false
			}
		case c == '\\' && i+1 < len(s.b) && (s.b[i+1] == '"' || s.b[i+1] == '$' || s.b[i+1] == '\\'):
			i += 2
		default:
			i++
		}
	}
	return i, false
}

// dollar reads a reference.
func (s *shellSplitter) dollar(i int) (int, bool) {
	if i++; i >= len(s.b) || s.b[i] != '{' {
		return i + shell.NameLen(s.b[i:]), true
	}
	if i++; i >= len(s.b) || s.b[i] == '{' || s.b[i] == '}' || s.b[i] == ':' {
		return i, false
	}
	if i += shell.NameLen(s.b[i:]); i >= len(s.b) {
		return i, false
	}
	switch s.b[i] {
	case '}':
		return i + 1, true
	case ':':
		if i++; i >= len(s.b) || s.b[i] == '#' || s.b[i] == '%' {
			return i, false
		}
		return s.operand(i+1, '}')
	case '+', '-', '?', '#', '%':
		return s.operand(i+1, '}')
	case '/':
		if i++; i < len(s.b) && s.b[i] == '/' {
			i++
		}
		var ok bool
		if i, ok = s.operand(i, '/'); !ok {
			return i, false
		}
		return s.operand(i, '}')
	}
	return i, false
}

// operand reads the word of a reference.
func (s *shellSplitter) operand(i int, stop byte) (int, bool) {
	if s.depth++; s.depth > shell.MaxNesting {
		return i, false
	}
	i, ok := s.until(i, stop, true)
	s.depth--
	s.lost = true
	return i, ok
}
