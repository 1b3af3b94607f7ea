package yamltree

import (
	"bytes"
	"sync"

	"rummage/detect/assignment"
)

// Parse reads the documents of a YAML file. It always returns a tree, and never refuses a file: what could not be
// understood is in Problems.
func Parse(data []byte) *Tree {
	t := &Tree{}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		t.Problems = append(t.Problems, Problem{0, Encoding})
		return t
	}
	read := unixLines(data)
	for _, p := range split(read) {
		t.read(read, p)
	}
	for _, d := range t.Documents {
		d.changed = &d.data[0] != &data[0]
	}
	return t
}

// unixLines is the data with line ends of LF and CRLF only: a CR alone, the line end of old, becomes LF, in a copy.
// No offset changes.
func unixLines(data []byte) []byte {
	var copied []byte
	for p := 0; ; p++ {
		n := bytes.IndexByte(data[p:], '\r')
		if n < 0 {
			break
		}
		if p += n; p+1 == len(data) || data[p+1] != '\n' {
			if copied == nil {
				copied = bytes.Clone(data)
			}
			copied[p] = '\n'
		}
	}
	if copied != nil {
		return copied
	}
	return data
}

// read reads one document in the first way that can.
func (t *Tree) read(data []byte, p piece) {
	body := data[:p.End]
	if p.Len() > 1<<30 {
		t.Problems = append(t.Problems, Problem{p.Start, TooLarge})
		return
	}
	doc := body[p.Start:]
	directives, hopeless := p.body > p.Start+3, false
	if !directives && ordinary(doc) {
		var d *Document
		if d, hopeless = readStrict(doc, p.body > p.Start); d != nil {
			t.add(data, p, d)
			return
		}
	}
	why := Syntax
	if len(doc) > maxFull {
		why = TooLarge
	} else if t.tries < maxTries {
		t.tries++
		if !hopeless {
			if d := readFull(doc); d != nil {
				t.add(data, p, d)
				return
			}
		}
	}
	t.Problems = append(t.Problems, Problem{p.Start, why})
	t.readLoose(data, p)
}

// ordinarySpaces is the data with each no-break space of a document made two spaces, in a copy, where it stands before
// the text of a line or behind the mark of an item or a key: pages of the web put them there. No offset changes.
func ordinarySpaces(data []byte, doc assignment.Span) []byte {
	noBreak := []byte("\u00a0")
	if !bytes.Contains(doc.Of(data), noBreak) {
		return data
	}
	copied := bytes.Clone(data)
	for p, mark := doc.Start, true; p < doc.End; p++ {
		switch c := copied[p]; {
		case mark && bytes.HasPrefix(copied[p:doc.End], noBreak):
			copied[p], copied[p+1] = ' ', ' '
			p++
		case c == ' ' || c == '\t':
		default:
			mark = c == '\n' || c == ':' || c == '-' && mark
		}
	}
	return copied
}

// arenas holds memory for nodes, as *[]node.
var arenas sync.Pool

// maxArena bounds the memory that is kept for the next file, in nodes: 2 MB.
const maxArena = 1 << 16

// arena is memory for some n nodes, more if need be. Node 0 is taken.
func arena(n int) []node {
	if a, ok := arenas.Get().(*[]node); ok {
		return append((*a)[:0], node{})
	}
	return make([]node, 1, n)
}

func recycle(nodes []node) {
	if cap(nodes) <= maxArena {
		arenas.Put(&nodes)
	}
}

// Release gives the memory of the nodes back for other trees. The tree, its documents and nodes are not to be used
// afterwards; texts and spans that were read off them are.
func (t *Tree) Release() {
	for _, d := range t.Documents {
		recycle(d.nodes)
		d.nodes = nil
	}
	t.Documents = nil
}

func (t *Tree) add(data []byte, p piece, d *Document) {
	d.data, d.Span = data, p.Span
	t.Documents = append(t.Documents, d)
}

// readStrict reads the YAML that the line reader is certain of. It returns nil for any other, and whether that is
// certainly none: templates of YAML are many, and to ask the full parser is what costs most.
func readStrict(doc []byte, marked bool) (d *Document, hopeless bool) {
	// A node takes some 19 bytes of a file.
	r := reader{data: doc, strict: true, nodes: arena(8 + len(doc)/14)}
	r.levels = r.room[:0]
	if marked {
		r.pos = 3
	}
	r.document(marked)
	if r.failed || r.root == 0 {
		recycle(r.nodes)
		return nil, r.hopeless
	}
	return &Document{nodes: r.nodes, root: r.root}, false
}

// readLoose makes the best of a document that is no YAML. It may become several.
func (t *Tree) readLoose(data []byte, p piece) {
	if spaced := ordinarySpaces(data, p.Span); &spaced[0] != &data[0] {
		data = spaced
	}
	doc := data[p.Start:p.End]
	r := reader{data: doc, base: p.Start, pos: p.body - p.Start, nodes: make([]node, 1, 16+len(doc)/16), budget: 4*len(doc) + 1<<12}
	r.document(p.body > p.Start)
	r.finish()
	for _, d := range r.docs {
		d.Broken = true
		t.add(data, p, d)
	}
	t.Problems = append(t.Problems, r.problems...)
}
