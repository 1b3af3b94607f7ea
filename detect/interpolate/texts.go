package interpolate

import "rummage/detect/placed"

// Unescape is the text with escaped dollar signs made single, as the program that reads the file sees it. References
// are left as they stand.
func Unescape(t placed.Text, d Dialect) placed.Text {
	if !Scan(t.Bytes, d).Escapes {
		return t
	}
	mark := byte('$')
	if d&Doubled == 0 {
		mark = '\\'
	}
	var b placed.Builder
	start := 0
	for i := 0; i+1 < len(t.Bytes); i++ {
		if t.Bytes[i] != mark {
			continue
		}
		if t.Bytes[i+1] == '$' {
			b.Add(t.Slice(start, i))
			b.Stand([]byte("$"), t.Span(i, i+2))
			start = i + 2
		}
		if t.Bytes[i+1] == '$' || mark == '\\' {
			i++
		}
	}
	b.Add(t.Slice(start, len(t.Bytes)))
	return b.Text(t.Place().Start)
}

// Operand is the text that a reference holds.
type Operand struct {
	Name placed.Text // the variable
	Text placed.Text // the operand, escapes resolved, quotation marks around it taken off
	Form Form        // Literal or Mixed
	// Quoted says that there were quotation marks.
	Quoted bool
	// Whole says that the value consists of this literal when the variables around it are not set (or set, with +):
	// ${A:-${B:-x}} is x.
	Whole bool
}

// Operands are the operands that hold text, by the references that Scan found in the text.
func Operands(t placed.Text, v Value, d Dialect) []Operand {
	var all []Operand
	var at [MaxDepth + 1]int // references by depth
	for k := range v.Refs {
		at[v.Refs[k].Depth]++
	}
	chain := v.Form == Reference
	for k := range v.Refs {
		r := &v.Refs[k]
		// The chain of references that are the whole value, one inside the other, with nothing beside them.
		chain = chain && r.Depth == k && at[k] == 1
		if r.HasLiteral() {
			operand, quoted := unquote(t.Slice(r.OperandStart, r.OperandEnd))
			all = append(all, Operand{
				Name: t.Slice(r.NameStart, r.NameEnd), Text: Unescape(operand, d), Form: r.Operand, Quoted: quoted, Whole: chain,
			})
		}
		chain = chain && r.Operand == Reference
	}
	return all
}

// unquote takes one pair of quotation marks off.
func unquote(t placed.Text) (placed.Text, bool) {
	n := len(t.Bytes)
	if n < 2 || t.Bytes[0] != t.Bytes[n-1] || t.Bytes[0] != '"' && t.Bytes[0] != '\'' {
		return t, false
	}
	return t.Slice(1, n-1), true
}
