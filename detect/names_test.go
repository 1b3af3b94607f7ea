package detect

import (
	"slices"
	"strings"
	"testing"

	"rummage"
)

// TestFewNames: the first paths are looked through word by word, with what the set finds in the rest.
func TestFewNames(t *testing.T) {
	rs, err := Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	d := New(rs)
	words := func(path string) (found []int) {
		d.names.within(path, func(word int) { found = append(found, word) })
		slices.Sort(found)
		return slices.Compact(found)
	}
	var paths []string
	for _, i := range d.names.rules {
		for _, p := range d.programs[i].rule.Examples {
			paths = append(paths, p, strings.ToUpper(p), strings.TrimSpace(p)+"x/y")
		}
	}
	d.names.list()
	if len(paths) < 50 || len(d.names.words) == 0 {
		t.Fatalf("%d paths, %d words", len(paths), len(d.names.words))
	}
	few, some := make([][]int, len(paths)), 0
	for i, p := range paths {
		d.names.asked.Store(0)
		few[i] = words(p)
		some += len(few[i])
	}
	if some == 0 {
		t.Error("no word is found in any path")
	}
	d.names.asked.Store(fewNames)
	for i, p := range paths {
		if set := words(p); !slices.Equal(few[i], set) {
			t.Errorf("%s: %v word by word, %v by the set", p, few[i], set)
		}
	}
}
