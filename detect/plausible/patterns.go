package plausible

import "bytes"

// standsFor finds out whether a value stands for another one: a template, a variable, a call. It returns the reason,
// "" when it is none of these.
func standsFor(v []byte, quoted bool) string {
	first, last := v[0], v[len(v)-1]
	switch {
	case first == '<' && (!quoted || bytes.IndexByte(v, '>') > 0):
		return "placeholder"
	case bytes.HasPrefix(v, []byte("--")):
		return "flag"
	case hasMustache(v), hasVariable(v), bytes.Contains(v, []byte("#{")),
		bytes.Contains(v, []byte("$(")), bytes.Contains(v, []byte("<%")), bytes.Contains(v, []byte("%{")),
		bytes.HasPrefix(v, []byte("((")), bytes.HasPrefix(v, []byte("[[")), bytes.Contains(v, []byte("@@")),
		bytes.HasPrefix(v, []byte("\\(")), bytes.HasPrefix(v, []byte("\\${")):
		return "template"
	case first == '$' && isReference(v[1:]):
		return "variable"
	case first == '$' && last == '$' && len(v) > 2, first == '%' && last == '%' && len(v) > 2, first == '@' && last == '@' && len(v) > 2,
		bytes.HasPrefix(v, []byte("__")) && bytes.HasSuffix(v, []byte("__")):
		return "template"
	case first == '{' && last == '}', first == '[' && last == ']', first == '(' && last == ')':
		return "template"
	case bytes.Contains(v, []byte("%(")) && bytes.IndexByte(v, ')') > 0, hasVerb(v) && looksMade(v):
		return "format"
	case bytes.Contains(v, []byte("...")), bytes.Contains(v, []byte("…")), bytes.Contains(v, []byte("***")):
		return "masked"
	case bytes.HasPrefix(v, []byte("ENC[")), bytes.HasPrefix(v, []byte("ENC(")), bytes.HasPrefix(v, []byte("encrypted:")) && len(v) > 40, !quoted && isTag(v):
		return "encrypted"
	case first == '-' && last == '-' && len(v) > 4:
		return "placeholder"
	case bytes.HasPrefix(v, []byte("{\"")), bytes.HasPrefix(v, []byte("{\\\"")), first == '[' && !quoted, first == '{' && last == ':' && !quoted:
		return "list" // an object or a list, of which the value is the beginning
	case isPattern(v):
		return "pattern"
	}
	return ""
}

// hasMustache reports whether v holds {{ with }} behind it, or with nothing that ends it: a value may be cut. A lone
// brace behind it makes it none.
func hasMustache(v []byte) bool {
	for {
		i := bytes.Index(v, []byte("{{"))
		if i < 0 {
			return false
		}
		v = v[i+2:]
		if end := bytes.IndexByte(v, '}'); end < 0 || end+1 == len(v) || v[end+1] == '}' {
			return true
		}
	}
}

// hasVariable reports whether v holds ${ with a name behind it, and behind that what shells and templates have there,
// or a {$name}.
func hasVariable(v []byte) bool {
	if i := bytes.Index(v, []byte("{$")); i >= 0 && i+2 < len(v) && isLetter(v[i+2]) && bytes.IndexByte(v[i:], '}') > 0 {
		return true
	}
	for {
		i := bytes.Index(v, []byte("${"))
		if i < 0 {
			return false
		}
		v = v[i+2:]
		end := 0
		for end < len(v) && (isWord(v[end]) || v[end] == '.') {
			end++
		}
		if end == len(v) || bytes.IndexByte([]byte("])>;~`"), v[end]) < 0 {
			return true
		}
	}
}

// isPattern reports whether v is a regular expression: it has classes of characters or groups.
func isPattern(v []byte) bool {
	for _, p := range [...]string{"[a-z", "[A-Z", "[0-9", "[^", "\\d{", "\\w+", "(?:", "(?i)", "(.*)", "(.+)"} {
		if bytes.Contains(v, []byte(p)) {
			return true
		}
	}
	return false
}

