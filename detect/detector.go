package detect

import (
	"math"
	"slices"
	"strings"
	"sync"

	"rummage/detect/assignment"
	"rummage/detect/decode"
	"rummage/detect/literal"
	"rummage/detect/plausible"
	"rummage/detect/reach"
)

// Detector finds matches of a ruleset. It is shared by all goroutines, each of which has a Matcher of its own.
type Detector struct {
	// DecodeDepth is how many encodings inside one another are undone: 5 unless set, none when 0 or less. It is to be
	// set before the first Matcher is made.
	DecodeDepth int

	automata sync.Map // rule's index → *dfa.Program

	rules    *Ruleset
	programs []program              // by the rule's index in rules
	byRule   func() map[*Rule]int32 // made at the first use

	inNames func() *literal.Set // of what of a keyword must lie in a name; nil when there are none
	words   func() *literal.Set // of the keywords of all rules, made at the first use; nil when there are none
	wordLen []int
	// longestWord is the length of the longest word.
	longestWord int
	wordRules   [][]int32 // by word: rules of content with that keyword
	wordText    [][]int32 // by word: rules of assignments in text with that keyword

	always    []int32 // rules of content without keywords
	names     nameRules
	required  []int32 // rules that others require
	inContext map[assignment.Context]*contextRules
	// wordNames is, by word, how many of its bytes must lie in a name: marks behind a word are there to tell the end of a
	// name in free text.
	wordNames []int
	// near says that no word is so long, nor are there so many contexts, that refusals could not be told apart.
	near bool
}

// contextRules are the rules that judge assignments of one context.
type contextRules struct {
	number uint16
	any    []int32 // whatever the name
	named  bool    // some do when one of their keywords is in the name
}

// New makes a Detector of a ruleset. Keywords are prepared with the first Matcher, regular expressions are compiled
// when they are first needed.
func New(rs *Ruleset) *Detector {
	d := &Detector{
		DecodeDepth: decode.MaxDepth,
		rules:       rs,
		programs:    make([]program, len(rs.rules)),
		inContext:   map[assignment.Context]*contextRules{},
	}
	d.byRule = sync.OnceValue(d.numbers)
	table := d.newTable()
	for i, r := range rs.rules {
		p := &d.programs[i]
		p.rule, p.placed, p.isText = r, r.placed(), r.reads(assignment.Text)
		if len(rs.hints) > 0 {
			p.hint = &rs.hints[i]
		}
		d.addContexts(int32(i))
		switch {
		case r.NameOnly():
			d.names.rules = append(d.names.rules, int32(i))
		case r.Regex != "" || p.isText || len(r.In) > 0 && len(r.Keywords) > 0:
			d.addWords(table, int32(i))
		}
	}
	d.near = len(d.inContext)+len(rs.rules) < math.MaxUint16 && (len(d.wordLen) == 0 || slices.Max(d.wordLen) <= plausible.Around)
	d.resolveRequired()
	d.words = sync.OnceValue(func() *literal.Set { return newSet(table.words, rs.laid.words) })
	d.inNames = sync.OnceValue(d.namePieces)
	d.names.list, d.names.set = sync.OnceFunc(d.listNames), sync.OnceValue(d.nameSet)
	return d
}

// numbers are the indexes of the rules.
func (d *Detector) numbers() map[*Rule]int32 {
	m := make(map[*Rule]int32, len(d.programs))
	for i := range d.programs {
		m[d.programs[i].rule] = int32(i)
	}
	return m
}

// addContexts has a rule judge assignments of its contexts. The keywords of a rule with a regexp are those of that.
func (d *Detector) addContexts(rule int32) {
	r := d.programs[rule].rule
	if r.NameOnly() {
		return
	}
	for _, c := range r.In {
		if c == assignment.Text {
			continue
		}
		rules := d.inContext[c]
		if rules == nil {
			rules = &contextRules{number: uint16(len(d.inContext))}
			d.inContext[c] = rules
		}
		if r.Regex != "" || len(r.Keywords) == 0 {
			rules.any = append(rules.any, rule)
		} else {
			rules.named = true
		}
	}
}

