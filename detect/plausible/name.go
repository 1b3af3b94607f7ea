package plausible

// Strength says how surely a name is that of a secret.
type Strength uint8

const (
	// NotSecret: the name is of something else, or of something about a secret (password_min_length, token_url).
	NotSecret Strength = iota
	// Perhaps: a name that secrets and other things share (key, auth, token in a parser).
	Perhaps
	// Surely: the name of a secret (db_password, api_key, client_secret).
	Surely
)

// Sort is which sort of secret a name speaks of.
type Sort uint8

const (
	NoSort     Sort = iota
	PasswordOf      // a password, passphrase, passcode
	KeyOf           // a key or token made by a machine, a client secret
)

// maxNameWords bounds the words of a name that are looked at: the last ones.
const maxNameWords = 12

// words splits a name at punctuation and capitals (DB_PASSWORD, dbPassword, db-password, DBPassword2), in order.
// Digits belong to no word.
func nameWords(name []byte) (spans [maxNameWords][2]int, n int) {
	for i := 0; i < len(name); {
		j := nextRun(name, i)
		if j == i {
			i++
			continue
		}
		if n == maxNameWords {
			copy(spans[:], spans[1:])
			n--
		}
		spans[n] = [2]int{i, j}
		n++
		i = j
	}
	return spans, n
}

// lookup is the lower-cased word's entry in m; long words have none.
func lookup(m map[string]nameKind, word []byte) nameKind {
	var low [24]byte
	if len(word) > len(low) {
		return 0
	}
	for i, c := range word {
		low[i] = c | 0x20
	}
	return m[string(low[:len(word)])]
}

// nameKind is what a word does in a name.
type nameKind uint16

const (
	passwordWord nameKind = 1 << iota // names a password by itself
	keyWord                           // names a key or token, given a qualifier
	strongKey                         // names a key or token by itself: apikey, secret, credential
	qualifier                         // makes the keyWord behind it a secret: api key, access token
	plainWord                         // makes the keyWord behind it none: public key, csrf token
	about                             // as the last word: the name is of something about the secret
	hashed                            // anywhere: what is named is the hash of a secret
	shown                             // before a password: a text that people are shown about it
	neutral                           // behind a secret word: changes nothing (password_old, token_value)
)

// SecretName says how surely a name is that of a secret, and of which sort. It knows names in all the usual
// spellings and looks at the last part of a dotted one first: `spring.datasource.password`, `user.password.hint`.
func SecretName(name []byte) (Strength, Sort) {
	spans, n := nameWords(name)
	last := n - 1
	for last >= 0 && lookup(nameTable, name[spans[last][0]:spans[last][1]])&neutral != 0 {
		last--
	}
	if last < 0 {
		return NotSecret, NoSort
	}
	word := func(i int) nameKind {
		if i < 0 || i >= n {
			return 0
		}
		return lookup(nameTable, name[spans[i][0]:spans[i][1]])
	}
	for i := range n {
		if word(i)&hashed != 0 {
			return NotSecret, NoSort
		}
	}
	k := word(last)
	if q := name[spans[max(0, last-1)][0]:spans[max(0, last-1)][1]]; last > 0 && equalFold(name[spans[last][0]:spans[last][1]], "sid") &&
		(equalFold(q, "auth") || equalFold(q, "connect") || equalFold(q, "session")) {
		return Surely, KeyOf // the session cookie of many web frameworks
	}
	switch {
	case k&passwordWord != 0:
		for i := range last {
			if word(i)&shown != 0 {
				return NotSecret, NoSort
			}
		}
		return Surely, PasswordOf
	case k&strongKey != 0:
		if word(last-1)&plainWord != 0 {
			return Perhaps, KeyOf
		}
		return Surely, KeyOf
	case k&keyWord != 0:
		q := word(last - 1)
		switch {
		case q&(qualifier|strongKey|passwordWord) != 0 || q&keyWord != 0 && q&plainWord == 0:
			return Surely, KeyOf
		case q&plainWord != 0:
			return NotSecret, NoSort
		}
		return Perhaps, KeyOf
	case k&about != 0:
		return NotSecret, NoSort
	}
	// The last word is not known: a secret word directly before it still counts (password_mysql, TOKEN_GITHUB, and
	// what runs together: rootpassword, sessiontoken).
	if s, sort := runTogether(name[spans[last][0]:spans[last][1]]); s != NotSecret {
		return s, sort
	}
	for i := last - 1; i >= 0; i-- {
		switch k := word(i); {
		case k&about != 0:
			return NotSecret, NoSort
		case k&passwordWord != 0:
			return Perhaps, PasswordOf
		case k&(strongKey|keyWord) != 0 && i > 0 && word(i-1)&qualifier != 0:
			return Perhaps, KeyOf
		case k&strongKey != 0:
			return Perhaps, KeyOf
		case k&keyWord != 0 && isUpper(name[spans[i][1]-1]) && word(i-1)&plainWord == 0:
			return Perhaps, KeyOf
		}
	}
	return NotSecret, NoSort
}

