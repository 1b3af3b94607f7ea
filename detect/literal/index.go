package literal

import "bytes"

// Index is bytes.Index for a word whose byte at the offset rare is one that text seldom has. That byte is what is looked
// for, many at a time, where bytes.Index tries each place at which a word may begin.
func Index(data []byte, word string, rare int) int {
	for p := rare; p < len(data); p++ {
		n := bytes.IndexByte(data[p:], word[rare])
		if n < 0 {
			return -1
		}
		p += n
		if start := p - rare; len(data)-start >= len(word) && string(data[start:start+len(word)]) == word {
			return start
		}
	}
	return -1
}
