package detect

import (
	"slices"
	"strings"
	"testing"
)

// editor makes texts out of others, and knows which of their bytes are copied.
type editor struct {
	variousTexts
	before, behind string // what would complete the pieces cut at the ends of the last text
}

// cut cuts a piece in two.
func (e *editor) cut() (a, b string) {
	p := e.piece()
	n := e.r.IntN(len(p) + 1)
	return p[:n], p[n:]
}

// edit gives a text made of ranges of base and of new bytes.
func (e *editor) edit(base []byte) (text []byte, copies []Copy) {
	at := 0
	keep := func(from, to int) {
		if from < to {
			copies = append(copies, Copy{To: len(text), From: from, Len: to - from})
			text = append(text, base[from:to]...)
		}
	}
	if e.r.IntN(3) == 0 {
		var lead string
		before := e.before
		e.before, lead = e.cut()
		text = append(text, lead+before...)
	}
	for range e.r.IntN(4) {
		to := at + e.r.IntN(len(base)-at+1)
		keep(at, to)
		switch e.r.IntN(5) {
		case 0: // what is copied from elsewhere
			from := e.r.IntN(len(base) + 1)
			keep(from, from+e.r.IntN(len(base)-from+1))
		case 1:
			text = append(text, e.piece()...)
		case 2:
			text = append(text, e.text()...)
		case 3:
			to += e.r.IntN(min(9, len(base)-to+1)) // a few bytes away
		case 4: // one byte more or less
			text = append(text, "x= \n\"k"[e.r.IntN(6)])
		}
		at = to
	}
	if e.r.IntN(4) > 0 {
		keep(at, len(base))
	}
	if e.r.IntN(3) == 0 {
		var trail string
		behind := e.behind
		trail, e.behind = e.cut()
		text = append(text, behind+trail...)
	}
	return text, copies
}

// TestCarry: what a text is found to have when its base's occurrences are taken over is what it has.
func TestCarry(t *testing.T) {
	rs := mustParse(t, variousRules)
	for i, d := range []*Detector{hinted(t, rs), New(rs)} {
		if left, found, saved := checkCarry(t, d, 7+uint64(i), 300); left < 600 || found < 3000 || saved < 60_000 {
			t.Errorf("%d texts with occurrences left out, %d matches, %d bytes not searched", left, found, saved)
		}
	}
}

// checkCarry makes families of texts and reports in how many occurrences were left out, how many matches there were
// and how many bytes were not searched.
func checkCarry(t *testing.T, d *Detector, seed uint64, families int) (left, found, saved int) {
	t.Helper()
	m, whole := d.Matcher(), d.Matcher()
	m.minCopy, m.decoder.Shortest = 0, 1
	e := editor{variousTexts: variousTexts{d.Rules(), newRand(seed)}}
	for range families {
		text := []byte(e.text() + e.text() + e.text())
		carries := []*Carry{{}, {}}
		m.With(nil, nil, carries[0]).Match(text)
		for range 6 {
			next, copies := e.edit(text)
			plain, _ := m.With(carries[0], copies, carries[1]).MatchEach(next, nil)
			got := tell(d, plain)
			if m.leftOut {
				left++
			}
			names := slices.Clone(m.nameHits)
			saved += len(next) - m.Searched()
			want, _ := whole.MatchEach(next, nil)
			found += len(want)
			if want := tell(d, want); got != want {
				t.Fatalf("base %q\ntext %q\ncopies %v\ntaken over:\n%s\nsearched:\n%s", text, next, copies, got, want)
			}
			for i := range names {
				names[i].nth = 0
			}
			if !slices.Equal(names, whole.nameHits) {
				t.Fatalf("base %q\ntext %q\ncopies %v\nkeywords in names taken over %v\nsearched: %v", text, next, copies, names, whole.nameHits)
			}
			text = next
			carries[0], carries[1] = carries[1], carries[0]
		}
	}
	return left, found, saved
}

// FuzzCarry looks for families of texts that TestCarry does not make.
func FuzzCarry(f *testing.F) {
	f.Add(uint64(1))
	d := hinted(f, mustParse(f, variousRules))
	f.Fuzz(func(t *testing.T, seed uint64) { checkCarry(t, d, seed, 3) })
}

// TestCarryAtEnds: what an occurrence led to depends on where the text begins or ends, and the copy lies elsewhere.
func TestCarryAtEnds(t *testing.T) {
	d := New(mustParse(t, rule("first", `\Akey=(\d{3})`, `keywords=["key="]`)+rule("last", `end=(\d{3})\z`, `keywords=["end="]`)+
		rule("word", `\bmark=(\d{3})\b`, `keywords=["mark="]`)+rule("behind", `xval=(\d{3})`, `keywords=["val="]`)))
	for i := range d.programs {
		if d.programs[i].ready().near == nil {
			t.Fatalf("%s is run on whole texts", d.programs[i].rule.ID)
		}
	}
	for _, c := range []struct {
		base, text string
		copies     []Copy
	}{
		{"val=123", "xval=123", []Copy{{To: 1, From: 0, Len: 7}}},
		{"xkey=123", "key=123", []Copy{{To: 0, From: 1, Len: 7}}},
		{"key=12", "key=123", []Copy{{To: 0, From: 0, Len: 6}}},
		{"end=123x", "end=123", []Copy{{To: 0, From: 0, Len: 7}}},
		{"end=12", "end=123", []Copy{{To: 0, From: 0, Len: 6}}},
		{"mark=12", "mark=123", []Copy{{To: 0, From: 0, Len: 7}}},
		{"amark=123", "mark=123", []Copy{{To: 0, From: 1, Len: 8}}},
		{"mark=1234", "mark=123", []Copy{{To: 0, From: 0, Len: 8}}},
		{"x mark=12", "mark=123", []Copy{{To: 0, From: 2, Len: 7}}},
	} {
		m := d.Matcher()
		m.minCopy, m.decoder.Shortest = 0, 1
		var carry Carry
		if found := m.With(nil, nil, &carry).Match([]byte(c.base)); len(found) > 0 {
			t.Errorf("base %q has %d matches", c.base, len(found))
		}
		if found := m.With(&carry, c.copies, nil).Match([]byte(c.text)); len(found) != 1 {
			t.Errorf("%q of base %q: %d matches, want 1", c.text, c.base, len(found))
		}
	}
}

// TestCarryNames: of two keywords in a name the first decides how it is read, also when the copied range is such that
// the second alone has to be looked at again.
func TestCarryNames(t *testing.T) {
	d := New(mustParse(t, `[[rules]]
id = "x"
in = ["text.assignment"]
key = '^key_pass$'
value = '.{4}'
keywords = ["nkey", "pass"]
`))
	pad := strings.Repeat(".", 2000)
	base := pad + `\nkey_pass = "abcd1234"` + pad
	if found := d.Matcher().Match([]byte(base[:len(pad)] + base[len(pad)+2:])); len(found) != 1 {
		t.Fatalf("%d matches without the n, want 1", len(found))
	}
	var carry Carry
	m := d.Matcher()
	m.minCopy, m.decoder.Shortest = 0, 1
	if found := m.With(nil, nil, &carry).Match([]byte(base)); len(found) != 0 {
		t.Fatalf("%d matches", len(found))
	}
	reach := len(pad) + len(`\nkey`) + textBehind
	text := base[:reach+2] + "!!"
	if found := m.With(&carry, []Copy{{To: 0, From: 0, Len: reach + 2}}, nil).Match([]byte(text)); len(found) != len(d.Matcher().Match([]byte(text))) {
		t.Errorf("%d matches", len(found))
	}
}
