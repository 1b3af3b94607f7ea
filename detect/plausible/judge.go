package plausible

import (
	"bytes"

	"rummage/detect/assignment"
)

// Lengths of values, in bytes.
const (
	shortestPassword = 4
	shortestToken    = 8
	longestPassword  = 160
)

// value gathers what is known about one value while it is judged.
type value struct {
	text  []byte
	name  []byte
	site  site
	shape shape
	token bool
}

func judge(data []byte, a assignment.Assignment, token bool) Verdict {
	v := value{text: a.Decoded, name: a.Name.Of(data), token: token}
	if v.text == nil {
		v.text = a.Value.Of(data)
	}
	v.text = bytes.TrimSpace(v.text)
	least := shortestPassword
	if token {
		least = shortestToken
	}
	if len(v.text) < least {
		return no("short")
	}
	v.site = look(data, a)
	strength := Surely
	if v.site.named {
		if strength, _ = SecretName(v.name); strength == NotSecret {
			return no("name")
		}
	}
	if why := standsFor(v.text, v.site.quoted); why != "" {
		return no(why)
	}
	if why := v.otherThing(); why != "" {
		return no(why)
	}
	v.shape = measure(v.text)
	if why := v.empty(); why != "" {
		return no(why)
	}
	if token {
		return v.judgeToken(strength)
	}
	return v.judgePassword()
}

func no(why string) Verdict  { return Verdict{Score: 0.1, Reason: why} }
func yes(why string) Verdict { return Verdict{Plausible: true, Score: 0.9, Reason: why} }
func weak(why string) Verdict {
	return Verdict{Plausible: true, Weak: true, Score: 0.6, Reason: why}
}

// otherThing names what a value is when it is a thing of another kind than a secret.
func (v *value) otherThing() string {
	t := v.text
	switch {
	case isURL(t):
		return "url"
	case isPath(t):
		return "path"
	case refersTo(t):
		return "reference"
	case bytes.HasPrefix(t, []byte("-----BEGIN")), bytes.HasPrefix(t, []byte("ssh-rsa ")), bytes.HasPrefix(t, []byte("ssh-ed25519 ")),
		bytes.HasPrefix(t, []byte("ecdsa-sha2")):
		return "key file"
	case isVersionOrDate(t):
		return "number"
	case bytes.HasPrefix(t, []byte("0x")) && len(t) <= 18:
		return "number"
	case bytes.HasPrefix(t, []byte("sha1-")), bytes.HasPrefix(t, []byte("sha256-")), bytes.HasPrefix(t, []byte("sha512-")),
		bytes.HasPrefix(t, []byte("sha256:")), bytes.HasPrefix(t, []byte("data:")):
		return "digest"
	}
	if !v.site.quoted && v.isExpression() {
		return "code"
	}
	return ""
}

// isExpression reports whether an unquoted value is an expression of a programming language.
func (v *value) isExpression() bool {
	t := v.text
	if v.site.next == '(' || v.site.next == '[' && v.site.code {
		return true
	}
	for i, c := range t {
		switch c {
		case '(':
			if i > 0 && isWord(t[i-1]) {
				return true
			}
		case '[':
			if i > 0 && isWord(t[i-1]) && bytes.IndexByte(t[i:], ']') > 0 {
				return true
			}
		case '-':
			if i+1 < len(t) && t[i+1] == '>' && i > 0 {
				return true
			}
		case ':':
			if i+1 < len(t) && t[i+1] == ':' && i > 0 {
				return true
			}
		case '&', '*', '!', '@':
			if i == 0 && len(t) > 1 && (isLetter(t[1]) || t[1] == '_') && v.site.code {
				return true
			}
		}
	}
	return isDotted(t)
}

// isDotted reports whether t is identifiers joined by dots: user.password, config.Password.
func isDotted(t []byte) bool {
	dots, letters := 0, 0
	for i, c := range t {
		switch {
		case c == '.' || c == '?' && i+1 < len(t) && t[i+1] == '.':
			if i == 0 || i+1 == len(t) {
				return false
			}
			dots++
		case isLetter(c):
			letters++
		case !isWord(c) && c != '!':
			return false
		}
	}
	if dots == 0 || !isLetter(t[0]) && t[0] != '_' {
		return false
	}
	s := measure(t)
	return s.random() < 8
}

