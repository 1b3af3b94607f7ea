package inflate

import (
	"math/bits"
	"sync"
)

// A table is looked up with the next bits of the stream. Its first 2^bits entries are the first step; codes that are
// longer have a second table each behind them, to which an entry of the first step leads. Entries:
//
//	literal    1<<31 | byte<<16                            | length<<8 | length
//	copy       base<<16                                    | length<<8 | length+extra
//	end        1<<15 | 1<<13                               | length<<8 | length
//	second     1<<15 | 1<<14 | start<<16 | bits<<8 | bits of the first step
//	no code    1<<15                                       | length<<8 | length
//
// The low six bits are what the symbol takes from the stream: its code and, for a copy's length or distance, the extra
// bits behind the code, which are added to base. length is the code's, at most 15.
const (
	isLiteral = 1 << 31
	isOther   = 1 << 15 // neither a literal nor a copy
	isSecond  = 1 << 14
	isEnd     = 1 << 13

	takes = 63 // mask of the bits a symbol takes
)

// Codes have at most 15 bits. A second table of 2^k entries holds at least k+1 codes, for it is complete and its
// longest code has k bits; with 10 bits in the first step k is at most 5, so n symbols need at most 32/6 × n entries
// beside the first 1,024, with 9 at most 64/7 × n beside 512. There are 288 symbols and 32.
const (
	maxLength   = 15
	litBits     = 10 // of the first step
	distBits    = 9
	maxSymbols  = 288
	litEntries  = 1024 + 32*maxSymbols/6
	distEntries = 512 + 64*32/7 + 1
)

// codes are the two tables of a block.
type codes struct {
	lit, dist         []uint32
	litMask, distMask uint64
}

// prototype is a symbol's entry without its code's length.
var litPrototype, distPrototype = prototypes()

func prototypes() (lit [maxSymbols]uint32, dist [maxSymbols]uint32) {
	for i := range 256 {
		lit[i] = isLiteral | uint32(i)<<16
	}
	lit[256] = isOther | isEnd
	base := uint32(3)
	for i := range uint32(28) {
		extra := uint32(0)
		if i >= 8 {
			extra = i/4 - 1
		}
		lit[257+i] = base<<16 | extra
		base += 1 << extra
	}
	lit[285] = 258 << 16
	lit[286], lit[287] = isOther, isOther
	base = 1
	for i := range uint32(30) {
		extra := uint32(0)
		if i >= 4 {
			extra = i/2 - 1
		}
		dist[i] = base<<16 | extra
		base += 1 << extra
	}
	dist[30], dist[31] = isOther, isOther
	return lit, dist
}

// fixed are the codes of section 3.2.6.
var fixed = sync.OnceValue(fixedCodes)

func fixedCodes() *codes {
	var l codeLengths
	for i := range maxSymbols {
		n := 8
		switch {
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		l.add(i, n)
	}
	lit, dist := make([]uint32, litEntries), make([]uint32, distEntries)
	var sorted [maxSymbols]uint16
	lit, litMask, _ := build(lit, l.used[:l.n], &l.count, &sorted, &litPrototype, litBits)
	l = codeLengths{}
	for i := range 32 {
		l.add(i, 5)
	}
	dist, distMask, _ := build(dist, l.used[:l.n], &l.count, &sorted, &distPrototype, distBits)
	return &codes{lit, dist, litMask, distMask}
}

// codeLengths are the symbols that have a code, ascending, and how many there are of each length.
type codeLengths struct {
	used  [maxSymbols + 32]uint16 // symbol<<4 | length
	n     int
	count [maxLength + 1]uint16
}

func (l *codeLengths) add(symbol, length int) {
	l.used[l.n] = uint16(symbol<<4 | length)
	l.count[length]++
	l.n++
}

// build makes the table of a code from the symbols used, and gives its entries and the mask of the first step. The
// code must be complete, or one symbol of one bit, or none at all (RFC 1951 3.2.7 has both for distances).
//
// Codes are given out in order of length, then of symbol. Taken that way the table can be made at the size of the
// shortest code and doubled, by copying it behind itself, whenever the length grows: each symbol is written once.
func build(t []uint32, used []uint16, count *[maxLength + 1]uint16, sorted *[maxSymbols]uint16, prototype *[maxSymbols]uint32, first uint) ([]uint32, uint64, bool) {
	if len(used) == 0 {
		t[0] = isOther
		return t[:1], 0, true
	}
	var offset [maxLength + 2]uint16
	var code, longest uint
	for n := uint(1); n <= maxLength; n++ {
		c := uint(count[n])
		offset[n+1] = offset[n] + uint16(c)
		code = code<<1 + c
		if c != 0 {
			longest = n
		}
	}
	code >>= maxLength - longest
	if code != 1<<longest {
		if code != 1 || longest != 1 {
			return nil, 0, false
		}
		// One code of one bit: the other bit is no code.
		t[0], t[1] = prototype[used[0]>>4]+0x101, isOther|0x101
		return t[:2], 1, true
	}
	for _, u := range used {
		n := u & 15
		sorted[offset[n]] = u >> 4
		offset[n]++
	}
	first = min(first, longest)
	size := fillTable(t, sorted, count, prototype, first, longest)
	return t[:size], 1<<first - 1, true
}

// fillTable writes the entries of a complete code and returns how many there are.
func fillTable(t []uint32, sorted *[maxSymbols]uint16, count *[maxLength + 1]uint16, prototype *[maxSymbols]uint32, first, longest uint) int {
	next := 0       // in sorted
	code := uint(0) // with its first bit lowest, as the stream has it
	size := uint(1) // of the table as it is now
	for n := uint(1); n <= first; n++ {
		copy(t[size:2*size], t[:size])
		size *= 2
		for range count[n] {
			t[code] = prototype[sorted[next]] + uint32(n*0x101)
			next++
			code = after(code, size-1)
		}
	}
	behind := size
	mask := size - 1
	prefix, second := ^uint(0), uint(0)
	for n := first + 1; n <= longest; n++ {
		for left := uint(count[n]); left > 0; left-- {
			if code&mask != prefix {
				// The second table has the bits of the longest code that begins with prefix: as many as it takes for
				// the codes still to come, shortest first, to fill it.
				prefix = code & mask
				second = n - first
				for room, have := uint(1)<<second, left; have < room; {
					second++
					room = 1 << second
					have = have<<1 + uint(count[first+second])
				}
				behind, size = size, size+1<<second
				t[prefix] = uint32(isOther | isSecond | behind<<16 | second<<8 | first)
			}
			e := prototype[sorted[next]] + uint32(n*0x101)
			next++
			for i := code >> first; i < 1<<second; i += 1 << (n - first) {
				t[behind+i] = e
			}
			code = after(code, 1<<n-1)
		}
	}
	return int(size)
}

// after adds one to a code whose highest bit is the lowest; ones has all its bits set.
func after(code, ones uint) uint {
	zeros := code ^ ones
	if zeros == 0 {
		return code // the last
	}
	high := uint(1) << (bits.Len(zeros) - 1)
	return code&(high-1) | high
}
