package script

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// The contexts of assignments. What commands carry has those of package command.
const (
	// Variable is a variable that is set: NAME=value, export NAME=value, NAME := value.
	Variable assignment.Context = "script.variable"
	// Text is NAME=value in what a script writes: a line of a here-document, the text of an echo.
	Text assignment.Context = "script.text"
	// Default is a literal within a reference, under the name of the variable: x of ${NAME:-x}.
	Default assignment.Context = "script.default"
)

// Entry is an assignment and what else the file says of it.
type Entry = command.Entry

// Parse reads a file of the kind, and returns its assignments, about in the order of the file.
func (k Kind) Parse(data []byte) []Entry {
	r := reader{data: data, dialect: interpolate.Shell}
	r.read(k)
	return r.entries
}

// read reads all.
func (r *reader) read(k Kind) {
	data := r.data
	all := placed.Of(data, assignment.Span{End: len(data)})
	switch k {
	case Shell:
		r.script(all)
	case Makefile:
		r.makefile()
	case Justfile:
		r.justfile()
	case Procfile:
		r.procfile()
	case Jenkinsfile:
		r.jenkinsfile()
	}
}

// maxScripts is how deep the texts of shells are followed into one another.
const maxScripts = 4

// reader reads one file.
type reader struct {
	data    []byte
	dialect interpolate.Dialect // what a reference is, in the text of a shell
	entries []Entry
	shells  []*scripter
	level   int
	known   *memory // nil if nothing is remembered
}

// scripter is what reading the text of a shell needs.
type scripter struct {
	split   shell.Splitter
	command command.Reader
	claims  command.Claims // what the command's own knowledge has told of
	visit   func(*shell.Command)
	found   func(command.Found)
	script  func(placed.Text) // nil where scripts are not followed any further
}

// script reads the text of a shell, or recalls it.
func (r *reader) script(t placed.Text) {
	if r.level > 0 || r.known == nil || !t.Verbatim() {
		r.readScript(t, nil)
		return
	}
	if t.Len() == len(r.data) {
		r.readScript(t, &parts{r: r, t: t, start: -1})
		return
	}
	if r.recall(wholeText, t) {
		return
	}
	before := len(r.entries)
	r.readScript(t, nil)
	r.remember(wholeText, t, before)
}

// readScript reads the text of a shell, in parts if that is asked for.
func (r *reader) readScript(t placed.Text, p *parts) {
	if len(r.shells) == r.level {
		s := new(scripter)
		s.visit = func(c *shell.Command) { r.command(s, c) }
		s.found = func(f command.Found) {
			s.claims.Add(f.Value.Place())
			r.add(f, r.dialect)
		}
		if r.level+1 < maxScripts {
			s.script = func(t placed.Text) {
				r.level++
				r.script(t)
				r.level--
			}
		}
		r.shells = append(r.shells, s)
	}
	s := r.shells[r.level]
	s.command.Reset()
	s.command.Script = s.script
	if s.split.Line = nil; p != nil {
		p.command = &s.command
		s.split.Line = p.line
	}
	s.split.Split(t, '\\', s.visit)
}

// command reads one command.
func (r *reader) command(s *scripter, c *shell.Command) {
	for i := range c.Assigns {
		v := &c.Assigns[i]
		r.word(Variable, v.Name.Place(), v.Value, &v.Word)
	}
	s.claims.Reset()
	s.command.Read(c, s.found)
	r.words(s, c.Words)
	for i := range c.Redirs {
		if body := c.Redirs[i].Body; body.Len() > 0 {
			if len(c.Words) > 0 && shell.IsShell(c.Words[0].Value.Bytes) && s.command.Script != nil {
				s.command.Script(body)
			} else {
				r.lines(body)
			}
		}
	}
}

// words reads the words of a command: export NAME=value, echo "NAME=value", and the literals within references.
func (r *reader) words(s *scripter, words []shell.Word) {
	if len(words) == 0 {
		return
	}
	context := assignment.Context("")
	switch string(command.Base(words[0].Value.Bytes)) {
	case "export", "declare", "typeset", "local", "readonly", "env", "sudo", "set", "alias":
		context = Variable
	case "echo", "printf":
		context = Text
	}
	for i := range words {
		w := &words[i]
		if bytes.IndexByte(w.Raw.Bytes, '{') >= 0 && !literal(w) {
			r.defaults(s, w.Value)
		}
		if context == "" || i == 0 {
			continue
		}
		n := nameEnd(w.Value.Bytes)
		if n == 0 || n >= w.Value.Len() || w.Value.Bytes[n] != '=' {
			continue
		}
		if v := w.Value.Slice(n+1, w.Value.Len()); !s.claims.Has(v.Place()) {
			if context == Text {
				v = trimEnd(v)
			}
			r.word(context, w.Value.Span(0, n), v, w)
		}
	}
}

// trimEnd takes off the line end that printf and echo -e write.
func trimEnd(t placed.Text) placed.Text {
	return t.Slice(0, len(bytes.TrimSuffix(t.Bytes, []byte(`\n`))))
}

