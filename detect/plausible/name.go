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

// lookup is the lower-cased word's entry in nameTable; long words have none.
func lookup(word []byte) nameKind {
	var low [24]byte
	if len(word) > len(low) {
		return 0
	}
	for i, c := range word {
		low[i] = c | 0x20
	}
	return nameTable()[string(low[:len(word)])]
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
// spellings; the last word counts most: token_url is no token, db_password_old is a password.
func SecretName(name []byte) (Strength, Sort) {
	spans, n := nameWords(name)
	var kinds [maxNameWords]nameKind
	last := -1
	for i := range n {
		kinds[i] = lookup(name[spans[i][0]:spans[i][1]])
		if kinds[i]&hashed != 0 {
			return NotSecret, NoSort
		}
		if kinds[i]&neutral == 0 {
			last = i
		}
	}
	if last < 0 {
		return NotSecret, NoSort
	}
	var before nameKind
	if last > 0 {
		before = kinds[last-1]
	}
	switch k := kinds[last]; {
	case k&passwordWord != 0:
		for _, k := range kinds[:last] {
			if k&shown != 0 {
				return NotSecret, NoSort
			}
		}
		return Surely, PasswordOf
	case k&strongKey != 0 && (before&plainWord != 0 || before&(qualifier|strongKey) == 0 && equalFold(name[spans[last][0]:spans[last][1]], "seed")):
		return Perhaps, KeyOf // seeds are of random numbers, too
	case last > 1 && k&keyWord != 0 && before&keyWord != 0 && kinds[last-2]&plainWord != 0:
		return NotSecret, NoSort // public key token
	case k&strongKey != 0:
		return Surely, KeyOf
	case k&keyWord != 0 && isLocked(name, &spans, last):
		return NotSecret, NoSort
	case k&keyWord != 0:
		if before&passwordWord != 0 && equalFold(name[spans[last][0]:spans[last][1]], "key") {
			return Perhaps, KeyOf // the key under which a password is found
		}
		if s := qualified(before); s != NotSecret {
			return s, KeyOf
		}
		return NotSecret, NoSort
	case k&about != 0:
		word := name[spans[last][0]:spans[last][1]]
		if last > 0 && equalFold(word, "sid") && sessionName(name[spans[last-1][0]:spans[last-1][1]]) {
			return Surely, KeyOf
		}
		return NotSecret, NoSort
	}
	if s, sort := runTogether(name[spans[last][0]:spans[last][1]]); s != NotSecret {
		return s, sort
	}
	return secretBefore(name, &spans, &kinds, last)
}

// isLocked reports whether a word before the last says that what is named cannot be used as it is: encryptedDataKey.
func isLocked(name []byte, spans *[maxNameWords][2]int, last int) bool {
	for _, s := range spans[:last] {
		w := name[s[0]:s[1]]
		if equalFold(w, "encrypted") || equalFold(w, "wrapped") || equalFold(w, "sealed") {
			return true
		}
	}
	return false
}

// qualified is the strength of a keyWord with that word before it.
func qualified(before nameKind) Strength {
	switch {
	case before&(qualifier|strongKey|passwordWord) != 0, before&keyWord != 0 && before&plainWord == 0:
		return Surely
	case before&plainWord != 0:
		return NotSecret
	}
	return Perhaps
}

// sessionName reports whether word before "sid" makes it the name of a web framework's session cookie.
func sessionName(word []byte) bool {
	return equalFold(word, "auth") || equalFold(word, "connect") || equalFold(word, "session")
}

// secretBefore looks for a secret word before a last word that is not known: password_shop, TOKEN_BILLING.
func secretBefore(name []byte, spans *[maxNameWords][2]int, kinds *[maxNameWords]nameKind, last int) (Strength, Sort) {
	for i := last - 1; i >= 0; i-- {
		var before nameKind
		if i > 0 {
			before = kinds[i-1]
		}
		switch k := kinds[i]; {
		case k&about != 0:
			return NotSecret, NoSort
		case k&passwordWord != 0:
			return Perhaps, PasswordOf
		case k&strongKey != 0, k&keyWord != 0 && before&qualifier != 0,
			k&keyWord != 0 && isUpper(name[spans[i][1]-1]) && before&plainWord == 0:
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
	{"htpasswd", NotSecret, NoSort}, {"csrftoken", NotSecret, NoSort}, {"password", Surely, PasswordOf}, {"passwd", Surely, PasswordOf}, {"passwort", Surely, PasswordOf},
	{"passphrase", Surely, PasswordOf}, {"userpass", Surely, PasswordOf}, {"requirepass", Surely, PasswordOf},
	{"masterauth", Surely, PasswordOf}, {"rootpw", Surely, PasswordOf}, {"bindpw", Surely, PasswordOf},
	{"rootpwd", Surely, PasswordOf}, {"dbpass", Surely, PasswordOf}, {"userpwd", Surely, PasswordOf},
	{"pgpass", Surely, PasswordOf}, {"rootpass", Surely, PasswordOf}, {"adminpass", Surely, PasswordOf}, {"smtppass", Surely, PasswordOf}, {"mailpass", Surely, PasswordOf},
	{"mypass", Surely, PasswordOf}, {"mypwd", Surely, PasswordOf}, {"dbpwd", Surely, PasswordOf},
	{"secret", Surely, KeyOf}, {"apikey", Surely, KeyOf}, {"accesskey", Surely, KeyOf}, {"secretkey", Surely, KeyOf},
	{"privatekey", Surely, KeyOf}, {"privkey", Surely, KeyOf}, {"authkey", Surely, KeyOf}, {"appkey", Surely, KeyOf},
	{"accountkey", Surely, KeyOf}, {"sharedkey", Surely, KeyOf}, {"masterkey", Surely, KeyOf}, {"signingkey", Surely, KeyOf},
	{"encryptionkey", Surely, KeyOf}, {"hmackey", Surely, KeyOf}, {"storagekey", Surely, KeyOf},
	{"accesstoken", Surely, KeyOf}, {"authtoken", Surely, KeyOf}, {"apitoken", Surely, KeyOf}, {"refreshtoken", Surely, KeyOf},
	{"credentials", Surely, KeyOf}, {"credential", Surely, KeyOf}, {"creds", Surely, KeyOf},
	{"token", Perhaps, KeyOf}, {"repokey", NotSecret, NoSort}, {"formkey", NotSecret, NoSort}, {"pubkey", NotSecret, NoSort}, {"publickey", NotSecret, NoSort}, {"monkey", NotSecret, NoSort},
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
