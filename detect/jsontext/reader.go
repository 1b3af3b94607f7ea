// Package jsontext reads JSON whose strings keep their places in the file.
//
// A Reader goes through a document once, front to back, and hands out what the caller asks for: the members of an
// object, the elements of an array, a string as placed.Text. What nobody asks for is passed over without being kept, so
// a document costs time in proportion to its bytes and no memory. String reads a single string, for files that have
// JSON within another grammar.
//
// It is more tolerant than encoding/json: commas may be missing, numbers and words are not looked at, a string with an
// escape that does not exist is passed over. Of what encoding/json accepts it gives the same strings, but for bytes that
// are no UTF-8, which stay as they are. Where the document breaks off, reading ends, and what was read before stands.
//
// The package knows bytes only: no key means anything to it.
//
// Concurrency: a Reader belongs to one goroutine, String may be called from any.
package jsontext

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// MaxDepth is how deep values are followed into each other. What is deeper is passed over.
const MaxDepth = 200

// Reader reads one document. New makes one.
type Reader struct {
	text   placed.Text // the document
	pos    int
	depth  int
	broken bool
}

// New makes a reader of a document.
func New(data []byte) *Reader {
	return &Reader{text: placed.Of(data, assignment.Span{End: len(data)})}
}

// Broken says that the document is no JSON from some place on.
func (r *Reader) Broken() bool { return r.broken }

// Object calls f for each member of the object that comes next, with the reader at the member's value; what f does not
// read is passed over. If what comes next is no object, it is left for another method.
func (r *Reader) Object(f func(key placed.Text)) {
	if !r.enter('{') {
		return
	}
	for r.more('}') {
		key, ok := r.key()
		if !ok {
			break
		}
		r.value(func() { f(key) })
	}
	r.depth--
}

// Array calls f for each element of the array that comes next, as Object does for members.
func (r *Reader) Array(f func()) {
	if !r.enter('[') {
		return
	}
	for r.more(']') {
		r.value(f)
	}
	r.depth--
}

// String is the string that comes next. raw is the string with its marks, as it stands.
func (r *Reader) String() (value, raw placed.Text, ok bool) {
	if r.Next() != '"' {
		return placed.Text{}, placed.Text{}, false
	}
	value, end, ok := String(r.text, r.pos)
	if ok {
		raw = r.text.Slice(r.pos, end)
		r.pos = end
	}
	return value, raw, ok
}

// Next is the first byte of what comes next, which says what it is; 0 at the end of the document.
func (r *Reader) Next() byte {
	r.pos = Space(r.text.Bytes, r.pos)
	if r.broken || r.pos >= len(r.text.Bytes) {
		return 0
	}
	return r.text.Bytes[r.pos]
}

// enter goes into a value that begins with the byte.
func (r *Reader) enter(open byte) bool {
	if r.Next() != open {
		return false
	}
	if r.depth >= MaxDepth {
		r.skip()
		return false
	}
	r.pos++
	r.depth++
	return true
}

// more says whether there is another value before the closing byte, and goes behind that if not.
func (r *Reader) more(closing byte) bool {
	c := r.Next()
	if c == ',' {
		r.pos++
		c = r.Next()
	}
	switch c {
	case 0:
		r.broken = true
	case closing:
		r.pos++
	default:
		return true
	}
	return false
}

// key reads the key of a member and the colon behind it.
func (r *Reader) key() (placed.Text, bool) {
	if r.Next() != '"' {
		r.broken = true
		return placed.Text{}, false
	}
	key, end, ok := String(r.text, r.pos)
	if !ok {
		key, end = placed.Text{}, r.behind(r.pos)
	}
	if r.pos = end; r.Next() != ':' {
		r.broken = true
		return placed.Text{}, false
	}
	r.pos++
	return key, true
}

// value lets f read the value that comes next, and passes over it if f does not.
func (r *Reader) value(f func()) {
	r.Next()
	start := r.pos
	f()
	if r.pos == start {
		r.skip()
	}
}

// skip passes over the value that comes next, however deep.
func (r *Reader) skip() {
	b := r.text.Bytes
	for open := 0; !r.broken; {
		switch c := r.Next(); c {
		case 0:
			r.broken = true
		case '{', '[':
			open++
			r.pos++
		case '}', ']':
			if open--; open < 0 {
				r.broken = true
				return
			}
			r.pos++
		case '"':
			r.pos = r.behind(r.pos)
		case ',', ':':
			r.broken = open == 0
			r.pos++
		default:
			start := r.pos
			for r.pos < len(b) && isWord(b[r.pos]) {
				r.pos++
			}
			r.broken = r.pos == start
		}
		if open == 0 {
			return
		}
	}
}

// behind is the offset behind the string that begins at i, or the end of the document.
func (r *Reader) behind(i int) int {
	b := r.text.Bytes
	for i++; i < len(b); i++ {
		n := bytes.IndexAny(b[i:], `"\`)
		if n < 0 {
			break
		}
		if i += n; b[i] == '"' {
			return i + 1
		}
		i++ // what is escaped
	}
	r.broken = true
	return len(b)
}

// isWord says whether numbers, true, false and null have the byte.
func isWord(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.'
}
