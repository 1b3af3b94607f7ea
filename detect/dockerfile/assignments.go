package dockerfile

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/interpolate"
	"rummage/detect/shell"
)

// The contexts of Dockerfiles.
const (
	ContextEnv         assignment.Context = "dockerfile.env"         // ENV NAME=value, ENV NAME value
	ContextArg         assignment.Context = "dockerfile.arg"         // ARG NAME=value; the value of ARG NAME is empty
	ContextLabel       assignment.Context = "dockerfile.label"       // LABEL name=value
	ContextRun         assignment.Context = "dockerfile.run"         // NAME=value and --name value in the shell text of RUN
	ContextCmd         assignment.Context = "dockerfile.cmd"         // the same in CMD and ENTRYPOINT, also of the JSON form
	ContextHealthcheck assignment.Context = "dockerfile.healthcheck" // the same in HEALTHCHECK CMD
	ContextOnBuild     assignment.Context = "dockerfile.onbuild"     // all of the above under ONBUILD
	ContextHeredoc     assignment.Context = "dockerfile.heredoc"     // the same in heredocs of shell text, and NAME=value lines of others
	ContextCopy        assignment.Context = "dockerfile.copy"        // COPY and ADD: the name is a source, the value the destination
	ContextComment     assignment.Context = "dockerfile.comment"     // ENV, ARG and LABEL in comments, and NAME=value in one within them
)

// Assignments returns the names and values of a file, in the order of its instructions, comments last. Where a value
// holds a reference with a default, as ${NAME:-word}, the default is an assignment of its own, to that NAME, in the
// same context.
//
// Values are as they stand, references included; Resolve tells what these stand for.
func Assignments(f *File) []assignment.Assignment {
	c := collector{file: f, list: make([]assignment.Assignment, 0, 2*len(f.Instructions))}
	for i := range f.Instructions {
		in := &f.Instructions[i]
		c.scripts(in)
		if in.OnBuild == nil {
			c.instruction(in, contextOf(in.Name))
			continue
		}
		for in.OnBuild != nil {
			in = in.OnBuild
		}
		c.instruction(in, ContextOnBuild)
	}
	for i := range f.Comments {
		c.comment(&f.Comments[i])
	}
	return c.list
}

func contextOf(name string) assignment.Context {
	switch name {
	case "ENV":
		return ContextEnv
	case "ARG":
		return ContextArg
	case "LABEL":
		return ContextLabel
	case "RUN":
		return ContextRun
	case "HEALTHCHECK":
		return ContextHealthcheck
	}
	return ContextCmd
}

// collector collects assignments.
type collector struct {
	file  *File
	list  []assignment.Assignment
	nodes []shell.Node // reused
	// shells are the texts of shells that are read, each in the one before it.
	shells []*scripter
	level  int
}

// add adds one. The spans are those of the texts; the decoded value is given where the file has another.
func (c *collector) add(context assignment.Context, name Text, value Text, quoted bool) {
	if name.Len() > 0 {
		c.addSpan(context, name.Place(), value, quoted)
	}
}

func (c *collector) addSpan(context assignment.Context, name assignment.Span, value Text, quoted bool) {
	a := assignment.Assignment{Context: context, Name: name, Value: value.Place(), Quoted: quoted}
	a.Refers = interpolate.Scan(value.Bytes, interpolate.Shell).Form == interpolate.Reference
	if !value.Verbatim() {
		a.Decoded = value.Bytes
	}
	c.list = append(c.list, a)
}

// instruction adds the pairs of an instruction, the sources of a copy, and the words of a command in JSON.
func (c *collector) instruction(in *Instruction, context assignment.Context) {
	for i := range in.Vars {
		v := &in.Vars[i]
		c.add(context, v.Name, v.Value, v.Quoted)
		c.defaults(context, v.Raw, false)
		c.ownDefault(context, v)
	}
	switch in.Name {
	case "COPY", "ADD":
		c.copies(in)
	case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK":
		if _, shell := shellText(in); in.JSON && !shell {
			c.exec(context, in)
		}
	}
}

// copies adds the sources of COPY and ADD, but heredocs.
func (c *collector) copies(in *Instruction) {
	if len(in.Args) < 2 {
		return
	}
	last, docs := len(in.Args)-1, in.Heredocs
	for _, source := range in.Args[:last] {
		at := source.Raw.Place()
		for len(docs) > 0 && docs[0].Mark.End <= at.Start {
			docs = docs[1:]
		}
		if len(docs) > 0 && docs[0].Mark.Start <= at.Start {
			continue
		}
		c.add(ContextCopy, source.Value, in.Args[last].Value, false)
		c.defaults(ContextCopy, source.Raw, false)
	}
}

