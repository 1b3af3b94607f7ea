package compose

import (
	"bytes"
	"slices"

	"rummage/detect/carrier"
	"rummage/detect/yamltree"
)

// # Files with anchors before their services
//
// Many large files say at their head what services have in common, and each service merges it. Such a service is not
// the same wherever it stands, but three things say all that it is: its bytes; what stands before all services, where
// alone anchors are; and which of the collections there were read before it, since each is read where it is used first.
// So services are known by these three. What the head holds itself is read as what the last service has left of it.

// prefix is what stands before the services of a file.
type prefix struct {
	alone bool // services can be linked to it; nothing else is said of others
	text  []byte
	key   int // where its first key stands
	nodes int // the ids of its nodes are below, in every file that begins with it
	// own is what is read of it before the services, with its comments; spent is what that takes of the aliases' budget.
	own    block
	spent  int
	start  *linkState
	states map[string]*linkState
	known  map[string]bool // texts of services that were read in some state
}

// linkState is which collections of a prefix have been read.
type linkState struct {
	seen     []bool // by id
	services map[string]*linkedBlock
	whole    *block // the prefix, if this is what services have left of it
	spent    int    // by the extension fields then
}

// linkedBlock is what is known of a service that was read in a state.
type linkedBlock struct {
	block
	next  *linkState
	spent int
}

// maxStates bounds the states of a prefix. Real files have some ten.
const maxStates = 64

// affordable says that so many services of a file may be linked: each costs as much as the prefix has nodes.
func (p *prefix) affordable(services int, data []byte) bool {
	return p.nodes*services <= 1<<16+16*len(data)
}

// inPrefix is what offsets of a linked block that lie in the prefix are lowered by: a block moves, its prefix does not.
const inPrefix = 1 << 30

// cutLinked cuts a file with anchors before its services into blocks, in r.parts. It reports false if the file is not
// the sum of them.
func (r *Reader) cutLinked(data []byte) bool {
	if len(data) >= inPrefix || len(r.starts) > maxBlocks(data) || yamltree.LoneReturns(data) {
		return false
	}
	nth := slices.IndexFunc(r.starts, func(p int) bool { return bytes.HasPrefix(data[p:], servicesKey) })
	if nth < 1 || bytes.IndexByte(data[:r.starts[nth]], '&') < 0 {
		return false
	}
	start, end := r.starts[nth], len(data)
	if nth+1 < len(r.starts) {
		end = r.starts[nth+1]
	}
	p := r.prefix(data[:start], r.starts[0])
	if !p.alone {
		return false
	}
	r.parts = append(r.parts[:0], placedBlock{})
	state, spent, ok := r.cutLinkedServices(p, data[:end], start)
	if !ok {
		return false
	}
	for i := nth + 1; i < len(r.starts); i++ {
		if r.size > 2*maxKnown {
			return false
		}
		at, end := r.starts[i], len(data)
		if i+1 < len(r.starts) {
			end = r.starts[i+1]
		}
		b := r.topBlock(data[at:end], 0)
		if !b.alone {
			return false
		}
		r.parts = append(r.parts, placedBlock{block: b, at: at})
	}
	if !p.finish(r, state) || p.spent+spent+state.spent > carrier.FreeBudget {
		return false
	}
	r.parts[0].block = state.whole
	return true
}

// cutLinkedServices cuts the services, whose key stands at start, and tells what they leave of the prefix.
func (r *Reader) cutLinkedServices(p *prefix, data []byte, start int) (state *linkState, spent int, ok bool) {
	eol := bytes.IndexByte(data[start:], '\n')
	if eol < 0 {
		return nil, 0, false
	}
	first, column, found := yamltree.Indent(data, start+eol+1)
	if !found || column == 0 {
		return nil, 0, false
	}
	head := r.topBlock(data[start:first], 0)
	if !head.alone || !head.open {
		return nil, 0, false
	}
	r.parts = append(r.parts, placedBlock{block: head, at: start})
	r.inner = yamltree.Cut(r.inner[:0], data, first, column)
	if len(r.inner) > maxBlocks(data) || !p.affordable(len(r.inner), data) {
		return nil, 0, false
	}
	r.inner = append(r.inner, len(data))
	c := linkContext{r: r, p: p, data: data, column: column}
	defer c.close()
	state = p.start
	for i := range len(r.inner) - 1 {
		if r.size > 2*maxKnown {
			return nil, 0, false
		}
		text := data[r.inner[i]:r.inner[i+1]]
		b := state.services[string(text)]
		if b == nil {
			if b = c.read(i, state); b == nil {
				p.alone = false // another version will hardly be different
				return nil, 0, false
			}
		}
		r.parts = append(r.parts, placedBlock{block: &b.block, at: r.inner[i], linked: true})
		state, spent = b.next, spent+b.spent
	}
	return state, spent, true
}

