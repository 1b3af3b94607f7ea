package dockerfile

import (
	"bytes"

	"rummage/detect/assignment"
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
	split shell.Splitter
	nodes []shell.Node // reused
}

// add adds one. The spans are those of the texts; the decoded value is given where the file has another.
func (c *collector) add(context assignment.Context, name Text, value Text, quoted bool) {
	if name.Len() == 0 {
		return
	}
	a := assignment.Assignment{Context: context, Name: name.Place(), Value: value.Place(), Quoted: quoted}
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
	}
	switch in.Name {
	case "COPY", "ADD":
		c.copies(in)
	case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK":
		if _, shell := shellText(in); in.JSON && !shell {
			c.words(context, in.Args)
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

// script adds what shell text sets.
func (c *collector) script(context assignment.Context, t Text, escape byte) {
	c.split.Split(t, escape, func(cmd *Command) {
		for i := range cmd.Assigns {
			v := &cmd.Assigns[i]
			c.add(context, v.Name, v.Value, v.Quoted)
			c.defaults(context, v.Raw, true)
		}
		c.words(context, cmd.Words)
		for i := range cmd.Redirs {
			c.lines(context, cmd.Redirs[i].Body)
		}
	})
}

// words adds the pairs among the words of a command: NAME=value, --name=value, --name value, -name value.
func (c *collector) words(context assignment.Context, words []Word) {
	for i := range words {
		w := &words[i]
		c.defaults(context, w.Raw, true)
		b := w.Value.Bytes
		if eq := bytes.IndexByte(b, '='); eq > 0 {
			if name := nameBefore(b, eq); name < eq && !substitutes(b[:name]) {
				c.add(context, w.Value.Slice(name, eq), bare(w.Value.Slice(eq+1, len(b))), w.Quoted)
			}
			continue
		}
		name := bytes.TrimLeft(b, "-")
		if dashes := len(b) - len(name); dashes > 0 && dashes <= 2 && len(name) >= 3 && i+1 < len(words) && nameBefore(name, len(name)) == 0 {
			if next := &words[i+1]; next.Value.Len() > 0 && next.Value.Bytes[0] != '-' {
				c.add(context, w.Value.Slice(dashes, len(b)), next.Value, next.Quoted)
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
