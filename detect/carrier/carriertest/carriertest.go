// Package carriertest tells what the readers of structured files read, in lines that tests compare, and holds it to what is
// true of every reader's entries.
//
// It is for tests only, and knows no kind of file.
//
// Concurrency: all functions may be called from any goroutine, Check from that of its test.
package carriertest

import (
	"fmt"
	"strings"
	"testing"

	"rummage/detect/carrier"
	"rummage/detect/interpolate"
)

// Line writes an entry: its context without a prefix, its name, the value it means, and marks: ? for a reference, ~ for
// text with references, ! for a name alone, q for quotes, @ and the owner.
func Line(prefix string, data []byte, e carrier.Entry) string {
	value := e.Decoded
	if value == nil {
		value = e.Value.Of(data)
	}
	s := fmt.Sprintf("%s %s=%s", strings.TrimPrefix(string(e.Context), prefix), e.Name.Of(data), value)
	s += map[interpolate.Form]string{interpolate.Reference: " ?", interpolate.Mixed: " ~"}[e.Form]
	if e.Unset {
		s += " !"
	}
	if e.Quoted {
		s += " q"
	}
	if e.Owner.Len() > 0 {
		s += " @" + string(e.Owner.Of(data))
	}
	return s
}

// Lines writes entries.
func Lines(prefix string, data []byte, entries []carrier.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, Line(prefix, data, e))
	}
	return all
}

// Check holds entries to what is true of all: they lie in the data, have a context, and mean something or are empty.
func Check(t *testing.T, data []byte, entries []carrier.Entry) {
	t.Helper()
	for _, e := range entries {
		for _, s := range []struct{ Start, End int }{{e.Name.Start, e.Name.End}, {e.Value.Start, e.Value.End}, {e.Owner.Start, e.Owner.End}} {
			if s.Start < 0 || s.Start > s.End || s.End > len(data) {
				t.Fatalf("%s: span %v of %d bytes", e.Context, s, len(data))
			}
		}
		if e.Context == "" {
			t.Fatal("no context")
		}
		if e.Decoded != nil && len(e.Decoded) == 0 || e.Unset && e.Form != interpolate.Empty {
			t.Fatalf("%s: %+v", e.Context, e)
		}
	}
}
