package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// maxDepth bounds how deep collections are followed through aliases. What is deeper is read where it stands.
const maxDepth = 500

// TooMany is the problem of a file in which aliases stand for more text than it has.
const TooMany yamltree.Reason = "aliases stand for too much text"

// walker reads one document.
type walker struct {
	f     *File
	data  []byte
	seen  []bool // collections that were read, by id
	owner assignment.Span
	depth int
	// budget is how many bytes aliases may still stand for.
	budget int
	args   []placed.Text // the words of a command, between two calls of flags
}

func (f *File) document(data []byte, d *yamltree.Document) {
	w := walker{f: f, data: data, seen: make([]bool, d.Len()), budget: d.Span.Len() + 1<<16}
	root, ok := w.enter(d.Root())
	if !ok {
		w.scalar(Value, assignment.Span{}, d.Root())
		return
	}
	w.root(root)
}

// enter is the collection that a node is or stands for, if it is one and was not read before.
func (w *walker) enter(n yamltree.Node) (yamltree.Node, bool) {
	t := n.Target()
	if k := t.Kind(); k != yamltree.Mapping && k != yamltree.Sequence || w.seen[t.ID()] || w.depth >= maxDepth {
		return yamltree.Node{}, false
	}
	w.seen[t.ID()] = true
	return t, true
}

// pairs calls f for each key and value of a mapping and of those merged into it.
func (w *walker) pairs(n yamltree.Node, f func(k, v yamltree.Node)) {
	for k, v := range n.Pairs() {
		if k.Is("<<") && !k.Quoted() {
			w.merge(v, f)
			continue
		}
		f(k, v)
	}
}

func (w *walker) merge(v yamltree.Node, f func(k, v yamltree.Node)) {
	m, ok := w.enter(v)
	if !ok {
		return
	}
	w.depth++
	if m.Kind() == yamltree.Mapping {
		w.pairs(m, f)
	} else {
		for item := range m.Items() {
			w.merge(item, f)
		}
	}
	w.depth--
}

// values reads every scalar below a node under its key; those of a list are under the key of the list.
func (w *walker) values(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(c, k.Span(), v)
		return
	}
	w.depth++
	if n.Kind() == yamltree.Mapping {
		w.pairs(n, func(k, v yamltree.Node) { w.values(c, k, v) })
	} else {
		for item := range n.Items() {
			w.values(c, k, item)
		}
	}
	w.depth--
}

// variables reads a mapping of names to values, or a list of NAME=value.
func (w *walker) variables(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.pair(c, v)
		return
	}
	w.depth++
	if n.Kind() == yamltree.Mapping {
		w.pairs(n, func(k, v yamltree.Node) {
			if v.Target().Kind() == yamltree.Scalar {
				w.scalar(c, k.Span(), v)
			} else {
				w.variables(c, k, v)
			}
		})
	} else {
		for item := range n.Items() {
			w.variables(c, k, item)
		}
	}
	w.depth--
}

// pair reads NAME=value. A NAME alone takes its value from the environment.
func (w *walker) pair(c assignment.Context, v yamltree.Node) {
	if !w.affordable(v) || v.Target().Null() {
		return
	}
	t := v.Target().Text()
	eq := bytes.IndexByte(t.Bytes, '=')
	if eq < 0 {
		w.add(Entry{Assignment: assignment.Assignment{Context: c, Name: t.Place()}, Unset: true}, t.Slice(t.Len(), t.Len()))
		return
	}
	name := len(bytes.TrimRight(t.Bytes[:eq], " \t"))
	e := Entry{Assignment: assignment.Assignment{Context: c, Name: t.Span(0, name), Quoted: v.Target().Quoted()}}
	value := trim(t.Slice(eq+1, t.Len()))
	if inner, ok := unquote(value); ok {
		value, e.Quoted = inner, true
	}
	w.add(e, value)
}

// trim takes blanks off both ends.
func trim(t placed.Text) placed.Text {
	i, j := 0, t.Len()
	for i < j && (t.Bytes[i] == ' ' || t.Bytes[i] == '\t') {
		i++
	}
	for j > i && (t.Bytes[j-1] == ' ' || t.Bytes[j-1] == '\t' || t.Bytes[j-1] == '\n') {
		j--
	}
	return t.Slice(i, j)
}

// unquote takes off quotation marks within a scalar: - NAME="value". They are no marks to YAML but meant as such.
func unquote(t placed.Text) (placed.Text, bool) {
	n := t.Len()
	if n < 2 || t.Bytes[0] != t.Bytes[n-1] || t.Bytes[0] != '"' && t.Bytes[0] != '\'' {
		return t, false
	}
	return t.Slice(1, n-1), true
}

// affordable takes what an alias stands for from the budget.
func (w *walker) affordable(v yamltree.Node) bool {
	t := v.Target()
	if t.Kind() != yamltree.Scalar {
		return false
	}
	if v.Kind() == yamltree.Alias {
		if w.budget < 0 {
			return false
		}
		if w.budget -= t.Span().Len(); w.budget < 0 {
			w.f.Problems = append(w.f.Problems, yamltree.Problem{Offset: v.Span().Start, What: TooMany})
			return false
		}
	}
	return true
}

// scalar adds a scalar under a name.
func (w *walker) scalar(c assignment.Context, name assignment.Span, v yamltree.Node) {
	if !w.affordable(v) {
		return
	}
	t := v.Target()
	w.add(Entry{Assignment: assignment.Assignment{Context: c, Name: name, Quoted: t.Quoted()}, Unset: t.Null()}, t.Text())
}

// add adds an assignment, and those of the literals within its references.
func (w *walker) add(e Entry, t placed.Text) {
	e.Owner = w.owner
	if e.Name == (assignment.Span{}) {
		e.Name.Start = t.Place().Start
		e.Name.End = e.Name.Start
	}
	var v interpolate.Value
	if !e.Unset {
		v = interpolate.Scan(t.Bytes, interpolate.Compose)
		e.Form = v.Form
	}
	meant := t
	if v.Escapes {
		meant = interpolate.Unescape(t, interpolate.Compose)
	}
	e.Value, e.Decoded = meant.Place(), meant.Decoded()
	w.f.Assignments = append(w.f.Assignments, e)
	if len(v.Refs) == 0 {
		return
	}
	for _, o := range interpolate.Operands(t, v, interpolate.Compose) {
		d := Entry{Form: o.Form, Owner: w.owner}
		d.Context, d.Name, d.Value, d.Decoded, d.Quoted = Default, o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		w.f.Assignments = append(w.f.Assignments, d)
		if o.Whole && !bytes.Equal(e.Name.Of(w.data), o.Name.Bytes) {
			d.Name = e.Name
			w.f.Assignments = append(w.f.Assignments, d)
		}
	}
}
