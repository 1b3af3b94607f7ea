package literal

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestIndex(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 20000 {
		word := make([]byte, 1+rnd.IntN(4))
		data := make([]byte, rnd.IntN(40))
		for _, b := range [][]byte{word, data} {
			for i := range b {
				b[i] = "ab\n"[rnd.IntN(3)]
			}
		}
		want := bytes.Index(data, word)
		if want >= 0 {
			found++
		}
		for rare := range word {
			if got := Index(data, string(word), rare); got != want {
				t.Fatalf("%q in %q by %d: %d, not %d", word, data, rare, got, want)
			}
		}
	}
	if found < 1000 || found > 19000 {
		t.Errorf("%d words were found", found)
	}
}

func BenchmarkIndex(b *testing.B) {
	data := bytes.Repeat([]byte("a sentence of several words, a value among them; "), 1000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Index(data, "services:", 3)
	}
}
