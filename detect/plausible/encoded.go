package plausible

import (
	"bytes"
	"encoding/base64"

	"rummage/detect/assignment"
)

// maxDecoded bounds how much of an encoded value is decoded and judged.
const maxDecoded = 384

// decode64 decodes the beginning of a base64 text (either alphabet, padded or not) into buf.
func decode64(text []byte, buf *[maxDecoded]byte) ([]byte, bool) {
	text = bytes.TrimRight(text, "=")
	text = text[:min(len(text), base64.RawStdEncoding.EncodedLen(maxDecoded))]
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	n, err := base64.RawStdEncoding.Decode(buf[:], text)
	if err != nil {
		if n, err = base64.RawURLEncoding.Decode(buf[:], text); err != nil {
			return nil, false
		}
	}
	return buf[:n], true
}

// Basic judges the base64 of a Basic Authorization header: user and password.
func Basic(data []byte, a assignment.Assignment) Verdict {
	var buf [maxDecoded]byte
	plain, ok := decode64(a.Value.Of(data), &buf)
	if !ok || !isPrintable(plain) {
		return no("not user and password")
	}
	return judgeUserPassword(plain, ':')
}

// UserPassword judges `user:password` (or user/password): the password as one that no name introduces.
func UserPassword(data []byte, a assignment.Assignment) Verdict {
	v := a.Value.Of(data)
	mark := byte(':')
	if bytes.IndexByte(v, ':') < 0 {
		mark = '/'
	}
	return judgeUserPassword(v, mark)
}

func judgeUserPassword(plain []byte, mark byte) Verdict {
	i := bytes.IndexByte(plain, mark)
	if i < 0 {
		return no("not user and password")
	}
	user, password := plain[:i], plain[i+1:]
	if bytes.Equal(user, password) && !isDefaultWord(password) {
		return no("same as the user")
	}
	if len(user) > 0 && standsFor(user, true) != "" {
		return no("template")
	}
	if len(password) == 0 || string(password) == "x-oauth-basic" || string(password) == "x-token-auth" {
		// The key is the user, as Stripe and others want it.
		return judge(user, assignment.Assignment{Value: assignment.Span{End: len(user)}}, true)
	}
	var buf [maxShape]byte
	return judgeText(unescape(password, &buf))
}

// unescape replaces %XX as URLs have it.
func unescape(v []byte, buf *[maxShape]byte) []byte {
	if len(v) > len(buf) || bytes.IndexByte(v, '%') < 0 {
		return v
	}
	n := 0
	for i := 0; i < len(v); i++ {
		buf[n] = v[i]
		if v[i] == '%' && i+2 < len(v) {
			hi, lo := unhex(v[i+1]), unhex(v[i+2])
			if hi < 16 && lo < 16 {
				buf[n] = hi<<4 | lo
				i += 2
			}
		}
		n++
	}
	return buf[:n]
}

// unhex is the value of a hexadecimal digit, 16 for another byte.
func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return (c | 0x20) - 'a' + 10
	}
	return 16
}

// isDefaultWord reports whether v is a password that software ships with.
func isDefaultWord(v []byte) bool {
	low := lowered(v)
	return low.n <= longestWord && wordKinds()[string(low.bytes())]&defaults != 0
}

// judgeText judges a password that stands alone.
func judgeText(text []byte) Verdict {
	return judge(text, assignment.Assignment{Value: assignment.Span{End: len(text)}}, false)
}

