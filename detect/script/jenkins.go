package script

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// jenkinsfile reads the strings of sh steps, and the lines NAME = 'value'.
func (r *reader) jenkinsfile() {
	for i := 0; i < len(r.data); {
		switch c := r.data[i]; {
		case c == '/' && i+1 < len(r.data) && r.data[i+1] == '/':
			if n := bytes.IndexByte(r.data[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(r.data)
			}
		case c == '\'' || c == '"':
			_, i = r.groovy(i)
		case c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z':
			n := nameEnd(r.data[i:])
			if string(r.data[i:i+n]) == "sh" {
				i = r.step(i + n)
				continue
			}
			i = r.groovyVariable(i, i+n)
		default:
			i++
		}
	}
}

// maxStep is how far behind sh( its text may begin, in bytes.
const maxStep = 200

// step reads what stands behind sh: 'text', ('text'), (script: 'text', …). It returns the offset to go on at.
func (r *reader) step(i int) int {
	j := skipBlanks(r.data, i)
	if j < len(r.data) && r.data[j] == '(' {
		j++
		for j < len(r.data) && (blank(r.data[j]) || r.data[j] == '\n') {
			j++
		}
	}
	if j < len(r.data) && r.data[j] != '\'' && r.data[j] != '"' {
		near := r.data[j:min(len(r.data), j+maxStep)]
		k := bytes.Index(near, []byte("script:"))
		if k < 0 || bytes.ContainsAny(near[:k], "'\"{};") {
			return i
		}
		j = skipBlanks(r.data, j+k+len("script:"))
	}
	if j >= len(r.data) || r.data[j] != '\'' && r.data[j] != '"' {
		return i
	}
	t, end := r.groovy(j)
	r.script(t)
	return end
}

// groovyVariable reads NAME = 'value' where the name is [i, end).
func (r *reader) groovyVariable(i, end int) int {
	eq := skipBlanks(r.data, end)
	if eq >= len(r.data) || r.data[eq] != '=' {
		return end
	}
	at := skipBlanks(r.data, eq+1)
	if at >= len(r.data) || r.data[at] != '\'' && r.data[at] != '"' {
		return end
	}
	t, next := r.groovy(at)
	f := command.Found{Context: Variable, Name: assignment.Span{Start: i, End: end}, Value: t, Quoted: true, Literal: r.data[at] == '\''}
	r.add(f, interpolate.Dollar)
	return next
}

// groovy reads the string at i, and returns what it means and the offset behind it. One without an end goes up to the
// end of its line; if it is of three marks, to the end of the file. \$ stays, for it is a dollar sign to a shell too.
func (r *reader) groovy(i int) (placed.Text, int) {
	mark := r.data[i : i+1]
	if three := r.data[i:min(len(r.data), i+3)]; len(three) == 3 && three[1] == three[0] && three[2] == three[0] {
		mark = three
	}
	var b placed.Builder
	start := i + len(mark)
	from := start
	for j := start; j < len(r.data); j++ {
		switch c := r.data[j]; {
		case c == mark[0] && bytes.HasPrefix(r.data[j:], mark), c == '\n' && len(mark) == 1:
			b.Copy(r.data, assignment.Span{Start: from, End: j})
			if c != '\n' {
				j += len(mark)
			}
			return b.Text(start), j
		case c == '\\' && j+1 < len(r.data) && r.data[j+1] != '$' && r.data[j+1] != '\n':
			b.Copy(r.data, assignment.Span{Start: from, End: j})
			meant := r.data[j+1 : j+2]
			switch meant[0] {
			case 'n':
				meant = []byte{'\n'}
			case 't':
				meant = []byte{'\t'}
			}
			b.Stand(meant, assignment.Span{Start: j, End: j + 2})
			j++
			from = j + 1
		case c == '\\':
			j++
		}
	}
	b.Copy(r.data, assignment.Span{Start: min(from, len(r.data)), End: len(r.data)})
	return b.Text(start), len(r.data)
}
