package detect

import (
	"cmp"
	"fmt"
	"slices"

	"rummage/detect/assignment"
)

// Reading is what a reader of structured files found in a blob.
type Reading struct {
	Assignments []assignment.Assignment
	// Allowed are the ranges for which comments of the file's own kind ask for silence.
	Allowed []Allowed
}

// Allowed is a range of a structured file whose matches are suppressed: those of the contexts In, or all when it is
// nil.
type Allowed struct {
	Span   assignment.Span
	In     []assignment.Context
	Reason string
}

// MatchWith is Match of a structured file, of which a reader has read what is given: the rules that name contexts of
// structured files judge those. Where the reader has read a name, its word is the last: what rules of text.assignment
// made of it does not count. Match itself is for the same blob under a name that says nothing.
func (m *Matcher) MatchWith(data []byte, r Reading) []Match {
	_, with := m.MatchEach(data, []Reading{r})
	return with[0]
}

// MatchEach is Match and, for each reading, MatchWith, for the price of one search. The lists are valid until the next call.
func (m *Matcher) MatchEach(data []byte, readings []Reading) (plain []Match, with [][]Match) {
	m.scan(data, true)
	text := m.lend(0, m.found)
	plain = m.lend(1, m.finish(data))
	m.profile.Lap(ShareSettle)
	for i := range readings {
		r := &readings[i]
		m.found = append(m.found[:0], text...)
		m.overrule(data, r.Assignments)
		var c *contextRules
		for j := range r.Assignments {
			a := &r.Assignments[j]
			if j == 0 || a.Context != r.Assignments[j-1].Context {
				c = m.d.inContext[a.Context]
			}
			if c != nil {
				m.structured(data, a, c)
			}
		}
		m.profile.Lap(ShareStructured)
		m.allow(r.Allowed)
		m.lend(i+2, m.finish(data))
		m.profile.Lap(ShareSettle)
	}
	m.data = nil
	m.profile.end(m.nameHits)
	return plain, m.lent[2 : len(readings)+2]
}

// lend is a copy of a list, in memory that the i-th list of each call has.
func (m *Matcher) lend(i int, list []Match) []Match {
	if i == len(m.lent) {
		m.lent = append(m.lent, nil)
	}
	m.lent[i] = append(m.lent[i][:0], list...)
	return m.lent[i]
}

// overrule takes out of m.found what rules of text.assignment made of the names that a reader has read.
func (m *Matcher) overrule(data []byte, list []assignment.Assignment) {
	text := func(f *Match) bool { return f.Context == assignment.Text && f.window == 0 }
	m.guesses = m.guesses[:0]
	for i := range m.found {
		if f := &m.found[i]; text(f) {
			m.guesses = append(m.guesses, guess{assignment.Span{Start: f.Start, End: f.Start + len(f.Key)}, false})
		}
	}
	if len(m.guesses) == 0 {
		return
	}
	slices.SortFunc(m.guesses, func(a, b guess) int { return cmp.Compare(a.name.Start, b.name.Start) })
	m.nextGuess = 0
	for i := range list {
		m.overruleBy(data, &list[i])
	}
	m.found = slices.DeleteFunc(m.found, func(f Match) bool {
		if !text(&f) {
			return false
		}
		i, _ := slices.BinarySearchFunc(m.guesses, f.Start, func(g guess, at int) int { return cmp.Compare(g.name.Start, at) })
		for ; i < len(m.guesses) && m.guesses[i].name.Start == f.Start; i++ {
			if m.guesses[i].wrong {
				return true
			}
		}
		return false
	})
}

// guess is the name of a match of free text, and whether a reader has read it.
type guess struct {
	name  assignment.Span
	wrong bool
}

// overruleBy marks the guesses that an assignment overrules.
func (m *Matcher) overruleBy(data []byte, a *assignment.Assignment) {
	n := a.Name
	if n.Len() == 0 || a.Context == assignment.Text {
		return
	}
	if a.Value.Start >= n.End && a.Context.NamesImage() {
		n.End = a.Value.End // nothing within the name of an image is a name
	}
	// Names of guesses are no longer than assignment.MaxName.
	for i := m.guessFrom(n.Start - assignment.MaxName); i < len(m.guesses) && m.guesses[i].name.Start < n.End; i++ {
		if g := &m.guesses[i]; g.name.End > n.Start && !g.wrong {
			g.wrong = m.d.Relevant(a.Context, a.Name.Of(data))
		}
	}
}

