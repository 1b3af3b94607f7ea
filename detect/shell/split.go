package shell

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// Bounds of Commands.
const (
	// maxCommands is how deep commands are followed into one another's $(…) and (…).
	maxCommands = 20
	// maxCommandWords is the number of pairs, words and redirections after which a command is cut in two.
	maxCommandWords = 4096
)

// Command is a simple command of a shell: assignments, words, redirections.
type Command struct {
	// Assigns are the pairs in front: NAME=value cmd. Without Words they set variables of the shell itself.
	Assigns []Assign
	// Words are the name of the command and its arguments.
	Words  []Word
	Redirs []Redir
	// Next is the operator behind it: ; & && || | a line end, ) or nothing.
	Next string
	// Depth is 0 for the commands of the text itself, one more in each (…), $(…) and `…`.
	Depth int
}

// Assign is a pair in front of a command: NAME=value, NAME+=value.
type Assign struct {
	Name placed.Text
	Word // the value
}

// Redir is a redirection.
type Redir struct {
	Op     string // < > >> << <<- <<< <> >| <& >& &> &>>
	FD     int    // the digit before it, -1 if there is none
	Target Word   // the file, the name of a heredoc, the text of <<<
	Span   assignment.Span
	// Body is that of a heredoc that stands in the same text.
	Body placed.Text
}

// Commands splits the text of a POSIX shell and calls visit for each simple command, in the order in which they end;
// what stands in a command's $(…) comes before it. The Command and its slices are reused after visit. Escape is the
// shell's escape character: a backslash, or a backquote for PowerShell.
//
// It is no parser: words like `if` and `do` are skipped where a command begins, a mark without its partner is closed
// by the end of the text, and nothing is an error.
func Commands(t placed.Text, escape byte, visit func(*Command)) {
	s := splitters.Get().(*Splitter)
	s.Split(t, escape, visit)
	s.Forget()
	splitters.Put(s)
}

// splitters holds memory of Splitters, as *Splitter, and scouts those that only look for ends.
var (
	splitters = sync.Pool{New: func() any { return new(Splitter) }}
	scouts    = sync.Pool{New: func() any { return new(Splitter) }}
)

// Split is Commands. It must not be called from visit; another Splitter may.
func (s *Splitter) Split(t placed.Text, escape byte, visit func(*Command)) {
	s.t, s.b, s.escape, s.visit = t, t.Bytes, escape, visit
	s.depth, s.docLine, s.docEnd, s.far, s.lineStop, s.noBraces = 0, 0, 0, 0, 0, 0
	start := 0
	if s.Line != nil {
		start = s.Line(0)
	}
	s.commands(start, len(s.b), 0)
}

// Classes of bytes of shell text.
const (
	Blank    = 1 << iota // between words
	Break                // ends a word
	Mark                 // means something within a word
	Ordinary             // means nothing anywhere: ASCII that is none of the above
)

// Class has the classes of each byte.
var Class = func() (t [256]uint8) {
	for _, c := range " \t\r\v\f" {
		t[c] = Blank | Break
	}
	for _, c := range "\n;&|()<>" {
		t[c] = Break
	}
	for _, c := range "'\"$`\\" {
		t[c] = Mark
	}
	for c := range utf8.RuneSelf {
		if t[c] == 0 {
			t[c] = Ordinary
		}
	}
	return t
}()

// Splitter splits shell text, one after another with the same memory. The zero value is ready for use.
type Splitter struct {
	// Line, if there is one, is called with the offset of each line, and of the end of the text behind a line end, that
	// cuts the text in two: what stands before and what stands behind are split as if each were all there is. It
	// returns the offset of such a line at which to go on.
	Line func(i int) int

	t       placed.Text
	b       []byte
	escape  byte
	visit   func(*Command) // nil: only the ends of things are looked for
	depth   int
	stack   []*Command // one for each depth, reused
	none    Command    // stays empty
	scratch []Node
	// docLine is the end of the last line that names heredocs, docEnd where the bodies of those read end.
	docLine, docEnd int
	// far is how far heredocs have reached, behind the end of the text for one that looked for its end in vain.
	far int
	// lineStop is the end of the line that a template was looked for in, noBraces where one was looked for in vain.
	lineStop, noBraces int
}

// Forget lets go of the text split last, which the Splitter's memory refers to.
func (s *Splitter) Forget() {
	s.t, s.b, s.visit, s.Line = placed.Text{}, nil, nil, nil
	for _, c := range s.stack {
		clear(c.Assigns[:cap(c.Assigns)])
		clear(c.Words[:cap(c.Words)])
		clear(c.Redirs[:cap(c.Redirs)])
	}
}

// command is an empty command for the depth.
func (s *Splitter) command() *Command {
	if s.visit == nil {
		return &s.none
	}
	for len(s.stack) <= s.depth {
		s.stack = append(s.stack, &Command{Words: make([]Word, 0, 16)})
	}
	c := s.stack[s.depth]
	*c = Command{Assigns: c.Assigns[:0], Words: c.Words[:0], Redirs: c.Redirs[:0], Depth: s.depth}
	return c
}

