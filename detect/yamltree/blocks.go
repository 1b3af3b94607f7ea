package yamltree

import (
	"bytes"

	"rummage/detect/assignment"
)

// Versions of a file have most of their blocks in common: the keys of a mapping, each with what is indented below it.
// The functions of this file are for readers that read a block once and remember what it is. They rest on what the line
// reader does when it is strict: it looks no further than the lines that belong to a node and the first one behind
// them, and of that only at where it begins.

// keyFirst are the bytes that the key of a block may begin with. Other keys are rare; they belong to the block before.
var keyFirst = func() (t [256]bool) {
	for c := range t {
		t[c] = c == '_' || c == '"' || c == '\'' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	return t
}()

// Cut appends to starts the offset, from from on, of every line at whose column a key may begin, behind nothing but
// spaces. data[from] begins a line. Between two of them stands a block; it is one that can be read on its own if it
// reads as a mapping with its key at that column and Separable says so, and all blocks before it are such.
func Cut(starts []int, data []byte, from, column int) []int {
	for p := from; p < len(data); p = lineEnd(data, p) {
		q := p + column
		if q < len(data) && keyFirst[data[q]] && spaces(data[p:q]) {
			starts = append(starts, p)
		}
	}
	return starts
}

// Indent is the column at which the first line from p on begins that is neither empty nor a comment, and the offset of
// the line. ok is false if there is none, or if it does not begin with what a key begins with.
func Indent(data []byte, p int) (line, column int, ok bool) {
	for ; p < len(data); p = lineEnd(data, p) {
		q := p
		for q < len(data) && data[q] == ' ' {
			q++
		}
		switch {
		case q == len(data):
			return 0, 0, false
		case data[q] == '\n', data[q] == '\r', data[q] == '#':
		default:
			return p, q - p, keyFirst[data[q]]
		}
	}
	return 0, 0, false
}

func spaces(b []byte) bool {
	for _, c := range b {
		if c != ' ' {
			return false
		}
	}
	return true
}

// Separable says that a tree of data is one mapping of which the line reader is certain, and that what was read would
// be the same if lines stood before it and behind it, down to the nodes. The first key of the mapping stands at key,
// behind no more than comments and a document mark; nothing has an anchor, is an alias or is merged; and no block scalar
// is without text, for where that begins is then for the lines behind to say.
func (t *Tree) Separable(data []byte, key int) bool { return t.separable(data, key, 0, false) }

// SeparableFrom is Separable of a tree in which nodes with ids below from may have anchors, and any may be aliases and
// merged. What it is that the nodes from there on are, depends on those anchors.
func (t *Tree) SeparableFrom(data []byte, key, from int) bool {
	return t.separable(data, key, from, true)
}

func (t *Tree) separable(data []byte, key, anchors int, aliases bool) bool {
	if len(t.Problems) > 0 || len(t.Documents) != 1 {
		return false
	}
	d := t.Documents[0]
	root := d.Root()
	if d.Full || d.Broken || d.changed || root.Kind() != Mapping || root.Style() != Plain || root.Span().Start != key {
		return false
	}
	for p := nextMark(data, key); p < len(data); p = nextMark(data, p) {
		if isMark(data, p) {
			return false
		}
	}
	for i := range d.nodes {
		n := &d.nodes[i]
		switch {
		case n.anchored && i >= anchors, n.kind == Alias && !aliases:
			return false
		case n.kind != Scalar:
		case n.style == Literal, n.style == Folded:
			if n.start == n.end {
				return false
			}
		case !aliases && n.style == Plain && n.end-n.start == 2 && string(Node{d, int32(i)}.Span().Of(data)) == "<<":
			return false
		}
	}
	return true
}

// LoneReturns reports whether a CR stands in the data with no LF behind it: a line end of old, which makes a reader
// work on a copy of the whole file.
func LoneReturns(data []byte) bool {
	read := unixLines(data)
	return len(data) > 0 && &read[0] != &data[0]
}

// Strict says that the line reader was certain of the document.
func (d *Document) Strict() bool { return !d.Full && !d.Broken && !d.changed }

// Piece is where a key of a block mapping and its value stand in the file, with the rest of the last line, and the column
// of the key. ok says that these and the bytes there say all that they are, in a document that is Strict: nothing in
// them has an anchor, is an alias or is merged, and no block scalar is without text or keeps the lines behind it.
func (n Node) Piece(value Node) (s assignment.Span, column int, ok bool) {
	d, key := n.doc, n.at()
	if d == nil || key.style != Plain || key.kind != Scalar || value.doc != d || value.id <= n.id {
		return s, 0, false
	}
	data := d.data
	last := value.id
	for e := &d.nodes[last]; (e.kind == Mapping || e.kind == Sequence) && e.first != 0; e = &d.nodes[last] {
		for last = e.first; d.nodes[last].next != 0; last = d.nodes[last].next {
		}
	}
	end := key.end
	for i := n.id; i <= last; i++ {
		e := &d.nodes[i]
		if e.anchored || e.kind == Alias {
			return s, 0, false
		}
		switch {
		case e.kind != Scalar:
		case e.style == Literal, e.style == Folded:
			if e.start == e.end || readHeader(data, d.Span.Start+int(e.first), len(data)).chomp == '+' {
				return s, 0, false
			}
		case e.style == Plain && e.end-e.start == 2 && string(Node{d, i}.Span().Of(data)) == "<<":
			return s, 0, false
		}
		end = max(end, e.end)
	}
	s = assignment.Span{Start: d.Span.Start + int(key.start), End: lineEnd(data, d.Span.Start+int(end))}
	column = s.Start - 1 - bytes.LastIndexByte(data[:s.Start], '\n')
	return s, column, column < 1<<15
}
