package detect

import (
	"sort"
	"unsafe"

	"rummage/detect/assignment"
	"rummage/detect/decode"
	"rummage/detect/plausible"
)

// Carry is what the search of one text tells about texts that have parts of it: every occurrence of a keyword, and of
// those that led to nothing how far around them that depended on. It is filled by a Matcher and may be used by others;
// the zero value is ready.
//
// # Why a text that shares parts with another finds the same
//
// An occurrence that lies within a copied range is one in the copy too; all others touch bytes that were not copied or
// the seam of two ranges, and are searched for there. So the occurrences are those of the whole text.
//
// An occurrence is settled when no rule that has its keyword made anything of it: at it the rule's tail does not match,
// or the window around it holds no match of the expression, or no rule made a match of the assignment around it. What
// that depends on lies within a range around it; when that range was copied, the same holds in the copy. Leaving out
// settled occurrences is then the same as leaving out those at which a tail does not match (see windows.go): every
// match has one that is not settled. When a match touches the end of a window although windows are as wide as they get,
// the text is searched anew with all occurrences.
//
// Of assignments, one is read for all occurrences of keywords in its name, as the first of them gives it; so occurrences
// that are as near as those of one name can be are settled together or not at all.
type Carry struct {
	valid   bool
	size    int // of the text
	hits    []occurrence
	encoded decode.Trace // where the text has anything encoded
}

// Bytes is how much memory the carry holds.
func (c *Carry) Bytes() int { return cap(c.hits)*int(unsafe.Sizeof(occurrence{})) + c.encoded.Bytes() }

// Reset empties the carry: it tells nothing.
func (c *Carry) Reset() {
	c.valid, c.hits = false, c.hits[:0]
	c.encoded.Reset()
}

// Copy says that Len bytes of a text at To are those of its base at From.
type Copy = decode.Copy

// occurrence is one of a keyword.
type occurrence struct {
	end            uint32
	word           uint16
	before, behind uint16 // how far what was looked at reaches, from its start and its end
	flags          uint8
}

const (
	// unsettled: it may lead to something, or it is not known how far around it that depends on.
	unsettled = 1 << iota
	// atStart, atEnd: what was looked at ends where the text does.
	atStart
	atEnd
	// settled: it was so in the base, and is not looked at again.
	settled
)

// With has the next search of a blob take over what base tells, in whose text the blob's copied ranges lie (ascending
// and disjoint in the blob), and leave in keep what it tells itself. Either may be nil.
func (m *Matcher) With(base *Carry, copies []Copy, keep *Carry) *Matcher {
	m.base, m.copies, m.keep = base, copies, keep
	if keep != nil {
		keep.Reset()
	}
	return m
}

// Searched is how many bytes of the last blob were searched for keywords.
func (m *Matcher) Searched() int { return m.searched }

// carries reports whether what is found of keywords is to be taken over or kept. A Profile wants every occurrence.
func (m *Matcher) carries(text []byte) bool {
	return m.profile == nil && (m.base != nil || m.keep != nil) && m.words != nil && len(text) <= maxCarried && len(m.d.wordLen) <= maxWords
}

const (
	// maxCarried is the size of texts beyond which all is searched: a text can be nothing but keywords, and an occurrence
	// takes more memory than these bytes.
	maxCarried = 8 << 20
	maxWords   = 1 << 16
	// A carry is not larger than a text, but for small ones: a text can be nothing but keywords.
	minKept, keptEach = 1 << 10, 12
)

// decodeCarrying has what is encoded in a text decoded and searched, with what is taken over and kept.
func (m *Matcher) decodeCarrying(text []byte) (complete bool) {
	var base, keep *decode.Trace
	if m.base != nil {
		base = &m.base.encoded
	}
	if m.keep != nil {
		keep = &m.keep.encoded
	}
	return m.decoder.DecodeLike(text, base, m.copies, keep, m.onWindow)
}