// Relevant says whether an assignment that a structured reader found can matter: some rule judges its context whatever the
// name, or the name holds a keyword of a rule for assignments. Others neither make a match nor overrule one of free text.
func (d *Detector) Relevant(c assignment.Context, name []byte) bool {
	if rules := d.inContext[c]; rules != nil && len(rules.any) > 0 || c.NamesImage() {
		return true
	}
	set, holds := d.inNames(), false
	if set != nil {
		set.Find(name, func(int, int) bool {
			holds = true
			return false
		})
	}
	return holds
}

// namePieces are the keywords of rules for assignments, without the marks behind them.
func (d *Detector) namePieces() *literal.Set {
	var pieces []string
	for i := range d.programs {
		p := &d.programs[i]
		if p.rule.Regex != "" || len(p.rule.In) == 0 {
			continue
		}
		for _, k := range wordsOf(p.keywords) {
			if k = strings.TrimRight(k, afterName); k != "" {
				pieces = append(pieces, k)
			}
		}
	}
	return newSet(pieces, d.rules.laid.pieces)
}

// afterName are marks that a keyword may have behind it to tell the end of a name in free text.
const afterName = "=: \"'])"

// wordTable numbers the words of all rules.
type wordTable struct {
	words []string
	index map[string]int32
	room  []int32 // for lists of one rule, which most are
}

// newTable makes room for the keywords of all rules: a program that is started for every push has them counted first.
func (d *Detector) newTable() *wordTable {
	n := 0
	for _, r := range d.rules.rules {
		n += len(r.Keywords)
	}
	d.wordLen, d.wordNames = make([]int, 0, n), make([]int, 0, n)
	d.wordRules, d.wordText = make([][]int32, 0, n), make([][]int32, 0, n)
	return &wordTable{words: make([]string, 0, n), index: make(map[string]int32, n), room: make([]int32, 0, n)}
}

// add appends a rule to a list.
func (t *wordTable) add(list []int32, rule int32) []int32 {
	if list == nil && len(t.room) < cap(t.room) {
		n := len(t.room)
		t.room = append(t.room, rule)
		return t.room[n : n+1 : n+1]
	}
	return append(list, rule)
}

// addWords has a rule run when one of its keywords is found. For a rule without any, words that its matches cannot do
// without do as well, which changes nothing but the time it takes.
func (d *Detector) addWords(t *wordTable, rule int32) {
	p := &d.programs[rule]
	p.keywords = p.rule.Keywords
	if len(p.keywords) == 0 {
		if info, err := reach.Analyze(foldASCII(p.rule.Regex)); err == nil {
			p.keywords = info.Literals()
		}
	}
	if len(p.keywords) == 0 {
		d.always = append(d.always, rule)
		return
	}
	p.words = make([]int32, 0, len(p.keywords))
	for _, k := range p.keywords { // see wordsOf
		d.addWord(t, p, rule, k)
		if !isASCII(k) {
			d.addWord(t, p, rule, asciiLower(strings.ToUpper(k)))
		}
	}
}

// addWord adds a word of a rule, unless the rule has it already: then it is the last one that the word is of.
func (d *Detector) addWord(t *wordTable, p *program, rule int32, k string) {
	w, known := t.index[k]
	if !known {
		w = int32(len(t.words))
		t.index[k] = w
		t.words = append(t.words, k)
		d.wordLen = append(d.wordLen, len(k))
		d.longestWord = max(d.longestWord, len(k))
		d.wordNames = append(d.wordNames, inName(k))
		d.wordRules = append(d.wordRules, nil)
		d.wordText = append(d.wordText, nil)
	}
	rules := &d.wordRules[w]
	if p.rule.Regex == "" {
		rules = &d.wordText[w]
	}
	if n := len(*rules); n > 0 && (*rules)[n-1] == rule {
		return
	}
	p.words = append(p.words, w)
	*rules = t.add(*rules, rule)
}

// inName is how much of a keyword must lie in a name.
func inName(k string) int {
	n := len(k)
	for n > 0 && strings.IndexByte(afterName, k[n-1]) >= 0 {
		n--
	}
	return n
}

// newSet prepares words, nil for none. A layout that is not of these words is not used.
func newSet(words []string, layout string) *literal.Set {
	if len(words) == 0 {
		return nil
	}
	if layout != "" {
		if set, err := literal.NewLaid(words, layout); err == nil {
			return set
		}
	}
	set, err := literal.New(words)
	if err != nil {
		panic("detect: internal error: keywords: " + err.Error())
	}
	return set
}

