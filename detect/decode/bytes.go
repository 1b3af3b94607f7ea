package decode

import "unicode/utf8"

const (
	// minBase64 and minHex are the least lengths of a segment.
	minBase64 = 16
	minHex    = 32
)

// Classes of bytes.
const (
	isBase64 = 1 << iota // of either alphabet
	isHex
	isText  // ASCII from tab to tilde, as gitleaks has it
	isPlain // of those, white space and what is printable
	isSpace
	isStandard // in base64's standard alphabet alone
	isURL      // in the URL-safe alphabet alone
)

var (
	class [256]uint8
	// sextet is the value of a character of either base64 alphabet, nibble that
	// of a hexadecimal digit; 0xff is none.
	sextet, nibble [256]uint8
)

func init() {
	for i := range class {
		sextet[i], nibble[i] = 0xff, 0xff
		if i >= '\t' && i <= '~' {
			class[i] |= isText
		}
		if i >= '\t' && i <= '\r' || i >= ' ' && i <= '~' {
			class[i] |= isPlain
		}
	}
	for _, c := range " \t\n\f\r" {
		class[c] |= isSpace
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		class[c] |= isBase64
		sextet[c] = uint8(i)
	}
	for i, c := range "-_" {
		class[c] |= isBase64 | isURL
		class["+/"[i]] |= isStandard
		sextet[c] = uint8(62 + i)
	}
	for i, c := range "0123456789abcdef" {
		class[c] |= isHex
		nibble[c] = uint8(i)
		if i >= 10 {
			class[c-'a'+'A'] |= isHex
			nibble[c-'a'+'A'] = uint8(i)
		}
	}
}

func hexByte(a, b byte) (byte, bool) {
	x, y := nibble[a], nibble[b]
	return x<<4 | y, x|y != 0xff
}

// hex decodes text[start:end], hexadecimal digits, and reports whether that is
// text.
func (p *pass) hex(start, end int) bool {
	out := p.scratch[:0]
	for i := start; i+1 < end; i += 2 {
		c, _ := hexByte(p.text[i], p.text[i+1])
		if class[c]&isText == 0 {
			return false
		}
		out = append(out, c)
	}
	p.scratch = out
	p.segment(start, end, start, out, Hex)
	return true
}

// base64 decodes text[start:end], characters of either alphabet, with padding
// up to padded, if that is text.
func (p *pass) base64(start, end, padded int) {
	in := p.text[start:end]
	if len(in)%4 == 1 || !asciiGroup(in) || !asciiGroup(in[4:]) {
		return
	}
	out := p.scratch[:0]
	var seen, all uint8
	for ; len(in) >= 4; in = in[4:] {
		seen |= class[in[0]] | class[in[1]] | class[in[2]] | class[in[3]]
		a, b, c := group(in[0], in[1], in[2], in[3])
		out = append(out, a, b, c)
		if all |= a | b | c; all < utf8.RuneSelf && class[a]&class[b]&class[c]&isText == 0 {
			return
		}
	}
	if len(in) > 0 {
		seen |= class[in[0]] | class[in[1]]
		last := byte('A')
		if len(in) == 3 {
			last = in[2]
			seen |= class[last]
		}
		a, b, _ := group(in[0], in[1], last, 'A')
		out = append(out, a)
		if len(in) == 3 {
			out = append(out, b)
		}
	}
	p.scratch = out
	if seen&isStandard != 0 && seen&isURL != 0 || !isReadable(out) {
		return
	}
	if (padded-start)%4 != 0 {
		padded = end // these are no padding
	}
	p.segment(start, padded, start, out, Base64)
}

// group decodes four characters.
func group(a, b, c, d byte) (x, y, z byte) {
	w, v := sextet[b], sextet[c]
	return sextet[a]<<2 | w>>4, w<<4 | v>>2, v<<6 | sextet[d]
}

// asciiGroup reports whether the first four characters are text of ASCII.
func asciiGroup(in []byte) bool {
	a, b, c := group(in[0], in[1], in[2], in[3])
	return class[a]&class[b]&class[c]&isText != 0
}

// isReadable reports whether b is text: ASCII, or UTF-8 in which at most a
// quarter is not.
func isReadable(b []byte) bool {
	other := 0
	for _, c := range b {
		if c >= utf8.RuneSelf {
			other++
		} else if class[c]&isText == 0 {
			return false
		}
	}
	return other == 0 || other <= len(b)/4 && utf8.Valid(b)
}
