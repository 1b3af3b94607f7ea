package command

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// arg is an option with its value, or an operand.
type arg struct {
	word *shell.Word // the option or the operand
	// from and to are the name of an option in the word's value, dashes included: -u of -sSu has no dash.
	from, to int
	kind     kind
	value    value
	set      bool // there is a value
	operand  bool
}

// name is where the name of an option stands.
func (a *arg) name() assignment.Span { return a.word.Value.Span(a.from, a.to) }

// value is the value of an option, or a part of it.
type value struct {
	placed.Text
	quoted, literal bool
	joined          bool // to the name of the option
}

// slice is the part [i, j) of a value. It is bounded by marks only if all of it is.
func (v value) slice(i, j int) value {
	v.quoted = v.quoted && i == 0 && j == v.Len()
	v.Text = v.Slice(i, j)
	return v
}

func valueOf(w *shell.Word) value {
	return value{w.Value, w.Quoted, w.Quoted && w.Raw.Len() > 0 && w.Raw.Bytes[0] == '\'', false}
}

// parsed is a command split into options and operands.
type parsed struct {
	words []shell.Word
	args  []arg // in the order of the words
	rest  int   // index of the word behind the last that was read: of a command within the command
	subAt int   // index in args of the last word of the subcommand, -1 if it is the program
}

// parse splits the words of a command by the options of a rule.
func (r *Reader) parse(words []shell.Word, rule *rule) parsed {
	p := parsed{words: words, args: r.args[:0], subAt: -1}
	operands := 0
	limit := -1 // of operands
	if rule.nested >= 0 {
		limit = len(rule.sub) + rule.nested
	}
	for i := 1; i < len(words); i++ {
		w := &words[i]
		b := w.Value.Bytes
		switch {
		case operands == limit && rule.ordered && len(b) > 0 && b[0] == '-':
			p.rest = i - 1 // options of what the image runs: its name stands for the program's
			r.args = p.args[:0]
			return p
		case len(b) > 1 && (b[0] == '-' || b[0] == '+' && rule.plus):
			if string(b) == "--" {
				i++
				for ; i < len(words) && operands != limit; i++ {
					p.args = append(p.args, arg{word: &words[i], operand: true})
					operands++
				}
				i--
				if operands == limit {
					p.rest = i + 1
					r.args = p.args[:0]
					return p
				}
				continue
			}
			var next *shell.Word
			if i+1 < len(words) {
				next = &words[i+1]
			}
			a, used := rule.option(w, next)
			p.args = append(p.args, a)
			if used {
				i++
			}
		case operands == limit && !assigns(b):
			p.rest = i
			r.args = p.args[:0]
			return p
		default:
			p.args = append(p.args, arg{word: w, operand: true})
			if operands != limit {
				operands++
			}
		}
	}
	p.rest = len(words)
	r.args = p.args[:0]
	return p
}

// matches says whether the operands begin with the subcommand of the rule.
func (p *parsed) matches(rule *rule) bool {
	n := 0
	for i := range p.args {
		if n == len(rule.sub) {
			break
		}
		if !p.args[i].operand {
			continue
		}
		if string(p.args[i].word.Value.Bytes) != rule.sub[n] {
			return false
		}
		p.subAt = i
		n++
	}
	return n == len(rule.sub) && (rule.only == "" || p.has(rule.only))
}

// has says whether an option is among the arguments, may be with other letters behind one dash.
func (p *parsed) has(letter string) bool {
	for i := range p.args {
		b := p.args[i].word.Value.Bytes
		if !p.args[i].operand && len(b) > 1 && b[0] == '-' && b[1] != '-' && bytes.Contains(b, []byte(letter)) {
			return true
		}
	}
	return false
}

// what is the place of the word that says what the operands are: the subcommand, or the program.
func (p *parsed) what() assignment.Span {
	if p.subAt >= 0 {
		return p.args[p.subAt].word.Value.Place()
	}
	return p.words[0].Value.Place()
}

