// Package interpolate finds what a value refers to instead of holding it: ${NAME}, ${NAME:-default}, $(command),
// ${{ expression }}, {{ template }}, ${scope:NAME}. It tells a literal from a reference, and finds the literals that references hold
// themselves: the default of ${DB_PASSWORD:-hunter2} is as written down as any other password.
//
// The forms of ${…} are those of Compose's template package and of a POSIX shell, nested to any depth. Escapes ($$, or
// \$ in a shell) make no reference. What is never closed is no reference either, nor is a lone dollar sign.
//
// The package knows bytes only. It resolves nothing: what a variable holds is unknown to it.
//
// Concurrency: pure functions, to be called from any goroutine. A Value belongs to whoever asked for it.
package interpolate

import (
	"bytes"
	"sync"
)

// Dialect says which forms are references; the constants combine.
type Dialect uint8

// The forms.
const (
	Dollar     Dialect = 1 << iota // $NAME, ${NAME}, ${NAME:-default}
	Doubled                        // $$ is a dollar sign
	Backslash                      // \$ is a dollar sign
	Command                        // $(command), and Kubernetes' $(NAME)
	Backquote                      // `command`
	Expression                     // ${{ expression }}
	Template                       // {{ template }}
	Scoped                         // ${scope:NAME}, ${scope:NAME:default}, ${name}
)

// The dialects of the files that are read. A file of any kind may be a template for a program that makes it, so {{ }}
// is a reference in all of them.
const (
	Compose    = Dollar | Doubled | Template
	Shell      = Dollar | Backslash | Command | Backquote | Template
	GitHub     = Expression | Template
	GitLab     = Dollar | Doubled | Template
	Kubernetes = Command | Doubled | Template
	// Devcontainer has ${localEnv:NAME:default} and ${localWorkspaceFolder}, and no $NAME.
	Devcontainer = Scoped | Template
)

// Form says what a value consists of.
type Form uint8

// The forms of a value.
const (
	Empty     Form = iota // nothing, or blanks only
	Literal               // no reference
	Reference             // references and blanks only
	Mixed                 // references with text around them
)

func (f Form) String() string {
	return [...]string{"empty", "literal", "reference", "mixed"}[f]
}

// Op is what a reference does when the variable is, or is not, set.
type Op uint8

// The operators of ${NAME…}. The variants with a colon treat an empty variable like one that is not set.
const (
	Plain   Op = iota // $NAME, ${NAME}
	Default           // - :- and = := : the operand is the value when the variable is not set
	Instead           // + :+ : the operand is the value when the variable is set
	Require           // ? :? : the operand is the text of an error
	Opaque            // any other: commands, expressions, templates, the shell's # % / ^ and ,
)

// Ref is one reference. All offsets are into the bytes scanned.
type Ref struct {
	Start, End         int // the whole reference
	NameStart, NameEnd int // the variable; empty for an opaque reference
	// OperandStart and OperandEnd are what follows the operator. It may hold references of its own, which come after
	// this one in the list.
	OperandStart, OperandEnd int
	// Depth is the number of references around this one.
	Depth int
	Op    Op
	// Operand is the form of the operand, Empty where there is none.
	Operand Form
}

// HasLiteral says that the operand is text that the value takes on, wholly or in part.
func (r *Ref) HasLiteral() bool {
	return (r.Op == Default || r.Op == Instead) && (r.Operand == Literal || r.Operand == Mixed)
}

// Value is what Scan found.
type Value struct {
	Form Form
	// Refs are the references by their start, so that outer ones come before inner ones. References deeper than
	// MaxDepth are left out.
	Refs []Ref
	// Escapes says that there are escaped dollar signs.
	Escapes bool
}

// MaxDepth bounds Ref.Depth. No file needs more than three; the bound keeps the sum of the lengths of all references
// linear in the length of the value.
const MaxDepth = 8

// frame is a reference that is not closed yet.
type frame struct {
	ref   int // its index in refs, -1 when it is too deep to be kept
	close byte
	open  int // brackets of its kind opened within it
}

type scanner struct {
	b     []byte
	d     Dialect
	v     Value
	stack []frame
	// noEnd[…] remember that nothing closes an expression, a backquote or a scope from here on, so that it is not looked for
	// again and again.
	noBraces, noBackquote, noBrace bool
}

// marks are the bytes that step looks at.
var marks = func() (t [256]bool) {
	for _, c := range []byte("$\\`{}()") {
		t[c] = true
	}
	return t
}()

