package advice

import "strings"

// variable is the name of an environment variable for the secret: the key where it can be one, else made of it or of
// the rule's id.
func variable(f *Found) string {
	for _, s := range []string{f.Key, f.Rule} {
		if n := identifier(s); len(n) > 1 && !within(n, f) {
			return strings.ToUpper(n)
		}
	}
	return "APP_SECRET"
}

// within says that a name gives the value away.
func within(name string, f *Found) bool {
	return len(f.Value) >= minHidden && !f.Exposure && !strings.Contains(vocabulary, f.Value) &&
		(strings.Contains(name, f.Value) || strings.Contains(strings.ToLower(name), strings.ToLower(f.Value)))
}

// identifier is what is left of a name when only letters, digits and underscores may be in it.
func identifier(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < maxName; i++ {
		switch c := s[i]; {
		case c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' && b.Len() > 0:
			b.WriteByte(c)
		case b.Len() > 0 && (c == '-' || c == '.' || c == ' ' || c == '/' || c == ':'):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}

// secretID is the name under which the secret is mounted.
func secretID(f *Found) string {
	for _, s := range []string{f.Key, f.Rule} {
		id := strings.ToLower(identifier(s))
		if len(id) < 2 {
			continue
		}
		for _, try := range []string{id, "db_" + lastWord(id), "app_" + lastWord(id)} {
			if !within(try, f) {
				return try
			}
		}
	}
	return "app_secret"
}

func lastWord(id string) string { return id[strings.LastIndexByte(id, '_')+1:] }

// baseName is the last part of a path.
func baseName(p string) string {
	p = strings.TrimRight(p, "/")
	return p[strings.LastIndexByte(p, '/')+1:]
}

// secretWords are what a name of a secret has in it.
var secretWords = [...]string{"pass", "pwd", "psw", "secret", "token", "key", "auth", "cred", "private", "session", "cookie", "bearer",
	"salt", "seed", "jwt", "sas", "dsn", "signature", "webhook", "license", "certificate"}

// secretName says whether something of this name may be a secret. It errs towards yes.
func secretName(s string) bool {
	s = strings.ToLower(s)
	for _, w := range secretWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
