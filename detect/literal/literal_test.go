package literal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rummage/detect/literal"
)

type hit struct{ word, end int }

// find finds the words in every way that there is.
func find(t testing.TB, words []string, data string) []hit {
	t.Helper()
	set, err := literal.New(words)
	if err != nil {
		t.Fatal(err)
	}
	laid, err := literal.NewLaid(words, set.Layout())
	if err != nil {
		t.Fatal(err)
	}
	var hits []hit
	set.Find([]byte(data), func(word, end int) bool {
		hits = append(hits, hit{word, end})
		return true
	})
	for name, list := range map[string][]literal.Occurrence{
		"Append": set.Append(nil, []byte(data)), "scalar": set.AppendScalar(nil, []byte(data)), "laid": laid.Append(nil, []byte(data)),
	} {
		if !slices.EqualFunc(list, hits, func(o literal.Occurrence, h hit) bool { return o.Word == h.word && o.End == h.end }) {
			t.Errorf("words %q in %q:\n%s finds %v, Find %v", words, data, name, list, hits)
		}
	}
	return hits
}

// naive is the definition of Find, spelt out.
func naive(words []string, data string) []hit {
	var hits []hit
	text := foldString(data)
	for end := range len(data) + 1 {
		at := len(hits)
		for i, w := range words {
			if w := foldString(w); end >= len(w) && text[end-len(w):end] == w {
				hits = append(hits, hit{i, end})
			}
		}
		slices.SortStableFunc(hits[at:], func(a, b hit) int { return len(words[b.word]) - len(words[a.word]) })
	}
	return hits
}

func foldString(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = foldByte(c)
	}
	return string(b)
}

func TestFind(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			words := strings.Split(c.words, "|")
			got, want := find(t, words, c.data), naive(words, c.data)
			if !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			if len(got) != c.hits {
				t.Errorf("found %d occurrences, want %d", len(got), c.hits)
			}
		})
	}
}

// cases are also the seeds of FuzzFind; words are separated by |.
var cases = []struct {
	name, words, data string
	hits              int
}{
	{"empty text", "ghp_|token", "", 0},
	{"whole text", "token", "token", 1},
	{"odd offset", "token", " token", 1},
	{"case of the text", "token", "ToKeN", 1},
	{"case of the word", "ToKEN", "token", 1},
	{"suffix of another", "api_key|key|y", "my api_key", 4},
	{"prefix of another", "a|ab|abc|abcd|abcde", "abcde", 5},
	{"duplicates", "key|sk-|KEY", "key", 2},
	{"overlapping itself", "aa|aaa", "aaaaaa", 9},
	{"one byte", "a|=", "a=A", 3},
	{"two bytes at the end", "sk", "x sk", 1},
	{"two bytes at an odd end", "sk", "xx sk", 1},
	{"cut at the end", "token", "toke", 0},
	{"longer than the look", "administrator_password", "the Administrator_Password is", 1},
	{"differs after 8 bytes", "administrator_password", "the administrator-password is", 0},
	{"punctuation is not folded", "_pub|[x|a-b", "\x7fpub {x A\x0db _PUB [X a-B", 3},
	{"digits are not folded", "a3t", "a\x13t A3T", 1},
	{"bytes above ASCII", "\xc3\xa9t|t\xe9", "\xc3\xa9T \xc3\x89t T\xe9 C)t", 2},
	{"bytes above ASCII without their top bit", "\xe1\xe2", "ab AB \xe1\xe2 \xc1\xc2", 1},
	{"NUL", "\x00|a\x00", "a\x00\x00", 3},
	{"nested ends", "secret_key|cret|ret_k|key", "SECRET_KEY", 4},
}

func TestNewRejectsEmptyWord(t *testing.T) {
	if _, err := literal.New([]string{"a", ""}); err == nil || !strings.Contains(err.Error(), "word 1") {
		t.Errorf("error %v, want one that names word 1", err)
	}
}

