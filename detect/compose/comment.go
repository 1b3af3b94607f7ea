package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/placed"
)

// comments reads the assignments in the lines of Data[from:to] that are commented out: # NAME: value, #  - NAME=value. It
// begins with a line.
func (r *reader) comments(from, to int) {
	data := r.Data[:to]
	r.Owner = assignment.Span{}
	for p := from; ; p++ {
		n := bytes.IndexByte(data[p:], '#')
		if n < 0 {
			return
		}
		p += n
		start := p
		for start > 0 && (data[start-1] == ' ' || data[start-1] == '\t') {
			start--
		}
		end := len(data)
		if n := bytes.IndexByte(data[p:], '\n'); n >= 0 {
			end = p + n
		}
		if start == 0 || data[start-1] == '\n' {
			r.commentLine(p, end)
		}
		if p = end; p == len(data) {
			return
		}
	}
}

// commentLine reads the comment data[p:end].
func (r *reader) commentLine(p, end int) {
	for p < end && bytes.IndexByte([]byte("# \t"), r.Data[p]) >= 0 {
		p++
	}
	if p+1 < end && r.Data[p] == '-' && r.Data[p+1] == ' ' {
		for p++; p < end && r.Data[p] == ' '; p++ {
		}
	}
	if p < end && (r.Data[p] == '"' || r.Data[p] == '\'') && end > p+1 {
		// - "NAME=value"
		if last := len(bytes.TrimRight(r.Data[:end], " \t\r")); last > p+1 && r.Data[last-1] == r.Data[p] {
			p, end = p+1, last-1
		}
	}
	name := p
	for name < end && carrier.NameByte(r.Data[name]) {
		name++
	}
	if name-p < 2 || name >= end || r.Data[p] == '-' || r.Data[p] == '.' {
		return
	}
	value := name + 1
	switch {
	case r.Data[name] == '=':
	case r.Data[name] == ':' && value < end && r.Data[value] == ' ':
	default:
		return
	}
	text := placed.Of(r.Data, assignment.Span{Start: value, End: end})
	if n := bytes.Index(text.Bytes, []byte(" #")); n >= 0 {
		text = text.Slice(0, n)
	}
	text = carrier.Trim(text.Slice(0, len(bytes.TrimRight(text.Bytes, "\r"))))
	e := Entry{Assignment: assignment.Assignment{Context: Commented, Name: assignment.Span{Start: p, End: name}}}
	if inner, ok := carrier.Unquote(text); ok {
		text, e.Quoted = inner, true
	}
	if text.Len() > 0 {
		r.Add(e, text)
	}
}
