package command

import (
	"bytes"

	"rummage/detect/assignment"
)

// header reads a header of HTTP: "Authorization: Bearer token". The name is the header's. Git's configuration may
// stand before it: http.extraheader=….
func (r *Reader) header(_ assignment.Span, v value) {
	b := v.Bytes
	if i := bytes.IndexByte(b, '='); i > 0 && bytes.HasSuffix(bytes.ToLower(b[:i]), []byte("extraheader")) {
		v = v.slice(i+1, len(b))
		b = v.Bytes
	}
	colon := bytes.IndexByte(b, ':')
	if colon <= 0 || !headerName(b[:colon]) {
		return
	}
	name := v.Span(0, colon)
	start, end := colon+1, len(b)
	for start < end && b[start] == ' ' {
		start++
	}
	for end > start && b[end-1] == ' ' {
		end--
	}
	lower := bytes.ToLower(b[:colon])
	if bytes.HasSuffix(lower, []byte("authorization")) {
		r.authorization(name, v.slice(start, end))
		return
	}
	if bytes.HasSuffix(lower, []byte("token")) || bytes.HasSuffix(lower, []byte("key")) || bytes.HasSuffix(lower, []byte("secret")) ||
		bytes.HasSuffix(lower, []byte("password")) || bytes.HasSuffix(lower, []byte("x-auth")) {
		r.add(contextOf(lower), name, v.slice(start, end))
	}
}

// headerName says whether b is made of letters, digits, dashes and underscores.
func headerName(b []byte) bool {
	for _, c := range b {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// authorization reads what stands behind Authorization: a scheme with a credential, or a credential alone. Schemes
// with parameters, but for Token token="…", are signatures.
func (r *Reader) authorization(name assignment.Span, v value) {
	b := v.Bytes
	blank := outside(b, ' ')
	if blank < 0 {
		if outside(b, '=') < 0 || !bytes.ContainsAny(b, ",\"") {
			r.add(Token, name, v)
		}
		return
	}
	scheme := string(bytes.ToLower(b[:min(blank, maxName)]))
	start := blank
	for start < len(b) && b[start] == ' ' {
		start++
	}
	rest := v.slice(start, len(b))
	switch {
	case scheme == "basic":
		r.add(Basic, name, rest)
	case outside(rest.Bytes, ' ') >= 0 || scheme == "digest" || bytes.IndexByte(b[:blank], '$') >= 0:
		// Several parameters, or a scheme that is not known.
	default:
		if p := rest.Bytes; bytes.HasPrefix(p, []byte("token=")) {
			rest = rest.slice(len("token="), len(p))
			rest = unquoted(rest, value{})
		}
		r.add(Token, name, rest)
	}
}
