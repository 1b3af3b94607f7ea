package shell

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"rummage/detect/placed"
)

// MaxNesting is how deep references may stand in one another's default values; a deeper one is plain text.
const MaxNesting = 20

// Lexer splits one word into literal text and references, as BuildKit does when it expands one: quotation marks and
// escapes are left out. What it refuses is literal: a mark without its partner, braces without a name.
type Lexer struct {
	Src    []byte
	Escape byte // the escape character, 0 for none
	// Shell turns on what a shell has and the builder has not: $(…), `…` and $'…', and lines that continue.
	Shell bool

	// Quotes is the number of pairs of marks left out so far.
	Quotes int

	depth    int
	noQuote  [2]bool // no partner is to come for a ' or " from here on
	noBraces bool    // nor }} for a ${{
	problems int
	whole    bool // all of Src stands within one pair of marks
}

// Node is a piece of a word: literal bytes Src[Start:End], or a reference that stands there.
type Node struct {
	Start, End int
	Ref        *Reference // nil for literal bytes
}

// Reference is a reference to a variable: $NAME, ${NAME}, ${NAME:-word}. Its name and the word behind its operator are
// ranges of Src.
type Reference struct {
	Name, Word [2]int
	// Op is what follows the name in braces: "", "-", ":-", "+", ":+", "?", ":?", "#", "%", "/", or ":" for others; "(" for
	// what is no variable: $(…), `…`.
	Op    string
	Nodes []Node // of the word
}

// noVariable is what is no variable. It is not written to.
var noVariable = &Reference{Op: "("}

// All splits all of Src. The nodes are appended to list.
func (l *Lexer) All(list []Node) []Node {
	list, _, _ = l.until(list, 0, 0)
	return list
}

// Literal appends the literal bytes Src[i:j].
func (l *Lexer) Literal(list []Node, i, j int) []Node {
	if i == j {
		return list
	}
	if n := len(list); n > 0 && list[n-1].Ref == nil && list[n-1].End == i {
		list[n-1].End = j
		return list
	}
	return append(list, Node{Start: i, End: j})
}

// plain is the end of the bytes from i on that mean nothing to anyone.
func (l *Lexer) plain(i int, stop byte) int {
	for i < len(l.Src) && Class[l.Src[i]]&Mark == 0 && l.Src[i] != stop {
		i++
	}
	return i
}

// until splits src from i on up to an unquoted stop byte, 0 for the end. It returns the offset behind it, and false
// when there is none.
func (l *Lexer) until(list []Node, i int, stop byte) ([]Node, int, bool) {
	for i < len(l.Src) {
		if n := l.plain(i, stop); n > i {
			list = l.Literal(list, i, n)
			i = n
			continue
		}
		switch c := l.Src[i]; {
		case c == stop && stop != 0:
			return list, i + 1, true
		case c == '\'' && !l.noQuote[0]:
			n := bytes.IndexByte(l.Src[i+1:], '\'')
			if n < 0 {
				l.noQuote[0] = true
				l.problems++
				continue
			}
			l.Quotes++
			list = l.Literal(list, i+1, i+1+n)
			l.whole = l.whole || i == 0 && i+2+n == len(l.Src)
			i += n + 2
		case c == '"' && !l.noQuote[1]:
			more, end, ok := l.double(list, i+1)
			if !ok {
				list = more[:len(list)] // none of these has grown: the mark stands between
				l.noQuote[1] = true
				l.problems++
				continue
			}
			list = more
			l.Quotes++
			l.whole = l.whole || i == 0 && end == len(l.Src)
			i = end
		case c == l.Escape:
			if n := l.escaped(i + 1); n > 0 {
				i += 1 + n
				continue
			}
			list = l.Literal(list, i+1, min(i+2, len(l.Src)))
			i += 2
		case c == '$' || c == '`' && l.Shell:
			list, i = l.dollar(list, i, true)
		default:
			list = l.Literal(list, i, i+1)
			i++
		}
	}
	return list, len(l.Src), stop == 0
}

// escaped is the length of a line end at i that an escape character takes away, in a shell.
func (l *Lexer) escaped(i int) int {
	switch {
	case !l.Shell:
	case bytes.HasPrefix(l.Src[i:], []byte("\n")):
		return 1
	case bytes.HasPrefix(l.Src[i:], []byte("\r\n")):
		return 2
	}
	return 0
}

// double splits what stands in double quotes from i on. It returns the offset behind the closing mark.
func (l *Lexer) double(list []Node, i int) ([]Node, int, bool) {
	for i < len(l.Src) {
		if n := l.plain(i, '"'); n > i {
			list = l.Literal(list, i, n)
			i = n
			continue
		}
		switch c := l.Src[i]; {
		case c == '"':
			return list, i + 1, true
		case c == l.Escape && i+1 < len(l.Src):
			next := l.Src[i+1]
			if n := l.escaped(i + 1); n > 0 {
				i += 1 + n
				continue
			}
			if next == '"' || next == '$' || next == l.Escape || next == '`' && l.Shell {
				list = l.Literal(list, i+1, i+2)
			} else {
				list = l.Literal(list, i, i+2)
			}
			i += 2
		case c == '$' || c == '`' && l.Shell:
			list, i = l.dollar(list, i, false)
		default:
			list = l.Literal(list, i, i+1)
			i++
		}
	}
	return list, i, false
}

