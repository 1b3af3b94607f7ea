package dockerfile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// build reads the instruction that t holds: one line, joined.
func (p *parser) build(in *Instruction, t Text) {
	in.Text = t
	b := trim(t)
	n := 0
	for n < b.Len() && !blank(b.Bytes[n]) {
		n++
	}
	in.NameSpan = b.Span(0, n)
	in.Name, in.Known = instructionName(b.Bytes[:n])
	for n < b.Len() && blank(b.Bytes[n]) {
		n++
	}
	in.Rest = trim(p.flags(b.Slice(n, b.Len()), in))
	switch {
	case !in.Known:
		p.problem(in.StartLine, Unknown)
	case in.Rest.Len() == 0 && needsArguments(in.Name):
		p.problem(in.StartLine, NoArguments)
	default:
		p.arguments(in)
	}
}

// arguments reads what follows the name and the flags.
func (p *parser) arguments(in *Instruction) {
	switch in.Name {
	case "ENV", "LABEL":
		p.pairs(in)
	case "ARG":
		p.declarations(in)
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		p.command(in, in.Rest)
	case "ADD", "COPY", "VOLUME":
		if !p.list(in, in.Rest) {
			p.fields(in)
		}
	case "EXPOSE", "FROM":
		p.fields(in)
	case "HEALTHCHECK":
		p.healthcheck(in)
	case "ONBUILD":
		p.onBuild(in)
	case "MAINTAINER":
		p.addText(in, in.Rest)
	default:
		p.addArg(in, in.Rest)
	}
}

// instructionName is the name in upper case, and whether there is an instruction of that name.
func instructionName(b []byte) (string, bool) {
	var upper [len("HEALTHCHECK")]byte
	if len(b) <= len(upper) {
		for i, c := range b {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			upper[i] = c
		}
		if name, ok := instructionNames[string(upper[:len(b)])]; ok {
			return name, true
		}
	}
	name := strings.ToValidUTF8(string(b[:min(len(b), 64)]), "\ufffd")
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			// The Kelvin sign is a k to BuildKit, which makes names lower case; the dotless i is no i.
			lower := strings.ToLower(name) // EqualFold would not do: it takes a dotted capital I for no i
			known, ok := instructionNames[strings.ToUpper(lower)]
			if ok && strings.ToLower(known) == lower {
				return known, true
			}
			return name, false
		}
	}
	return strings.ToUpper(name), false
}

// instructionNames are the instructions that builders know.
var instructionNames = func() map[string]string {
	names := map[string]string{}
	for _, n := range strings.Fields("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR") {
		names[n] = n
	}
	return names
}()

// needsArguments says whether builders refuse the instruction without any.
func needsArguments(name string) bool {
	switch name {
	case "RUN", "CMD", "ENTRYPOINT":
		return false
	}
	return true
}

// addArg adds a word that the builder will expand.
func (p *parser) addArg(in *Instruction, t Text) {
	if w := p.newArg(in, t); w != nil {
		p.word(w, t, in.StartLine)
	}
}

// addText adds a word that means what it says.
func (p *parser) addText(in *Instruction, t Text) {
	if w := p.newArg(in, t); w != nil {
		w.Raw, w.Value = t, t
	}
}

func (p *parser) newArg(in *Instruction, t Text) *Word {
	if t.Len() == 0 || !p.take(in.StartLine) {
		return nil
	}
	in.Args = p.args.add(in.Args)
	return &in.Args[len(in.Args)-1]
}

// newVar adds a pair to fill in.
func (p *parser) newVar(in *Instruction) *Var {
	in.Vars = p.vars.add(in.Vars)
	return &in.Vars[len(in.Vars)-1]
}

// list reads t as a JSON array and reports whether it is one.
func (p *parser) list(in *Instruction, t Text) bool {
	words, ok, other := p.jsonWords(t, in.StartLine)
	if other {
		p.problem(in.StartLine, BadJSON)
	}
	if ok {
		in.JSON = true
		for _, w := range words {
			in.Args = p.args.add(in.Args)
			in.Args[len(in.Args)-1] = w
		}
	}
	return ok
}

// command reads t as a JSON array, or else as one text for a shell.
func (p *parser) command(in *Instruction, t Text) {
	if !p.list(in, t) {
		p.addText(in, t)
	}
}

func (p *parser) fields(in *Instruction) {
	blankFields(in.Rest.Bytes, func(s span) bool {
		p.addArg(in, in.Rest.Slice(s.start, s.end))
		return !p.full
	})
}

