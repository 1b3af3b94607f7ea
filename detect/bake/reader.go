package bake

import (
	"bytes"
	"sync"

	"rummage/detect/assignment"
	"rummage/detect/yamltree"
)

// maxDepth bounds how deep blocks, brackets and templates are followed into each other. What is deeper is read flat.
const maxDepth = 100

// reader reads one file. Every loop in it moves pos on or ends.
type reader struct {
	data []byte
	pos  int
	end  int // of what is read: the data, or the heredoc that pos is in
	json bool
	// escaped says that what is read stands in a string of JSON, in which quotation marks are escaped.
	escaped bool
	f       *File
	// entries become the file's; the memory is used again.
	entries []Entry
	// owner is given to every entry that is added.
	owner assignment.Span

	depth     int
	templates int    // strings and heredocs around pos
	open      [3]int // brackets around pos that are not closed, by kind: } ] )
	refs      []ref  // of the strings that are being read, the inner ones last
	remarks   []assignment.Span
	// noStar remembers, for each number of templates, the end before which no comment ends any more.
	noStar   [maxTemplates + 1]int
	noBraces int                     // the end of a line on which no }} comes any more
	lines    map[yamltree.Reason]int // where the last problem of each kind was
}

// scratches holds memory of readers that are done, as *[]Entry.
var scratches = sync.Pool{New: func() any { return new([]Entry) }}

// maxScratch bounds the memory that is kept for the next reader, in entries: some 1.5 MB.
const maxScratch = 1 << 14

// done gives the file what was found.
func (r *reader) done(scratch *[]Entry) {
	r.f.Assignments = append([]Entry(nil), r.entries...)
	if cap(r.entries) <= maxScratch {
		clear(r.entries) // their values must not be kept alive
		*scratch = r.entries[:0]
		scratches.Put(scratch)
	}
}

// spot says what stands at a place of the file.
type spot struct {
	kind kind
	mode mode
	// inside says that it is part of an expression, so that a name is no value of its own.
	inside bool
	ctx    assignment.Context
	name   assignment.Span
}

// kind says what the fields of an object or a block at a spot are.
type kind uint8

const (
	leaf kind = iota // names with values in the context of the spot
	top
	targets   // names of targets
	variables // of variables
	others    // of groups and functions
	target
	variable
	other
)

// mode says what else a string is.
type mode uint8

const (
	plain  mode = iota
	pairs       // name=value,name=value
	pair        // name=value
	inline      // a Dockerfile
)

func (r *reader) at(i int) byte {
	if i < r.end {
		return r.data[i]
	}
	return 0
}

func (r *reader) span(from, to int) assignment.Span { return assignment.Span{Start: from, End: to} }

// problem notes a problem, unless the same was noted on the line before it.
func (r *reader) problem(offset int, what yamltree.Reason) {
	if r.lines == nil {
		r.lines = map[yamltree.Reason]int{}
	}
	last, ok := r.lines[what]
	r.lines[what] = max(last, offset)
	if ok && (offset <= last || bytes.IndexByte(r.data[last:offset], '\n') < 0) {
		return
	}
	r.f.Problems = append(r.f.Problems, yamltree.Problem{Offset: offset, What: what})
}

// space skips blanks and comments, and line ends if they mean nothing.
func (r *reader) space(lines bool) {
	for r.pos < r.end {
		switch c := r.data[r.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' && lines:
			r.pos++
		case c == '#' && !r.json, c == '/' && r.at(r.pos+1) == '/':
			n := bytes.IndexByte(r.data[r.pos:r.end], '\n')
			if n < 0 {
				n = r.end - r.pos
			}
			r.remarks = append(r.remarks, r.span(r.pos, r.pos+n))
			r.pos += n
		case c == '/' && r.at(r.pos+1) == '*':
			start := r.pos
			r.pos = r.commentEnd(start)
			r.remarks = append(r.remarks, r.span(start, r.pos))
		default:
			return
		}
	}
}

// commentEnd is the end of the comment that /* begins at i.
func (r *reader) commentEnd(i int) int {
	none := &r.noStar[r.templates]
	if *none != r.end {
		if n := bytes.Index(r.data[i+2:r.end], []byte("*/")); n >= 0 {
			return i + n + 4
		}
		*none = r.end
	}
	// The line alone: the rest of the file is more likely to be none.
	r.problem(i, Unclosed)
	if n := bytes.IndexByte(r.data[i:r.end], '\n'); n >= 0 {
		return i + n
	}
	return r.end
}

// braces is the end of the {{ … }} at pos that a program fills in, 0 if there is none.
func (r *reader) braces() int {
	if r.at(r.pos) != '{' || r.at(r.pos+1) != '{' || r.pos < r.noBraces {
		return 0
	}
	line := r.data[r.pos:r.end]
	if n := bytes.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	if n := bytes.Index(line, []byte("}}")); n >= 0 {
		return r.pos + n + 2
	}
	r.noBraces = r.pos + len(line)
	return 0
}

// word is the end of the name at i: letters, digits, _ and -, as HCL has them.
func (r *reader) word(i int) int {
	for i < r.end && wordByte[r.data[i]] {
		i++
	}
	return i
}

var wordByte = func() (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c >= 0x80
	}
	return t
}()