func TestNoWords(t *testing.T) {
	if got := find(t, nil, "some text, longer than a block"); got != nil {
		t.Errorf("found %v with no words", got)
	}
}

// TestFindStops asks for the first occurrence alone, wherever it is.
func TestFindStops(t *testing.T) {
	set, err := literal.New([]string{"key", "ey"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		calls := 0
		set.Find([]byte(strings.Repeat(".", n)+"key key key key key"), func(word, end int) bool {
			calls++
			return false
		})
		if calls != 1 {
			t.Errorf("at offset %d: emit called %d times after it said stop", n, calls)
		}
	}
}

// TestFindRandom compares with the definition on texts made of few letters, so
// that words overlap, and of the words themselves, at every length and offset.
func TestFindRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabets := []string{"ab", "aAbB_", "kKsS-_1!", "\x00\x80\xffa", "abcdefghijklmnopqrstuvwxyz0123456789-_. "}
	for round := range 3000 {
		alphabet := alphabets[round%len(alphabets)]
		words := make([]string, 1+random.IntN(20))
		for i := range words {
			words[i] = randomText(random, alphabet, 1+random.IntN(2+random.IntN(20)))
		}
		var data strings.Builder
		for range random.IntN(12) {
			data.WriteString(randomText(random, alphabet, random.IntN(9)))
			w := words[random.IntN(len(words))]
			if random.IntN(3) == 0 {
				w = strings.ToUpper(w)
			}
			data.WriteString(w)
		}
		got, want := find(t, words, data.String()), naive(words, data.String())
		if !slices.Equal(got, want) {
			t.Fatalf("words %q in %q:\nfound %v\n want %v", words, data.String(), got, want)
		}
	}
}

// TestFindManyWords has more windows than groups, so that they share.
func TestFindManyWords(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	words := make([]string, 1500)
	for i := range words {
		words[i] = randomText(random, "etaoinshrdlu_-0123", 2+random.IntN(18))
	}
	var data strings.Builder
	for range 3000 {
		data.WriteString(randomText(random, "etaoinshrdlu_-0123 ", random.IntN(30)))
		data.WriteString(words[random.IntN(len(words))])
	}
	text := data.String()
	var want []hit
	newAutomaton(words).find([]byte(text), func(word, end int) bool {
		want = append(want, hit{word, end})
		return true
	})
	if got := find(t, words, text); !slices.Equal(got, want) {
		t.Errorf("%d occurrences, the automaton has %d", len(got), len(want))
	}
}

// TestAutomaton keeps the second opinion honest.
func TestAutomaton(t *testing.T) {
	for _, c := range cases {
		words := strings.Split(foldString(c.words), "|")
		var got []hit
		newAutomaton(words).find([]byte(c.data), func(word, end int) bool {
			got = append(got, hit{word, end})
			return true
		})
		if want := naive(words, c.data); !slices.Equal(got, want) {
			t.Errorf("%s: the automaton finds %v, want %v", c.name, got, want)
		}
	}
}

func randomText(random *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(b)
}

func FuzzFind(f *testing.F) {
	for _, c := range cases {
		f.Add(c.words, c.data)
	}
	f.Fuzz(func(t *testing.T, list, data string) {
		if len(list) > 2000 || len(data) > 2000 {
			return
		}
		words := slices.DeleteFunc(strings.Split(list, "|"), func(w string) bool { return w == "" })
		got, want := find(t, words, data), naive(words, data)
		if !slices.Equal(got, want) {
			t.Errorf("words %q: found %v, want %v", words, got, want)
		}
	})
}

func ExampleSet_Find() {
	set, err := literal.New([]string{"token", "api_key", "key"})
	if err != nil {
		panic(err)
	}
	set.Find([]byte("API_KEY=1"), func(word, end int) bool {
		fmt.Println(word, end)
		return true
	})
	// Output:
	// 1 7
	// 2 7
}
