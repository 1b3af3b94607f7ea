package command

import (
	"bytes"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// The contexts of what a command carries. Unless something else is said, the name is the option, or the word, that
// says what the value is, as it stands: -p, --password, login.
const (
	Password assignment.Context = "command.password"
	Token    assignment.Context = "command.token" // keys and tokens; of a header the name is the header's
	Basic    assignment.Context = "command.basic" // user:password in base64, as in Authorization: Basic
	Hash     assignment.Context = "command.hash"  // of a password, as useradd -p wants it
	// BuildArg is --build-arg NAME=value, Env -e NAME=value: the name is NAME.
	BuildArg assignment.Context = "command.build-arg"
	Env      assignment.Context = "command.env"
	// Set is helm's --set a.b.name=value: the name is the last part of the path.
	Set assignment.Context = "command.set"
	// Flag is an option of any other program whose name tells: --api-key value. The name is without dashes.
	Flag assignment.Context = "command.flag"
)

// Found is a value that a command carries.
type Found struct {
	Context assignment.Context
	Name    assignment.Span
	Value   placed.Text // the secret alone; references in it are as they stand
	// Quoted says that quotation marks bound the value.
	Quoted bool
	// Literal says that it stands in single quotes: nothing in it is a reference to a shell.
	Literal bool
	// Unset says that there is only a name: --build-arg NAME. The value is empty, behind the name.
	Unset bool
}

// Reader reads the commands of one text after the other, in the order in which shell.Commands gives them. The zero
// value is ready for use.
type Reader struct {
	// Script, if there is one, is called with the text that a command hands to another shell: sh -c "text". The
	// Reader must not be used in it; another one may.
	Script func(t placed.Text)

	visit func(Found)
	pipes []input // by depth: what the command before a | writes
	args  []arg
}

// Reset forgets what commands before have written to pipes.
func (r *Reader) Reset() { clear(r.pipes) }

// Idle says that nothing was written to pipes that is still to be read: commands that follow are read as if they were
// the first.
func (r *Reader) Idle() bool {
	for i := range r.pipes {
		if r.pipes[i].ok {
			return false
		}
	}
	return true
}

// Forget lets go of the texts read last, which the Reader's memory refers to.
func (r *Reader) Forget() {
	r.Script = nil
	clear(r.pipes)
	clear(r.args[:cap(r.args)])
}

// maxNested is how many commands stand in one another's words: sudo env timeout 5 docker exec …
const maxNested = 8

// Read calls visit for each credential of the command.
func (r *Reader) Read(c *shell.Command, visit func(Found)) {
	for len(r.pipes) <= c.Depth {
		r.pipes = append(r.pipes, input{})
	}
	in := r.pipes[c.Depth]
	r.pipes[c.Depth] = input{}
	if len(c.Words) == 0 {
		return
	}
	if here, ok := hereInput(c); ok {
		in = here
	}
	r.visit = visit
	r.command(c.Words, in, 0)
	r.visit = nil
	if c.Next == "|" || c.Next == "|&" {
		r.pipes[c.Depth] = output(c)
	}
}

// command reads the words of a command.
func (r *Reader) command(words []shell.Word, in input, depth int) {
	for len(words) > 0 && assigns(words[0].Value.Bytes) {
		words = words[1:] // sudo NAME=value command, env NAME=value command
	}
	if len(words) == 0 || depth > maxNested {
		return
	}
	rules := rulesOf(Base(words[0].Value.Bytes))
	for i := range rules {
		rule := &rules[i]
		if len(rule.sub) > 0 && !mentions(words, rule.sub[len(rule.sub)-1]) {
			continue
		}
		p := r.parse(words, rule)
		if p.matches(rule) {
			r.apply(&p, rule, in, depth)
			return
		}
	}
	r.options(words)
}

// options reads the options of a program that is not known.
func (r *Reader) options(words []shell.Word) {
	for i := 0; i < len(words); i++ {
		b := words[i].Value.Bytes
		if len(b) < 3 || b[0] != '-' {
			if string(b) == "--" {
				return
			}
			continue
		}
		var next *shell.Word
		if i+1 < len(words) {
			next = &words[i+1]
		}
		a, used := unknown.option(&words[i], next)
		r.option(&a)
		if used {
			i++
		}
	}
}

// mentions says whether a word is s.
func mentions(words []shell.Word, s string) bool {
	for i := 1; i < len(words); i++ {
		if string(words[i].Value.Bytes) == s {
			return true
		}
	}
	return false
}

// Base is the name of a program without its folders and without .exe.
func Base(b []byte) []byte {
	if i := bytes.LastIndexAny(b, `/\`); i >= 0 {
		b = b[i+1:]
	}
	return bytes.TrimSuffix(b, []byte(".exe"))
}

// assigns says whether a word is NAME=value.
func assigns(b []byte) bool {
	for i, c := range b {
		switch {
		case c == '=':
			return i > 0
		case c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return false
}

// add reports a value.
func (r *Reader) add(context assignment.Context, name assignment.Span, v value) {
	if v.Len() == 0 || name.Len() == 0 {
		return
	}
	r.visit(Found{Context: context, Name: name, Value: v.Text, Quoted: v.quoted, Literal: v.literal})
}

// Claims are the places of values that a command's own knowledge tells of, so that they are not told of again.
type Claims struct {
	spans    []assignment.Span
	unsorted bool
}

// Reset forgets all.
func (c *Claims) Reset() { c.spans, c.unsorted = c.spans[:0], false }

// Add adds a place.
func (c *Claims) Add(s assignment.Span) {
	if n := len(c.spans); n > 0 && c.spans[n-1].Start > s.Start {
		c.unsorted = true
	}
	c.spans = append(c.spans, s)
}

// Has says whether the span has bytes of a place in common, or is one that is empty.
func (c *Claims) Has(s assignment.Span) bool {
	if len(c.spans) == 0 {
		return false
	}
	if c.unsorted {
		slices.SortFunc(c.spans, func(a, b assignment.Span) int { return a.Start - b.Start })
		c.unsorted = false
	}
	// The places do not overlap one another, so that their ends are in order too.
	i, _ := slices.BinarySearchFunc(c.spans, s.Start, func(a assignment.Span, start int) int {
		if a.End <= start && a != s {
			return -1
		}
		return 1
	})
	return i < len(c.spans) && (c.spans[i].Start < s.End || c.spans[i] == s)
}
