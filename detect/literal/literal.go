package literal

import (
	"encoding/binary"
	"fmt"
)

// Set is a set of words prepared for search. It is immutable: any number of
// goroutines may search with one Set.
type Set struct {
	filter filter
	// Where the checks of a candidate begin in checks, by hash; they end where
	// the next hash's begin. Of windows that lie inside their word by all four
	// bytes, of others by the half that lies inside, by all firsts if neither.
	whole  [nQuads + 1]uint32
	first  [nPairs + 1]uint32
	second [nPairs + 1]uint32
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

// Find calls emit for every occurrence of every word in data, letters A-Z
// counting as a-z: word is the index in the slice given to New, end the offset
// in data just after the occurrence. Calls come in order of end; at one end the
// longest word comes first, the same word given twice in order of index. When
// emit returns false, Find returns.
//
// Nothing is allocated unless more than 16 occurrences overlap.
func (s *Set) Find(data []byte, emit func(word, end int) bool) {
	var (
		room    [16]occurrence
		pending = room[:0]
		found   [chunkBlocks]uint8
		last    uint64
		more    = true
	)
	whole := len(data) &^ 7
	for i := 0; i < whole; i += 8 * chunkBlocks {
		var n int
		n, last = s.filter.scan(data[i:min(i+8*chunkBlocks, whole)], last, &found)
		for _, block := range found[:n] {
			if pending, more = s.block(data, i+8*int(block), pending, emit); !more {
				return
			}
		}
	}
	// The last windows end outside the text: no use filtering those.
	for i := whole; i < len(data)+2; i += 8 {
		if pending, more = s.block(data, i, pending, emit); !more {
			return
		}
	}
	s.flush(pending, len(data), emit)
}

// chunkBlocks is how many blocks of 8 bytes are filtered before their
// candidates are verified: going back and forth costs a mispredicted branch
// each time. Their numbers fit a byte.
const chunkBlocks = 256

// scan puts the numbers of the blocks of data with candidates into found, and
// returns how many: a candidate belongs to the block where its second half
// ends. last is the groups of the pair before data, and of its last pair.
//
// This loop is where the time goes. It has no branch for a candidate, and the
// form of its slice expression spares the compiler half of the bounds checks.
//
//go:noinline
func (f *filter) scan(data []byte, last uint64, found *[chunkBlocks]uint8) (n int, _ uint64) {
	for i := 0; i < len(data)-7; i += 8 {
		x := pairs(binary.LittleEndian.Uint64(data[i : i+8]))
		a := f[x%nPairs]
		groups := last << 32 & a
		x >>= 16
		b := f[x%nPairs]
		groups |= a << 32 & b
		x >>= 16
		a = f[x%nPairs]
		groups |= b << 32 & a
		x >>= 16
		last = f[x%nPairs]
		groups |= a << 32 & last
		found[uint8(n)] = uint8(i / 8)
		if groups>>32 != 0 {
			n++
		}
	}
	return n, last
}

// block adds to pending the words whose window is one of those at i-2, i, i+2
// and i+4, and emits what ends before. It returns false when emit did. (It is
// written out because a loop over an array of the four took a sixth longer.)
func (s *Set) block(data []byte, i int, pending []occurrence, emit func(word, end int) bool) (_ []occurrence, more bool) {
	if i < 2 || i+8 > len(data) {
		return s.border(data, i, pending, emit)
	}
	x := binary.LittleEndian.Uint64(data[i-2:])
	y := binary.LittleEndian.Uint32(data[i+4:])
	hx, hy, f := pairs(x), pairs(uint64(y)), &s.filter
	a, b, c, d, e := f[hx%nPairs], f[hx>>16%nPairs], f[hx>>32%nPairs], f[hx>>48%nPairs], f[hy>>16%nPairs]
	more = true
	if a<<32&b != 0 {
		pending, more = s.candidate(data, i-2, uint32(x), pending, emit)
	}
	if b<<32&c != 0 && more {
		pending, more = s.candidate(data, i, uint32(x>>16), pending, emit)
	}
	if c<<32&d != 0 && more {
		pending, more = s.candidate(data, i+2, uint32(x>>32), pending, emit)
	}
	if d<<32&e != 0 && more {
		pending, more = s.candidate(data, i+4, y, pending, emit)
	}
	return pending, more
}

// border is block where a window may end outside data.
func (s *Set) border(data []byte, i int, pending []occurrence, emit func(word, end int) bool) (_ []occurrence, more bool) {
	more = true
	for p := max(i-2, 0); p < i+6 && p < len(data) && more; p += 2 {
		var b [4]byte // zeros after the end: a window may end there, a word not
		copy(b[:], data[p:])
		pending, more = s.candidate(data, p, binary.LittleEndian.Uint32(b[:]), pending, emit)
	}
	return pending, more
}

// candidate emits what ends before p or there, and adds to pending the words
// whose window stands at p, where the four bytes x are.
func (s *Set) candidate(data []byte, p int, x uint32, pending []occurrence, emit func(word, end int) bool) (_ []occurrence, more bool) {
	if len(pending) > 0 {
		if pending, more = s.flush(pending, p, emit); !more {
			return nil, false
		}
	}
	if q := quad(x); s.whole[q] != s.whole[q+1] {
		pending = s.verify(data, p, s.checks[s.whole[q]:s.whole[q+1]], pending)
	}
	h := pairs(uint64(x))
	if q := h % nPairs; s.first[q] != s.first[q+1] {
		pending = s.verify(data, p, s.checks[s.first[q]:s.first[q+1]], pending)
	}
	if q := h >> 16 % nPairs; s.second[q] != s.second[q+1] {
		pending = s.verify(data, p, s.checks[s.second[q]:s.second[q+1]], pending)
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
		end, seen := start+int(c.size), 0
		if start+8 <= len(data) {
			if binary.LittleEndian.Uint64(data[start:])&c.mask != c.value {
				continue
			}
			seen = min(8, int(c.size))
		}
		if end <= len(data) && equalFold(data[start+seen:end], s.words[c.word].text[seen:]) {
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
