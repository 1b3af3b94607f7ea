package pack

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// madeIndex is an index of ids, in either version.
func madeIndex(v1 bool, f Format, ids [][]byte) []byte {
	var b []byte
	if !v1 {
		b = append(b, 0xff, 't', 'O', 'c', 0, 0, 0, 2)
	}
	for first := range 256 {
		n, _ := slices.BinarySearchFunc(ids, first+1, func(id []byte, first int) int { return int(id[0]) - first })
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for i, id := range ids {
		if v1 {
			b = binary.BigEndian.AppendUint32(b, uint32(i))
		}
		b = append(b, id...)
	}
	if !v1 {
		b = append(b, make([]byte, 8*len(ids))...)
	}
	return append(b, make([]byte, 2*f.Size())...)
}

// TestFind: whatever lies in an index is found, and nothing else: ids that lie evenly, ids made to lie in heaps, and ids
// that differ late.
func TestFind(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 200 {
		f := Format(round % 2)
		set := map[string]bool{}
		for range r.IntN(2000) {
			id := make([]byte, f.Size())
			for i := range id {
				id[i] = byte(r.IntN(256))
			}
			switch round % 5 {
			case 0:
				id[0] = 7
			case 1:
				copy(id, bytes.Repeat([]byte{7}, 1+r.IntN(7)))
			case 2: // the first eight bytes are those of many
				copy(id, []byte{7, 7, 7, 7, 7, 7, 7, byte(r.IntN(2))})
			case 3:
				copy(id[1:], bytes.Repeat([]byte{byte(r.IntN(2)) * 255}, r.IntN(12)))
			}
			set[string(id)] = true
		}
		var in, out [][]byte
		for _, id := range slices.Sorted(maps.Keys(set)) { // in one order always: what is left out is drawn
			if r.IntN(8) == 0 {
				out = append(out, []byte(id))
			} else {
				in = append(in, []byte(id))
			}
		}
		x, err := parseIndex(madeIndex(round%3 == 0, f, in), f)
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range in {
			if at, ok := x.find(f.ID(id)); !ok || at != i {
				t.Fatalf("round %d: %x is found at %d (%v), want %d of %d", round, id, at, ok, i, len(in))
			}
		}
		for _, id := range out {
			if at, ok := x.find(f.ID(id)); ok {
				t.Fatalf("round %d: %x is found at %d", round, id, at)
			}
		}
	}
}
