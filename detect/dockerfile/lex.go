package dockerfile

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"rummage/detect/assignment"
)

// maxNesting is how deep references may stand in one another's default values; a deeper one is plain text.
const maxNesting = 20

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
	l := lexer{src: word.Bytes, escape: f.Escape}
	return l.refs(word, l.all(nil), nil)
}

// lexer splits one word into literal text and references, as BuildKit does when it expands one: quotation marks and
// escapes are left out. What it refuses is literal: a mark without its partner, braces without a name.
type lexer struct {
	src    []byte
	escape byte
	// shell turns on what a shell has and the builder has not: $(…) and `…`, and lines that continue.
	shell bool

	depth    int
	noQuote  [2]bool // no partner is to come for a ' or " from here on
	problems int
	quotes   int  // pairs of marks left out
	whole    bool // all of src stands within one pair of marks
}

// node is a piece of a word: literal bytes src[start:end], or a reference that stands there.
type node struct {
	start, end int
	ref        *ref
}

// ref is a reference: its name and the word behind its operator are ranges of src.
type ref struct {
	name, word [2]int
	op         string
	nodes      []node // of the word
}

// all splits all of src. The nodes are appended to list.
func (l *lexer) all(list []node) []node {
	list, _, _ = l.until(list, 0, 0)
	return list
}

// literal appends src[i:j].
func (l *lexer) literal(list []node, i, j int) []node {
	if i == j {
		return list
	}
	if n := len(list); n > 0 && list[n-1].ref == nil && list[n-1].end == i {
		list[n-1].end = j
		return list
	}
	return append(list, node{start: i, end: j})
}

// plain is the end of the bytes from i on that mean nothing to anyone.
func (l *lexer) plain(i int, stop byte) int {
	for i < len(l.src) && shellClass[l.src[i]]&specialByte == 0 && l.src[i] != stop {
		i++
	}
	return i
}

// until splits src from i on up to an unquoted stop byte, 0 for the end. It returns the offset behind it, and false
// when there is none.
func (l *lexer) until(list []node, i int, stop byte) ([]node, int, bool) {
	for i < len(l.src) {
		if n := l.plain(i, stop); n > i {
			list = l.literal(list, i, n)
			i = n
			continue
		}
		switch c := l.src[i]; {
		case c == stop && stop != 0:
			return list, i + 1, true
		case c == '\'' && !l.noQuote[0]:
			n := bytes.IndexByte(l.src[i+1:], '\'')
			if n < 0 {
				l.noQuote[0] = true
				l.problems++
				continue
			}
			l.quotes++
			list = l.literal(list, i+1, i+1+n)
			l.whole = l.whole || i == 0 && i+2+n == len(l.src)
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
			l.quotes++
			l.whole = l.whole || i == 0 && end == len(l.src)
			i = end
		case c == l.escape:
			if n := l.escaped(i + 1); n > 0 {
				i += 1 + n
				continue
			}
			list = l.literal(list, i+1, min(i+2, len(l.src)))
			i += 2
		case c == '$' || c == '`' && l.shell:
			list, i = l.dollar(list, i, true)
		default:
			list = l.literal(list, i, i+1)
			i++
		}
	}
	return list, len(l.src), stop == 0
}

// escaped is the length of a line end at i that an escape character takes away, in a shell.
func (l *lexer) escaped(i int) int {
	switch {
	case !l.shell:
	case bytes.HasPrefix(l.src[i:], []byte("\n")):
		return 1
	case bytes.HasPrefix(l.src[i:], []byte("\r\n")):
		return 2
	}
	return 0
}

// double splits what stands in double quotes from i on. It returns the offset behind the closing mark.
func (l *lexer) double(list []node, i int) ([]node, int, bool) {
	for i < len(l.src) {
		if n := l.plain(i, '"'); n > i {
			list = l.literal(list, i, n)
			i = n
			continue
		}
		switch c := l.src[i]; {
		case c == '"':
			return list, i + 1, true
		case c == l.escape && i+1 < len(l.src):
			next := l.src[i+1]
			if n := l.escaped(i + 1); n > 0 {
				i += 1 + n
				continue
			}
			if next == '"' || next == '$' || next == l.escape || next == '`' && l.shell {
				list = l.literal(list, i+1, i+2)
			} else {
				list = l.literal(list, i, i+2)
			}
			i += 2
		case c == '$' || c == '`' && l.shell:
			list, i = l.dollar(list, i, false)
		default:
			list = l.literal(list, i, i+1)
			i++
		}
	}
	return list, i, false
}

