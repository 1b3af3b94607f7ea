package literal

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// places are where in a text there are candidates; where zeros stand for it, either code may have more.
func places(s *Set, text []byte, scalar bool) (list []int) {
	for c := (&candidates{scalar: scalar}); c.next(&s.filter, text); {
		for _, at := range c.at[:c.n] {
			if p := c.place(at); p >= 0 && p < len(text) {
				list = append(list, p)
			}
		}
	}
	return list
}

// TestVector holds the vector code to the scalar one, candidate by candidate, at every length and alignment: on words
// whose windows stand everywhere, nowhere, in every second place, and at random.
func TestVector(t *testing.T) {
	if !hasVector {
		t.Skip("no vector code for this processor")
	}
	random := rand.New(rand.NewPCG(5, 6))
	sets := [][]string{{"a"}, {"ab", "ba"}, {"aaaa"}, {"\x00"}, {"\xff\x7f"}, {"token", "api_key", "key", "sk-"}, nil}
	for range 300 {
		sets[len(sets)-1] = append(sets[len(sets)-1], text(random, "etaoinshrdlu_-0123", 3+random.IntN(12)))
	}
	room := make([]byte, 5000)
	for _, words := range sets {
		s, err := New(words)
		if err != nil {
			t.Fatal(err)
		}
		check := func(data []byte) {
			t.Helper()
			if got, want := places(s, data, false), places(s, data, true); !slices.Equal(got, want) {
				t.Fatalf("words %q in %q:\nvector %v\nscalar %v", words[:min(9, len(words))], data, got, want)
			}
		}
		for _, letters := range []string{"a", "ab", "\x00", "\xff\x7f", "etaoinshrdlu_-0123 ", "tokensk-_p"} {
			for size := range 201 {
				at := size % 33
				check(room[at : at+copy(room[at:], text(random, letters, size))])
			}
			for at := range 33 {
				check(room[at : at+copy(room[at:], text(random, letters, 1000+random.IntN(3000)))])
			}
		}
		check([]byte(strings.Join(words, "")))
	}
}

func text(random *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(b)
}

// TestLayout: a set made of a layout is the same one, and a layout that does not fit is refused.
func TestLayout(t *testing.T) {
	words := []string{"a", "sk", "key", "token", "administrator_password", "key"}
	s, err := New(words)
	if err != nil {
		t.Fatal(err)
	}
	back, err := NewLaid(words, s.Layout())
	if err != nil {
		t.Fatal(err)
	}
	if back.filter != s.filter || back.slots != s.slots || back.starts != s.starts || !slices.Equal(back.places, s.places) {
		t.Error("another set")
	}
	for _, layout := range []string{"", s.Layout()[1:], s.Layout() + "abcd", strings.Repeat("\xff", len(s.Layout())), strings.Repeat("\x01", len(s.Layout()))} {
		if _, err := NewLaid(words, layout); err == nil {
			t.Errorf("the layout %q is taken", layout)
		}
	}
	// Any that fits is exact: here all windows begin where the words do, in one group.
	plain := strings.Repeat("\x01\x07\x00\x07", len(words))
	if back, err = NewLaid(words, plain); err != nil {
		t.Fatal(err)
	}
	data := []byte("a key, aSK the ADMINISTRATOR_password: tokeN")
	if got, want := back.Append(nil, data), s.Append(nil, data); !slices.Equal(got, want) || len(got) < 9 {
		t.Errorf("found %v, want %v", got, want)
	}
}
