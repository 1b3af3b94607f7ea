package literal

import (
	"encoding/binary"
	"fmt"
)

// Set is a set of words prepared for search. It is immutable: any number of
// goroutines may search with one Set.
type Set struct {
	filter filter
	slots  slots
	others []kind // the kinds of windows that slots.others has
	// The places of the slot h are places[starts[h]:starts[h+1]].
	starts [nSlots + 1]uint32
	places []place
	words  []word
	texts  []string // of the words, in lower case
	layout []laid   // of each word, its windows at even and at odd offsets
}

// word is what is compared of a word first.
type word struct {
	value, mask uint64 // its first 8 bytes in upper case; which bits to compare
	size        int32
}

// place says that a window belongs to a word, and where in it the window
// begins: the word's number, and in the low 8 bits the offset plus 1.
type place uint32

const (
	maxWords = 1 << 24
	// maxOffset is how far into a word a window may begin.
	maxOffset = 254
)

func (p place) word() int   { return int(p >> 8) }
func (p place) offset() int { return int(p&0xff) - 1 }

// Occurrence is one of a word in a text.
type Occurrence struct {
	End  int // just after it
	Word int // the index in the slice given to New
}

// New prepares words, whose letters A-Z are taken as a-z. An empty word is an
// error. A word may be given more than once: each index is found then.
func New(words []string) (*Set, error) {
	s, err := newSet(words)
	if err != nil {
		return nil, err
	}
	s.layout = s.choose()
	s.lay()
	return s, nil
}

// NewLaid is New with what Layout returned of a set of the same words, which is
// most of the work. Another layout is an error, or takes more time to search with.
func NewLaid(words []string, layout string) (*Set, error) {
	s, err := newSet(words)
	if err != nil {
		return nil, err
	}
	if s.layout, err = s.readLayout(layout); err != nil {
		return nil, err
	}
	s.lay()
	return s, nil
}

func newSet(words []string) (*Set, error) {
	if len(words) > maxWords {
		return nil, fmt.Errorf("%d words: too many", len(words))
	}
	s := &Set{words: make([]word, len(words)), texts: make([]string, len(words))}
	for i, text := range words {
		if text == "" {
			return nil, fmt.Errorf("word %d: empty", i)
		}
		s.texts[i] = lower(text)
		s.words[i] = newWord(s.texts[i])
	}
	return s, nil
}

func newWord(text string) word {
	var value, mask [8]byte
	for i := range min(8, len(text)) {
		value[i], mask[i] = text[i], 0xff
		if c := text[i]; 'a' <= c && c <= 'z' {
			value[i], mask[i] = c-('a'-'A'), 0xff-('a'-'A')
		}
	}
	return word{binary.LittleEndian.Uint64(value[:]), binary.LittleEndian.Uint64(mask[:]), int32(len(text))}
}

// Append appends every occurrence of every word in data to list, letters A-Z
// counting as a-z: in order of their ends, at one end the longest word first,
// the same word given twice in order of index.
func (s *Set) Append(list []Occurrence, data []byte) []Occurrence {
	var c candidates
	return s.append(list, data, &c)
}

func (s *Set) append(list []Occurrence, data []byte, c *candidates) []Occurrence {
	from := len(list)
	for c.next(&s.filter, data) {
		for _, at := range c.at[:c.n] {
			list = s.candidate(list, from, data, c.place(at))
		}
	}
	return list
}

// Find calls emit for each occurrence that Append appends, in the same order.
// When emit returns false, Find returns.
//
// Nothing is allocated unless more than 16 occurrences overlap.
func (s *Set) Find(data []byte, emit func(word, end int) bool) {
	var (
		c       candidates
		room    [16]Occurrence
		pending = room[:0]
		more    = true
	)
	for c.next(&s.filter, data) {
		for _, at := range c.at[:c.n] {
			p := c.place(at)
			if pending, more = flush(pending, p, emit); !more {
				return
			}
			pending = s.candidate(pending, 0, data, p)
		}
	}
	flush(pending, len(data), emit)
}

// flush emits what ends at p or before. It returns false when emit did.
func flush(pending []Occurrence, p int, emit func(word, end int) bool) (_ []Occurrence, more bool) {
	n := 0
	for ; n < len(pending) && pending[n].End <= p; n++ {
		if !emit(pending[n].Word, pending[n].End) {
			return nil, false
		}
	}
	if n == 0 {
		return pending, true
	}
	return append(pending[:0], pending[n:]...), true
}

// candidate adds to list, in order, the words of which a window stands at p,
// where the bytes x are: each ends after p. What is before from stays as it is.
//
// Few candidates get beyond the slots, so those have one branch for all.
func (s *Set) candidate(list []Occurrence, from int, data []byte, p int) []Occurrence {
	x := around(data, p)
	w := uint32(x >> 16)
	h0, h1, h2 := whole.hash(w, wholeBits), headless.hash(w, partBits), tailless.hash(w, partBits)
	k0, k1, k2 := s.slots.whole[h0].has(x), s.slots.headless[h1].has(x), s.slots.tailless[h2].has(x)
	if k0|k1|k2|len(s.others) == 0 {
		return list
	}
	if k0 != 0 {
		list = s.verify(list, from, data, p, wholeSlots+h0)
	}
	if k1 != 0 {
		list = s.verify(list, from, data, p, headlessSlots+h1)
	}
	if k2 != 0 {
		list = s.verify(list, from, data, p, taillessSlots+h2)
	}
	for _, k := range s.others {
		if h := k.otherHash(w); s.slots.others[h].has(x) != 0 {
			list = s.verify(list, from, data, p, otherSlots+h)
		}
	}
	return list
}

// verify adds to list the words of a slot that stand around p.
func (s *Set) verify(list []Occurrence, from int, data []byte, p int, slot uint32) []Occurrence {
	for _, place := range s.places[s.starts[slot]:s.starts[slot+1]] {
		start := p - place.offset()
		if start < 0 {
			continue
		}
		w := &s.words[place.word()]
		end, seen := start+int(w.size), 0
		if start+8 <= len(data) {
			if binary.LittleEndian.Uint64(data[start:])&w.mask != w.value {
				continue
			}
			seen = min(8, int(w.size))
		}
		if end <= len(data) && equalFold(data[start+seen:end], s.texts[place.word()][seen:]) {
			list = s.insert(list, from, Occurrence{end, place.word()})
		}
	}
	return list
}

// insert puts o where it belongs in list[from:].
func (s *Set) insert(list []Occurrence, from int, o Occurrence) []Occurrence {
	list = append(list, o)
	for i := len(list) - 1; i > from && s.before(o, list[i-1]); i-- {
		list[i], list[i-1] = list[i-1], o
	}
	return list
}

// before tells the order of two occurrences.
func (s *Set) before(a, b Occurrence) bool {
	if a.End != b.End {
		return a.End < b.End
	}
	if n := s.words[a.Word].size - s.words[b.Word].size; n != 0 {
		return n > 0
	}
	return a.Word < b.Word
}

// equalFold tells whether data is word, which is in lower case.
func equalFold(data []byte, word string) bool {
	if len(data) != len(word) {
		return false
	}
	for i, c := range data {
		if lowerByte(c) != word[i] {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// lower folds ASCII letters alone: strings.ToLower would rewrite other bytes.
func lower(s string) string {
	for i := range len(s) {
		if lowerByte(s[i]) != s[i] {
			b := []byte(s)
			for j, c := range b {
				b[j] = lowerByte(c)
			}
			return string(b)
		}
	}
	return s
}
