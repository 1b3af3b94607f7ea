package imagescan

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Limits bound what an image may cost. They are for hostile input: what goes beyond one is counted as skipped, and the
// scan is not complete. Zero values are the defaults.
type Limits struct {
	// Bytes bounds the uncompressed bytes of all layers of one source, with what stands in archives in them.
	Bytes int64
	// Ratio bounds the uncompressed bytes of a compressed stream by its compressed ones, once it has given RatioGrace bytes.
	Ratio int64
	// Entries bounds the files, folders and links of all layers.
	Entries int64
	// Depth is how many archives may stand in one another, below the layer.
	Depth int
	// Archive bounds a zip archive in bytes: it is held in memory.
	Archive int64
	// Git bounds the bytes of git repositories that are held in memory.
	Git int64
}

// The defaults of Limits, and bounds that nobody has a reason to change.
const (
	DefaultBytes   = 256 << 30
	DefaultRatio   = 200
	DefaultEntries = 20_000_000
	DefaultDepth   = 5
	DefaultArchive = 96 << 20
	DefaultGit     = 96 << 20

	ratioGrace  = 256 << 20
	maxDocument = 16 << 20 // a configuration, an attestation
	maxManifest = 8 << 20  // also a list of referrers; registries refuse manifests of more than 4 MiB
	// maxDocuments bounds the documents held in memory, in bytes.
	maxDocuments = 96 << 20
	maxManifests = 4096     // of one root
	maxValues    = 1 << 18  // in a manifest or configuration: some bytes of JSON may take a hundred in memory
	maxLists     = 64 << 20 // lists of files of package managers, in bytes
	maxNesting   = 6        // indexes in indexes
	maxLayers    = 4096     // of one image
	// maxReferences bounds the layers of all images, one that many have counted as often.
	maxReferences = 1 << 17
	maxName       = 4096    // bytes of a path
	maxSparse     = 4 << 30 // bytes of a file with holes
	// maxMemory bounds the bytes in which it is noted what layers hold. contentCost is what a content takes of that, beside
	// its path.
	maxMemory   = 256 << 20
	contentCost = 48
)

func (l Limits) withDefaults() Limits {
	or := func(n, def int64) int64 {
		if n > 0 {
			return n
		}
		return def
	}
	l.Bytes, l.Ratio, l.Entries = or(l.Bytes, DefaultBytes), or(l.Ratio, DefaultRatio), or(l.Entries, DefaultEntries)
	l.Archive, l.Git = or(l.Archive, DefaultArchive), or(l.Git, DefaultGit)
	l.Depth = int(or(int64(l.Depth), DefaultDepth))
	return l
}

// limitError says which bound was reached.
type limitError struct{ what string }

func (e *limitError) Error() string { return e.what }

func isLimit(err error) bool {
	var l *limitError
	return errors.As(err, &l)
}

// budget is what is left of the bounds that all layers share.
type budget struct {
	limits  Limits
	bytes   atomic.Int64
	entries atomic.Int64
	memory  atomic.Int64
	// large is held by whoever has much in memory, such as a zip archive.
	large sync.Mutex
}

func newBudget(l Limits) *budget {
	b := &budget{limits: l}
	b.bytes.Store(l.Bytes)
	b.entries.Store(l.Entries)
	b.memory.Store(maxMemory)
	return b
}

func (b *budget) takeEntry() error {
	if b.entries.Add(-1) < 0 {
		return &limitError{fmt.Sprintf("more than %d entries", b.limits.Entries)}
	}
	if b.memory.Load() < 0 {
		return &limitError{fmt.Sprintf("more paths and files than %d bytes hold", int64(maxMemory))}
	}
	return nil
}

// counted counts the bytes that are read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// expanded is what a decompressor gives, within the budget and the ratio to what it took.
type expanded struct {
	r     io.Reader
	taken *counted
	out   int64
	b     *budget
}

func (e *expanded) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.out += int64(n)
	if e.b.bytes.Add(-int64(n)) < 0 {
		return n, &limitError{fmt.Sprintf("more than %d bytes uncompressed", e.b.limits.Bytes)}
	}
	if e.taken != nil && e.out > ratioGrace && e.out/e.b.limits.Ratio > e.taken.n {
		return n, &limitError{fmt.Sprintf("expands to more than %d times its size", e.b.limits.Ratio)}
	}
	return n, err
}
