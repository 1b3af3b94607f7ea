package dotenv

import "bytes"

// Reader reads one version of a file after another, as Parse does, and reads again only what it has not seen before: the
// runs of lines between empty lines. A run in which every quotation mark is closed means the same wherever it stands. A
// file with one that is not is for Parse.
//
// The zero value is ready for use. A Reader belongs to one goroutine.
type Reader struct {
	runs  map[string]*run // by their text
	size  int             // of all that is known, in bytes
	parts []placedRun
	file  File
}

// run is what is known of a run of lines. Offsets are from its first byte.
type run struct {
	alone       bool // it may be read on its own; nothing else is said of others
	assignments []Entry
	problems    []Problem
}

// placedRun is a run at its place in a file.
type placedRun struct {
	*run
	at int
}

const (
	// maxKnown bounds what a Reader remembers, in bytes: when there is more, all is forgotten.
	maxKnown = 3 << 20
	// maxRun bounds the length of a run, in bytes: longer ones, as of files without empty lines, change too often.
	maxRun = 8 << 10
	// entrySize and runSize are what an assignment takes, and a run with its place in the map, about.
	entrySize = 112
	runSize   = 160
)

// Read reads a file. The lists of the File are valid until the next call.
func (r *Reader) Read(data []byte) *File {
	if r.runs == nil || r.size > maxKnown {
		r.runs, r.size = map[string]*run{}, 0
	}
	if !r.cut(data) {
		return Parse(data)
	}
	f := &r.file
	clear(f.Assignments) // what they refer to must not be kept alive
	f.Assignments, f.Problems = f.Assignments[:0], f.Problems[:0]
	if cap(f.Assignments) > maxKnown/entrySize {
		*f = File{}
	}
	for _, p := range r.parts {
		f.add(p.run, p.at)
	}
	clear(r.parts)
	return f
}

// add adds what is known of a run that stands at an offset.
func (f *File) add(r *run, at int) {
	n := len(f.Assignments)
	f.Assignments = append(f.Assignments, r.assignments...)
	for i := n; i < len(f.Assignments); i++ {
		e := &f.Assignments[i]
		e.Name, e.Value = span(e.Name.Start+at, e.Name.End+at), span(e.Value.Start+at, e.Value.End+at)
	}
	for _, p := range r.problems {
		f.Problems = append(f.Problems, Problem{p.Offset + at, p.What})
	}
}

// cut cuts a file into runs, in r.parts. It reports false if the file is not the sum of them.
func (r *Reader) cut(data []byte) bool {
	r.parts = r.parts[:0]
	for at := 0; at < len(data); {
		end := len(data)
		if n := bytes.Index(data[at:], []byte("\n\n")); n >= 0 {
			end = at + n + 2
		}
		if end-at > maxRun || r.size > 2*maxKnown {
			return false
		}
		x, ok := r.runs[string(data[at:end])]
		if !ok {
			text := string(data[at:end])
			x = readRun([]byte(text))
			r.runs[text] = x
			r.size += runSize + 2*len(text) + entrySize*len(x.assignments)
		}
		if !x.alone {
			return false
		}
		r.parts = append(r.parts, placedRun{x, at})
		at = end
	}
	return true
}

// readRun reads a run of lines. One that begins with what may be the mark of an encoding is none.
func readRun(data []byte) *run {
	if data[0] >= 0xef {
		return &run{}
	}
	p := parser{data: data, f: &File{}, eol: -1}
	p.file()
	for _, unclosed := range p.never {
		if unclosed {
			return &run{}
		}
	}
	return &run{alone: true, assignments: p.f.Assignments, problems: p.f.Problems}
}
