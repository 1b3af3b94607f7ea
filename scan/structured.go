package scan

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"rummage/detect"
	"rummage/detect/assignment"
)

// A reader reads one kind of structured file, which is recognised by its name.
type reader struct {
	is   func(base string) bool
	read func(data []byte) []assignment.Assignment
}

// readers are tried in order; the first that knows the name reads the file.
var readers = []*reader{}

// structured searches files whose name makes them structured: Dockerfiles, compose files, .env files. A blob can stand
// under such a name and under another, so that this is done when a blob is placed, once for each blob and reader.
// The collector's lock guards it.
type structured struct {
	src     Source
	matcher *detect.Matcher // nil when no rule names a context of a structured file
	hits    map[structuredKey][]hit
	failed  map[BlobRef]Problem
}

type structuredKey struct {
	ref    BlobRef
	reader *reader
}

func newStructured(d *detect.Detector, src Source) structured {
	s := structured{src: src, hits: map[structuredKey][]hit{}, failed: map[BlobRef]Problem{}}
	for _, r := range d.Rules().Rules() {
		for _, in := range r.In {
			if in != assignment.Text {
				s.matcher = d.Matcher()
				return s
			}
		}
	}
	return s
}

// reader is the one for a path, nil when there is none or no rule would judge what it reads.
func (s *structured) reader(name string) *reader {
	if s.matcher == nil || name == "" {
		return nil
	}
	base := path.Base(name)
	for _, r := range readers {
		if r.is(base) {
			return r
		}
	}
	return nil
}

// hitsAt is the matches of a blob when it stands at a path: those of its text, or, for a structured file, those of its
// text and of what its reader reads, settled together.
func (c *collector) hitsAt(ref BlobRef, name string) []hit {
	r := c.files.reader(name)
	if r == nil {
		return c.hits[ref]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := structuredKey{ref, r}
	if hits, known := c.files.hits[k]; known {
		return hits
	}
	data, err := c.files.src.Content(ref)
	if err != nil {
		if !errors.Is(err, ErrTooLarge) { // which the search has counted
			c.files.failed[ref] = Problem{Where: name, Why: "cannot be read again: " + err.Error()}
		}
		return c.hits[ref]
	}
	var hits []hit
	if text, _, ok := Text(data, nil); ok {
		hits = locate(text, c.files.matcher.MatchWith(text, r.read(text)))
		c.identify(hits)
	}
	c.files.hits[k] = hits
	return hits
}

// problems are the structured files that could not be read again, in the order of their paths.
func (s *structured) problems() []Problem {
	return slices.SortedFunc(maps.Values(s.failed), func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Where, b.Where), strings.Compare(a.Why, b.Why))
	})
}
