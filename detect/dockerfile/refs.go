package dockerfile

import (
	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// What a Dockerfile is made of is also what shell text is made of.
type (
	// Text is text that was read from the file, with the place of each of its bytes there.
	Text = placed.Text
	// Word is a word of an instruction or of a command.
	Word = shell.Word
	// Command is a simple command of the shell text of an instruction, Redir one of its redirections.
	Command = shell.Command
	Redir   = shell.Redir
)

// Commands splits the text of a shell; see shell.Commands.
func Commands(t Text, escape byte, visit func(*Command)) { shell.Commands(t, escape, visit) }

// Ref is a reference to a variable: $NAME, ${NAME}, ${NAME:-word}.
type Ref struct {
	Name Text
	Span assignment.Span // of all of it, from the dollar sign on
	// Op is what follows the name in braces: "", "-", ":-", "+", ":+", "?", ":?", "#", "%", "/", or ":" for others.
	Op string
	// Word is what follows Op, as it stands: the default value of - and :-, the alternative of + and :+.
	Word Text
	// Value is Word without quotation marks and escapes.
	Value Text
}

// Refs returns the references in a word, also those in the words of others, in the order in which they begin.
func (f *File) Refs(word Text) []Ref {
	l := shell.Lexer{Src: word.Bytes, Escape: f.Escape}
	return refs(word, l.All(nil), nil)
}

// refs turns the references among nodes into Refs.
func refs(t Text, nodes []shell.Node, list []Ref) []Ref {
	for _, n := range nodes {
		if n.Ref == nil || n.Ref.Op == "(" {
			continue
		}
		r := n.Ref
		list = append(list, Ref{
			Name:  t.Slice(r.Name[0], r.Name[1]),
			Span:  t.Span(n.Start, n.End),
			Op:    r.Op,
			Word:  t.Slice(r.Word[0], r.Word[1]),
			Value: shell.Assemble(t, r.Nodes, r.Word[0]),
		})
		list = refs(t, r.Nodes, list)
	}
	return list
}

// word makes w of raw text that the builder will expand.
func (p *parser) word(w *Word, raw Text, line int) {
	if w.Read(raw, p.escape, false, &p.nodes) > 0 {
		p.problem(line, BadQuote)
	}
}
