package detect

import (
	"cmp"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/decode"
	"rummage/detect/dfa"
	"rummage/detect/literal"
)

// Matcher is one goroutine's scratch over a Detector. Nothing is allocated for a blob in which nothing is found.
type Matcher struct {
	d       *Detector
	words   *literal.Set
	decoder decode.Decoder

	automata map[int32]*dfa.Cache // by rule; nil for an expression without
	tails    map[int32]*dfa.Cache // by rule
	ends     map[int32]dfa.Ends   // by rule

	fresh   []literal.Occurrence // found in the text at hand
	hits    [][]int              // by word: ends of its occurrences in the text, ascending
	touched []int32              // words with hits
	marks   []uint32             // by rule: the pass in which it was put in active
	pass    uint32
	active  []int32 // rules with a keyword in the text
	spans   []assignment.Span

	textHits  []wordHit // of keywords of rules for assignments
	nameHits  []wordHit // those in the blob itself, ascending
	nearHits  []wordHit // of keywords of the rule at hand
	tailHits  []wordHit // those of them at which its tail matches
	judged    []int32   // rules that have judged the assignment at hand
	verdicts  verdicts
	memo      memo
	loc       []int
	guesses   []guess // of overrule
	nextGuess int     // see guessFrom
	nextHit   int     // of nameHits: where the last name was looked for

	// See carry.go.
	base        *Carry
	copies      []Copy
	keep        *Carry
	occurrences []occurrence
	hitOf       [][]int32 // by word, beside hits: the occurrence
	unbound     []uint8   // by word
	tracking    bool      // occurrences are to be settled
	leftOut     bool      // some are settled
	unsound     bool      // and had a say in something all the same
	minCopy     int
	matched     bool // the expression that was run last matches
	searched    int

	data       []byte
	window     *decode.Window // nil while the blob itself is searched
	windows    int32          // number of windows so far
	whole      []int32        // rules, not bound to their keywords, with a keyword somewhere in the blob
	incomplete bool
	formsAlone bool // see MatchForms
	// plain turns the automata off, for tests.
	plain   bool
	found   []Match
	aux     []Match   // of required rules
	lent    [][]Match // by MatchEach
	auxDone []int32   // required rules that were run on the text
	out     []Match
	order   []int32

	profile *Profile // nil unless measured

	onWindow func(w *decode.Window) bool
}

// Matcher makes the scratch of one goroutine.
func (d *Detector) Matcher() *Matcher {
	m := &Matcher{d: d, words: d.words(), hits: make([][]int, len(d.wordLen)), marks: make([]uint32, len(d.programs))}
	m.minCopy = minCopy
	m.hitOf, m.unbound = make([][]int32, len(d.wordLen)), make([]uint8, len(d.wordLen))
	m.onWindow = m.decoded
	// Written to before it is read, here and below: see snapshot.
	clear(m.hits)
	return m
}

// Match finds what the rules match in a blob, sorted by Start, End and rule. Suppressed matches are among them. Rules
// that judge names alone are not run, and rules that also look at the path are run as if the path were right: see
// PlacedAt. The slice, not what its elements point to, is valid until the next call.
func (m *Matcher) Match(data []byte) []Match {
	m.scan(data, m.profile != nil)
	m.data = nil
	m.profile.end(m.nameHits)
	list := m.finish(data)
	m.profile.Lap(ShareSettle)
	return list
}

// MatchForms is Match without names and their values: it finds what is a secret by its form alone. That is for what is
// printable in programs, which are full of the others.
func (m *Matcher) MatchForms(data []byte) []Match {
	m.formsAlone = true
	defer func() { m.formsAlone = false }()
	return m.Match(data)
}

// scan finds what stands in the text of a blob, in m.found, and, if they are wanted, the keywords of names.
func (m *Matcher) scan(data []byte, names bool) {
	m.profile.Lap(ShareText)
	m.data, m.window, m.windows = data, nil, 0
	m.whole, m.found, m.aux, m.incomplete = m.whole[:0], m.found[:0], m.aux[:0], false
	m.nextHit = 0
	carries := m.carries(data)
	if carries {
		m.searchCarrying(data)
		if names {
			m.nameHits = m.allNames()
		}
	} else {
		m.searched = len(data)
		if m.search(data); names {
			m.nameHits = append(m.nameHits[:0], m.textHits...)
		}
	}
	if m.d.DecodeDepth > 0 {
		if carries {
			m.incomplete = !m.decodeCarrying(data)
		} else {
			m.incomplete = !m.decoder.Decode(data, m.onWindow)
		}
		m.window = nil
		m.profile.Lap(ShareDecode)
	}
	m.base, m.copies, m.keep = nil, nil, nil
}

