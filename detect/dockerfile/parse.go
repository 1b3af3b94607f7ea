package dockerfile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// parser holds what Parse knows half way through a file.
type parser struct {
	data   []byte
	file   *File
	escape byte

	pos  int // where the next line starts
	line int // lines read so far
	end  int // end of the last line read, without its line end

	top     bool // only directives have been seen
	above   int  // index of the first comment that belongs to the next instruction
	words   int  // kept so far
	full    bool // a bound is reached
	nesting int  // ONBUILD around the instruction being read

	joined  []byte // the texts of continued instructions, one behind the other
	args    slab[Word]
	vars    slab[Var]
	flagged slab[Flag]
	builder placed.Builder
	nodes   []shell.Node // reused
	last    *lastLines
}

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// Parse reads a Dockerfile. It reads any bytes: what it does not understand is in the Problems of the result. The
// result refers to data.
func Parse(data []byte) *File {
	p := &parser{data: data, escape: '\\', top: true, file: &File{data: data, byName: map[string]int{}}}
	if bytes.HasPrefix(data, utf8BOM) {
		p.pos = len(utf8BOM)
	}
	// About as many as there are lines that are no comments and do not go on in the next.
	lines := bytes.Count(data, []byte("\n")) - bytes.Count(data, []byte("\\\n")) - bytes.Count(data, []byte("\n#")) + 1
	p.file.Instructions = make([]Instruction, 0, min(max(1, lines), len(data)/32+1, MaxInstructions))
	p.lines()
	p.file.Escape = p.escape
	p.endStage(len(p.file.Instructions))
	p.parents()
	if len(p.file.Instructions) == 0 {
		p.problem(max(1, p.line), NoInstructions)
	}
	return p.file
}

// lines reads all lines.
func (p *parser) lines() {
	for !p.full {
		start, end, ok := p.next()
		if !ok {
			break
		}
		first := start + leadingSpace(p.data[start:end])
		switch {
		case first == end:
			p.top = false
		case p.data[first] == '#':
			p.comment(start, first, end)
		default:
			p.top = false
			p.instruction(first, end)
		}
	}
}

// next reads a line. Line ends are not part of it; a carriage return elsewhere is.
func (p *parser) next() (start, end int, ok bool) {
	if p.pos >= len(p.data) {
		return 0, 0, false
	}
	start, end = p.pos, len(p.data)
	if i := bytes.IndexByte(p.data[start:], '\n'); i >= 0 {
		end = start + i
		p.pos = end + 1
	} else {
		p.pos = end
	}
	for end > start && p.data[end-1] == '\r' {
		end--
	}
	p.line++
	p.end = end
	return start, end, true
}

// problem records one, once for each instruction.
func (p *parser) problem(line int, what Reason) {
	found := Problem{line, what}
	if n := len(p.file.Problems); n == 0 || p.file.Problems[n-1] != found {
		p.file.Problems = append(p.file.Problems, found)
	}
}

// continued cuts the line data[start:end] before the escape character that continues it. It reports whether there is
// one: the last byte but blanks, not preceded by another one.
func (p *parser) continued(start, end int) (int, bool) {
	e := end
	for e > start && (p.data[e-1] == ' ' || p.data[e-1] == '\t') {
		e--
	}
	if e > start && p.data[e-1] == p.escape && (e-1 == start || p.data[e-2] != p.escape) {
		return e - 1, true
	}
	return end, false
}

// instruction reads the instruction that begins with data[start:end].
func (p *parser) instruction(start, end int) {
	if len(p.file.Instructions) >= MaxInstructions {
		p.stop(p.line)
		return
	}
	line, comments := p.line, p.file.Comments[p.above:len(p.file.Comments):len(p.file.Comments)]
	text := p.join(start, end)
	p.file.Instructions = append(p.file.Instructions, Instruction{})
	in := &p.file.Instructions[len(p.file.Instructions)-1]
	in.StartLine, in.Stage = line, len(p.file.Stages)-1
	p.build(in, text)
	in.Comments = comments
	in.Suppressions = p.suppressions(comments, line)
	p.heredocs(in)
	in.EndLine = p.line
	in.Span = assignment.Span{Start: start, End: max(start, p.end)}
	if in.Name == "FROM" {
		p.from(in)
	}
	p.above = len(p.file.Comments)
}

// stop ends the reading at a bound.
func (p *parser) stop(line int) {
	if !p.full {
		p.full = true
		p.problem(line, TooMany)
	}
}

