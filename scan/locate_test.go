package scan

import (
	"testing"

	"rummage/detect"
)

// A secret and the match around it, in matches that overlap and are not in order.
func TestLocate(t *testing.T) {
	const text = "one\ntwo three\n\nfour"
	matches := []detect.Match{
		{Start: 8, End: 19, SecretStart: 15, SecretEnd: 19}, // three … four
		{Start: 0, End: 7, SecretStart: 4, SecretEnd: 7},    // one … two
		{Start: 3, End: 4, SecretStart: 3, SecretEnd: 4},    // a line feed
		{},
	}
	want := []struct{ at, matchAt Span }{
		{Span{4, 1, 4, 5}, Span{2, 5, 4, 5}},
		{Span{2, 1, 2, 4}, Span{1, 1, 2, 4}},
		{Span{1, 4, 2, 1}, Span{1, 4, 2, 1}},
		{Span{1, 1, 1, 1}, Span{1, 1, 1, 1}},
	}
	for i, h := range locate([]byte(text), matches) {
		if h.at != want[i].at || h.matchAt != want[i].matchAt {
			t.Errorf("match %d: %v in %v, want %v in %v", i, h.at, h.matchAt, want[i].at, want[i].matchAt)
		}
	}
}
