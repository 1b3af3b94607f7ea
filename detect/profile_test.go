package detect

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"rummage/detect/assignment"
)

const profiledRules = `
[[rules]]
id = "generic-word"
description = "x"
in = ["text.assignment", "dockerfile.env"]
keywords = ["pass", "secret"]
key = '''.'''
filter = "password"
[[rules]]
id = "structured"
description = "x"
in = ["dockerfile.env"]
keywords = ["secret"]
key = '''.'''
[[rules]]
id = "token"
description = "x"
regex = '''(?:tok_|tik_)([a-z0-9]{8})\b'''
keywords = ["tok_", "tik_"]
entropy = 1.0
`

// counts is a cost without its times.
func counts(list []RuleCost) map[string]RuleCost {
	m := map[string]RuleCost{}
	for _, c := range list {
		id := c.Rule.ID
		c.Rule, c.Time, c.Setup = nil, 0, 0
		m[id] = c
	}
	return m
}

// TestProfileCounts: each step is counted, by rule and by keyword.
func TestProfileCounts(t *testing.T) {
	d := New(mustParse(t, profiledRules))
	const far = 100 // so that windows are not merged
	gap := strings.Repeat(" ", far) + "\n"
	text := "x tok_abcd1234 y" + gap + // kept
		"x tok_aaaaaaaa y" + gap + // refused for its entropy
		"x tok_! tok_abc" + gap + // refused by the tail
		"x tik_?" + gap +
		"bypass the secret" + gap + // no assignments
		"password = Zq8!vLm2#x" + gap + // kept
		"db_pass_secret = changeme" + gap // two hits in one name
	for _, c := range []struct {
		name, text string
		reading    *Reading
		want       map[string]RuleCost
	}{
		{"text", text, nil, map[string]RuleCost{
			"token": {Hits: 5, Passed: 2, Windows: 2, WindowBytes: 2 + 12 + 8 + 8 + 12 + 8, Run: 2, RunBytes: 2 + 12 + 8 + 8 + 12 + 8, Candidates: 2, Matches: 1, Fruitless: 4,
				Keywords: []KeywordCost{{"tok_", 4, 3}, {"tik_", 1, 1}}},
			"generic-word": {Hits: 5, Passed: 3, Windows: 2, WindowBytes: 8 + 10 + 14 + 8, Run: 2, RunBytes: 8 + 10 + 14 + 8, Candidates: 2, Matches: 1, Fruitless: 4,
				Keywords: []KeywordCost{{"pass", 3, 2}, {"secret", 2, 2}}},
			"structured": {Hits: 2, Passed: 1, Fruitless: 2, Keywords: []KeywordCost{{"secret", 2, 2}}},
		}},
		{"decoded", "data: " + base64.StdEncoding.EncodeToString([]byte("xx tok_abcd1234 and tok_")) + "\n", nil, map[string]RuleCost{
			"token": {Hits: 2, Passed: 1, Windows: 1, WindowBytes: 8 + 12 + 8, Run: 1, RunBytes: 8 + 12 + 8, Candidates: 1, Matches: 1, Fruitless: 1,
				Keywords: []KeywordCost{{"tok_", 2, 1}}},
		}},
		{"structured", "ENV secret hunter2\n# secret", &Reading{Assignments: []assignment.Assignment{
			{Context: "dockerfile.env", Name: assignment.Span{Start: 4, End: 10}, Value: assignment.Span{Start: 11, End: 18}}}}, map[string]RuleCost{
			"generic-word": {Hits: 2, Passed: 1, Windows: 1, WindowBytes: 13, Run: 1, RunBytes: 13, Candidates: 1, Matches: 1, Fruitless: 1,
				Keywords: []KeywordCost{{"secret", 2, 1}}},
			"structured": {Hits: 2, Passed: 1, Windows: 1, WindowBytes: 13, Run: 1, RunBytes: 13, Candidates: 1, Matches: 1, Fruitless: 1,
				Keywords: []KeywordCost{{"secret", 2, 1}}},
		}},
	} {
		p, m := NewProfile(d), d.Matcher()
		m.Measure(p)
		if c.reading != nil {
			m.MatchWith([]byte(c.text), *c.reading)
		} else {
			m.Match([]byte(c.text))
		}
		got := counts(p.Costs())
		for id, want := range c.want {
			if !reflect.DeepEqual(got[id], want) {
				t.Errorf("%s: %s:\n%+v, want\n%+v", c.name, id, got[id], want)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %d rules were at work, want %d: %v", c.name, len(got), len(c.want), got)
		}
	}
}

// TestProfileRemembers: an assignment that is known to be refused is handed to its rule, and not judged.
func TestProfileRemembers(t *testing.T) {
	d := New(mustParse(t, profiledRules))
	p, m := NewProfile(d), d.Matcher()
	m.Measure(p)
	for range 3 {
		m.Match([]byte("db_pass = changeme\n"))
	}
	c := counts(p.Costs())["generic-word"]
	if c.Hits != 3 || c.Windows != 3 || c.Run != 1 || c.Candidates != 1 || c.Matches != 0 {
		t.Errorf("%+v", c)
	}
}

// TestProfileChangesNothing: measured, a matcher finds what it finds otherwise, and the counts make sense.
func TestProfileChangesNothing(t *testing.T) {
	rs := mustParse(t, variousRules)
	d := New(rs)
	v := variousTexts{rs, newRand(3)}
	begun := time.Now()
	p, plain, measured := NewProfile(d), d.Matcher(), d.Matcher()
	measured.Measure(p)
	found := 0
	for range 300 {
		text := []byte(v.text())
		want := append([]Match(nil), plain.Match(text)...)
		got := measured.Match(text)
		if len(want) != len(got) || len(want) > 0 && !reflect.DeepEqual(want, got) {
			t.Fatalf("%q: measured %d matches, want %d", text, len(got), len(want))
		}
		found += len(got)
	}
	elapsed := time.Since(begun)
	var matches int64
	var all time.Duration
	for _, c := range p.Costs() {
		matches += c.Matches
		all += c.Time + c.Setup
		var hits, fruitless int64
		for _, k := range c.Keywords {
			hits += k.Hits
			fruitless += k.Fruitless
		}
		if hits != c.Hits || fruitless != c.Fruitless || c.Passed > c.Hits || c.Fruitless > c.Hits || c.Run > c.Windows || c.Matches > c.Candidates ||
			c.RunBytes > c.WindowBytes || c.Time < 0 {
			t.Errorf("%s: %+v", c.Rule.ID, c)
		}
		if len(c.Keywords) > 0 && c.Matches > 0 && c.Hits == c.Fruitless {
			t.Errorf("%s: matches of which no hit is part: %+v", c.Rule.ID, c)
		}
	}
	if int(matches) < found || found == 0 {
		t.Errorf("%d matches are counted, %d were found", matches, found)
	}
	for _, s := range p.Shared() {
		all += s
	}
	if readings, _ := p.Overhead(); all <= 0 || all > elapsed || readings == 0 {
		t.Errorf("%v are accounted for of %v, with %d readings", all, elapsed, readings)
	}
}