// searchCarrying is search with what is taken over and kept.
func (m *Matcher) searchCarrying(text []byte) {
	m.occurrences, m.searched = m.occurrences[:0], 0
	m.unsound, m.leftOut = false, false
	if m.base == nil || !m.base.valid {
		m.searched = len(text)
		for _, f := range m.keywords(text) {
			m.occurrences = append(m.occurrences, occurrence{end: uint32(f.End), word: uint16(f.Word)})
		}
	} else {
		m.takeOver(text)
		m.unsettleNames()
	}
	m.begin()
	m.hand(text)
	if m.unsound {
		// What is settled had a say in something, which cannot be told otherwise.
		m.unsound, m.leftOut = false, false
		m.found, m.whole, m.aux = m.found[:0], m.whole[:0], m.aux[:0]
		for i := range m.occurrences {
			m.occurrences[i].flags &^= settled
		}
		m.begin()
		m.hand(text)
	}
	if m.keep != nil && len(m.occurrences) <= minKept+len(text)/keptEach {
		m.keep.valid, m.keep.size = true, len(text)
		m.keep.hits = append(m.keep.hits[:0], m.occurrences...)
		for i := range m.keep.hits {
			m.keep.hits[i].flags &^= settled
		}
	}
}

// hand runs the rules on the occurrences that are not settled.
func (m *Matcher) hand(text []byte) {
	m.tracking = true
	m.textHits = m.textHits[:0]
	for i := range m.occurrences {
		o := &m.occurrences[i]
		if o.flags&settled != 0 {
			if m.isUnbound(int32(o.word)) {
				for _, r := range m.d.wordRules[o.word] {
					if !m.d.programs[r].nearKeywords() {
						m.activate(r)
					}
				}
			}
			continue
		}
		m.hit(int(o.word), int(o.end))
		m.hitOf[o.word] = append(m.hitOf[o.word], int32(i))
		if len(m.d.wordText[o.word]) > 0 {
			m.textHits = append(m.textHits, m.wordHit(i))
		}
	}
	sortNear(m.textHits)
	m.rules(text)
	m.tracking = false
}

// isUnbound reports whether a rule that is run on whole texts has the word.
func (m *Matcher) isUnbound(word int32) bool {
	const known, yes = 1, 2
	if m.unbound[word]&known == 0 {
		m.unbound[word] = known
		for _, r := range m.d.wordRules[word] {
			if !m.d.programs[r].nearKeywords() {
				m.unbound[word] |= yes
			}
		}
	}
	return m.unbound[word]&yes != 0
}

// looked notes that a range of the text had a say in what an occurrence leads to.
func (m *Matcher) looked(h *wordHit, start, end, size int) {
	if !m.tracking {
		return
	}
	o := &m.occurrences[h.nth]
	before, behind := max(0, h.start-start), max(0, end-h.end)
	if before > maxLooked || behind > maxLooked {
		o.flags |= unsettled
		return
	}
	o.before, o.behind = max(o.before, uint16(before)), max(o.behind, uint16(behind))
	if start <= 0 {
		o.flags |= atStart
	}
	if end >= size {
		o.flags |= atEnd
	}
}

const maxLooked = 1<<16 - 1

// leads notes that an occurrence leads to something.
func (m *Matcher) leads(h *wordHit) {
	if m.tracking {
		m.occurrences[h.nth].flags |= unsettled
	}
}

// minCopy is the length below which a copied range is searched like any other bytes; what is shorter than a keyword
// must be.
const minCopy = 32

// takeOver puts the occurrences of a text in m.occurrences: those in copied ranges from the base, the others searched for.
func (m *Matcher) takeOver(text []byte) {
	reach := m.d.longestWord - 1
	shortest := max(m.minCopy, m.d.longestWord)
	clean := 0 // up to here nothing is left to be searched
	for i := 0; i <= len(m.copies); i++ {
		c := Copy{To: len(text)}
		if i < len(m.copies) {
			if c = m.copies[i]; c.Len < shortest {
				continue
			}
		}
		// What lies between this copied range and the one before, and what reaches into them.
		from, to := max(0, clean-reach), min(len(text), c.To+reach)
		if clean == 0 {
			from = 0
		}
		if from < to && !(clean == len(text) && c.Len == 0) {
			m.between(text, from, to, clean, c.To)
		}
		if c.Len > 0 {
			m.copyOver(text, c)
			clean = c.To + c.Len
		}
	}
}

