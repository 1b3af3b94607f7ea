package detect

import (
	"cmp"
	"slices"
	"time"

	"rummage/detect/assignment"
)

// Profile measures what each rule of a Detector costs, in the Matchers that carry it ([Matcher.Measure]). They are to be
// used one after the other, by one goroutine at a time, as a Profile itself is.
//
// Counts are exact. Time is wall time: the clock runs through and is read where the work of one rule ends and that of
// the next begins, so each piece of time goes to exactly one rule or to what all rules share, and nothing is sampled or
// run twice. A rule is timed once for all its keywords in a text, a rule for assignments once for each assignment. What a
// reading of the clock takes is measured beforehand and taken off, and what the Profile itself counts happens while
// nobody's time is kept. What was to be prepared for a rule at its first use is told apart. Reading the assignment at a
// keyword that several rules have is shared equally between those.
//
// While it measures, every blob is searched from end to end: what versions share is not taken over (see Carry), so that
// counts are those of the texts and not of the way in which they are stored.
//
// What remains is an error of some ten nanoseconds a reading, in either direction: shares of rules that are run a million
// times are worth their digits, those of single microseconds are not. And the program's collector of garbage, which runs
// when it likes, is on the account of whoever is at work. On a busy machine, measure several times: see [Profile.Least].
type Profile struct {
	d           *Detector
	begun       time.Time
	last, clock time.Duration // last reading, since begun; what a reading takes
	readings    int64
	own         time.Duration
	shared      [shares]time.Duration
	rules       []tally
	text        [][]wordTally // by word and rule of Detector.wordText

	words []string // by number

	pending       []candidate // of the rule at hand, not yet settled
	kept          []candidate // those of a rule with an expression that became matches
	blob, decoded notes       // of the assignments in the blob, in the decoded text at hand
	at            *notes      // one of them
}

// notes are what is known of the assignments of one text until all are judged.
type notes struct {
	names []assignment.Span // those read
	kept  []candidate       // those that became matches
}

// tally is what is counted of one rule.
type tally struct {
	RuleCost
	words []wordTally // by program.words, of rules with an expression
	ready bool
}

type wordTally struct{ hits, passed, fruitful int64 }

// candidate is a match before its filters: where it stands in the text, and how long the list of matches was before.
type candidate struct {
	rule       int32
	at         int
	start, end int
}

// Share is a part of the work that no single rule causes.
type Share int

// Shares. Those outside of this package are for the callers of [Profile.Lap].
const (
	ShareSource     Share = iota // getting at the blobs
	ShareText                    // binary or text, which structured files it looks like
	ShareKeywords                // finding the keywords of all rules
	ShareHits                    // sorting the occurrences of keywords of rules for assignments
	ShareDecode                  // looking for encoded text, decoding it
	ShareStructured              // reading structured files, remembering what was said of their assignments
	ShareSettle                  // settling overlaps, sorting
	SharePlace                   // finding out where the matches stand
	shares
)

// String is the share in a few words.
func (s Share) String() string {
	return [...]string{"reading objects", "telling text and kinds of files", "finding keywords", "sorting keywords of assignments",
		"decoding", "reading structured files", "settling matches", "placing matches"}[s]
}

// RuleCost is what one rule cost. Bytes are counted as often as they were looked at.
type RuleCost struct {
	Rule *Rule
	// Hits are occurrences of its keywords, in blobs and in decoded text; Passed those at which the tail of its expression
	// matches, for a rule of assignments those in the name of one that could be read, in text or in a structured file.
	Hits, Passed int64
	// Windows are pieces of text in which a match was looked for; of assignments, those that were handed to the rule.
	Windows, WindowBytes int64
	// Run are the windows that the automaton did not refuse, so that the expression was run; of assignments, those that
	// were not known to be refused.
	Run, RunBytes int64
	// Candidates are matches before filters, entropy and checksums, Matches those that stayed: suppressed and settled ones
	// are among them.
	Candidates, Matches int64
	// Fruitless are the hits that lie in none of Matches; of a rule that is run on all of a text with one of its keywords,
	// those in texts without a match.
	Fruitless int64
	Time      time.Duration
	Setup     time.Duration // compiling it, once
	Keywords  []KeywordCost // with hits, those with most fruitless ones first
}

