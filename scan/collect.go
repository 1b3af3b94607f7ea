package scan

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/structure"
)

// collector gathers the matches of all workers. A lock guards it; matches are rare, so it is hardly ever waited for.
type collector struct {
	det     *detect.Detector
	profile *detect.Profile // nil unless measured
	ledger  *Ledger         // nil: nothing was searched before

	mu      sync.Mutex
	ids     map[secretKey]SecretID
	secrets []secretKey
	hits    map[BlobRef][]hit
	// undecoded counts blobs with more encoded text than the matcher decodes.
	undecoded int
	// texts and searched are bytes: of all that was searched, and of what was looked at for that.
	texts, searched atomic.Int64

	named map[string][]*detect.Rule // path → rules that fire by the name alone
	at    map[atKey][]SecretID
	files structured
	// around judges what depends on other files.
	around conditions
}

// secretKey is what makes two matches the same secret: rule and value, and who suppressed them by content. Rules that
// fire by a file's name have no value; there the path takes its place.
type secretKey struct {
	rule       *detect.Rule
	secret     string
	path       string
	key        string // of an exposure
	suppressed detect.Suppression
}

type atKey struct {
	ref  BlobRef
	path string
}

// hit is one match in one blob, located.
type hit struct {
	secret  SecretID
	at      Span // of the secret
	matchAt Span
	match   detect.Match
	remedy  string // of advice, for a structured file
}

func newCollector(d *detect.Detector, src Source) *collector {
	c := &collector{
		det: d, files: newStructured(d, src), ids: map[secretKey]SecretID{}, hits: map[BlobRef][]hit{},
		named: map[string][]*detect.Rule{}, at: map[atKey][]SecretID{},
	}
	c.around = newConditions(c)
	return c
}

// matcher is a new one.
func (c *collector) matcher() *detect.Matcher {
	m := c.det.Matcher()
	m.Measure(c.profile)
	return m
}

// id is the number of a secret. The caller holds the lock.
func (c *collector) id(k secretKey) SecretID {
	id, ok := c.ids[k]
	if !ok {
		id = SecretID(len(c.secrets))
		c.ids[k] = id
		c.secrets = append(c.secrets, k)
	}
	return id
}

// add keeps the matches of a blob. What looks like structured files and was not read as such is read when one has such a
// name.
func (c *collector) add(ref BlobRef, text []byte, matches []detect.Match, sniffed structure.Set) {
	located := locate(text, matches)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identify(located)
	if len(located) > 0 {
		c.hits[ref] = located
	}
	if sniffed != 0 {
		c.files.sniffed[ref] = sniffed
	}
}

// identify numbers the secrets of matches. The caller holds the lock.
func (c *collector) identify(located []hit) {
	for i := range located {
		m := &located[i].match
		k := secretKey{rule: m.Rule, secret: m.Secret}
		if Kind(m.Rule.Kind) == KindExposure {
			k.key = m.Key
		}
		if m.Suppressed != nil {
			k.suppressed = *m.Suppressed
		}
		located[i].secret = c.id(k)
	}
}

// locate gives matches their lines and columns.
func locate(text []byte, matches []detect.Match) []hit {
	offsets := make([]int, 0, 4*len(matches))
	for i := range matches {
		m := &matches[i]
		offsets = append(offsets, m.Start, m.End, m.SecretStart, m.SecretEnd)
	}
	slices.Sort(offsets) // lines are counted once, forwards
	offsets = slices.Compact(offsets)
	places := make([]position, len(offsets))
	var pos position
	for i, offset := range offsets {
		pos.advance(text, offset)
		places[i] = pos
	}
	at := func(start, end int) Span {
		i, _ := slices.BinarySearch(offsets, start)
		j, _ := slices.BinarySearch(offsets, end)
		return Span{Line: places[i].line + 1, Column: start - places[i].lineStart + 1,
			EndLine: places[j].line + 1, EndColumn: end - places[j].lineStart + 1}
	}
	located := make([]hit, len(matches))
	for i := range matches {
		m := &matches[i]
		located[i] = hit{at: at(m.SecretStart, m.SecretEnd), matchAt: at(m.Start, m.End), match: *m}
	}
	return located
}

// position is a place in a text, found by counting line feeds forwards.
type position struct {
	offset, line, lineStart int
}

func (p *position) advance(text []byte, to int) {
	part := text[p.offset:to]
	if n := bytes.Count(part, []byte{'\n'}); n > 0 {
		p.line += n
		p.lineStart = p.offset + bytes.LastIndexByte(part, '\n') + 1
	}
	p.offset = to
}

// Holds implements Lookup.
func (c *collector) Holds(ref BlobRef) bool {
	_, ok := c.hits[ref]
	return ok
}

// Named implements Lookup.
func (c *collector) Named(path string) bool {
	return c.kindAt(path) != structure.None || len(c.namedRules(path)) > 0
}

