package carrier

import (
	"bytes"
	"encoding/binary"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// Memory remembers what was read of pairs of a key and its value, by their bytes. The versions of a file have most of
// them in common, and those that hold commands take far longer to read than to be found again. What is remembered is
// what reading them anew gives, to the last offset: a pair is remembered only if nothing outside it has a say, see
// yamltree.(Node).Piece. The zero value is ready for use. A Memory belongs to one goroutine.
type Memory struct {
	// Keep says which entries matter to the caller; nil: all. It is asked once for each that is remembered; see AppendMatter.
	Keep func(c assignment.Context, name []byte) bool

	known map[string][]Entry
	size  int // in bytes
	key   []byte
	lent  []Entry // the list that was given last

	matter []Entry // room for those of a pair that matter
}

const (
	// maxMemory bounds what is remembered, in bytes; when there is more, all is forgotten.
	maxMemory = 3 << 20
	// maxPiece bounds the length of a pair that is remembered, in bytes.
	maxPiece = 1 << 15
	// entrySize is what an entry takes, about.
	entrySize = 112
)

// outer is the owner of remembered entries that belong to the owner of the whole pair.
var outer = assignment.Span{Start: -1, End: -1}

// Recalled is a pair that is being read and may be remembered. The zero value is one that may not.
type Recalled struct {
	start   int // in the file
	entries int // before it
	fails   int // problems before it
	key     string
}

// Recall adds what is known of a pair, as what the tag says, and reports whether it is known. If it is not, it is to be
// read, and Remember to be called.
func (w *Walker) Recall(tag string, k, v yamltree.Node) (p Recalled, known bool) {
	if w.Memory == nil || !w.strict || w.flow || w.depth > MaxDepth/2 {
		return Recalled{}, false
	}
	s, column, ok := k.Piece(v)
	if !ok || s.Len() > maxPiece {
		return Recalled{}, false
	}
	m := w.Memory
	flags := byte(0)
	if w.script {
		flags = 1
	}
	key := append(m.key[:0], byte(w.Dialect), flags)
	key = binary.LittleEndian.AppendUint16(key, uint16(column))
	key = append(append(key, tag...), 0)
	m.key = append(key, s.Of(w.Data)...)
	found, known := m.known[string(m.key)]
	if !known {
		return Recalled{s.Start, len(w.entries), len(w.Problems), string(m.key)}, false
	}
	at := len(w.entries)
	w.entries = append(w.entries, found...)
	for i := at; i < len(w.entries); i++ {
		e := &w.entries[i]
		e.Name, e.Value = moved(e.Name, s.Start), moved(e.Value, s.Start)
		if e.Owner == outer {
			e.Owner = w.Owner
		} else {
			e.Owner = moved(e.Owner, s.Start)
		}
	}
	return Recalled{}, true
}

// Remember keeps what was read of a pair since Recall was called for it.
func (w *Walker) Remember(p Recalled) {
	if p.key == "" || len(w.Problems) > p.fails {
		return
	}
	m := w.Memory
	if m.size > maxMemory || m.known == nil {
		m.known, m.size = map[string][]Entry{}, 0
	}
	m.matter = m.AppendMatter(m.matter[:0], w.entries[p.entries:], w.Data)
	entries := slices.Clone(m.matter) // of just the room that it takes
	clear(m.matter)                   // they may refer to the file
	for i := range entries {
		e := &entries[i]
		e.Name, e.Value = moved(e.Name, -p.start), moved(e.Value, -p.start)
		e.Decoded = bytes.Clone(e.Decoded) // it may refer to the file
		if e.Owner == w.Owner {
			e.Owner = outer
		} else {
			e.Owner = moved(e.Owner, -p.start)
		}
		m.size += entrySize + len(e.Decoded)
	}
	m.known[p.key] = entries
	m.size += entrySize + len(p.key)
}

// AppendMatter appends to dst those entries of a list that matter, and the first that is a reference: a file that has one may
// take it from elsewhere.
func (m *Memory) AppendMatter(dst, list []Entry, data []byte) []Entry {
	if m == nil || m.Keep == nil {
		return append(dst, list...)
	}
	refers := false
	for i := range list {
		e := &list[i]
		first := !refers && e.Form == interpolate.Reference && e.Value.Len() > 0
		refers = refers || first
		if first || m.Keep(e.Context, e.Name.Of(data)) {
			dst = append(dst, *e)
		}
	}
	return dst
}

func moved(s assignment.Span, by int) assignment.Span {
	return assignment.Span{Start: s.Start + by, End: s.End + by}
}

// Len is the number of pairs that are known.
func (m *Memory) Len() int { return len(m.known) }
