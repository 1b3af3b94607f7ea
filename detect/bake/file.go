package bake

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// The contexts of assignments. Unless something else is said, the name is a key and the value what stands behind it;
// the members of a list are under the key of the list.
const (
	Arg assignment.Context = "bake.arg" // a build argument
	// Secret is a secret of a build, `id=x,env=Y`, and beside it each name=value within it.
	Secret assignment.Context = "bake.secret"
	// Variable is the default of a variable, or what an attribute outside of all blocks is set to, under its name. A
	// variable without a default is there as a name alone.
	Variable assignment.Context = "bake.variable"
	// Attest, CacheFrom, CacheTo, Output and SSH are options like Secret's: the whole text and each name=value in it.
	Attest    assignment.Context = "bake.attest"
	CacheFrom assignment.Context = "bake.cache-from"
	CacheTo   assignment.Context = "bake.cache-to"
	Output    assignment.Context = "bake.output"
	SSH       assignment.Context = "bake.ssh"
	Tag       assignment.Context = "bake.tag"
	// BuildContext is a folder, URL or image (docker-image://…) that is built from: context and contexts.
	BuildContext assignment.Context = "bake.context"
	Label        assignment.Context = "bake.label" // and annotations
	// Value is any other literal, and those that a name is compared with, under that name.
	Value assignment.Context = "bake.value"
	// Commented is NAME = value or NAME: value in a comment.
	Commented assignment.Context = "bake.comment"
)

// The reasons of problems, beside yamltree.TooDeep and yamltree.Encoding.
const (
	// Syntax is what has no place where it stands; it was skipped.
	Syntax yamltree.Reason = "not understood"
	// Unclosed is a string, heredoc, comment, block or bracket that is not closed.
	Unclosed yamltree.Reason = "never closed"
)

// Entry is an assignment and what else the file says of it. Its owner is a target, variable, group or function. The
// value of a reference is the expression, or the text of a string with the expressions in it as they stand.
type Entry = carrier.Entry

// File is a bake file as it was read.
type File struct {
	Assignments []Entry
	Inlines     []Inline
	// Problems are what was not understood, each kind once a line at most.
	Problems []yamltree.Problem
}

// Inline is a Dockerfile written into a bake file.
type Inline struct {
	// Text is the Dockerfile, with escapes resolved, $${ made ${, and a <<- heredoc's indentation taken off. What bake
	// fills in stands as ${…}, as the Dockerfile's own references do. Text.Span leads back to the bake file.
	Text  placed.Text
	Owner assignment.Span
}

// Parse reads a bake file: JSON if it begins with a brace, HCL otherwise. It always returns one.
func Parse(data []byte) *File {
	scratch := scratches.Get().(*[]Entry)
	r := reader{data: data, end: len(data), f: &File{}, entries: *scratch}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		r.problem(0, yamltree.Encoding)
		r.done(scratch)
		return r.f
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		r.pos = 3
	}
	r.space(true)
	r.json = r.at(r.pos) == '{' && r.at(r.pos+1) != '{' && r.at(r.pos+1) != '%'
	if r.json {
		r.pos++
	}
	r.fields(spot{kind: top}, r.json)
	r.comments()
	r.done(scratch)
	return r.f
}