// runTogether finds a secret word at the end of an unknown one.
func runTogether(word []byte) (Strength, Sort) {
	for _, t := range togetherWords {
		if len(word) >= len(t.word) && equalFold(word[len(word)-len(t.word):], t.word) {
			return t.strength, t.sort
		}
	}
	return NotSecret, NoSort
}

var togetherWords = [...]struct {
	word     string
	strength Strength
	sort     Sort
}{
	{"password", Surely, PasswordOf}, {"passwd", Surely, PasswordOf}, {"passwort", Surely, PasswordOf},
	{"passphrase", Surely, PasswordOf}, {"userpass", Surely, PasswordOf}, {"requirepass", Surely, PasswordOf},
	{"masterauth", Surely, PasswordOf}, {"rootpw", Surely, PasswordOf}, {"bindpw", Surely, PasswordOf},
	{"rootpwd", Surely, PasswordOf}, {"dbpass", Surely, PasswordOf}, {"userpwd", Surely, PasswordOf},
	{"mypass", Surely, PasswordOf}, {"mypwd", Surely, PasswordOf}, {"dbpwd", Surely, PasswordOf},
	{"secret", Surely, KeyOf}, {"apikey", Surely, KeyOf}, {"accesskey", Surely, KeyOf}, {"secretkey", Surely, KeyOf},
	{"privatekey", Surely, KeyOf}, {"privkey", Surely, KeyOf}, {"authkey", Surely, KeyOf}, {"appkey", Surely, KeyOf},
	{"accountkey", Surely, KeyOf}, {"sharedkey", Surely, KeyOf}, {"masterkey", Surely, KeyOf}, {"signingkey", Surely, KeyOf},
	{"encryptionkey", Surely, KeyOf}, {"hmackey", Surely, KeyOf}, {"storagekey", Surely, KeyOf},
	{"accesstoken", Surely, KeyOf}, {"authtoken", Surely, KeyOf}, {"apitoken", Surely, KeyOf}, {"refreshtoken", Surely, KeyOf},
	{"credentials", Surely, KeyOf}, {"credential", Surely, KeyOf}, {"creds", Surely, KeyOf},
	{"token", Perhaps, KeyOf}, {"pubkey", NotSecret, NoSort}, {"publickey", NotSecret, NoSort}, {"monkey", NotSecret, NoSort},
	{"key", Perhaps, KeyOf}, {"sessid", Perhaps, KeyOf}, {"sessionid", Perhaps, KeyOf}, {"authorization", Perhaps, KeyOf},
}

// equalFold compares ASCII letters without regard to case; low is lower case.
func equalFold(b []byte, low string) bool {
	if len(b) != len(low) {
		return false
	}
	for i := range b {
		if b[i]|0x20 != low[i] {
			return false
		}
	}
	return true
}