func wordStart(c byte) bool { return wordByte[c] && c != '-' && (c < '0' || c > '9') }

// bracket is the kind of a closing bracket, -1 for other bytes.
func bracket(c byte) int { return bytes.IndexByte([]byte("}])"), c) }

// closes reads what closes something, or has no place here. It reports whether the collection that c closes ends.
func (r *reader) closes(c byte) (ended bool) {
	got := r.at(r.pos)
	if got == c {
		r.pos++
		return true
	}
	if k := bracket(got); k >= 0 && r.open[k] > 0 {
		r.problem(r.pos, Unclosed)
		return true // it closes something around this
	}
	r.problem(r.pos, Syntax)
	r.pos++
	return false
}

// fields reads the body of a block, an object, or with closed unset the whole file. pos is behind the brace.
func (r *reader) fields(s spot, closed bool) {
	start := r.pos
	if closed {
		r.open[0]++
		defer func() { r.open[0]-- }()
	}
	r.depth++
	defer func() { r.depth-- }()
	hasDefault := s.kind != variable || r.owner == assignment.Span{}
	for {
		r.space(true)
		if r.pos >= r.end {
			if closed {
				r.problem(start-1, Unclosed)
			}
			break
		}
		c := r.data[r.pos]
		if c == ',' {
			r.pos++
			continue
		}
		if end := r.braces(); end > 0 {
			r.problem(r.pos, yamltree.Template)
			r.pos = end
			continue
		}
		if c != '"' && c != '(' && !wordByte[c] {
			if !closed && c == '}' {
				r.problem(r.pos, Syntax)
				r.pos++
			} else if r.closes('}') {
				break
			}
			continue
		}
		key, ok := r.key()
		hasDefault = hasDefault || string(key.Of(r.data)) == "default"
		if ok {
			r.field(s, key)
		}
	}
	if !hasDefault {
		r.entries = append(r.entries, Entry{
			Assignment: assignment.Assignment{Context: Variable, Name: r.owner, Value: r.span(r.owner.End, r.owner.End)}, Unset: true, Owner: r.owner})
	}
}

// key reads a name, a string, or an expression in brackets.
func (r *reader) key() (assignment.Span, bool) {
	start := r.pos
	switch r.data[r.pos] {
	case '"':
		return r.skipString(), true
	case '(':
		r.pos++
		if r.depth >= maxDepth {
			r.problem(start, yamltree.TooDeep)
			return assignment.Span{}, false
		}
		r.soup(spot{inside: true, ctx: Value}, ')')
		return r.span(start, r.pos), true
	}
	r.pos = r.word(r.pos)
	return r.span(start, r.pos), true
}

// field reads what stands behind a key: a value, or the labels and the body of a block.
func (r *reader) field(s spot, key assignment.Span) {
	before := r.owner
	child := r.child(s, key)
	r.space(r.json)
	for first := true; !r.json; first = false {
		// Labels.
		c := r.at(r.pos)
		label := assignment.Span{}
		if c == '"' {
			label = r.skipString()
		} else if wordStart(c) {
			label = r.span(r.pos, r.word(r.pos))
			r.pos = label.End
		} else {
			break
		}
		if first && child.kind >= targets && child.kind <= others {
			child = r.child(child, label)
		}
		r.space(false)
	}
	switch c := r.at(r.pos); {
	case c == '=' && r.at(r.pos+1) != '=' && r.at(r.pos+1) != '>', c == ':':
		r.pos++
		r.expr(child, true)
	case c == '{' && r.depth < maxDepth:
		r.pos++
		child.mode = plain
		r.fields(child, true)
	default:
		r.problem(key.Start, Syntax)
		if c == '{' {
			r.flat(child)
		}
	}
	r.owner = before
}

// child is what the field of this name is.
func (r *reader) child(s spot, key assignment.Span) spot {
	child := spot{ctx: Value, name: key, inside: s.inside}
	name := string(key.Of(r.data))
	switch s.kind {
	case leaf:
		child.ctx = s.ctx
	case top:
		child.kind = blocks[name]
		if child.kind == leaf {
			child.ctx = Variable
		}
	case targets, variables, others:
		r.owner = key
		child.kind = s.kind - targets + target
		if s.kind == variables {
			child.ctx = Variable
		}
	case target:
		if f, ok := targetFields[name]; ok {
			child.ctx, child.mode = f.ctx, f.mode
		}
	case variable:
		if name == "default" && r.owner != (assignment.Span{}) {
			child.ctx, child.name = Variable, r.owner
		}
	}
	return child
}

var blocks = map[string]kind{"target": targets, "variable": variables, "group": others, "function": others}

var targetFields = map[string]struct {
	ctx  assignment.Context
	mode mode
}{
	"args": {Arg, plain}, "secret": {Secret, pairs}, "attest": {Attest, pairs}, "cache-from": {CacheFrom, pairs},
	"cache-to": {CacheTo, pairs}, "output": {Output, pairs}, "ssh": {SSH, pairs}, "tags": {Tag, plain}, "context": {BuildContext, plain},
	"contexts": {BuildContext, plain}, "labels": {Label, plain}, "annotations": {Label, pair}, "dockerfile-inline": {Value, inline},
}
