package dockerfile

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"

	"rummage/detect/assignment"
)

// Content is what the rules judge of a file.
type Content struct {
	// Assignments are those that Assignments and Practices give, in the order of the file, with their remarks.
	Assignments []assignment.Assignment
	// Silenced are the ranges that suppression comments are about.
	Silenced []Silenced
	// Problems is the number of instructions and lines that were not understood.
	Problems int
}

// Silenced is the range that a suppression comment is about: an instruction, or the file.
type Silenced struct {
	Span assignment.Span
	Suppression
}

// Reader reads the contents of files, one after another, and remembers their instructions: in the versions of a file
// most are the same. Its results are those of a fresh Reader. It belongs to one goroutine. The zero value is ready for
// use.
type Reader struct {
	// Keep says which assignments matter to the caller; nil: all. It is asked once for each that is remembered. Practices
	// are given whatever it says.
	Keep func(c assignment.Context, name []byte) bool

	pieces map[uint64]*piece
	bytes  int // of pieces
	stages map[string]*File
	seed   maphash.Seed
	all    []stated
	found  []assignment.Assignment
	// What was read last, and its pieces: the next file may be its next version. now are those of the file at hand.
	last        []byte
	escape      byte
	before, now []pieceAt
}

// pieceAt is a piece where it begins.
type pieceAt struct {
	*piece
	begin int
}

// Bounds of what a Reader remembers, in bytes of text and in pieces; beyond, it forgets all.
const (
	maxRemembered = 8 << 20
	maxPieces     = 1 << 14
	// maxKept bounds the lists that are used again, in assignments: some 2 MB.
	maxKept = 1 << 14
)

// piece is an instruction with the comments and empty lines above it, as it was read on its own. Its offsets count from
// its beginning.
type piece struct {
	text     []byte
	escape   byte
	found    []assignment.Assignment
	facts    facts
	silenced []Silenced
	anywhere []Suppression // that are about the whole file
	problems int
	alone    bool            // there is no instruction, only comments
	open     bool            // what follows has a say in where it ends
	name     string          // of the instruction
	span     assignment.Span // of the instruction
}

// Read reads a file. The content is valid until the next call.
func (r *Reader) Read(data []byte) Content {
	if r.pieces == nil || r.bytes > maxRemembered || len(r.pieces) > maxPieces {
		*r = Reader{Keep: r.Keep, pieces: map[uint64]*piece{}, stages: map[string]*File{}, seed: maphash.MakeSeed()}
	}
	clear(r.found) // what it refers to must not be kept alive
	if cap(r.found) > maxKept {
		r.found, r.all = nil, nil
	}
	c := Content{Assignments: r.found[:0]}
	head, start := directives(data)
	c.Problems = len(head.Problems)
	for _, s := range head.Suppressions {
		c.Silenced = append(c.Silenced, Silenced{assignment.Span{End: len(data)}, s})
	}
	r.cut(data, start, head.Escape)
	r.all = r.all[:0]
	var stages strings.Builder // the instructions that make the stages
	stage, instructions := -1, 0
	for _, at := range r.now {
		p := at.piece
		if !p.alone {
			instructions++
		}
		switch {
		case p.name == "FROM":
			stage++
			stages.Write(p.text[p.span.Start:p.span.End])
			stages.WriteByte('\n')
		case p.name == "ARG" && stage < 0:
			stages.Write(p.text[p.span.Start:p.span.End])
			stages.WriteByte('\n')
		}
		r.all = append(r.all, stated{facts: &p.facts, base: at.begin, stage: stage})
		c.take(p, at.begin, len(data))
	}
	f := r.stagesOf(stages.String(), head.Escape)
	if instructions == 0 {
		c.Problems++
	}
	c.Assignments = r.finish(f, c.Assignments)
	r.found = c.Assignments
	return c
}

// cut puts the pieces of a file into now. Those in front that the file read last has too are taken from there, and so are
// those at the end, from where a piece begins in both.
func (r *Reader) cut(data []byte, start int, escape byte) {
	r.now = r.now[:0]
	s := scanner{data: data, escape: escape, pos: start}
	same, tail, k := 0, 0, 0
	if r.escape == escape && len(r.before) > 0 && r.before[0].begin == start {
		same = commonPrefix(r.last, data)
		tail = commonSuffix(r.last[same:], data[same:])
		for ; k < len(r.before); k++ {
			// How a piece ends, the bytes in it say; but for a document, which may have no end, and for the end of the file.
			at := r.before[k]
			if end := at.begin + len(at.text); end > same || end == len(r.last) || at.open {
				break
			}
			r.now = append(r.now, at)
			s.pos = at.begin + len(at.text)
		}
	}
	for n := len(r.now); n <= MaxInstructions; n++ {
		begin := s.pos
		if begin >= len(data)-tail && begin < len(data) {
			was := begin - len(data) + len(r.last)
			for k < len(r.before) && r.before[k].begin < was {
				k++
			}
			if k < len(r.before) && r.before[k].begin == was {
				for _, at := range r.before[k:min(len(r.before), k+MaxInstructions+1-n)] {
					at.begin += begin - was
					r.now = append(r.now, at)
				}
				break
			}
		}
		if !s.piece() {
			break
		}
		r.now = append(r.now, pieceAt{r.piece(data[begin:s.pos], escape), begin})
	}
	r.last, r.escape = append(r.last[:0], data...), escape
	r.before = append(r.before[:0], r.now...)
}

