package detect

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
)

// TestMemo: what is remembered is what the expression finds, of the right rule and window, and no more than so much is.
func TestMemo(t *testing.T) {
	exprs := []*regexp.Regexp{regexp.MustCompile(`a(b*)c`), regexp.MustCompile(`b(c)?a`)}
	r := newRand(5)
	var windows [][]byte
	for i := range 3000 {
		w := make([]byte, r.IntN(300))
		if i%100 == 0 {
			w = make([]byte, maxMemo-1+r.IntN(3))
		}
		for j := range w {
			w[j] = "abc"[r.IntN(3)]
		}
		windows = append(windows, w)
	}
	var m memo
	wants := map[[2]int][][]int{}
	calls, runs := 0, 0
	for range 30_000 {
		rule := r.IntN(len(exprs))
		nth := r.IntN(10)
		if r.IntN(10) == 0 {
			nth = r.IntN(len(windows))
		}
		w := windows[nth]
		want, known := wants[[2]int{rule, nth}]
		if !known {
			want = exprs[rule].FindAllSubmatchIndex(w, -1)
			wants[[2]int{rule, nth}] = want
		}
		calls++
		// Rules whose numbers differ by so much have the same place in the table.
		got := m.find(int32(rule*memoEntries), slices.Clone(w), func(b []byte, n int) [][]int {
			runs++
			return exprs[rule].FindAllSubmatchIndex(b, n)
		})
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("rule %d, %.100q: %v, want %v", rule, w, got, want)
		}
		if m.size > maxMemoSize+maxMemo {
			t.Fatalf("%d bytes are kept", m.size)
		}
	}
	if runs > calls*9/10 { // the two rules drive each other out
		t.Errorf("%d of %d runs", runs, calls)
	}
}

// TestMemoForgets: windows that are all different do not add up.
func TestMemoForgets(t *testing.T) {
	var m memo
	held := func() (n int) {
		for _, e := range m.entries {
			n += len(e.text)
		}
		return n
	}
	forgot := false
	for i := range 2000 {
		before := m.size
		w := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, maxMemo/2)
		m.find(1, w, func([]byte, int) [][]int { return nil })
		forgot = forgot || m.size < before
		if held() != m.size || m.size > maxMemoSize {
			t.Fatalf("%d bytes are held, %d counted", held(), m.size)
		}
	}
	if !forgot {
		t.Error("nothing was forgotten")
	}
}
