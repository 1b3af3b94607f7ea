package detect

import (
	"fmt"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// TestVerdicts: what a matcher remembers changes none of its matches, and is bounded.
func TestVerdicts(t *testing.T) {
	d := New(mustParse(t, `
[[rules]]
id = "password"
in = ["text.assignment", "dockerfile.env"]
keywords = ["password"]
key = '.'
filter = "password"
[[rules]]
id = "any"
in = ["dockerfile.env"]
value = '^pin-\d+$'
`))
	m := d.Matcher()
	forgot := false
	for i := range 80000 {
		line := []string{"DB_PASSWORD changeme%d", "DB_PASSWORD hunter%d", "DB_PASSWORD ${x%d}", "PIN pin-%d", "password = 'hunter%d'"}[i%5]
		// Each is judged twice, with others between.
		data := []byte("# " + strings.Repeat("x", 60) + "\nENV " + fmt.Sprintf(line, i/10))
		at := strings.IndexByte(string(data), '\n') + len("\nENV ")
		name, _, _ := strings.Cut(string(data[at:]), " ")
		list := []assignment.Assignment{{Context: "dockerfile.env", Name: assignment.Span{Start: at, End: at + len(name)},
			Value: assignment.Span{Start: at + len(name) + 1, End: len(data)}}}
		before := m.verdicts.size
		got := tellMatches(m.MatchWith(data, Reading{Assignments: list}))
		forgot = forgot || m.verdicts.size < before
		if m.verdicts.size > maxVerdicts+maxJudged+verdictSize {
			t.Fatalf("%d bytes are kept", m.verdicts.size)
		}
		if i%7 > 0 && i > 100 {
			continue
		}
		if want := tellMatches(d.Matcher().MatchWith(data, Reading{Assignments: list})); got != want {
			t.Fatalf("%q: %s, not %s", data, got, want)
		}
	}
	if !forgot {
		t.Error("nothing was forgotten")
	}
}

func tellMatches(list []Match) string {
	var b strings.Builder
	for i := range list {
		f := &list[i]
		fmt.Fprintf(&b, "%s %s %d %d %q %s %v %.3f\n", f.Rule.ID, f.Context, f.SecretStart, f.SecretEnd, f.Secret, f.Severity, f.Tags, f.Entropy)
	}
	return b.String()
}

// TestVerdictsAround: the same assignment is judged anew where what stands around it differs.
func TestVerdictsAround(t *testing.T) {
	var v verdicts
	begin := func(text string, at int, change func(a *assignment.Assignment), context uint16) bool {
		a := assignment.Assignment{Name: assignment.Span{Start: at, End: at + 1}, Value: assignment.Span{Start: at + 2, End: at + 3}}
		if change != nil {
			change(&a)
		}
		return v.begin([]byte(text), &a, context)
	}
	far := strings.Repeat("-", 96)
	begin(far+"a=b"+far, 96, nil, 1)
	v.end(true)
	if !begin(far+"a=b"+far, 96, nil, 1) || !begin("more"+far+"a=b"+far+"more", 100, nil, 1) {
		t.Error("what is known is not")
	}
	for name, known := range map[string]bool{
		"context": begin(far+"a=b"+far, 96, nil, 2),
		"before":  begin("x"+far[1:]+"a=b"+far, 96, nil, 1),
		"behind":  begin(far+"a=b"+far[1:]+"x", 96, nil, 1),
		"end":     begin(far+"a=b"+far[1:], 96, nil, 1),
		"value":   begin(far+"a=c"+far, 96, nil, 1),
		"quoted":  begin(far+"a=b"+far, 96, func(a *assignment.Assignment) { a.Quoted = true }, 1),
		"refers":  begin(far+"a=b"+far, 96, func(a *assignment.Assignment) { a.Refers = true }, 1),
		"decoded": begin(far+"a=b"+far, 96, func(a *assignment.Assignment) { a.Decoded = []byte("b") }, 1),
		"empty":   begin(far+"a=b"+far, 96, func(a *assignment.Assignment) { a.Decoded = []byte{} }, 1),
		"span":    begin(far+"a=b"+far, 96, func(a *assignment.Assignment) { a.Value.Start-- }, 1),
	} {
		if known {
			t.Errorf("another %s is taken for the same", name)
		}
	}
	if begin(strings.Repeat("-", 2000), 0, func(a *assignment.Assignment) { a.Value.End = 1500 }, 1); v.recording {
		t.Error("a long one is remembered")
	}
}
