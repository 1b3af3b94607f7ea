package scan

import "rummage/detect/structure"

// Foreseer is a Lookup that can be asked before a walk over history comes to a path: most of what At tells of a blob follows
// from the blob and its name, and can be found out beside the walk.
type Foreseer interface {
	Lookup
	// Ahead gives a function for one goroutine, which may run beside others and beside the methods of the Lookup. It
	// reports whether a file of this path is of interest by its name: as Named does, but for what Learned tells. If it is,
	// what At will be asked of the blob there is made ready, when the blob is known.
	Ahead() func(ref BlobRef, known bool, path []byte) bool
	// Learned reports whether a file of this path is of interest since At or Depends have told of another that names it.
	Learned(path []byte) bool
}

var _ Foreseer = (*collector)(nil)

// ahead reads for one goroutine what the walk over history will come to.
type ahead struct {
	c     *collector
	pass  *pass // what the reading is done with, made when there is something to read: those of the search hold much that they remember
	kinds map[string]aheadName
	size  int // bytes of these paths
}

type aheadName struct {
	kind  structure.Kind
	named bool
}

// maxAheadNames is how many bytes of paths are remembered.
const maxAheadNames = 1 << 20

// Ahead implements Foreseer.
func (c *collector) Ahead() func(BlobRef, bool, []byte) bool {
	a := &ahead{c: c, kinds: map[string]aheadName{}}
	return a.look
}

// Learned implements Foreseer.
func (c *collector) Learned(path []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.files.settings) > 0 && c.files.settings[string(path)]
}

func (a *ahead) look(ref BlobRef, known bool, path []byte) bool {
	n, ok := a.kinds[string(path)]
	if !ok {
		p := string(path)
		n.kind = a.c.files.kind(p)
		n.named = n.kind != structure.None || len(a.c.det.NamedRules(p, "")) > 0
		if a.size += len(p); a.size > maxAheadNames {
			clear(a.kinds)
			a.size = len(p)
		}
		a.kinds[p] = n
	}
	if known && n.kind != structure.None {
		a.prepare(ref, n.kind)
	}
	return n.named
}

// prepare is what readAt does with a blob that has not been read as a file of the kind. Whatever goes wrong is left to that, which
// tells of it.
func (a *ahead) prepare(ref BlobRef, kind structure.Kind) {
	c := a.c
	k, wanted := c.readLater(ref, kind)
	if !wanted || c.profile != nil { // costs are measured of one after the other
		return
	}
	data, err := c.files.src.Content(ref)
	if err != nil {
		return
	}
	text, _, ok := Text(data, nil)
	if !ok {
		return
	}
	if a.pass == nil {
		p := newPass(c.det, c.matcher())
		a.pass = &p
	}
	read := a.pass.reader.Each(structure.Set(0).Add(k.kind), text)
	hits := locate(text, a.pass.m.MatchWith(text, read[0].Reading))
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.files.hits[k]; !known {
		c.keepRead(k, hits, read[0].Problems)
	}
}

// readLater is as what a blob is to be read when it stands where a file of the kind is meant, if it has not been.
func (c *collector) readLater(ref BlobRef, kind structure.Kind) (k structuredKey, wanted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind = kind.Meant(c.sniffed(ref)); kind == structure.None || c.ledger.mark(ref).read(kind) {
		return k, false
	}
	k = structuredKey{ref, kind}
	_, known := c.files.hits[k]
	return k, !known
}

// keepRead keeps what was found in a blob that was read as a file of a kind. The caller holds the lock.
func (c *collector) keepRead(k structuredKey, hits []hit, problems int) *structuredHits {
	c.identify(hits)
	c.ledger.note(k.ref, markOf(structure.Set(0).Add(k.kind), 0))
	found := newHits(k, hits, problems)
	c.files.hits[k] = found
	return found
}