// ownDefault adds the literal default of a reference that is all of a value, under the name that gets it: x of
// DB_PASSWORD=${PW:-x}. That of the variable referred to has it already.
func (c *collector) ownDefault(context assignment.Context, v *Var) {
	if !bytes.Contains(v.Raw.Bytes, []byte("${")) {
		return
	}
	l := shell.Lexer{Src: v.Raw.Bytes, Escape: c.file.Escape}
	nodes := l.All(nil)
	if len(nodes) != 1 || nodes[0].Ref == nil {
		return
	}
	r := nodes[0].Ref
	if (r.Op == "-" || r.Op == ":-") && len(r.Nodes) > 0 && r.Nodes[0].Ref == nil && !bytes.Equal(v.Raw.Bytes[r.Name[0]:r.Name[1]], v.Name.Bytes) {
		c.add(context, v.Name, shell.Assemble(v.Raw, r.Nodes, r.Word[0]), false)
	}
}

// defaults adds the literal default values of the references in a word.
func (c *collector) defaults(context assignment.Context, raw Text, inShell bool) {
	if bytes.IndexByte(raw.Bytes, '{') < 0 {
		return
	}
	l := shell.Lexer{Src: raw.Bytes, Escape: c.file.Escape, Shell: inShell}
	c.references(context, raw, l.All(nil))
}

func (c *collector) references(context assignment.Context, t Text, nodes []shell.Node) {
	for _, n := range nodes {
		if n.Ref == nil {
			continue
		}
		r := n.Ref
		switch r.Op {
		case "-", ":-", "+", ":+":
			// A default that is nothing but another reference is not a value.
			if len(r.Nodes) > 0 && !(len(r.Nodes) == 1 && r.Nodes[0].Ref != nil) {
				c.add(context, t.Slice(r.Name[0], r.Name[1]), shell.Assemble(t, r.Nodes, r.Word[0]), false)
			}
		}
		c.references(context, t, r.Nodes)
	}
}

// scripts adds what the shell text and the heredocs of an instruction set.
func (c *collector) scripts(in *Instruction) {
	context := contextOf(in.Name)
	for in.OnBuild != nil {
		in, context = in.OnBuild, ContextOnBuild
	}
	if t, ok := shellText(in); ok {
		c.script(context, t, c.file.Escape)
	}
	for _, s := range c.file.documents(in, nil) {
		if s.Shell {
			c.script(ContextHeredoc, s.Text, s.Escape)
		} else {
			c.lines(ContextHeredoc, s.Text)
		}
	}
}

// maxScripts is how deep the texts of shells are followed into one another: sh -c "su -c '…'".
const maxScripts = 4

// scripter is what reading the text of a shell needs.
type scripter struct {
	split   shell.Splitter
	command command.Reader
	claims  command.Claims // what the commands' own knowledge has told of, of the command being read
	found   func(command.Found)
	context assignment.Context
	escape  byte
}

// scripter returns the one for the level. What it reads belongs to the context.
func (c *collector) scripter(context assignment.Context, escape byte) *scripter {
	if len(c.shells) == c.level {
		s := new(scripter)
		s.found = func(f command.Found) {
			c.addSpan(f.Context, f.Name, f.Value, f.Quoted)
			if f.Literal {
				c.list[len(c.list)-1].Refers = false // single quotes: the dollar sign is one
			}
			s.claims.Add(f.Value.Place())
			if f.Unset {
				s.claims.Add(f.Name)
			}
		}
		if c.level+1 < maxScripts {
			s.command.Script = func(t Text) {
				s.claims.Add(t.Place())
				c.level++
				c.script(s.context, t, s.escape)
				c.level--
			}
		}
		c.shells = append(c.shells, s)
	}
	s := c.shells[c.level]
	s.context, s.escape = context, escape
	s.command.Reset()
	return s
}

// script adds what shell text sets.
func (c *collector) script(context assignment.Context, t Text, escape byte) {
	s := c.scripter(context, escape)
	s.split.Split(t, escape, func(cmd *Command) {
		for i := range cmd.Assigns {
			v := &cmd.Assigns[i]
			c.add(context, v.Name, v.Value, v.Quoted)
			c.defaults(context, v.Raw, true)
		}
		c.known(s, cmd)
		c.words(context, cmd.Words, &s.claims)
		for i := range cmd.Redirs {
			if body := cmd.Redirs[i].Body; len(cmd.Words) > 0 && shell.IsShell(cmd.Words[0].Value.Bytes) && s.command.Script != nil {
				s.command.Script(body)
			} else {
				c.lines(context, body)
			}
		}
	})
}

// exec adds what a command in JSON sets.
func (c *collector) exec(context assignment.Context, in *Instruction) {
	words := in.Args
	if in.Name == "HEALTHCHECK" && len(words) > 0 {
		words = words[1:]
	}
	s := c.scripter(context, c.file.Escape)
	c.known(s, &Command{Words: words})
	c.words(context, words, &s.claims)
}

// known adds the credentials that a command is known to carry.
func (c *collector) known(s *scripter, cmd *Command) {
	s.claims.Reset()
	s.command.Read(cmd, s.found)
}

