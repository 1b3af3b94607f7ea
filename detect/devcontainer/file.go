package devcontainer

import (
	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// The contexts of assignments. Unless something else is said, the name is a key and the value what stands behind it;
// the members of a list are under the key of the list.
const (
	Env      assignment.Context = "devcontainer.env"       // containerEnv and remoteEnv
	BuildArg assignment.Context = "devcontainer.build-arg" // build.args, and --build-arg of build.options
	// RunArg is NAME=value of -e and --env, --label and the like among the arguments of docker run; each other flag with
	// its value; and each argument that is none of these.
	RunArg assignment.Context = "devcontainer.run-arg"
	Image  assignment.Context = "devcontainer.image" // and those that a build takes its cache from
	// FilePath is a file that is named: a Dockerfile, compose files, --env-file.
	FilePath assignment.Context = "devcontainer.file"
	// Command is a command or one argument of it under the name of its key, and beside that each flag with its value and
	// each variable that is set in it.
	Command assignment.Context = "devcontainer.command"
	Feature assignment.Context = "devcontainer.feature" // an option of a feature
	Value   assignment.Context = "devcontainer.value"   // any other scalar
	// Default is a literal within a reference, under the name of the variable. Where it is the whole of what a key stands
	// for it is there under that name too.
	Default assignment.Context = "devcontainer.default"
	// Commented is "NAME": "value" or NAME=value in a comment.
	Commented assignment.Context = "devcontainer.comment"
)

// The reasons of problems, beside those of yamltree.
const (
	// Comma is a comma that is missing between two values.
	Comma yamltree.Reason = "comma missing"
	// Unclosed is a string, bracket or comment that is not closed, or a bracket that closes nothing.
	Unclosed yamltree.Reason = "never closed"
)

// Entry is an assignment and what else the file says of it. Its owner is a feature.
type Entry = carrier.Entry

// File is a devcontainer.json as it was read.
type File struct {
	Assignments []Entry
	// Problems are what was not understood. A file that is no JSON is among them.
	Problems []yamltree.Problem
}

// Parse reads a devcontainer.json. It always returns a file.
func Parse(data []byte) *File {
	m := mend(data)
	tree := yamltree.Parse(m.data)
	r := reader{carrier.New(m.data, append(m.problems, tree.Problems...))}
	r.Dialect, r.Default = interpolate.Devcontainer, Default
	for _, d := range tree.Documents {
		r.Document(d)
		r.root(d.Root())
	}
	r.comments(data, m.comments)
	tree.Release()
	f := &File{Problems: r.Problems, Assignments: r.Done()}
	if len(m.data) > len(data) {
		f.clip(len(data))
	}
	if len(m.edits) > 0 {
		m.meant(f.Assignments)
	}
	return f
}

// clip keeps all offsets within the n bytes of the file, behind which there are brackets that it does not have.
func (f *File) clip(n int) {
	for i := range f.Problems {
		f.Problems[i].Offset = min(f.Problems[i].Offset, n)
	}
	for i := range f.Assignments {
		for _, s := range []*assignment.Span{&f.Assignments[i].Name, &f.Assignments[i].Value, &f.Assignments[i].Owner} {
			s.Start, s.End = min(s.Start, n), min(s.End, n)
		}
	}
}

// reader reads one file.
type reader struct{ carrier.Walker }

// comments reads the assignments that are commented out.
func (r *reader) comments(data []byte, lines []assignment.Span) {
	r.Owner = assignment.Span{}
	for _, line := range lines {
		if name, value, quoted, ok := carrier.Commented(data, line); ok {
			r.Add(Entry{Assignment: assignment.Assignment{Context: Commented, Name: name, Quoted: quoted}}, placed.Of(data, value))
		}
	}
}
