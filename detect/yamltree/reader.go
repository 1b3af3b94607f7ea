package yamltree

import "rummage/detect/assignment"

// maxLevels bounds the depth of collections. Real files have a dozen; the full parser stops at 10,000.
const maxLevels = 1000

// maxKey bounds the length of a key in bytes; YAML allows 1024 characters.
const maxKey = 1000

// level is a collection that is being read.
type level struct {
	indent int   // its column
	node   int32 // the collection
	last   int32 // its last child, 0 if there is none
	seq    bool
	// waits says that a key or the mark of an item was read, and not yet the node that belongs to it; at is the offset
	// behind that mark.
	waits bool
	at    int
}

// reader reads one document line by line. When strict it fails where it is not certain; else it makes the best of it.
type reader struct {
	data   []byte // the document
	base   int    // its offset in the file
	pos    int
	line   int // offset of the line that pos is in
	tabs   int // columns that tabs in the line's indentation add
	strict bool
	failed bool
	// hopeless says that the document is certainly no YAML: see rest and flowPlain.
	hopeless bool

	nodes   []node
	levels  []level
	room    [12]level // for levels: more are rare
	root    int32
	anchors map[string]int32
	// anchor is the name that the next node will bear; none if it is empty.
	anchor string
	// budget is how many bytes may still be looked at in vain: without strictness, what begins with a bracket or a
	// quotation mark is tried as such and, if it does not end well, read as plain text.
	budget int

	docs     []*Document
	problems []Problem
}

// fail ends strict reading; otherwise it notes a problem.
func (r *reader) fail(at int, what Reason) {
	r.failed = true
	if !r.strict {
		r.problems = append(r.problems, Problem{r.base + at, what})
	}
}

// at is the byte at p, 0 outside the document. There is no other NUL in what a strict reader reads.
func (r *reader) at(p int) byte {
	if p < len(r.data) {
		return r.data[p]
	}
	return 0
}

// document reads everything from r.pos on, which follows the mark that begins the document, or is its beginning.
func (r *reader) document(marked bool) {
	if marked {
		r.line = r.pos - 3
		r.inline(false)
	}
	for !(r.failed && r.strict) && r.nextLine() {
		r.failed = false
		r.content()
	}
	if len(r.levels) == 0 && r.anchor != "" {
		r.fail(r.pos, Line)
	}
	r.unwind(0)
}

// nextLine goes to the first line, from the one that begins at r.pos on, that holds something but a comment.
func (r *reader) nextLine() bool {
	for r.pos < len(r.data) {
		r.line, r.tabs = r.pos, 0
		p := r.pos
		for {
			switch r.at(p) {
			case ' ':
				p++
				continue
			case '\t':
				if r.strict {
					r.fail(p, Line)
					return false
				}
				r.tabs += 7 - (p-r.line+r.tabs)%8
				p++
				continue
			}
			break
		}
		switch r.at(p) {
		case '#', '\n', '\r', 0:
			r.pos = r.nextBreak(p)
		default:
			r.pos = p
			return true
		}
	}
	return false
}

// nextBreak is the offset behind the line that p is in.
func (r *reader) nextBreak(p int) int { return lineEnd(r.data, p) }

// column is the column of r.pos, which must be in the line's indentation or behind marks of items.
func (r *reader) column() int { return r.pos - r.line + r.tabs }

// content reads a line from its first byte that is not blank on, and the lines that belong to it.
func (r *reader) content() {
	c, inline := r.column(), false
	for r.at(r.pos) == '-' && isBlankOrEnd(r.at(r.pos+1)) && len(r.levels) < maxLevels {
		if !r.enter(c, true, inline) {
			return
		}
		r.pos++
		r.wait()
		for r.at(r.pos) == ' ' {
			r.pos++
		}
		if r.at(r.pos) == '\t' {
			if r.strict {
				r.fail(r.pos, Line)
				return
			}
			r.skipBlanks()
		}
		if r.atEnd(r.pos) {
			r.pos = r.nextBreak(r.pos)
			return
		}
		c, inline = r.column(), true
	}
	if !r.strict && r.skipLine() {
		return
	}
	key, next := r.key()
	if next == 0 {
		r.scalar(c, inline)
		return
	}
	if !r.enter(c, false, inline) {
		return
	}
	r.add(key)
	r.pos = next
	r.wait()
	r.inline(false)
}

