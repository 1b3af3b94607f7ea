package checksum

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// A PEM block (RFC 7468) as it is found in source code: line ends may be written \n or \r\n, lines may be quoted
// or indented. What is in it is looked at just so far that a truncated or made-up body fails:
//
//   - DER (RSA, EC, DSA, PKCS #8): one SEQUENCE, exactly as long as it says;
//   - OpenSSH: the magic "openssh-key-v1";
//   - PGP: the CRC-24 of its last line, when it has one (RFC 4880, section 6);
//   - encrypted legacy keys (Proc-Type) and unknown labels: base64 of at least 32 bytes.
const (
	pemBegin    = "-----BEGIN "
	pemEnd      = "-----END "
	pemDashes   = "-----"
	opensshMark = "openssh-key-v1\x00"
	pemMinBytes = 32
)

func validPEM(block []byte) bool {
	_, after, ok := bytes.Cut(block, []byte(pemBegin))
	label, after, ok2 := bytes.Cut(after, []byte(pemDashes))
	if !ok || !ok2 || len(label) > 64 {
		return false
	}
	body, _, ok := bytes.Cut(after, []byte(pemEnd+string(label)))
	if !ok {
		return false
	}
	body = unescapeLines(body)
	encrypted := bytes.Contains(body, []byte("Proc-Type:"))
	text, sum := pemText(body)
	data, ok := decode64(text)
	if !ok || len(data) < pemMinBytes {
		return false
	}
	switch name := string(label); {
	case encrypted:
		return true
	case strings.Contains(name, "OPENSSH"):
		return bytes.HasPrefix(data, []byte(opensshMark))
	case strings.Contains(name, "PGP"):
		want, ok := decode64(sum)
		return len(sum) == 0 || ok && len(want) == 3 && crc24(data) == uint32(want[0])<<16|uint32(want[1])<<8|uint32(want[2])
	case strings.HasSuffix(name, "PRIVATE KEY") && !strings.Contains(name, "SSH2"):
		return derSequence(data)
	}
	return true
}

// unescapeLines turns escaped line ends into real ones.
func unescapeLines(b []byte) []byte {
	for _, escaped := range []string{`\\r`, `\\n`, `\r`, `\n`} {
		b = bytes.ReplaceAll(b, []byte(escaped), []byte("\n"))
	}
	return b
}

// pemText joins the base64 lines of a body, leaving out header lines (with a colon), what indents, quotes and joins
// lines in source code, and PGP's checksum, which it returns without its "=".
func pemText(body []byte) (text, sum []byte) {
	for line := range bytes.Lines(body) {
		if bytes.IndexByte(line, ':') >= 0 {
			continue
		}
		line = bytes.TrimSpace(line)
		for _, join := range []string{`" +`, `' +`} {
			line = bytes.TrimSuffix(line, []byte(join))
		}
		line = bytes.ReplaceAll(bytes.Trim(line, " \t\"'`,;\\#*."), []byte(" "), nil)
		if len(line) == 5 && line[0] == '=' {
			sum = line[1:]
			continue
		}
		// What is left of a line that only joined two strings.
		if string(line) != "+" {
			text = append(text, line...)
		}
	}
	return text, sum
}

// derSequence reports whether data is one DER SEQUENCE that fills it.
func derSequence(data []byte) bool {
	if len(data) < 2 || data[0] != 0x30 {
		return false
	}
	n := int(data[1])
	if n < 0x80 {
		return len(data) == 2+n
	}
	if n &= 0x7f; n < 1 || n > 3 || len(data) < 2+n {
		return false
	}
	var size [4]byte
	copy(size[4-n:], data[2:])
	return len(data) == 2+n+int(binary.BigEndian.Uint32(size[:]))
}

// crc24 is OpenPGP's checksum (RFC 4880, section 6.1).
func crc24(data []byte) uint32 {
	sum := uint32(0xb704ce)
	for _, b := range data {
		sum ^= uint32(b) << 16
		for range 8 {
			if sum <<= 1; sum&0x1000000 != 0 {
				sum ^= 0x1864cfb
			}
		}
	}
	return sum & 0xffffff
}

// makePEM makes a block of the size of a 2048-bit key with label as its label; there is no key in it.
func makePEM(label string, r Rand) string {
	var data []byte
	switch {
	case strings.Contains(label, "OPENSSH"):
		data = append([]byte(opensshMark), drawBytes(373, r)...)
	default:
		content := append([]byte{2, 1, 0}, drawBytes(1185, r)...)
		data = append(binary.BigEndian.AppendUint16([]byte{0x30, 0x82}, uint16(len(content))), content...)
	}
	var b strings.Builder
	b.WriteString(pemBegin + label + pemDashes + "\n")
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		line := text[:min(64, len(text))]
		b.WriteString(line + "\n")
		text = text[len(line):]
	}
	b.WriteString(pemEnd + label + pemDashes)
	return b.String()
}
