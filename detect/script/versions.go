package script

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

// Reader reads one version of a file after another, as Kind.Parse does, and reads again only what it has not seen before:
// the parts of scripts that empty lines bound, the recipes of Makefiles. The zero value is ready for use. A Reader belongs
// to one goroutine.
type Reader struct {
	known memory
	last  []Entry
	one   *reader // reads all files, so that what it takes is made once
}

// Read reads a file of the kind. The list is valid until the next call.
func (r *Reader) Read(k Kind, data []byte) []Entry {
	if cap(r.last) > maxLast {
		r.last = nil
	}
	clear(r.last) // what they refer to must not be kept alive
	if r.one == nil {
		r.one = &reader{known: &r.known}
	}
	one := r.one
	one.data, one.dialect, one.entries, one.level = data, interpolate.Shell, r.last[:0], 0
	one.read(k)
	r.last = one.entries
	one.forget()
	return r.last
}

// forget lets go of the file read last.
func (r *reader) forget() {
	r.data, r.entries = nil, nil
	for _, s := range r.shells {
		s.split.Forget()
		s.command.Forget()
		s.claims.Reset()
	}
}

const (
	// maxKnown bounds what a Reader remembers, in bytes: when there is more, all is forgotten.
	maxKnown = 3 << 20
	// maxPart bounds the length of a text that is remembered, in bytes.
	maxPart = 1 << 13
	// maxLast bounds the list that a Reader uses again, in entries.
	maxLast = 1 << 14
	// entrySize is what an entry takes, about.
	entrySize = 96
)

// memory is what is known of texts of shells, by what they are, the dialect and their bytes. The places of entries are
// from the first byte of the text.
type memory struct {
	texts map[string][]Entry
	size  int // in bytes
	key   []byte
}

// What a text is.
const (
	wholeText = iota // nothing stands behind it
	partOfText
)

func (m *memory) keyOf(what byte, dialect interpolate.Dialect, text []byte) []byte {
	m.key = append(append(m.key[:0], what, byte(dialect)), text...)
	return m.key
}

// recall adds the entries of a text if they are known.
func (r *reader) recall(what byte, t placed.Text) bool {
	if t.Len() > maxPart {
		return false
	}
	found, ok := r.known.texts[string(r.known.keyOf(what, r.dialect, t.Bytes))]
	if !ok {
		return false
	}
	at := len(r.entries)
	r.entries = append(r.entries, found...)
	for i := at; i < len(r.entries); i++ {
		move(&r.entries[i], t.Pos(0))
	}
	return true
}

// remember keeps the entries of a text, which are those from an index on.
func (r *reader) remember(what byte, t placed.Text, from int) {
	if t.Len() > maxPart {
		return
	}
	m := r.known
	if m.size > maxKnown || m.texts == nil {
		m.texts, m.size = map[string][]Entry{}, 0
	}
	entries := append([]Entry(nil), r.entries[from:]...)
	for i := range entries {
		e := &entries[i]
		move(e, -t.Pos(0))
		e.Decoded = bytes.Clone(e.Decoded) // it may refer to the file
		m.size += entrySize + len(e.Decoded)
	}
	m.texts[string(m.keyOf(what, r.dialect, t.Bytes))] = entries
	m.size += entrySize + t.Len()
}

// parts cuts a script at empty lines. What is read of a part does not depend on the others if it begins and ends where
// the splitter says that the text is cut in two and no pipe is being read from.
type parts struct {
	r       *reader
	t       placed.Text
	command *command.Reader
	// start and end are those of the part that is being read, and may be remembered; start is -1 if there is none. Its
	// entries are those from an index on.
	start, end, entries int
}

// line is called where the text may be cut, and returns the offset from which on it is to be split.
func (p *parts) line(i int) int {
	if !p.command.Idle() {
		return i
	}
	b := p.t.Bytes
	switch {
	case p.start >= 0 && i == p.end:
		p.r.remember(partOfText, p.t.Slice(p.start, p.end), p.entries)
	case p.start >= 0 && i < p.end:
		return i
	}
	p.start = -1
	for i < len(b) && (i == 0 || b[i] == '\n') {
		end := partEnd(b, i)
		if !p.r.recall(partOfText, p.t.Slice(i, end)) {
			p.start, p.end, p.entries = i, end, len(p.r.entries)
			break
		}
		i = end
	}
	return i
}

var emptyLine = []byte("\n\n")

// partEnd is the end of the part that begins at i: the next empty line behind one that is not, or the end of the text.
func partEnd(b []byte, i int) int {
	for i < len(b) && b[i] == '\n' {
		i++
	}
	if n := bytes.Index(b[i:], emptyLine); n >= 0 {
		return i + n + 1
	}
	return len(b)
}

// move moves an entry by so many bytes.
func move(e *Entry, by int) {
	e.Name = assignment.Span{Start: e.Name.Start + by, End: e.Name.End + by}
	e.Value = assignment.Span{Start: e.Value.Start + by, End: e.Value.End + by}
}
