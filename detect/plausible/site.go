package plausible

import (
	"bytes"

	"rummage/detect/assignment"
)

// site is what the text around a value tells.
type site struct {
	named   bool // the name is known
	caps    bool // the name is written in capitals, as environment variables are
	quoted  bool
	next    byte   // first byte that is no blank behind the value (and its quotation mark), 0 at the end of the line
	code    bool   // what is around is code: the value, unquoted, would be an expression
	follow  int    // words that follow an unquoted value on its line, as those of a sentence
	call    bool   // the value is an argument of a call
	yaml    bool   // name: value, alone on its line
	flag    bool   // the value stands behind a flag and a blank: --password v
	lineTop bool   // nothing but blanks, a dash or a comment mark stands before the name
	said    bool   // the password is "value"
	odd     bool   // name= value: a blank behind the sign and none before it, as nobody assigns
	listed  bool   // the name stands behind a comma and a blank
	prior   []byte // the word before the name, with one blank between them
}

// look reads the surroundings of a.
func look(data []byte, a assignment.Assignment) (s site) {
	s.quoted = a.Quoted
	if !s.quoted && a.Value.Start > 0 && a.Value.End < len(data) {
		if c := data[a.Value.Start-1]; (c == '"' || c == '\'' || c == '`') && data[a.Value.End] == c {
			s.quoted = true
		}
	}
	s.readAfter(data, a)
	if a.Name.Len() == 0 {
		return s
	}
	s.named = true
	s.caps = isCaps(a.Name.Of(data))
	s.readBefore(data, a)
	s.readGap(data, a)
	return s
}

// certain takes back what was concluded from the text around a value whose ends a structured reader knows.
func (s *site) certain() {
	s.quoted, s.code, s.call, s.flag, s.said, s.odd, s.follow, s.prior = true, false, false, false, false, false, 0, nil
}

func (s *site) readAfter(data []byte, a assignment.Assignment) {
	p, limit := a.Value.End, min(len(data), a.Value.End+Around)
	for p < limit && (data[p] == '\\' || s.quoted && (data[p] == '"' || data[p] == '\'' || data[p] == '`')) {
		p++
	}
	start := p
	for p < limit && (data[p] == ' ' || data[p] == '\t') {
		p++
	}
	if p >= limit || data[p] == '\n' || data[p] == '\r' {
		return
	}
	s.next = data[p]
	if s.quoted {
		return
	}
	if p > start && isLetter(s.next) {
		// A sentence has words behind, not the name = value of a command line.
		words := 0
		for p < limit && data[p] != '\n' {
			q := p
			for p < limit && isLetter(data[p]) {
				p++
			}
			if p == q || p < limit && (data[p] == '=' || data[p] == ':' || data[p] == '_' || data[p] == '/') {
				break
			}
			words++
			for p < limit && (data[p] == ' ' || data[p] == ',' || data[p] == '.' || data[p] == '\r') {
				p++
			}
		}
		s.follow = words
	}
}

func (s *site) readBefore(data []byte, a assignment.Assignment) {
	p, limit := a.Name.Start, max(0, a.Name.Start-Around)
	s.lineTop = true
	for p > limit && data[p-1] != '\n' {
		switch data[p-1] {
		case ' ', '\t', '-', '#', '/', '*', '"', '\'', ';', '!':
		default:
			s.lineTop = false
		}
		p--
	}
	p = a.Name.Start
	if p > limit+1 && data[p-1] == ' ' && isLetter(data[p-2]) {
		q := p - 1
		for q > limit && isLetter(data[q-1]) {
			q--
		}
		s.prior = data[q : p-1]
	}
	for p > limit && data[p-1] == ' ' {
		p--
	}
	s.listed = p > limit && data[p-1] == ',' && p < a.Name.Start
}

// readGap looks at what stands between name and value.
func (s *site) readGap(data []byte, a assignment.Assignment) {
	if a.Value.Start < a.Name.End {
		return
	}
	gap := data[a.Name.End:min(a.Value.Start, a.Name.End+Around)]
	s.flag = !s.quoted && len(bytes.TrimSpace(gap)) == 0
	s.said = s.quoted && (bytes.HasPrefix(gap, []byte(" is \"")) || bytes.HasPrefix(gap, []byte(" is '")) || bytes.HasPrefix(gap, []byte(" is `")))
	s.odd = !s.quoted && len(gap) > 1 && gap[0] == '=' && gap[1] == ' '
	for i, c := range gap {
		if c == '(' {
			s.call = true
		}
		if c == ':' && i+1 < len(gap) && gap[i+1] == '=' || c == '=' && i+1 < len(gap) && gap[i+1] == '=' {
			s.code = true
		}
	}
	s.yaml = s.lineTop && s.next == 0 && len(gap) > 1 && gap[0] == ':' && (gap[1] == ' ' || gap[1] == '\t')
	if !s.quoted {
		switch s.next {
		case '<', '>', '=', '*', '/', ';', ')', '(', ',', '?', '+', '{', '|', '&', '[':
			s.code = true
		}
		if a.Name.Start > 0 && (data[a.Name.Start-1] == '$' || data[a.Name.Start-1] == '>' || data[a.Name.Start-1] == '@') {
			s.code = true
		}
		if s.listed && len(gap) > 2 && gap[0] == ' ' && gap[1] == '=' {
			s.code = true // a, password = f
		}
		if len(s.prior) > 0 && !s.caps && len(gap) > 2 && gap[0] == ' ' && gap[1] == '=' {
			s.code = true // Password password = f
		}
	}
}

// isCaps reports whether a name is of capitals, digits and underscores.
func isCaps(name []byte) bool {
	for _, c := range name {
		if isLower(c) {
			return false
		}
	}
	return true
}