// isTag reports whether v is a tag of YAML: !vault, !Ref, !GetAtt.
func isTag(v []byte) bool {
	if len(v) < 3 || v[0] != '!' {
		return false
	}
	for _, c := range v[1:] {
		if !isLetter(c) && c != ':' && c != '|' {
			return false
		}
	}
	return true
}

// looksMade reports whether v is too much like words to be random.
func looksMade(v []byte) bool {
	s := measure(v)
	return s.n < 8 || s.random() < 8
}

// isReference reports whether v, behind a $, is the name of a variable: $PASSWORD, $db_pass, $this->password,
// $config['x']. Values such as $2a$10$… and $ecret! are none.
func isReference(v []byte) bool {
	if len(v) == 0 {
		return true
	}
	if !isLetter(v[0]) && v[0] != '_' && v[0] != '{' {
		return false
	}
	i := 0
	for i < len(v) && isWord(v[i]) {
		i++
	}
	return i == len(v) || v[i] == '-' || v[i] == '[' || v[i] == '.' || v[i] == ':' || v[i] == ',' || v[i] == '/' || v[i] == '\\' || v[i] == '{'
}

// hasVerb reports whether v holds a formatting verb that stands for the value: %s, %d, %v, %q, %x, %1$s.
func hasVerb(v []byte) bool {
	for i := 0; i+1 < len(v); i++ {
		if v[i] != '%' {
			continue
		}
		switch v[i+1] {
		case 's', 'd', 'v', 'q', '@':
			if i+2 == len(v) || !isLetter(v[i+2]) && !isDigit(v[i+2]) || len(v) <= 4 {
				return true
			}
		}
	}
	return false
}

// references are beginnings of values that point at where the secret is kept.
var references = [...]string{
	"vault:", "op://", "arn:", "ssm:", "secretsmanager", "file:", "env:", "env.", "env(", "ref+", "projects/", "keyvault",
	"akv://", "gcpsm", "awssm", "sops", "secret:", "secrets.", "secret://", "vars.", "var.", "data.", "local.", "process.env", "os.environ",
	"os.getenv", "getenv", "system.getenv", "settings.", "config.", "self.", "this.", "request.", "req.", "params.", "options.", "opts.",
	"urn:", "npm:", "workspace:", "base64:{", "xox?-", "std::", "env!", "lookup(", "read(", "input(", "cmd:", "exec:", "@microsoft.keyvault(", "keyring:", "prompt",
}

// refersTo reports whether v points at where a secret is kept.
func refersTo(v []byte) bool {
	for _, r := range references {
		if len(v) >= len(r) && equalFoldAny(v[:len(r)], r) {
			return true
		}
	}
	return false
}

// equalFoldAny compares without regard to the case of letters; low is lower case.
func equalFoldAny(b []byte, low string) bool {
	for i, c := range b {
		if isUpper(c) {
			c |= 0x20
		}
		if c != low[i] {
			return false
		}
	}
	return true
}

// isPath reports whether v is the path of a file, or a bare file name with an extension that keys and settings have.
func isPath(v []byte) bool {
	switch {
	case bytes.HasPrefix(v, []byte("./")), bytes.HasPrefix(v, []byte("../")), bytes.HasPrefix(v, []byte("~/")),
		len(v) > 3 && isLetter(v[0]) && v[1] == ':' && (v[2] == '\\' || v[2] == '/'):
		return true
	case v[0] == '/' && len(v) > 1:
		s := measure(v)
		return s.random() < 6
	}
	dot := bytes.LastIndexByte(v, '.')
	if dot > 0 && len(v)-dot <= 12 {
		_, ok := extensions[string(v[dot+1:])]
		return ok
	}
	return false
}

// extensions of files that are named where a secret could stand.
var extensions = map[string]struct{}{
	"pem": {}, "key": {}, "crt": {}, "cer": {}, "pub": {}, "txt": {}, "json": {}, "yaml": {}, "yml": {}, "xml": {}, "toml": {},
	"ini": {}, "conf": {}, "cfg": {}, "env": {}, "properties": {}, "jks": {}, "p12": {}, "pfx": {}, "keystore": {}, "ppk": {},
	"sh": {}, "py": {}, "js": {}, "ts": {}, "go": {}, "rb": {}, "php": {}, "java": {}, "html": {}, "htm": {}, "md": {},
	"com": {}, "org": {}, "net": {}, "io": {}, "gpg": {}, "asc": {}, "tsx": {}, "jsx": {}, "vue": {}, "css": {}, "svg": {}, "png": {},
	"creds": {}, "csv": {}, "sql": {}, "log": {}, "enc": {}, "age": {}, "db": {}, "dat": {}, "bin": {}, "aspx": {}, "jsp": {},
}

