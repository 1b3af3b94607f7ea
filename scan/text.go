package scan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// binaryPrefix is how many bytes are looked at for a NUL: git's own rule for "binary".
const binaryPrefix = 8000

// Text decides whether data is text and gives it as UTF-8. UTF-16 with a byte-order mark is decoded into scratch,
// which is returned to be used again; a UTF-8 mark stays, being harmless.
func Text(data, scratch []byte) (text, newScratch []byte, ok bool) {
	if len(data) >= 2 {
		switch {
		case data[0] == 0xff && data[1] == 0xfe && !(len(data) >= 4 && data[2] == 0 && data[3] == 0):
			out := decodeUTF16(scratch[:0], data[2:], 0, 1)
			return out, out, true
		case data[0] == 0xfe && data[1] == 0xff:
			out := decodeUTF16(scratch[:0], data[2:], 1, 0)
			return out, out, true
		}
	}
	if bytes.IndexByte(data[:min(len(data), binaryPrefix)], 0) >= 0 {
		return nil, scratch, false
	}
	return data, scratch, true
}

// printable is data, in the memory of dst, with a line feed for each byte that is not printable ASCII, so that offsets stay what they are.
func printable(dst, data []byte) []byte {
	if cap(dst) < len(data) {
		dst = make([]byte, len(data)) // and no more: what is over maxScratch is not kept
	}
	dst = dst[:len(data)]
	i := 0
	for ; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(dst[i:], printable8(binary.LittleEndian.Uint64(data[i:])))
	}
	var rest [8]byte
	copy(rest[:], data[i:])
	binary.LittleEndian.PutUint64(rest[:], printable8(binary.LittleEndian.Uint64(rest[:])))
	copy(dst[i:], rest[:])
	return dst
}

// printable8 is printable of the eight bytes of a word at a time: programs are half of what images hold. The top bit of
// each byte of the sums says what holds for it.
func printable8(x uint64) uint64 {
	const (
		ones = 0x0101_0101_0101_0101
		tops = 0x80 * ones
	)
	low := x &^ tops
	printed := (low + (0x80-' ')*ones) &^ (low + ones) // not below the blank, not DEL
	blank := ^((low ^ '\t'*ones) + 0x7f*ones) | ^((low ^ '\r'*ones) + 0x7f*ones)
	keep := ((printed | blank) &^ x & tops) >> 7 * 0xff
	return x&keep | '\n'*ones&^keep
}

// decodeUTF16 appends the text to dst; lo and hi are the positions of the low and high byte in each unit. A lone
// surrogate becomes U+FFFD, a last odd byte is dropped.
func decodeUTF16(dst, b []byte, lo, hi int) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i+lo]) | rune(b[i+hi])<<8
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if full := utf16.DecodeRune(r, rune(b[i+2+lo])|rune(b[i+2+hi])<<8); full != utf8.RuneError {
				r = full
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
