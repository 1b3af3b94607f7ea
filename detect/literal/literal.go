package literal

import (
	"encoding/binary"
	"fmt"
)

// Set is a set of words prepared for search. It is immutable: any number of
// goroutines may search with one Set.
type Set struct {
	filter filter
	// The checks of a candidate: of windows that lie inside their word, by hash
	// of all four bytes; of those that do not, by hash of the first pair.
	whole [nQuads + 1]uint32
	part  [nPairs + 1]uint32
	// whole and part say where the checks of a hash begin; the next hash's
	// beginning is their end.
	checks []check
	words  []word
	ids    []int32 // the caller's indexes of each word, word after word
}

// filter has for each hash of a pair the groups it is a first half of in the
// low 32 bits, the groups it is a second half of in the high ones.
type filter [nPairs]uint64

const (
	nGroups = 32
	nPairs  = 1 << 13
	nQuads  = 1 << 12
	// laneMask keeps six bits of each byte: without the bit that tells 'A' from
	// 'a' (also '0' from DLE, '-' from CR) and the bit that tells ASCII from the
	// rest. The filter may confuse those; the checks do not.
	laneMask = 0x5f5f_5f5f_5f5f_5f5f
)

// pairs hashes the four pairs of bytes in x, each into the low 13 bits of its
// 16. No two pairs that laneMask leaves different have the same hash.
func pairs(x uint64) uint64 {
	x &= laneMask
	return x ^ x>>3
}

// quad hashes four bytes.
func quad(x uint32) uint32 {
	return (x & (laneMask & 0xffffffff)) * 0x9e3779b1 >> (32 - 12)
}

// check is a word that a candidate window may belong to.
type check struct {
	value, mask uint64 // the word's first 8 bytes in upper case; which bits to compare
	word        int32  // in Set.words
	size        int32  // the word's length
	off         int32  // where the window begins in the word; -1 is one byte before
}

type word struct {
	text     string // lower case
	from, to int32  // its callers' indexes: Set.ids[from:to]
}

// New prepares words, whose letters A-Z are taken as a-z. An empty word is an
// error. A word may be given more than once: Find then reports each index.
func New(words []string) (*Set, error) {
	unique := make(map[string][]int32, len(words))
	for i, w := range words {
		if w == "" {
			return nil, fmt.Errorf("word %d: empty", i)
		}
		w = lower(w)
		unique[w] = append(unique[w], int32(i))
	}
	return build(unique), nil
}

type occurrence struct {
	end  int
	word int32 // in Set.words
}

// Find x
func (s *Set) Find(data []byte, emit func(word, end int) bool) {
	var room [32]occurrence
	pending := room[:0]
	var prev uint64
	i := 0
	ok := true
	for ; i+8 <= len(data); i += 8 {
		x := pairs(binary.LittleEndian.Uint64(data[i:]))
		a := s.filter[x%nPairs]
		b := s.filter[x>>16%nPairs]
		c := s.filter[x>>32%nPairs]
		d := s.filter[x>>48%nPairs]
		// Groups of the windows at i-2, i, i+2 and i+4, in the high halves.
		if (prev<<32&a|a<<32&b|b<<32&c|c<<32&d)>>32 != 0 {
			if pending, ok = s.block(data, i, [5]uint64{prev, a, b, c, d}, pending, emit); !ok {
				return
			}
		}
		prev = d
	}
	// The rest, with zeros after it: a window may end after the text, a word not.
	var tail [16]byte
	copy(tail[:], data[i:])
	for j := 0; j < len(tail); j += 8 {
		x := pairs(binary.LittleEndian.Uint64(tail[j:]))
		a := s.filter[x%nPairs]
		b := s.filter[x>>16%nPairs]
		c := s.filter[x>>32%nPairs]
		d := s.filter[x>>48%nPairs]
		if pending, ok = s.block(data, i+j, [5]uint64{prev, a, b, c, d}, pending, emit); !ok {
			return
		}
		prev = d
	}
	s.flush(pending, len(data), emit)
}

// block verifies the candidates among the windows at i-2, i, i+2 and i+4, whose
// five pairs have the given groups. It returns false when emit did.
func (s *Set) block(data []byte, i int, groups [5]uint64, pending []occurrence, emit func(word, end int) bool) ([]occurrence, bool) {
	ok := true
	for k := range 4 {
		p := i - 2 + 2*k
		if groups[k]<<32&groups[k+1] == 0 || p < 0 || p >= len(data) {
			continue
		}
		if len(pending) > 0 {
			if pending, ok = s.flush(pending, p, emit); !ok {
				return nil, false
			}
		}
		var x uint32
		if p+4 <= len(data) {
			x = binary.LittleEndian.Uint32(data[p:])
		} else {
			var b [4]byte
			copy(b[:], data[p:])
			x = binary.LittleEndian.Uint32(b[:])
		}
		q := quad(x)
		if f, t := s.whole[q], s.whole[q+1]; f != t {
			pending = s.verify(data, p, s.checks[f:t], pending)
		}
		q = uint32(pairs(uint64(x)) % nPairs)
		if f, t := s.part[q], s.part[q+1]; f != t {
			pending = s.verify(data, p, s.checks[f:t], pending)
		}
	}
	return pending, true
}

// verify adds to pending the words whose window stands at p: each ends after p.
func (s *Set) verify(data []byte, p int, checks []check, pending []occurrence) []occurrence {
	for i := range checks {
		c := &checks[i]
		start := p - int(c.off)
		if start < 0 {
			continue
		}
		if start+8 <= len(data) && binary.LittleEndian.Uint64(data[start:])&c.mask != c.value {
			continue
		}
		end := start + int(c.size)
		if end <= len(data) && equalFold(data[start:end], s.words[c.word].text) {
			pending = s.add(pending, occurrence{end, c.word})
		}
	}
	return pending
}

// add puts o where it belongs in pending.
func (s *Set) add(pending []occurrence, o occurrence) []occurrence {
	pending = append(pending, o)
	for i := len(pending) - 1; i > 0 && s.before(o, pending[i-1]); i-- {
		pending[i], pending[i-1] = pending[i-1], o
	}
	return pending
}

// before tells the order of emission of two occurrences. Two different words
// with the same end have different lengths.
func (s *Set) before(a, b occurrence) bool {
	if a.end != b.end {
		return a.end < b.end
	}
	return len(s.words[a.word].text) > len(s.words[b.word].text)
}

// flush emits what ends at p or before. It returns false when emit did.
func (s *Set) flush(pending []occurrence, p int, emit func(word, end int) bool) ([]occurrence, bool) {
	n := 0
	for ; n < len(pending) && pending[n].end <= p; n++ {
		o := pending[n]
		w := &s.words[o.word]
		for _, id := range s.ids[w.from:w.to] {
			if !emit(int(id), o.end) {
				return nil, false
			}
		}
	}
	if n == 0 {
		return pending, true
	}
	return append(pending[:0], pending[n:]...), true
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
