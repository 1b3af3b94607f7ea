package literal

import (
	"encoding/binary"
	"math/bits"
)

// filter has for each hash of a pair of bytes the groups of which it is a first
// half and those of which it is a second one.
type filter [nPairs]struct{ first, second uint64 }

const (
	nGroups = 64
	nPairs  = 1 << 13
	// laneMask keeps six bits of each byte: without the bit that tells 'A' from
	// 'a' (also '0' from DLE, '-' from CR) and the bit that tells ASCII from the
	// rest. The filter may confuse those; the comparison of words does not.
	laneMask = 0x5f5f_5f5f_5f5f_5f5f
)

// pairs hashes the four pairs of bytes in x, each into the low 13 bits of its
// 16. No two pairs that laneMask leaves different have the same hash.
func pairs(x uint64) uint64 {
	x &= laneMask
	return x ^ x>>3
}

// slot says what stands around a window: of the 8 bytes that begin two before
// it, those that all the words agree in whose windows hash there. The high bit of a byte
// says that it counts; its bits of laneMask are what is to be there.
type slot uint64

// noWord is a slot of no word: no byte has the bit, with laneMask.
const noWord slot = 0x20

// kind is which bytes of a window lie in its word.
type kind uint32

// Of words of four bytes and more windows are whole, but for those of four at
// odd offsets, which lack a byte at either end as those of three do. All other
// kinds are of words of one or two.
const (
	whole    kind = 0x5f5f5f5f
	headless kind = 0x5f5f5f00
	tailless kind = 0x005f5f5f
)

// slots have a table for each kind of which there are many windows.
type slots struct {
	whole    [1 << wholeBits]slot
	headless [1 << partBits]slot
	tailless [1 << partBits]slot
	others   [1 << 10]slot
}

// The numbers of slots, table after table.
const (
	wholeBits, partBits = 14, 11

	wholeSlots    = 0
	headlessSlots = wholeSlots + 1<<wholeBits
	taillessSlots = headlessSlots + 1<<partBits
	otherSlots    = taillessSlots + 1<<partBits
	nSlots        = otherSlots + 1<<10
)

// hash hashes the bytes of a window that the kind has, to the given number of bits.
func (k kind) hash(x uint32, bits int) uint32 { return (x & uint32(k)) * 0x9e3779b1 >> (32 - bits) }

// otherHash is hash for the kinds of one byte or two, the first or the second
// of the window and what follows it: no two of these four share a slot.
func (k kind) otherHash(x uint32) uint32 {
	return uint32(k&1)<<9 | uint32(bits.OnesCount32(uint32(k))/12)<<8 | k.hash(x, 8)
}

// has is 1 if the words of the slot may stand where the 8 bytes x are, 0 if not.
func (s slot) has(x uint64) (n int) {
	counts := uint64(s) >> 7 & 0x0101_0101_0101_0101
	if x&(counts*0x5f) == uint64(s)&0x7f7f_7f7f_7f7f_7f7f {
		n = 1
	}
	return n
}

// chunkBlocks is how many blocks of 8 bytes go through one step before the
// next: going back and forth costs a mispredicted branch each time.
const chunkBlocks = 128

// vectorBytes is how many bytes the vector code looks at together.
const vectorBytes = 32

// placesRoom is the room for the places in a chunk: the vector code writes 8 at a time.
const placesRoom = 4*chunkBlocks + 8

// candidates goes over the places of a text where a window may stand.
type candidates struct {
	last uint64 // the groups of the pair before what is next
	from int    // what is next
	base int    // where in the text the bytes begin that next looked at
	n    int    // of at
	// at is the places, from base-2 on, in pairs of bytes.
	at     [placesRoom]uint16
	found  [chunkBlocks]uint8
	end    [2 * vectorBytes]byte // the last bytes of the text, with zeros after them
	scalar bool                  // no vector code, for tests
}

// place is where in the text a candidate stands.
func (c *candidates) place(at uint16) int { return c.base - 2 + 2*int(at) }