func (c *collector) namedRules(path string) []*detect.Rule {
	if path == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rules, ok := c.named[path]
	if !ok {
		rules = c.det.NamedRules(path, "")
		if len(c.named) >= maxNamed {
			clear(c.named)
		}
		c.named[path] = rules
	}
	return rules
}

// maxNamed bounds the cache of names: a hostile history has as many paths as it likes.
const maxNamed = 1 << 17

// Exposed implements Lookup.
func (c *collector) Exposed(path string, in assignment.Context) []SecretID {
	rules := c.det.NamedRules(path, in)
	if len(rules) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []SecretID
	for _, r := range rules {
		ids = append(ids, c.id(secretKey{rule: r, path: path}))
	}
	slices.Sort(ids)
	return ids
}

// At implements Lookup.
func (c *collector) At(ref BlobRef, path string, tree Tree) []SecretID {
	named := c.namedRules(path)
	hits := c.hitsAt(ref, path)
	if len(named) == 0 && len(hits) == 0 {
		return nil
	}
	k := atKey{ref, path}
	c.mu.Lock()
	ids, known := c.at[k]
	c.mu.Unlock()
	if known {
		return ids
	}
	conditional := false
	var held map[assignment.Condition]bool // a file may ask the same a thousand times
	for i := range hits {
		m := &hits[i].match
		conditional = conditional || m.When.Kind != assignment.Always
		if ok, _ := c.det.PlacedAt(m, path, ""); ok && c.holdsOnce(&held, m.When, path, tree) {
			ids = append(ids, hits[i].secret)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range named {
		ids = append(ids, c.id(secretKey{rule: r, path: path}))
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if conditional {
		return ids
	}
	if len(c.at) >= maxNamed {
		clear(c.at)
	}
	c.at[k] = ids
	return ids
}

// holdsOnce says whether a condition holds, and remembers it in held.
func (c *collector) holdsOnce(held *map[assignment.Condition]bool, when assignment.Condition, path string, tree Tree) bool {
	if when.Kind == assignment.Always {
		return true
	}
	holds, known := (*held)[when]
	if !known {
		if *held == nil {
			*held = map[assignment.Condition]bool{}
		}
		holds = c.around.hold(when, path, tree)
		(*held)[when] = holds
	}
	return holds
}

// visitor is one worker's.
type visitor struct {
	c       *collector
	scratch []byte
	pass
	others []*pass // for what has changed, by the ledger's number
}

// pass is the search by one detector.
type pass struct {
	m        *detect.Matcher
	reader   structure.Reader
	wanted   bool // structured files are read
	readings []detect.Reading
	located  []*structuredHits // of the kinds that a blob was read as
	carries  []*detect.Carry   // by slot, see Delta
	clues    []structure.Clues // beside carries
	carried  int               // bytes of memory in carries
}

func newPass(d *detect.Detector, m *detect.Matcher) pass {
	return pass{m: m, reader: structure.Reader{Keep: d.Relevant}, wanted: d.Rules().ReadsStructures()}
}

// Visit implements Visitor.
func (v *visitor) Visit(ref BlobRef, data []byte) SkipReason {
	return v.VisitDelta(ref, data, Delta{Base: -1, Slot: -1})
}

// carry is what is kept in a slot, nil for none.
func (p *pass) carry(slot int) *detect.Carry {
	if slot < 0 {
		return nil
	}
	for slot >= len(p.carries) {
		p.carries, p.clues = append(p.carries, &detect.Carry{}), append(p.clues, structure.AnyClue)
	}
	return p.carries[slot]
}

// begin empties a slot, whatever comes of its blob, and gives what counts the memory that it then has.
func (p *pass) begin(slot int) (end func()) {
	keep := p.carry(slot)
	if keep == nil {
		return func() {}
	}
	keep.Reset()
	p.clues[slot] = structure.AnyClue
	before := keep.Bytes()
	return func() { p.carried += p.carries[slot].Bytes() - before }
}

// maxCarried bounds the memory of carries in bytes. Beyond it less is kept, and so more searched.
const maxCarried = 64 << 20

// with lets the next search take over what was kept of the base, and keep what it tells itself.
func (p *pass) with(d Delta) {
	keep := p.carry(d.Slot)
	if keep != nil && p.carried-keep.Bytes() > maxCarried {
		*keep = detect.Carry{}
		keep = nil
	}
	p.m.With(p.carry(d.Base), d.Copies, keep)
}

// VisitAll implements Visitor.
func (v *visitor) VisitAll(ref BlobRef, data []byte) SkipReason {
	if _, _, isText := Text(data, v.scratch); isText {
		return v.Visit(ref, data)
	}
	v.scratch = printable(v.scratch, data)
	if matches := v.m.MatchForms(v.scratch); len(matches) > 0 {
		v.c.add(ref, data, matches, 0)
	}
	v.done(&v.pass, data)
	if cap(v.scratch) > maxScratch {
		v.scratch = nil
	}
	return ""
}

// done counts a text that was searched.
func (v *visitor) done(p *pass, text []byte) {
	v.c.texts.Add(int64(len(text)))
	v.c.searched.Add(int64(p.m.Searched()))
	v.c.profile.Lap(detect.ShareSettle)
	if !p.m.Complete() {
		v.c.mu.Lock()
		v.c.undecoded++
		v.c.mu.Unlock()
	}
}

// VisitDelta implements Visitor.
func (v *visitor) VisitDelta(ref BlobRef, data []byte, d Delta) SkipReason {
	defer v.begin(d.Slot)()
	for _, p := range v.others {
		if p != nil {
			defer p.begin(d.Slot)()
		}
	}
	if v.c.ledger.Searched(ref) {
		return SkipKnown
	}
	v.c.profile.Lap(detect.ShareSource)
	text, scratch, ok := Text(data, v.scratch)
	v.scratch = scratch
	if cap(v.scratch) > maxScratch {
		v.scratch = nil
	}
	if !ok {
		v.c.ledger.note(ref, markOf(allKinds, 0))
		return SkipBinary
	}
	same := len(text) > 0 && &text[0] == &data[0] // otherwise it is decoded, and what is copied is not
	if m, changed, ok := v.c.ledger.other(ref); ok && v.stillClean(ref, m, changed, text, same, d) {
		return ""
	}
	if same {
		v.with(d)
	}
	sniffed, ahead := v.sniff(text, same, d)
	if ahead != 0 {
		v.addRead(ref, text, sniffed, ahead)
	} else if matches := v.m.Match(text); len(matches) > 0 || sniffed != 0 {
		v.c.add(ref, text, matches, sniffed)
	}
	v.c.ledger.note(ref, markOf(ahead.Add(structure.None), sniffed))
	v.done(&v.pass, text)
	return ""
}

// stillClean searches a blob, of which a search with other rules has told m, for what has changed. When nothing is found in
// its text, the ledger has its mark; it is to be searched with all rules otherwise.
func (v *visitor) stillClean(ref BlobRef, m Mark, changed int, text []byte, same bool, d Delta) bool {
	p := v.other(changed)
	if same {
		p.with(d)
	}
	read := structure.Set(m)
	sniffed := m.sniffed()
	var plain []detect.Match
	if kinds := read &^ (1 << structure.None); p.wanted {
		sniffed, _ = p.sniff(text, same, d)
		found := p.reader.Each(kinds, text)
		p.readings = p.readings[:0]
		for i := range found {
			p.readings = append(p.readings, found[i].Reading)
		}
		var with [][]detect.Match
		plain, with = p.m.MatchEach(text, p.readings)
		read = structure.Set(0).Add(structure.None)
		for i := range found {
			if len(with[i]) == 0 {
				read = read.Add(found[i].Kind)
			}
		}
	} else {
		plain = p.m.Match(text)
	}
	if len(plain) > 0 {
		v.c.searched.Add(int64(p.m.Searched()))
		return false
	}
	v.done(p, text)
	v.c.ledger.renew(ref, markOf(read, sniffed))
	return true
}

// other is the pass for what has changed.
func (v *visitor) other(changed int) *pass {
	for len(v.others) <= changed {
		v.others = append(v.others, nil)
	}
	if v.others[changed] == nil {
		d := v.c.ledger.changed[changed]
		p := newPass(d, d.Matcher())
		v.others[changed] = &p
	}
	return v.others[changed]
}

// sniff says what a text looks like, and as which structured files it is to be read now. same says that it is the blob
// byte by byte.
func (p *pass) sniff(text []byte, same bool, d Delta) (sniffed, ahead structure.Set) {
	if !p.wanted {
		return 0, 0
	}
	var clues structure.Clues
	if same && d.Base >= 0 && d.Base < len(p.clues) {
		clues = p.clues[d.Base].Carried(text, d.Copies)
	} else {
		clues = structure.Look(text)
	}
	if same && d.Slot >= 0 {
		p.clues[d.Slot] = clues
	}
	sniffed = clues.Sniff(text)
	return sniffed, clues.Ahead(text, sniffed)
}

// maxScratch: one giant UTF-16 file must not pin its memory.
const maxScratch = 4 << 20

// Refs implements Lookup.
func (c *collector) Refs() []BlobRef {
	refs := make([]BlobRef, 0, len(c.hits))
	for ref := range c.hits {
		refs = append(refs, ref)
	}
	for k, found := range c.files.hits {
		if found != nil && len(found.hits) > 0 {
			refs = append(refs, k.ref) // which a name may make a structured file
		}
	}
	for ref, sniffed := range c.files.sniffed {
		if c.files.unreadYet(ref, sniffed) {
			refs = append(refs, ref) // of which only a reader knows what it holds
		}
	}
	c.unreadBefore(func(ref BlobRef) { refs = append(refs, ref) })
	slices.Sort(refs)
	return slices.Compact(refs)
}