// wait notes that the node of the key or item before r.pos is to come.
func (r *reader) wait() {
	l := &r.levels[len(r.levels)-1]
	l.waits, l.at = true, r.pos
}

func (r *reader) skipBlanks() {
	for r.at(r.pos) == ' ' || r.at(r.pos) == '\t' {
		r.pos++
	}
}

// atEnd reports whether nothing but a comment follows on the line. Blanks before p are behind.
func (r *reader) atEnd(p int) bool {
	switch r.at(p) {
	case '\n', '\r':
		return true
	case 0:
		return p >= len(r.data)
	case '#':
		return p == 0 || isBlankOrEnd(r.data[p-1])
	}
	return false
}

// scalar reads what is neither a key nor the mark of an item at the beginning of a line, or behind marks of items.
func (r *reader) scalar(c int, inline bool) {
	if !inline {
		keep := len(r.levels)
		for keep > 0 && r.levels[keep-1].indent > c {
			keep--
		}
		free := keep == 0 && r.root == 0 || keep > 0 && r.levels[keep-1].waits && r.levels[keep-1].indent < c
		if !free {
			r.fail(r.pos, Line)
			r.hopeless = r.at(r.pos) == '{' && r.at(r.pos+1) == '%' // a statement of a template
			if !r.strict {
				r.equals(c)
			}
			r.pos = r.nextBreak(r.pos)
			return
		}
		r.unwind(keep)
	}
	r.inline(!inline)
}

// inline reads a node that begins at r.pos, or on a later line, after a key, the mark of an item or, when first is
// set, at the beginning of a line.
func (r *reader) inline(first bool) {
	for {
		if r.skipBlanks(); r.atEnd(r.pos) {
			r.pos = r.nextBreak(r.pos)
			return
		}
		if r.at(r.pos) != '&' || !r.anchorName() {
			break
		}
		if first && r.strict && !r.endsWell(r.pos) {
			// At the beginning of a line: the anchor may be that of a key.
			r.fail(r.pos, Line)
			return
		}
	}
	switch c := r.at(r.pos); c {
	case '"', '\'':
		r.quoted(c)
	case '|', '>':
		r.block()
	case '[', '{':
		r.tryFlow()
	case '*':
		r.alias()
	case '!':
		r.tag()
	default:
		r.plain()
	}
}

// anchorName reads &name at r.pos.
func (r *reader) anchorName() bool {
	p := wordEnd(r.data, r.pos+1)
	if p == r.pos+1 || !isBlankOrEnd(r.at(p)) || r.anchor != "" {
		if r.strict {
			r.fail(r.pos, Line)
		}
		return false
	}
	r.anchor = string(r.data[r.pos+1 : p])
	r.pos = p
	if n := len(r.levels); n > 0 && r.levels[n-1].waits {
		r.levels[n-1].at = p
	}
	return true
}

// wordEnd is the end of the anchor's name at p.
func wordEnd(data []byte, p int) int {
	for ; p < len(data); p++ {
		c := data[p]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
	}
	return p
}

func (r *reader) alias() {
	p := wordEnd(r.data, r.pos+1)
	target := r.anchors[string(r.data[r.pos+1:p])]
	if target == 0 || !isBlankOrEnd(r.at(p)) || r.anchor != "" {
		if r.strict {
			r.fail(r.pos, Line)
			return
		}
		r.plain()
		return
	}
	r.add(node{kind: Alias, first: target, start: int32(r.pos), end: int32(p)})
	r.pos = p
	r.rest()
}

// tag skips a tag, which strict reading leaves to the full parser.
func (r *reader) tag() {
	if r.strict {
		r.fail(r.pos, Line)
		return
	}
	for !isBlankOrEnd(r.at(r.pos)) {
		r.pos++
	}
	r.inline(false)
}

// rest sees to it that nothing but a comment follows the node on its line. Whatever else does is an error to every
// parser, unless the node is a key.
func (r *reader) rest() {
	if r.skipBlanks(); !r.atEnd(r.pos) {
		r.fail(r.pos, Line)
		if c := r.at(r.pos); c != '#' && (c != ':' || !isBlankOrEnd(r.at(r.pos+1))) {
			r.hopeless = true
		}
	}
	r.pos = r.nextBreak(r.pos)
}

