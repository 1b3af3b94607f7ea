package compose

import (
	"bytes"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/yamltree"
)

// Reader reads one version of a file after another and reads again only what it has not seen before. What it gives is
// what Parse gives, to the last offset.
//
// A file is cut into blocks: each key at the left with what is indented below it, and below services each service. A
// block that means the same wherever it stands is read once, in a copy of its own, and then known by its bytes. In a file
// with anchors before its services a service is known by its bytes, what stands before all services, and what of that
// others have used before; see linked.go. A file that is neither is for Parse: one with anchors elsewhere, of several
// documents, with lines that are not understood or take the full parser, without a key that says where services are. Of
// such a file what the keys of services hold is known by its bytes.
//
// The zero value is ready for use. A Reader belongs to one goroutine.
type Reader struct {
	// Keep says which assignments matter to the caller; nil: all. It is asked once for each that is remembered. Build
	// arguments and what is said of provenance are given whatever it says, and so is one that is a reference if there are
	// any.
	Keep func(c assignment.Context, name []byte) bool

	top      map[string]*block // by their bytes
	services map[string]*block
	prefixes map[string]*prefix // see linked.go
	context  []byte             // room for the text of a linkContext
	size     int                // of all that is known, in bytes
	keys     carrier.Memory
	starts   []int
	inner    []int
	parts    []placedBlock
	file     File
}

// block is what is known of a block. Offsets are from its first byte.
type block struct {
	alone bool // it may be read on its own; nothing else is said of others
	known bool // it says where services are: hasServices
	open  bool // its last key is services, and has no value
	// entries are those of all keys but extension fields, then those of extension fields, then those of comments.
	entries        []Entry
	last, comments int // where the second and the third kind begin
	references     []Reference
	inlines        []Inline
}

// placedBlock is a block at its place in a file.
type placedBlock struct {
	*block
	at int
	// linked says that offsets may be of what stands before the services: see inPrefix.
	linked bool
}

// by is how far something in the block that begins at an offset is from where it stands in the file.
func (p *placedBlock) by(start int) int {
	if p.linked && start < 0 {
		return inPrefix
	}
	return p.at
}

func (p *placedBlock) owner(s assignment.Span) assignment.Span { return moveOwner(s, p.by(s.Start)) }

const (
	// maxKnown bounds what a Reader remembers, in bytes: when there is more, all is forgotten.
	maxKnown = 8 << 20
	// minBlocks is the least size of a file for which blocks are worth their while, in bytes.
	minBlocks = 1 << 10
	// sizes of an entry, a reference and a block with its place in a map, about.
	entrySize = 112
	blockSize = 256
)

// Read reads a file. The lists of the File are valid until the next call; they may refer to bytes that the Reader has
// copied in place of those of data, which are the same.
func (r *Reader) Read(data []byte) *File {
	if len(data) < minBlocks {
		return Parse(data)
	}
	return r.read(data)
}

func (r *Reader) read(data []byte) *File {
	if r.top == nil {
		r.top, r.services, r.prefixes = map[string]*block{}, map[string]*block{}, map[string]*prefix{}
		if r.Keep != nil {
			r.keys.Keep = r.keeps
		}
	}
	f := (*File)(nil)
	if r.cut(data) || r.cutLinked(data) {
		f = r.join()
	} else {
		f = parse(data, &r.keys)
	}
	if r.size > maxKnown {
		clear(r.top)
		clear(r.services)
		clear(r.prefixes)
		r.size = 0
	}
	clear(r.parts)
	return f
}

func (r *Reader) keeps(c assignment.Context, name []byte) bool {
	return c == BuildArg || c == Provenance || r.Keep(c, name)
}

