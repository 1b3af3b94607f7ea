package devcontainer

import (
	"bytes"
	"encoding/json"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/yamltree"
)

// maxMended bounds how many brackets that are not closed are closed.
const maxMended = 1 << 10

// mender goes through JSON with comments, whatever mistakes it has, and makes it JSON without changing an offset.
type mender struct {
	given []byte
	// data is what was given until something has to be changed in it; then it is a copy. Behind its end may stand what
	// closes what was not closed.
	data     []byte
	comments []assignment.Span // lines of them
	problems []yamltree.Problem
	edits    []int // offsets of escapes that were changed

	pos   int
	open  []byte // the brackets that close those that are open
	last  byte   // the token before: v for a value or key, or one of , : { [
	blank int    // a blank behind it, -1 for none
	end   int    // where it ends
}

func mend(data []byte) *mender {
	m := &mender{given: data, data: data, blank: -1}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return m
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		m.pos = 3
	}
	for m.pos < len(m.given) {
		m.token(m.given[m.pos])
	}
	if n := len(m.open); n > 0 {
		m.problem(len(m.given), Unclosed)
		if n <= maxMended {
			m.own()
			for k := n - 1; k >= 0; k-- {
				m.data = append(m.data, m.open[k])
			}
		}
	}
	return m
}

func (m *mender) problem(offset int, what yamltree.Reason) {
	if len(m.problems) < 1000 {
		m.problems = append(m.problems, yamltree.Problem{Offset: offset, What: what})
	}
}

// own makes data a copy that may be changed.
func (m *mender) own() {
	if len(m.data) > 0 && &m.data[0] == &m.given[0] {
		m.data = append(make([]byte, 0, len(m.given)+64), m.given...)
	}
}

func (m *mender) set(i int, c byte) {
	if m.data[i] != c {
		m.own()
		m.data[i] = c
	}
}

// token reads the token that c begins at pos.
func (m *mender) token(c byte) {
	start := m.pos
	m.pos++
	switch c {
	case ' ', '\t', '\n', '\r':
		if m.blank < 0 {
			m.blank = start
		}
		return
	case '"':
		m.separate(start)
		m.text()
		m.last = 'v'
	case '{', '[':
		m.separate(start)
		m.open = append(m.open, c+2) // } is two behind {, ] behind [
		m.last = c
	case '}', ']':
		if n := len(m.open); n > 0 && m.open[n-1] == c {
			m.open = m.open[:n-1]
			m.last = 'v'
			break
		}
		m.problem(start, Unclosed)
		m.set(start, ' ')
		return
	case ',':
		if m.last != 'v' && m.last != ':' {
			m.set(start, ' ')
			return
		}
		m.last = c
	case ':':
		for i := m.end; i < start && m.last == 'v'; i++ {
			// YAML wants a key and its colon on one line.
			if m.data[i] == '\n' || m.data[i] == '\r' {
				m.set(i, ' ')
			}
		}
		m.last = c
	case '/':
		if m.comment(start) {
			return
		}
		fallthrough
	default:
		m.separate(start)
		for m.pos < len(m.given) && bytes.IndexByte([]byte(" \t\r\n,:{}[]\"/"), m.given[m.pos]) < 0 {
			m.pos++
		}
		m.last = 'v'
	}
	m.blank, m.end = -1, m.pos
}

// separate puts the comma that is missing before a value at start.
func (m *mender) separate(start int) {
	if m.last != 'v' || len(m.open) == 0 {
		return
	}
	if m.blank >= 0 {
		m.problem(start, Comma)
		m.set(m.blank, ',')
	}
}

// text reads the string whose mark is behind pos.
func (m *mender) text() {
	for m.pos < len(m.given) {
		switch m.given[m.pos] {
		case '"':
			m.pos++
			return
		case '\n':
			// It ends with its line.
			m.problem(m.pos, Unclosed)
			if m.given[m.pos-1] == '\r' {
				m.set(m.pos-1, '"')
			} else {
				m.set(m.pos, '"')
				m.pos++
			}
			return
		case '\\':
			m.escape()
		default:
			m.pos++
		}
	}
	m.problem(len(m.given), Unclosed)
	m.own()
	m.data = append(m.data, '"')
}

// escape reads the escape at pos. Those that YAML reads otherwise than JSON, or not at all, are made something of the
// same length that it reads; see meant.
func (m *mender) escape() {
	at := m.pos
	b := m.given[at:]
	if m.pos++; len(b) < 2 || b[1] == '\n' {
		return
	}
	m.pos++
	switch c := b[1]; {
	case bytes.IndexByte([]byte(`"\bfnrt`), c) >= 0:
	case c == 'u' && len(b) >= 6 && isHex(b[2:6]):
		if b[2]|0x20 == 'd' && b[3] >= '8' {
			// Half of a character that takes more than 16 bits.
			for i, c := range []byte("fffd") {
				m.set(at+2+i, c)
			}
			m.edits = append(m.edits, at)
		}
	default:
		m.set(at, '/')
		m.edits = append(m.edits, at)
		m.pos--
	}
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// meant gives the entries whose values have escapes that were changed the values that JSON has them mean, or as they
// stand if they are no JSON.
func (m *mender) meant(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		k, _ := slices.BinarySearch(m.edits, e.Value.Start)
		if k == len(m.edits) || m.edits[k] >= e.Value.End {
			continue
		}
		var text string
		e.Decoded = nil
		if raw := e.Value.Of(m.given); json.Unmarshal(slices.Concat([]byte{'"'}, raw, []byte{'"'}), &text) == nil && text != "" {
			e.Decoded = []byte(text)
		}
	}
}

// comment reads the comment at start, if it is one, and makes it blank.
func (m *mender) comment(start int) bool {
	rest := m.given[start:]
	n := -1
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		if n = bytes.IndexByte(rest, '\n'); n < 0 {
			n = len(rest)
		}
	case bytes.HasPrefix(rest, []byte("/*")):
		if n = bytes.Index(rest[2:], []byte("*/")) + 4; n < 4 {
			m.problem(start, Unclosed)
			n = len(rest)
		}
	default:
		return false
	}
	m.pos = start + n
	for line := start; line < m.pos; {
		end := m.pos
		if n := bytes.IndexByte(m.given[line:m.pos], '\n'); n >= 0 {
			end = line + n
		}
		m.comments = append(m.comments, assignment.Span{Start: line, End: end})
		line = end + 1
	}
	m.own()
	for i := start; i < m.pos; i++ {
		if c := m.data[i]; c != '\n' && c != '\r' {
			m.data[i] = ' '
		}
	}
	if m.blank < 0 {
		m.blank = start
	}
	return true
}
