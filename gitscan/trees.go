package gitscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"rummage/gitscan/internal/pack"
)

// treeEntry is one entry of a tree object: "mode SP name NUL id". name aliases the object.
type treeEntry struct {
	name []byte
	id   pack.ID
	mode uint32
}

// The modes that matter: directories are entered, submodules (gitlinks) name commits of other repositories.
const (
	modeType    = 0o170000
	modeDir     = 0o040000
	modeGitlink = 0o160000
)

func (e *treeEntry) isDir() bool { return e.mode&modeType == modeDir }
func (e *treeEntry) isBlob() bool {
	return e.mode&modeType != modeDir && e.mode&modeType != modeGitlink
}

var (
	errTree      = errors.New("tree object is malformed")
	errTreeSlash = errors.New("tree object has a name with a slash in it")
	errTreeTwice = errors.New("tree object has a name twice")
)

// nextEntry reads the first entry of a tree and gives what follows it.
func nextEntry(f pack.Format, tree []byte) (e treeEntry, rest []byte, err error) {
	i := 0
	for ; i < len(tree) && tree[i] >= '0' && tree[i] <= '7' && i < 8; i++ {
		e.mode = e.mode<<3 | uint32(tree[i]-'0')
	}
	if i == 0 || i >= len(tree) || tree[i] != ' ' {
		return e, nil, errTree
	}
	tree = tree[i+1:]
	nul := bytes.IndexByte(tree, 0)
	if nul <= 0 || len(tree)-nul-1 < f.Size() {
		return e, nil, errTree
	}
	e.name = tree[:nul]
	e.id = f.ID(tree[nul+1:])
	return e, tree[nul+1+f.Size():], nil
}

// cursor steps through a tree.
type cursor struct {
	format pack.Format
	rest   []byte
	cur    treeEntry
	ok     bool
	err    error
}

func (c *cursor) start(f pack.Format, tree []byte) {
	*c = cursor{format: f, rest: tree}
	c.next()
}

func (c *cursor) next() {
	if c.ok = len(c.rest) > 0 && c.err == nil; !c.ok {
		return
	}
	c.cur, c.rest, c.err = nextEntry(c.format, c.rest)
	c.ok = c.err == nil
}

// compareEntries is git's order: a directory sorts as if its name ended in a slash.
func compareEntries(a, b *treeEntry) int {
	n := min(len(a.name), len(b.name))
	if c := bytes.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return int(a.after(n)) - int(b.after(n))
}

func (e *treeEntry) after(n int) byte {
	switch {
	case n < len(e.name):
		return e.name[n]
	case e.isDir():
		return '/'
	}
	return 0
}

// isCanonical reports whether a tree of ids of a size is as git writes it.
func isCanonical(size int, tree []byte) bool {
	var prev treeEntry
	for len(tree) > 0 {
		var cur treeEntry
		i := 0
		for ; i < len(tree) && tree[i]-'0' < 8 && i < 8; i++ {
			cur.mode = cur.mode<<3 | uint32(tree[i]-'0')
		}
		if i == 0 || i >= len(tree) || tree[i] != ' ' {
			return false
		}
		tree = tree[i+1:]
		nul := bytes.IndexByte(tree, 0)
		if nul <= 0 || len(tree)-nul-1 < size {
			return false
		}
		cur.name, tree = tree[:nul], tree[nul+1+size:]
		if bytes.IndexByte(cur.name, '/') >= 0 || len(prev.name) > 0 && compareEntries(&prev, &cur) >= 0 {
			return false
		}
		prev.name, prev.mode = cur.name, cur.mode
	}
	return true
}

