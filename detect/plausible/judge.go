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
	least := shortestPassword
	if token {
		least = shortestToken
	}
	if len(v.text) < least {
		return no("short")
	}
	v.site = look(data, a)
	strength, sort := Surely, PasswordOf
	if v.site.named {
		if strength, sort = SecretName(v.name); strength == NotSecret {
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
	case isVersionOrDate(t):
		return "number"
	case isPairs(t):
		return "fingerprint"
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
	case s.n >= 6 && s.steps >= s.n-2 && !v.isCommonPassword(), s.n >= 12 && s.steps >= s.n/2, s.n >= 8 && zips(v.text):
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

// escapes is how many bytes of v are escapes of a string literal: \xNN, \uNNNN, \n.
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
	if bytes.HasPrefix(v.text, []byte("eyJ")) && bytes.IndexByte(v.text, '.') > 0 {
		return no("json web token")
	}
	need := float32(6)
	if strength == Perhaps {
		need = 12
	}
	if !v.site.quoted && v.site.code {
		need += 4
	}
	if s.digits == 0 && s.n < 20 {
		need = max(need, 20) // hardly any short key is without a digit
	}
	if s.random() >= need {
		return yes("random")
	}
	return no("words")
}

func (v *value) judgePassword(strength Strength, sort Sort) Verdict {
	s := &v.shape
	switch {
	case len(v.text) > longestPassword:
		return no("long")
	case s.spaces > 0:
		return no("prose")
	case isHash(v.text):
		return no("hash")
	case isKeyword(v.text):
		return no("keyword")
	case s.letters() == 0:
		return v.judgeDigits(strength)
	}
	need := float32(2)
	if strength == Perhaps {
		need = 6
	}
	if !v.site.quoted && v.site.code {
		need += 3
	}
	if s.random() >= need && !(s.n <= longestWord && (v.fillerOnly() || v.leetFiller())) {
		return yes("random")
	}
	if strength == Perhaps || sort == KeyOf && !v.site.caps && s.digits < 3 || isShared(v.name) && !v.site.quoted && (s.digits == 0 || s.known*2 >= s.letters()) {
		return no("words")
	}
	return v.judgeWords()
}

// isShared reports whether a name, alone, also names other things than passwords: the result of a test (PASS:), the
// working directory (PWD=), the database of users (passwd:).
func isShared(name []byte) bool {
	return equalFold(name, "pass") || equalFold(name, "pwd") || equalFold(name, "passwd")
}

// judgeDigits judges a password of digits (and marks) only.
func (v *value) judgeDigits(strength Strength) Verdict {
	s := &v.shape
	if strength == Surely && !v.site.code && s.digits >= 6 && (v.site.quoted || v.site.caps || s.digits >= 10) {
		return weak("digits")
	}
	return no("number")
}

// judgeWords judges a password that is made of words, or of words and digits.
func (v *value) judgeWords() Verdict {
	s := &v.shape
	if v.leetFiller() && !(v.site.code && !v.site.quoted) {
		return weak("default")
	}
	if v.fillerOnly() && s.digits >= 3 && (v.site.named || !bytes.Contains(v.text, []byte("password"))) && (!v.site.quoted || v.site.yaml) && !v.site.code && !v.site.call {
		return weak("default")
	}
	if v.site.follow >= 2 {
		return no("prose")
	}
	if v.fillerOnly() || v.namesSecret() {
		if v.site.caps && !v.site.code && !v.site.quoted && !s.placeholder && !v.isIdentifier() {
			return weak("default")
		}
		return no(fillerReason)
	}
	if v.site.code && !v.site.quoted {
		return no("code")
	}
	switch {
	case v.text[0] == '#' && s.digits == 0:
		return no("anchor")
	case v.text[len(v.text)-1] == '=' && !v.site.quoted:
		return no("code")
	case s.digits > 0 || s.high > 0:
		return yes("letters and digits")
	case v.site.flag && s.known == s.letters() && !s.standard:
		return no("prose")
	}
	switch {
	case s.runLetters == 0 && s.switches >= 2:
		return yes("random")
	case v.isCommonPassword(), !v.site.quoted && !v.site.call:
		return weak("word")
	case v.marked():
		return yes("letters and marks")
	case (v.site.yaml || v.site.caps && !isCaps(v.text)) && !v.site.call && s.symbols == 0:
		return weak("word")
	}
	return no("word")
}

// marked reports whether marks that names and sentences do not have stand among the letters of a value.
func (v *value) marked() bool {
	t := v.text
	if v.shape.known == v.shape.letters() {
		return false
	}
	for i, c := range t {
		switch c {
		case '!', '$', '^', '*', '~', '&', '+', '=', '%':
			if i > 0 && v.shape.symbols <= 3 {
				return true
			}
		case '@':
			if i > 0 && bytes.IndexByte(t[i:], '.') < 0 {
				return true
			}
		}
	}
	return false
}

// namesSecret reports whether the value is words of which one is that of a secret, as names of secrets are:
// shop_consumer_secret, vault/password, apiKey.
func (v *value) namesSecret() bool {
	spans, n := nameWords(v.text)
	if n < 2 {
		return false
	}
	for _, w := range spans[:n] {
		if lookup(nameTable, v.text[w[0]:w[1]])&(passwordWord|strongKey|keyWord) != 0 {
			return v.shape.digits < 3
		}
	}
	return false
}

// isIdentifier reports whether the value is words joined by underscores or dashes.
func (v *value) isIdentifier() bool {
	_, n := nameWords(v.text)
	return n >= 2 && v.shape.symbols > 0
}

// zips reports whether two rows of neighbours are woven together: a1b2c3d4, Aa1Bb2Cc3.
func zips(t []byte) bool {
	for lag := 2; lag <= 3; lag++ {
		same := 0
		for i := lag; i < len(t); i++ {
			if d := int(t[i]|0x20) - int(t[i-lag]|0x20); d == 1 {
				same++
			}
		}
		if same*5 >= (len(t)-lag)*3 {
			return true
		}
	}
	return false
}

// isHash reports whether t is the hash of a password in the form of crypt(3) or one of its kin: of no use without
// breaking it, and reported by rules of its own where it leaks.
func isHash(t []byte) bool {
	if len(t) < 20 {
		return false
	}
	for _, p := range hashPrefixes {
		if bytes.HasPrefix(t, []byte(p)) {
			return true
		}
	}
	return false
}

var hashPrefixes = [...]string{"$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$", "$7$", "$8$", "$9$", "$y$", "$gy$", "$apr1$", "$argon2",
	"$pbkdf2", "$scrypt", "$P$", "$H$", "$S$", "{SHA", "{SSHA", "{CRYPT", "{MD5", "{PBKDF2", "{bcrypt}", "{ARGON2", "pbkdf2_", "pbkdf2:", "scrypt:",
	"sha1$", "sha256$", "SCRAM-SHA-", "md5$", "bcrypt_"}

// isKeyword reports whether t is a word that programming and configuration languages give a meaning.
func isKeyword(t []byte) bool {
	low := lowered(t)
	if low.n > longestWord {
		return false
	}
	k := wordKinds[string(low.bytes())]
	return k&typeName != 0
}
