package inflate

import "encoding/binary"

const (
	adlerMod = 65521
	// adlerTurn is how many bytes are added before a lane of 16 bits could overflow: in n words of eight bytes the sums
	// of sums reach 255 × n(n-1)/2, in 20 words 48,450.
	adlerTurn = 20 * 8
	// adlerReduce is how many turns go by before the remainders are taken: a stays below 2^23, b below 2^39.
	adlerReduce = 128
)

// adler32 is the sum of RFC 1950, section 8: a is one and all bytes, b is the sum of all values of a. The bytes of a
// word are added in eight lanes at once, those at even places and those at odd ones.
func adler32(p []byte) uint32 {
	a, b := uint64(1), uint64(0)
	for len(p) >= 8 {
		for n := adlerReduce; n > 0 && len(p) >= 8; n-- {
			turn := p[:min(len(p)&^7, adlerTurn)]
			p = p[len(turn):]
			sa, sb := adlerSums(turn)
			b += uint64(len(turn))*a + sb
			a += sa
		}
		a, b = a%adlerMod, b%adlerMod
	}
	for _, c := range p {
		a += uint64(c)
		b += a
	}
	return uint32(b%adlerMod)<<16 | uint32(a%adlerMod)
}

// adlerSums is what the words of a turn add to a, and what they add to b when a is zero before them.
func adlerSums(p []byte) (a, b uint64) {
	const even = 0x00ff00ff00ff00ff
	var se, so, te, to uint64 // sums, and sums of the sums before each word
	for ; len(p) >= 32; p = p[32:] {
		w := binary.LittleEndian.Uint64(p)
		te, to = te+se, to+so
		se, so = se+w&even, so+w>>8&even
		w = binary.LittleEndian.Uint64(p[8:])
		te, to = te+se, to+so
		se, so = se+w&even, so+w>>8&even
		w = binary.LittleEndian.Uint64(p[16:])
		te, to = te+se, to+so
		se, so = se+w&even, so+w>>8&even
		w = binary.LittleEndian.Uint64(p[24:])
		te, to = te+se, to+so
		se, so = se+w&even, so+w>>8&even
	}
	for ; len(p) >= 8; p = p[8:] {
		w := binary.LittleEndian.Uint64(p)
		te, to = te+se, to+so
		se, so = se+w&even, so+w>>8&even
	}
	// Byte i of a word counts 8-i times in b, and eight times more for each word after it.
	const low = 0x0000ffff0000ffff
	t := te&low + te>>16&low + to&low + to>>16&low
	return weigh(se, 1, 1, 1, 1) + weigh(so, 1, 1, 1, 1),
		8*(t&0xffffffff+t>>32) + weigh(se, 8, 6, 4, 2) + weigh(so, 7, 5, 3, 1)
}

// weigh is the sum of the four lanes of v, the lowest w0 times, the next w1 times and so on. A product with two lanes
// has the sum of both in its upper half.
func weigh(v, w0, w1, w2, w3 uint64) uint64 {
	const low = 0x0000ffff0000ffff
	return v&low*(w0<<32|w2)>>32 + v>>16&low*(w1<<32|w3)>>32
}
