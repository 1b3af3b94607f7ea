package carrier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// TestMemoryRoom: of a pair with many entries, of which few matter, those are remembered, the first reference among them, and
// no room for the others.
func TestMemoryRoom(t *testing.T) {
	var text strings.Builder
	text.WriteString("a:\n")
	for i := range 500 {
		fmt.Fprintf(&text, "  K%d: v%d\n", i, i)
	}
	data := []byte(text.String() + "  R1: ${A}\n  R2: ${B}\n")
	memory := &Memory{Keep: func(_ assignment.Context, name []byte) bool { return string(name) == "K7" || string(name) == "K400" }}
	read := func() []string {
		tree := yamltree.Parse(data)
		w := New(data, tree.Problems)
		w.Memory, w.Dialect, w.Default = memory, interpolate.Compose, "d"
		w.Document(tree.Documents[0])
		for k, v := range tree.Documents[0].Root().Pairs() {
			p, known := w.Recall("tag", k, v)
			if !known {
				w.Values("c", k, v)
				w.Remember(p)
			}
		}
		return lines(data, w.Done())
	}
	if got := read(); len(got) != 502 {
		t.Fatalf("%d entries", len(got))
	}
	if memory.Len() != 1 {
		t.Fatalf("%d pairs are known", memory.Len())
	}
	for _, entries := range memory.known {
		if n := len(entries); n != 3 || cap(entries) > 2*n {
			t.Errorf("%d entries, room for %d", n, cap(entries))
		}
	}
	if got, want := read(), []string{"K7=v7", "K400=v400", "R1=${A} ?"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
