package yamltree

import (
	"slices"
	"testing"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text         string
		from, column int
		want         []int
	}{
		{"", 0, 0, nil},
		{"a: b\n\n# c\nd:\n  e: f\n- g\n", 0, 0, []int{0, 10}},
		{"a:\n  b: c\n   d: e\n  \"f\": g\n  - h\n  # i\n\tj\n  k", 3, 2, []int{3, 18, 42}},
		{"a:\n  b: c\n  ", 3, 2, []int{3}},
	} {
		if got := Cut(nil, []byte(c.text), c.from, c.column); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, not %v", c.text, got, c.want)
		}
	}
}

func TestIndent(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		ok           bool
	}{
		{"", 0, 0, false}, {"\n  # a\n\n", 0, 0, false}, {"   ", 0, 0, false}, {"\r\n # a\n  b: c\n", 7, 2, true}, {"- a\n", 0, 0, false},
		{"\ta: b\n", 0, 0, false}, {"x: y", 0, 0, true},
	} {
		line, column, ok := Indent([]byte(c.text), 0)
		if ok != c.ok || ok && (line != c.line || column != c.column) {
			t.Errorf("%q: line at %d, column %d, %v", c.text, line, column, ok)
		}
	}
}

func TestSeparable(t *testing.T) {
	for _, c := range []struct {
		text string
		key  int
		want bool
	}{
		{"a: b\n", 0, true}, {"# x\n---\na: b\n", 8, true}, {"a: |\n  b\n", 0, true}, {"a:\n- {b: [c]}\n", 0, true}, {"a: \"<<\"\n", 0, true},
		{"a: |\n\nb: c\n", 0, false}, {"a: >2\n", 0, false}, {"a: &b c\n", 0, false}, {"a: &b c\nd: *b\n", 0, false}, {"<<: {a: b}\n", 0, false},
		{"a: b\n---\n", 0, false}, {"a: b\n...\n", 0, false}, {"a: b\n---\nc: d\n", 0, false}, {"a: !x b\n", 0, false}, {"a: b: c\n", 0, false},
		{"- a\n", 0, false}, {"a\n", 0, false}, {"{a: b}\n", 0, false}, {"  a: \"b\nc\"\n", 7, false}, {"# a\n", 0, false}, {"a: b\n\tc: d\n", 0, false},
		{"a: b\rc: d\n", 0, false},
	} {
		data := []byte(c.text)
		if got := Parse(data).Separable(data, c.key); got != c.want {
			t.Errorf("%q: %v", c.text, got)
		}
	}
}

func TestLoneReturns(t *testing.T) {
	for text, want := range map[string]bool{"": false, "a\r\nb": false, "a\rb": true, "a\n\r": true, "\r": true, "a\r\n": false} {
		if got := LoneReturns([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