// next looks for the candidates in the next chunk of data. It returns false
// when there is none.
func (c *candidates) next(f *filter, data []byte) bool {
	if hasVector && !c.scalar {
		return c.nextVector(f, data)
	}
	n, whole := 0, len(data)&^7
	switch {
	case c.from < whole:
		to := min(c.from+8*chunkBlocks, whole)
		n, c.last = f.scan(data[c.from:to], c.last, &c.found)
		// Windows reach two bytes back, so the chunk begins a block early.
		c.base = max(0, c.from-8)
		c.narrow(f, data[c.base:to], c.found[:n], c.from-c.base)
		c.from = to
	case c.from < len(data)+2:
		// The last windows end outside the text, where zeros stand for it: a
		// window may end there, a word not.
		c.base = max(0, whole-8)
		copy(c.end[:], data[c.base:])
		at := whole - c.base
		n, c.last = f.scan(c.end[at:at+(len(data)+2-c.from+7)&^7], c.last, &c.found)
		c.narrow(f, c.end[:], c.found[:n], at)
		c.from = len(data) + 2
	default:
		return false
	}
	return true
}

// nextVector is next in vector code.
func (c *candidates) nextVector(f *filter, data []byte) bool {
	left := len(data) + 2 - c.from
	if left <= 0 {
		return false
	}
	c.base = c.from
	if n := min((left-2)&^(vectorBytes-1), 8*chunkBlocks); n > 0 {
		c.n, c.last = f.scanVector(data[c.from:c.from+n], c.last, &c.at)
		c.from += n
		return true
	}
	copy(c.end[:], data[c.from:])
	c.n, c.last = f.scanVector(c.end[:(left+vectorBytes-1)&^(vectorBytes-1)], c.last, &c.at)
	c.from += left
	return true
}

// scan puts the numbers of the blocks of data with candidates into found, and
// returns how many: a candidate belongs to the block where its second half
// ends. last is the groups of the pair before data, and of its last pair.
//
// This loop is where the time goes. It has no branch for a candidate, and the
// form of its slice expression spares the compiler half of the bounds checks.
//
//go:noinline
func (f *filter) scan(data []byte, last uint64, found *[chunkBlocks]uint8) (n int, _ uint64) {
	for i := 0; i < len(data)-7; i += 8 {
		x := pairs(binary.LittleEndian.Uint64(data[i : i+8]))
		e := &f[x%nPairs]
		groups := last & e.second
		last = e.first
		e = &f[x>>16%nPairs]
		groups |= last & e.second
		last = e.first
		e = &f[x>>32%nPairs]
		groups |= last & e.second
		last = e.first
		e = &f[x>>48%nPairs]
		groups |= last & e.second
		last = e.first
		found[uint8(n)%chunkBlocks] = uint8(i / 8)
		if groups != 0 {
			n++
		}
	}
	return n, last
}

// narrow has c.at be the places of windows in the blocks of chunk[from:] whose
// numbers are given. It has no branch for a window either.
func (c *candidates) narrow(f *filter, chunk []byte, blocks []uint8, from int) {
	n := 0
	for _, block := range blocks {
		i := from + 8*int(block)
		var x uint64
		if i > 0 {
			x = binary.LittleEndian.Uint64(chunk[i-2:])
		} else {
			x = binary.LittleEndian.Uint64(chunk) << 16
		}
		hx, hy := pairs(x), pairs(uint64(chunk[i+6])|uint64(chunk[i+7])<<8)
		a, b, at := &f[hx%nPairs], &f[hx>>16%nPairs], uint16(i/2)
		c.at[n] = at
		if a.first&b.second != 0 {
			n++
		}
		a = &f[hx>>32%nPairs]
		c.at[n] = at + 1
		if b.first&a.second != 0 {
			n++
		}
		b = &f[hx>>48%nPairs]
		c.at[n] = at + 2
		if a.first&b.second != 0 {
			n++
		}
		a = &f[hy%nPairs]
		c.at[n] = at + 3
		if b.first&a.second != 0 {
			n++
		}
	}
	c.n = n
}

// around is the 8 bytes of data that begin two before p, zeros standing for
// those outside.
func around(data []byte, p int) (x uint64) {
	if p >= 2 && p+6 <= len(data) {
		return binary.LittleEndian.Uint64(data[p-2:])
	}
	for i := max(p-2, 0); i < min(p+6, len(data)); i++ {
		x |= uint64(data[i]) << (8 * (i - p + 2))
	}
	return x
}
