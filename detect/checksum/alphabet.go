package checksum

import (
	"encoding/base64"
	"strings"
)

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	// alnum is also the order of digits in the base 62 of GitHub, npm, Vercel, Apify and Azure.
	alnum     = digits + upper + lower
	base36    = digits + lower
	base64URL = upper + lower + digits + "-_"
)

// draw makes n random characters of alphabet.
func draw(alphabet string, n int, r Rand) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r(len(alphabet))]
	}
	return string(b)
}

// drawBytes makes n random bytes.
func drawBytes(n int, r Rand) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r(256))
	}
	return b
}

// within reports whether all of b is in alphabet.
func within(b []byte, alphabet string) bool {
	for _, c := range b {
		if strings.IndexByte(alphabet, c) < 0 {
			return false
		}
	}
	return true
}

// number writes v with the digits of alphabet, filled up on the left with its zero to at least width.
func number(v uint32, alphabet string, width int) string {
	base := uint32(len(alphabet))
	var b []byte
	for ; v > 0; v /= base {
		b = append(b, alphabet[v%base])
	}
	for len(b) < width {
		b = append(b, alphabet[0])
	}
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// decode64 reads base64 in either alphabet, padded or not; ok is false for anything else, and for an encoding
// that is not the canonical one of its bytes (bits set that no byte uses).
func decode64(b []byte) (data []byte, ok bool) {
	s := strings.TrimRight(string(b), "=")
	if len(b)-len(s) > 2 || s == "" {
		return nil, false
	}
	enc := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	// The decoder skips line ends; a token has none.
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	data, err := enc.Strict().DecodeString(s)
	return data, err == nil
}
