// Package literal finds every occurrence of many words in a text at once,
// letters of either case: the step that decides which rules look at a text.
//
// It is exact. A filter looks at the text in pairs of bytes: a table says, for
// each pair, in which of 32 groups of four-byte windows the pair is a first
// half and in which a second half, and where two halves of one group follow
// one another there is a candidate. Each word has one window for even offsets
// and one for odd ones, placed where the word is least like ordinary text, so
// candidates are few: about one in 80 pairs of bytes with the keywords of 300
// rules. Each is then compared with the words whose window it can be.
//
// Measured on one core of a 2.3 GHz Xeon (Sapphire Rapids, a virtual machine
// that others were using) on C, Go, YAML and mixed web sources: 1.5 to 2.2 GB/s
// with 245 keywords, 1.2 to 1.7 with 345, of which one ends every 250 to 1,000
// bytes; where there is nothing but keywords, 0.2 to 0.3 GB/s. An Aho-Corasick
// automaton with byte classes did 0.25 to 0.28 GB/s throughout; one is kept in
// the tests, as a second opinion and to be measured against. Together with
// detect/decode a byte costs what it does at 0.55 to 0.85 GB/s.
//
// What is left is, half and half, the filter's four look-ups for every 8 bytes
// and the mispredicted branches of candidates. Going on from there takes vector
// code: the windows' bytes as nibble tables (AVX2 VPSHUFB, NEON TBL), 32 offsets
// at a time, eight groups in a byte; with this code as its reference.
//
// The package knows nothing of rules, of letters outside ASCII (bytes above
// 0x7f stand for themselves) or of word borders.
package literal
