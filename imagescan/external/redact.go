package external

import (
	"cmp"
	"slices"
	"strings"
)

// redactor takes credentials out of texts that other programs wrote: values that are known, and what looks like one. It
// takes out too much rather than too little, since its texts only help to see why a scan failed.
type redactor struct {
	known []string // the longest first
	// plain are words that are no credentials, however they look.
	plain []string
}

const (
	hidden = "****"
	// Shorter values are ordinary words, and their absence would tell them.
	minKnown = 4
	// From this length on a known value is taken out also where it is part of a word.
	minKnownPart = 8
)

// newRedactor hides values; of those of several lines each line by itself too. plain words stay.
func newRedactor(values, plain []string) *redactor {
	r := &redactor{plain: plain}
	for _, v := range values {
		for _, part := range append(strings.FieldsFunc(v, func(c rune) bool { return c == '\n' || c == '\r' }), v) {
			if part = strings.TrimSpace(part); len(part) >= minKnown {
				r.known = append(r.known, part)
			}
		}
	}
	slices.SortFunc(r.known, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	r.known = slices.Compact(r.known)
	return r
}

var (
	// The last @ before a slash: a password may have one.
	userinfo = pattern(`://[^\s/"']*@`)
	bearer   = pattern(`(?i)\b(bearer|basic)\s+[^\s"',;]+`)
	named    = pattern(`(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|access_?key|credentials?|authorization)["']?\s*[=:]\s*["']?)[^\s"',;&]+`)
	// A token of a vendor's has 20 characters at least.
	word   = pattern(`(?:sha256:)?[A-Za-z0-9_+/=.~-]{20,}`)
	digest = pattern(`^sha256:[0-9a-f]{64}$`)
)

func (r *redactor) text(s string) string {
	for _, v := range r.known {
		s = hide(s, v)
	}
	s = bearer().ReplaceAllString(s, "$1 "+hidden)
	s = userinfo().ReplaceAllString(s, "://"+hidden+"@")
	s = named().ReplaceAllString(s, "${1}"+hidden)
	return word().ReplaceAllStringFunc(s, func(w string) string {
		if !isToken(w) || slices.ContainsFunc(r.plain, func(p string) bool { return strings.Contains(p, w) }) {
			return w
		}
		return hidden
	})
}

// isToken says whether a long word looks made by a generator. Digests do, and are none.
func isToken(w string) bool {
	letters := strings.ContainsFunc(w, func(c rune) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' })
	return letters && strings.ContainsAny(w, "0123456789") && !digest().MatchString(w)
}

// hide takes a value out of a text, a short one only where it is a word.
func hide(s, value string) string {
	if len(value) >= minKnownPart {
		return strings.ReplaceAll(s, value, hidden)
	}
	var b strings.Builder
	for {
		i := strings.Index(s, value)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(value)
		b.WriteString(s[:i])
		if i > 0 && isWordByte(s[i-1]) || end < len(s) && isWordByte(s[end]) {
			b.WriteString(value)
		} else {
			b.WriteString(hidden)
		}
		s = s[end:]
	}
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