// literal says whether a word stands in single quotes.
func literal(w *shell.Word) bool {
	return w.Quoted && w.Raw.Len() > 0 && w.Raw.Bytes[0] == '\''
}

// word adds a value that is a word or a part of it.
func (r *reader) word(context assignment.Context, name assignment.Span, v placed.Text, w *shell.Word) {
	f := command.Found{Context: context, Name: name, Value: v, Quoted: w.Quoted, Literal: literal(w)}
	if n := v.Len(); n < w.Value.Len() && n > 1 && v.Bytes[0] == v.Bytes[n-1] && (v.Bytes[0] == '"' || v.Bytes[0] == '\'') {
		f.Value, f.Quoted = v.Slice(1, n-1), true
	}
	// NAME='value' as a word: the marks are within the word.
	if raw := w.Raw.Bytes; !w.Quoted && len(raw) >= v.Len()+2 && v.Len() > 0 {
		if q := raw[len(raw)-1]; (q == '\'' || q == '"') && raw[len(raw)-v.Len()-2] == q && bytes.Equal(raw[len(raw)-v.Len()-1:len(raw)-1], v.Bytes) {
			f.Quoted, f.Literal = true, q == '\''
		}
	}
	r.add(f, r.dialect)
}

// add adds what was found and the literals within its references.
func (r *reader) add(f command.Found, dialect interpolate.Dialect) {
	at := len(r.entries)
	r.entries = f.Entries(r.entries, r.data, dialect)
	kept := at + 1
	for i := at + 1; i < len(r.entries); i++ {
		if r.entries[i].Name != f.Name {
			if r.instead(r.entries[i].Value) {
				continue
			}
			r.entries[i].Context = Default
		}
		r.entries[kept] = r.entries[i]
		kept++
	}
	r.entries = r.entries[:min(kept, len(r.entries))]
}

// instead reports whether a literal is x of ${NAME:+x}. In scripts that is a flag or a word to go on with, as in
// ${PASSWORD:+-p"$PASSWORD"}, where NAME has the secret.
func (r *reader) instead(s assignment.Span) bool {
	i := s.Start - 1
	for i > 0 && (r.data[i] == '"' || r.data[i] == '\'') {
		i--
	}
	return i > 0 && r.data[i] == '+'
}

// defaults adds the literals within the references of a word: : ${NAME:=value}. Those of values are added with them.
func (r *reader) defaults(s *scripter, t placed.Text) {
	v := interpolate.Scan(t.Bytes, r.dialect)
	if len(v.Refs) == 0 {
		return
	}
	for _, o := range interpolate.Operands(t, v, r.dialect) {
		if o.Name.Len() == 0 || s.claims.Has(o.Text.Place()) || r.instead(o.Text.Place()) {
			continue
		}
		e := Entry{Form: o.Form}
		e.Refers = o.Form == interpolate.Reference
		e.Context, e.Name, e.Value, e.Decoded, e.Quoted = Default, o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		r.entries = append(r.entries, e)
	}
}

// lines reads the lines NAME=value of a text that is no shell's.
func (r *reader) lines(t placed.Text) {
	for i := 0; i < t.Len(); {
		end := t.Len()
		if n := bytes.IndexByte(t.Bytes[i:], '\n'); n >= 0 {
			end = i + n
		}
		line := trim(t.Slice(i, end))
		i = end + 1
		if b, ok := bytes.CutPrefix(line.Bytes, []byte("export ")); ok {
			line = trim(line.Slice(line.Len()-len(b), line.Len()))
		}
		n := nameEnd(line.Bytes)
		eq := n
		for eq < line.Len() && line.Bytes[eq] == ' ' {
			eq++
		}
		if n == 0 || eq >= line.Len() || line.Bytes[eq] != '=' {
			continue
		}
		f := command.Found{Context: Text, Name: line.Span(0, n), Value: trim(line.Slice(eq+1, line.Len()))}
		f.Value, f.Quoted = unquote(f.Value)
		r.add(f, r.dialect)
	}
}

// nameEnd is the length of the name that b begins with: letters, digits, underscores, dashes and dots.
func nameEnd(b []byte) int {
	for i, c := range b {
		if c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.') {
			continue
		}
		return i
	}
	return len(b)
}

// trim takes blanks off both ends.
func trim(t placed.Text) placed.Text {
	i, j := 0, t.Len()
	for i < j && blank(t.Bytes[i]) {
		i++
	}
	for j > i && blank(t.Bytes[j-1]) {
		j--
	}
	return t.Slice(i, j)
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// unquote takes off the marks around a text.
func unquote(t placed.Text) (placed.Text, bool) {
	if n := t.Len(); n > 1 && t.Bytes[0] == t.Bytes[n-1] && (t.Bytes[0] == '"' || t.Bytes[0] == '\'') {
		return t.Slice(1, n-1), true
	}
	return t, false
}
