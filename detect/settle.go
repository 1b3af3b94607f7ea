package detect

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"rummage/detect/assignment"
)

// position is a line and a column in the blob, both from 0. Rules of names stand on line -1, as in gitleaks, where
// theirs is line 0 of lines from 1.
type position struct{ line, column int }

// positions are those of the starts of matches. Line feeds are counted once, from match to match.
func positions(data []byte, lists ...[]Match) [][]position {
	type item struct{ list, index, at int }
	var items []item
	all := make([][]position, len(lists))
	for l, list := range lists {
		all[l] = make([]position, len(list))
		for i := range list {
			items = append(items, item{l, i, list[i].Start})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.at, b.at) })
	line, begin, seen := 0, 0, 0
	for _, it := range items {
		line += bytes.Count(data[seen:it.at], []byte("\n"))
		if i := bytes.LastIndexByte(data[seen:it.at], '\n'); i >= 0 {
			begin = seen + i + 1
		}
		seen = it.at
		all[it.list][it.index] = position{line, it.at - begin}
		if lists[it.list][it.index].Rule.NameOnly() {
			all[it.list][it.index] = position{-1, 0}
		}
	}
	return all
}

// settle decides what stays of the matches found: composite rules first, then which of overlapping matches.
func (m *Matcher) settle(data []byte) []Match {
	if len(m.d.required) > 0 {
		m.compose(data)
	}
	if len(m.found) < 2 {
		return m.found
	}
	m.rank()
	m.dropOverlapped()
	m.dropGeneric(data)
	m.out = m.out[:0]
	for _, i := range m.order {
		m.out = append(m.out, m.found[i])
	}
	return m.out
}

// compose drops matches of rules that require others which are not near. As in gitleaks, required matches count in
// the same pass of decoding; one entry of an id that is listed twice is enough. A match all of whose required ones
// are suppressed is suppressed by the same.
func (m *Matcher) compose(data []byte) {
	if !slices.ContainsFunc(m.found, func(f Match) bool { return len(f.Rule.Required) > 0 }) {
		return
	}
	at := positions(data, m.found, m.aux)
	kept := m.found[:0]
	for i := range m.found {
		f := m.found[i]
		if m.composed(&f, at[0][i], at[1]) {
			kept = append(kept, f)
		}
	}
	m.found = kept
}

// composed judges one match of a rule that may require others.
func (m *Matcher) composed(f *Match, at position, auxAt []position) bool {
	requires := m.d.programs[f.rule].requires
	for n, q := range requires {
		if slices.ContainsFunc(requires[:n], func(o requirement) bool { return o.rule == q.rule }) {
			continue // judged with the first entry of this id
		}
		var group []*Match
		var suppressed *Suppression
		sure := false
		for j := range m.aux {
			x := &m.aux[j]
			if x.rule != q.rule || x.depth != f.depth || !near(requires, q.rule, at, auxAt[j]) {
				continue
			}
			switch {
			case x.Suppressed != nil:
				suppressed = x.Suppressed
			case !x.placed(&m.d.programs[x.rule]):
				sure = true
			default:
				c := *x
				group = append(group, &c)
			}
		}
		switch {
		case sure:
		case len(group) > 0:
			f.needs = append(f.needs, group)
		case suppressed == nil:
			return false
		case f.Suppressed == nil:
			f.Suppressed = suppressed
		}
	}
	return true
}

// near reports whether two matches are as near as an entry for the rule wants.
func near(requires []requirement, rule int32, a, b position) bool {
	return slices.ContainsFunc(requires, func(q requirement) bool {
		return q.rule == rule && (q.lines < 0 || apart(a.line, b.line) <= q.lines) &&
			(q.columns < 0 || apart(a.column, b.column) <= q.columns)
	})
}

func apart(a, b int) int { return max(a-b, b-a) }