// add appends a node to the collection that is being read and returns its index.
func (r *reader) add(n node) int32 {
	id := int32(len(r.nodes))
	if r.anchor != "" {
		if r.anchors == nil {
			r.anchors = map[string]int32{}
		}
		r.anchors[r.anchor] = id
		n.anchored, r.anchor = true, ""
	}
	r.nodes = append(r.nodes, n)
	if len(r.levels) == 0 {
		r.root = id
		return id
	}
	l := &r.levels[len(r.levels)-1]
	if l.last == 0 {
		r.nodes[l.node].first = id
	} else {
		r.nodes[l.last].next = id
	}
	l.last, l.waits = id, false
	return id
}

// push opens a collection.
func (r *reader) push(indent int, seq bool, style Style) {
	n := node{kind: Mapping, style: style, start: int32(r.pos), end: int32(r.pos)}
	if seq {
		n.kind = Sequence
	}
	id := r.add(n)
	r.levels = append(r.levels, level{indent: indent, node: id, seq: seq})
}

// null appends the node that is not there.
func (r *reader) null() {
	at := int32(r.levels[len(r.levels)-1].at)
	r.add(node{kind: Scalar, verbatim: true, start: at, end: at})
}

// unwind closes all levels but the first keep.
func (r *reader) unwind(keep int) {
	for len(r.levels) > keep {
		if r.levels[len(r.levels)-1].waits {
			r.null()
		}
		r.levels = r.levels[:len(r.levels)-1]
	}
}

// plainFirst are the characters that a plain scalar cannot begin with, or only with something certain behind them.
var plainFirst = func() (t [256]bool) {
	for _, c := range []byte("?:,[]{}#&*!|>'\"%@`") {
		t[c] = true
	}
	return t
}()

// plainStop are the characters at which the scan of a plain scalar looks closer; those of flow collections apart.
var plainStop, flowStop = func() (a, b [256]bool) {
	for _, c := range []byte(":#\n\r") {
		a[c], b[c] = true, true
	}
	for _, c := range []byte(",[]{}?") {
		b[c] = true
	}
	return a, b
}()

// plainEnd scans a plain scalar from p on to the end of its line at most. It returns where the text ends, without
// blanks behind it, and where the scan stopped: at a colon that makes it a key, at a comment, at the line's end, or in
// a flow collection at one of its marks.
func (r *reader) plainEnd(p int, stop *[256]bool) (end, stopped int) {
	data := r.data
	start := p
	for ; p < len(data); p++ {
		c := data[p]
		if !stop[c] {
			continue
		}
		if c == ':' && !isBlankOrEnd(r.at(p+1)) || c == '#' && p > start && data[p-1] != ' ' && data[p-1] != '\t' {
			continue
		}
		break
	}
	end = p
	for end > start && (data[end-1] == ' ' || data[end-1] == '\t') {
		end--
	}
	return end, p
}

// key reads the key at r.pos. It returns the offset behind its colon, 0 if there is no key.
func (r *reader) key() (node, int) {
	p := r.pos
	switch c := r.data[p]; {
	case c == '"' || c == '\'':
		end, plain := quoteEnd(r.data, p+1, c, true)
		if end < 0 {
			return node{}, 0
		}
		colon := end + 1
		for r.at(colon) == ' ' || r.at(colon) == '\t' {
			colon++
		}
		if r.at(colon) != ':' || !isBlankOrEnd(r.at(colon+1)) || end-p > maxKey && r.strict {
			return node{}, 0
		}
		return scalarNode(quoteStyle(c), span(p+1, end), plain), colon + 1
	case plainFirst[c]:
		if !r.plainColon(p) && (r.strict || !r.looseKey(c)) {
			return node{}, 0
		}
	}
	end, stopped := r.plainEnd(p, &plainStop)
	if r.at(stopped) != ':' || end == p || end-p > maxKey && r.strict {
		return node{}, 0
	}
	return scalarNode(Plain, span(p, end), true), stopped + 1
}

// plainColon reports whether a plain scalar begins at p with a colon or question mark, as it may if no blank follows.
func (r *reader) plainColon(p int) bool {
	c := r.data[p]
	return (c == ':' || c == '?') && !isBlankOrEnd(r.at(p+1))
}

func quoteStyle(mark byte) Style {
	if mark == '"' {
		return Double
	}
	return Single
}

func scalarNode(style Style, s assignment.Span, verbatim bool) node {
	return node{kind: Scalar, style: style, verbatim: verbatim, start: int32(s.Start), end: int32(s.End)}
}
