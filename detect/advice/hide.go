package advice

import (
	"regexp"
	"strings"
	"sync"
)

// What hideWithin looks for. The expressions are those of Go: linear in the text.
var (
	reUserinfo = lazily(`(://)([^/\s"'<>]*)@`)
	reScheme   = lazily(`(?i)\b(bearer|basic|token|digest|apikey|negotiate)(\s+)([^\s"']+)`)
	reSQL      = lazily(`(?i)\b(by|password)(\s+(?:with\s+\w+\s+)?)('[^']*'|\\?"[^"]*")`)
	reHeader   = lazily(`(?i)^(["']?[\w-]*(?:auth|token|key|secret|cookie|pass|cred)[\w-]*:\s+)(.*?)(["']?)$`)
	rePair     = lazily(`(?i)([\w.-]*(?:pass|pwd|psw|secret|token|key|auth|cred|sig|session|cookie|private|salt|seed|jwt|dsn|webhook)[\w.-]*\\?["']?\s*[:=]\s*\\?["']?)([^\s"'&;,}]+)`)
	reRandom   = lazily(`[A-Za-z0-9+]{12,}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}`)
)

// lazily is an expression that is compiled when it is asked for: most runs of the program never ask.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// hideWithin hides what looks like a credential within a word, or any other text. Most words lack what an expression
// cannot match without.
func hideWithin(w string, depth int) string {
	w = hideNested(w, depth)
	if strings.Contains(w, "://") {
		w = reUserinfo().ReplaceAllStringFunc(w, hideUserinfo)
	}
	if strings.Contains(w, ":") {
		w = reHeader().ReplaceAllStringFunc(w, func(s string) string {
			m := reHeader().FindStringSubmatch(s)
			return m[1] + hideTail(m[2]) + m[3]
		})
	}
	if strings.ContainsAny(w, " \t\n\f\r") {
		w = replaceLast(reScheme(), w, 3)
		w = replaceLast(reSQL(), w, 3)
	}
	if strings.ContainsAny(w, ":=") {
		w = replaceLast(rePair(), w, 2)
	}
	if len(w) < shortestRandom {
		return w
	}
	return reRandom().ReplaceAllStringFunc(w, func(s string) string {
		if looksRandom(s) {
			return ellipsis
		}
		return s
	})
}

// shortestRandom is the length of what reRandom matches, at least.
const shortestRandom = 12

// maxNested is how deep commands within words are rewritten; what is deeper is hidden.
const maxNested = 3

// hideNested rewrites the commands within a word: $(…), `…`, and quoted text with flags in it, which may be one too.
func hideNested(w string, depth int) string {
	if n := len(w); n > 2 && (w[0] == '\'' || w[0] == '"') && w[n-1] == w[0] && strings.Contains(w, " -") {
		return w[:1] + hideBody(w[1:n-1], depth) + w[n-1:]
	}
	var b strings.Builder
	for i := 0; i < len(w); {
		var end, from int
		switch {
		case w[i] == '$' && i+1 < len(w) && w[i+1] == '(':
			from, end = i+2, closing(w, i+2, ')')
		case w[i] == '`':
			from, end = i+1, closing(w, i+1, '`')
		default:
			b.WriteByte(w[i])
			i++
			continue
		}
		to := max(from, end-1)
		b.WriteString(w[i:from] + hideBody(w[from:to], depth) + w[to:end])
		i = end
	}
	return b.String()
}

func hideBody(body string, depth int) string {
	if depth >= maxNested {
		return ellipsis
	}
	return newCommandAt(body, nil, depth+1).text(hole, nil)
}

// hideUserinfo keeps a user whose password is a reference, and git@.
func hideUserinfo(s string) string {
	user, pass, both := strings.Cut(strings.TrimSuffix(s[3:], "@"), ":")
	switch {
	case both && refers(pass), !both && (refers(user) || user == "git"):
		return s
	case both && strings.Contains(pass, hole), !both && strings.Contains(user, hole):
		return "://" + user + map[bool]string{true: ":"}[both] + map[bool]string{true: hole}[both] + "@"
	}
	return "://" + ellipsis + "@"
}

// hideTail keeps the scheme and the hole of a header's value.
func hideTail(s string) string {
	scheme, rest, ok := strings.Cut(s, " ")
	switch {
	case refers(s):
		return s
	case ok && len(scheme) <= 10 && (refers(rest) || strings.TrimSpace(rest) == hole):
		return s
	case strings.Contains(s, hole):
		return hole
	}
	return ellipsis
}

// replaceLast hides the numbered group of each match, which is what the match ends with.
func replaceLast(re *regexp.Regexp, s string, group int) string {
	var b strings.Builder
	done := 0
	for _, loc := range re.FindAllStringSubmatchIndex(s, -1) {
		from, to := loc[2*group], loc[2*group+1]
		value := s[from:to]
		b.WriteString(s[done:from])
		if refers(value) || harmless(value) {
			b.WriteString(value)
		} else if strings.Contains(value, hole) {
			b.WriteString(hole)
		} else {
			b.WriteString(ellipsis)
		}
		done = to
	}
	return b.String() + s[done:]
}

// harmless says that a value is a path, a switch, or hidden already.
func harmless(v string) bool {
	switch strings.ToLower(v) {
	case "bearer", "basic", "token", "digest", "negotiate", "true", "false", "yes", "no", "on", "off", "none", "null", "0", "1", ellipsis:
		return true
	}
	return strings.HasPrefix(v, "/run/secrets/") || strings.HasPrefix(v, "/root/") || strings.HasPrefix(v, "/etc/") || strings.HasPrefix(v, "//")
}

// looksRandom says that a run of letters and digits looks made by a generator.
func looksRandom(s string) bool {
	if strings.Count(s, "-") == 4 {
		return true
	}
	upper, lower, digit, turns, last := 0, 0, 0, 0, 0
	for i := 0; i < len(s); i++ {
		class := 3
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digit++
			class = 1
		case c >= 'a' && c <= 'z':
			lower++
			class = 2
		case c >= 'A' && c <= 'Z':
			upper++
		}
		if class != last {
			turns++
		}
		last = class
	}
	switch {
	case len(s) >= 24 && turns > 1, len(s) >= 16 && digit > 0 && turns > 2:
		return true
	case len(s) >= 12 && digit > 0 && turns > 4:
		return true
	}
	return len(s) >= 32
}