// words adds the pairs among the words of a command that are not known: NAME=value, --name=value, --name value,
// -name value.
func (c *collector) words(context assignment.Context, words []Word, claims *command.Claims) {
	add := func(name, value Text, quoted bool) {
		if !claims.Has(value.Place()) {
			c.add(context, name, value, quoted)
		}
	}
	for i := range words {
		w := &words[i]
		c.defaults(context, w.Raw, true)
		b := w.Value.Bytes
		if eq := bytes.IndexByte(b, '='); eq > 0 {
			if name := nameBefore(b, eq); name < eq && !substitutes(b[:name]) {
				add(w.Value.Slice(name, eq), bare(w.Value.Slice(eq+1, len(b))), w.Quoted)
			}
			continue
		}
		name := bytes.TrimLeft(b, "-")
		if dashes := len(b) - len(name); dashes > 0 && dashes <= 2 && len(name) >= 3 && i+1 < len(words) && nameBefore(name, len(name)) == 0 {
			if next := &words[i+1]; next.Value.Len() > 0 && next.Value.Bytes[0] != '-' {
				add(w.Value.Slice(dashes, len(b)), next.Value, next.Quoted)
			}
		}
	}
}

// substitutes says that a command stands in b, so that an equals sign behind may be a part of it.
func substitutes(b []byte) bool {
	return bytes.IndexByte(b, '`') >= 0 || bytes.Contains(b, []byte("$("))
}

// maxName is the length beyond which a word is not taken for a name.
const maxName = 128

// nameBefore is where the name begins that ends at end: letters, digits, _ - and dots, but no dashes in front, nor
// the letter of a flag that is written together with it.
func nameBefore(b []byte, end int) int {
	i := end
	for i > 0 && end-i < maxName && (letter(b[i-1]) || digit(b[i-1]) || b[i-1] == '_' || b[i-1] == '-' || b[i-1] == '.') {
		i--
	}
	dashes := 0
	for i < end && (b[i] == '-' || b[i] == '.') {
		i++
		dashes++
	}
	if dashes == 1 && end-i > 2 && (b[i] == 'D' || b[i] == 'P') && letter(b[i+1]) && end < len(b) {
		i++ // -Dname=v, -Pname=v: the letter is the flag
	}
	return i
}

// bare is a value without the quotation marks that it has itself: name="value" in a quoted word.
func bare(t Text) Text {
	b := t.Bytes
	if n := len(b); n > 1 && (b[0] == '"' || b[0] == '\'') && b[n-1] == b[0] {
		return t.Slice(1, n-1)
	}
	return t
}

// lines adds the lines NAME=value of a text that is no shell's.
func (c *collector) lines(context assignment.Context, t Text) {
	for i := 0; i < t.Len(); {
		end := t.Len()
		if n := bytes.IndexByte(t.Bytes[i:], '\n'); n >= 0 {
			end = i + n
		}
		line := trim(t.Slice(i, end))
		if b, ok := bytes.CutPrefix(line.Bytes, []byte("export ")); ok {
			line = trim(line.Slice(line.Len()-len(b), line.Len()))
		}
		b := line.Bytes
		if eq := bytes.IndexByte(b, '='); eq > 0 {
			name := bytes.TrimRight(b[:eq], " \t")
			if nameBefore(name, len(name)) == 0 {
				value := trim(line.Slice(eq+1, len(b)))
				inside := bare(value)
				c.add(context, line.Slice(0, len(name)), inside, inside.Len() < value.Len())
			}
		}
		i = end + 1
	}
}

// comment adds the pairs of an instruction that is commented out. Within a continued instruction a line of pairs is
// enough.
func (c *collector) comment(comment *Comment) {
	t := comment.Text
	n := max(0, bytes.IndexByte(t.Bytes, ' '))
	name := t.Bytes[:n]
	if bytes.EqualFold(name, []byte("ENV")) || bytes.EqualFold(name, []byte("ARG")) || bytes.EqualFold(name, []byte("LABEL")) {
		t = trim(t.Slice(n, t.Len()))
	} else if !comment.Inside {
		return
	}
	fields := 0
	var first span
	var w Word
	quotedFields(t.Bytes, c.file.Escape, func(s span) bool {
		fields++
		raw := t.Slice(s.start, s.end)
		eq := bytes.IndexByte(raw.Bytes, '=')
		switch {
		case eq > 0 && nameBefore(raw.Bytes, eq) == 0:
			w.Read(raw.Slice(eq+1, raw.Len()), c.file.Escape, false, &c.nodes)
			c.add(ContextComment, raw.Slice(0, eq), w.Value, w.Quoted)
		case fields == 1:
			first = s
		case fields == 2 && eq < 0 && t.Len() < comment.Text.Len() && first.end > 0 && s.end == t.Len() && upperASCII(t.Bytes[first.start:first.end]):
			w.Read(raw, c.file.Escape, false, &c.nodes)
			c.add(ContextComment, t.Slice(first.start, first.end), w.Value, w.Quoted)
		}
		return fields < 100
	})
}