// between searches text[from:to] for the occurrences that lie neither before `left` nor behind `right`, where copied
// ranges end and begin.
func (m *Matcher) between(text []byte, from, to, left, right int) {
	m.searched += to - from
	for _, f := range m.keywords(text[from:to]) {
		end := f.End + from
		start := end - m.d.wordLen[f.Word]
		if end <= left || start >= right && right < len(text) {
			continue // within a copied range
		}
		m.insert(occurrence{end: uint32(end), word: uint16(f.Word)})
	}
}

// insert adds an occurrence in the order of ends. What comes late comes from a few bytes before.
func (m *Matcher) insert(o occurrence) {
	m.occurrences = append(m.occurrences, o)
	for i := len(m.occurrences) - 1; i > 0 && m.occurrences[i-1].end > o.end; i-- {
		m.occurrences[i-1], m.occurrences[i] = o, m.occurrences[i-1]
	}
}

// copyOver takes the occurrences in a copied range over.
func (m *Matcher) copyOver(text []byte, c Copy) {
	hits := m.base.hits
	low, high := c.From, c.From+c.Len
	i := sort.Search(len(hits), func(i int) bool { return int(hits[i].end) > low })
	shift := c.To - c.From
	for ; i < len(hits) && int(hits[i].end) <= high; i++ {
		o := hits[i]
		start := int(o.end) - m.d.wordLen[o.word]
		if start < low {
			continue // it reaches into the range from outside
		}
		if o.flags&unsettled == 0 && m.holds(o, c, low, high, start, len(text)) {
			o.flags |= settled
			m.leftOut = true
		} else {
			o.before, o.behind, o.flags = 0, 0, 0
		}
		o.end = uint32(int(o.end) + shift)
		m.insert(o)
	}
}

// holds reports whether all that was looked at around an occurrence was copied.
func (m *Matcher) holds(o occurrence, c Copy, low, high, start, size int) bool {
	if start-int(o.before) < low || int(o.end)+int(o.behind) > high {
		return false
	}
	if o.flags&atStart != 0 && (low != 0 || c.To != 0) {
		return false
	}
	return o.flags&atEnd == 0 || high == m.base.size && c.To+c.Len == size
}

// nearNames is how far apart, at most, the beginnings of two keywords of one name are.
const nearNames = assignment.MaxName

// unsettleNames has occurrences of keywords for assignments that are as near as those of one name be settled together or
// not at all.
func (m *Matcher) unsettleNames() {
	first, last, open := -1, 0, false
	close := func(to int) {
		for i := first; open && i >= 0 && i < to; i++ {
			if o := &m.occurrences[i]; len(m.d.wordText[o.word]) > 0 && o.flags&settled != 0 {
				o.before, o.behind, o.flags = 0, 0, 0
			}
		}
	}
	for i := range m.occurrences {
		o := &m.occurrences[i]
		if len(m.d.wordText[o.word]) == 0 {
			continue
		}
		if first < 0 || int(o.end)-last > nearNames+m.d.longestWord {
			close(i)
			first, open = i, false
		}
		last = int(o.end)
		open = open || o.flags&settled == 0
	}
	close(len(m.occurrences))
}

// What a judgement of an assignment in text looks at, before and behind the keyword in its name.
const (
	textBefore = assignment.TextBefore + plausible.Around
	textBehind = assignment.TextAfter + plausible.Around
)

// allNames are the occurrences of keywords for assignments, settled ones too, ascending.
func (m *Matcher) allNames() []wordHit {
	hits := m.nameHits[:0]
	for i := range m.occurrences {
		if len(m.d.wordText[m.occurrences[i].word]) > 0 {
			hits = append(hits, m.wordHit(i))
		}
	}
	sortNear(hits)
	return hits
}

// wordHit is an occurrence as a hit.
func (m *Matcher) wordHit(i int) wordHit {
	o := &m.occurrences[i]
	return wordHit{int(o.end) - m.d.wordLen[o.word], int(o.end), int32(o.word), int32(i)}
}
