package plausible

import (
	"bytes"
	"strings"
	"sync"

	"rummage/detect/assignment"
)

// A setting is the value of a variable in a file that sets variables: an environment, a build argument, a .env file.
// Unlike the text of a program it is nothing but a value, so that a plain word under the name of a password is a
// password, however bad; what remains to be told apart are references and placeholders.

// settingForm says how the reader's context judges.
type settingForm uint8

const (
	freeText   settingForm = iota // not a setting: as any other text
	inSetting                     // a setting
	inSample                      // a setting that shows what one looks like, or is commented out
	inArgument                    // an argument of a command that is known to be a secret, whatever its name
	inValues                      // a setting of a program that also takes names of secrets that are kept elsewhere
)

// contextForms are the contexts of settings. What is not listed is judged as text.
var contextForms = map[assignment.Context]settingForm{
	"dockerfile.env": inSetting, "dockerfile.arg": inSetting, "dockerfile.label": inSetting, "dockerfile.run": inSetting,
	"dockerfile.cmd": inSetting, "dockerfile.healthcheck": inSetting, "dockerfile.onbuild": inSetting, "dockerfile.heredoc": inSetting,
	"dockerfile.comment":  inSample,
	"compose.environment": inSetting, "compose.build-arg": inSetting, "compose.command": inSetting, "compose.healthcheck": inSetting,
	"compose.label": inSetting, "compose.logging": inSetting, "compose.driver-opts": inSetting, "compose.default": inSetting,
	"compose.config": inSetting, "compose.provider": inSetting, "compose.comment": inSample,
	"dotenv": inSetting, "dotenv.default": inSetting, "dotenv.comment": inSample, "dotenv.sample": inSample,
	"kubernetes.secret": inSetting, "kubernetes.env": inSetting, "kubernetes.command": inSetting, "kubernetes.config": inSetting,
	"github.env": inSetting, "github.build-arg": inSetting, "github.run": inSetting, "gitlab.variables": inSetting,
	"gitlab.script": inSetting, "yaml.default": inSetting,
	"bake.arg": inSetting, "bake.variable": inSetting, "bake.label": inSetting,
	"devcontainer.env": inSetting, "devcontainer.build-arg": inSetting, "devcontainer.run-arg": inSetting, "devcontainer.command": inSetting,
	"command.password": inArgument, "command.token": inArgument, "command.basic": inArgument, "command.build-arg": inSetting,
	"command.env": inSetting, "command.set": inSetting, "command.flag": inSetting, "script.variable": inSetting,
	"script.default": inSetting, "script.text": inSetting,
	"kubernetes.value": inValues, "helm.values": inValues, "compose.x": inValues, "github.with": inValues,
	"image.env": inSetting, "image.label": inSetting, "image.history": inSetting, "image.cmd": inSetting, "image.healthcheck": inSetting,
	"image.onbuild": inSetting, "image.build-arg": inSetting, "image.provenance": inSetting,
}

// setting judges the value of a setting. It is asked behind standsFor and otherThing.
func (v *value) setting(strength Strength, sort Sort, form settingForm) Verdict {
	if user, password, ok := bytes.Cut(v.text, []byte{':'}); ok && isLogin(v.name) && len(user) > 0 && len(password) > 3 && user[0] != '{' {
		v.text, strength, sort = password, Surely, PasswordOf // BASIC_AUTH=user:password
		v.shape = measure(password)
	}
	verdict := v.settingValue(strength, sort, form)
	if form == inSample && (verdict.Weak || saysSecret(v.text) || v.shape.known*2 > v.shape.letters() && v.shape.switches < 3) {
		return no("sample")
	}
	return verdict
}

// saysSecret reports whether a value has a word in it for what it is in the place of.
func saysSecret(t []byte) bool {
	low := lowered(t)
	for _, w := range [...]string{"apikey", "api_key", "api-key", "token", "secret", "passw"} {
		if bytes.Contains(low.bytes(), []byte(w)) {
			return true
		}
	}
	return false
}

