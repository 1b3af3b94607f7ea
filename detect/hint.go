package detect

// hint is what a snapshot tells of a rule's program because it takes long to find out, or so that the program need not
// be made ready: of most rules a keyword is found somewhere, and nothing that could be more.
type hint struct {
	bound bool // see program.bound
	// Behind each keyword that a match of the rule's tail begins with stand run bytes in a row of a set of runSets, no
	// further than reach from where it begins. 0: there is no such run, or no such bound.
	run, of, reach int
	names          []string // of a rule by name, see program.nameWords
	location       string   // near and tail, see readLocation; empty for a rule without
}

// hints finds out the program's hint.
func (p *program) hints() hint {
	h := hint{bound: p.bound()}
	if p.rule.NameOnly() {
		h.names = p.nameWords()
	}
	if p.ready(); p.tail != nil && p.tail.run > 0 && p.near.empty && !p.near.whole() && p.near.others+margin <= maxRunText {
		h.run, h.of, h.reach = p.tail.run, p.tail.of, p.near.others
	}
	if p.near != nil {
		h.location = storeLocation(p.near, p.tail)
	}
	return h
}

// nearKeywords reports whether matches of the rule are looked for around its keywords.
func (p *program) nearKeywords() bool {
	if p.hint != nil {
		return p.hint.bound
	}
	return p.ready().near != nil
}

// inVain reports that the rule certainly matches at none of its keywords' occurrences, as far as its hint tells.
func (m *Matcher) inVain(p *program, text []byte) bool {
	if p.hint == nil || p.hint.run == 0 {
		return false
	}
	m.gatherHits(p)
	set := runSets[p.hint.of]
	for i := range m.nearHits {
		h := &m.nearHits[i]
		end := min(len(text), h.start+p.hint.reach+margin)
		m.looked(h, h.start, end, len(text))
		if set.HasRun(text[h.start:end], p.hint.run) {
			return false
		}
	}
	return true
}
