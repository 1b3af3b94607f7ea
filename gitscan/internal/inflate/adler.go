package inflate

import "encoding/binary"

const (
	adlerMod = 65521
	// adlerWords is how many words of eight bytes can be added before a lane of 16 bits is full: a lane's sums of
	// sums reach 255 × n(n-1)/2.
	adlerWords = 23
)

// adler32 is the sum of RFC 1950, section 8: a is one and all bytes, b is the sum of all values of a. The bytes of a
// word are added in eight lanes at once, those at even places and those at odd ones.
func adler32(p []byte) uint32 {
	a, b := uint64(1), uint64(0)
	for len(p) >= 8 {
		// Of the 2^40 that fit, one turn adds less than 2^28 to b; a and b are reduced each time all the same, since
		// two remainders for 184 bytes are cheap.
		words := min(len(p)/8, adlerWords)
		const even = 0x00ff00ff00ff00ff
		var se, so, te, to uint64 // sums, and sums of the sums before each word
		q := p[:8*words]
		p = p[8*words:]
		for ; len(q) >= 8; q = q[8:] {
			w := binary.LittleEndian.Uint64(q)
			te += se
			to += so
			se += w & even
			so += w >> 8 & even
		}
		// Byte i of a word counts 8-i times in b, and eight times more for each word after it.
		b += 8*uint64(words)*a + 8*(lanes(te)+lanes(to))
		b += weigh(se, 8) + weigh(so, 7)
		a += lanes(se) + lanes(so)
		a, b = a%adlerMod, b%adlerMod
	}
	for _, c := range p {
		a += uint64(c)
		b += a
	}
	return uint32(b%adlerMod)<<16 | uint32(a%adlerMod)
}

// lanes adds the four lanes of a word.
func lanes(v uint64) uint64 {
	const low = 0x0000ffff0000ffff
	v = v&low + v>>16&low
	return v&0xffffffff + v>>32
}

// weigh adds the lanes, the lowest counting first times, the next two times fewer, and so on.
func weigh(v, first uint64) uint64 {
	return first*(v&0xffff) + (first-2)*(v>>16&0xffff) + (first-4)*(v>>32&0xffff) + (first-6)*(v>>48)
}