// Scan finds the references in b. Without any it allocates nothing.
func Scan(b []byte, d Dialect) Value {
	if bytes.IndexByte(b, '$') < 0 && (d&Backquote == 0 || bytes.IndexByte(b, '`') < 0) &&
		(d&Template == 0 || bytes.IndexByte(b, '{') < 0) {
		return Value{Form: form(b, nil, 0, len(b), 0)}
	}
	s := scanners.Get().(*scanner)
	*s = scanner{b: b, d: d, stack: s.stack[:0], v: Value{Refs: s.v.Refs[:0]}}
	for i := 0; i < len(b); {
		if marks[b[i]] {
			i = s.step(i)
		} else {
			i++
		}
	}
	s.drop()
	for k := range s.v.Refs {
		r := &s.v.Refs[k]
		if r.OperandStart < r.OperandEnd {
			r.Operand = form(b, s.v.Refs[k+1:], r.OperandStart, r.OperandEnd, r.Depth+1)
		}
	}
	v := Value{Form: form(b, s.v.Refs, 0, len(b), 0), Refs: append([]Ref(nil), s.v.Refs...), Escapes: s.v.Escapes}
	s.b = nil
	if cap(s.v.Refs) <= maxKept && cap(s.stack) <= maxKept {
		scanners.Put(s)
	}
	return v
}

// scanners holds memory of scans, as *scanner, with room for maxKept references, open ones too, at most.
var scanners = sync.Pool{New: func() any { return new(scanner) }}

const maxKept = 64

// step reads what stands at i and returns the offset behind it.
func (s *scanner) step(i int) int {
	switch c := s.b[i]; c {
	case '$':
		return s.dollar(i)
	case '\\':
		if s.d&Backslash != 0 && i+1 < len(s.b) {
			s.v.Escapes = s.v.Escapes || s.b[i+1] == '$'
			return i + 2
		}
	case '`':
		if s.d&Backquote != 0 && !s.noBackquote {
			if n := bytes.IndexByte(s.b[i+1:], '`'); n >= 0 {
				return s.opaque(i, i+n+2)
			}
			s.noBackquote = true
		}
	case '{', '(':
		if c == '{' && s.d&Template != 0 && s.at(i+1) == '{' {
			if end := s.braces(i + 2); end > 0 {
				return s.opaque(i, end)
			}
		}
		if n := len(s.stack); n > 0 && s.stack[n-1].close == closing(c) {
			s.stack[n-1].open++
		}
	case '}', ')':
		s.closeFrame(i, c)
	}
	return i + 1
}

func closing(open byte) byte {
	if open == '{' {
		return '}'
	}
	return ')'
}

func (s *scanner) at(i int) byte {
	if i < len(s.b) {
		return s.b[i]
	}
	return 0
}

// braces is the offset behind the next }}, 0 if there is none.
func (s *scanner) braces(i int) int {
	if s.noBraces || i > len(s.b) {
		return 0
	}
	n := bytes.Index(s.b[i:], []byte("}}"))
	if n < 0 {
		s.noBraces = true
		return 0
	}
	return i + n + 2
}

// dollar reads what begins with the dollar sign at i.
func (s *scanner) dollar(i int) int {
	switch c := s.at(i + 1); {
	case c == '$' && s.d&Doubled != 0:
		s.v.Escapes = true
		return i + 2
	case c == '{' && s.at(i+2) == '{' && s.d&Expression != 0:
		if end := s.braces(i + 3); end > 0 {
			s.add(s.expression(i, end))
			return end
		}
	case c == '{' && s.d&Scoped != 0:
		if end := s.scoped(i); end > 0 {
			return end
		}
	case c == '{' && s.d&Dollar != 0:
		return s.braced(i)
	case c == '(' && s.d&Command != 0:
		s.push(Ref{Start: i, NameStart: i + 2, NameEnd: i + 2, Op: Opaque}, ')')
		return i + 2
	case s.d&Dollar != 0:
		if end := s.name(i + 1); end > i+1 {
			s.add(Ref{Start: i, End: end, NameStart: i + 1, NameEnd: end})
			return end
		}
		if s.d&Command != 0 && c != 0 && bytes.IndexByte([]byte("0123456789?@*#!-"), c) >= 0 {
			return s.opaque(i, i+2)
		}
	}
	return i + 1
}

// expression reads ${{ … }} at i. Its last alternative, || 'text', is the default of the name before it.
func (s *scanner) expression(i, end int) Ref {
	r := Ref{Start: i, End: end, NameStart: i, NameEnd: i, Op: Opaque}
	or := bytes.LastIndex(s.b[i:end], []byte("||"))
	if or < 0 {
		return r
	}
	text := bytes.TrimRight(s.b[:end-2], " \t\r\n")
	open := i + or + 2
	for open < len(text) && (text[open] == ' ' || text[open] == '\t') {
		open++
	}
	if len(text)-open < 2 || text[open] != '\'' || text[len(text)-1] != '\'' {
		return r
	}
	r.NameEnd = len(bytes.TrimRight(s.b[:i+or], " \t"))
	for r.NameStart = r.NameEnd; r.NameStart > i+3; r.NameStart-- {
		if c := s.b[r.NameStart-1]; c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
	}
	r.NameEnd = max(r.NameEnd, r.NameStart)
	r.Op, r.OperandStart, r.OperandEnd = Default, open+1, len(text)-1
	return r
}

