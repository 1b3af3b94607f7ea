package yamltree

import (
	"iter"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// Kind is the kind of a node.
type Kind uint8

// The kinds. None is the kind of the zero Node: what is not there.
const (
	None Kind = iota
	Scalar
	Mapping
	Sequence
	Alias // stands for the node of its anchor, Node.Target
)

// Style says how a node is written.
type Style uint8

// The styles of scalars, and of collections: Plain is block style there.
const (
	Plain Style = iota
	Single
	Double
	Literal // |
	Folded  // >
	Flow    // [] and {}
)

// Reason names a kind of problem.
type Reason string

// The reasons.
const (
	Syntax   Reason = "document is not YAML and was read line by line"
	Line     Reason = "line not understood"
	Template Reason = "line of a template"
	TooLarge Reason = "document too large for the full parser and was read line by line"
	TooDeep  Reason = "nested too deeply"
	Encoding Reason = "not UTF-8"
)

// Problem is something that was not understood. It never holds text of the file.
type Problem struct {
	Offset int // where it is in the file
	What   Reason
}

// Tree is a YAML file as it was read.
type Tree struct {
	Documents []*Document
	Problems  []Problem

	tries int // documents that were given to the full parser
}

// Document is one of the documents of a file. Those that hold nothing are left out.
type Document struct {
	// Span is the document in the file, with the --- that begins it.
	Span assignment.Span
	// Broken says that it is no YAML and was read line by line.
	Broken bool
	// Full says that it took the full parser.
	Full bool

	data  []byte
	nodes []node
	texts map[int32][]byte // of scalars whose text cannot be read off their span
	root  int32
	// changed says that data is a copy of the file with other line ends or blanks.
	changed bool
}

// node is what is kept of a node: 32 bytes.
type node struct {
	kind     Kind
	style    Style
	verbatim bool // the text of a scalar is its span
	anchored bool
	// first is a collection's first child; the node that an alias stands for; the offset of a block scalar's
	// indicator from the beginning of the document.
	first int32
	next  int32 // the next child of the same collection, 0 for none
	start int32 // of a scalar's text without quotation marks, or of a collection; from the document's beginning
	end   int32
}

// Node is a node of a document. The zero Node is none at all: its Kind is None, it has no children and no text.
type Node struct {
	doc *Document
	id  int32
}

// Root is the document's node.
func (d *Document) Root() Node { return d.node(d.root) }

// Len is the number of nodes; their ids are below it.
func (d *Document) Len() int { return len(d.nodes) }

func (d *Document) node(id int32) Node {
	if id == 0 {
		return Node{}
	}
	return Node{d, id}
}

// at is the node's entry. The zero Node has one too, so that no method needs to ask.
func (n Node) at() *node {
	if n.doc == nil {
		return &node{}
	}
	return &n.doc.nodes[n.id]
}

// ID tells the nodes of a document apart. It is 0 for the zero Node alone.
func (n Node) ID() int { return int(n.id) }

// Kind is the node's kind.
func (n Node) Kind() Kind { return n.at().kind }

// Style is how the node is written.
func (n Node) Style() Style { return n.at().style }

// Quoted says that a scalar stands between quotation marks.
func (n Node) Quoted() bool { s := n.at().style; return s == Single || s == Double }

// Anchored says that aliases may refer to the node.
func (n Node) Anchored() bool { return n.at().anchored }

// Span is a scalar's text in the file, without quotation marks; a block scalar's from the first byte of its first
// line, without indentation, to the end of its last. For a collection it is empty and stands at its beginning.
func (n Node) Span() assignment.Span {
	if n.doc == nil {
		return assignment.Span{}
	}
	e := n.at()
	return assignment.Span{Start: n.doc.Span.Start + int(e.start), End: n.doc.Span.Start + int(e.end)}
}

// Text is a scalar's text as it is meant.
func (n Node) Text() placed.Text {
	e := n.at()
	if e.kind != Scalar {
		return placed.Text{}
	}
	if e.verbatim {
		return placed.Of(n.doc.data, n.Span())
	}
	if t, ok := n.doc.texts[n.id]; ok {
		return placed.Decode(t, n.Span())
	}
	s := n.Span()
	switch e.style {
	case Single:
		return decodeSingle(n.doc.data, s)
	case Double:
		return decodeDouble(n.doc.data, s)
	case Literal, Folded:
		t := decodeBlock(n.doc.data, n.doc.Span.Start+int(e.first), s, n.doc.Span.End)
		if n.doc.changed && t.Verbatim() && t.Len() > 0 {
			return placed.Decode(t.Bytes, t.Place())
		}
		return t
	}
	return decodePlain(n.doc.data, s)
}

// Null says that the node is a plain scalar that means no value: nothing, ~ or null.
func (n Node) Null() bool {
	if e := n.at(); e.kind != Scalar || e.style != Plain || e.end-e.start > 4 {
		return false
	}
	switch string(n.Span().Of(n.doc.data)) {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// Is says that the node is a scalar with this text, which must not be empty.
func (n Node) Is(text string) bool {
	return n.at().kind == Scalar && string(n.Bytes()) == text
}

// Target is the node that an alias stands for; of any other node, itself.
func (n Node) Target() Node {
	if e := n.at(); e.kind == Alias {
		return n.doc.node(e.first)
	}
	return n
}

// Items are the children of a sequence.
func (n Node) Items() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if e := n.at(); e.kind == Sequence {
			for id := e.first; id != 0 && yield(Node{n.doc, id}); id = n.doc.nodes[id].next {
			}
		}
	}
}

// Pairs are the keys and values of a mapping, as they stand.
func (n Node) Pairs() iter.Seq2[Node, Node] {
	return func(yield func(Node, Node) bool) {
		e := n.at()
		if e.kind != Mapping {
			return
		}
		for id := e.first; id != 0; {
			value := n.doc.nodes[id].next
			if !yield(Node{n.doc, id}, Node{n.doc, value}) {
				return
			}
			id = n.doc.nodes[value].next
		}
	}
}

// Get is the value of the first of the keys that a mapping has, by the order of its entries; the zero Node if it has
// none of them. Merges are not followed.
func (n Node) Get(keys ...string) Node {
	for k, v := range n.Pairs() {
		for _, key := range keys {
			if k.Is(key) {
				return v
			}
		}
	}
	return Node{}
}

// Bytes is a scalar's text as it is meant, nil for other nodes. Nothing is copied where the file has it as it is.
func (n Node) Bytes() []byte {
	e := n.at()
	if e.kind == Scalar && e.verbatim {
		return n.Span().Of(n.doc.data)
	}
	return n.Text().Bytes
}