// option reads a word that begins with a dash. It reports whether the next word is its value.
func (rule *rule) option(w, next *shell.Word) (arg, bool) {
	b := w.Value.Bytes
	a := arg{word: w, to: len(b)}
	eq := bytes.IndexByte(b, '=')
	name := b
	if eq > 0 {
		name = b[:eq]
	}
	if o, ok := rule.options[string(name)]; ok {
		a.to, a.kind = len(name), o.kind
		switch {
		case eq > 0:
			a.value, a.set = joined(w, eq+1), true
		case o.joined || o.kind == in || o.kind == mark:
		case next != nil && follows(next):
			a.value, a.set = valueOf(next), true
			return a, true
		}
		return a, false
	}
	if _, short := rule.options[string(b[:2])]; b[1] == '-' || !short && len(name) > 4 && !(property(b) && eq > 0) && tells(name[1:]) {
		return rule.unknown(a, w, next, len(name))
	}
	a, used := rule.letters(a, w, next)
	if !a.set && a.kind == none && eq > 0 {
		a.from, a.to = 0, eq
		a.value, a.set = joined(w, eq+1), true
	}
	return a, used
}

// letters reads options of one letter each behind one dash; the last may have a value.
func (rule *rule) letters(a arg, w, next *shell.Word) (arg, bool) {
	b := w.Value.Bytes
	for i := 1; i < len(b); i++ {
		o, ok := rule.options[string([]byte{b[0], b[i]})]
		if !ok {
			if rule.cluster && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' || b[i] >= '0' && b[i] <= '9') {
				continue
			}
			break
		}
		if o.kind == in || o.kind == mark {
			if a.kind == none {
				a.from, a.to, a.kind = i, i+1, o.kind
			}
			continue
		}
		a.from, a.to, a.kind = i, i+1, o.kind
		if i == 1 {
			a.from = 0
		}
		start := i + 1
		if start < len(b) {
			if b[start] == '=' && !o.joined {
				start++
			}
			a.value, a.set = joined(w, start), true
			return a, false
		}
		if !o.joined && next != nil && follows(next) {
			a.value, a.set = valueOf(next), true
			return a, true
		}
		return a, false
	}
	return a, false
}

// property says whether an option is -Dname or -Pname: the letter is the flag.
func property(b []byte) bool { return len(b) > 3 && b[0] == '-' && (b[1] == 'D' || b[1] == 'P') }

// unknown reads an option that is not in the table. Its name, n bytes, may tell what it is.
func (rule *rule) unknown(a arg, w, next *shell.Word, n int) (arg, bool) {
	b := w.Value.Bytes
	if tells(bytes.TrimLeft(b[:n], "-")) {
		a.kind = flag
	}
	if n < len(b) {
		a.to = n
		a.value, a.set = joined(w, n+1), true
	} else if a.kind == flag && next != nil && follows(next) {
		a.value, a.set = valueOf(next), true
		return a, true
	}
	return a, false
}

// follows says whether a word can be the value of the option before it.
func follows(w *shell.Word) bool {
	b := w.Value.Bytes
	return len(b) == 0 || b[0] != '-' || len(b) == 1
}

// joined is the value that stands in the same word as its option, from byte i on: -pvalue, --password=value. Marks may
// bound it: --password="value".
func joined(w *shell.Word, i int) value {
	v := value{Text: w.Value.Slice(i, w.Value.Len()), joined: true}
	raw := w.Raw.Bytes
	n := len(raw)
	if v.Len() == 0 || n < 2 {
		return v
	}
	if q := raw[n-1]; (q == '\'' || q == '"') && n-2-v.Len() >= 0 && raw[n-2-v.Len()] == q && bytes.Equal(raw[n-1-v.Len():n-1], v.Bytes) {
		v.quoted, v.literal = true, q == '\''
	} else if q == '\'' && w.Quoted && raw[0] == '\'' {
		v.literal = true
	}
	if b := v.Bytes; len(b) > 1 && (b[0] == '"' || b[0] == '\'') && b[len(b)-1] == b[0] {
		v.Text, v.quoted = v.Slice(1, len(b)-1), true // marks within marks
	}
	return v
}
