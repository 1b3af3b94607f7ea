// Package assignment has the vocabulary shared by everything that reads a name and a value out of a file: the
// free-text reader in this package and the structured readers of Dockerfiles, compose files and .env files.
//
// It knows bytes only: no rule, no path, no git. A reader reports what a file says, never whether that is a
// secret; judging is the business of package detect.
//
// Concurrency: everything here is a value or a pure function and may be used from any goroutine.
package assignment

import "strings"

// Context says where in a file a value stands. Rules name contexts in their `in` list.
type Context string

// The contexts of free text. Structured readers define more.
const (
	// Text is `name = value` in any text: source code, configuration, logs.
	Text Context = "text.assignment"
)

// NamesImage says whether values of the context are names of images.
func (c Context) NamesImage() bool {
	return strings.HasSuffix(string(c), ".image") || strings.HasSuffix(string(c), ".tag")
}

// Span is a half-open range of byte offsets in the bytes that were read: 0 <= Start <= End <= len.
type Span struct {
	Start, End int
}

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Of is the part of b that the span covers.
func (s Span) Of(b []byte) []byte { return b[s.Start:s.End] }

// Assignment is one name with one value. Name and Value are spans of the bytes read; quotes are outside the spans.
// When escapes, continuations or an encoding make the meant value differ from the bytes at Value, Decoded holds the
// meant value, otherwise it is nil.
type Assignment struct {
	Context Context
	Name    Span
	Value   Span
	Decoded []byte
	// Quoted says that the value stood between quotes, so that its ends are sure.
	Quoted bool
	// Refers says that the value holds nothing but references: what they stand for is written down elsewhere.
	Refers bool
	// Remark is what a structured reader knows beyond names and values; nil when that is nothing.
	Remark *Remark
}

// Remark is what a structured reader knows of an assignment beyond its name and value. It must not be changed.
type Remark struct {
	// Builder says that the value stays in a build stage of which the final image has no layer. Caches and provenance
	// carry it all the same.
	Builder bool
	// Key is what the assignment is about, where the text at Name does not say that.
	Key string
	// Told is where the matter is, when that is not at the name: what a finding points at. Empty for the name.
	Told Span
	// When must hold among the files around for the assignment to mean anything; its zero value always does.
	When Condition
}

// Condition is something that must be so among the files beside the one that was read. Its paths have slashes and are
// relative to the folder of that file; they may lead out of it.
type Condition struct {
	Kind ConditionKind
	Path string
	// Beside is a file that the folder meant must hold; where it does not, a folder above it is meant. Empty for none.
	Beside string
}

// ConditionKind says what must be so.
type ConditionKind uint8

const (
	Always ConditionKind = iota
	// Tracked: the file is there and not empty.
	Tracked
	// TrackedSecrets: the file is there and, read as a .env file, sets secrets.
	TrackedSecrets
	// Unignored: the file is not there, and no ignore file of git keeps it from being added.
	Unignored
	// InContext: below the folder is a file of credentials, and no ignore file of Docker keeps it out of the build.
	InContext
)
