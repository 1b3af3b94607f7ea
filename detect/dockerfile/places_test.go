package dockerfile

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"rummage/detect/assignment"
)

// checker reads everything that a File gives again from the bytes at its offsets.
type checker struct {
	t    testing.TB
	f    *File
	data []byte
}

// checkFile checks all places of a file.
func checkFile(t testing.TB, f *File) {
	c := checker{t, f, f.Data()}
	last := 0
	for i := range f.Instructions {
		in := &f.Instructions[i]
		c.span("instruction", in.Span)
		if in.Span.Start < last || in.StartLine > in.EndLine || in.StartLine != 1+bytes.Count(c.data[:in.Span.Start], []byte("\n")) {
			t.Fatalf("instruction %d at %v, lines %d-%d, behind %d", i, in.Span, in.StartLine, in.EndLine, last)
		}
		last = in.Span.End
		c.instruction(in, in.Span)
		c.suppressions(in)
	}
	for _, comment := range f.Comments {
		c.text("comment", comment.Text)
		if at := comment.Text.Pos(0); comment.Line != 1+bytes.Count(c.data[:at], []byte("\n")) {
			t.Fatalf("comment at %d, line %d", at, comment.Line)
		}
	}
	for _, d := range f.Directives {
		c.text("directive", d.Value)
	}
	for i, s := range f.Stages {
		c.word("base", s.Base)
		if s.Parent >= i || s.First >= s.End || f.Instructions[s.First].Name != "FROM" || f.Instructions[s.First].Stage != i {
			t.Fatalf("stage %d: %+v", i, s)
		}
	}
	lines := 1 + bytes.Count(c.data, []byte("\n"))
	for _, p := range f.Problems {
		if p.Line < 1 || p.Line > lines {
			t.Fatalf("problem in line %d of %d", p.Line, lines)
		}
	}
	for _, a := range Assignments(f) {
		c.assignment(a)
	}
}

func (c *checker) suppressions(in *Instruction) {
	for _, s := range in.Suppressions {
		if s.Line >= in.StartLine || s.All && len(s.Rules) > 0 || !s.All && len(s.Rules) == 0 {
			c.t.Fatalf("suppression %+v above line %d", s, in.StartLine)
		}
	}
}

func (c *checker) span(what string, s assignment.Span) {
	if s.Start < 0 || s.Start > s.End || s.End > len(c.data) {
		c.t.Fatalf("%s: %v of %d bytes", what, s, len(c.data))
	}
}

// text reads a text again: each byte from its place, but where the text stands for an escape of JSON.
func (c *checker) text(what string, t Text) {
	place := t.Place()
	c.span(what, place)
	if t.Verbatim() {
		if !bytes.Equal(place.Of(c.data), t.Bytes) {
			c.t.Fatalf("%s: %q at %v, where %q stands", what, t.Bytes, place, place.Of(c.data))
		}
		return
	}
	for i := range t.Bytes {
		at := t.Pos(i)
		one := t.Span(i, i+1)
		if at < place.Start || at >= place.End || one.Start != at || one.End <= at || one.End > place.End || i > 0 && at < t.Pos(i-1) {
			c.t.Fatalf("%s: byte %d of %q at %d (%v), not in %v", what, i, t.Bytes, at, one, place)
		}
		if c.data[at] != t.Bytes[i] && !c.escape(t, i) {
			c.t.Fatalf("%s: byte %d of %q is not %q at %d", what, i, t.Bytes, c.data[at], at)
		}
	}
}

// escape says whether byte i of the text was made from an escape, which begins with a backslash.
func (c *checker) escape(t Text, i int) bool {
	return c.data[t.Pos(i)] == '\\'
}

func (c *checker) within(what string, t Text, outer assignment.Span) {
	c.text(what, t)
	if s := t.Place(); s.Start < outer.Start || s.End > outer.End {
		c.t.Fatalf("%s: %v is not in %v", what, s, outer)
	}
}

func (c *checker) word(what string, w Word) {
	c.text(what, w.Raw)
	c.within(what, w.Value, w.Raw.Place())
	if w.Quoted && w.Raw.Len() < w.Value.Len() {
		c.t.Fatalf("%s: %q quoted in %q", what, w.Value, w.Raw)
	}
	for _, r := range c.f.Refs(w.Raw) {
		c.span("reference", r.Span)
		if r.Name.Len() == 0 || c.data[r.Span.Start] != '$' && w.Raw.Verbatim() {
			c.t.Fatalf("reference %+v in %q", r, w.Raw)
		}
		c.within("name", r.Name, r.Span)
		c.within("operand", r.Word, r.Span)
		c.within("value", r.Value, r.Word.Place())
	}
}

