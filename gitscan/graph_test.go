package gitscan

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRanks: each ordinal of a list has its place in it, and no other has one.
func TestRanks(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		limit := 1 + r.IntN(2000)
		var list []uint32
		share := r.IntN(10)
		for ord := range uint32(limit) {
			if r.IntN(10) < share {
				list = append(list, ord)
			}
		}
		ranks := newRanks(limit, len(list), func(n int) uint32 { return list[n] })
		for ord := range uint32(limit) {
			want, has := slices.BinarySearch(list, ord)
			if got, ok := ranks.of(ord); ok != has || ok && int(got) != want {
				t.Fatalf("%d is at %d (%v), want %d (%v) of %d", ord, got, ok, want, has, len(list))
			}
		}
	}
}
