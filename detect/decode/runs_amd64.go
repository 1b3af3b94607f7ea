package decode

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

// hasVector says that vectorRun may be called.
var hasVector = cpu.X86.HasAVX2

// vectorBytes is how much is looked at at once.
const vectorBytes = 64

// vectorRun is nextRun for texts of vectorBytes or more.
func vectorRun(text []byte, from, end int) (at int, found bool) {
	at, found = runAVX2(&text[from], end-from)
	at += from
	if found || at+minBase64 > end {
		return at, found
	}
	// What is left of the range is less than is looked at at once: the bytes around it are looked at too, and left out.
	base := min(at, len(text)-vectorBytes)
	others := othersAVX2(&text[base])>>(at-base) | ^uint64(0)<<(end-at)
	others |= others >> 1
	others |= others >> 2
	others |= others >> 4
	others |= others >> 8
	if others == ^uint64(0) {
		return end, false
	}
	return at + bits.TrailingZeros64(^others), true
}

// runAVX2 finds the first run of minBase64 characters of base64 that lies in the n bytes at data, as far as these are seen
// in whole vectorBytes; without one, at is where a run may still begin. If n is less, that is 0.
//
//go:noescape
func runAVX2(data *byte, n int) (at int, found bool)

// othersAVX2 has a bit for each of the vectorBytes at data that is no character of base64.
//
//go:noescape
func othersAVX2(data *byte) uint64
