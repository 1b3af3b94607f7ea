package yamltree

import "bytes"

// maxFlow bounds the nesting of flow collections that the line reader reads.
const maxFlow = 100

// tryFlow reads the flow collection at r.pos. Without strictness it is read as plain text if it does not end well.
func (r *reader) tryFlow() {
	if r.strict {
		if r.template() || r.flow(0) {
			r.rest()
		} else {
			r.fail(r.pos, Line)
		}
		return
	}
	if r.budget > 0 && !(r.at(r.pos) == '{' && r.at(r.pos+1) == '{') {
		before := r.mark()
		if r.flow(0) && r.endsWell(r.pos) {
			r.rest()
			return
		}
		r.budget -= r.pos - before.pos
		r.back(before)
	}
	r.plain()
}

// template reads {{ … }}. To YAML that is a mapping whose only key is a mapping, and it must be a good one; to whoever
// wrote it, it is a value to be filled in. It becomes a plain scalar.
func (r *reader) template() bool {
	if r.at(r.pos) != '{' || r.at(r.pos+1) != '{' {
		return false
	}
	before := r.mark()
	r.pos++
	ok := r.flow(1) && r.line == before.line && r.at(r.pos) == '}'
	end := r.pos + 1
	r.back(before)
	if ok {
		r.add(scalarNode(Plain, span(r.pos, end), true))
		r.pos = end
	}
	return ok
}

// flow reads a flow collection. It reports false, with r.pos where it gave up, if it is not certain.
func (r *reader) flow(depth int) bool {
	seq := r.data[r.pos] == '['
	if depth == maxFlow || len(r.levels) >= maxLevels {
		return false
	}
	r.push(r.parent(), seq, Flow)
	r.pos++
	for {
		if !r.flowSpace() {
			return false
		}
		switch c := r.at(r.pos); {
		case c == ']' && seq, c == '}' && !seq:
			r.pos++
			r.unwind(len(r.levels) - 1)
			return true
		case seq && !r.flowNode(depth), !seq && !r.flowPair(depth):
			return false
		}
		if !r.flowSpace() {
			return false
		}
		switch c := r.at(r.pos); {
		case c == ',':
			r.pos++
		case c == ']' && seq, c == '}' && !seq:
		default:
			return false
		}
	}
}

// flowPair reads a key and its value.
func (r *reader) flowPair(depth int) bool {
	line := r.line
	switch r.at(r.pos) {
	case '[', '{', '*', '&':
		return false
	}
	start := r.pos
	if !r.flowNode(depth) || r.pos-start > maxKey {
		return false
	}
	r.wait()
	if !r.flowSpace() {
		return false
	}
	if r.at(r.pos) == ':' {
		if r.line != line {
			return false
		}
		r.pos++
		r.wait()
		if !r.flowSpace() {
			return false
		}
		if c := r.at(r.pos); c != ',' && c != '}' {
			return r.flowNode(depth)
		}
	}
	r.null()
	return true
}

// flowSpace skips blanks, line ends and comments. It reports false at the end of the document.
func (r *reader) flowSpace() bool {
	for ; r.pos < len(r.data); r.pos++ {
		switch r.data[r.pos] {
		case ' ', '\t', '\r':
		case '\n':
			r.line = r.pos + 1
		case '#':
			if !isBlankOrEnd(r.data[r.pos-1]) {
				return false
			}
			r.pos = trimBreak(r.data, r.pos, r.nextBreak(r.pos)) - 1
		default:
			return true
		}
	}
	return false
}

// flowNode reads a node within a flow collection.
func (r *reader) flowNode(depth int) bool {
	switch c := r.at(r.pos); c {
	case '[', '{':
		return r.flow(depth + 1)
	case '"', '\'':
		end, plain := quoteEnd(r.data, r.pos+1, c, !r.strict)
		if end < 0 {
			return false
		}
		if !plain {
			if n := bytes.LastIndexByte(r.data[r.pos:end], '\n'); n >= 0 {
				r.line = r.pos + n + 1
			}
		}
		r.add(scalarNode(quoteStyle(c), span(r.pos+1, end), plain))
		r.pos = end + 1
		return true
	case '*':
		p := wordEnd(r.data, r.pos+1)
		target := r.anchors[string(r.data[r.pos+1:p])]
		if next := r.at(p); target == 0 || !isBlankOrEnd(next) && next != ',' && next != ']' && next != '}' {
			return false
		}
		r.add(node{kind: Alias, first: target, start: int32(r.pos), end: int32(p)})
		r.pos = p
		return true
	}
	return r.flowPlain()
}

// flowPlain reads a plain scalar, which must end on its line.
func (r *reader) flowPlain() bool {
	c := r.at(r.pos)
	if next := r.at(r.pos + 1); plainFirst[c] || c == '-' && (isBlankOrEnd(next) || flowStop[next]) {
		r.hopeless = r.hopeless || c == '%' || c == '@' || c == '`' // nothing begins with these
		return false
	}
	start := r.pos
	end, stopped := r.plainEnd(start, &flowStop)
	switch r.at(stopped) {
	case '[', '{':
		r.hopeless = true // there is a comma missing before it
		return false
	case '?':
		return false
	}
	r.add(scalarNode(Plain, span(start, end), true))
	r.pos = end
	return true
}

// mark is a state of the reader that it can go back to as long as no more than nodes were added.
type mark struct {
	pos, line, levels, nodes int
	root                     int32
	anchor                   string
	top                      level
	parent, last             node
}

func (r *reader) mark() mark {
	m := mark{pos: r.pos, line: r.line, levels: len(r.levels), nodes: len(r.nodes), root: r.root, anchor: r.anchor}
	if m.levels > 0 {
		m.top = r.levels[m.levels-1]
		m.parent, m.last = r.nodes[m.top.node], r.nodes[m.top.last]
	}
	return m
}

func (r *reader) back(m mark) {
	r.pos, r.line, r.root, r.anchor = m.pos, m.line, m.root, m.anchor
	r.levels, r.nodes = r.levels[:m.levels], r.nodes[:m.nodes]
	if m.levels > 0 {
		r.levels[m.levels-1] = m.top
		r.nodes[m.top.last], r.nodes[m.top.node] = m.last, m.parent
	}
}