// dollar reads the reference at i. A dollar sign that begins none is literal. Bare says that i is not in quotes.
func (l *Lexer) dollar(list []Node, i int, bare bool) ([]Node, int) {
	if l.Shell {
		if end, ok := l.substitution(i); ok {
			return append(list, Node{Start: i, End: end, Ref: noVariable}), end
		}
		if l.Src[i] == '`' {
			return l.Literal(list, i, i+1), i + 1
		}
		if bare && i+1 < len(l.Src) && (l.Src[i+1] == '\'' || l.Src[i+1] == '"') {
			if l.Src[i+1] == '\'' && l.Escape == '\\' {
				if more, end, ok := l.ansi(list, i+2); ok {
					return more, end
				}
			}
			return list, i + 1 // $'…' and $"…" are strings
		}
		if bytes.HasPrefix(l.Src[i:], []byte("${{")) && !l.noBraces {
			if n := bytes.Index(l.Src[i:], []byte("}}")); n >= 0 {
				end := i + n + 2
				return append(list, Node{Start: i, End: end, Ref: noVariable}), end
			}
			l.noBraces = true
		}
	}
	if i+1 >= len(l.Src) || l.Src[i+1] != '{' {
		n := NameLen(l.Src[i+1:])
		if n == 0 {
			return l.Literal(list, i, i+1), i + 1
		}
		end := i + 1 + n
		return append(list, Node{Start: i, End: end, Ref: &Reference{Name: [2]int{i + 1, end}, Word: [2]int{end, end}}}), end
	}
	n := NameLen(l.Src[i+2:])
	if n == 0 || l.depth >= MaxNesting {
		l.problems++
		return l.Literal(list, i, i+2), i + 2
	}
	r := &Reference{Name: [2]int{i + 2, i + 2 + n}}
	j, ok := r.Name[1], true
	if j < len(l.Src) && l.Src[j] == '}' {
		r.Word = [2]int{j, j}
		j++
	} else {
		j += l.operator(r, j)
		r.Word[0] = j
		l.depth++
		r.Nodes, j, ok = l.until(nil, j, '}')
		l.depth--
		r.Word[1] = j
		if ok {
			r.Word[1]--
		} else {
			l.problems++
		}
	}
	return append(list, Node{Start: i, End: j, Ref: r}), j
}

// ansi splits what stands in $'…' from i on. A backslash before a mark or another backslash is left out; other escapes
// stay as they stand.
func (l *Lexer) ansi(list []Node, i int) ([]Node, int, bool) {
	n, ok := ansiEnd(l.Src[i:])
	if !ok {
		return list, i, false
	}
	end := i + n
	for start := i; ; i++ {
		if i >= end-1 {
			l.Quotes++
			return l.Literal(list, start, end-1), end, true
		}
		if l.Src[i] != '\\' {
			continue
		}
		if c := l.Src[i+1]; c == '\'' || c == '"' || c == '\\' {
			list = l.Literal(list, start, i)
			start = i + 1
		}
		i++
	}
}

// operator reads what follows the name of a reference at i, and returns its length.
func (l *Lexer) operator(r *Reference, i int) int {
	for _, op := range []string{":-", ":+", ":?", "-", "+", "?", "#", "%", "/"} {
		if len(l.Src)-i >= len(op) && string(l.Src[i:i+len(op)]) == op {
			r.Op = op
			return len(op)
		}
	}
	r.Op = ":" // something that only shells know: ${x:0:3}, ${x^^}
	return 0
}

// NameLen is the length of the variable name that b begins with: letters, digits and underscores, digits alone, or
// one of the special parameters.
func NameLen(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if c := b[0]; digit(c) {
		return len(b) - len(bytes.TrimLeft(b, "0123456789"))
	} else if c < utf8.RuneSelf && bytes.IndexByte([]byte("@*#?-$!"), c) >= 0 {
		return 1
	}
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			if b[i] != '_' && !letter(b[i]) && !digit(b[i]) {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
		i += n
	}
	return len(b)
}

// Assemble is the text of nodes of t, references as they stand. An empty text stands at offset empty of t.
func Assemble(t placed.Text, nodes []Node, empty int) placed.Text {
	for i := 1; i < len(nodes); i++ {
		if nodes[i].Start != nodes[i-1].End {
			var b placed.Builder
			b.Grow(nodes[len(nodes)-1].End - nodes[0].Start)
			for _, n := range nodes {
				b.Add(t.Slice(n.Start, n.End))
			}
			return b.Text(t.Pos(empty))
		}
	}
	if len(nodes) == 0 {
		return t.Slice(empty, empty)
	}
	return t.Slice(nodes[0].Start, nodes[len(nodes)-1].End)
}

// Word is a word.
type Word struct {
	// Raw is the word with its quotation marks, escapes and references.
	Raw placed.Text
	// Value is the word as it is meant: without quotation marks and escapes, strings of a JSON array decoded.
	// References to variables are left as they stand.
	Value placed.Text
	// Quoted says that the whole word stands within one pair of quotation marks.
	Quoted bool
}

// Read makes w of raw text, and returns the number of things in it that were not understood. Shell says whether a shell
// or the builder of images reads it. Scratch is memory to use again.
func (w *Word) Read(raw placed.Text, escape byte, shell bool, scratch *[]Node) int {
	w.Raw, w.Value, w.Quoted = raw, raw, false
	if !Special(raw.Bytes, escape, shell) {
		return 0
	}
	l := Lexer{Src: raw.Bytes, Escape: escape, Shell: shell}
	nodes := l.All((*scratch)[:0])
	*scratch = nodes[:0]
	empty := 0
	if l.whole {
		empty = 1
	}
	w.Value, w.Quoted = Assemble(raw, nodes, empty), l.whole
	return l.problems
}

// Special says whether a builder, or a shell, sees more in b than its bytes.
func Special(b []byte, escape byte, shell bool) bool {
	for _, c := range b {
		if Class[c]&Mark != 0 && (c == escape || c != '\\' && (c != '`' || shell)) {
			return true
		}
	}
	return false
}
