package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
)

// AppendBinary appends the program in a form that Read reads much sooner than the expression is compiled: numbers as varints,
// the start, whether it is anchored, and the instructions.
func (p *Program) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(p.start))
	anchored := uint64(0)
	if p.anchored {
		anchored = 1
	}
	b = binary.AppendUvarint(b, anchored)
	b = binary.AppendUvarint(b, uint64(len(p.insts)))
	var last []rune
	for i := range p.insts {
		in := &p.insts[i]
		b = binary.AppendVarint(append(b, byte(in.Op)), int64(in.Out)-int64(i))
		b = binary.AppendUvarint(b, uint64(in.Arg))
		if len(in.Rune) > 0 && slices.Equal(in.Rune, last) {
			b = append(b, sameRunes)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(in.Rune)+sameRunes+1))
		for _, r := range in.Rune {
			b = binary.AppendVarint(b, int64(r))
		}
		if len(in.Rune) > 0 {
			last = in.Rune
		}
	}
	return b
}

// sameRunes stands for the runes of the last instruction that has any; other numbers are how many there are, and one more. Counted
// repetitions are many instructions with the same runes.
const sameRunes = 0

// Read reads what AppendBinary has written, and nothing else. It returns what follows.
func Read(data []byte) (p *Program, rest []byte, ok bool) {
	r := reader{data: data}
	p = &Program{start: r.uint32(), anchored: r.uint32() == 1}
	n := int(r.uint32())
	if r.bad || n > maxProgram || n > len(r.data) || int(p.start) >= n {
		return nil, nil, false
	}
	p.insts = make([]syntax.Inst, n)
	var last []rune
	for i := range p.insts {
		in := &p.insts[i]
		in.Op, in.Out, in.Arg = syntax.InstOp(r.byte()), uint32(r.int()+int64(i)), r.uint32()
		leads := in.Op != syntax.InstMatch && in.Op != syntax.InstFail
		both := in.Op == syntax.InstAlt || in.Op == syntax.InstAltMatch
		k := int(r.uint32()) - 1
		if r.bad || in.Op > syntax.InstRuneAnyNotNL || leads && int(in.Out) >= n || both && int(in.Arg) >= n || k > len(r.data) {
			return nil, nil, false
		}
		if k > 0 {
			last = make([]rune, k)
			for j := range last {
				last[j] = r.rune()
			}
		}
		if k > 0 || k+1 == sameRunes {
			in.Rune = last
		}
	}
	if r.bad {
		return nil, nil, false
	}
	p.classify()
	return p, r.data, true
}

// reader reads numbers; after the first that is none all are 0.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.bad = true
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) uint32() uint32 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v > 1<<32-1 {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return uint32(v)
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) rune() rune {
	v := r.int()
	r.bad = r.bad || v < -1 || v > unicode.MaxRune
	return rune(v)
}
