package scan

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"rummage/detect"
	"rummage/detect/advice"
	"rummage/detect/assignment"
	"rummage/detect/structure"
)

// structured are the structured files: Dockerfiles, compose files, .env files and their neighbours. What a file is, its
// name says, and a blob is searched before its names are known. So the search reads each blob as what its content
// looks like, while it is at hand; what has a name that its content did not suggest is read when it is placed. Either
// is done once for each blob and kind. The collector's lock guards it all.
type structured struct {
	src Source
	// settings are paths that compose files name as files of variables: they are read as such whatever they are called.
	settings map[string]bool
	wanted   bool // some rule names a context of structured files
	kinds    *byName[structure.Kind]
	watched  *byName[bool]   // by the last part of a name
	matcher  *detect.Matcher // for what is read while placing
	reader   structure.Reader
	sniffed  map[BlobRef]structure.Set
	hits     map[structuredKey]*structuredHits
	failed   map[BlobRef]Problem
	counts   map[structure.Kind]int64
	unread   int64 // pieces that readers did not understand
	// remedies has each text of a remedy once: the versions of a file say the same over and over.
	remedies map[string]string
}

type structuredKey struct {
	ref  BlobRef
	kind structure.Kind
}

// structuredHits are the matches of a blob read as a file of one kind.
type structuredHits struct {
	of       structuredKey
	hits     []hit
	problems int
	placed   bool // some file of this kind has this content
	advised  bool // the hits have their remedies
}

// Most files hold nothing: these stand for all of them, of which a large history has hundreds of thousands.
var (
	nothing       structuredHits
	nothingPlaced = structuredHits{placed: true}
)

func newHits(k structuredKey, hits []hit, problems int) *structuredHits {
	if len(hits) == 0 && problems == 0 {
		return &nothing
	}
	return &structuredHits{of: k, hits: hits, problems: problems}
}

func newStructured(d *detect.Detector, src Source) structured {
	s := structured{src: src, reader: structure.Reader{Keep: d.Relevant}, hits: map[structuredKey]*structuredHits{}, failed: map[BlobRef]Problem{},
		kinds: &byName[structure.Kind]{}, watched: &byName[bool]{}, sniffed: map[BlobRef]structure.Set{}, settings: map[string]bool{}, counts: map[structure.Kind]int64{}, remedies: map[string]string{}}
	s.wanted = d.Rules().ReadsStructures()
	return s
}

// kind is what a file is by its name, None when no rule would judge what its reader reads.
func (s *structured) kind(name string) structure.Kind {
	if !s.wanted || name == "" {
		return structure.None
	}
	return s.kinds.get(name, structure.Of)
}

// byName remembers what names mean: the walk over history comes by the same ones over and over.
type byName[T any] struct {
	mu    sync.Mutex
	known map[string]T
}

func (b *byName[T]) get(name string, of func(string) T) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, known := b.known[name]
	if !known {
		if b.known == nil || len(b.known) >= maxNamed {
			b.known = map[string]T{}
		}
		v = of(name)
		b.known[strings.Clone(name)] = v
	}
	return v
}

// addRead keeps the matches of a blob, and those of it read as structured files of the kinds ahead.
func (v *visitor) addRead(ref BlobRef, text []byte, sniffed, ahead structure.Set) {
	c := v.c
	c.profile.Lap(detect.ShareText)
	read := v.reader.Each(ahead, text)
	c.profile.Lap(detect.ShareStructured)
	v.readings = v.readings[:0]
	for i := range read {
		v.readings = append(v.readings, read[i].Reading)
	}
	plain, with := v.m.MatchEach(text, v.readings)
	v.located = v.located[:0]
	for i := range with {
		v.located = append(v.located, newHits(structuredKey{ref, read[i].Kind}, locate(text, with[i]), read[i].Problems))
	}
	hits := locate(text, plain)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(hits) > 0 {
		c.identify(hits)
		c.hits[ref] = hits
	}
	if sniffed != 0 {
		c.files.sniffed[ref] = sniffed
	}
	for i, found := range v.located {
		c.identify(found.hits)
		c.files.hits[structuredKey{ref, read[i].Kind}] = found
	}
	clear(v.located)
}

// adviseOn gives the hits of structured files remedies. That is done once for each blob and kind, and only where a place is
// told: of a file's versions these are few. A blob that cannot be read again has none; what its rules say is there all the
// same. When the context is done the rest have none either.
func (c *collector) adviseOn(ctx context.Context, read []*structuredHits, workers int) {
	p := pool.New().WithMaxGoroutines(max(workers, 1))
	defer p.Wait()
	for _, found := range read {
		if ctx.Err() != nil {
			return
		}
		if found != nil && !found.advised && len(found.hits) > 0 {
			found.advised = true
			p.Go(func() { c.adviseAbout(found.of.ref, found.of.kind, found.hits) })
		}
	}
}