// cut cuts a file into blocks, in r.parts. It reports false if the file is not the sum of them.
func (r *Reader) cut(data []byte) bool {
	r.parts = r.parts[:0]
	r.starts = yamltree.Cut(r.starts[:0], data, 0, 0)
	if len(r.starts) > maxBlocks(data) || yamltree.LoneReturns(data) {
		return false
	}
	known := false
	for i, key := range r.starts {
		if r.size > 2*maxKnown {
			return false
		}
		start, end := key, len(data)
		if i == 0 {
			start = 0 // with what stands before the first key
		}
		if i+1 < len(r.starts) {
			end = r.starts[i+1]
		}
		if cut, ok := r.cutServices(data[:end], start, key); !ok {
			return false
		} else if cut {
			known = true
			continue
		}
		b := r.topBlock(data[start:end], key-start)
		if !b.alone {
			return false
		}
		known = known || b.known
		r.parts = append(r.parts, placedBlock{block: b, at: start})
	}
	return known
}

// maxBlocks is how many blocks a file may have: one costs as much as a hundred bytes of text.
func maxBlocks(data []byte) int { return 8 + len(data)/32 }

var servicesKey = []byte("services:")

// cutServices cuts the block of services that begins at start, with its key at key, into those of services, if it is
// one. ok is false if the file is not the sum of its blocks.
func (r *Reader) cutServices(data []byte, start, key int) (cut, ok bool) {
	eol := bytes.IndexByte(data[key:], '\n')
	if eol < 0 || !bytes.HasPrefix(data[key:], servicesKey) {
		return false, true
	}
	first, column, found := yamltree.Indent(data, key+eol+1)
	if !found || column == 0 {
		return false, true
	}
	head := r.topBlock(data[start:first], key-start)
	if !head.alone || !head.open {
		return false, head.alone
	}
	r.parts = append(r.parts, placedBlock{block: head, at: start})
	r.inner = yamltree.Cut(r.inner[:0], data, first, column)
	if len(r.inner) > maxBlocks(data) {
		return false, false
	}
	for i, start := range r.inner {
		if r.size > 2*maxKnown {
			return false, false
		}
		end := len(data)
		if i+1 < len(r.inner) {
			end = r.inner[i+1]
		}
		b := r.serviceBlock(data[start:end], column)
		if !b.alone {
			return false, false
		}
		r.parts = append(r.parts, placedBlock{block: b, at: start})
	}
	return true, true
}

// topBlock is the block that text is, whose first key stands at key.
func (r *Reader) topBlock(text []byte, key int) *block {
	if b, ok := r.top[string(text)]; ok {
		return b
	}
	b := r.readBlock(bytes.Clone(text), 0, func(t *yamltree.Tree, data []byte) bool { return t.Separable(data, key) })
	r.top[string(text)] = b
	r.size += b.size() + 2*len(text)
	return b
}

// serviceBlock is the block of a service, whose name is at the column.
func (r *Reader) serviceBlock(text []byte, column int) *block {
	if b, ok := r.services[string(text)]; ok {
		return b
	}
	// It is read below a key of its own, as deep as it stands.
	head := append(bytes.Clone(servicesKey), '\n')
	b := r.readBlock(append(head, text...), len(head), func(t *yamltree.Tree, data []byte) bool {
		if !t.Separable(data, 0) {
			return false
		}
		keys, below := 0, yamltree.Node{}
		for _, v := range t.Documents[0].Root().Pairs() {
			keys, below = keys+1, v
		}
		return keys == 1 && below.Kind() == yamltree.Mapping && below.Style() == yamltree.Plain && below.Span().Start == len(head)+column
	})
	r.services[string(text)] = b
	r.size += b.size() + 2*len(text)
	return b
}