// canonicalTree gives a tree as git writes it: entries in order, each name once and without a slash. That is data
// itself, unless somebody made it otherwise; then entries are sorted, and those that cannot be are left out, which is
// the error.
func canonicalTree(f pack.Format, data []byte) (tree []byte, err error) {
	type entry struct {
		treeEntry
		raw []byte
	}
	if isCanonical(f.Size(), data) {
		return data, nil
	}
	var entries []entry
	for rest := data; len(rest) > 0; {
		e, after, bad := nextEntry(f, rest)
		if bad != nil {
			err = bad
			break
		}
		if bytes.IndexByte(e.name, '/') >= 0 {
			err = errTreeSlash
		} else {
			entries = append(entries, entry{e, rest[:len(rest)-len(after)]})
		}
		rest = after
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return compareEntries(&a.treeEntry, &b.treeEntry) })
	tree = []byte{}
	for i := range entries {
		if i > 0 && compareEntries(&entries[i-1].treeEntry, &entries[i].treeEntry) == 0 {
			err = errTreeTwice
			continue
		}
		tree = append(tree, entries[i].raw...)
	}
	return tree, err
}

// change is a path whose blob differs between two trees. A zero id means that there is none. path is valid during the
// call only.
type change struct {
	path     []byte
	old, new pack.ID
	ord      uint32 // of new, when it has been found
	found    bool
	interest interest // in the path
}

// differ compares trees. A tree that cannot be read is told to problem once and taken for empty. get gives canonical
// trees (see canonicalTree).
type differ struct {
	format  pack.Format
	get     func(pack.ID) ([]byte, error)
	problem func(id pack.ID, err error)
	emit    func(change)
	path    []byte
	stop    bool // leave the comparison where it is
	deepest int  // how deep directories may be nested
	// repeats is how many entries of trees may still be visited that this comparison has visited before. All
	// comparisons of a repository share it.
	repeats *int
	// skip says of a tree that nothing below it is to be emitted. It may be nil.
	skip func(new pack.ID) bool
	// ended says that the comparison is to stop, which is asked now and then: see pause. It may be nil.
	ended   func() bool
	work    int
	visits  int
	visited map[[2]pack.ID]bool // pairs of trees; kept once visits says that the comparison is a large one
}

// Bounds against trees made to be endless. A directory may stand in as many places as anybody likes, at no cost to
// whoever makes it: ten levels of ten references are 10,000,000,000 paths. So entries that are visited again are
// counted, and may be some times as many as those visited for the first time.
const (
	maxTreeDepth   = 16_384
	maxTreePath    = 64 << 10
	firstRepeats   = 1 << 14
	repeatsPerNew  = 16
	manyTreeVisits = 256
)

var (
	errTreeDepth   = fmt.Errorf("directories are nested more than %d deep", maxTreeDepth)
	errTreePath    = fmt.Errorf("paths are longer than %d bytes", maxTreePath)
	errTreeRepeats = errors.New("the same directories stand in too many places: some are left out")
)

// diff emits every path whose blob is not the same in both trees. Zero stands for the empty tree.
func (d *differ) diff(old, new pack.ID) {
	d.path, d.visits, d.visited = d.path[:0], 0, nil
	d.trees(old, new, 0)
}

func (d *differ) trees(old, new pack.ID, depth int) {
	if old == new || d.skip != nil && d.skip(new) {
		return
	}
	name := new
	if name.IsZero() {
		name = old
	}
	if depth > d.deepest {
		d.problem(name, errTreeDepth)
		return
	}
	again := d.again(old, new)
	a, b := cursor{format: d.format, rest: d.read(old)}, cursor{format: d.format, rest: d.read(new)}
	for both := true; !d.stop; {
		if both {
			n, entries := commonEntries(d.format.Size(), a.rest, b.rest)
			a.rest, b.rest = a.rest[n:], b.rest[n:]
			if !d.visit(entries, again, name) {
				return
			}
			a.next()
			b.next()
		}
		if !a.ok && !b.ok || !d.visit(1, again, name) {
			return
		}
		c := 0
		switch {
		case !b.ok:
			c = -1
		case !a.ok:
			c = 1
		default:
			c = compareEntries(&a.cur, &b.cur)
		}
		both = c == 0
		switch {
		case c < 0:
			d.pair(&a.cur, nil, depth, name)
			a.next()
		case c > 0:
			d.pair(nil, &b.cur, depth, name)
			b.next()
		case a.cur.id != b.cur.id || a.cur.mode&modeType != b.cur.mode&modeType:
			d.pair(&a.cur, &b.cur, depth, name)
		}
	}
}