func (s *Splitter) emit(c *Command, next string) {
	if s.visit != nil && len(c.Assigns)+len(c.Words)+len(c.Redirs) > 0 {
		c.Next = next
		s.visit(c)
	}
	c.Assigns, c.Words, c.Redirs = c.Assigns[:0], c.Words[:0], c.Redirs[:0]
}

// commands reads commands from i up to the closing byte (0 for none) or the limit, and returns the offset behind it.
func (s *Splitter) commands(i, limit int, closing byte) int {
	c := s.command()
	for i < limit {
		if len(c.Assigns)+len(c.Words)+len(c.Redirs) >= maxCommandWords {
			s.emit(c, "")
		}
		switch b := s.b[i]; {
		case Class[b]&Blank != 0:
			i++
		case b == s.escape && s.lineEnd(i+1, limit) > 0:
			i += 1 + s.lineEnd(i+1, limit)
		case b == '#':
			if n := bytes.IndexByte(s.b[i:limit], '\n'); n >= 0 {
				i += n
			} else {
				i = limit
			}
		case b == '\n':
			s.emit(c, "\n")
			if i++; i == s.docLine+1 {
				i = max(i, s.docEnd)
			}
			if s.Line != nil && s.depth == 0 && s.far <= i {
				i = s.Line(i)
			}
		case b == ')':
			s.emit(c, ")")
			if i++; closing == ')' {
				return i
			}
		case b == '(':
			s.emit(c, "(")
			if n := s.sum(i, limit); n > 0 {
				i = n
			} else {
				i = s.nested(i+1, limit)
			}
		case b == ';' || b == '|' || b == '&' && !s.redirAt(i, limit):
			op := operator(s.b[i:limit])
			s.emit(c, op)
			i += len(op)
		case (Class[b] == Break || digit(b)) && s.redirAt(i, limit):
			i = s.redirect(c, i, limit)
		default:
			i = s.addWord(c, i, limit)
		}
	}
	s.emit(c, "")
	return limit
}

// operator is what ends a command where b begins: ; & or |, or two of them.
func operator(b []byte) string {
	for _, op := range [...]string{"&&", "||", ";;", "|&", ";", "|"} {
		if len(b) >= len(op) && string(b[:len(op)]) == op {
			return op
		}
	}
	return "&"
}

// nested reads the commands of a (…), from behind its opening parenthesis.
func (s *Splitter) nested(i, limit int) int {
	if s.depth >= maxCommands {
		return i
	}
	s.depth++
	i = s.commands(i, limit, ')')
	s.depth--
	return i
}

// lineEnd is the length of a line end at i.
func (s *Splitter) lineEnd(i, limit int) int {
	switch {
	case i < limit && s.b[i] == '\n':
		return 1
	case i+1 < limit && s.b[i] == '\r' && s.b[i+1] == '\n':
		return 2
	}
	return 0
}

// addWord reads the word at i and adds it to the command.
func (s *Splitter) addWord(c *Command, i, limit int) int {
	end := s.word(i, limit)
	if s.visit == nil {
		return end
	}
	raw := s.t.Slice(i, end)
	if len(c.Words) == 0 {
		if n := assignName(raw.Bytes); n > 0 {
			eq := n
			if raw.Bytes[n] == '+' {
				eq++
			}
			c.Assigns = append(c.Assigns, Assign{Name: raw.Slice(0, n)})
			c.Assigns[len(c.Assigns)-1].Read(raw.Slice(eq+1, raw.Len()), s.escape, true, &s.scratch)
			return end
		}
		if len(c.Assigns) == 0 && keyword(raw.Bytes) {
			return end
		}
	}
	c.Words = slices.Grow(c.Words, 1)[:len(c.Words)+1]
	c.Words[len(c.Words)-1].Read(raw, s.escape, true, &s.scratch)
	return end
}

// assignName is the length of NAME where b is NAME=… or NAME+=…, else 0.
func assignName(b []byte) int {
	for i, c := range b {
		switch {
		case c == '=' || c == '+' && i+1 < len(b) && b[i+1] == '=':
			return i
		case c == '_' || letter(c) || i > 0 && digit(c):
		default:
			return 0
		}
	}
	return 0
}

// keyword says whether the word begins or ends a compound command, and is followed by a simple one.
func keyword(b []byte) bool {
	switch string(b) {
	case "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}", "!", "time":
		return true
	}
	return false
}

// word returns the end of the word at i. There is at least one byte in it.
func (s *Splitter) word(i, limit int) int {
	for start := i; i < limit; {
		switch b := s.b[i]; {
		case b == '{':
			i = max(i+1, s.template(i, limit))
		case Class[b]&^Ordinary == 0:
			i++
		case b == s.escape:
			i += max(2, 1+s.lineEnd(i+1, limit))
		case b == '\'':
			i = s.closing(i+1, limit, '\'')
		case b == '"':
			i = s.double(i+1, limit)
		case b == '$' && s.escape == '\\' && i+1 < limit && s.b[i+1] == '\'':
			n, _ := ansiEnd(s.b[i+2 : limit])
			i += 2 + n
		case b == '$' || b == '`':
			i = s.dollar(i, limit)
		case (b == '<' || b == '>') && i+1 < limit && s.b[i+1] == '(':
			i = s.nested(i+2, limit)
		case Class[b]&Break != 0:
			if i > start {
				return i
			}
			i++
		default:
			i++
		}
	}
	return limit
}