// guessFrom is the number of the first guess that begins at an offset or behind it. Most assignments stand behind the one before.
func (m *Matcher) guessFrom(at int) int {
	i := m.nextGuess
	for near := i + 4; i < min(near, len(m.guesses)) && m.guesses[i].name.Start < at; {
		i++
	}
	if i > 0 && m.guesses[i-1].name.Start >= at || i < len(m.guesses) && m.guesses[i].name.Start < at {
		i, _ = slices.BinarySearchFunc(m.guesses, at, func(g guess, at int) int { return cmp.Compare(g.name.Start, at) })
	}
	m.nextGuess = i
	return i
}

// structured judges one assignment of a structured file, unless it is known that no rule makes a match of it.
func (m *Matcher) structured(data []byte, a *assignment.Assignment, c *contextRules) {
	hits := m.nameHits[:0]
	if c.named {
		hits = m.hitsIn(a.Name)
		m.profile.named(a.Name)
	}
	if len(c.any) == 0 && len(hits) == 0 {
		return
	}
	if m.d.near && m.verdicts.begin(data, a, c.number) {
		return
	}
	before := len(m.found)
	m.judgeAll(data, a, c, hits)
	m.verdicts.end(len(m.found) == before)
}

// hitsIn are the occurrences of keywords that begin in a name. Most names stand behind the one before.
func (m *Matcher) hitsIn(name assignment.Span) []wordHit {
	i := m.nextHit
	for near := i + 8; i < min(near, len(m.nameHits)) && m.nameHits[i].start < name.Start; {
		i++
	}
	if i > 0 && m.nameHits[i-1].start >= name.Start || i < len(m.nameHits) && m.nameHits[i].start < name.Start {
		i, _ = slices.BinarySearchFunc(m.nameHits, name.Start, func(h wordHit, at int) int { return cmp.Compare(h.start, at) })
	}
	m.nextHit = i
	j := i
	for j < len(m.nameHits) && m.nameHits[j].start < name.End {
		j++
	}
	return m.nameHits[i:j]
}

// judgeAll judges one assignment of a structured file: by the rules for its context that judge any name, and by those of
// which the search found a keyword in its name.
func (m *Matcher) judgeAll(data []byte, a *assignment.Assignment, c *contextRules, hits []wordHit) {
	m.profile.Lap(ShareStructured)
	for _, rule := range c.any {
		m.assignment(rule, m.d.programs[rule].ready(), data, a)
		m.profile.judged(rule, a, false, m.found)
	}
	m.judged = m.judged[:0]
	for i := range hits {
		h := &hits[i]
		if h.start+m.d.wordNames[h.word] > a.Name.End {
			continue // it ends behind the name
		}
		for _, rule := range m.d.wordText[h.word] {
			if p := &m.d.programs[rule]; p.rule.reads(a.Context) && !slices.Contains(m.judged, rule) {
				m.judged = append(m.judged, rule)
				m.assignment(rule, p.ready(), data, a)
				m.profile.judged(rule, a, false, m.found)
			}
		}
	}
}

// allow suppresses what stands in the ranges, the outermost first. Of two ranges one holds the other, or they lie apart.
func (m *Matcher) allow(ranges []Allowed) {
	if len(ranges) == 0 || len(m.found) == 0 {
		return
	}
	list := nest(ranges)
	for j := range m.found {
		f := &m.found[j]
		if f.Suppressed != nil {
			continue
		}
		i, _ := slices.BinarySearchFunc(list, f.SecretStart+1, func(r nested, at int) int { return cmp.Compare(r.Span.Start, at) })
		for i--; i >= 0; i = list[i].outer {
			if r := list[i]; r.Span.Start <= f.SecretStart && f.SecretEnd <= r.Span.End && (r.In == nil || slices.Contains(r.In, f.Context)) {
				f.Suppressed = &Suppression{By: ByComment, Reason: r.Reason}
			}
		}
	}
}

// nested is a range with the one that it lies in, or that stands for the same range before it; -1 for none.
type nested struct {
	*Allowed
	outer int
}

// nest orders ranges by their starts. Of those that say the same the first is kept, so that few are nested.
func nest(ranges []Allowed) []nested {
	type key struct {
		span assignment.Span
		in   string
	}
	seen := map[key]bool{}
	list := make([]nested, 0, len(ranges))
	for i := range ranges {
		r := &ranges[i]
		k := key{r.Span, fmt.Sprint(r.In)}
		if !seen[k] {
			seen[k] = true
			list = append(list, nested{r, -1})
		}
	}
	slices.SortStableFunc(list, func(a, b nested) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(b.Span.End, a.Span.End))
	})
	for i := 1; i < len(list); i++ {
		outer := i - 1
		for outer >= 0 && list[outer].Span.End < list[i].Span.End {
			outer = list[outer].outer
		}
		list[i].outer = outer
	}
	return list
}
