package command

import (
	"bytes"

	"rummage/detect/assignment"
)

// apply reports what the arguments of a command are by a rule.
func (r *Reader) apply(p *parsed, rule *rule, from input, depth int) {
	base := Base(p.words[0].Value.Bytes)
	reading := false // a secret is read as the command's input
	hashed := false
	operands := 0
	if rule.settings {
		r.setting(p)
	}
	var keyName *arg
	for i := range p.args {
		a := &p.args[i]
		switch {
		case !a.operand:
			if a.kind == in && !reading {
				r.input(base, a.name(), from)
				reading = true
			}
			hashed = hashed || a.kind == mark
			r.option(a)
		case string(base) == "net" && a.word.Value.Len() > 1 && a.word.Value.Bytes[0] == '/':
			// an option, as Windows has them: net user /add
		case i > p.subAt:
			k := rule.more
			if operands < len(rule.operands) {
				k = rule.operands[operands]
			}
			operands++
			switch {
			case rule.settings:
			case k == key:
				keyName = nil
				if tells(a.word.Value.Bytes) {
					keyName = a
				}
			case k == keyed:
				if keyName != nil {
					r.add(contextOf(keyName.word.Value.Bytes), keyName.word.Value.Place(), valueOf(a.word))
				}
			case k == secretName:
				if last := p.args[len(p.args)-1]; last.operand && string(last.word.Value.Bytes) == "-" {
					r.input(base, a.word.Value.Place(), from)
				}
			default:
				r.value(k, p.what(), valueOf(a.word))
			}
		}
	}
	switch string(base) {
	case "chpasswd":
		r.accounts(p.what(), from, hashed)
	case "passwd", "smbpasswd":
		if !reading {
			r.input(base, p.what(), from)
		}
	}
	r.nested(p, rule, from, depth)
}

// nested reads the command that the words left over are.
func (r *Reader) nested(p *parsed, rule *rule, from input, depth int) {
	if rule.nested < 0 || p.rest >= len(p.words) {
		return
	}
	rest := p.words[p.rest:]
	if len(rest) == 1 && bytes.IndexByte(rest[0].Value.Bytes, ' ') > 0 {
		r.value(script, p.what(), valueOf(&rest[0])) // ssh host "command"
		return
	}
	r.command(rest, from, depth+1)
}

// option reports the value of an option.
func (r *Reader) option(a *arg) {
	if a.kind == none && a.set {
		b := a.word.Value.Bytes
		if property(b) && a.to > 3 && a.from == 0 && tells(b[2:a.to]) {
			r.add(contextOf(b[2:a.to]), a.word.Value.Span(2, a.to), a.value)
		}
		return
	}
	if !a.set {
		return
	}
	if a.kind == flag {
		dashes := a.to - len(bytes.TrimLeft(a.word.Value.Bytes[:a.to], "-"))
		r.add(Flag, a.word.Value.Span(dashes, a.to), a.value)
		return
	}
	r.value(a.kind, a.name(), a.value)
}

// value reports what is secret in a value of the kind.
func (r *Reader) value(k kind, name assignment.Span, v value) {
	b := v.Bytes
	switch k {
	case password, token, basic, hash:
		if string(b) == "-" {
			return // what is read
		}
		if k == token && assigns(b) {
			r.pair(pair, v) // vault login token=…
			return
		}
		r.add([...]assignment.Context{password: Password, token: Token, basic: Basic, hash: Hash}[k], name, v)
	case userColon:
		i := outside(b, ':')
		switch {
		case i >= 0 && i+1 < len(b):
			r.add(Password, name, v.slice(i+1, len(b)))
		case i > 0:
			r.add(Token, name, v.slice(0, i)) // -u key:
		}
	case userPercent:
		r.behind(name, v, '%')
	case userComma:
		r.behind(name, v, ',')
	case userSlash:
		r.oracle(name, v)
	case header:
		r.header(name, v)
	case buildArg, env, pair, literal:
		r.pair(k, v)
	case setPath, mountOptions:
		r.list(k, v)
	case passArg:
		if bytes.HasPrefix(b, []byte("pass:")) {
			r.add(Password, name, v.slice(len("pass:"), len(b)))
		}
	case script:
		if r.Script != nil && len(b) > 0 {
			r.Script(v.Text)
		}
	}
}

// behind reports what stands behind a byte.
func (r *Reader) behind(name assignment.Span, v value, sep byte) {
	if i := outside(v.Bytes, sep); i >= 0 {
		r.add(Password, name, v.slice(i+1, v.Len()))
	}
}

// oracle reads user/password@database.
func (r *Reader) oracle(name assignment.Span, v value) {
	i := outside(v.Bytes, '/')
	if i <= 0 {
		return
	}
	end := v.Len()
	if at := bytes.LastIndexByte(v.Bytes, '@'); at > i {
		end = at
	}
	if v.Bytes[i+1:end] != nil && bytes.IndexByte(v.Bytes[i+1:end], '/') < 0 {
		r.add(Password, name, v.slice(i+1, end))
	}
}

// outside is the offset of the first byte c outside references, -1 if there is none.
func outside(b []byte, c byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '$' && i+1 < len(b) && (b[i+1] == '{' || b[i+1] == '('):
			depth++
			i++
		case depth > 0 && (b[i] == '}' || b[i] == ')'):
			depth--
		case depth == 0 && b[i] == c:
			return i
		}
	}
	return -1
}

// pair reads NAME=value.
func (r *Reader) pair(k kind, v value) {
	b := v.Bytes
	eq := bytes.IndexByte(b, '=')
	if eq < 0 {
		if k == buildArg && len(b) > 0 && !bytes.ContainsAny(b, "$`{") {
			r.visit(Found{Context: BuildArg, Name: v.Place(), Value: v.Slice(len(b), len(b)), Unset: true})
		}
		return
	}
	name := b[:eq]
	if len(name) == 0 {
		return
	}
	context := contextOf(name)
	switch {
	case k == buildArg:
		context = BuildArg
	case k == env || k == literal && !tells(name):
		context = Env
	case !tells(name):
		return
	}
	r.add(context, v.Span(0, eq), unquoted(v.slice(eq+1, len(b)), v))
}

// unquoted takes marks off that the value has itself. One that single quotes bound stays what it is in them.
func unquoted(v, whole value) value {
	if b := v.Bytes; len(b) > 1 && (b[0] == '"' || b[0] == '\'') && b[len(b)-1] == b[0] {
		v.Text = v.Slice(1, len(b)-1)
		v.quoted = true
		return v
	}
	v.quoted = whole.quoted // the end of the word bounds it
	return v
}

// list reads a.b.name=value,c=value of helm, and the options of mount. A comma behind a backslash is none.
func (r *Reader) list(k kind, v value) {
	b := v.Bytes
	for start := 0; start <= len(b); {
		end := start
		for end < len(b) && b[end] != ',' {
			if b[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(b))
		item := v.slice(start, end)
		start = end + 1
		eq := bytes.IndexByte(item.Bytes, '=')
		if eq <= 0 {
			continue
		}
		value := unquoted(item.slice(eq+1, item.Len()), item)
		from := 0
		if k == setPath {
			from = bytes.LastIndexByte(item.Bytes[:eq], '.') + 1
			r.add(Set, item.Span(from, eq), value)
		} else if tells(item.Bytes[:eq]) {
			r.add(Password, item.Span(from, eq), value)
		}
	}
}
