// Package shown makes texts of servers and programs fit to be told: in one line, printable, bounded, without given secrets.
//
// It does not know what a secret looks like, nor markups: who writes into one escapes. All may be called concurrently.
package shown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is where a text is cut, in bytes.
const Max = 300

// Without takes secrets out of a text.
func Without(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "xxxxx")
		}
	}
	return text
}

// Short makes a text printable and cuts it.
func Short(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= Max {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
