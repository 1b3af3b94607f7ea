package detect

import (
	"encoding/binary"

	"rummage/detect/dfa"
)

// Where matches of a rule are looked for, program.near and program.tail, takes longer to find out than most rules are searched
// for afterwards. So a snapshot has it, in a form of its own that is read when a keyword of the rule is met.

// appendLocation appends near and tail. near is not nil.
func appendLocation(b []byte, near *extent, t *tail) []byte {
	b = binary.AppendVarint(b, int64(near.others))
	var loops [len(near.loops) / 8]byte
	for i, in := range near.loops {
		if in {
			loops[i/8] |= 1 << (i % 8)
		}
	}
	b = append(b, flag(near.empty))
	if !near.empty {
		b = append(b, loops[:]...)
	}
	if t == nil {
		return append(b, 0)
	}
	b = append(b, 1, flag(t.whole))
	for _, n := range []int{t.head, t.run, t.of} {
		b = binary.AppendVarint(b, int64(n))
	}
	return t.prog.AppendBinary(b)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// readLocation reads what appendLocation has written, and nothing else.
func readLocation(data string) (near *extent, t *tail, ok bool) {
	r := locationReader{data: []byte(data)}
	near = &extent{others: r.int(), empty: r.byte() == 1}
	if !near.empty {
		for i := range len(near.loops) / 8 {
			for bit, b := 0, r.byte(); bit < 8; bit++ {
				near.loops[8*i+bit] = b>>bit&1 != 0
			}
		}
	}
	if r.byte() == 0 {
		return near, nil, !r.bad && len(r.data) == 0
	}
	t = &tail{whole: r.byte() == 1, head: r.int(), run: r.int(), of: r.int()}
	if r.bad || t.head < -1 || t.run < 0 || t.of < 0 || t.of >= len(runSets) {
		return nil, nil, false
	}
	t.prog, r.data, ok = dfa.Read(r.data)
	return near, t, ok && len(r.data) == 0
}

// locationReader reads numbers; after the first that is none all are 0.
type locationReader struct {
	data []byte
	bad  bool
}

func (r *locationReader) byte() byte {
	if len(r.data) == 0 {
		r.bad = true
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *locationReader) int() int {
	v, n := binary.Varint(r.data)
	if n <= 0 || int64(int(v)) != v {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return int(v)
}