// healthcheck reads `CMD command` or `NONE`.
func (p *parser) healthcheck(in *Instruction) {
	b := in.Rest.Bytes
	i := 0
	for i < len(b) && !byteSpace(b[i]) {
		i++
	}
	if i == 0 {
		p.problem(in.StartLine, NoArguments)
		return
	}
	p.addText(in, in.Rest.Slice(0, i))
	for i < len(b) && byteSpace(b[i]) {
		i++
	}
	p.command(in, in.Rest.Slice(i, len(b)))
}

// onBuild reads the instruction within an ONBUILD.
func (p *parser) onBuild(in *Instruction) {
	if p.nesting >= maxOnBuild {
		p.problem(in.StartLine, NestedOnBuild)
		return
	}
	p.nesting++
	inner := &Instruction{StartLine: in.StartLine}
	p.build(inner, in.Rest)
	p.nesting--
	if inner.Name == "ONBUILD" && p.nesting == 0 {
		p.problem(in.StartLine, NestedOnBuild)
	}
	in.OnBuild = inner
}

// pairs reads ENV and LABEL: `NAME value`, one pair whose value is all that follows, when the first word has no
// equals sign; else words of which each is a pair.
func (p *parser) pairs(in *Instruction) {
	first := true
	quotedFields(in.Rest.Bytes, p.escape, func(s span) bool {
		raw := in.Rest.Slice(s.start, s.end)
		eq := bytes.IndexByte(raw.Bytes, '=')
		if eq < 0 && first {
			p.oldPair(in)
			return false
		}
		first = false
		if eq < 0 {
			p.problem(in.StartLine, MissingDelimiter)
			return true
		}
		p.pair(in, raw, eq)
		return !p.full
	})
}

// oldPair reads `NAME value`.
func (p *parser) oldPair(in *Instruction) {
	b := in.Rest.Bytes
	n := 0
	for n < len(b) && !blank(b[n]) {
		n++
	}
	i := n
	for i < len(b) && blank(b[i]) {
		i++
	}
	if n == len(b) {
		p.problem(in.StartLine, BadPair)
		return
	}
	if p.take(in.StartLine) {
		v := p.newVar(in)
		p.name(v, in.Rest.Slice(0, n), in.StartLine)
		p.word(&v.Word, in.Rest.Slice(i, len(b)), in.StartLine)
		v.Set, v.Old = true, true
	}
}

// name reads the name of a pair.
func (p *parser) name(v *Var, raw Text, line int) {
	p.word(&v.Word, raw, line)
	v.RawName, v.Name = raw, v.Value
}

// pair reads `NAME=value`, with the equals sign at eq.
func (p *parser) pair(in *Instruction, raw Text, eq int) {
	if !p.take(in.StartLine) {
		return
	}
	v := p.newVar(in)
	v.Set = true
	b := raw.Bytes
	if q := b[0]; (q == '"' || q == '\'') && bytes.IndexByte(b[1:max(1, eq)], q) < 0 {
		v.Read(raw, p.escape, false, &p.nodes)
		if i := bytes.IndexByte(v.Value.Bytes, '='); v.Quoted && i >= 0 {
			// "NAME=value": builders take the mark for a part of the name and stop. What is meant is clear.
			p.problem(in.StartLine, BadQuote)
			t := v.Value
			v.Name, v.Value = t.Slice(0, i), t.Slice(i+1, t.Len())
			v.RawName, v.Raw = v.Name, v.Value
			return
		}
	}
	p.name(v, raw.Slice(0, eq), in.StartLine)
	p.word(&v.Word, raw.Slice(eq+1, len(b)), in.StartLine)
	if v.Name.Len() == 0 {
		p.problem(in.StartLine, BadPair)
	}
}

// declarations reads ARG: words that are names, or pairs.
func (p *parser) declarations(in *Instruction) {
	quotedFields(in.Rest.Bytes, p.escape, func(s span) bool {
		raw := in.Rest.Slice(s.start, s.end)
		if eq := bytes.IndexByte(raw.Bytes, '='); eq >= 0 {
			p.pair(in, raw, eq)
			return !p.full
		}
		if p.take(in.StartLine) {
			v := p.newVar(in)
			p.name(v, raw, in.StartLine)
			end := raw.Slice(raw.Len(), raw.Len())
			v.Word = Word{Raw: end, Value: end}
		}
		return !p.full
	})
}

// upperASCII says whether b is in capitals as environment variables are: letters, digits and underscores.
func upperASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || unicode.IsLower(rune(c)) || c != '_' && !letter(c) && !digit(c) {
			return false
		}
	}
	return len(b) > 0 && !digit(b[0])
}