func (c *collector) adviseAbout(ref BlobRef, kind structure.Kind, hits []hit) {
	data, err := c.files.src.Content(ref)
	if err != nil {
		return
	}
	if text, _, ok := Text(data, nil); ok {
		advise(kind, text, hits)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.files.share(hits)
	}
}

func advise(kind structure.Kind, text []byte, hits []hit) {
	found := make([]advice.Found, len(hits))
	for i := range hits {
		m := &hits[i].match
		found[i] = advice.Found{Context: m.Context, Rule: m.Rule.ID, Key: m.Key, Match: assignment.Span{Start: m.Start, End: m.End},
			Secret: assignment.Span{Start: m.SecretStart, End: m.SecretEnd}, Value: m.Secret,
			Exposure: Kind(m.Rule.Kind) == KindExposure && m.Secret == ""}
	}
	a := advice.New(kind, text, found)
	for i := range hits {
		hits[i].remedy = a.Remedy(&found[i])
	}
}

// share lets equal remedies be one text. The caller holds the lock.
func (s *structured) share(hits []hit) {
	for i := range hits {
		r := hits[i].remedy
		if r == "" {
			continue
		}
		if known, ok := s.remedies[r]; ok {
			hits[i].remedy = known
		} else {
			s.remedies[r] = r
		}
	}
}

// kindAt is what a file is by its name and by what others say of it.
func (c *collector) kindAt(name string) structure.Kind {
	kind := c.files.kind(name)
	if kind != structure.None && kind != structure.Plain || !c.files.wanted {
		return kind
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files.settings[name] {
		return structure.Dotenv
	}
	return kind
}

// maxSettings bounds the paths that compose files name.
const maxSettings = 1 << 14

// isSettings notes that a file is one of variables.
func (c *collector) isSettings(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.files.settings[name] && len(c.files.settings) < maxSettings {
		c.files.settings[name] = true
		clear(c.at) // what was said of it before
	}
}

// hitsAt is the matches of a blob when it stands at a path: those of its text, or, for a structured file, those of its
// text and of what its reader reads, settled together.
func (c *collector) hitsAt(ref BlobRef, name string) []hit {
	if found := c.readAt(ref, name); found != nil {
		return found.hits
	}
	return c.hits[ref]
}

// readAt is what was found in a blob when it stands at a path and is read as a structured file there; nil if it is not.
func (c *collector) readAt(ref BlobRef, name string) *structuredHits {
	kind := c.kindAt(name)
	if kind == structure.None {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind = kind.Meant(c.sniffed(ref)); kind == structure.None || c.ledger.mark(ref).read(kind) {
		return nil
	}
	k := structuredKey{ref, kind}
	found, known := c.files.hits[k]
	if !known {
		found = c.read(k, name)
	}
	if found != nil && !found.placed {
		if found == &nothing {
			found = &nothingPlaced
			c.files.hits[k] = found
		} else {
			found.placed = true
		}
		c.files.counts[kind]++
		c.files.unread += int64(found.problems)
	}
	return found
}

// read reads a blob as a file of the kind, nil when that cannot be, and remembers it. The caller holds the lock.
func (c *collector) read(k structuredKey, name string) *structuredHits {
	c.files.hits[k] = nil
	data, err := c.files.src.Content(k.ref)
	if err != nil {
		if !errors.Is(err, ErrTooLarge) { // which the search has counted
			c.files.failed[k.ref] = Problem{Where: name, Why: "cannot be read again: " + err.Error()}
		}
		return nil
	}
	text, _, ok := Text(data, nil)
	if !ok {
		return nil
	}
	if c.files.matcher == nil {
		c.files.matcher = c.matcher()
	}
	c.profile.Lap(detect.SharePlace)
	read := c.files.reader.Each(structure.Set(0).Add(k.kind), text)
	c.profile.Lap(detect.ShareStructured)
	return c.keepRead(k, locate(text, c.files.matcher.MatchWith(text, read[0].Reading)), read[0].Problems)
}

// unreadYet says whether a blob looks like something that it was not read as.
func (s *structured) unreadYet(ref BlobRef, sniffed structure.Set) bool {
	for k := structure.None; k < structure.YAML; k++ {
		if _, known := s.hits[structuredKey{ref, k}]; sniffed.Has(k) && !known {
			return true
		}
	}
	return false
}

// problems are the structured files that could not be read again, in the order of their paths.
func (s *structured) problems() []Problem {
	return slices.SortedFunc(maps.Values(s.failed), func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Where, b.Where), strings.Compare(a.Why, b.Why))
	})
}

// stats are the counts of structured files by kind: of distinct contents.
func (s *structured) stats() map[string]int64 {
	counts := map[string]int64{}
	for k, n := range s.counts {
		counts[k.String()] = n
	}
	return counts
}
