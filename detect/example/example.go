// Package example expands the templates in which the examples of rules are written.
//
// No rule file may hold anything that looks like a live token, or the project's own history would be full of
// findings, and of alarms at whoever hosts it. So an example is a template, and the test fills it:
//
//	GITHUB_TOKEN={{checksum github ghp_}}
//	"apiKey": "{{hex 32}}", // for {{word}}
//
// A placeholder is a name and arguments between {{ and }}. Arguments are separated by blanks and may be quoted with
// ' or "; there are no escapes inside quotes, so a text with one kind of quote is quoted with the other. N is a
// number of characters, or a range such as 20-40 from which a number is drawn.
//
//	{{alnum N}}        A-Z a-z 0-9          {{alpha N}}       A-Z a-z
//	{{upper N}}        A-Z                  {{lower N}}       a-z
//	{{digits N}}       0-9                  {{upperalnum N}}  A-Z 0-9
//	{{hex N}}          0-9 a-f              {{loweralnum N}}  a-z 0-9
//	{{HEX N}}          0-9 A-F              {{base32 N}}      A-Z 2-7
//	{{base64 N}}       A-Z a-z 0-9 + /      {{base64url N}}   A-Z a-z 0-9 - _
//	{{chars CLASS N}}  the characters of a class written as in a regexp's brackets: "A-Fa-f0-9_-"
//	{{password N}}     lower case, digits and punctuation
//	{{word}}           an English noun      {{uuid}} {{UUID}}
//	{{jwt}}            a signed JSON web token
//	{{pem LABEL}}      a PEM block with that label: {{pem "RSA PRIVATE KEY"}}
//	{{checksum NAME PREFIX}}     a whole valid token of that scheme of package checksum; PREFIX may be left out
//	{{badchecksum NAME PREFIX}}  the same, with a wrong checksum
//	{{b64 TEXT}}       the base64 of TEXT   {{lit TEXT}}      TEXT itself: {{lit "{{"}}
//
// Random characters are drawn again until they look random: from 16 on their Shannon entropy is at least 3.2 bits a
// character (3.0 for hex), and from 8 on they have a letter and a digit where the alphabet has both.
//
// The package knows templates only, neither rules nor files. It is deterministic: the same template and seed give
// the same text on every platform.
//
// Concurrency: Expand may be called from any goroutine.
package example

import (
	"fmt"
	"strings"
)

// Error says where in a template something is wrong.
type Error struct {
	Offset int    // of the placeholder's first byte, from 0
	Reason string // lower case
}

func (e *Error) Error() string { return fmt.Sprintf("example: offset %d: %s", e.Offset, e.Reason) }

const (
	opening = "{{"
	closing = "}}"
	// maxLen bounds what one placeholder may make, so that the time of an expansion is linear in its template.
	maxLen = 8192
)

// Expand fills the placeholders of template with what seed draws. The error is an *[Error].
func Expand(template string, seed uint64) (string, error) {
	var out strings.Builder
	d := newDrawer(seed)
	for at := 0; ; {
		n := strings.Index(template[at:], opening)
		if n < 0 {
			out.WriteString(template[at:])
			return out.String(), nil
		}
		out.WriteString(template[at : at+n])
		at += n
		words, length, reason := parse(template[at:])
		if reason == "" {
			var text string
			text, reason = d.fill(words)
			out.WriteString(text)
		}
		if reason != "" {
			return "", &Error{Offset: at, Reason: reason}
		}
		at += length
	}
}

// parse reads the placeholder that s begins with: its name and arguments, and how many bytes it takes. A reason
// that is not empty says what is wrong.
func parse(s string) (words []string, length int, reason string) {
	i := len(opening)
	for {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
			i++
		}
		switch {
		case i >= len(s):
			return nil, 0, "placeholder without " + closing
		case strings.HasPrefix(s[i:], closing):
			if len(words) == 0 {
				return nil, 0, "empty placeholder"
			}
			return words, i + len(closing), ""
		case s[i] == '"' || s[i] == '\'':
			n := strings.IndexByte(s[i+1:], s[i])
			if n < 0 {
				return nil, 0, "argument without closing " + s[i:i+1]
			}
			words = append(words, s[i+1:i+1+n])
			i += n + 2
		default:
			n := bareLen(s[i:])
			if n == 0 {
				return nil, 0, "nested placeholder"
			}
			words = append(words, s[i:i+n])
			i += n
		}
	}
}

// bareLen is the length of the unquoted word that s begins with.
func bareLen(s string) int {
	for i := range len(s) {
		if s[i] == ' ' || s[i] == '\t' || strings.HasPrefix(s[i:], opening) || strings.HasPrefix(s[i:], closing) {
			return i
		}
	}
	return len(s)
}
