package advice

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// hideAll is hideWithin with all expressions, whatever the word.
func hideAll(w string) string {
	w = hideNested(w, 0)
	w = reUserinfo().ReplaceAllStringFunc(w, hideUserinfo)
	w = reHeader().ReplaceAllStringFunc(w, func(s string) string {
		m := reHeader().FindStringSubmatch(s)
		return m[1] + hideTail(m[2]) + m[3]
	})
	w = replaceLast(reScheme(), w, 3)
	w = replaceLast(reSQL(), w, 3)
	w = replaceLast(rePair(), w, 2)
	return reRandom().ReplaceAllStringFunc(w, func(s string) string {
		if looksRandom(s) {
			return ellipsis
		}
		return s
	})
}

// TestHideWithin: expressions are only left out where they match nothing.
func TestHideWithin(t *testing.T) {
	pieces := []string{"https://", "user", ":", "@", "host", "X-Auth-Token: ", "Cookie:\t", "a b c", "Bearer ", "basic\t", "BY ", "password\n", "'", `"`, "token", "=", "-p", " ",
		"\r", "\f", "\v", "\u00a0", "x9Kq2LmZ", "Zr81", "123e4567-e89b-12d3-a456-426614174000", "$(", ")", "`", "/", "\\", "secret", "[", ",", "hunter22", hole}
	rnd := rand.New(rand.NewPCG(1, 2))
	hidden := 0
	for range 20000 {
		var b strings.Builder
		for range 1 + rnd.IntN(5) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		w := b.String()
		got, want := hideWithin(w, 0), hideAll(w)
		if got != want {
			t.Fatalf("%q: %q, want %q", w, got, want)
		}
		if got != w {
			hidden++
		}
	}
	if hidden < 500 {
		t.Errorf("of %d something is hidden", hidden)
	}
}
