package literal

import "strings"

// nChoices is how many windows of a word are weighed against one another in
// earnest.
const nChoices = 3

// odds is how often ordinary text has what a window has.
type odds struct {
	pair   [64 * 64]float64 // of two bytes, by their codes
	single [64]float64      // of one byte
	common map[string]bool  // four bytes that stand in a common word
}

func newOdds() *odds {
	o := &odds{common: make(map[string]bool, 2*len(commonWords)/3)}
	for i := range o.pair {
		o.pair[i] = 1 / float64(uint64(1)<<(rarity[i]-'a'))
		o.single[i/64] += o.pair[i]
	}
	for _, w := range strings.Fields(commonWords) {
		for i := range len(w) - 3 {
			o.common[w[i:i+4]] = true
		}
	}
	return o
}

// code is the six bits of a byte that laneMask keeps, as an index of rarity.
func code(c byte) int { return int(c&0x1f | c>>1&0x20) }

// choices is the least likely windows, the best first, for the occurrences of
// one word that begin at offsets of one parity.
type choices struct {
	windows [nChoices]window
	n       int
}

// choose returns the choices for text at offsets of the given parity.
func (o *odds) choose(word int32, text string, parity int) (c choices) {
	for off := -parity; off < len(text); off += 2 {
		p := o.window(text, off)
		i := c.n
		for i > 0 && p < c.windows[i-1].odds {
			i--
		}
		if i == nChoices {
			continue
		}
		c.n = min(c.n+1, nChoices)
		copy(c.windows[i+1:c.n], c.windows[i:])
		c.windows[i] = window{word, int32(off), [2]half{o.half(text, off), o.half(text, off+2)}, p}
	}
	return c
}

// half returns the half that begins at off of text.
func (o *odds) half(text string, off int) (h half) {
	in1 := off >= 0 && off < len(text)
	in2 := off+1 < len(text)
	switch {
	case in1 && in2:
		h.bits = uint16(text[off]) | uint16(text[off+1])<<8
		h.odds = o.pair[code(text[off])*64+code(text[off+1])]
	case in1:
		h.bits, h.free = uint16(text[off]), anyPair&0xff00
		h.odds = o.single[code(text[off])]
	case in2:
		h.bits, h.free = uint16(text[off+1])<<8, anyPair&0x00ff
		h.odds = o.single[code(text[off+1])]
	default:
		h.free, h.odds = anyPair, 1
	}
	h.bits &= anyPair
	return h
}

// window returns how often the four bytes at off of text are met, those
// outside the text being any: each byte given the one before.
func (o *odds) window(text string, off int) float64 {
	from, to := max(off, 0), min(off+4, len(text))
	p := o.single[code(text[from])]
	for i := from + 1; i < to; i++ {
		a, b := code(text[i-1]), code(text[i])
		p *= o.pair[a*64+b] / o.single[a]
	}
	if to-from == 4 && o.common[text[from:to]] {
		p = max(p, commonOdds)
	}
	return p
}
