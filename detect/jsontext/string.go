package jsontext

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"rummage/detect/placed"
)

// Space is the offset of the first byte of b, from i on, that is no white space.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// String reads the string whose opening mark is byte i of t: its value, and the offset behind its closing mark. It
// reports false for one that never ends, or holds a control character or an escape that JSON does not have.
func String(t placed.Text, i int) (value placed.Text, end int, ok bool) {
	b := t.Bytes
	i++
	start, plain := i, true
	for ; ; i++ {
		if i >= len(b) || b[i] < ' ' {
			return placed.Text{}, i, false
		}
		if b[i] == '"' {
			break
		}
		if b[i] == '\\' {
			plain = false
			i++
		}
	}
	if plain {
		return t.Slice(start, i), i + 1, true
	}
	var j placed.Builder
	j.Grow(i - start)
	for k := start; k < i; {
		n := k
		for n < i && b[n] != '\\' {
			n++
		}
		j.Add(t.Slice(k, n))
		if k = n; k < i {
			var buf [4]byte
			r, size := escape(b[k:i])
			if size == 0 {
				return placed.Text{}, k, false
			}
			j.Stand(buf[:utf8.EncodeRune(buf[:], r)], t.Span(k, k+size))
			k += size
		}
	}
	return j.Text(t.Pos(start)), i + 1, true
}

// escape reads the escape that b begins with and returns the character and the length, 0 if it is none.
func escape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if low, ok := hex4(b[8:]); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, 12
				}
			}
		}
		return utf8.RuneError, 6
	}
	return 0, 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(n), err == nil
}