// commonPrefix is how many bytes two texts have in common at their beginnings.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+commonStep <= n && bytes.Equal(a[i:i+commonStep], b[i:i+commonStep]) {
		i += commonStep
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// commonSuffix is how many they have in common at their ends.
func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+commonStep <= n && bytes.Equal(a[len(a)-i-commonStep:len(a)-i], b[len(b)-i-commonStep:len(b)-i]) {
		i += commonStep
	}
	for i < n && a[len(a)-i-1] == b[len(b)-i-1] {
		i++
	}
	return i
}

// commonStep is how many bytes are compared at a time.
const commonStep = 256

// take adds what a piece holds.
func (c *Content) take(p *piece, base, end int) {
	for _, a := range p.found {
		a.Name, a.Value = moved(a.Name, base), moved(a.Value, base)
		c.Assignments = append(c.Assignments, a)
	}
	for _, s := range p.silenced {
		c.Silenced = append(c.Silenced, Silenced{moved(s.Span, base), s.Suppression})
	}
	for _, s := range p.anywhere {
		c.Silenced = append(c.Silenced, Silenced{assignment.Span{End: end}, s})
	}
	c.Problems += p.problems
}

// finish notes what stays in builder stages, and adds the practices.
func (r *Reader) finish(f *File, list []assignment.Assignment) []assignment.Assignment {
	final := finals(f.Stages, f.byName, r.all)
	next := 0
	for i := range list {
		for next < len(r.all) && r.all[next].base <= list[i].Name.Start {
			next++
		}
		if s := r.all[max(0, next-1)].stage; s >= 0 && s < len(final) && !final[s] && list[i].Context != ContextComment {
			list[i].Remark = builder
		}
	}
	return judge(f.Stages, f.byName, r.all, list)
}

// stagesOf is a file of the instructions that make the stages.
func (r *Reader) stagesOf(text string, escape byte) *File {
	key := string(escape) + text
	f, known := r.stages[key]
	if !known {
		f = parsePiece([]byte(text), escape)
		r.stages[key] = f
		r.bytes += len(text)
	}
	return f
}

// piece is what a piece of a file holds.
func (r *Reader) piece(text []byte, escape byte) *piece {
	key := maphash.Bytes(r.seed, text)
	if p := r.pieces[key]; p != nil && p.escape == escape && bytes.Equal(p.text, text) {
		return p
	}
	p := &piece{text: bytes.Clone(text), escape: escape}
	p.open = bytes.Contains(text, []byte("<<"))
	f := parsePiece(p.text, escape)
	p.found = Assignments(f)
	if r.Keep != nil {
		p.found = slices.Clip(slices.DeleteFunc(p.found, func(a assignment.Assignment) bool { return !r.Keep(a.Context, a.Name.Of(p.text)) }))
	}
	for _, problem := range f.Problems {
		if problem.What != NoInstructions {
			p.problems++
		}
	}
	p.anywhere = f.Suppressions
	if p.alone = len(f.Instructions) == 0; !p.alone {
		in := &f.Instructions[0]
		p.name, p.span, p.facts = in.Name, in.Span, factsOf(f, in)
		for _, s := range in.Suppressions {
			p.silenced = append(p.silenced, Silenced{in.Span, s})
		}
	}
	r.pieces[key] = p
	r.bytes += len(p.text) + 64*len(p.found)
	return p
}

// directives reads the directives that a file begins with. It returns what they say, the offset of the line behind
// them.
func directives(data []byte) (head *File, start int) {
	p := &parser{data: data, escape: '\\', top: true, file: &File{data: data, byName: map[string]int{}}}
	if bytes.HasPrefix(data, utf8BOM) {
		p.pos = len(utf8BOM)
	}
	for {
		before := *p
		begin, end, ok := p.next()
		first := begin + leadingSpace(data[begin:end])
		if !ok || first == end || data[first] != '#' || !p.directive(first, end) {
			p.file.Escape = p.escape
			return p.file, before.pos
		}
	}
}

// parsePiece reads a part of a file that is not its beginning.
func parsePiece(text []byte, escape byte) *File {
	p := &parser{data: text, escape: escape, file: &File{data: text, byName: map[string]int{}}}
	p.lines()
	p.file.Escape = p.escape
	p.endStage(len(p.file.Instructions))
	p.parents()
	return p.file
}

// scanner finds where instructions end, without reading them.
type scanner struct {
	data   []byte
	escape byte
	pos    int
}

// piece goes behind the next instruction, or to the end of the file. It reports false at the end.
func (s *scanner) piece() bool {
	if s.pos >= len(s.data) {
		return false
	}
	p := parser{data: s.data, escape: s.escape, pos: s.pos}
	begun, more := -1, false
	for {
		start, end, ok := p.next()
		if !ok {
			break
		}
		first := start + leadingSpace(s.data[start:end])
		if first == end || s.data[first] == '#' {
			continue // empty lines and comments neither begin nor end an instruction
		}
		if begun < 0 {
			begun, start = first, first
		}
		if _, more = p.continued(start, end); !more {
			break
		}
	}
	if begun >= 0 && bytes.Contains(s.data[begun:p.pos], []byte("<<")) {
		return s.heredoc(begun)
	}
	s.pos = p.pos
	return true
}

// heredoc goes behind an instruction that may have documents behind it, by reading it.
func (s *scanner) heredoc(begun int) bool {
	p := &parser{data: s.data, escape: s.escape, pos: begun, file: &File{data: s.data, byName: map[string]int{}}}
	start, end, _ := p.next()
	p.instruction(start, end)
	s.pos = p.pos
	return true
}
