package detect

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rummage/detect/assignment"
)

// TestGuessFrom: readers tell of assignments in any order.
func TestGuessFrom(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var m Matcher
		at := 0
		for range random.IntN(20) {
			at += random.IntN(5)
			m.guesses = append(m.guesses, guess{name: assignment.Span{Start: at, End: at + 3}})
		}
		for range 50 {
			from := random.IntN(at+8) - 3
			want := slices.IndexFunc(m.guesses, func(g guess) bool { return g.name.Start >= from })
			if want < 0 {
				want = len(m.guesses)
			}
			if got := m.guessFrom(from); got != want {
				t.Fatalf("from %d on: guess %d of %v, want %d", from, got, m.guesses, want)
			}
		}
	}
}