func (v *value) settingValue(strength Strength, sort Sort, form settingForm) Verdict {
	s := &v.shape
	switch {
	case equalFold(v.text, "changeit") && isStore(v.name):
		return weak("default") // which the key stores of Java come with
	case isPlaceholder(v.text):
		return no("placeholder")
	case isHash(v.text):
		return no("hash")
	case v.text[0] == '`' && v.text[s.n-1] == '`' && s.n > 1:
		return no("reference") // to what a command gives
	case isKeyword(v.text), s.n == 1:
		return no("keyword")
	case s.letters()+s.digits+s.high == 0, s.distinct == 1:
		return no("repetition")
	case s.spaces > 0:
		return v.sentence()
	case strength == Perhaps && !isToken(v.name) && s.random() < 6, sort == KeyOf && !keeps(v.name) && s.random() < 6:
		return no("words")
	case tells(v.text):
		return no("prose")
	case s.letters() == 0:
		if sort == KeyOf && s.digits < 16 || s.digits < 3 {
			return no("number")
		}
		return weak("digits")
	case form == inValues && v.namesSecret() && v.isIdentifier():
		return no(fillerReason) // existingSecret: app-db-secret, which is named, not written down
	case form == inValues && s.digits == 0 && v.isIdentifier() && s.known == s.letters():
		return no("words")
	}
	if sort == KeyOf && v.isGivenOut() && s.digits == 0 && s.random() < 2 && (namesKey(v.text) || s.n > 3 && s.steps >= s.n-2) {
		return no("placeholder") // API_KEY=my-api-key: nobody may choose one
	}
	need := float32(2)
	switch {
	case isCommon(v.text), v.isNamed():
		return weak("default")
	case s.random() >= need && !(s.n <= longestWord && (v.fillerOnly() || v.leetFiller())):
		if encodesText(v.text) {
			return weak("encoded words")
		}
		return yes("random")
	case v.fillerOnly(), v.leetFiller(), v.isCommonPassword(), s.n < 4, s.steps >= s.n-2, s.known == s.letters() && (s.digits == 0 || counts(v.text)):
		return weak("default")
	case s.digits > 0 || s.high > 0 || s.symbols > 0 && v.marked():
		return yes("letters and digits")
	}
	return weak("word")
}

// isGivenOut reports whether the name is that of a key that a provider makes, rather than one that whoever runs the
// program chooses: API_KEY, not JWT_SECRET.
func (v *value) isGivenOut() bool {
	low := lowered(v.name)
	for _, w := range [...]string{"secret", "jwt", "encr", "crypt", "sess", "sign", "cookie", "master", "app", "shared", "psk", "auth"} {
		if bytes.Contains(low.bytes(), []byte(w)) {
			return false
		}
	}
	return true
}

// namesKey reports whether a value only says that it is a key: my-api-key, token.
func namesKey(t []byte) bool {
	low := lowered(t)
	b := bytes.TrimRight(low.bytes(), "_-.!")
	if !bytes.HasSuffix(b, []byte("key")) && !bytes.HasSuffix(b, []byte("token")) {
		return false
	}
	if bytes.HasPrefix(b, []byte("my")) {
		return true
	}
	for len(b) > 0 {
		n := len(b)
		for _, w := range [...]string{"api", "access", "auth", "key", "token", "_", "-"} {
			b = bytes.TrimPrefix(b, []byte(w))
		}
		if len(b) == n {
			return false
		}
	}
	return true
}

// isNamed reports whether a value is a word of its name, may be with digits behind it: PGADMIN_PASSWORD=pgadmin4.
func (v *value) isNamed() bool {
	low, name := lowered(v.text), lowered(v.name)
	word := bytes.TrimRight(low.bytes(), "0123456789!")
	return len(word) >= 3 && low.n-len(word) <= 4 && bytes.Contains(name.bytes(), word)
}