// isURL reports whether v begins with a scheme.
func isURL(v []byte) bool {
	i := bytes.Index(v, []byte("://"))
	return i > 0 && i <= 20
}

// isUUID reports whether v has the form of a UUID.
func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// isVersionOrDate reports whether v is digits with dots, dashes, colons or slashes: a version, a date, an address.
// A date and time has a T between them and a Z behind (RFC 3339), a range of versions ^, ~ or >= before them.
func isVersionOrDate(v []byte) bool {
	v = bytes.TrimLeft(v, "^~>=")
	digits, marks := 0, 0
	for i, c := range v {
		switch {
		case isDigit(c):
			digits++
		case c == '.' || c == '-' || c == ':' || c == '/' || c == ' ':
			marks++
		case i == 0 && (c == 'v' || c == 'V'):
		case c == 'T' && i == len("2006-01-02"), c == 'Z' && i+1 == len(v) && i > len("2006-01-02"):
		default:
			return false
		}
	}
	return digits > 0 && marks > 0
}

// isRelease reports whether v is a version of three numbers with a word behind them: 1.0.0-rc2-final.
func isRelease(v []byte) bool {
	i, dots := 0, 0
	for i < len(v) && (isDigit(v[i]) || v[i] == '.') {
		if v[i] == '.' {
			dots++
		}
		i++
	}
	if dots < 2 || i+1 >= len(v) || v[i] != '-' && v[i] != '+' {
		return false
	}
	s := measure(v[i+1:])
	return s.known == s.letters() || s.reads()
}

// conditions are the beginnings of rules that web frameworks check values by: min:8, required_with:other.
var conditions = [...]string{"min:", "max:", "size:", "between:", "same:", "digits:", "regex:", "required_", "confirmed:", "unique:", "exists:"}

// isCondition reports whether v is a rule that values are checked by.
func isCondition(v []byte) bool {
	for _, c := range conditions {
		if bytes.HasPrefix(v, []byte(c)) {
			return true
		}
	}
	return false
}

// isPairs reports whether v is pairs of hexadecimal digits with colons between: a fingerprint, a hardware address.
func isPairs(v []byte) bool {
	colons := 0
	for i, c := range v {
		switch {
		case c == ':':
			colons++
			if i+3 < len(v) && v[i+3] != ':' && v[i+3] != ',' {
				return false
			}
		case c == ',' || unhex(c) < 16:
		default:
			return false
		}
	}
	return colons >= 4
}

// isOpenPGP reports whether v is written as fingerprints of OpenPGP are: 40 hexadecimal digits, in capitals, or several of
// these with blanks between.
func isOpenPGP(v []byte) bool {
	for i, c := range v {
		if i%41 == 40 && c == ' ' || i%41 < 40 && unhex(c) < 16 && c < 'a' {
			continue
		}
		return false
	}
	return len(v)%41 == 40
}

// namesOpenPGP reports whether a name may be that of such a fingerprint: NGINX_GPGKEY, SOLR_KEYS, or no more than key, as
// scripts call what they fetch from a key server.
func namesOpenPGP(name []byte) bool {
	low := lowered(name)
	b := low.bytes()
	return string(b) == "key" || bytes.HasSuffix(b, []byte("keys")) || bytes.Contains(b, []byte("gpg")) || bytes.Contains(b, []byte("pgp"))
}

// period is the length of the shortest piece whose repetition makes v, len(v) when there is none.
func period(v []byte) int {
	for p := 1; p <= len(v)/2; p++ {
		i := p
		for i < len(v) && v[i] == v[i-p] {
			i++
		}
		if i == len(v) {
			return p
		}
	}
	return len(v)
}
