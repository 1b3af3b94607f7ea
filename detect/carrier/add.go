package carrier

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// Add adds an assignment whose context, name and Quoted are set, and those of the literals within its references.
func (w *Walker) Add(e Entry, t placed.Text) {
	e.Owner = w.Owner
	if e.Name == (assignment.Span{}) {
		e.Name.Start = t.Place().Start
		e.Name.End = e.Name.Start
	}
	var v interpolate.Value
	if !e.Unset {
		v = interpolate.Scan(t.Bytes, w.Dialect)
		e.Form = v.Form
	}
	meant := t
	if v.Escapes {
		meant = interpolate.Unescape(t, w.Dialect)
	}
	e.Value, e.Decoded = meant.Place(), meant.Decoded()
	at := len(w.entries)
	w.entries = append(w.entries, e)
	w.operands(e, t, v, w.Dialect)
	if !w.script || w.Dialect&interpolate.Dollar != 0 && !v.Escapes {
		return
	}
	// What is left is for a shell: $$X of a compose file, $X of a workflow.
	shell := interpolate.Scan(meant.Bytes, interpolate.Shell)
	if len(shell.Refs) > 0 {
		w.entries[at].Form = shell.Form
	}
	if w.Dialect&interpolate.Dollar == 0 {
		w.operands(e, meant, shell, interpolate.Shell)
	}
}

// operands adds the literals within the references of a value.
func (w *Walker) operands(e Entry, t placed.Text, v interpolate.Value, dialect interpolate.Dialect) {
	if len(v.Refs) == 0 {
		return
	}
	for _, o := range interpolate.Operands(t, v, dialect) {
		d := Entry{Form: o.Form, Owner: w.Owner}
		d.Context, d.Name, d.Value, d.Decoded, d.Quoted = w.Default, o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		w.entries = append(w.entries, d)
		if o.Whole && !bytes.Equal(e.Name.Of(w.Data), o.Name.Bytes) {
			d.Name = e.Name
			w.entries = append(w.entries, d)
		}
	}
}

// AddLiteral adds an assignment in whose value nothing is a reference.
func (w *Walker) AddLiteral(e Entry, t placed.Text) {
	e.Owner, e.Value, e.Decoded = w.Owner, t.Place(), t.Decoded()
	if len(bytes.TrimSpace(t.Bytes)) > 0 {
		e.Form = interpolate.Literal
	}
	w.entries = append(w.entries, e)
}

// PairText reads NAME=value.
func (w *Walker) PairText(c assignment.Context, t placed.Text, quoted bool) {
	eq := bytes.IndexByte(t.Bytes, '=')
	if eq < 0 {
		w.Add(Entry{Assignment: assignment.Assignment{Context: c, Name: t.Place()}, Unset: true}, t.Slice(t.Len(), t.Len()))
		return
	}
	name := len(bytes.TrimRight(t.Bytes[:eq], " \t"))
	e := Entry{Assignment: assignment.Assignment{Context: c, Name: t.Span(0, name), Quoted: quoted}}
	value := Trim(t.Slice(eq+1, t.Len()))
	if inner, ok := Unquote(value); ok {
		value, e.Quoted = inner, true
	}
	w.Add(e, value)
}

// PairLines reads text whose lines are NAME=value, as the build-args of an action. A line without = is none.
func (w *Walker) PairLines(c assignment.Context, t placed.Text) {
	for start := 0; start < t.Len(); {
		end := t.Len()
		if n := bytes.IndexByte(t.Bytes[start:], '\n'); n >= 0 {
			end = start + n
		}
		if line := Trim(t.Slice(start, end)); line.Len() > 0 && line.Bytes[0] != '#' && bytes.IndexByte(line.Bytes, '=') > 0 {
			w.PairText(c, line, false)
		}
		start = end + 1
	}
}

// CommaPairs reads name=value,name=value.
func (w *Walker) CommaPairs(c assignment.Context, t placed.Text) {
	if bytes.IndexByte(t.Bytes, '=') < 0 {
		return
	}
	for start := 0; start < t.Len(); {
		end := t.Len()
		if n := bytes.IndexByte(t.Bytes[start:], ','); n >= 0 {
			end = start + n
		}
		if eq := bytes.IndexByte(t.Bytes[start:end], '='); eq > 0 {
			w.argument(c, t.Span(start, start+eq), t.Slice(start+eq+1, end))
		}
		start = end + 1
	}
}

// Trim takes blanks and line ends off both ends.
func Trim(t placed.Text) placed.Text {
	i, j := 0, t.Len()
	for i < j && (t.Bytes[i] == ' ' || t.Bytes[i] == '\t') {
		i++
	}
	for j > i && (t.Bytes[j-1] == ' ' || t.Bytes[j-1] == '\t' || t.Bytes[j-1] == '\n' || t.Bytes[j-1] == '\r') {
		j--
	}
	return t.Slice(i, j)
}

// Unquote takes off quotation marks within a scalar: - NAME="value". They are no marks to YAML but meant as such.
func Unquote(t placed.Text) (placed.Text, bool) {
	n := t.Len()
	if n < 2 || t.Bytes[0] != t.Bytes[n-1] || t.Bytes[0] != '"' && t.Bytes[0] != '\'' {
		return t, false
	}
	return t.Slice(1, n-1), true
}
