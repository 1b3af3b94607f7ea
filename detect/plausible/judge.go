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

// fillerReason is the reason for dropping `my-password` and its kin.
const fillerReason = "words that say nothing"

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
	form := contextForms[a.Context]
	least := shortestPassword
	switch {
	case form != freeText:
		least = 1
	case token:
		least = shortestToken
	}
	if len(v.text) < least {
		return no("short")
	}
	v.site = look(data, a)
	strength, sort := Surely, PasswordOf
	switch {
	case form == inArgument && token:
		sort = KeyOf
	case form == inArgument:
	case v.site.named:
		if strength, sort = SecretName(v.name); strength == NotSecret || v.otherKey(strength) {
			return no("name")
		}
	}
	if form != freeText {
		v.site.certain()
	}
	if why := standsFor(v.text, v.site.quoted); why != "" {
		return no(why)
	}
	if why := v.otherThing(); why != "" {
		return no(why)
	}
	v.shape = measure(v.text)
	if form != freeText {
		return v.setting(strength, sort, form)
	}
	if why := v.empty(); why != "" {
		return no(why)
	}
	if token {
		return v.judgeToken(strength)
	}
	return v.judgePassword(strength, sort)
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
	case isVersionOrDate(t), isRelease(t):
		return "number"
	case isCondition(t):
		return "condition"
	case isPairs(t), isOpenPGP(t) && v.site.named && namesOpenPGP(v.name):
		return "fingerprint"
	case t[len(t)-1] == '*' && bytes.IndexByte(t[:len(t)-1], '*') < 0 && v.token:
		return "pattern"
	case bytes.HasPrefix(t, []byte("0x")) && len(t) <= 18:
		return "number"
	case isDigest(t):
		return "digest"
	case isSealed(t):
		return "encrypted"
	case isPublicDER(t):
		return "public key"
	case bytes.Contains(t, []byte("aws4_request")):
		return "reference" // the scope of a signature: an access key's id, a day and a region
	}
	if !v.site.quoted && v.isExpression() {
		return "code"
	}
	return ""
}

// otherKey reports whether the word before a name that is no more than `key` makes it one that is no secret: public
// key, primary key.
func (v *value) otherKey(strength Strength) bool {
	return strength == Perhaps && lookup(v.name)&keyWord != 0 && lookup(v.site.prior)&plainWord != 0
}

// isExpression reports whether an unquoted value is an expression of a programming language.
func (v *value) isExpression() bool {
	t := v.text
	if v.site.next == '(' || v.site.next == '[' && v.site.code || t[0] == '(' {
		return true
	}
	switch t[len(t)-1] {
	case '(', '[', '{':
		return true
	}
	for i, c := range t {
		switch c {
		case '(':
			if i > 0 && isWord(t[i-1]) {
				return true
			}
		case '[':
			// With its end in the value, or behind it: b[i+1 : j] ends at a blank.
			if i > 0 && isWord(t[i-1]) && (bytes.IndexByte(t[i:], ']') > 0 || v.site.next == ':') {
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
			if i == 0 && len(t) > 1 && (isLetter(t[1]) || t[1] == '_') && (v.site.code || c == '&') && looksMade(t) {
				return true
			}
		}
	}
	return isDotted(t)
}

// isDotted reports whether t is identifiers joined by dots: user.password, config.Password.
func isDotted(t []byte) bool {
	t = bytes.TrimLeft(t, "!")
	if len(t) == 0 {
		return false
	}
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
	case escapes(v.text)*2 > s.n:
		return "escapes"
	case period(v.text) <= len(v.text)/2 && s.distinct <= 6:
		return "repetition"
	case s.distinct <= 2, s.n >= 12 && s.distinct <= 4:
		return "repetition"
	case s.n >= 6 && s.steps >= s.n-2 && !v.isCommonPassword(), s.n >= 12 && s.steps >= s.n/2 && (v.token || s.steps*3 >= s.n*2), s.n >= 8 && zips(v.text):
		return "sequence"
	case s.spaces > 0 && s.wordy > 0 && s.letters() > s.n/2:
		return "prose"
	case s.wordy > 0 && bytes.IndexByte(v.text, '|') > 0:
		return "alternatives"
	case s.high > 0 && s.digits == 0:
		return "text" // of another language than the model's
	case v.beginsText():
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

// escapes is how many bytes of v are escapes of a string literal: \xNN, \uNNNN, \n, \NNNN.
func escapes(v []byte) (n int) {
	for i := 0; i+1 < len(v); i++ {
		if v[i] != '\\' {
			continue
		}
		l := 2
		switch v[i+1] {
		case 'x':
			l = 4
		case 'u':
			l = 6
		case 'U':
			l = 10
		default:
			hex := 1
			for i+hex < len(v) && hex <= 6 && unhex(v[i+hex]) < 16 {
				hex++
			}
			if hex > 4 {
				l = hex // of a style sheet: \f21b
			}
		}
		n += l
		i += l - 1
	}
	return min(n, len(v))
}

// beginsText reports whether the value is the first word of a text: unquoted letters with words behind them, as
// translations and comments have it. Environment variables are set before commands, and flags have arguments behind.
func (v *value) beginsText() bool {
	s := &v.shape
	if v.site.odd && v.site.follow > 0 {
		return true
	}
	if v.site.quoted || v.site.caps || v.site.flag || !v.site.named || v.site.follow == 0 || s.letters() < s.n {
		return false
	}
	return v.site.follow >= 2 || isUpper(v.text[0]) && s.upper == 1
}

// markers are parts of placeholders, wherever they stand in a value.
var markers = [...]string{"changeme", "change_me", "change-me", "changeit", "changethis", "replace", "placeholder", "your_", "your-",
	"yourp", "yourk", "yours", "yourt", "youra", "xxxx", "redacted", "example", "<your", "insert", "todo", "fixme", "removed", "enter_", "not_set", "dummy", "lorem",
	"test_key", "testkey", "fake", "qwertyuiop", "asdfghjkl", "00000000", "11111111", "abcdefg", "12345678901", "foobar", "deadbeef"}

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
	if s.runLetters == 0 {
		return false
	}
	if s.filler+(s.letters()-s.runLetters) >= s.letters() && s.switches <= 2 {
		return true
	}
	return false
}

// leetFiller reports whether the value is words that say nothing with digits and marks for some letters: p@ssw0rd.
func (v *value) leetFiller() bool {
	if v.shape.n > longestWord {
		return false
	}
	low := lowered(v.text)
	changed := false
	for i, c := range low.bytes() {
		if l := leet(c); l != 0 {
			low.b[i], changed = l, true
		}
	}
	if !changed {
		return false
	}
	t := bytes.TrimRight(low.bytes(), "!?.")
	for _, c := range t {
		if !isLower(c) {
			return false
		}
	}
	_, filler, _ := cover(t)
	return filler == len(t)
}

// leet is the letter that a digit or mark is written for, 0 for none.
func leet(c byte) byte {
	switch c {
	case '0':
		return 'o'
	case '1':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return 0
}