// braced reads ${ at i, up to the operand.
func (s *scanner) braced(i int) int {
	end := s.name(i + 2)
	r := Ref{Start: i, NameStart: i + 2, NameEnd: end}
	p := end
	if s.at(p) == '}' && end > i+2 {
		r.End = p + 1
		s.add(r)
		return r.End
	}
	if s.at(p) == ':' {
		p++
	}
	switch s.at(p) {
	case '-', '=':
		r.Op = Default
	case '+':
		r.Op = Instead
	case '?':
		r.Op = Require
	default:
		r.Op = Opaque
	}
	if end == i+2 || r.Op == Opaque {
		r.Op, r.NameEnd = Opaque, r.NameStart
		p = i + 1
	}
	r.OperandStart = p + 1
	s.push(r, '}')
	return p + 1
}

// scoped reads ${scope:NAME:default} at i, which holds no other reference. It is 0 if there is none.
func (s *scanner) scoped(i int) int {
	scope := s.name(i + 2)
	r := Ref{Start: i, NameStart: i + 2, NameEnd: scope}
	if scope == i+2 || s.noBrace {
		return 0
	}
	n := bytes.IndexByte(s.b[scope:], '}')
	if n < 0 {
		s.noBrace = true
		return 0
	}
	end := scope + n
	if s.b[scope] == ':' {
		r.NameStart = scope + 1
		r.NameEnd = end
		if n := bytes.IndexByte(s.b[scope+1:end], ':'); n >= 0 {
			r.NameEnd = scope + 1 + n
			r.Op, r.OperandStart, r.OperandEnd = Default, r.NameEnd+1, end
		}
	} else if scope < end {
		return 0
	}
	r.End = end + 1
	s.add(r)
	return r.End
}

// name is the end of the variable's name at i.
func (s *scanner) name(i int) int {
	start := i
	for ; i < len(s.b); i++ {
		c := s.b[i]
		if c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' && i > start {
			continue
		}
		break
	}
	return i
}

func (s *scanner) opaque(start, end int) int {
	s.add(Ref{Start: start, End: end, NameStart: start, NameEnd: start, Op: Opaque})
	return end
}

// add keeps a reference unless it is too deep, and returns its index.
func (s *scanner) add(r Ref) int {
	r.Depth = len(s.stack)
	if r.Depth > MaxDepth {
		return -1
	}
	s.v.Refs = append(s.v.Refs, r)
	return len(s.v.Refs) - 1
}

func (s *scanner) push(r Ref, closes byte) {
	s.stack = append(s.stack, frame{ref: s.add(r), close: closes})
}

// closeFrame closes the innermost reference if the bracket at i is its own.
func (s *scanner) closeFrame(i int, c byte) {
	n := len(s.stack) - 1
	if n < 0 || s.stack[n].close != c {
		return
	}
	if s.stack[n].open > 0 {
		s.stack[n].open--
		return
	}
	if k := s.stack[n].ref; k >= 0 {
		r := &s.v.Refs[k]
		r.End = i + 1
		if r.Op == Opaque {
			r.OperandStart = 0
		} else {
			r.OperandEnd = i
		}
	}
	s.stack = s.stack[:n]
}

// drop takes out the references that were never closed. All that follows one of them was found inside it.
func (s *scanner) drop() {
	if len(s.stack) == 0 {
		return
	}
	kept, unclosed := s.v.Refs[:0], 0
	for k, r := range s.v.Refs {
		if unclosed < len(s.stack) && s.stack[unclosed].ref == k {
			unclosed++
			continue
		}
		r.Depth -= unclosed
		kept = append(kept, r)
	}
	s.v.Refs = kept
}

// form is the form of b[start:end], whose references are among refs at the depth given, in order.
func form(b []byte, refs []Ref, start, end, depth int) Form {
	text, found := false, false
	for k := 0; k < len(refs) && refs[k].Start < end; k++ {
		if r := &refs[k]; r.Depth == depth {
			text = text || !blank(b[start:r.Start])
			found = true
			start = r.End
		}
	}
	text = text || !blank(b[start:end])
	switch {
	case text && found:
		return Mixed
	case found:
		return Reference
	case text:
		return Literal
	}
	return Empty
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}
