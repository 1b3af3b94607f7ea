package command

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/shell"
)

// input is what a command reads: the text of a here-document, or of the echo before a pipe.
type input struct {
	v  value
	ok bool
	// part says that the text is put in the place of %s in user:%s.
	part bool
}

// hereInput is the text of a command's here-string or here-document.
func hereInput(c *shell.Command) (input, bool) {
	for i := len(c.Redirs) - 1; i >= 0; i-- {
		redir := &c.Redirs[i]
		switch {
		case redir.FD > 0:
		case redir.Op == "<<<":
			return input{v: valueOf(&redir.Target), ok: true}, true
		case redir.Op == "<<" || redir.Op == "<<-":
			return input{v: value{Text: redir.Body}, ok: true}, true
		}
	}
	return input{}, false
}

// output is what echo, printf, or cat with a here-document write, if it is clear.
func output(c *shell.Command) input {
	words := c.Words
	name := string(Base(words[0].Value.Bytes))
	words = words[1:]
	if name == "cat" {
		if len(words) > 0 && string(words[0].Value.Bytes) != "-" {
			return input{}
		}
		here, _ := hereInput(c)
		return here
	}
	if name != "echo" && name != "printf" {
		return input{}
	}
	for len(words) > 0 {
		b := words[0].Value.Bytes
		if len(b) < 2 || b[0] != '-' || len(bytes.Trim(b[1:], "neE-")) > 0 {
			break
		}
		words = words[1:]
	}
	if len(words) == 1 {
		return input{v: valueOf(&words[0]), ok: true}
	}
	if name == "printf" && len(words) == 2 && bytes.Count(words[0].Value.Bytes, []byte("%s")) == 1 {
		return input{v: valueOf(&words[1]), ok: true, part: bytes.IndexByte(words[0].Value.Bytes, ':') >= 0}
	}
	return input{}
}

// lineEnd is the length of the first line of b, and of its end. \n is an end too: echo -e and printf write one.
func lineEnd(b []byte) (n, end int) {
	for i, c := range b {
		if c == '\n' {
			return i, 1
		}
		if c == '\\' && i+1 < len(b) && b[i+1] == 'n' {
			return i, 2
		}
	}
	return len(b), 0
}

// input reports that the first line of what a program reads is a secret.
func (r *Reader) input(program []byte, name assignment.Span, from input) {
	if !from.ok {
		return
	}
	context := Password
	switch string(program) {
	case "gh", "glab":
		context = Token
	}
	n, _ := lineEnd(from.v.Bytes)
	r.add(context, name, from.v.slice(0, n))
}

// accounts reports the passwords of lines user:password.
func (r *Reader) accounts(name assignment.Span, from input, hashed bool) {
	context := Password
	if hashed {
		context = Hash
	}
	if !from.ok {
		return
	}
	if from.part {
		n, _ := lineEnd(from.v.Bytes)
		r.add(context, name, from.v.slice(0, n))
		return
	}
	for at := 0; at < from.v.Len(); {
		n, end := lineEnd(from.v.Bytes[at:])
		line := from.v.slice(at, at+n)
		at += n + end
		if end == 0 {
			at = from.v.Len()
		}
		if i := outside(line.Bytes, ':'); i > 0 {
			r.add(context, name, line.slice(i+1, line.Len()))
		}
	}
}