// dollar reads the reference at i. A dollar sign that begins none is literal. Bare says that i is not in quotes.
func (l *lexer) dollar(list []node, i int, bare bool) ([]node, int) {
	if l.shell {
		if end, ok := l.substitution(i); ok {
			return append(list, node{start: i, end: end, ref: &ref{op: "("}}), end
		}
		if l.src[i] == '`' {
			return l.literal(list, i, i+1), i + 1
		}
		if bare && i+1 < len(l.src) && (l.src[i+1] == '\'' || l.src[i+1] == '"') {
			return list, i + 1 // $'…' and $"…" are strings
		}
	}
	if i+1 >= len(l.src) || l.src[i+1] != '{' {
		n := nameLen(l.src[i+1:])
		if n == 0 {
			return l.literal(list, i, i+1), i + 1
		}
		end := i + 1 + n
		return append(list, node{start: i, end: end, ref: &ref{name: [2]int{i + 1, end}, word: [2]int{end, end}}}), end
	}
	n := nameLen(l.src[i+2:])
	if n == 0 || l.depth >= maxNesting {
		l.problems++
		return l.literal(list, i, i+2), i + 2
	}
	r := &ref{name: [2]int{i + 2, i + 2 + n}}
	j, ok := r.name[1], true
	if j < len(l.src) && l.src[j] == '}' {
		r.word = [2]int{j, j}
		j++
	} else {
		j += l.operator(r, j)
		r.word[0] = j
		l.depth++
		r.nodes, j, ok = l.until(nil, j, '}')
		l.depth--
		r.word[1] = j
		if ok {
			r.word[1]--
		} else {
			l.problems++
		}
	}
	return append(list, node{start: i, end: j, ref: r}), j
}

// operator reads what follows the name of a reference at i, and returns its length.
func (l *lexer) operator(r *ref, i int) int {
	for _, op := range []string{":-", ":+", ":?", "-", "+", "?", "#", "%", "/"} {
		if len(l.src)-i >= len(op) && string(l.src[i:i+len(op)]) == op {
			r.op = op
			return len(op)
		}
	}
	r.op = ":" // something that only shells know: ${x:0:3}, ${x^^}
	return 0
}

// nameLen is the length of the variable name that b begins with: letters, digits and underscores, digits alone, or
// one of the special parameters.
func nameLen(b []byte) int {
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

// refs turns the references among nodes into Refs.
func (l *lexer) refs(t Text, nodes []node, list []Ref) []Ref {
	for _, n := range nodes {
		if n.ref == nil || n.ref.op == "(" {
			continue
		}
		r := n.ref
		list = append(list, Ref{
			Name:  t.Slice(r.name[0], r.name[1]),
			Span:  t.Span(n.start, n.end),
			Op:    r.op,
			Word:  t.Slice(r.word[0], r.word[1]),
			Value: assemble(t, r.nodes, r.word[0]),
		})
		list = l.refs(t, r.nodes, list)
	}
	return list
}

// assemble is the text of the nodes, references as they stand. An empty text stands at offset empty of t.
func assemble(t Text, nodes []node, empty int) Text {
	for i := 1; i < len(nodes); i++ {
		if nodes[i].start != nodes[i-1].end {
			j := joiner{bytes: make([]byte, 0, nodes[len(nodes)-1].end-nodes[0].start)}
			for _, n := range nodes {
				j.add(t.Slice(n.start, n.end))
			}
			return j.text(t.Pos(empty))
		}
	}
	if len(nodes) == 0 {
		return t.Slice(empty, empty)
	}
	return t.Slice(nodes[0].start, nodes[len(nodes)-1].end)
}

// word makes w of raw text that the builder will expand.
func (p *parser) word(w *Word, raw Text, line int) {
	if w.read(raw, p.escape, false, &p.nodes) > 0 {
		p.problem(line, BadQuote)
	}
}

// read makes w of raw text, and returns the number of things in it that were not understood.
func (w *Word) read(raw Text, escape byte, shell bool, scratch *[]node) int {
	w.Raw, w.Value, w.Quoted = raw, raw, false
	if !needsLexer(raw.Bytes, escape, shell) {
		return 0
	}
	l := lexer{src: raw.Bytes, escape: escape, shell: shell}
	nodes := l.all((*scratch)[:0])
	*scratch = nodes[:0]
	empty := 0
	if l.whole {
		empty = 1
	}
	w.Value, w.Quoted = assemble(raw, nodes, empty), l.whole
	return l.problems
}

// needsLexer says whether a builder, or a shell, sees more in b than its bytes.
func needsLexer(b []byte, escape byte, shell bool) bool {
	for _, c := range b {
		if shellClass[c]&specialByte != 0 && (c == escape || c != '\\' && (c != '`' || shell)) {
			return true
		}
	}
	return false
}
