package detect

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// printRegexp writes an expression tree so that it parses to the same meaning. syntax.Regexp.String does, too, and
// prettier, but it looks at every one of the million characters of a class such as [^;], which takes longer than all
// else there is to do about an expression.
func printRegexp(re *syntax.Regexp) string {
	var b strings.Builder
	printTo(&b, re)
	return b.String()
}

func printTo(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		b.WriteString("(?:)")
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			b.WriteString("(?i:" + regexp.QuoteMeta(string(re.Rune)) + ")")
		} else {
			b.WriteString(regexp.QuoteMeta(string(re.Rune)))
		}
	case syntax.OpNoMatch, syntax.OpCharClass:
		printClass(b, re.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString("(?-s:.)")
	case syntax.OpAnyChar:
		b.WriteString("(?s:.)")
	case syntax.OpBeginLine:
		b.WriteString("(?m:^)")
	case syntax.OpEndLine:
		b.WriteString("(?m:$)")
	case syntax.OpBeginText:
		b.WriteString(`\A`)
	case syntax.OpEndText:
		b.WriteString(`\z`)
	case syntax.OpWordBoundary:
		b.WriteString(`\b`)
	case syntax.OpNoWordBoundary:
		b.WriteString(`\B`)
	case syntax.OpCapture:
		if re.Name != "" {
			b.WriteString("(?P<" + re.Name + ">")
		} else {
			b.WriteString("(")
		}
		printTo(b, re.Sub[0])
		b.WriteString(")")
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		printRepeat(b, re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			printTo(b, sub)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			b.WriteString([]string{"(?:", "|"}[min(i, 1)])
			printTo(b, sub)
		}
		b.WriteString(")")
	default:
		b.WriteString(re.String()) // an operator that a later Go may bring
	}
}

func printClass(b *strings.Builder, class []rune) {
	if len(class) == 0 {
		b.WriteString(`[^\x00-\x{10FFFF}]`)
		return
	}
	b.WriteByte('[')
	for i := 0; i+1 < len(class); i += 2 {
		fmt.Fprintf(b, `\x{%x}`, class[i])
		if class[i+1] > class[i] {
			fmt.Fprintf(b, `-\x{%x}`, class[i+1])
		}
	}
	b.WriteByte(']')
}

func printRepeat(b *strings.Builder, re *syntax.Regexp) {
	b.WriteString("(?:")
	printTo(b, re.Sub[0])
	b.WriteByte(')')
	switch re.Op {
	case syntax.OpStar:
		b.WriteByte('*')
	case syntax.OpPlus:
		b.WriteByte('+')
	case syntax.OpQuest:
		b.WriteByte('?')
	default:
		switch {
		case re.Max < 0:
			fmt.Fprintf(b, "{%d,}", re.Min)
		case re.Max == re.Min:
			fmt.Fprintf(b, "{%d}", re.Min)
		default:
			fmt.Fprintf(b, "{%d,%d}", re.Min, re.Max)
		}
	}
	if re.Flags&syntax.NonGreedy != 0 {
		b.WriteByte('?')
	}
}
