package plausible

import "sync"

// trigramLevels are the logarithms (base 2) that the levels of trigramTable stand for: positive where a letter is
// likelier in a word than among 26 equally likely ones.
var trigramLevels = [8]float32{-6, -4, -2.5, -1, 0, 1, 2, 3.2}

// trigramCells is trigramTable unpacked: one level for each pair of letters and the letter that follows.
var trigramCells = sync.OnceValue(func() *[27 * 27 * 26]uint8 {
	var cells [27 * 27 * 26]uint8
	for i := range len(trigramTable) {
		d := trigramDigit(trigramTable[i])
		cells[2*i], cells[2*i+1] = d>>3, d&7
	}
	return &cells
})

// trigramDigit is the value of a character of the table: 0-9 A-Z a-z - _ in this order.
func trigramDigit(c byte) uint8 {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'A' <= c && c <= 'Z':
		return c - 'A' + 10
	case 'a' <= c && c <= 'z':
		return c - 'a' + 36
	case c == '-':
		return 62
	}
	return 63
}

// wordiness is how much likelier a run of letters (any case, ASCII only) is as a word than as letters drawn at
// random: the logarithm, base 2, of the ratio. It grows with the length in both directions: below zero for random
// letters, above for words.
func wordiness(run []byte) float32 {
	var sum float32
	cells, a, b := trigramCells(), 0, 0
	for _, c := range run {
		n := int(c|0x20) - 'a'
		if n < 0 || n > 25 {
			a, b = 0, 0
			continue
		}
		sum += trigramLevels[cells[(a*27+b)*26+n]]
		a, b = b, n+1
	}
	return sum
}
