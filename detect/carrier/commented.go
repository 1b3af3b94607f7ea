package carrier

import (
	"bytes"

	"rummage/detect/assignment"
)

// Commented reads the assignment in a line of a comment of HCL or of JSON with comments, the marks of the comment and a
// comma at the end aside: # NAME = "value", // "NAME": "value",. A value without quotation marks is a single word.
func Commented(data []byte, line assignment.Span) (name, value assignment.Span, quoted, ok bool) {
	p, end := line.Start, line.End
	for p < end && bytes.IndexByte([]byte("#/* \t"), data[p]) >= 0 {
		p++
	}
	mark := p < end && data[p] == '"'
	if mark {
		p++
	}
	name = assignment.Span{Start: p, End: p}
	for p < end && NameByte(data[p]) {
		p++
	}
	name.End = p
	if mark {
		if p >= end || data[p] != '"' {
			return name, value, false, false
		}
		p++
	}
	p = skipBlanks(data, p, end)
	if name.Len() < 2 || p >= end || data[p] != '=' && data[p] != ':' {
		return name, value, false, false
	}
	p = skipBlanks(data, p+1, end)
	text := bytes.TrimRight(data[p:end], " \t\r")
	text = bytes.TrimRight(bytes.TrimSuffix(text, []byte("*/")), " \t,")
	if bytes.HasPrefix(text, []byte("//")) {
		return name, value, false, false // the rest of a URL
	}
	if len(text) > 1 && text[0] == '"' {
		n := bytes.IndexByte(text[1:], '"')
		value = assignment.Span{Start: p + 1, End: p + 1 + n}
		return name, value, true, n > 0 && len(text) == n+2
	}
	value = assignment.Span{Start: p, End: p + len(text)}
	return name, value, false, len(text) > 0 && !bytes.ContainsAny(text, " \t\"")
}

func skipBlanks(data []byte, p, end int) int {
	for p < end && (data[p] == ' ' || data[p] == '\t') {
		p++
	}
	return p
}
