package dotenv

import (
	"unicode/utf8"

	"rummage/detect/placed"
)

// quoted is the text between the marks at open and end. In double quotes escapes are resolved, \$ to the doubled
// dollar sign of Compose; in the others only an escaped mark is.
func (p *parser) quoted(open, end int) placed.Text {
	mark := p.data[open]
	var b placed.Builder
	copied := open + 1
	for i := open + 1; i < end; i++ {
		if p.data[i] != '\\' || i+1 >= end {
			continue
		}
		meant, n := "", 2
		switch c := p.data[i+1]; {
		case c == mark:
			meant = string(mark)
		case mark == '"':
			meant, n = escape(p.data[i+1 : end])
		}
		if meant != "" {
			b.Copy(p.data, span(copied, i))
			b.Stand([]byte(meant), span(i, i+n))
			copied = i + n
		}
		i += n - 1
	}
	b.Copy(p.data, span(copied, end))
	return b.Text(open + 1)
}

// escapes are the characters that mean something behind a backslash in double quotes.
var escapes = map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`, '$': "$$"}

// escape is the meaning of the escape whose backslash stands before t, empty if it has none, and its length with the
// backslash.
func escape(t []byte) (string, int) {
	if t[0] != '0' {
		return escapes[t[0]], 2
	}
	// \0 and three octal digits.
	value := 0
	for i := 1; i <= 3; i++ {
		if i >= len(t) || t[i] < '0' || t[i] > '7' {
			return "", 2
		}
		value = value<<3 | int(t[i]-'0')
	}
	if value > 0xff {
		return "", 2
	}
	return string(utf8.AppendRune(nil, rune(value))), 5
}