// readBlock reads a block behind the first head bytes of data, if alone says of its tree that it may be read so.
func (r *Reader) readBlock(data []byte, head int, alone func(t *yamltree.Tree, data []byte) bool) *block {
	tree := yamltree.Parse(data)
	defer tree.Release()
	if !alone(tree, data) {
		return &block{}
	}
	root := tree.Documents[0].Root()
	one := newReader(data, tree)
	one.part, one.Memory = true, &r.keys
	one.document(tree.Documents[0])
	b := &block{alone: true, known: hasServices(root)}
	last, comments := one.last, one.Len()
	one.comments(0, len(data))
	for k, v := range root.Pairs() {
		b.open = k.Is("services") && !k.Quoted() && v.Null() && v.Span().Len() == 0
	}
	b.references, b.inlines = one.f.References, one.f.Inlines
	b.keep(&r.keys, data, one.Done(), last, comments)
	if len(one.Problems) > 0 {
		return &block{}
	}
	b.move(-head)
	return b
}

// keep takes those of the entries that matter. Those of extension fields and those of comments begin at last and comments.
func (b *block) keep(m *carrier.Memory, data []byte, entries []Entry, last, comments int) {
	b.entries = m.AppendMatter(nil, entries[:last], data)
	b.last = len(b.entries)
	b.entries = m.AppendMatter(b.entries, entries[last:comments], data)
	b.comments = len(b.entries)
	b.entries = slices.Clone(m.AppendMatter(b.entries, entries[comments:], data))
}

// move moves all that is known by so many bytes.
func (b *block) move(by int) {
	for i := range b.entries {
		moveEntry(&b.entries[i], by)
	}
	for i := range b.references {
		x := &b.references[i]
		x.Path, x.Owner = x.Path.Shift(by), moveOwner(x.Owner, by)
	}
	for i := range b.inlines {
		x := &b.inlines[i]
		x.Text, x.Owner = x.Text.Shift(by), moveOwner(x.Owner, by)
	}
}

func moveEntry(e *Entry, by int) {
	e.Name, e.Value, e.Owner = moved(e.Name, by), moved(e.Value, by), moveOwner(e.Owner, by)
}

func moved(s assignment.Span, by int) assignment.Span {
	return assignment.Span{Start: s.Start + by, End: s.End + by}
}

// moveOwner moves the name of an owner; no one's has no place.
func moveOwner(s assignment.Span, by int) assignment.Span {
	if s == (assignment.Span{}) {
		return s
	}
	return moved(s, by)
}

func (b *block) size() int {
	n := blockSize + entrySize*(len(b.entries)+len(b.references)+len(b.inlines))
	for i := range b.entries {
		n += len(b.entries[i].Decoded)
	}
	return n
}

// join puts the file together from r.parts.
func (r *Reader) join() *File {
	f := &r.file
	clear(f.Assignments) // what they refer to must not be kept alive
	f.Assignments, f.References, f.Inlines = f.Assignments[:0], f.References[:0], f.Inlines[:0]
	if cap(f.Assignments) > maxKnown/entrySize {
		*f = File{}
	}
	for i := range r.parts {
		p := &r.parts[i]
		f.add(p, p.entries[:p.last])
		for _, x := range p.references {
			x.Path, x.Owner = x.Path.Shift(p.by(x.Path.Place().Start)), p.owner(x.Owner)
			f.References = append(f.References, x)
		}
		for _, x := range p.inlines {
			x.Text, x.Owner = x.Text.Shift(p.by(x.Text.Place().Start)), p.owner(x.Owner)
			f.Inlines = append(f.Inlines, x)
		}
	}
	for i := range r.parts {
		p := &r.parts[i]
		f.add(p, p.entries[p.last:p.comments])
	}
	for i := range r.parts {
		p := &r.parts[i]
		f.add(p, p.entries[p.comments:])
	}
	return f
}

func (f *File) add(p *placedBlock, entries []Entry) {
	n := len(f.Assignments)
	f.Assignments = append(f.Assignments, entries...)
	for i := n; i < len(f.Assignments); i++ {
		e := &f.Assignments[i]
		e.Name, e.Value, e.Owner = moved(e.Name, p.by(e.Name.Start)), moved(e.Value, p.by(e.Value.Start)), p.owner(e.Owner)
	}
}
