package scan

// SkipReason says why an object was not searched.
type SkipReason string

const (
	SkipBinary     SkipReason = "binary"     // a NUL byte near its start and no byte-order mark of UTF-16
	SkipTooLarge   SkipReason = "too_large"  // over the size limit
	SkipMissing    SkipReason = "missing"    // named by a tree or an index, but not there
	SkipKnown      SkipReason = "known"      // an earlier scan has dealt with it
	SkipUnreadable SkipReason = "unreadable" // there, but damaged
	SkipLimit      SkipReason = "limit"      // beyond a bound that keeps hostile input from taking all memory or time
)

// Incompletes reports whether skipping for this reason makes a scan incomplete. Binary, too large and known are
// decisions of the user; missing and unreadable mean that something could not be looked at.
func (r SkipReason) Incompletes() bool { return r != SkipBinary && r != SkipTooLarge && r != SkipKnown }

// Problem is something that could not be read. Where names it (an object id, a path), Why is one line.
type Problem struct {
	Where string `json:"where"`
	Why   string `json:"why"`
}

// Stats are the counts of a scan. They add up: Objects = Scanned + NonBlobs + the sum of Skipped.
type Stats struct {
	Complete bool                 `json:"complete"`
	Objects  int64                `json:"objects"`
	Blobs    int64                `json:"blobs"`     // objects that are blobs, searched or skipped
	NonBlobs int64                `json:"non_blobs"` // commits, trees, tags
	Scanned  int64                `json:"scanned"`   // blobs searched
	Skipped  map[SkipReason]int64 `json:"skipped"`
	Bytes    int64                `json:"bytes"` // of the blobs searched
	// BytesBlobs are those of blobs and messages that were searched, BytesSearched how many of them were looked at for
	// keywords: what blobs share with others is looked at once.
	BytesBlobs    int64            `json:"bytes_blobs"`
	BytesSearched int64            `json:"bytes_searched"`
	Commits       int64            `json:"commits"`
	Layers        int64            `json:"layers,omitempty"` // of images, each once
	Messages      int64            `json:"messages"`         // commit and tag messages searched
	Suppressed    map[string]int64 `json:"suppressed"`       // findings by who suppressed them
	// Structured counts the distinct contents that were read as structured files, by kind; NotUnderstood the pieces of
	// them (lines, instructions, documents) that their readers did not understand. Those were searched as text.
	Structured    map[string]int64 `json:"structured,omitempty"`
	NotUnderstood int64            `json:"not_understood,omitempty"`
	Seconds       float64          `json:"seconds"`
	// Problems names what made the scan incomplete, ten at most; ProblemCount counts them all.
	Problems     []Problem `json:"problems"`
	ProblemCount int64     `json:"problem_count"`
	// Notices are things worth saying once, such as a .rummage.toml in the scanned repository that was not obeyed.
	Notices []string `json:"notices"`
	// Interrupted says that the user stopped the scan.
	Interrupted bool `json:"interrupted"`
}
