// Package assignment has the vocabulary shared by everything that reads a name and a value out of a file: the
// free-text reader in this package and the structured readers of Dockerfiles, compose files and .env files.
//
// It knows bytes only: no rule, no path, no git. A reader reports what a file says, never whether that is a
// secret; judging is the business of package detect.
//
// Concurrency: everything here is a value or a pure function and may be used from any goroutine.
package assignment

// Context says where in a file a value stands. Rules name contexts in their `in` list.
type Context string

// The contexts of free text. Structured readers define more.
const (
	// Text is `name = value` in any text: source code, configuration, logs.
	Text Context = "text.assignment"
)

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
}