// join reads the lines that continue data[start:end], and returns the text of all of them. Comments and empty lines
// among them are left out, and do not end the instruction.
func (p *parser) join(start, end int) Text {
	cut, more := p.continued(start, end)
	if !more {
		return placed.Of(p.data, assignment.Span{Start: start, End: end})
	}
	if p.joined == nil {
		p.joined = make([]byte, 0, len(p.data)-start)
	}
	p.builder.Reuse(p.joined)
	p.builder.Add(placed.Of(p.data, assignment.Span{Start: start, End: cut}))
	for more {
		start, end, ok := p.next()
		if !ok {
			break
		}
		first := start + leadingSpace(p.data[start:end])
		if first == end {
			continue
		}
		if p.data[first] == '#' {
			p.addComment(start, first, end, true)
			continue
		}
		cut, more = p.continued(start, end)
		p.builder.Add(placed.Of(p.data, assignment.Span{Start: start, End: cut}))
	}
	t := p.builder.Text(start)
	p.joined = p.joined[:len(p.joined)+t.Len()]
	return t
}

// from opens a stage.
func (p *parser) from(in *Instruction) {
	first := len(p.file.Instructions) - 1
	p.endStage(first)
	s := Stage{Parent: -1, First: first, StartLine: in.StartLine}
	if len(in.Args) > 0 {
		s.Base = in.Args[0]
	}
	named := len(in.Args) >= 3 && bytes.EqualFold(in.Args[1].Raw.Bytes, []byte("as"))
	if len(in.Args) != 1 && !(named && len(in.Args) == 3) {
		p.problem(in.StartLine, BadFrom)
	}
	if named {
		s.Name = strings.ToLower(in.Args[2].Value.String())
	}
	in.Stage = len(p.file.Stages)
	p.file.Stages = append(p.file.Stages, s)
}

// parents finds the stages that others are built on. Their names may be made of the ARGs before the first FROM.
func (p *parser) parents() {
	f := p.file
	if len(f.Stages) == 0 {
		return
	}
	env := newEnv(f)
	for i := range f.Stages[0].First {
		env.run(&f.Instructions[i])
	}
	for i := range f.Stages {
		s := &f.Stages[i]
		if parent, ok := f.byName[strings.ToLower(string(env.Word(s.Base.Raw).Value))]; ok {
			s.Parent = parent
		}
		if s.Name != "" {
			f.byName[s.Name] = i
		}
	}
}

// endStage closes the stage that is open.
func (p *parser) endStage(end int) {
	if n := len(p.file.Stages); n > 0 {
		s := &p.file.Stages[n-1]
		s.End = end
		s.EndLine = p.file.Instructions[end-1].EndLine
	}
}

// slab hands out slices of one array, so that not each instruction allocates its own. Only what was added last can
// grow.
type slab[T any] struct {
	free []T
}

// add appends an empty element to list, which is empty or the last that was added to. It is the last of the result.
func (s *slab[T]) add(list []T) []T {
	if len(s.free) == cap(s.free) {
		next := make([]T, 0, min(max(2*cap(s.free), 8), 512)+2*len(list))
		s.free = append(next, list...)
	}
	s.free = s.free[:len(s.free)+1]
	return s.free[len(s.free)-len(list)-1 : len(s.free) : len(s.free)]
}

// leadingSpace is the number of bytes of white space that b begins with.
func leadingSpace(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return len(b) - len(bytes.TrimLeftFunc(b, unicode.IsSpace))
		}
		if !asciiSpace(c) {
			return i
		}
	}
	return len(b)
}

// trim is t without white space around it.
func trim(t Text) Text {
	i := leadingSpace(t.Bytes)
	j := len(t.Bytes)
	for j > i && asciiSpace(t.Bytes[j-1]) {
		j--
	}
	if j > i && t.Bytes[j-1] >= utf8.RuneSelf {
		j = i + len(bytes.TrimRightFunc(t.Bytes[i:], unicode.IsSpace))
	}
	if i == 0 && j == len(t.Bytes) {
		return t
	}
	return t.Slice(i, j)
}

func asciiSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// blank is white space between the words of an instruction that is split without quotes.
func blank(c byte) bool { return c == ' ' || c == '\t' || '\v' <= c && c <= '\r' }

// byteSpace is white space to BuildKit where it takes bytes for characters: the bytes 85 and A0 too.
func byteSpace(c byte) bool { return asciiSpace(c) || c == 0x85 || c == 0xA0 }