func (c *checker) instruction(in *Instruction, outer assignment.Span) {
	c.within("text", in.Text, outer)
	c.within("rest", in.Rest, outer)
	c.span("name", in.NameSpan)
	for _, w := range in.Args {
		c.word("argument", w)
	}
	for _, v := range in.Vars {
		c.text("name", v.Name)
		c.text("raw name", v.RawName)
		c.word("value", v.Word)
	}
	for _, flag := range in.Flags {
		c.span("flag", flag.Span)
		c.within("flag", flag.Value, flag.Span)
		for _, o := range flag.Options {
			c.within("option", o.Value, flag.Span)
		}
	}
	for i := range in.Heredocs {
		doc := &in.Heredocs[i]
		c.span("mark", doc.Mark)
		c.span("body", doc.Body)
		if doc.Body.End > outer.End || !bytes.Contains(doc.Mark.Of(c.data), []byte("<")) {
			c.t.Fatalf("heredoc %+v", doc)
		}
		c.within("body", c.f.Body(doc), doc.Body)
	}
	for _, s := range c.f.Shell(in) {
		c.within("script", s.Text, outer)
		c.commands(s)
	}
	if in.OnBuild != nil {
		c.instruction(in.OnBuild, outer)
	}
}

func (c *checker) commands(s Script) {
	place := s.Text.Place()
	Commands(s.Text, s.Escape, func(cmd *Command) {
		for _, v := range cmd.Assigns {
			c.within("variable", v.Name, place)
			c.text("variable", v.Raw)
			c.within("variable", v.Value, v.Raw.Place())
		}
		for _, w := range cmd.Words {
			c.within("word", w.Raw, place)
			c.within("word", w.Value, w.Raw.Place())
		}
		for _, r := range cmd.Redirs {
			c.span("redirection", r.Span)
			c.within("target", r.Target.Raw, r.Span)
			if r.Body.Len() > 0 {
				c.within("body", r.Body, place)
			}
		}
	})
}

// assignment checks that the decoded value can be what stands at the value's place: its bytes come there in order,
// but for escapes.
func (c *checker) assignment(a assignment.Assignment) {
	c.span("name", a.Name)
	c.span("value", a.Value)
	if a.Name.Len() == 0 || a.Context == "" {
		c.t.Fatalf("%+v", a)
	}
	if a.Decoded == nil {
		return
	}
	raw := a.Value.Of(c.data)
	if bytes.Equal(raw, a.Decoded) {
		c.t.Fatalf("decoded is not needed: %q", raw)
	}
	for _, b := range a.Decoded {
		i := bytes.IndexByte(raw, b)
		if i < 0 && !bytes.Contains(a.Value.Of(c.data), []byte("\\")) {
			c.t.Fatalf("%q is not in %q", a.Decoded, a.Value.Of(c.data))
		}
		raw = raw[i+1:]
	}
}

func TestPlaces(t *testing.T) {
	for _, data := range files(t) {
		checkFile(t, Parse(data))
	}
}

// TestPlacesMixed: lines of the files in any order, with bytes and endings changed, are read with right places too.
func TestPlacesMixed(t *testing.T) {
	var lines [][]byte
	all := files(t)
	for _, name := range slices.Sorted(maps.Keys(all)) { // in one order always: lines are chosen by numbers
		data := all[name]
		lines = append(lines, bytes.SplitAfter(data, []byte("\n"))...)
	}
	lines = append(lines, []byte("\\\n"), []byte("\"\n"), []byte("`\n"), []byte("${A:-\n"), []byte("\u00a0\n"), []byte("\xff\xfe\r\n"), []byte("\\"))
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var data []byte
		for range 1 + r.IntN(12) {
			line := lines[r.IntN(len(lines))]
			if r.IntN(3) == 0 && len(line) > 1 {
				line = line[:r.IntN(len(line))]
			}
			data = append(data, line...)
		}
		checkFile(t, Parse(data))
	}
}

// FuzzParse: nothing panics, and each offset lies in the bytes and points at what it is the offset of.
func FuzzParse(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	for _, form := range forms {
		f.Add([]byte(form.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		file := Parse(data)
		checkFile(t, file)
		Resolve(file, func(in *Instruction, env *Env) {
			for _, w := range in.Args {
				if r := env.Word(w.Raw); len(r.Value) > maxValue && !r.Literal() {
					t.Fatalf("value of %d bytes", len(r.Value))
				}
			}
		})
	})
}
