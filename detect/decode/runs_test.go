package decode

import (
	"math/rand/v2"
	"testing"
)

// naiveRun is nextRun by its definition.
func naiveRun(text []byte, from, end int) (at int, found bool) {
	for length, i := 0, from; i < end; i++ {
		if length++; class[text[i]]&isBase64 == 0 {
			length = 0
		}
		if length == minBase64 {
			return i + 1 - minBase64, true
		}
	}
	return end, false
}

// sameRuns holds both ways of looking for runs to the definition, in a range of a text.
func sameRuns(t *testing.T, text []byte, from, end int) {
	t.Helper()
	var p pass
	for _, p.d = range []*Decoder{{}, {scalar: true}} {
		p.text = text
		at, found := p.nextRun(from, end)
		want, is := naiveRun(text, from, end)
		if found != is || found && at != want || !found && at+minBase64 <= end {
			t.Fatalf("a run at %d (%v), not at %d (%v), in %d to %d of %q (scalar: %v)", at, found, want, is, from, end, text, p.d.scalar)
		}
	}
}

// TestRuns looks for runs in random texts, nearly all of whose bytes are characters of base64 or stand beside them in a table.
func TestRuns(t *testing.T) {
	if !hasVector {
		t.Log("no vector code on this machine")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	runs := 0
	for range 20_000 {
		text := make([]byte, rng.IntN(300))
		few := rng.IntN(30) + 2
		for i := range text {
			switch {
			case rng.IntN(few) == 0:
				text[i] = byte(rng.IntN(256))
			default:
				text[i] = "azAZ09+/-_"[rng.IntN(10)]
			}
		}
		from := rng.IntN(len(text) + 1)
		end := from + rng.IntN(len(text)-from+1)
		if _, found := naiveRun(text, from, end); found {
			runs++
		}
		sameRuns(t, text, from, end)
	}
	if runs < 1000 || runs > 19_000 {
		t.Errorf("%d of the texts have runs", runs)
	}
}

// TestRunBytes has each byte end a run, and each be one, everywhere in a vector.
func TestRunBytes(t *testing.T) {
	for c := range 256 {
		for at := range 2 * vectorBytes {
			text := make([]byte, 3*vectorBytes)
			for i := range text {
				text[i] = ' '
			}
			for i := range minBase64 {
				text[at+i] = 'x'
			}
			text[at+c%minBase64] = byte(c)
			sameRuns(t, text, 0, len(text))
			sameRuns(t, text, min(at, c%7), len(text)-c%40)
		}
	}
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte("a run of aGVyZSBpcyBhIHJ1bg== characters, and another, much longer one: "+
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm"), 3, 7)
	f.Fuzz(func(t *testing.T, text []byte, from, less int) {
		if from < 0 || less < 0 || from > len(text) || less > len(text)-from {
			return
		}
		sameRuns(t, text, from, len(text)-less)
	})
}
