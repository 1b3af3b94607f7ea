package scan

import (
	"context"
	"errors"
	"sync/atomic"

	"rummage/detect"
	"rummage/detect/assignment"
)

// BlobRef names a blob (or the message of a commit or tag) within one source. What the number means is the source's
// affair; it is the same from Search to Place.
type BlobRef uint32

// SecretID names one secret of one rule within one run.
type SecretID uint32

// ErrTooLarge: a blob is over the source's limit.
var ErrTooLarge = errors.New("too large")

// Source is what produces blobs: a repository, files, an image.
type Source interface {
	// Search hands every blob that is to be searched to a visitor, each once. It starts at most workers goroutines,
	// opens one visitor for each and joins them before it returns. What cannot be read is counted and remembered as a
	// problem; the error is only for what ends the whole search, such as the context.
	Search(ctx context.Context, workers int, open func() Visitor) error
	// Place tells where the secrets that the search found stand. It is called once, after Search.
	Place(ctx context.Context, l Lookup, emit func(Placement)) error
	// Content reads a blob again, for those whose path makes them worth a closer look. The bytes may be shared. The error
	// is ErrTooLarge for a blob that Search skipped for its size. It may be called from several goroutines.
	Content(BlobRef) ([]byte, error)
	// BlobID is the object id of a blob, empty where the source has none.
	BlobID(BlobRef) string
	// Stats are the source's counts so far.
	Stats() Stats
	// Progress may be read while Search and Place run.
	Progress() *Progress
}

// Visitor searches the blobs of one worker. It is used by one goroutine at a time.
type Visitor interface {
	// Visit searches one blob and reports why it did not, if so. data is not kept.
	Visit(ref BlobRef, data []byte) SkipReason
	// VisitDelta is Visit of a blob whose likeness to one visited before is known.
	VisitDelta(ref BlobRef, data []byte, d Delta) SkipReason
	// VisitAll is Visit that does not skip what is binary: what is printable in it is searched for values that are
	// secrets by their form. data is not kept.
	VisitAll(ref BlobRef, data []byte) SkipReason
}

// Delta says what a blob shares with one that the same visitor has visited, and whether others will share something with
// it. What the search of a blob told is kept in slots: small numbers, one for each blob that others refer to at a time.
type Delta struct {
	// Base is the slot that the base was visited with, -1 for none. It may be used again afterwards.
	Base int
	// Slot is where to keep what the search of this blob tells, -1 for nowhere; it is not Base.
	Slot int
	// Copies are the ranges of the blob that are copied from the base, ascending and disjoint in the blob.
	Copies []Copy
}

// Copy is a copied range, in bytes.
type Copy = detect.Copy

// Lookup is what a source asks while it places secrets. All methods may be called from several goroutines.
type Lookup interface {
	// Holds reports whether a blob has a match at all; it is cheap.
	Holds(ref BlobRef) bool
	// Named reports whether a file of this path is of interest by its name, whatever it holds.
	Named(path string) bool
	// Refs is every blob (or message) with a match, ascending.
	Refs() []BlobRef
	// At is the secrets that the blob holds when it stands at the path in the tree, ascending. Do not write to the
	// slice. The tree is nil where it is not known.
	At(ref BlobRef, path string, tree Tree) []SecretID
	// Exposed is the exposures that the path alone makes where a file stands in such a context, ascending: those that
	// are none anywhere else. What At tells has those that are exposures anywhere.
	Exposed(path string, in assignment.Context) []SecretID
	// Depends says whether what At tells of a blob at a path in a tree also depends on the files around: on those at the
	// paths given, and on those that Watched names below the folders given (empty: below the top).
	Depends(ref BlobRef, path string, tree Tree) (paths, folders []string, some bool)
	// Watched says whether a file of this name may matter to others; folders do not count.
	Watched(name string) bool
}

// Placement is one secret at one place.
type Placement struct {
	Blob       BlobRef
	Path       string
	Secret     SecretID
	Introduced *Commit
	Removed    *Commit
	AtTip      []string
	Reachable  bool
	Note       string
	Image      *InImage // nil where the place is in no image
	// Packaged says that the file is one that a package manager installed, as it ships for everybody.
	Packaged bool
	// Piece says which part of a file the blob is; nil for all of it.
	Piece *Piece
}

// inLayer says whether the place is that of a file in a layer of an image.
func (p *Placement) inLayer() bool { return p.Image != nil && p.Image.Layer > 0 }

// Piece is a part of a file that was searched on its own. Pieces overlap, so that what stands across their ends is found.
type Piece struct {
	// Line and Column count the line feeds before the piece, and the bytes before it in its first line.
	Line, Column int
	// Matches that begin before From or at To and later, in bytes of the piece, are those of its neighbours. To is -1 for
	// the last piece.
	From, To int
}

// holds says whether a match that begins at the offset is the piece's.
func (p *Piece) holds(start int) bool {
	return p == nil || start >= p.From && (p.To < 0 || start < p.To)
}

// at is where a span of the piece stands in the file.
func (p *Piece) at(s Span) Span {
	if p == nil || s.Line == 0 {
		return s
	}
	if s.Line == 1 {
		s.Column += p.Column
	}
	if s.EndLine == 1 {
		s.EndColumn += p.Column
	}
	s.Line, s.EndLine = s.Line+p.Line, s.EndLine+p.Line
	return s
}

// Progress is how far a source is, for people who wait.
type Progress struct {
	Done, Total atomic.Int64 // objects
	Bytes       atomic.Int64 // searched
	Stage       atomic.Pointer[string]
	Unit        atomic.Pointer[string] // what Done and Total count; nil: objects
}

// SetUnit says what is counted.
func (p *Progress) SetUnit(s string) { p.Unit.Store(&s) }

// SetStage names what the source is doing.
func (p *Progress) SetStage(s string) { p.Stage.Store(&s) }