// KeywordCost is a part of Hits and Fruitless.
type KeywordCost struct {
	Keyword         string
	Hits, Fruitless int64
}

// NewProfile makes an empty profile and starts its clock.
func NewProfile(d *Detector) *Profile {
	p := &Profile{d: d, begun: time.Now(), rules: make([]tally, len(d.programs)), text: make([][]wordTally, len(d.wordText))}
	for i := range p.rules {
		p.rules[i].Rule = d.programs[i].rule
		p.rules[i].words = make([]wordTally, len(d.programs[i].words))
	}
	for w, rules := range d.wordText {
		p.text[w] = make([]wordTally, len(rules))
	}
	p.words, p.at = make([]string, len(d.wordText)), &p.blob
	for i := range d.programs {
		prog := &d.programs[i]
		if len(prog.words) > 0 {
			for k, word := range wordsOf(prog.keywords) {
				p.words[prog.words[k]] = word
			}
		}
	}
	p.clock = p.readingTime()
	p.last = time.Since(p.begun)
	return p
}

// readingTime is what one reading of the clock takes: the least of many averages, for others may be at work too.
func (p *Profile) readingTime() time.Duration {
	const rounds, readings = 50, 200
	least := time.Hour
	for range rounds {
		from, unused := time.Since(p.begun), time.Duration(0)
		for range readings {
			p.lap(&unused)
		}
		least = min(least, (p.last-from)/readings)
	}
	p.readings = 0
	return least
}

// Least takes the lesser of both times, account by account, from another profile of the same rules and the same search:
// where the machine was busy with something else in one run, it hardly was in the other at the same place. The counts
// stay.
func (p *Profile) Least(other *Profile) {
	for i := range p.shared {
		p.shared[i] = min(p.shared[i], other.shared[i])
	}
	for i := range p.rules {
		t, o := &p.rules[i], &other.rules[i]
		t.Time, t.Setup = min(t.Time, o.Time), min(t.Setup, o.Setup)
	}
	if other.own+time.Duration(other.readings)*other.clock < p.own+time.Duration(p.readings)*p.clock {
		p.own, p.readings, p.clock = other.own, other.readings, other.clock
	}
}

// Measure has the matcher count and time what it does from now on in a profile of its detector, or in none.
func (m *Matcher) Measure(p *Profile) { m.profile = p }

// Lap puts the time since the last lap on the account of a share. A nil profile does nothing.
func (p *Profile) Lap(s Share) {
	if p != nil {
		p.lap(&p.shared[s])
	}
}

func (p *Profile) lap(to *time.Duration) {
	now := time.Since(p.begun)
	*to += now - p.last - p.clock
	p.last = now
	p.readings++
}

// skip leaves out the time since the last lap: the profile was counting.
func (p *Profile) skip() { p.lap(&p.own) }

// run runs a rule with an expression on a text.
func (p *Profile) run(m *Matcher, rule int32, text []byte) {
	t, prog := &p.rules[rule], &m.d.programs[rule]
	if !t.ready {
		prog.ready()
		t.ready = true
		p.lap(&t.Setup)
	}
	m.tailHits, p.kept = m.tailHits[:0], p.kept[:0]
	m.run(rule, text)
	p.lap(&t.Time)
	p.kept = p.settle(p.kept, len(m.found))
	hits := 0
	for i, w := range prog.words {
		n := len(m.hits[w])
		hits += n
		t.words[i].hits += int64(n)
		switch {
		case len(p.kept) == 0:
		case prog.near == nil:
			t.words[i].fruitful += int64(n) // it need not stand in the match
		default:
			t.words[i].fruitful += fruitful(m.hits[w], m.d.wordLen[w], p.kept)
		}
	}
	t.Hits += int64(hits)
	if prog.tail != nil {
		hits = len(m.tailHits)
	}
	t.Passed += int64(hits)
	p.skip()
}

