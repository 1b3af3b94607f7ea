package yamltree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"rummage/detect/assignment"
)

// piece is one document of a stream before it is read.
type piece struct {
	assignment.Span
	// body is the offset behind the --- that begins it, or where it begins.
	body int
}

// split cuts a stream at its document marks. That is exact: at the beginning of a line, --- and ... mark documents
// even inside scalars. Documents without content are left out.
func split(data []byte) []piece {
	start, body := 0, 0
	for bytes.HasPrefix(data[start:], []byte("\xef\xbb\xbf")) {
		start, body = start+3, start+3
	}
	var pieces []piece
	add := func(end int) {
		if content(data[body:end]) > 0 {
			pieces = append(pieces, piece{assignment.Span{Start: start, End: end}, body})
		}
	}
	for p := start; p < len(data); p = nextMark(data, p) {
		if !isMark(data, p) {
			continue
		}
		switch {
		case data[p] == '.':
			add(p)
			start = lineEnd(data, p)
			body = start
		case content(data[body:p]) == onlyDirectives:
			body = p + 3 // the directives belong to this document
		default:
			add(p)
			start, body = p, p+3
		}
	}
	add(len(data))
	return pieces
}

// nextMark is the first line behind p that begins with three dashes or three dots, or the end of the data.
func nextMark(data []byte, p int) int {
	for p = lineEnd(data, p); p+2 < len(data); p = lineEnd(data, p) {
		if c := data[p]; (c == '-' || c == '.') && data[p+1] == c && data[p+2] == c {
			return p
		}
	}
	return len(data)
}

// isMark reports whether a document mark stands at p.
func isMark(data []byte, p int) bool {
	c := data[p]
	return (c == '-' || c == '.') && p+2 < len(data) && data[p+1] == c && data[p+2] == c && (p+3 == len(data) || isBlankOrEnd(data[p+3]))
}

func lineEnd(data []byte, p int) int {
	if n := bytes.IndexByte(data[p:], '\n'); n >= 0 {
		return p + n + 1
	}
	return len(data)
}

// What content finds in a piece of a stream.
const (
	noContent = iota
	onlyDirectives
	someContent
)

func content(data []byte) int {
	found := noContent
	for p := 0; p < len(data); p = lineEnd(data, p) {
		q := p
		for q < len(data) && (data[q] == ' ' || data[q] == '\t') {
			q++
		}
		switch {
		case q == len(data) || data[q] == '\n' || data[q] == '\r' || data[q] == '#':
		case data[q] == '%' && q == p:
			found = onlyDirectives
		default:
			return someContent
		}
	}
	return found
}

func isBlankOrEnd(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0 }

// What a byte means to ordinary.
const (
	forbidden = 1 + iota // a control character
	returns              // CR
	notASCII
)

var byteClass = func() (t [256]byte) {
	for c := range t {
		switch {
		case c == '\t' || c == '\n':
		case c == '\r':
			t[c] = returns
		case c < 0x20 || c == 0x7f:
			t[c] = forbidden
		case c >= 0x80:
			t[c] = notASCII
		}
	}
	return t
}()

// ordinary reports whether the text holds no characters that YAML forbids or takes for line ends: the line reader
// knows LF and CRLF only.
func ordinary(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if i = skipPrinting(data, i); i == len(data) {
			break
		}
		switch byteClass[data[i]] {
		case forbidden:
			return false
		case returns:
			if i+1 == len(data) || data[i+1] != '\n' {
				return false
			}
		case notASCII:
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n == 1 {
				return false
			}
			switch {
			case r >= 0x80 && r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
				return false
			}
			i += n - 1
		}
	}
	return true
}

// skipPrinting is the offset, from i on, of the first byte that is no printing ASCII, or one within eight bytes of the end.
func skipPrinting(data []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		del := x ^ 0x7f*ones
		// The lowest of the bits is right; those above may be there for a borrow.
		if found := (x | (x - 0x20*ones) | (del-ones)&^del) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}
