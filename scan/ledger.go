package scan

import (
	"slices"

	"rummage/detect"
	"rummage/detect/structure"
)

// Mark is what a search tells of a blob in which nothing was found: that its text was searched, what it looks like, and
// as which kinds of structured file it was read. The marks of several searches with the same rules may be joined by "or".
// Zero is that of a blob that was not searched, or in which something was found.
type Mark uint64

// The lower half has the kinds that a blob was read as, None of which is its text; the upper half what it looks like.
const markHalf = 32

func (m Mark) read(k structure.Kind) bool { return structure.Set(m).Has(k) }

func (m Mark) sniffed() structure.Set { return structure.Set(m >> markHalf) }

// Searched says whether the text of the blob needs no search.
func (m Mark) Searched() bool { return m.read(structure.None) }

func markOf(read, sniffed structure.Set) Mark { return Mark(read) | Mark(sniffed)<<markHalf }

// allKinds is how a blob is read of which no reader makes anything: one that is no text.
const allKinds = ^structure.Set(0)

// Ledger has the marks of a source's blobs. A search leaves out what has been searched, and nothing else: what its
// findings are, and where they stand, is the same with any marks that earlier searches made with the same rules.
//
// It belongs to one search at a time.
type Ledger struct {
	marks, fresh []Mark // by BlobRef
	// Of other rules, by BlobRef; nil when there is nothing.
	others  []other
	changed []*detect.Detector
	quiet   bool // see Quiet
}

// other is what a search with other rules told of a blob.
type other struct {
	mark    Mark
	changed uint8 // one more than the index of a detector; 0: there is no such search, or it holds for these rules too
	renewed bool  // it holds for these rules too
	found   bool  // these rules find something
}

// maxChanged is how many other rulesets a ledger knows of.
const maxChanged = 255

// NewLedger is a ledger without marks, of a source whose references are less than n.
func NewLedger(n int) *Ledger { return &Ledger{marks: make([]Mark, n), fresh: make([]Mark, n)} }

// Set says what an earlier search told of a blob.
func (l *Ledger) Set(ref BlobRef, m Mark) { l.marks[ref] = m }

// SetOther says what an earlier search with other rules told of a blob: it is searched with what changed finds, and with all
// rules when that finds something. What changed is, detect.(*Ruleset).Changed says; nil is for nothing: then the blob is left out.
// It reports whether it takes note of it: of many rulesets it does not.
func (l *Ledger) SetOther(ref BlobRef, m Mark, changed *detect.Detector) bool {
	if !m.Searched() {
		return false
	}
	if l.others == nil {
		l.others = make([]other, len(l.marks))
	}
	if changed == nil || m.read(structure.None) && structure.Set(m) == allKinds {
		l.renew(ref, m)
		return true
	}
	i := slices.Index(l.changed, changed)
	if i < 0 {
		if i = len(l.changed); i == maxChanged {
			return false
		}
		l.changed = append(l.changed, changed)
	}
	l.others[ref] = other{mark: m, changed: uint8(i) + 1}
	return true
}

// renew says that a mark holds. Two goroutines may renew different blobs at the same time.
func (l *Ledger) renew(ref BlobRef, m Mark) {
	l.marks[ref], l.others[ref] = m, other{renewed: true}
}

// other is the mark of a blob by other rules, and the index of the detector of what has changed.
func (l *Ledger) other(ref BlobRef) (m Mark, changed int, ok bool) {
	if l == nil || l.others == nil || l.others[ref].changed == 0 {
		return 0, 0, false
	}
	return l.others[ref].mark, int(l.others[ref].changed) - 1, true
}

// Searched says whether a blob is left out.
func (l *Ledger) Searched(ref BlobRef) bool { return l != nil && l.marks[ref].Searched() }

// Fresh visits the blobs of which the search told more than was known with its rules, ascending.
func (l *Ledger) Fresh(visit func(BlobRef, Mark)) {
	for ref, m := range l.fresh {
		if m&^l.marks[ref] != 0 || l.others != nil && l.others[ref].renewed {
			visit(BlobRef(ref), m|l.marks[ref])
		}
	}
}

// Quiet says that the search found nothing in what it looked at, wherever that may stand and whatever stands beside it: no match
// was made that something took away again, or that only a place would have made a finding. What was left out had nothing either.
func (l *Ledger) Quiet() bool { return l.quiet }

// settle notes whether the search was quiet.
func (c *collector) settle(res *Result) {
	if c.ledger == nil || res == nil {
		return
	}
	quiet := len(res.Findings) == 0 && len(res.Suppressed) == 0 && len(c.secrets) == 0 && len(c.hits) == 0
	for _, found := range c.files.hits {
		quiet = quiet && (found == nil || len(found.hits) == 0)
	}
	c.ledger.quiet = quiet
}

// Found visits the blobs of which SetOther told, and in which the search has found something: what other rules told of them is of
// no more use.
func (l *Ledger) Found(visit func(BlobRef)) {
	for ref, o := range l.others {
		if o.found {
			visit(BlobRef(ref))
		}
	}
}

// mark is what is known of a blob from before.
func (l *Ledger) mark(ref BlobRef) Mark {
	if l == nil {
		return 0
	}
	return l.marks[ref]
}

// note adds to what this search tells of a blob. Two goroutines may note different blobs at the same time.
func (l *Ledger) note(ref BlobRef, m Mark) {
	if l != nil {
		l.fresh[ref] |= m
	}
}

// strike takes the marks of a search from the blobs in which it found something. What another kind of reading finds is no
// matter of the others.
func (c *collector) strike() {
	l := c.ledger
	if l == nil {
		return
	}
	for ref := range c.hits {
		l.fresh[ref] = 0
		if l.others != nil && l.others[ref].changed != 0 {
			l.others[ref].found = true
		}
	}
	for k, found := range c.files.hits {
		if found == nil || len(found.hits) > 0 {
			l.fresh[k.ref] &^= 1 << k.kind
		}
	}
}

// sniffed is what a blob looks like. The caller holds the lock.
func (c *collector) sniffed(ref BlobRef) structure.Set {
	return c.files.sniffed[ref] | c.ledger.mark(ref).sniffed()
}

// unreadBefore visits the blobs that look like something which no search has read them as yet.
func (c *collector) unreadBefore(visit func(BlobRef)) {
	if c.ledger == nil {
		return
	}
	for ref, m := range c.ledger.marks {
		if m.sniffed()&^structure.Set(m) != 0 {
			visit(BlobRef(ref))
		}
	}
}