// counts reports whether the digits of a value are all at its end and count up from 1: word1, word123.
func counts(t []byte) bool {
	t = bytes.TrimRight(t, "!.")
	word := bytes.TrimRight(t, "0123456789")
	return bytes.HasPrefix([]byte("1234567890"), t[len(word):]) && !bytes.ContainsAny(word, "0123456789")
}

// commonPasswords are those of the lists of passwords in use that are no words: walks over the keyboard, and words with
// a digit that everybody takes.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`1q2w3e 1q2w3e4r 1q2w3e4r5t q1w2e3 q1w2e3r4 qwe123 qwerty123 qwerty1 qwer1234 1qaz2wsx zaq12wsx zaq1zaq1
		!qaz2wsx !qaz1qaz 1qazxsw2 asdf1234 asd123 zxc123 zxcvbn abc123 abcd1234 a1b2c3 a1b2c3d4 aa123456 aaa111 123qwe 123abc
		1234qwer password1 password12 pass123 pass1234 welcome1 welcome123 letmein1 monkey1 dragon1 iloveyou1 trustno1 admin1 admin12 root123
		test1 test12 user123 guest123 changeme1 master1 secret1 secret123 p@ssw0rd p@ssw0rd1 p@ssword passw0rd pa55w0rd pa$$w0rd`) {
		m[w] = true
	}
	return m
})

func isCommon(t []byte) bool {
	low := lowered(t)
	return low.n <= longestWord && commonPasswords()[string(bytes.TrimRight(low.bytes(), "!."))]
}

// sentence judges a value with blanks: a passphrase of few words, or a text about the secret.
func (v *value) sentence() Verdict {
	words := len(bytes.Fields(v.text))
	if words > 5 || v.site.listed || bytes.IndexByte(v.text, '\n') >= 0 {
		return no("prose")
	}
	for _, w := range bytes.Fields(v.text) {
		switch low := lowered(bytes.Trim(w, ".,:;!?")); string(low.bytes()) {
		case "your", "the", "for", "enter", "from", "see", "is", "of", "to", "a", "in", "please", "here", "password", "key", "token", "secret":
			return no("prose")
		}
	}
	return weak("words")
}

// keeps reports whether what a name ends in is a key or token that is kept, rather than a cookie, a salt or a session
// that comes and goes.
func keeps(name []byte) bool {
	spans, n := nameWords(name)
	for i := n - 1; i >= 0; i-- {
		w := name[spans[i][0]:spans[i][1]]
		k := lookup(w)
		switch {
		case k&(strongKey|passwordWord) != 0:
			return true
		case k&keyWord != 0:
			return equalFold(w, "key") || equalFold(w, "keys") || equalFold(w, "token") || equalFold(w, "tokens")
		case k&neutral == 0:
			s, _ := runTogether(w)
			return s == Surely
		}
	}
	return false
}

// beginnings and parts of placeholders in settings; whole values.
var (
	placeholderParts = [...]string{"changeme", "change_me", "change-me", "change me", "changeit", "change_it", "changethis", "change_this",
		"change-this", "change this", "replaceme", "replace_", "replace-", "replace ", "replacethis", "placeholder", "your_", "your-", "your ", "yourpass", "yoursecret", "yourtoken",
		"yourkey", "yourown", "yourapi", "redacted", "<your", "insert_", "insert-", "insert ", "fixme", "setme", "set_me", "set-me", "fillme", "fill_", "fill-", "enter_",
		"enter-", "put_", "put-your", "putyour", "dummy", "secret_here", "key_here", "token_here", "password_here", "-here", "_here", "not_set", "notset",
		"not set", "not-a-", "notareal", "not_a_", "xxxx", "lorem", "to_be_", "generate_", "generate-", "generated_", "randomstring", "random_string", "random-string", "somerandom", "secretsmanager", "my_secret_value_goes"}
	placeholderValues = strings.Fields(`id_rsa id_ed25519 id_ecdsa xxx xx x yyy zzz set given none null nil undefined empty blank required optional unset unknown nope na n/a tbd change
		replace fake removed hidden masked omitted secret-here ... foobar foo bar disabled enabled default unused ignored auto random
		todo generate generated some_password somepassword some-password mustchange must_change dummy value string`)
)

// isPlaceholder reports whether the value of a setting asks to be replaced, or says that there is none.
func isPlaceholder(t []byte) bool {
	low := lowered(t)
	b := low.bytes()
	for _, p := range placeholderParts {
		if bytes.Contains(b, []byte(p)) {
			return true
		}
	}
	// YourApiKey, ChooseAStrongKeyHere: words whose capitals tell them apart.
	if n := len(t); n > 5 && (bytes.HasPrefix(b, []byte("your")) && isUpper(t[4]) || bytes.HasSuffix(t, []byte("Here")) && isLower(t[n-5])) {
		return true
	}
	core := bytes.Trim(b, "<>[](){}\"'`_-. ")
	if len(bytes.Trim(core, "x*_-. ")) == 0 || len(bytes.ReplaceAll(bytes.ReplaceAll(core, []byte("x"), nil), []byte("-"), nil)) == 0 {
		return true
	}
	for _, p := range placeholderValues {
		if string(core) == p {
			return true
		}
	}
	return false
}

