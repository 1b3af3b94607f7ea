package scan

import "context"

// Files is the files of a source by their paths, for those who want some of them and no search.
type Files interface {
	// Each calls visit for each content at each path that is wanted, each pair once. What cannot be read is remembered as
	// a problem; the error is only for what ends it all, such as the context.
	Each(ctx context.Context, wanted func(path string) bool, visit func(FileAt)) error
	// Read reads a content, from any goroutine. The bytes may be shared. The error is ErrTooLarge for one over the
	// source's limit.
	Read(ctx context.Context, blob BlobRef) ([]byte, error)
	// BlobID is the object id of a content, empty where the source has none.
	BlobID(BlobRef) string
	// Stats has the source's problems and notices; its counts do not matter.
	Stats() Stats
	// Progress may be read meanwhile.
	Progress() *Progress
}

// FileAt is a content at a path.
type FileAt struct {
	Path string
	Blob BlobRef
	// Nameless says that the path does not tell what the content is: it was wanted without asking.
	Nameless bool
	// Commit is the first commit that has it; nil when that was not asked for, or there is none.
	Commit *Commit
	// Refs are those whose trees have it, ascending. It is not nil where there are refs, and may be shared.
	Refs []string
	Note string
}
