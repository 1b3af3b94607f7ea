package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// comments reads the assignments in the lines that are commented out: # NAME: value, #  - NAME=value.
func (f *File) comments(data []byte) {
	w := walker{f: f, data: data}
	for p := 0; ; p++ {
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
			w.commentLine(p, end)
		}
		if p = end; p == len(data) {
			return
		}
	}
}

// commentLine reads the comment data[p:end].
func (w *walker) commentLine(p, end int) {
	for p < end && bytes.IndexByte([]byte("# \t"), w.data[p]) >= 0 {
		p++
	}
	if p+1 < end && w.data[p] == '-' && w.data[p+1] == ' ' {
		for p++; p < end && w.data[p] == ' '; p++ {
		}
	}
	if p < end && (w.data[p] == '"' || w.data[p] == '\'') && end > p+1 {
		// - "NAME=value"
		if last := len(bytes.TrimRight(w.data[:end], " \t\r")); last > p+1 && w.data[last-1] == w.data[p] {
			p, end = p+1, last-1
		}
	}
	name := p
	for name < end && nameByte(w.data[name]) {
		name++
	}
	if name-p < 2 || name >= end || w.data[p] == '-' || w.data[p] == '.' {
		return
	}
	value := name + 1
	switch {
	case w.data[name] == '=':
	case w.data[name] == ':' && value < end && w.data[value] == ' ':
	default:
		return
	}
	text := placed.Of(w.data, assignment.Span{Start: value, End: end})
	if n := bytes.Index(text.Bytes, []byte(" #")); n >= 0 {
		text = text.Slice(0, n)
	}
	text = trim(text.Slice(0, len(bytes.TrimRight(text.Bytes, "\r"))))
	e := Entry{Assignment: assignment.Assignment{Context: Commented, Name: assignment.Span{Start: p, End: name}}}
	if inner, ok := unquote(text); ok {
		text, e.Quoted = inner, true
	}
	if text.Len() > 0 {
		w.add(e, text)
	}
}