// Encoded judges the base64 of a secret, as Kubernetes manifests and .npmrc files have them.
func Encoded(data []byte, a assignment.Assignment) Verdict {
	var buf [maxDecoded]byte
	text := a.Value.Of(data)
	plain, ok := decode64(text, &buf)
	switch {
	case !ok || len(plain) == 0:
		return no("not base64")
	case bytes.HasPrefix(plain, []byte("-----BEGIN CERT")), bytes.HasPrefix(plain, []byte("-----BEGIN PUBLIC")):
		return no("certificate")
	case !isPrintable(plain):
		if s := measure(text); len(plain) >= 12 && !s.reads() {
			return yes("bytes")
		}
		return no("not text")
	case bytes.HasPrefix(plain, []byte("{{")), bytes.HasPrefix(plain, []byte("${")):
		return no("template")
	case plain[0] == '{' || len(plain) > longestPassword:
		return yes("text")
	}
	var v Verdict
	if bytes.IndexByte(plain, ':') > 0 {
		v = judgeUserPassword(plain, ':')
	} else {
		v = judgeText(bytes.TrimSpace(plain))
	}
	if v.Reason == fillerReason {
		return weak("default") // somebody took the trouble of encoding it
	}
	return v
}

// PEM judges a private key in PEM form: whether its body is one, and not a word repeated or dots.
func PEM(data []byte, a assignment.Assignment) Verdict {
	t := a.Value.Of(data)
	if i := bytes.Index(t, []byte("KEY")); i >= 0 {
		t = t[i+3:]
	}
	var best []byte
	for i := 0; i < len(t); {
		j := i
		for j < len(t) && (isLetter(t[j]) || isDigit(t[j]) || t[j] == '+' || t[j] == '/') {
			j++
		}
		if j-i > len(best) {
			best = t[i:j]
		}
		i = j + 1
	}
	if s := measure(best); s.distinct < 12 || s.known*2 > s.letters() || s.steps > s.n/2 {
		return no("placeholder")
	}
	return yes("key")
}

// isDigest reports whether t says by its prefix that it is a digest, or data of another kind.
func isDigest(t []byte) bool {
	for _, p := range [...]string{"sha1-", "sha256-", "sha384-", "sha512-", "sha1:", "sha256:", "sha512:", "data:"} {
		if len(t) > len(p) && equalFoldAny(t[:len(p)], p) {
			return true
		}
	}
	return false
}

// isSealed reports whether t is what kubeseal makes of a secret: base64 that begins with the length, two bytes, of an
// RSA ciphertext of 2048 or 4096 bits, and is as long as that.
func isSealed(t []byte) bool {
	return len(t) > 340 && t[0] == 'A' && (t[1] == 'Q' || t[1] == 'g') && 'A' <= t[2] && t[2] <= 'D'
}

// isPublicDER reports whether t is the base64 of a certificate or public key in PEM, or of a structure in DER that begins with another structure, as public keys
// (SubjectPublicKeyInfo), certificates and encrypted private keys do. Private keys begin with a version, an integer.
func isPublicDER(t []byte) bool {
	for _, p := range [...]string{"LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJM"} { // of PEM: BEGIN CERT, BEGIN PUBL
		if bytes.HasPrefix(t, []byte(p)) {
			return true
		}
	}
	if len(t) < 40 || t[0] != 'M' {
		return false
	}
	var buf [maxDecoded]byte
	b, ok := decode64(t[:40], &buf)
	if !ok || b[0] != 0x30 {
		return false
	}
	i := 2
	if b[1] > 0x80 && b[1] <= 0x84 {
		i += int(b[1] & 0x7f)
	}
	return b[i] == 0x30
}

// encodesText reports whether t is the base64 of printable text: a name or a sentence that somebody encoded, not the
// bytes of a key.
func encodesText(t []byte) bool {
	if len(t) < 8 || len(t) > longestPassword || len(t)%4 != 0 {
		return false
	}
	var buf [maxDecoded]byte
	b, ok := decode64(t, &buf)
	if !ok || !isPrintable(b) {
		return false
	}
	s := measure(b)
	return s.random() < 6
}

// isPrintable reports whether b is printable ASCII with line ends.
func isPrintable(b []byte) bool {
	for _, c := range b {
		if (c < 0x20 || c > 0x7e) && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(b) > 0
}
