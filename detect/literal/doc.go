// Package literal finds every occurrence of many words in a text at once,
// letters of either case: the step that decides which rules look at a text.
//
// It is exact. A filter looks at the text in pairs of bytes: a table says, for
// each pair, in which of 64 groups of four-byte windows the pair is a first
// half and in which a second half, and where two halves of one group follow
// one another there is a candidate. Each word has one window for even offsets
// and one for odd ones, placed where the word is least like ordinary text: with
// the 2,600 keywords of 1,200 rules there is a candidate every 30 to 45 bytes
// of source. A slot then tells, in one comparison, what all words with that
// window have around it; three in four candidates end there, and the rest is
// compared with the words of the slot.
//
// Which windows are best takes most of the time that it takes to make a set, and
// changes nothing but the time of a search, so it can be kept (Layout, NewLaid):
// 0.7 ms in place of 12.
//
// On amd64 with AVX2 the filter is vector code: hashes of 16 pairs at a time,
// whose entries are loaded one by one and compared four by four. A filter
// without loads, as in Hyperscan's Teddy (nibble tables of VPSHUFB), was
// measured and is no use for so many words: with 16 buckets and three or four
// bytes, 17 to 33 of 100 offsets pass.
//
// Measured with the built-in rules on what a scan of the histories of redis,
// kubespray and laradock gives it, 43,000, 42,000 and 35,000 ranges of a few
// hundred bytes on the average, on one of two virtual processors of an AMD EPYC
// that others were using, the least of seven runs each: 1.0, 0.85 and 0.7 GB/s,
// scalar code 0.8, 0.7 and 0.6, while the version before (32 groups, the
// words of each candidate compared at once) did 0.4, 0.3 and 0.35. Where there is
// nothing but keywords it is 0.06 to 0.13 GB/s. An Aho-Corasick automaton with
// byte classes is kept in the tests, as a second opinion and to be measured against.
//
// What is left is half the filter, bound by the number of its instructions
// (2.2 GB/s), and half the candidates: the slots are too many for the innermost
// cache, and each real occurrence is a mispredicted branch or two.
//
// The package knows nothing of rules, of letters outside ASCII (bytes above
// 0x7f stand for themselves) or of word borders.
package literal