// prefix is what is known of a prefix whose first key stands at key.
func (r *Reader) prefix(text []byte, key int) *prefix {
	if p, ok := r.prefixes[string(text)]; ok {
		return p
	}
	p := &prefix{text: bytes.Clone(text), key: key, states: map[string]*linkState{}, known: map[string]bool{}}
	r.prefixes[string(text)] = p
	p.alone = p.read(r)
	r.size += p.own.size() + 3*len(text)
	return p
}

// read reads the prefix itself, if services can be linked to it.
func (p *prefix) read(r *Reader) bool {
	tree := yamltree.Parse(p.text)
	defer tree.Release()
	if len(tree.Documents) != 1 {
		return false
	}
	d := tree.Documents[0]
	p.nodes = d.Len()
	if !tree.SeparableFrom(p.text, p.key, p.nodes) {
		return false
	}
	for k := range d.Root().Pairs() {
		if k.Is("<<") {
			return false // what is merged there is none of its keys
		}
	}
	one := r.partReader(p.text, tree)
	one.Document(d)
	one.others(d.Root())
	p.spent = one.Spent()
	last := one.Len()
	p.start = p.state(r, one.Seen())
	one.comments(0, len(p.text))
	p.own.references, p.own.inlines = one.f.References, one.f.Inlines
	p.own.keep(&r.keys, p.text, one.Done(), last, last)
	return len(one.Problems) == 0
}

func (r *Reader) partReader(data []byte, tree *yamltree.Tree) *reader {
	one := newReader(data, tree)
	one.part, one.Memory = true, &r.keys
	return one
}

// state is the state in which so much of the prefix has been read; nil if there are too many.
func (p *prefix) state(r *Reader, seen []bool) *linkState {
	seen = seen[:p.nodes]
	key := make([]byte, len(seen))
	for i, is := range seen {
		if is {
			key[i] = 1
		}
	}
	s := p.states[string(key)]
	if s == nil && len(p.states) < maxStates {
		r.size += blockSize + 2*len(key)
		s = &linkState{seen: slices.Clone(seen), services: map[string]*linkedBlock{}}
		p.states[string(key)] = s
	}
	return s
}

// finish reads the extension fields of the prefix as services have left them in a state.
func (p *prefix) finish(r *Reader, s *linkState) bool {
	if s.whole != nil {
		return true
	}
	tree := yamltree.Parse(p.text)
	defer tree.Release()
	one := r.partReader(p.text, tree)
	one.Document(tree.Documents[0])
	one.Resume(s.seen)
	for k, v := range tree.Documents[0].Root().Pairs() {
		if extension(k) {
			one.Values(Extension, k, v)
		}
	}
	s.spent = one.Spent()
	b := &block{references: p.own.references, inlines: p.own.inlines}
	n := one.Len()
	b.keep(&r.keys, p.text, one.Done(), 0, n)
	if len(one.Problems) > 0 {
		p.alone = false
		return false
	}
	b.entries = slices.Concat(p.own.entries[:p.own.last], b.entries, p.own.entries[p.own.comments:])
	b.last = p.own.last
	b.comments = len(b.entries) - len(p.own.entries[p.own.comments:])
	s.whole = b
	r.size += b.size() + 2*p.nodes
	return true
}

// linkContext reads those services of a file that are not known, behind the prefix as if there were no others.
type linkContext struct {
	r      *Reader
	p      *prefix
	data   []byte // up to the end of the services; r.inner has where each begins, and its length
	column int

	text     []byte // the prefix and those services
	tree     *yamltree.Tree
	one      *reader
	services map[int]contextService // by index of r.inner
}

// contextService is a service that stands in the text of a context.
type contextService struct {
	pair
	at, end int
}

func (c *linkContext) service(i int) []byte { return c.data[c.r.inner[i]:c.r.inner[i+1]] }

