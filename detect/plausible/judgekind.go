package plausible

import "bytes"

func (v *value) judgeToken(strength Strength) Verdict {
	s := &v.shape
	if s.spaces > 0 {
		return no("prose")
	}
	if isHash(v.text) {
		return no("hash")
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
	if s.high > 0 {
		return no("text") // keys are ASCII
	}
	if s.random() >= need {
		if encodesText(v.text) {
			return weak("encoded words")
		}
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
	} else if sort == KeyOf && s.letters() == s.n && !v.site.caps {
		need = 7 // machines make keys, and hardly ever of letters alone
	}
	if !v.site.quoted && v.site.code {
		need += 3
	}
	if s.random() >= need && encodesText(v.text) {
		return weak("encoded words")
	}
	if s.random() >= need && !(s.n <= longestWord && (v.fillerOnly() || v.leetFiller())) {
		return yes("random")
	}
	if strength == Perhaps || sort == KeyOf && !v.site.caps && s.digits < 3 || isShared(v.name) && !v.site.quoted && (s.digits == 0 || s.known*2 >= s.letters()) {
		return no("words")
	}
	return v.judgeWords(sort)
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
func (v *value) judgeWords(sort Sort) Verdict {
	s := &v.shape
	if v.leetFiller() && !(v.site.code && !v.site.quoted) {
		return weak("default")
	}
	if v.fillerOnly() && s.digits >= 3 && (v.site.named || !bytes.Contains(v.text, []byte("password"))) && (!v.site.quoted || v.site.yaml) && !v.site.code && !v.site.call {
		return weak("default")
	}
	if v.site.follow >= 2 || v.site.call && isShared(v.name) {
		return no("prose")
	}
	if v.fillerOnly() || v.namesSecret() {
		if v.site.caps && !v.site.code && !v.site.quoted && !s.placeholder && !v.isIdentifier() {
			return weak("default")
		}
		if v.site.caps && s.standard && v.site.quoted && sort == PasswordOf && v.isCommonPassword() {
			return weak("default") // DB_PASSWORD, "admin"
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
	case v.site.said && s.known < s.letters():
		return weak("said in a sentence")
	case s.symbols >= 5 && !balanced(v.text):
		return yes("marks")
	case v.marked():
		return yes("letters and marks")
	case (v.site.yaml || v.site.caps && !isCaps(v.text)) && !v.site.call && s.symbols == 0:
		return weak("word")
	}
	return no("word")
}

// balanced reports whether each bracket in t has its other half, as code and patterns have them.
func balanced(t []byte) bool {
	round, square, curly := 0, 0, 0
	for _, c := range t {
		switch c {
		case '(':
			round++
		case ')':
			round--
		case '[':
			square++
		case ']':
			square--
		case '{':
			curly++
		case '}':
			curly--
		}
		if round < 0 || square < 0 || curly < 0 {
			return false
		}
	}
	return round == 0 && square == 0 && curly == 0
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
		if lookup(v.text[w[0]:w[1]])&(passwordWord|strongKey|keyWord) != 0 {
			return v.shape.digits < 3 || n >= 5 || isCaps(v.text) && bytes.IndexByte(v.text, '_') > 0
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
	if isMySQLHash(t) || isPostgresHash(t) {
		return true
	}
	if t[0] == '$' && t[1] == '$' {
		t = t[1:] // as compose files want it; the second mark of a pair further on does not matter
	}
	for _, p := range hashPrefixes {
		if bytes.HasPrefix(t, []byte(p)) || t[0] == '$' && bytes.HasPrefix(t, []byte(p[:len(p)-1])) && bytes.HasPrefix(t[len(p)-1:], []byte("$$")) {
			return true
		}
	}
	return false
}

// isMySQLHash reports whether t is what PASSWORD() of MySQL gives: a star and the digits of two rounds of SHA-1.
func isMySQLHash(t []byte) bool {
	return len(t) == 41 && t[0] == '*' && isHex(t[1:])
}

// isPostgresHash reports whether t is md5 and the digits of MD5, as PostgreSQL keeps passwords.
func isPostgresHash(t []byte) bool {
	return len(t) == 35 && bytes.HasPrefix(t, []byte("md5")) && isHex(t[3:])
}

func isHex(t []byte) bool {
	for _, c := range t {
		if unhex(c) >= 16 {
			return false
		}
	}
	return true
}

var hashPrefixes = [...]string{"$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$", "$7$", "$8$", "$9$", "$y$", "$gy$", "$apr1$", "$argon2",
	"$pbkdf2", "$scrypt", "$P$", "$H$", "$S$", "{SHA", "{SSHA", "{CRYPT", "{MD5", "{PBKDF2", "{bcrypt}", "{ARGON2", "pbkdf2_", "pbkdf2:", "scrypt:",
	"AQAAAAEAA", "AQAAAAIAA", // ASP.NET Identity
	"sha1$", "sha256$", "SCRAM-SHA-", "md5$", "bcrypt_"}

// isKeyword reports whether t is a word that programming and configuration languages give a meaning.
func isKeyword(t []byte) bool {
	low := lowered(t)
	if low.n > longestWord {
		return false
	}
	k := wordKinds()[string(low.bytes())]
	return k&typeName != 0
}
