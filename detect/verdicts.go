package detect

import (
	"encoding/binary"

	"rummage/detect/assignment"
	"rummage/detect/plausible"
)

// verdicts remembers what filters said of assignments of structured files, and which of these no rule made a match of.
// The versions of a file have most of their assignments in common, and all that rules look at before they refuse one is
// its context, name and value and plausible.Around bytes before and behind: those bytes are the key. Which filters are
// asked, and in which order, follows from them too.
type verdicts struct {
	known map[string][]verdict
	size  int // of what is known, in bytes
	key   []byte
	// replay are the verdicts of the assignment at hand that are still to be asked for, record those that were given.
	replay, record []verdict
	recording      bool
}

// verdict is what a filter said.
type verdict struct{ plausible, weak bool }

// of is what the filter of a rule says of an assignment.
func (v *verdicts) of(filter plausible.Filter, text []byte, a assignment.Assignment) verdict {
	if len(v.replay) > 0 {
		said := v.replay[0]
		v.replay = v.replay[1:]
		return said
	}
	s := filter(text, a)
	said := verdict{s.Plausible, s.Weak}
	if v.recording {
		v.record = append(v.record, said)
	}
	return said
}

const (
	// maxVerdicts bounds what is remembered, in bytes; when there is more, all is forgotten.
	maxVerdicts = 4 << 20
	// maxJudged bounds the length of an assignment that is remembered, in bytes, with what stands around it.
	maxJudged = 1 << 10
	// verdictSize is what an entry takes beside its key and verdicts, about.
	verdictSize = 96
)

// begin makes ready for an assignment of a context with a number. It reports whether it is known that no rule makes a
// match of it; end is to be called if not.
func (v *verdicts) begin(data []byte, a *assignment.Assignment, context uint16) (refused bool) {
	v.record, v.replay, v.recording = v.record[:0], nil, false
	start := max(0, min(a.Name.Start, a.Value.Start)-plausible.Around)
	end := min(len(data), max(a.Name.End, a.Value.End)+plausible.Around)
	if end-start+len(a.Decoded) > maxJudged {
		return false
	}
	flags := 0
	for i, set := range [...]bool{a.Quoted, a.Refers, a.Decoded != nil} {
		if set {
			flags |= 1 << i
		}
	}
	key := v.key[:0]
	for _, n := range [...]int{int(context), flags, a.Name.Start - start, a.Name.End - start, a.Value.Start - start, a.Value.End - start,
		len(a.Decoded)} {
		key = binary.LittleEndian.AppendUint16(key, uint16(n))
	}
	v.key = append(append(key, a.Decoded...), data[start:end]...)
	said, known := v.known[string(v.key)]
	if known && said == nil {
		return true
	}
	v.replay, v.recording = said, !known
	return false
}

// end remembers what was said of the assignment that begin was called with last, if that is not known. refused says that
// it came to no match.
func (v *verdicts) end(refused bool) {
	v.replay = nil
	if !v.recording {
		return
	}
	v.recording = false
	said := []verdict(nil)
	if !refused {
		said = append(make([]verdict, 0, len(v.record)), v.record...)
	}
	if v.size > maxVerdicts || v.known == nil {
		v.known, v.size = map[string][]verdict{}, 0
	}
	v.known[string(v.key)] = said
	v.size += len(v.key) + 2*len(said) + verdictSize
}