// wordsOf are the keywords to look for, each once. The search takes A-Z for a-z and nothing more, so a keyword with
// letters of other alphabets is looked for in lower and in upper case.
func wordsOf(keywords []string) []string {
	if plainWords(keywords) {
		return keywords
	}
	list := make([]string, 0, len(keywords))
	add := func(w string) {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	for _, k := range keywords {
		add(k)
		if strings.IndexFunc(k, func(r rune) bool { return r > 0x7f }) >= 0 {
			add(asciiLower(strings.ToUpper(k)))
		}
	}
	return list
}

// plainWords reports whether keywords are such as to be looked for as they are.
func plainWords(keywords []string) bool {
	for i, k := range keywords {
		if !isASCII(k) || slices.Contains(keywords[:i], k) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 0x7f {
			return false
		}
	}
	return true
}

// asciiLower folds A-Z and leaves every other byte, also of text that is no UTF-8.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func (d *Detector) resolveRequired() {
	for i := range d.programs {
		p := &d.programs[i]
		for _, q := range p.rule.Required {
			r := d.rules.Rule(q.ID)
			if r == nil {
				p.broken = true
				continue
			}
			j := d.byRule()[r]
			p.requires = append(p.requires, requirement{rule: j, lines: q.Lines, columns: q.Columns})
			if !slices.Contains(d.required, j) {
				d.required = append(d.required, j)
			}
		}
	}
}

// Rules is the ruleset that the detector runs.
func (d *Detector) Rules() *Ruleset { return d.rules }

// LineReach is how far from a match, on either side, a comment or an allowlist for lines is looked for.
const LineReach = 4 << 10

// Reach is how many bytes on either side of a rule's match can have a say in whether it is one, and whether that is
// bounded. What suppresses a match may stand LineReach further on its line; and a rule that requires another depends
// on the whole blob, so it is not bounded.
func (d *Detector) Reach(r *Rule) (bytes int, bounded bool) {
	i, known := d.byRule()[r]
	if !known {
		return 0, false
	}
	p := d.programs[i].ready()
	switch {
	case len(r.Required) > 0:
		return 0, false
	case p.isText:
		return assignment.TextBefore + assignment.TextAfter + plausible.Around, true
	case r.Regex == "":
		return 0, true
	case p.near == nil || !p.near.empty:
		return 0, false
	}
	n := p.near.others + margin
	if p.filter != nil {
		n += plausible.Around
	}
	return n, true
}

// PlacedAt judges a match at one place of its blob: ok says whether there is a match at all (a rule's path, and
// better matches that hold at this place), by who suppresses it there, which includes who suppresses it everywhere.
// The path is slash-separated, the commit a full hexadecimal id; either may be empty. It may be called from any
// goroutine.
func (d *Detector) PlacedAt(m *Match, path, commit string) (ok bool, by *Suppression) {
	return d.placedAt(m, place{path: path, commit: commit})
}

// place is where a blob stands. The path criterion of the rule `assumed` is taken to hold there.
type place struct {
	path, commit string
	assumed      *Rule
}

func (d *Detector) placedAt(m *Match, at place) (ok bool, by *Suppression) {
	i, known := d.byRule()[m.Rule]
	if !known || m.Rule != at.assumed && !d.programs[i].atPath(at.path) {
		return false, nil
	}
	for _, group := range m.needs {
		if !slices.ContainsFunc(group, func(n *Match) bool { return d.holdsAt(n, at) }) {
			return false, nil
		}
	}
	for _, b := range m.beaters {
		if d.holdsAt(b, at) {
			return false, nil
		}
	}
	if m.Suppressed != nil {
		return true, m.Suppressed
	}
	return true, d.suppressedAt(m, at.path, at.commit)
}

// holdsAt reports whether a match stands at a place, not suppressed.
func (d *Detector) holdsAt(m *Match, at place) bool {
	ok, by := d.placedAt(m, at)
	return ok && by == nil
}

func (d *Detector) suppressedAt(m *Match, path, commit string) *Suppression {
	for _, lists := range [][]*Allowlist{d.rules.allowlists, m.Rule.Allowlists} {
		for _, a := range lists {
			if !a.placed() || a.All && a.judgesContent() {
				continue // the latter are in pending when their criteria on content hold
			}
			if a.allowsPlace(path, commit) {
				return a.suppression()
			}
		}
	}
	for _, a := range m.pending {
		if a.allowsPlace(path, commit) {
			return a.suppression()
		}
	}
	return nil
}
