package shown

import (
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"plain äö":                   "plain äö",
		"a\nb\x1b[31m\x00\u202e\xff": "a?b?[31m???",
		strings.Repeat("x", 400):     strings.Repeat("x", Max) + "…",
	} {
		if got := Short(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Without("a key, a word and a key", "key", "", "word"); got != "a xxxxx, a xxxxx and a xxxxx" {
		t.Error(got)
	}
}
