package literal

// nChoices is how many windows of a word are weighed against one another in
// earnest.
const nChoices = 8

// odds is how often ordinary text has what a window has.
type odds struct {
	pair   [64 * 64]float64      // of two bytes, by their codes
	single [64]float64           // of one byte
	lift   [64 * 64]float64      // how much more often than by chance a byte follows another
	three  [64 * 64 * 64]float32 // of three bytes; 0 for those that are rare
}

func newOdds() *odds {
	o := new(odds)
	for i := range o.pair {
		o.pair[i] = 1 / float64(uint64(1)<<(rarity[i]-'a'))
		o.single[i/64] += o.pair[i]
	}
	for i := range o.lift {
		o.lift[i] = o.pair[i] / (o.single[i/64] * o.single[i%64])
	}
	for log, list := range trigrams {
		for ; list != ""; list = list[3:] {
			o.three[code(list[0])<<12|code(list[1])<<6|code(list[2])] = 1 / float32(uint64(1)<<log)
		}
	}
	return o
}

// trigram returns how often three bytes are met.
func (o *odds) trigram(a, b, c int) float64 {
	if p := o.three[a<<12|b<<6|c]; p > 0 {
		return float64(p)
	}
	return min(o.pair[a*64+b]*o.pair[b*64+c]/o.single[b], 1.0/(2<<len(trigrams)))
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
func (o *odds) choose(text string, parity int) (c choices) {
	for off := -parity; off < min(len(text), maxOffset); off += 2 {
		p := o.window(text, off)
		i := c.n
		for i > 0 && p < c.windows[i-1].all {
			i--
		}
		if i == nChoices {
			continue
		}
		c.n = min(c.n+1, nChoices)
		copy(c.windows[i+1:c.n], c.windows[i:])
		c.windows[i] = window{
			off:    int32(off),
			halves: [2]half{halfOf(text, off), halfOf(text, off+2)},
			inner:  [2]uint8{codeAt(text, off+1), codeAt(text, off+2)},
			odds:   [2]float64{o.half(text, off), o.half(text, off+2)},
			all:    p,
		}
	}
	return c
}

// codeAt is the code of a byte of text, 64 outside it.
func codeAt(text string, at int) uint8 {
	if at < 0 || at >= len(text) {
		return 64
	}
	return uint8(code(text[at]))
}

// half returns how often the two bytes at off of text are met, those outside
// the text being any.
func (o *odds) half(text string, off int) float64 {
	in1 := off >= 0 && off < len(text)
	in2 := off+1 < len(text)
	switch {
	case in1 && in2:
		return o.pair[code(text[off])*64+code(text[off+1])]
	case in1:
		return o.single[code(text[off])]
	case in2:
		return o.single[code(text[off+1])]
	}
	return 1
}

// window returns how often the four bytes at off of text are met, those
// outside the text being any: each byte given the one before.
func (o *odds) window(text string, off int) float64 {
	from, to := max(off, 0), min(off+4, len(text))
	a := code(text[from])
	if to-from == 1 {
		return o.single[a]
	}
	b := code(text[from+1])
	p := o.pair[a*64+b]
	for i := from + 2; i < to; i++ {
		c := code(text[i])
		p *= min(1, o.trigram(a, b, c)/o.pair[a*64+b])
		a, b = b, c
	}
	return p
}
