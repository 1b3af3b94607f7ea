package dfa

import (
	"reflect"
	"regexp/syntax"
	"testing"
)

// TestStored: what is read is what was written, for expressions of all kinds of instructions; what is cut short is refused.
func TestStored(t *testing.T) {
	for _, expr := range []string{"", "a", "abc|d", "(?i)k[a-z]{3,40}x*", "[^a]", ".", "(?s).", "^\\b(a|bc)+$", "[\u00e4-\U0010ffff]", "a{0}", "[^\x00-\U0010ffff]"} {
		for _, anchored := range []bool{false, true} {
			re, err := syntax.Parse(expr, syntax.Perl)
			if err != nil {
				t.Fatal(err)
			}
			p, ok := CompileTree(re, anchored)
			if !ok {
				t.Fatal(expr)
			}
			data := p.AppendBinary(nil)
			got, rest, ok := Read(append(data, "more"...))
			if !ok || string(rest) != "more" || len(got.insts) != len(p.insts) {
				t.Fatalf("%q: %t, %q is left", expr, ok, rest)
			}
			for i := range p.insts {
				if a, b := got.insts[i], p.insts[i]; a.Op != b.Op || a.Out != b.Out || a.Arg != b.Arg || string(a.Rune) != string(b.Rune) {
					t.Errorf("%q: instruction %d is %v, want %v", expr, i, a, b)
				}
			}
			got.insts, p.insts = nil, nil
			if !reflect.DeepEqual(got, p) {
				t.Errorf("%q: got %+v, want %+v", expr, got, p)
			}
			for n := range data {
				if _, _, ok := Read(data[:n:n]); ok {
					t.Errorf("%q: is read from %d bytes of %d", expr, n, len(data))
				}
			}
		}
	}
}

// FuzzRead: whatever is read can be searched with.
func FuzzRead(f *testing.F) {
	for _, expr := range []string{"a|b", "(?i)[a-z]{3}x*"} {
		re, _ := syntax.Parse(expr, syntax.Perl)
		p, _ := CompileTree(re, true)
		f.Add(p.AppendBinary(nil), []byte("abcxyz"))
	}
	f.Fuzz(func(t *testing.T, data, text []byte) {
		if p, _, ok := Read(data); ok {
			NewCache(p).May(text)
			NewEnds(p).End(text)
		}
	})
}
