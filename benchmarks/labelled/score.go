package labelled

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Found is a finding of a scanner.
type Found struct {
	Path        string
	First, Last int    // lines, 1-based; equal for a scanner that names one; 0 for a finding about the file as such
	Kind        Kind   // Secret or Exposure; empty for a scanner that knows no kinds
	Rule        string // for messages
	// Value is the secret. Given, labelled lines of the same file that hold it count as found too: a scanner that tells
	// one place for each secret and file need not repeat itself.
	Value string
	// Key is the name that a scanner of instructions complains of. Given, only labelled lines that hold it count.
	Key string
}

// Score compares findings with labels, label by label.
type Score struct {
	Hit []bool // by index of Set.Labels: something was found there (Either: always false)
	// ByValue counts the labels that are hit by a value told elsewhere in the file alone.
	ByValue int
	// False are the findings at no label of their kind, one for each path, line and kind, sorted.
	False []Found
	// Extra are exposures found where the label is a secret: no error.
	Extra []Found
	set   *Set
}

// Score scores. A finding with a kind is right only where the label has the same one.
func (s *Set) Score(found []Found) *Score {
	sc := &Score{Hit: make([]bool, len(s.Labels)), set: s}
	for i := range found {
		s.settle(sc, &found[i])
	}
	for i := range s.Labels {
		l := &s.Labels[i]
		if sc.Hit[i] || !l.Kind.Positive() {
			continue
		}
		for j := range found {
			f := &found[j]
			if f.Path == l.Path && sameKind(f, l) && l.Kind == Secret && holds(s.text(l), f.Value) {
				sc.Hit[i] = true
				sc.ByValue++
				break
			}
		}
	}
	order := func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.First, b.First), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Rule, b.Rule))
	}
	slices.SortFunc(sc.False, order)
	slices.SortFunc(sc.Extra, order)
	sc.False = slices.CompactFunc(sc.False, func(a, b Found) bool {
		return a.Path == b.Path && a.First == b.First && a.Kind == b.Kind && a.Key == b.Key
	})
	return sc
}

// holds says that text holds a value. A short one, such as root, must have no letter or digit beside it; a longer one
// may follow an option without a blank, as in mysql's -pVALUE.
func holds(text, word string) bool {
	if len(word) >= 6 {
		return strings.Contains(text, word)
	}
	for at := 0; word != ""; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(word)
		if !(start > 0 && alphanumeric(text[start-1])) && !(end < len(text) && alphanumeric(text[end])) {
			return true
		}
		at = start + 1
	}
	return false
}

func alphanumeric(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

func sameKind(f *Found, l *Label) bool { return f.Kind == "" || f.Kind == l.Kind }

// settle finds the labels that a finding is right at, or says that it is wrong. One about the file as such is right
// where the file holds a secret, and finds no label.
func (s *Set) settle(sc *Score, f *Found) {
	right, extra := false, false
	for i := range s.Labels {
		l := &s.Labels[i]
		if l.Path != f.Path {
			continue
		}
		if f.Last == 0 {
			right = right || l.Kind == Secret || l.Kind == Either
			continue
		}
		if f.Last < l.First || f.First > l.Last {
			continue
		}
		if f.Key != "" && !strings.Contains(s.text(l), f.Key) {
			continue
		}
		switch {
		case l.Kind == Either:
			right = true
		case l.Kind.Positive() && sameKind(f, l):
			right, sc.Hit[i] = true, true
		case l.Kind == Secret && f.Kind == Exposure:
			extra = true
		}
	}
	switch {
	case right:
	case extra:
		sc.Extra = append(sc.Extra, *f)
	default:
		sc.False = append(sc.False, *f)
	}
}

// Counts are the labels that count, by what became of them.
type Counts struct {
	Right, Missed, False int
}

// Precision is the share of right ones among what was found, 1 if nothing was.
func (c Counts) Precision() float64 { return share(c.Right, c.False) }

// Recall is the share of found ones among what is to be found, 1 if nothing is.
func (c Counts) Recall() float64 { return share(c.Right, c.Missed) }

func share(a, rest int) float64 {
	if a+rest == 0 {
		return 1
	}
	return float64(a) / float64(a+rest)
}

// Counts counts the labels and false findings that the function accepts; it is asked by path and kind, the latter empty
// for a finding of a scanner that knows none.
func (sc *Score) Counts(accept func(path string, kind Kind) bool) Counts {
	var c Counts
	for i := range sc.set.Labels {
		l := &sc.set.Labels[i]
		switch {
		case !l.Kind.Positive() || !accept(l.Path, l.Kind):
		case sc.Hit[i]:
			c.Right++
		default:
			c.Missed++
		}
	}
	for _, f := range sc.False {
		if accept(f.Path, f.Kind) {
			c.False++
		}
	}
	return c
}

// Differences lists what was missed and what was found wrongly, a line each.
func (sc *Score) Differences() []string {
	var list []string
	for i := range sc.set.Labels {
		if l := &sc.set.Labels[i]; l.Kind.Positive() && !sc.Hit[i] {
			list = append(list, "missed "+l.String())
		}
	}
	for _, f := range sc.False {
		label := "no label"
		for i := range sc.set.Labels {
			if l := &sc.set.Labels[i]; l.Path == f.Path && l.First <= f.Last && f.First <= l.Last {
				label = fmt.Sprintf("%s %s %s", l.Kind, l.Form, l.Text)
			}
		}
		list = append(list, fmt.Sprintf("false %s:%d: %s %s %s (%s)", f.Path, f.First, f.Kind, f.Rule, f.Key, label))
	}
	return list
}