// finish settles m.found.
func (m *Matcher) finish(data []byte) []Match {
	if len(m.found) == 0 {
		return nil
	}
	out := m.settle(data)
	sortMatches(out)
	return out
}

// sortMatches sorts by Start, End and rule; the rest only makes the order complete.
func sortMatches(list []Match) {
	slices.SortFunc(list, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.rule, b.rule),
			cmp.Compare(a.SecretStart, b.SecretStart), cmp.Compare(a.window, b.window), cmp.Compare(a.inText.Start, b.inText.Start))
	})
}

// Complete reports whether the last blob was searched whole: false when it holds so much encoded text that some was
// not decoded (more than decode.MaxOutput bytes).
func (m *Matcher) Complete() bool { return !m.incomplete }

// decoded searches one window of decoded text.
func (m *Matcher) decoded(w *decode.Window) bool {
	if w.Depth > m.d.DecodeDepth {
		return true // the next window may be of less depth
	}
	m.window = w
	m.windows++
	m.profile.Lap(ShareDecode)
	m.search(w.Text)
	return true
}

func (m *Matcher) hit(word, end int) {
	if len(m.hits[word]) == 0 {
		m.touched = append(m.touched, int32(word))
	}
	m.hits[word] = append(m.hits[word], end)
}

// activate puts a rule on the list of those to run, once.
func (m *Matcher) activate(rule int32) {
	if m.marks[rule] != m.pass {
		m.marks[rule] = m.pass
		m.active = append(m.active, rule)
	}
}

// search runs the rules on one text: the blob or a window of decoded text.
func (m *Matcher) search(text []byte) {
	m.begin()
	if m.words != nil {
		for _, f := range m.keywords(text) {
			m.hit(f.Word, f.End)
		}
	}
	m.rules(text)
}

// keywords finds all keywords in a text. The list is valid until the next call.
func (m *Matcher) keywords(text []byte) []literal.Occurrence {
	list := m.words.Append(m.fresh[:0], text)
	if m.fresh = list; cap(list) > maxFresh {
		m.fresh = nil // one giant text must not pin its memory
	}
	return list
}

// maxFresh is how many occurrences a list that is kept has room for.
const maxFresh = 1 << 16

// begin begins a pass over a text.
func (m *Matcher) begin() {
	m.pass++
	if m.pass == 0 { // after 4 billion passes the marks of the first ones must not count
		clear(m.marks)
		m.pass = 1
	}
	m.active = m.active[:0]
	for _, r := range m.d.always {
		m.activate(r)
	}
}

// rules runs the rules whose keywords have been found on a text.
func (m *Matcher) rules(text []byte) {
	for _, w := range m.touched {
		for _, r := range m.d.wordRules[w] {
			m.activate(r)
		}
	}
	if m.window != nil {
		for _, r := range m.whole {
			m.activate(r)
		}
	}
	m.profile.Lap(ShareKeywords)
	before := len(m.found)
	for _, r := range m.active {
		if m.profile != nil {
			m.profile.run(m, r, text)
		} else {
			m.run(r, text)
		}
	}
	if !m.formsAlone {
		m.assignments(text)
	}
	m.runRequired(text, before)
	for _, w := range m.touched {
		if m.hits[w] = m.hits[w][:0]; len(m.hitOf[w]) > 0 {
			m.hitOf[w] = m.hitOf[w][:0]
		}
	}
	m.touched = m.touched[:0]
}

// runRequired finds, on the same text, what the matches found on it since `before` require. Keywords do not count
// for required rules.
func (m *Matcher) runRequired(text []byte, before int) {
	if len(m.d.required) == 0 || m.window == nil && len(m.found) == before {
		return
	}
	m.auxDone = m.auxDone[:0]
	if m.window != nil {
		// What is required may stand in another window of the same depth, so all windows are searched for it.
		m.auxDone = append(m.auxDone, m.d.required...)
	}
	for i := before; i < len(m.found) && m.window == nil; i++ {
		for _, q := range m.d.programs[m.found[i].rule].requires {
			if !slices.Contains(m.auxDone, q.rule) {
				m.auxDone = append(m.auxDone, q.rule)
			}
		}
	}
	for _, rule := range m.auxDone {
		p := m.d.programs[rule].ready()
		switch {
		case p.rule.Regex != "":
			m.aux, _ = m.regexp(m.aux, rule, p, text, 0, len(text))
		case p.rule.NameOnly() && m.window == nil:
			m.aux = append(m.aux, Match{Rule: p.rule, rule: rule})
		}
		m.profile.ranRequired(rule)
	}
}