// fruitful counts the occurrences of a word that lie in one of the matches, which are sorted by start.
func fruitful(ends []int, length int, kept []candidate) (n int64) {
	reach := -1 // of the matches that begin before the occurrence
	for _, end := range ends {
		for len(kept) > 0 && kept[0].start <= end-length {
			reach = max(reach, kept[0].end)
			kept = kept[1:]
		}
		if end <= reach {
			n++
		}
	}
	return n
}

// prepared ends what is prepared for a rule in the midst of its run.
func (p *Profile) prepared(rule int32) {
	if p != nil {
		p.lap(&p.rules[rule].Setup)
	}
}

// preparing says that something is prepared for a rule.
func (p *Profile) preparing(rule int32) {
	if p != nil {
		p.lap(&p.rules[rule].Time)
	}
}

// window counts a window of a rule with an expression.
func (p *Profile) window(rule int32, size int, refused bool) {
	if p != nil {
		p.countWindow(rule, size, !refused)
	}
}

func (p *Profile) countWindow(rule int32, size int, run bool) {
	t := &p.rules[rule]
	t.Windows++
	t.WindowBytes += int64(size)
	if run {
		t.Run++
		t.RunBytes += int64(size)
	}
}

// judging notes a match before its filters, which would be list[at].
func (p *Profile) judging(rule int32, at, start, end int) {
	if p != nil {
		p.candidate(candidate{rule, at, start, end})
	}
}

func (p *Profile) candidate(c candidate) {
	if n := len(p.pending); n > 0 && p.pending[n-1].at > c.at {
		p.pending = p.pending[:0] // they were taken back, and the rule is run again without asking its tail
	}
	p.pending = append(p.pending, c)
}

// settle counts the candidates since the last time, and appends those that became matches to list: the list of matches
// grew by them, to a length.
func (p *Profile) settle(list []candidate, length int) []candidate {
	for i, c := range p.pending {
		t, next := &p.rules[c.rule], length
		if i+1 < len(p.pending) {
			next = p.pending[i+1].at
		}
		t.Candidates++
		if next > c.at {
			t.Matches++
			list = append(list, c)
		}
	}
	p.pending = p.pending[:0]
	return list
}

// ranRequired ends a run of a rule that another requires; its matches are counted there.
func (p *Profile) ranRequired(rule int32) {
	if p != nil {
		p.lap(&p.rules[rule].Time)
		p.pending = p.pending[:0]
	}
}

// begin makes ready for the assignments of a text: the blob, or decoded text.
func (p *Profile) begin(decoded bool) {
	if p == nil {
		return
	}
	p.lap(&p.shared[ShareHits])
	if p.at = &p.blob; decoded {
		p.at = &p.decoded
	}
	p.at.names, p.at.kept = p.at.names[:0], p.at.kept[:0]
}

// read notes that the assignment at a keyword was read, or that there is none.
func (p *Profile) read(word int32, name assignment.Span, have bool) {
	if p != nil {
		p.readText(word, name, have)
	}
}

func (p *Profile) readText(word int32, name assignment.Span, have bool) {
	var took time.Duration
	p.lap(&took)
	rules := p.d.wordText[word]
	for _, r := range rules {
		p.rules[r].Time += took / time.Duration(len(rules))
	}
	if have {
		p.named(name)
	}
}

// named notes the name of an assignment.
func (p *Profile) named(name assignment.Span) {
	if p != nil {
		p.at.names = append(p.at.names, name)
	}
}

// judged ends the judgement of an assignment by a rule, unless it was known that the rule refuses it. found is what all
// rules have found by then.
func (p *Profile) judged(rule int32, a *assignment.Assignment, known bool, found []Match) {
	if p != nil {
		p.countJudged(rule, a, known, len(found))
	}
}

