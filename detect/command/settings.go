package command

import (
	"bytes"

	"rummage/detect/assignment"
)

// setting is a key of a program's configuration: what it begins or ends with, and the values behind it.
type setting struct {
	program        string
	prefix, suffix string // in lower case
	values         []kind
}

// settings are looked through in order.
var settings = []setting{
	{"npm", "", "_authtoken", []kind{token}},
	{"npm", "", "_auth", []kind{basic}},
	{"npm", "", "_password", []kind{password}},
	{"npm", "", "npmauthtoken", []kind{token}},
	{"npm", "", "npmauthident", []kind{userColon}},
	{"poetry", "http-basic.", "", []kind{none, password}},
	{"poetry", "pypi-token.", "", []kind{token}},
	{"composer", "http-basic.", "", []kind{none, password}},
	{"composer", "bitbucket-oauth.", "", []kind{none, password}},
	{"composer", "github-oauth.", "", []kind{token}},
	{"composer", "gitlab-oauth.", "", []kind{token}},
	{"composer", "gitlab-token.", "", []kind{token}},
	{"composer", "bearer.", "", []kind{token}},
	{"git", "http.", "extraheader", []kind{header}},
}

// setting reads `config NAME value…`, and NAME=value as npm has it.
func (r *Reader) setting(p *parsed) {
	program := string(Base(p.words[0].Value.Bytes))
	switch program {
	case "pnpm", "yarn", "bun":
		program = "npm"
	case "bundler":
		program = "bundle"
	}
	var operands []*arg
	for i := p.subAt + 1; i < len(p.args) && len(operands) < 64; i++ {
		a := &p.args[i]
		if a.operand {
			operands = append(operands, a)
		}
	}
	if program == "bundle" && len(operands) > 0 {
		if string(operands[0].word.Value.Bytes) == "set" {
			operands = operands[1:]
		}
	}
	if len(operands) == 0 {
		return
	}
	keyWord := valueOf(operands[0].word)
	if program == "npm" {
		for _, a := range operands {
			v := valueOf(a.word)
			if eq := bytes.IndexByte(v.Bytes, '='); eq > 0 {
				r.set(program, v.slice(0, eq), []value{unquoted(v.slice(eq+1, v.Len()), v)})
			}
		}
		if bytes.IndexByte(keyWord.Bytes, '=') > 0 {
			return
		}
	}
	values := make([]value, 0, len(operands))
	for _, a := range operands[1:] {
		values = append(values, valueOf(a.word))
	}
	r.set(program, keyWord, values)
}

// set reports the values of a key.
func (r *Reader) set(program string, name value, values []value) {
	lower := bytes.ToLower(name.Bytes)
	if len(values) == 0 {
		return
	}
	place := name.Place()
	if program == "bundle" {
		if bytes.IndexByte(lower, '.') > 0 || bytes.Contains(lower, []byte("__")) {
			r.bundle(place, values[0])
		}
		return
	}
	for _, s := range settings {
		if s.program != program || !bytes.HasPrefix(lower, []byte(s.prefix)) || !bytes.HasSuffix(lower, []byte(s.suffix)) {
			continue
		}
		for i, k := range s.values {
			if i < len(values) {
				r.value(k, place, values[i])
			}
		}
		return
	}
}

// bundle reads the login of a source of gems: user:password, or a key alone. A mirror's address is none, nor is true.
func (r *Reader) bundle(name assignment.Span, v value) {
	b := v.Bytes
	switch i := outside(b, ':'); {
	case bytes.Contains(b, []byte("//")) || string(b) == "true" || string(b) == "false":
	case i >= 0:
		r.value(userColon, name, v)
	default:
		r.add(Token, name, v)
	}
}
