package detect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/detect"
	"rummage/detect/assignment"
)

const settingRules = `
[[rules]]
id = "any"
description = "x"
in = ["dockerfile.env", "dockerfile.run"]
key = '''.'''
[[rules]]
id = "free"
description = "x"
in = ["text.assignment"]
keywords = ["password"]
key = '''.'''
`

// reading has each NAME=value of a text of lines as an assignment, by turns of two contexts.
func reading(text string) (r detect.Reading) {
	at := 0
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		c := assignment.Context("dockerfile.env")
		if strings.HasPrefix(name, "RUN") {
			c = "dockerfile.run"
		}
		start := at + len(name) + 1
		r.Assignments = append(r.Assignments, assignment.Assignment{Context: c, Name: assignment.Span{Start: at, End: at + len(name)},
			Value: assignment.Span{Start: start, End: start + len(value)}})
		at += len(line)
	}
	return r
}

// TestMatchWith: what a reader has read of a name is all that is said of it, and ranges suppress what is in them.
func TestMatchWith(t *testing.T) {
	const text = "A=one\nRUNB=two\nC=three\n" // A 0-5, RUNB 6-14, C 15-22
	env := []assignment.Context{"dockerfile.env"}
	span := func(start, end int) assignment.Span { return assignment.Span{Start: start, End: end} }
	for _, c := range []struct {
		allowed []detect.Allowed
		want    string
	}{
		{nil, "one two three"},
		{[]detect.Allowed{{Span: span(0, 5), Reason: "r"}}, "one(r) two three"},
		{[]detect.Allowed{{Span: span(0, 22), In: env, Reason: "r"}}, "one(r) two three(r)"},
		{[]detect.Allowed{{Span: span(0, 22), In: env, Reason: "r"}, {Span: span(6, 14), Reason: "s"}}, "one(r) two(s) three(r)"},
		{[]detect.Allowed{{Span: span(0, 22), Reason: "whole"}, {Span: span(0, 5), Reason: "part"}}, "one(whole) two(whole) three(whole)"},
		{[]detect.Allowed{{Span: span(6, 14), In: env, Reason: "r"}}, "one two three"},
		{[]detect.Allowed{{Span: span(6, 14), In: env, Reason: "r"}, {Span: span(6, 14), Reason: "s"}}, "one two(s) three"},
		{[]detect.Allowed{{Span: span(6, 14), Reason: "s"}, {Span: span(6, 14), Reason: "t"}}, "one two(s) three"},
		{[]detect.Allowed{{Span: span(0, 4), Reason: "r"}, {Span: span(12, 14), Reason: "s"}}, "one two three"}, // not all of it
		{[]detect.Allowed{{Span: span(15, 22), Reason: "r"}, {Span: span(0, 5), Reason: "s"}}, "one(s) two three(r)"},
		{[]detect.Allowed{{Span: span(0, 14), Reason: "r"}, {Span: span(6, 10), Reason: "s"}, {Span: span(11, 14), Reason: "u"}}, "one(r) two(r) three"},
	} {
		rs, err := detect.Parse("test.toml", []byte(settingRules), detect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := reading(text)
		r.Allowed = c.allowed
		var got []string
		for _, m := range detect.New(rs).Matcher().MatchWith([]byte(text), r) {
			s := m.Secret
			if m.Suppressed != nil {
				s += "(" + m.Suppressed.Reason + ")"
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %q, want %q", c.allowed, got, c.want)
		}
	}
}

// TestMatchEach: a name that was read is no text, in the reading alone.
func TestMatchEach(t *testing.T) {
	const text = "password=fourteen4\n"
	rs, err := detect.Parse("test.toml", []byte(settingRules), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, with := detect.New(rs).Matcher().MatchEach([]byte(text), []detect.Reading{{}, reading(text), reading(text)})
	rules := func(list []detect.Match) (ids []string) {
		for _, m := range list {
			ids = append(ids, m.Rule.ID)
		}
		return ids
	}
	if got := rules(plain); !slices.Equal(got, []string{"free"}) {
		t.Errorf("as text: %q", got)
	}
	for i, want := range [][]string{{"free"}, {"any"}, {"any"}} {
		if got := rules(with[i]); !slices.Equal(got, want) {
			t.Errorf("reading %d: %q, want %q", i, got, want)
		}
	}
}

// TestAllowHostile: as many ranges as matches.
func TestAllowHostile(t *testing.T) {
	const n = 30_000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "A%d=v%d\n", i, i)
	}
	text := b.String()
	r := reading(text)
	for _, a := range r.Assignments {
		r.Allowed = append(r.Allowed, detect.Allowed{Span: assignment.Span{Start: a.Name.Start, End: a.Value.End}})
	}
	for range n {
		r.Allowed = append(r.Allowed, detect.Allowed{Span: assignment.Span{End: len(text)}, In: []assignment.Context{"dockerfile.run"}})
	}
	rs, err := detect.Parse("test.toml", []byte(settingRules), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	list := detect.New(rs).Matcher().MatchWith([]byte(text), r)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%d matches took %v", len(list), took)
	}
	if len(list) != n || slices.ContainsFunc(list, func(m detect.Match) bool { return m.Suppressed == nil }) {
		t.Errorf("%d matches, or one that is not suppressed", len(list))
	}
}
