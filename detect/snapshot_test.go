package detect

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// everyKey is a file in which each key of a rule and an allowlist is set.
const everyKey = `
[[allowlists]]
description = "d"
condition = "AND"
paths = ["p"]
commits = ["c"]
regexes = ["r"]
regexTarget = "line"
stopwords = ["s"]
[[rules]]
id = "a"
description = "A"
kind = "exposure"
severity = "low"
remedy = "R"
regex = "(x)y"
path = "p"
secretGroup = 1
entropy = -3.25
keywords = ["k", "l"]
tags = ["t"]
references = ["u"]
skipReport = true
checksum = "github"
checksum_wrong = "mark"
filter = "token"
specificity = 0
examples = ["e", "f"]
non_examples = ["n"]
[[rules.required]]
id = "b"
withinLines = 3
[[rules.allowlists]]
stopwords = ["s"]
[[rules]]
id = "b"
in = ["text.assignment", "a.b"]
keywords = ["k"]
key = "k"
value = "v"
`

func TestSnapshot(t *testing.T) {
	for _, text := range []string{everyKey, variousRules, "", "[[rules]]\nid='x'\nregex='x'\n"} {
		rs := mustParse(t, text)
		back, err := Restore(string(rs.Snapshot()))
		if err != nil {
			t.Fatal(err)
		}
		if back.Hash() != rs.Hash() {
			t.Error("another hash")
		}
		again := New(back)
		if layoutOf(again.words()) != back.laid.words || layoutOf(again.names.set()) != back.laid.names || layoutOf(again.inNames()) != back.laid.pieces {
			t.Error("sets of words are not laid out as the snapshot says")
		}
		for i, r := range rs.Rules() {
			want := *r
			want.origin, want.given = origin{}, given{true}
			// An empty list in the file is no list.
			if got := *back.Rules()[i]; !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		}
		if !reflect.DeepEqual(back.Allowlists(), rs.Allowlists()) {
			t.Error("other allowlists")
		}
		d, restored := New(rs), New(back)
		for i := range d.programs {
			p, q := d.programs[i].ready(), restored.programs[i].ready()
			if q.hint == nil || q.nearKeywords() != p.nearKeywords() || !reflect.DeepEqual(p.near, q.near) || !reflect.DeepEqual(p.tail, q.tail) {
				t.Errorf("%s: is looked for elsewhere", p.rule.ID)
			}
			if p.rule.NameOnly() && !slices.Equal(p.nameWords(), q.nameWords()) {
				t.Errorf("%s: names with %q are looked at, not with %q", p.rule.ID, q.nameWords(), p.nameWords())
			}
		}
	}
	// A field that is added to Rule and forgotten in the snapshot would be empty here.
	rule := reflect.ValueOf(*mustParse(t, everyKey).Rule("a"))
	for i := range rule.NumField() {
		switch name := rule.Type().Field(i).Name; name {
		case "In", "Key", "Value", "Specificity", "Foreign": // set in b, or meant to be zero
		default:
			if rule.Field(i).IsZero() {
				t.Errorf("everyKey does not set %s", name)
			}
		}
	}
}

func FuzzRestore(f *testing.F) {
	snap := string(mustParse(f, everyKey).Snapshot())
	f.Add(snap)
	f.Add(strings.Replace(snap, "\x02", "\xff", 3))
	f.Add(snapshotHeading)
	f.Fuzz(func(t *testing.T, data string) {
		rs, err := Restore(data)
		if err != nil {
			return
		}
		again, err := Restore(string(rs.Snapshot()))
		if err != nil || again.Hash() != rs.Hash() {
			t.Fatalf("restored set does not come back: %v", err)
		}
	})
}

func BenchmarkStart(b *testing.B) {
	rs := mustParse(b, variousRules)
	var rules []*Rule
	for i := range 1000 {
		r := *rs.rules[i%len(rs.rules)]
		if r.NameOnly() {
			continue
		}
		r.ID += string(rune('a'+i%26)) + string(rune('a'+i/26))
		r.Required = nil
		var words []string
		for _, k := range r.Keywords {
			words = append(words, k+r.ID[len(r.ID)-2:])
		}
		r.Keywords = words
		rules = append(rules, &r)
	}
	snap := string(newRuleset(rules, nil, nil).Snapshot())
	b.Run("Restore", func(b *testing.B) {
		b.SetBytes(int64(len(snap)))
		for b.Loop() {
			if _, err := Restore(snap); err != nil {
				b.Fatal(err)
			}
		}
	})
	back, _ := Restore(snap)
	b.Run("New", func(b *testing.B) {
		for b.Loop() {
			New(back)
		}
	})
}
