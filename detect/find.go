package detect

import (
	"bytes"
	"strconv"

	"rummage/detect/assignment"
	"rummage/detect/decode"
	"rummage/detect/plausible"
)

// regexp runs a rule's expression on text[low:high] and appends its matches to list. touches reports whether one of
// them lies so near to low or high, where the text goes on, that the bytes beyond could have a say in it.
func (m *Matcher) regexp(list []Match, rule int32, p *program, text []byte, low, high int) (all []Match, touches bool) {
	touch := func(start, end int) bool {
		return low > 0 && start < low+margin/2 || high < len(text) && end == high
	}
	refused := m.refuses(rule, p, text[low:high])
	m.profile.window(rule, high-low, refused)
	if refused {
		return list, false
	}
	if p.rule.Foreign {
		for _, loc := range m.memo.find(rule, text[low:high], p.regexp().FindAllIndex) {
			m.matched = true
			touches = touches || touch(low+loc[0], low+loc[1])
			list = m.foreignMatch(list, rule, p, text, low+loc[0], low+loc[1])
		}
		return list, touches
	}
	for _, place := range m.memo.find(rule, text[low:high], p.regexp().FindAllSubmatchIndex) {
		m.matched = true
		loc := append(m.loc[:0], place...)
		m.loc = loc
		for i := range loc {
			if loc[i] >= 0 {
				loc[i] += low
			}
		}
		touches = touches || touch(loc[0], loc[1])
		list = m.regexpMatch(list, rule, p, text, loc, assignment.Span{})
	}
	return list, touches
}

// foreignMatch does as gitleaks: line feeds at the ends are not part of the match, and the groups are those of the
// expression run on the match alone, where it may see an end that was none, or not match at all. But for whether a match
// is of decoded text, its line feeds count.
func (m *Matcher) foreignMatch(list []Match, rule int32, p *program, text []byte, start, end int) []Match {
	low, high := trimLines(text, start, end)
	loc := p.regexp().FindSubmatchIndex(text[low:high])
	whole := []int{low, high}
	for i := 2; i < len(loc); i++ {
		if loc[i] >= 0 {
			loc[i] += low
		}
		whole = append(whole, loc[i])
	}
	return m.regexpMatch(list, rule, p, text, whole, assignment.Span{Start: start, End: end})
}

func trimLines(text []byte, start, end int) (int, int) {
	for start < end && text[start] == '\n' {
		start++
	}
	for end > start && text[end-1] == '\n' {
		end--
	}
	return start, end
}

// secretGroup is the part of a match, given with its groups, that is the secret. A group that is asked for and empty
// gives the whole match, since there is nothing else to report.
func secretGroup(loc []int, group int) assignment.Span {
	if group > 0 {
		if 2*group+1 < len(loc) && loc[2*group] < loc[2*group+1] {
			return assignment.Span{Start: loc[2*group], End: loc[2*group+1]}
		}
		return assignment.Span{Start: loc[0], End: loc[1]}
	}
	for i := 2; i+1 < len(loc); i += 2 {
		if loc[i] < loc[i+1] {
			return assignment.Span{Start: loc[i], End: loc[i+1]}
		}
	}
	return assignment.Span{Start: loc[0], End: loc[1]}
}

// regexpMatch judges one match of a rule's expression, given as offsets of itself and its groups in text. touch is what
// must touch decoded text where there is some: the match itself when it is empty.
func (m *Matcher) regexpMatch(list []Match, rule int32, p *program, text []byte, loc []int, touch assignment.Span) []Match {
	secret := secretGroup(loc, p.rule.SecretGroup)
	start, end := trimLines(text, loc[0], loc[1])
	start, end = min(start, secret.Start), max(end, secret.End)
	if start == end {
		return list
	}
	found := Match{Start: start, End: end, touch: touch, SecretStart: secret.Start, SecretEnd: secret.End}
	// The name is not known; an empty span before the value says so.
	a := assignment.Assignment{Name: assignment.Span{Start: start, End: start}, Value: secret}
	return m.judge(list, rule, p, text, a, found)
}

// judge completes a match, whose offsets are in text, and appends it to list unless it is none. What is cheap and
// refuses most comes first.
func (m *Matcher) judge(list []Match, rule int32, p *program, text []byte, a assignment.Assignment, f Match) []Match {
	m.profile.judging(rule, len(list), f.Start, f.End)
	f.inText = assignment.Span{Start: f.SecretStart, End: f.SecretEnd}
	matched := text[f.Start:f.End]
	var encodings decode.Encoding
	textStart, textEnd := f.Start, f.End
	if m.window != nil {
		var ok bool
		if f.touch.Start == f.touch.End {
			f.touch = assignment.Span{Start: f.Start, End: f.End}
		}
		if _, _, encodings, ok = m.window.Origin(f.touch.Start, f.touch.End); !ok {
			return list // nothing decoded in it: it has been found before
		}
		f.Start, f.End, _, _ = m.window.Origin(f.Start, f.End)
		f.SecretStart, f.SecretEnd, _, _ = m.window.Origin(f.SecretStart, f.SecretEnd)
		f.window, f.depth = m.windows, m.window.Depth
	}
	secret := a.Decoded
	if secret == nil {
		secret = a.Value.Of(text)
	}
	if p.rule.Entropy != 0 {
		if f.Entropy = entropy(secret); f.Entropy <= p.rule.Entropy {
			return list
		}
	}
	f.Rule, f.rule, f.Severity, f.Tags, f.quoted = p.rule, rule, p.rule.Severity, p.rule.Tags, a.Decoded != nil || f.exposes
	if p.filter != nil && (len(secret) > 0 || p.rule.Filter == plausible.OfNames) {
		v := m.verdicts.of(p.filter, text, a)
		if !v.plausible {
			return list
		}
		if v.weak {
			f.lower()
			f.addTags("weak-value")
		}
	}
	if p.checksum != nil && !p.checksum.Valid(secret) {
		if p.rule.ChecksumWrong != ChecksumMark {
			return list
		}
		f.lower()
		f.addTags("checksum-wrong")
	}
	if p.rule.Entropy == 0 {
		f.Entropy = entropy(secret) // which refuses nothing, and so waits for what does
	}
	if encodings != 0 {
		for _, name := range encodings.Names() {
			f.addTags("decoded:" + name)
		}
		f.addTags("decode-depth:" + strconv.Itoa(f.depth))
	}
	if f.exposes {
		secret = nil
	}
	m.suppress(&f, text, matched, secret, textStart, textEnd)
	f.Text = string(matched)
	f.Secret = string(secret)
	if i := bytes.Index(matched, secret); i >= 0 {
		f.Secret = f.Text[i : i+len(secret)] // one copy for both
	}
	return append(list, f)
}

// suppress looks for comments and allowlists that concern a match by what it matched.
func (m *Matcher) suppress(f *Match, text, matched, secret []byte, start, end int) {
	if f.Suppressed = commented(m.data, f.Start, f.End); f.Suppressed != nil {
		return
	}
	line := func() []byte {
		l, _ := lineAround(text, start, end)
		return l
	}
	for _, lists := range [][]*Allowlist{m.d.rules.allowlists, f.Rule.Allowlists} {
		for _, a := range lists {
			if !a.judgesContent() || !a.allowsContent(secret, matched, line) {
				continue
			}
			if a.All && a.placed() {
				f.pending = append(f.pending, a)
				continue
			}
			f.Suppressed = a.suppression()
			return
		}
	}
}