// closing returns the offset behind the next byte c.
func (s *Splitter) closing(i, limit int, c byte) int {
	if n := bytes.IndexByte(s.b[i:limit], c); n >= 0 {
		return i + n + 1
	}
	return limit
}

// double returns the offset behind the double quote that closes.
func (s *Splitter) double(i, limit int) int {
	for i < limit {
		switch b := s.b[i]; {
		case b == '"':
			return i + 1
		case b == s.escape:
			i += 2
		case b == '$' || b == '`':
			i = s.dollar(i, limit)
		default:
			i++
		}
	}
	return limit
}

// dollar returns the end of the reference or substitution at i, and visits the commands in it.
func (s *Splitter) dollar(i, limit int) int {
	next := byte(0)
	if i+1 < limit {
		next = s.b[i+1]
	}
	switch {
	case s.b[i] == '`':
		return s.backquoted(i+1, limit)
	case next == '(' && i+2 < limit && s.b[i+2] == '(':
		return s.arithmetic(i+3, limit)
	case next == '(':
		return s.nested(i+2, limit)
	case next == '{':
		if n := s.template(i+1, limit); n > 0 {
			return n
		}
		return s.braces(i+2, limit)
	}
	return i + 1
}

// template is the offset behind the {{ … }} at i, or ${{ … }} from the brace on, 0 if there is none on the line.
func (s *Splitter) template(i, limit int) int {
	if i+1 >= limit || s.b[i+1] != '{' || i < s.noBraces {
		return 0
	}
	if i >= s.lineStop {
		s.lineStop = len(s.b)
		if n := bytes.IndexByte(s.b[i:], '\n'); n >= 0 {
			s.lineStop = i + n
		}
	}
	stop := min(s.lineStop, limit)
	n := bytes.Index(s.b[i+2:stop], []byte("}}"))
	if n < 0 {
		s.noBraces = stop
		return 0
	}
	return i + 2 + n + 2
}

// ansiEnd is the offset behind the mark that closes $'…', of which b begins behind the first. It reports false, and the
// end of b, when there is none.
func ansiEnd(b []byte) (int, bool) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '\'':
			return i + 1, true
		}
	}
	return len(b), false
}

// maxSum is how long ((…)) may be, in bytes: else each of many that are never closed is looked through to the end.
const maxSum = 512

// sum is the offset behind the arithmetic command ((…)) at i, 0 if there is none on the line. Its << begins no heredoc.
func (s *Splitter) sum(i, limit int) int {
	if i+1 >= limit || s.b[i+1] != '(' {
		return 0
	}
	limit = min(limit, i+maxSum)
	if n := bytes.IndexByte(s.b[i:limit], '\n'); n >= 0 {
		limit = i + n
	}
	end := s.arithmetic(i+2, limit)
	if !bytes.HasSuffix(s.b[i+2:end], []byte("))")) {
		return 0
	}
	return end
}

// backquoted reads `…` from behind the first mark.
func (s *Splitter) backquoted(i, limit int) int {
	end := i
	for end < limit && s.b[end] != '`' {
		if s.b[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, limit)
	if s.visit != nil && s.depth < maxCommands {
		s.depth++
		s.commands(i, end, 0)
		s.depth--
	}
	return min(end+1, limit)
}

// arithmetic reads $((…)) from behind the parentheses.
func (s *Splitter) arithmetic(i, limit int) int {
	for open := 2; i < limit; i++ {
		switch s.b[i] {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return limit
}

// braces reads ${…} from behind the brace.
func (s *Splitter) braces(i, limit int) int {
	if s.depth >= maxCommands {
		return i
	}
	s.depth++
	defer func() { s.depth-- }()
	for i < limit {
		switch b := s.b[i]; {
		case b == '}':
			return i + 1
		case b == s.escape:
			i += 2
		case b == '\'':
			i = s.closing(i+1, limit, '\'')
		case b == '"':
			i = s.double(i+1, limit)
		case b == '$' || b == '`':
			i = s.dollar(i, limit)
		default:
			i++
		}
	}
	return limit
}

// substitution returns the end of the $(…) or `…` at i.
func (l *Lexer) substitution(i int) (int, bool) {
	if l.Src[i] == '$' && (i+1 >= len(l.Src) || l.Src[i+1] != '(') {
		return i, false
	}
	s := scouts.Get().(*Splitter)
	*s = Splitter{b: l.Src, escape: l.Escape, scratch: s.scratch[:0]}
	end := s.dollar(i, len(l.Src))
	s.b = nil
	scouts.Put(s)
	return end, true
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }
