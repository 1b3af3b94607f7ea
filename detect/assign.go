package detect

import (
	"cmp"
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/plausible"
)

// wordHit is an occurrence of a word in the text.
type wordHit struct {
	start, end int
	word       int32
	nth        int32 // of m.occurrences, see carry.go
}

// hitsOf appends the occurrences of a word to list.
func (m *Matcher) hitsOf(list []wordHit, w int32) []wordHit {
	for i, end := range m.hits[w] {
		h := wordHit{start: end - m.d.wordLen[w], end: end, word: w}
		if m.tracking {
			h.nth = m.hitOf[w][i]
		}
		list = append(list, h)
	}
	return list
}

func compareHits(a, b wordHit) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(a.word, b.word))
}

// sortNear sorts hits of which none is far from its place, as hits in the order of their ends are not.
func sortNear(hits []wordHit) {
	for i := 1; i < len(hits); i++ {
		for j := i; j > 0 && compareHits(hits[j], hits[j-1]) < 0; j-- {
			hits[j], hits[j-1] = hits[j-1], hits[j]
		}
	}
}

// assignments judges the assignments in whose names keywords of rules for text.assignment stand. Each is read once,
// whatever the number of rules and keywords.
func (m *Matcher) assignments(text []byte) {
	hits := m.textHits
	if !m.tracking {
		hits = hits[:0]
		for _, w := range m.touched {
			if len(m.d.wordText[w]) > 0 {
				hits = m.hitsOf(hits, w)
			}
		}
		slices.SortFunc(hits, compareHits)
		m.textHits = hits
	}
	m.profile.begin(m.window != nil)
	var a assignment.Assignment
	var have, led bool
	first := 0 // of the occurrences that share an assignment
	for i := range hits {
		h := &hits[i]
		m.looked(h, h.start-textBefore, h.end+textBehind, len(text))
		if !have || h.start < a.Name.Start || h.end > a.Name.End {
			first, led = i, false
			a, have = assignment.ReadText(text, h.start, h.end)
			m.profile.read(h.word, a.Name, have)
			if !have {
				continue
			}
			m.judged = m.judged[:0]
		}
		before := len(m.found)
		for _, rule := range m.d.wordText[h.word] {
			if m.d.programs[rule].isText && !slices.Contains(m.judged, rule) {
				m.judged = append(m.judged, rule)
				known := m.textAssignment(rule, text, &a)
				m.profile.judged(rule, &a, known, m.found)
			}
		}
		if led = led || len(m.found) > before; led {
			for ; first <= i; first++ {
				m.leads(&hits[first])
			}
		}
	}
	if m.window != nil {
		m.profile.end(hits)
	}
}

// textAssignment judges an assignment of free text by one rule, unless it is known to refuse it.
func (m *Matcher) textAssignment(rule int32, text []byte, a *assignment.Assignment) (known bool) {
	remember := m.d.near && m.window == nil
	if remember && m.verdicts.begin(text, a, uint16(len(m.d.inContext))+uint16(rule)) {
		return true
	}
	before := len(m.found)
	m.assignment(rule, m.d.programs[rule].ready(), text, a)
	m.verdicts.end(len(m.found) == before)
	return false
}

// assignment judges one assignment by one rule.
func (m *Matcher) assignment(rule int32, p *program, text []byte, a *assignment.Assignment) {
	if a.Refers && p.rule.Kind != KindExposure {
		return // what is referred to is written down elsewhere
	}
	if p.rule.SkipReport || p.broken || p.key != nil && !p.key.Match(a.Name.Of(text)) {
		return
	}
	value := a.Decoded
	if value == nil {
		value = a.Value.Of(text)
	}
	if len(value) == 0 && p.rule.Kind != KindExposure {
		return
	}
	b := *a
	if p.value != nil {
		loc := p.value.FindSubmatchIndex(value)
		if loc == nil {
			return
		}
		if len(loc) > 2 {
			s := secretGroup(loc, p.rule.SecretGroup)
			if a.Decoded != nil {
				b.Decoded = a.Decoded[s.Start:s.End]
			} else {
				b.Value = assignment.Span{Start: a.Value.Start + s.Start, End: a.Value.Start + s.End}
			}
		}
	}
	f := Match{
		Start: min(a.Name.Start, a.Value.Start), End: max(a.Name.End, a.Value.End),
		SecretStart: b.Value.Start, SecretEnd: b.Value.End,
		Context: a.Context, Key: strings.ToValidUTF8(string(a.Name.Of(text)), "\ufffd"),
	}
	if p.rule.Kind == KindExposure && (len(value) == 0 || p.rule.Filter == plausible.OfNames || a.Refers) {
		// There is no secret, or none that matters: what is told is the name of the place where one comes in or goes out.
		told := a.Name
		if a.Remark != nil && a.Remark.Told.Len() > 0 {
			told = a.Remark.Told
		}
		f.SecretStart, f.SecretEnd = told.Start, told.End
		f.Start, f.End = min(f.Start, told.Start), max(f.End, told.End)
		f.exposes = true
	}
	before := len(m.found)
	m.found = m.judge(m.found, rule, p, text, b, f)
	if len(m.found) == before || a.Remark == nil {
		return
	}
	found := &m.found[before]
	found.When = a.Remark.When
	if a.Remark.Key != "" {
		found.Key = a.Remark.Key
	}
	if a.Remark.Builder {
		found.lowerOnce()
		found.addTags("builder-only")
	}
}