// empty finds values that are made of nothing: one character or pair repeated, a row of neighbours.
func (v *value) empty() string {
	s := &v.shape
	switch {
	case s.letters()+s.digits+s.high == 0:
		return "no letters"
	case period(v.text) <= len(v.text)/2 && s.distinct <= 6:
		return "repetition"
	case s.distinct <= 2:
		return "repetition"
	case s.n >= 6 && s.steps >= s.n-2 && !v.isCommonPassword():
		return "sequence"
	case s.spaces > 0 && s.wordy > 0 && s.letters() > s.n/2:
		return "prose"
	}
	low := lowered(v.text)
	for _, m := range markers {
		if bytes.Contains(low.bytes(), []byte(m)) {
			return "placeholder"
		}
	}
	return ""
}

// markers are parts of placeholders, wherever they stand in a value.
var markers = [...]string{"changeme", "change_me", "change-me", "changeit", "changethis", "replace", "placeholder", "your_", "your-",
	"yourp", "yourk", "yours", "yourt", "youra", "xxxx", "redacted", "example", "<your", "insert", "todo", "fixme", "removed", "enter_", "not_set", "dummy", "lorem",
	"test_key", "testkey", "fake", "00000000", "11111111", "abcdefg", "12345678901", "foobar", "deadbeef"}

// lowerBuffer is a lower-cased copy of the beginning of a value.
type lowerBuffer struct {
	b [maxShape]byte
	n int
}

func (l *lowerBuffer) bytes() []byte { return l.b[:l.n] }

func lowered(v []byte) (l lowerBuffer) {
	l.n = min(len(v), maxShape)
	for i, c := range v[:l.n] {
		if isUpper(c) {
			c |= 0x20
		}
		l.b[i] = c
	}
	return l
}

// isCommonPassword reports whether the value is all known words of which one is a default password.
func (v *value) isCommonPassword() bool {
	return v.shape.standard && v.shape.known == v.shape.letters()
}

// fillerOnly reports whether the letters of a value are all words that say nothing.
func (v *value) fillerOnly() bool {
	s := &v.shape
	return s.letters() > 0 && s.filler+(s.letters()-s.runLetters) >= s.letters() && s.switches <= 2
}

func (v *value) judgeToken(strength Strength) Verdict {
	s := &v.shape
	if s.spaces > 0 {
		return no("prose")
	}
	if s.letters() == 0 {
		if s.digits >= 16 && strength == Surely {
			return yes("digits")
		}
		return no("number")
	}
	if isUUID(v.text) {
		if strength == Surely {
			return yes("uuid")
		}
		return no("uuid")
	}
	need := float32(6)
	if strength == Perhaps {
		need = 12
	}
	if !v.site.quoted && v.site.code {
		need += 4
	}
	if s.random() >= need {
		return yes("random")
	}
	return no("words")
}

func (v *value) judgePassword() Verdict {
	s := &v.shape
	if len(v.text) > longestPassword {
		return no("long")
	}
	if s.spaces > 0 {
		return no("prose")
	}
	r := s.random()
	need := float32(2)
	if !v.site.quoted && v.site.code {
		need = 5
	}
	if r >= need {
		return yes("random")
	}
	if v.fillerOnly() {
		if v.site.caps && !v.site.code && !v.site.quoted && s.placeholder == false {
			return weak("default")
		}
		return no("words that say nothing")
	}
	if s.digits > 0 && s.letters() > 0 && !v.site.code && !v.site.prose {
		return yes("letters and digits")
	}
	if v.site.prose || v.site.code && !v.site.quoted {
		return no("code")
	}
	if !v.site.quoted && !v.site.call {
		return weak("word")
	}
	if v.isCommonPassword() {
		return weak("default")
	}
	return no("word")
}
