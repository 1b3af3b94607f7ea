package yamltree

import (
	"bytes"
	"errors"
	"io"

	"rummage/detect/assignment"

	"go.yaml.in/yaml/v3"
)

// maxFull bounds what is given to the full parser, in bytes: it reads some 5 MB a second, and what people write by
// hand is smaller by far.
const maxFull = 1 << 20

// maxTries bounds the number of documents of one file that are given to it: each costs some 10 µs, however small.
const maxTries = 1000

// readFull reads a document by the full parser. It returns nil if that finds an error.
func readFull(data []byte) *Document {
	root, ok := unmarshal(data)
	if !ok || root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return nil
	}
	f := full{data: data, doc: &Document{Full: true, nodes: make([]node, 1, 64)}, ids: map[*yaml.Node]int32{}}
	f.lines = lineStarts(data)
	f.doc.root = f.convert(root.Content[0], -1)
	return f.doc
}

// unmarshal turns a panic of the parser into an error: the bytes come from anywhere.
func unmarshal(data []byte) (root *yaml.Node, ok bool) {
	defer func() {
		if recover() != nil {
			root, ok = nil, false
		}
	}()
	// Unmarshal would stop behind the first node and say nothing of what follows.
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	root = new(yaml.Node)
	return root, decoder.Decode(root) == nil && errors.Is(decoder.Decode(new(yaml.Node)), io.EOF)
}

// full turns a tree of the full parser into ours.
type full struct {
	data  []byte
	doc   *Document
	ids   map[*yaml.Node]int32 // of anchored nodes
	lines []int                // offset of each line
	// The place found last: nodes come in the order of the file, and a line may be long.
	line, column, pos int
	// unsure counts scalars whose bytes were not found where they should be.
	unsure int
}

// lineStarts are the offsets of the lines as the full parser counts them.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for p := 0; p < len(data); p++ {
		switch c := data[p]; {
		case c == '\r' && p+1 < len(data) && data[p+1] == '\n':
		case c == '\n', c == '\r':
			starts = append(starts, p+1)
		case c == 0xc2 && p+1 < len(data) && data[p+1] == 0x85:
			starts = append(starts, p+2)
		case c == 0xe2 && p+2 < len(data) && data[p+1] == 0x80 && data[p+2]|1 == 0xa9:
			starts = append(starts, p+3)
		}
	}
	return starts
}

// offset is the place of a node: lines and columns are counted from 1, columns in characters.
func (f *full) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(f.lines) {
		return len(f.data)
	}
	if n.Line != f.line || n.Column < f.column {
		f.line, f.column, f.pos = n.Line, 1, f.lines[n.Line-1]
	}
	for f.column < n.Column && f.pos < len(f.data) {
		f.pos++
		for f.pos < len(f.data) && f.data[f.pos]&0xc0 == 0x80 {
			f.pos++
		}
		f.column++
	}
	return f.pos
}

// convert appends a node and what is below it, in a collection at column parent, and returns its index.
func (f *full) convert(n *yaml.Node, parent int) int32 {
	id := int32(len(f.doc.nodes))
	f.doc.nodes = append(f.doc.nodes, node{anchored: n.Anchor != ""})
	if n.Anchor != "" {
		f.ids[n] = id
	}
	at := f.offset(n)
	if f.template(n, id, at) {
		return id
	}
	switch n.Kind {
	case yaml.AliasNode:
		f.doc.nodes[id] = node{kind: Alias, first: f.ids[n.Alias], start: int32(at), end: int32(at + 1 + len(n.Value))}
	case yaml.ScalarNode:
		f.scalar(n, id, at, parent)
	default:
		f.collection(n, id, at, parent)
	}
	return id
}

// template makes {{ … }} on one line a plain scalar, as the line reader does.
func (f *full) template(n *yaml.Node, id int32, at int) bool {
	if n.Kind != yaml.MappingNode || n.Style&yaml.FlowStyle == 0 || n.Style&yaml.TaggedStyle != 0 || len(n.Content) != 2 {
		return false
	}
	key, value := n.Content[0], n.Content[1]
	if key.Kind != yaml.MappingNode || value.Kind != yaml.ScalarNode || value.Value != "" || value.Style != 0 {
		return false
	}
	at = f.properties(at)
	line := f.data[at:trimBreak(f.data, at, lineEnd(f.data, at))]
	end := closeBraces(line)
	if !bytes.HasPrefix(line, []byte("{{")) || end == 0 || bytes.IndexByte(line[:end], '&') >= 0 {
		return false
	}
	f.doc.nodes[id] = scalarNode(Plain, span(at, at+end), true)
	f.doc.nodes[id].anchored = n.Anchor != ""
	return true
}

// closeBraces is the offset behind the braces that close the two that the line begins with, 0 if they are not the
// first to do so or not on the line.
func closeBraces(line []byte) int {
	depth := 0
	for p := 0; p < len(line); p++ {
		switch c := line[p]; c {
		case '"', '\'':
			if end, _ := quoteEnd(line, p+1, c, true); end > 0 && bytes.IndexByte([]byte("{,[: \t"), line[p-1]) >= 0 {
				p = end
			}
		case '{':
			depth++
		case '}':
			if depth--; depth == 1 && p+1 < len(line) && line[p+1] == '}' {
				return p + 2
			} else if depth <= 1 {
				return 0
			}
		}
	}
	return 0
}