// visit counts entries of a tree that is visited for the first time or again, and reports whether to go on.
func (d *differ) visit(entries int, again bool, tree pack.ID) bool {
	if d.pause(entries); d.stop {
		return false
	}
	d.visits += entries
	if !again {
		*d.repeats += entries * repeatsPerNew
		return true
	}
	if *d.repeats -= entries; *d.repeats < 0 {
		*d.repeats = 0
		d.problem(tree, errTreeRepeats)
		return false
	}
	return true
}

// pauseAfter is how much is done before it is asked whether to stop: entries that are visited, and bytesOfWork bytes of trees each.
const (
	pauseAfter  = 1 << 12
	bytesOfWork = 64
)

// pause counts work, and now and then asks whether to stop.
func (d *differ) pause(work int) {
	if d.work += work; d.work >= pauseAfter && d.ended != nil {
		d.work = 0
		d.stop = d.stop || d.ended()
	}
}

// commonEntries is the length of the entries with which two canonical trees both begin, and how many these are. Nearly
// all of two versions of a directory is equal, and so it is compared as bytes and stepped through without being read.
func commonEntries(size int, a, b []byte) (length, entries int) {
	equal := a[:mismatch(a, b)]
	for {
		nul := bytes.IndexByte(equal[length:], 0)
		if nul < 0 || len(equal)-length <= nul+size {
			return length, entries
		}
		length += nul + 1 + size
		entries++
	}
}

// mismatch is how many bytes at the start of a and b are equal.
func mismatch(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; n-i >= 8; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// again reports whether this comparison has compared these trees before. Small ones do not keep book.
func (d *differ) again(old, new pack.ID) bool {
	if d.visits < manyTreeVisits {
		return false
	}
	if d.visited == nil {
		d.visited = map[[2]pack.ID]bool{}
	}
	pair := [2]pack.ID{old, new}
	if d.visited[pair] {
		return true
	}
	d.visited[pair] = true
	return false
}

// pair handles one name that differs. Both entries, when both are there, are directories or neither is: git's order
// keeps a file and a directory of one name apart. They are entries of tree, or of what it was.
func (d *differ) pair(a, b *treeEntry, depth int, tree pack.ID) {
	e := a
	if b != nil {
		e = b
	}
	n := len(d.path)
	if n+1+len(e.name) > maxTreePath {
		d.problem(tree, errTreePath)
		return
	}
	if n > 0 {
		d.path = append(d.path, '/')
	}
	d.path = append(d.path, e.name...)
	if e.isDir() {
		var old, new pack.ID
		if a != nil {
			old = a.id
		}
		if b != nil {
			new = b.id
		}
		d.trees(old, new, depth+1)
	} else {
		ch := change{path: d.path}
		if a != nil && a.isBlob() {
			ch.old = a.id
		}
		if b != nil && b.isBlob() {
			ch.new = b.id
		}
		if ch.old != ch.new {
			d.emit(ch)
		}
	}
	d.path = d.path[:n]
}

func (d *differ) read(id pack.ID) []byte {
	if id.IsZero() {
		return nil
	}
	if d.stop && d.ended != nil && d.ended() {
		return nil
	}
	data, err := d.get(id)
	d.pause(1 + len(data)/bytesOfWork)
	if err != nil {
		d.problem(id, err)
		return nil
	}
	return data
}

// lookup is the blob at a path of a tree, zero when there is none.
func (d *differ) lookup(tree pack.ID, path []byte) pack.ID {
	for {
		name, rest, deeper := bytes.Cut(path, []byte{'/'})
		var c cursor
		found := false
		for c.start(d.format, d.read(tree)); c.ok; c.next() {
			if bytes.Equal(c.cur.name, name) && c.cur.isDir() == deeper {
				found = true
				break
			}
		}
		switch {
		case !found || !deeper && !c.cur.isBlob():
			return pack.ID{}
		case !deeper:
			return c.cur.id
		}
		tree, path = c.cur.id, rest
	}
}