// Name judges a name alone: that of the assignment, or that of a variable to which the value refers. It is for
// practices that leak a secret whatever its value.
func Name(data []byte, a assignment.Assignment) Verdict {
	text := a.Decoded
	if text == nil {
		text = a.Value.Of(data)
	}
	if a.Context == "dockerfile.arg-open" && !a.Refers && len(text) > 0 && !isPlaceholder(text) {
		return no("value") // which is judged as such
	}
	switch strength, _ := SecretName(a.Name.Of(data)); {
	case strength == Surely, strength == Perhaps && keeps(a.Name.Of(data)) && isToken(a.Name.Of(data)):
		if isPath(trimmed(text)) {
			return no("path")
		}
		return yes("name")
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			continue
		}
		for i++; i < len(text) && (text[i] == '{' || text[i] == ' '); i++ {
		}
		start := i
		for i < len(text) && (isWord(text[i]) || text[i] == '.') {
			i++
		}
		if s, _ := SecretName(text[start:i]); s == Surely {
			return yes("variable")
		}
		i--
	}
	return no("name")
}

// isLogin reports whether a name ends in a word for a user and a password together.
func isLogin(name []byte) bool {
	spans, n := nameWords(name)
	if n == 0 {
		return false
	}
	switch last := lowered(name[spans[n-1][0]:spans[n-1][1]]); string(last.bytes()) {
	case "auth", "authorization", "login", "credentials", "creds", "userpass", "userpwd", "basicauth":
		return true
	}
	return false
}

// isStore reports whether a name speaks of a store of keys.
func isStore(name []byte) bool {
	low := lowered(name)
	return bytes.Contains(low.bytes(), []byte("store"))
}

// telling are words of sentences that passphrases, being drawn from lists of nouns and verbs, do not have.
var telling = [...]string{"you", "your", "this", "please", "the", "see", "when", "should", "must", "with"}

// tells reports whether a value is a sentence whose words are joined by marks: if_you_see_this_please_configure_it.
func tells(t []byte) bool {
	words, said := 0, 0
	for start := 0; start < len(t); {
		end := start
		for end < len(t) && isLetter(t[end]) {
			end++
		}
		if end > start {
			words++
			for _, w := range telling {
				if equalFold(t[start:end], w) {
					said++
				}
			}
		}
		start = end + 1
	}
	return words >= 4 && said >= 2
}

// isToken reports whether a name is, or ends in, token.
func isToken(name []byte) bool {
	const token = "token"
	return len(name) >= len(token) && equalFold(name[len(name)-len(token):], token)
}

// trimmed is t, or something harmless where isPath wants at least a byte.
func trimmed(t []byte) []byte {
	if t = bytes.TrimSpace(t); len(t) == 0 {
		return []byte{' '}
	}
	return t
}