func (p *Profile) countJudged(rule int32, a *assignment.Assignment, known bool, found int) {
	p.lap(&p.rules[rule].Time)
	p.countWindow(rule, a.Name.Len()+a.Value.Len(), !known)
	p.at.kept = p.settle(p.at.kept, found)
	p.skip()
}

// end counts what became of the keywords of rules for assignments in a text, of which all has been judged.
func (p *Profile) end(hits []wordHit) {
	if p != nil {
		p.countHits(hits)
	}
}

func (p *Profile) countHits(hits []wordHit) {
	n := p.at
	p.at = &p.blob
	slices.SortFunc(n.names, func(a, b assignment.Span) int { return cmp.Compare(a.Start, b.Start) })
	reach, names := -1, n.names
	for _, h := range hits {
		for len(names) > 0 && names[0].Start <= h.start {
			reach = max(reach, names[0].End)
			names = names[1:]
		}
		for k := range p.text[h.word] {
			t := &p.text[h.word][k]
			t.hits++
			if h.start < reach {
				t.passed++
			}
		}
	}
	slices.SortStableFunc(n.kept, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.start, b.start)) })
	for rest := n.kept; len(rest) > 0; {
		same := 1
		for same < len(rest) && rest[same].rule == rest[0].rule {
			same++
		}
		p.countFruitful(hits, rest[:same])
		rest = rest[same:]
	}
	p.skip()
}

// countFruitful counts the hits that lie in the matches of one rule.
func (p *Profile) countFruitful(hits []wordHit, kept []candidate) {
	rule, reach := kept[0].rule, -1
	for _, h := range hits {
		for len(kept) > 0 && kept[0].start <= h.start {
			reach = max(reach, kept[0].end)
			kept = kept[1:]
		}
		if h.start >= reach {
			continue
		}
		if k := slices.Index(p.d.wordText[h.word], rule); k >= 0 {
			p.text[h.word][k].fruitful++
		}
	}
}

// Costs are the rules that were any work, the costliest first.
func (p *Profile) Costs() []RuleCost {
	total := make([]RuleCost, len(p.rules))
	for i := range p.rules {
		t := &p.rules[i]
		total[i] = t.RuleCost
		if p.rules[i].Rule.Regex == "" {
			continue // its keywords are those of the text
		}
		for k, w := range p.d.programs[i].words {
			total[i].addKeyword(p.words[w], t.words[k])
		}
	}
	for w := range p.text {
		for k, rule := range p.d.wordText[w] {
			t := p.text[w][k]
			total[rule].Hits += t.hits
			total[rule].Passed += t.passed
			total[rule].addKeyword(p.words[w], t)
		}
	}
	total = slices.DeleteFunc(total, func(c RuleCost) bool { return c.Hits == 0 && c.Windows == 0 })
	for i := range total {
		total[i].Time = max(0, total[i].Time)
		slices.SortStableFunc(total[i].Keywords, func(a, b KeywordCost) int { return cmp.Compare(b.Fruitless, a.Fruitless) })
	}
	slices.SortStableFunc(total, func(a, b RuleCost) int { return cmp.Compare(b.Time, a.Time) })
	return total
}

func (c *RuleCost) addKeyword(word string, t wordTally) {
	if t.hits > 0 {
		c.Keywords = append(c.Keywords, KeywordCost{Keyword: word, Hits: t.hits, Fruitless: t.hits - t.fruitful})
		c.Fruitless += t.hits - t.fruitful
	}
}

// Shared is the time of what no single rule causes, by Share.
func (p *Profile) Shared() []time.Duration {
	list := slices.Clone(p.shared[:])
	for i := range list {
		list[i] = max(0, list[i])
	}
	return list
}

// Overhead is what measuring itself took, which is on nobody's account: so many readings of the clock, and all in all.
func (p *Profile) Overhead() (readings int64, all time.Duration) {
	return p.readings, p.own + time.Duration(p.readings)*p.clock
}