// read reads the i-th service in a state. It is nil if the service cannot be linked.
func (c *linkContext) read(i int, s *linkState) *linkedBlock {
	if _, parsed := c.services[i]; !parsed {
		if c.close(); !c.parse(i) {
			return nil
		}
	}
	x, one := c.services[i], c.one
	before, references, inlines, spent := one.Len(), len(one.f.References), len(one.f.Inlines), one.Spent()
	one.Resume(s.seen)
	one.Below(2, func() { one.member(x.key, x.value, one.service) })
	last := one.Len() - before
	one.comments(x.at, x.end)
	if len(one.Problems) > 0 {
		return nil
	}
	b := &linkedBlock{next: c.p.state(c.r, one.Seen()), spent: one.Spent() - spent}
	if b.next == nil {
		return nil
	}
	b.references, b.inlines = slices.Clone(one.f.References[references:]), slices.Clone(one.f.Inlines[inlines:])
	b.keep(&c.r.keys, c.text, one.Since(before), last, last)
	b.lower(len(c.p.text), x.at)
	text := string(c.service(i))
	s.services[text], c.p.known[text] = b, true
	c.r.size += b.size() + 2*len(text)
	return b
}

// parse makes a tree of the prefix and those services, from the i-th on, that were not read in any state; of all, if the
// i-th was: then it is the state that is new, and will be to others. So a file has two contexts at most.
func (c *linkContext) parse(i int) bool {
	c.services = map[int]contextService{}
	c.text = append(append(append(c.r.context[:0], c.p.text...), servicesKey...), '\n')
	var order []int
	all := c.p.known[string(c.service(i))]
	for j := i; j < len(c.r.inner)-1; j++ {
		if text := c.service(j); j == i || all || !c.p.known[string(text)] {
			order = append(order, j)
			c.services[j] = contextService{at: len(c.text), end: len(c.text) + len(text)}
			c.text = append(c.text, text...)
		}
	}
	if cap(c.text) <= maxContext {
		c.r.context = c.text
	}
	c.tree = yamltree.Parse(c.text)
	if !c.tree.SeparableFrom(c.text, c.p.key, c.p.nodes) {
		return false
	}
	d := c.tree.Documents[0]
	below := yamltree.Node{}
	for k, v := range d.Root().Pairs() {
		if k.ID() >= c.p.nodes {
			if below.Kind() != yamltree.None || k.ID() != c.p.nodes || !k.Is("services") {
				return false
			}
			below = v
		}
	}
	if below.Kind() != yamltree.Mapping || below.Style() != yamltree.Plain {
		return false
	}
	for k, v := range below.Pairs() {
		if len(order) == 0 {
			return false
		}
		x := c.services[order[0]]
		at := k.Span().Start
		if k.Quoted() {
			at--
		}
		if x.key, x.value = k, v; at != x.at+c.column {
			return false // the one before is more than one key
		}
		c.services[order[0]], order = x, order[1:]
	}
	c.one = c.r.partReader(c.text, c.tree)
	c.one.Document(d)
	return len(order) == 0
}

// maxContext is how much room for a context is kept for the next one, in bytes.
const maxContext = 1 << 20

// close gives back what a context takes.
func (c *linkContext) close() {
	if c.one != nil {
		c.one.Done()
		c.one = nil
	}
	if c.tree != nil {
		c.tree.Release()
		c.tree = nil
	}
}

// lower makes offsets of the block, which begins at an offset of its context, those of a linked block. Nothing refers to
// the context afterwards.
func (b *linkedBlock) lower(prefix, at int) {
	by := func(start int) int {
		if start < prefix {
			return -inPrefix
		}
		return -at
	}
	for i := range b.entries {
		e := &b.entries[i]
		e.Name, e.Value, e.Owner = moved(e.Name, by(e.Name.Start)), moved(e.Value, by(e.Value.Start)), moveOwner(e.Owner, by(e.Owner.Start))
		e.Decoded = bytes.Clone(e.Decoded)
	}
	for i := range b.references {
		x := &b.references[i]
		x.Path, x.Owner = x.Path.Shift(by(x.Path.Place().Start)), moveOwner(x.Owner, by(x.Owner.Start))
		x.Path.Bytes = bytes.Clone(x.Path.Bytes)
	}
	for i := range b.inlines {
		x := &b.inlines[i]
		x.Text, x.Owner = x.Text.Shift(by(x.Text.Place().Start)), moveOwner(x.Owner, by(x.Owner.Start))
		x.Text.Bytes = bytes.Clone(x.Text.Bytes)
	}
}