func (f *full) collection(n *yaml.Node, id int32, at, parent int) {
	e := node{kind: Mapping, start: int32(at), end: int32(at), anchored: n.Anchor != ""}
	column := n.Column - 1
	if n.Kind == yaml.SequenceNode {
		e.kind = Sequence
	} else if len(n.Content) > 0 {
		column = n.Content[0].Column - 1
	}
	if n.Style&yaml.FlowStyle != 0 {
		e.style, column = Flow, parent
	}
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		e.start = int32(f.properties(at))
		e.end = e.start
	}
	f.doc.nodes[id] = e
	last := int32(0)
	for _, c := range n.Content {
		child := f.convert(c, column)
		if last == 0 {
			f.doc.nodes[id].first = child
		} else {
			f.doc.nodes[last].next = child
		}
		last = child
	}
}

// properties is the offset behind the anchor and the tag at p, and what is blank behind them.
func (f *full) properties(p int) int {
	for p < len(f.data) {
		switch f.data[p] {
		case '&', '!':
			p = f.property(p)
		case '#':
			p = lineEnd(f.data, p)
		case ' ', '\t', '\n', '\r':
			p++
		default:
			return p
		}
	}
	return p
}

// property is the offset behind the anchor or the tag at p.
func (f *full) property(p int) int {
	if f.data[p] == '&' {
		return wordEnd(f.data, p+1)
	}
	for p < len(f.data) && !isBlankOrEnd(f.data[p]) {
		p++
	}
	return p
}

// behindProperties is the offset directly behind the anchor and the tag at p: where an empty node stands.
func (f *full) behindProperties(p int) int {
	for q := p; q < len(f.data) && (f.data[q] == '&' || f.data[q] == '!'); {
		q = f.property(q)
		for p = q; q < len(f.data) && (f.data[q] == ' ' || f.data[q] == '\t'); {
			q++
		}
	}
	return p
}

// scalar finds the bytes of a scalar. Where what they mean is not what the parser found, the parser is believed.
func (f *full) scalar(n *yaml.Node, id int32, at, parent int) {
	p := f.behindProperties(at)
	e := scalarNode(Plain, span(p, p), true)
	if n.Value != "" || n.Style&^yaml.TaggedStyle != 0 {
		p = f.properties(at)
		e = scalarNode(Plain, span(p, p), false)
	}
	switch {
	case p == len(f.data):
	case n.Style&yaml.DoubleQuotedStyle != 0:
		e = f.quoted(e, p, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		e = f.quoted(e, p, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		e = f.block(n, p, parent)
	default:
		e = f.plain(n, p)
	}
	e.anchored = n.Anchor != ""
	f.doc.nodes[id] = e
	f.doc.data, f.doc.Span = f.data, span(0, len(f.data))
	if t := (Node{f.doc, id}).Text(); string(t.Bytes) == n.Value {
		return
	}
	f.unsure++
	if f.doc.texts == nil {
		f.doc.texts = map[int32][]byte{}
	}
	f.doc.nodes[id].verbatim = false
	f.doc.texts[id] = []byte(n.Value)
}

func (f *full) quoted(e node, p int, mark byte) node {
	if f.data[p] != mark {
		return e
	}
	end, plain := quoteEnd(f.data, p+1, mark, false)
	if end < 0 {
		return e
	}
	return scalarNode(quoteStyle(mark), span(p+1, end), plain)
}

// block finds the lines of a block scalar. The column of the collection around it is known but for a sequence behind
// an anchor or a tag, and decides only where there is little text: then others are tried.
func (f *full) block(n *yaml.Node, p, parent int) node {
	h := readHeader(f.data, p, len(f.data))
	if f.data[p] != '|' && f.data[p] != '>' || !h.ok {
		return scalarNode(Plain, span(p, p), false)
	}
	for try := range 16 {
		column := parent
		if try > 0 {
			column = try - 2
		}
		indent, _ := blockIndent(f.data, h, column)
		body, _ := blockBody(f.data, h.next, indent)
		if string(decodeBlock(f.data, p, body, len(f.data)).Bytes) == n.Value {
			return blockNode(h, p, body)
		}
		if len(n.Value) > 1<<16 {
			break
		}
	}
	return scalarNode(Plain, span(p, p), false)
}

// plain finds the end of a plain scalar by its value.
func (f *full) plain(n *yaml.Node, p int) node {
	if bytes.HasPrefix(f.data[p:], []byte(n.Value)) {
		return scalarNode(Plain, span(p, p+len(n.Value)), true)
	}
	q, length := p, 0
	for q < len(f.data) && length < len(n.Value) {
		end, breaks := gap(f.data, q, len(f.data))
		switch {
		case end == q:
			q, length = q+1, length+1
		case breaks == 0:
			q, length = end, length+end-q
		default:
			q, length = end, length+max(breaks-1, 1)
		}
	}
	return scalarNode(Plain, assignment.Span{Start: p, End: q}, false)
}
