package dotenv

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
)

// The contexts of assignments.
const (
	Context assignment.Context = "dotenv"
	// Commented is an assignment that is commented out.
	Commented assignment.Context = "dotenv.comment"
	// Sampled is any assignment of a file that shows what a real one looks like.
	Sampled assignment.Context = "dotenv.sample"
	// Default is the literal within a reference: x of ${NAME:-x}.
	Default assignment.Context = "dotenv.default"
)

// Options says how a file is read. The zero value is right for most.
type Options struct {
	// Raw is the format of docker run --env-file, and of compose's `format: raw`: a value is the rest of the line.
	Raw bool
	// Shell says that the file is a shell script, as an .envrc is.
	Shell bool
	// Sample says that all assignments have the context Sampled.
	Sample bool
}

// Entry is an assignment and what else the file says of it.
type Entry struct {
	assignment.Assignment
	// Form says whether the value is a literal, a reference or both.
	Form interpolate.Form
	// Comment says that the assignment is commented out.
	Comment bool
	// Export says that export stands before it.
	Export bool
	// Unset says that there is only a name: the value comes from the environment.
	Unset bool
}

// File is a .env file as it was read.
type File struct {
	Assignments []Entry // in the order of the file
	Problems    []Problem
}

// Problem is something that was not understood. It never holds text of the file.
type Problem struct {
	Offset int // where it is in the file
	What   Reason
}

// Reason names a kind of problem.
type Reason string

// The reasons.
const (
	BadName  Reason = "line is no assignment"
	BadQuote Reason = "quotation mark that is never closed"
	BadRest  Reason = "text behind a quoted value"
	Encoding Reason = "not UTF-8"
)

// Parse reads a file as Compose does, tolerantly.
func Parse(data []byte) *File { return Options{}.Parse(data) }

// Parse reads a file. It always returns one.
func (o Options) Parse(data []byte) *File {
	// Most lines are assignments.
	f := &File{Assignments: make([]Entry, 0, min(1+bytes.Count(data, []byte{'\n'}), 1<<10))}
	p := parser{data: data, o: o, f: f, eol: -1}
	if len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] == 0xfe && data[1] == 0xff) {
		p.problem(0, Encoding)
		return f
	}
	if len(data) >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf {
		p.pos = 3
	}
	p.file()
	return f
}
