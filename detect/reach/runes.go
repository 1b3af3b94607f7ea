package reach

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// literalLengths measures a literal, which may have runes of several lengths
// when case does not matter.
func literalLengths(re *syntax.Regexp) (sum lengths) {
	for _, r := range re.Rune {
		l := runeLengths(r)
		if re.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				n := runeLengths(f)
				l.min, l.max = min(l.min, n.min), max(l.max, n.max)
			}
		}
		sum.min += l.min
		sum.max += l.max
	}
	return sum
}

// classLengths measures a class, given as pairs of first and last runes in
// order. A class without runes matches nothing.
func classLengths(class []rune) (lengths, bool) {
	if len(class) < 2 {
		return lengths{}, false
	}
	l := lengths{runeLengths(class[0]).min, runeLengths(class[len(class)-1]).max}
	if contains(class, utf8.RuneError) {
		l.min = 1
	}
	return l, true
}

// runeLengths tells how many bytes are matched by r. U+FFFD stands for any
// byte that is not UTF-8, too.
func runeLengths(r rune) lengths {
	switch {
	case r < utf8.RuneSelf:
		return lengths{1, 1}
	case r < 0x800:
		return lengths{2, 2}
	case r == utf8.RuneError:
		return lengths{1, 3}
	case r < 0x10000:
		return lengths{3, 3}
	}
	return lengths{4, 4}
}

func contains(class []rune, r rune) bool {
	for i := 0; i+1 < len(class); i += 2 {
		if class[i] <= r && r <= class[i+1] {
			return true
		}
	}
	return false
}

// The two characters outside ASCII that Go folds to ASCII letters.
const (
	kelvin = '\u212a'
	longS  = '\u017f'
)

// outside reports whether r is one of the two characters that the package
// leaves out, in a place where the ASCII letter would do.
func outside(r rune, has func(rune) bool) bool {
	return r == kelvin && has('k') || r == longS && has('s')
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// lowerString folds ASCII letters alone.
func lowerString(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}
