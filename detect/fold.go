package detect

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// In Go's expressions (?i)k also matches U+212A, the Kelvin sign, and (?i)s also U+017F, the long s. No credential is
// written so, and no keyword, in which only A-Z counts as a-z, would be found in such text. foldASCII writes an
// expression in which the two no longer stand for k and s, so that a rule gives the same matches whether or not its
// keywords are used to look for them; its matches are shorter in bytes, too. It returns the expression as it is when
// there is nothing to change, or when it is none.
func foldASCII(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return expr
	}
	re, changed := foldTree(re)
	if !changed {
		return expr
	}
	out := printRegexp(re)
	if _, err := syntax.Parse(out, syntax.Perl); err != nil {
		return expr
	}
	return out
}

const (
	longS  = '\u017f'
	kelvin = '\u212a'
)

// foldTree changes re, and those below it, in place where it can.
func foldTree(re *syntax.Regexp) (out *syntax.Regexp, changed bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return foldLiteral(re)
	case syntax.OpCharClass:
		return re, foldClass(re)
	}
	for i, sub := range re.Sub {
		s, c := foldTree(sub)
		re.Sub[i] = s
		changed = changed || c
	}
	return re, changed
}

// foldClass takes the two characters out of a class that holds them alone, as case folding puts them there, beside
// the letter that they stand for. A range that spans them, as in [^x], was meant to.
func foldClass(re *syntax.Regexp) (changed bool) {
	kept := re.Rune[:0:0]
	for i := 0; i+1 < len(re.Rune); i += 2 {
		low, high := re.Rune[i], re.Rune[i+1]
		if low == high && (low == longS && classHas(re.Rune, 's') || low == kelvin && classHas(re.Rune, 'k')) {
			changed = true
			continue
		}
		kept = append(kept, low, high)
	}
	if changed {
		re.Rune = kept
	}
	return changed
}

// classHas reports whether a class has the letter in both cases.
func classHas(class []rune, lower rune) bool {
	has := func(r rune) bool {
		for i := 0; i+1 < len(class); i += 2 {
			if class[i] <= r && r <= class[i+1] {
				return true
			}
		}
		return false
	}
	return has(lower) && has(unicode.ToUpper(lower))
}

// foldLiteral splits a literal that ignores case at its k and s, which become classes.
func foldLiteral(re *syntax.Regexp) (out *syntax.Regexp, changed bool) {
	isKS := func(r rune) bool { return r == 'k' || r == 'K' || r == 's' || r == 'S' }
	if re.Flags&syntax.FoldCase == 0 || !slices.ContainsFunc(re.Rune, isKS) {
		return re, false
	}
	concat := &syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags &^ syntax.FoldCase}
	for start := 0; start < len(re.Rune); {
		r := re.Rune[start]
		if isKS(r) {
			upper := unicode.ToUpper(r)
			class := []rune{upper, upper, unicode.ToLower(r), unicode.ToLower(r)}
			concat.Sub = append(concat.Sub, &syntax.Regexp{Op: syntax.OpCharClass, Flags: re.Flags &^ syntax.FoldCase, Rune: class})
			start++
			continue
		}
		end := start
		for end < len(re.Rune) && !isKS(re.Rune[end]) {
			end++
		}
		concat.Sub = append(concat.Sub, &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: re.Rune[start:end]})
		start = end
	}
	if len(concat.Sub) == 1 {
		return concat.Sub[0], true
	}
	return concat, true
}
