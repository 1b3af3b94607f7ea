package detect

import (
	"slices"

	"rummage/detect/assignment"
)

// run runs one rule on a text whose keywords have been found.
//
// # Why searching windows finds exactly what searching the whole text does
//
// The keywords are necessary: whatever the expression matches, in whatever text, contains one. So any match, of the
// text or of a piece of it, has an occurrence [h, e) of a keyword inside, and lies within the extent of that
// occurrence, which is computed from the text: from extent.before(e) to extent.after(h). The occurrence's window is
// that and margin bytes more on either side; windows that touch are merged. Hence
//
//   - every match of the text lies inside one merged window, and
//   - no match of a window touches one of its ends, unless that is an end of the text too.
//
// By the latter the bytes that an expression can look at besides its match, one before and one behind, are the same in
// both; so is the way in which the bytes divide into runes, because a rune that the window's start cuts is over within
// three bytes. So at each offset the same match is preferred, or none is, in text and window; and going on behind each
// match, as FindAll does, visits the same matches in both.
//
// # And with the tail asked first
//
// Where the tail is known, and what can stand before it in a match is bounded, a window begins only so far before an
// occurrence: every match has an occurrence at which its tail begins, so both points hold with it for that occurrence.
// Where all of the tail is in its automaton, a window ends where that cannot go on, and margin behind: a match goes no
// further, in the text or in a piece of it, since the automaton takes whatever the tail does, and asks for nothing that
// stands beside it.
//
// Every match also has an occurrence of a keyword at which the tail matches; windows are made around those alone. The
// first point stands. The second does not: a match of a window may have its only such occurrence near the window's
// end, where the tail matches no more when it sees what is behind. But such a match touches the end. When one does,
// the rule is run again without asking the tail. When none does, nothing in any window depended on its ends: at an
// offset where text and window prefer different matches, or only one has any, the window's touches an end, because the
// text's lies inside.
func (m *Matcher) run(rule int32, text []byte) {
	p := &m.d.programs[rule]
	if p.rule.SkipReport || p.broken || m.inVain(p, text) {
		return
	}
	switch p.ready(); {
	case p.near == nil:
		if m.window == nil && len(p.words) > 0 {
			m.whole = append(m.whole, rule)
		}
		m.found, _ = m.regexp(m.found, rule, p, text, 0, len(text))
	default:
		m.gatherHits(p)
		before := len(m.found)
		if p.tail == nil {
			m.unsound = !m.runWindows(rule, p, text, m.nearHits) && m.leftOut || m.unsound
		} else if !m.runWindows(rule, p, text, m.askTail(rule, p, text)) {
			m.found = m.found[:before]
			for i := range m.nearHits {
				m.leads(&m.nearHits[i])
			}
			m.unsound = !m.runWindows(rule, p, text, m.nearHits) && m.leftOut || m.unsound
		}
	}
}

// runWindows searches the windows around the hits, which are sorted. sound is false when a match touches the end of a
// window.
func (m *Matcher) runWindows(rule int32, p *program, text []byte, hits []wordHit) (sound bool) {
	next := 0 // of the hits
	for _, s := range m.windowsAround(rule, p, text, hits) {
		var touches bool
		m.matched = false
		if m.found, touches = m.regexp(m.found, rule, p, text, s.Start, s.End); touches {
			return false
		}
		for ; m.matched && next < len(hits) && hits[next].start < s.End; next++ {
			if hits[next].start >= s.Start {
				m.leads(&hits[next])
			}
		}
	}
	return true
}

// gatherHits puts the occurrences of the rule's keywords in m.nearHits, sorted by start.
func (m *Matcher) gatherHits(p *program) {
	hits := m.nearHits[:0]
	lists := 0
	for _, w := range p.words {
		if len(m.hits[w]) > 0 {
			lists++
		}
		hits = m.hitsOf(hits, w)
	}
	if lists > 1 {
		slices.SortFunc(hits, compareHits)
	}
	m.nearHits = hits
}

// askTail is the hits at which the rule's tail matches.
func (m *Matcher) askTail(rule int32, p *program, text []byte) []wordHit {
	hits := m.tailHits[:0]
	tail := m.tailCache(rule, p)
	asked, end := -1, 0
	for i := range m.nearHits {
		h := &m.nearHits[i]
		if h.start == asked {
			m.looked(h, h.start, end, len(text))
			continue // another keyword at the same place, for which the answer is the same
		}
		asked, end = h.start, min(len(text), p.near.after(text, h.start)+margin)
		m.looked(h, h.start, end, len(text))
		if p.tail.may(tail, text[h.start:end]) {
			hits = append(hits, *h)
		}
	}
	m.tailHits = hits
	return hits
}

// windowEnd is where the window around a hit ends.
func (m *Matcher) windowEnd(rule int32, p *program, text []byte, h *wordHit) int {
	end := min(len(text), p.near.after(text, h.start))
	if p.tail != nil && p.tail.whole {
		end = h.start + m.endsOf(rule, p).End(text[h.start:end])
	}
	return min(len(text), end+margin)
}

// windowsAround are the windows around hits sorted by start, merged, ascending and disjoint.
func (m *Matcher) windowsAround(rule int32, p *program, text []byte, hits []wordHit) []assignment.Span {
	x := p.near
	spans := m.spans[:0]
	for i := range hits {
		h := &hits[i]
		if x.whole() {
			for i := range hits {
				m.leads(&hits[i])
			}
			spans = append(spans, assignment.Span{Start: 0, End: len(text)})
			break
		}
		var start int
		if p.tail != nil && p.tail.head >= 0 {
			start = max(0, h.start-p.tail.head-margin)
		} else {
			start = max(0, x.before(text, h.end)-margin)
		}
		end := m.windowEnd(rule, p, text, h)
		m.looked(h, start, end, len(text))
		for len(spans) > 0 && start <= spans[len(spans)-1].End {
			// A hit that begins later can have a window that begins earlier when it is that of a longer keyword.
			last := spans[len(spans)-1]
			start, end = min(start, last.Start), max(end, last.End)
			spans = spans[:len(spans)-1]
		}
		spans = append(spans, assignment.Span{Start: start, End: end})
	}
	m.spans = spans
	return spans
}
