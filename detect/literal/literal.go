// Package literal finds every occurrence of many words in a text at once.
package literal

import (
	"fmt"
	"strings"
)

// Set is a set of words prepared for search. It is immutable: any number of
// goroutines may search with one Set.
type Set struct {
	words [][]byte
}

// New prepares words, which are folded to ASCII lower case; an empty word is
// an error. A word may stand in the slice more than once: each of its indexes
// is then reported.
func New(words []string) (*Set, error) {
	s := &Set{}
	for i, w := range words {
		if w == "" {
			return nil, fmt.Errorf("word %d: empty", i)
		}
		s.words = append(s.words, []byte(strings.Map(lower, w)))
	}
	return s, nil
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// Find calls emit for every occurrence of every word in data, letters A-Z
// counting as a-z: word is the index in the slice given to New, end the offset
// just after the occurrence. Calls are ordered by end, then by length (longest
// first), then by word. When emit returns false, Find returns.
func (s *Set) Find(data []byte, emit func(word, end int) bool) {
	for end := 1; end <= len(data); end++ {
		for i, w := range s.words {
			if len(w) <= end && equalFold(data[end-len(w):end], w) && !emit(i, end) {
				return
			}
		}
	}
}

func equalFold(data, word []byte) bool {
	for i, c := range data {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
