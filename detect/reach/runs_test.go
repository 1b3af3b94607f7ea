package reach_test

import (
	"math/rand/v2"
	"regexp/syntax"
	"testing"

	"rummage/detect/reach"
)

var sets = []*reach.Bytes{reach.Word(""), reach.Word("_-"), reach.Word("._ \n"), onlyA()}

// onlyA is a and what is beyond ASCII: random expressions are of few letters.
func onlyA() *reach.Bytes {
	var set reach.Bytes
	for c := range set {
		set[c] = c >= 0x80 || c == 'a'
	}
	return &set
}

// longestRun is how many bytes of the set stand in a row in a text, at most.
func longestRun(set *reach.Bytes, text string) (longest int) {
	n := 0
	for _, c := range []byte(text) {
		if n++; !set[c] {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

// checkRuns holds what Run says to texts that match.
func checkRuns(t *testing.T, expr string, texts []string) {
	t.Helper()
	for i, set := range sets {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return
		}
		least := reach.Run(re, set)
		for _, s := range texts {
			if n := longestRun(set, s); n < least {
				t.Errorf("%q, set %d: %q has %d in a row, not %d", expr, i, s, n, least)
			}
		}
	}
}

func TestRun(t *testing.T) {
	word := reach.Word("")
	for expr, want := range map[string]int{
		`key[ :=]+([a-z0-9]{32})\b`:     32,
		`key[ :=]+\b[a-z]{8}-[0-9]{12}`: 12,
		`(?i)k[a-f]{4}(?:12|345)`:       7,
		`(?:ab){5}`:                     10,
		`(?:a.b){5}c`:                   2,
		`(?:[a-z]{20}|[0-9]{30}x)y+`:    21,
		`(?:[a-z]{20}|-)y`:              1,
		`a{3,}b*c?d`:                    4,
		`ab(?:-cd)*ef`:                  2,
		`ab(?:-cd)+ef`:                  4,
		`[^a]{9}`:                       0,
		`[a-zé]{9}`:                     9,
		`.{9}`:                          0,
	} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := reach.Run(re, word); got != want {
			t.Errorf("%s: %d, want %d", expr, got, want)
		}
	}
}

func TestHasRun(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	set := onlyA()
	found := 0
	for range 20_000 {
		text := make([]byte, random.IntN(40))
		for i := range text {
			text[i] = "aaab\x80"[random.IntN(5)]
		}
		n := 1 + random.IntN(10)
		got, want := set.HasRun(text, n), longestRun(set, string(text)) >= n
		if got != want {
			t.Fatalf("%q, %d in a row: %v", text, n, got)
		}
		if got {
			found++
		}
	}
	if found < 1000 || found > 19_000 {
		t.Errorf("%d of the texts have such a run", found)
	}
}
