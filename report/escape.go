package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes s safe to print on a terminal: what is not a visible character or a space is written as Go would write
// it in a string literal (\n, \x1b, \u202e), byte by byte where s is not valid UTF-8. The result is valid UTF-8 on one
// line; text that is harmless comes back unchanged. Backslashes stay as they are, since paths have them.
func Escape(s string) string {
	i := firstUnsafe(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case visible(r):
			b.WriteString(s[i : i+size])
		default:
			b.WriteString(escapeRune(r))
		}
		i += size
	}
	return b.String()
}

// EscapeLines is Escape of each line of s; the line feeds between them stay.
func EscapeLines(s string) string {
	if !strings.Contains(s, "\n") {
		return Escape(s)
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

// firstUnsafe is the offset of the first byte of s that Escape would change, or -1.
func firstUnsafe(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
		if !visible(r) {
			return i
		}
	}
	return -1
}

// visible reports whether r can be printed as it is: it shows something or is a space, and does not reorder or hide
// what stands around it. Format characters (bidirectional controls, zero-width ones, tags) are not graphic in Unicode's
// sense; the fillers are letters by category and blank by looks.
func visible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f':
		return false
	}
	return unicode.IsGraphic(r)
}

func escapeRune(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// columns is how many terminal columns s takes: none for a combining mark, two for a wide East Asian character or an
// emoji, else one. The ranges are coarse; being one column off costs a ragged line.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// truncate cuts s to at most width columns, with "..." at the end when something was cut.
func truncate(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	const dots = "..."
	if width <= len(dots) {
		return dots[:max(width, 0)]
	}
	n := 0
	for i, r := range s {
		n += runeColumns(r)
		if n > width-len(dots) {
			return s[:i] + dots
		}
	}
	return s
}
