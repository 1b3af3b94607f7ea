package decode

import (
	"encoding/binary"
	"math/bits"
)

// nextRun is where the first run of minBase64 characters of base64 in text[from:end] begins, and whether there is one.
// It may have more characters behind these, but none before them in the range.
func (p *pass) nextRun(from, end int) (at int, found bool) {
	switch {
	case from+minBase64 > end:
		return end, false
	case hasVector && !p.d.scalar && len(p.text) >= vectorBytes:
		return vectorRun(p.text, from, end)
	}
	return scalarRun(p.text, from, end)
}

// scalarRun is nextRun without vector code.
func scalarRun(text []byte, from, end int) (at int, found bool) {
	for known := from; from+minBase64 <= end; { // text[from:known] is part of a run
		// A run is at least minBase64 long, so looking for its end from there
		// backwards finds out most often that the next run begins much later.
		// Nearly always it is a low byte such as a blank that ends it.
		if low := lowBytes(text[from+8 : from+16]); low != 0 {
			from += 16 - bits.LeadingZeros64(low)/8
			known = max(known, from)
			continue
		}
		if low := lowBytes(text[from : from+8]); low != 0 {
			from += 8 - bits.LeadingZeros64(low)/8
			known = max(known, from)
			continue
		}
		i := from + minBase64 - 1
		for i >= known && class[text[i]]&isBase64 != 0 {
			i--
		}
		if i < known {
			return from, true
		}
		from, known = i+1, from+minBase64
	}
	return end, false
}

// lowBytes sets the top bit of each of eight bytes that is below '+', the least
// character of base64.
func lowBytes(b []byte) uint64 {
	const tops = 0x8080_8080_8080_8080
	x := binary.LittleEndian.Uint64(b)
	return tops &^ (x | (x | tops) - '+'*0x0101_0101_0101_0101)
}
