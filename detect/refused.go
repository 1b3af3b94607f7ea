package detect

import (
	"encoding/binary"

	"rummage/detect/assignment"
	"rummage/detect/plausible"
)

// refusals remembers which assignments of structured files no rule of their context made a match of. The versions of a
// file have most of their assignments in common, and all that rules look at before they refuse one is its context, name
// and value and plausible.Around bytes before and behind: those bytes are the key. Only refusals are remembered: of a
// match there is more to tell, which depends on more.
type refusals struct {
	known map[string]struct{}
	size  int // of the keys, in bytes
	key   []byte
}

const (
	// maxRefusals bounds the keys of refusals, in bytes; when there are more, all are forgotten.
	maxRefusals = 4 << 20
	// maxRefused bounds the length of an assignment that is remembered, in bytes, with what stands around it.
	maxRefused = 1 << 10
)

// has reports whether an assignment is known to be refused. If it is not, add may be called next. ok is false for what
// is not remembered.
func (r *refusals) has(data []byte, a *assignment.Assignment, context uint16) (known, ok bool) {
	start := max(0, min(a.Name.Start, a.Value.Start)-plausible.Around)
	end := min(len(data), max(a.Name.End, a.Value.End)+plausible.Around)
	if end-start+len(a.Decoded) > maxRefused {
		return false, false
	}
	flags := uint16(0)
	if a.Quoted {
		flags |= 1
	}
	if a.Refers {
		flags |= 2
	}
	if a.Decoded != nil {
		flags |= 4
	}
	key := r.key[:0]
	for _, n := range [...]int{int(context), int(flags), a.Name.Start - start, a.Name.End - start, a.Value.Start - start, a.Value.End - start,
		len(a.Decoded)} {
		key = binary.LittleEndian.AppendUint16(key, uint16(n))
	}
	r.key = append(append(key, a.Decoded...), data[start:end]...)
	_, known = r.known[string(r.key)]
	return known, true
}

// add remembers the assignment that has was last asked for.
func (r *refusals) add() {
	if r.size+len(r.key) > maxRefusals || r.known == nil {
		r.known, r.size = map[string]struct{}{}, 0
	}
	r.known[string(r.key)] = struct{}{}
	r.size += len(r.key)
}