// rank puts the matches in m.order, the better ones first: those that nobody suppressed, then by specificity, by
// length of the secret and by rule. The rest only makes the order complete.
func (m *Matcher) rank() {
	m.order = m.order[:0]
	for i := range m.found {
		m.order = append(m.order, int32(i))
	}
	slices.SortFunc(m.order, func(i, j int32) int {
		a, b := &m.found[i], &m.found[j]
		if (a.Suppressed == nil) != (b.Suppressed == nil) {
			if a.Suppressed == nil {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.specificity(), a.specificity()), cmp.Compare(len(b.Secret), len(a.Secret)),
			cmp.Compare(a.rule, b.rule), cmp.Compare(a.depth, b.depth), cmp.Compare(a.SecretStart, b.SecretStart),
			cmp.Compare(a.window, b.window), cmp.Compare(a.inText.Start, b.inText.Start), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
}

// sure is what is added to the specificity of what a structured reader found, since its ends and its name are sure: it
// then wins over what rules for no particular format found in the text, and not over those for one.
const sure = 31

// specificity is the rule's, or that of a reader's find.
func (m *Match) specificity() int {
	if m.Context == assignment.Text || m.Context == "" {
		return m.Rule.Specificity
	}
	return m.Rule.Specificity + sure
}

// beats reports whether a match, the better of the two, makes the other one needless.
func beats(better, worse *Match) bool {
	if better.Rule.Foreign && worse.Rule.Foreign {
		return false // gitleaks reports both; see dropGeneric
	}
	if better.window == worse.window {
		return better.inText.Start < worse.inText.End && worse.inText.Start < better.inText.End
	}
	return better.SecretStart < worse.SecretEnd && worse.SecretStart < better.SecretEnd
}

// dropOverlapped takes out of m.order what overlaps a better match. A match that holds at some places only does not
// take others out, but is noted in them, so that PlacedAt settles it. A suppressed match gives way to any other and
// takes only suppressed ones out: what it hides must not hide more.
func (m *Matcher) dropOverlapped() {
	if !slices.ContainsFunc(m.found, func(f Match) bool { return !f.Rule.Foreign }) {
		return
	}
	clusters := m.clusters()
	// The matches kept so far of each cluster are a list: the last one, and of each the one before.
	last := make([]int32, len(m.found))
	before := make([]int32, len(m.found))
	for i := range last {
		last[i] = -1
	}
	kept := m.order[:0]
next:
	for _, i := range m.order {
		f := &m.found[i]
		c := clusters[i]
		for j := last[c]; j >= 0; j = before[j] {
			b := &m.found[j]
			if b.When.Kind != assignment.Always || !beats(b, f) {
				continue // of the files around nothing is known here
			}
			if !b.placed(&m.d.programs[b.rule]) {
				continue next
			}
			f.beatenBy(b)
		}
		before[i], last[c] = last[c], i
		kept = append(kept, i)
	}
	m.order = kept
}

// clusters numbers the groups of matches whose secrets hang together in the blob. Only matches of one group overlap,
// which spares a text with thousands of secrets the comparison of each with each.
func (m *Matcher) clusters() []int32 {
	byStart := slices.Clone(m.order)
	slices.SortFunc(byStart, func(i, j int32) int { return cmp.Compare(m.found[i].SecretStart, m.found[j].SecretStart) })
	of := make([]int32, len(m.found))
	cluster, end := int32(-1), -1
	for _, i := range byStart {
		f := &m.found[i]
		if f.SecretStart >= end {
			cluster++
		}
		end = max(end, f.SecretEnd)
		of[i] = cluster
	}
	return of
}

// beatenBy notes a better match that does not hold everywhere. What is suppressed beats nothing that is not.
func (f *Match) beatenBy(b *Match) {
	if b.Suppressed != nil && f.Suppressed == nil {
		return
	}
	c := *b
	f.beaters = append(f.beaters, &c)
}

// dropGeneric does what gitleaks does: a match of one of its rules with "generic" in the id gives way to one of any
// other rule that begins on the same line and whose secret contains this one's.
func (m *Matcher) dropGeneric(data []byte) {
	if !slices.ContainsFunc(m.found, func(f Match) bool { return f.Rule.Foreign && f.generic() }) {
		return
	}
	at := positions(data, m.found)[0]
	byLine := map[int][]int32{}
	for _, i := range m.order {
		if f := &m.found[i]; !f.generic() && f.Suppressed == nil {
			byLine[at[i].line] = append(byLine[at[i].line], i)
		}
	}
	kept := m.order[:0]
next:
	for _, i := range m.order {
		f := &m.found[i]
		if f.Rule.Foreign && f.generic() {
			for _, j := range byLine[at[i].line] {
				b := &m.found[j]
				if !strings.Contains(b.Secret, f.Secret) {
					continue
				}
				if !b.placed(&m.d.programs[b.rule]) {
					continue next
				}
				f.beatenBy(b)
			}
		}
		kept = append(kept, i)
	}
	m.order = kept
}
