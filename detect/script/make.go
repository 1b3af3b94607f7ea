package script

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// makeDialect is what a reference is in the value of a variable of a Makefile.
const makeDialect = interpolate.Dollar | interpolate.Doubled | interpolate.Command | interpolate.Template

// line is the end of the line at i, without line end, and the start of the next. Lines that end with a backslash go on.
func (r *reader) line(i int) (end, next int) {
	for j := i; ; {
		n := bytes.IndexByte(r.data[j:], '\n')
		if n < 0 {
			return len(r.data), len(r.data)
		}
		end := j + n
		j = end + 1
		if k := bytes.TrimSuffix(r.data[i:end], []byte("\r")); len(k) == 0 || k[len(k)-1] != '\\' {
			return end, j
		}
	}
}

func (r *reader) text(start, end int) placed.Text {
	return placed.Of(r.data, assignment.Span{Start: start, End: end})
}

// makefile reads the lines of a Makefile.
func (r *reader) makefile() {
	for i := 0; i < len(r.data); {
		end, next := r.line(i)
		if r.data[i] == '\t' {
			r.recipe(i+1, end)
		} else {
			r.definition(r.text(i, end), true)
		}
		i = next
	}
}

// recipe reads a line for a shell: $$ is a dollar sign, one tab before a line that goes on is not a part of it.
func (r *reader) recipe(start, end int) {
	for start < end && (blank(r.data[start]) || bytes.IndexByte([]byte("@-+"), r.data[start]) >= 0) {
		start++
	}
	line := r.data[start:end]
	if !bytes.Contains(line, []byte("$$")) && !bytes.Contains(line, []byte("\n\t")) {
		r.script(r.text(start, end))
		return
	}
	var b placed.Builder
	b.Grow(end - start)
	from := start
	for i := start; i+1 < end; i++ {
		switch two := r.data[i : i+2]; {
		case two[0] == '$' && two[1] == '$', two[0] == '\n' && two[1] == '\t':
			b.Copy(r.data, assignment.Span{Start: from, End: i + 1})
			i++
			from = i + 1
		}
	}
	b.Copy(r.data, assignment.Span{Start: from, End: max(from, end)})
	r.script(b.Text(start))
}

// definition reads NAME = value, with := ::= ?= += for the sign, export or override before it, or, if that is allowed, a
// target.
func (r *reader) definition(t placed.Text, target bool) {
	t = trim(t)
	for {
		word := nameEnd(t.Bytes)
		switch string(t.Bytes[:word]) {
		case "export", "override", "private", "unexport":
			if word < t.Len() && blank(t.Bytes[word]) {
				t = trim(t.Slice(word, t.Len()))
				continue
			}
		}
		break
	}
	n := nameEnd(t.Bytes)
	i := skipBlanks(t.Bytes, n)
	eq := i
	for eq < t.Len() && bytes.IndexByte([]byte(":?+!"), t.Bytes[eq]) >= 0 {
		eq++
	}
	if n == 0 || eq >= t.Len() || t.Bytes[eq] != '=' {
		// target: NAME = value
		if target && i < t.Len() && t.Bytes[i] == ':' && n > 0 {
			rest := trim(t.Slice(i+1, t.Len()))
			if m := nameEnd(rest.Bytes); m > 0 && m < rest.Len() && bytes.IndexByte([]byte(" \t:?+="), rest.Bytes[m]) >= 0 && bytes.IndexByte(rest.Bytes, '=') > 0 {
				r.definition(rest, false)
			}
		}
		return
	}
	value := t.Slice(eq+1, t.Len())
	if h := bytes.Index(value.Bytes, []byte(" #")); h >= 0 {
		value = value.Slice(0, h)
	}
	f := command.Found{Context: Variable, Name: t.Span(0, n), Value: trim(value)}
	if eq > i && t.Bytes[eq-1] == '!' {
		r.script(f.Value)
		return
	}
	f.Value, f.Quoted = unquote(f.Value)
	r.add(f, makeDialect)
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && blank(b[i]) {
		i++
	}
	return i
}

// justfile reads the lines of a Justfile. A recipe that begins with #! is one text.
func (r *reader) justfile() {
	for i := 0; i < len(r.data); {
		end, next := r.line(i)
		if !blank(r.data[i]) {
			r.setting(r.text(i, end))
			i = next
			continue
		}
		if body := trim(r.text(i, end)); bytes.HasPrefix(body.Bytes, []byte("#!")) {
			start := i
			for i = next; i < len(r.data) && (blank(r.data[i]) || r.data[i] == '\n'); i = next {
				_, next = r.line(i)
			}
			if LooksLikeShell(body.Bytes) {
				r.script(r.text(start, i))
			}
			continue
		}
		start := i
		for start < end && (blank(r.data[start]) || r.data[start] == '@' || r.data[start] == '-') {
			start++
		}
		r.script(r.text(start, end))
		i = next
	}
}

// setting reads name := 'value'.
func (r *reader) setting(t placed.Text) {
	if b, ok := bytes.CutPrefix(t.Bytes, []byte("export ")); ok {
		t = trim(t.Slice(t.Len()-len(b), t.Len()))
	}
	n := nameEnd(t.Bytes)
	i := skipBlanks(t.Bytes, n)
	if n == 0 || !bytes.HasPrefix(t.Bytes[i:], []byte(":=")) {
		return
	}
	value := trim(t.Slice(i+2, t.Len()))
	if inner, ok := unquote(value); ok && bytes.IndexByte(inner.Bytes, value.Bytes[0]) < 0 {
		r.add(command.Found{Context: Variable, Name: t.Span(0, n), Value: inner, Quoted: true, Literal: true}, interpolate.Template)
	}
}

// procfile reads the lines `name: command`.
func (r *reader) procfile() {
	for i := 0; i < len(r.data); {
		end, next := r.line(i)
		if n := nameEnd(r.data[i:end]); n > 0 && i+n < end && r.data[i+n] == ':' {
			r.script(r.text(i+n+1, end))
		}
		i = next
	}
}
