package detect

import (
	"regexp/syntax"
	"testing"

	"rummage/detect/dfa"
)

// FuzzLocation: whatever is read as the location of a rule's matches can be searched with, and what is cut short is not read.
func FuzzLocation(f *testing.F) {
	for _, expr := range []string{`key-[a-z]{16,20}x*`, `(key-)+.{3}`} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			f.Fatal(err)
		}
		x := extentOf(re)
		data := storeLocation(&x, tailOf(re, []string{"key-"}))
		for n := range data {
			if _, _, ok := readLocation(data[:n]); ok {
				f.Errorf("%q: is read from %d bytes of %d", expr, n, len(data))
			}
		}
		f.Add(data, []byte("key-abcdefghijklmnopqrst"))
	}
	f.Fuzz(func(t *testing.T, data string, text []byte) {
		if _, tail, ok := readLocation(data); ok && tail != nil {
			tail.may(dfa.NewCache(tail.prog), text)
		}
	})
}
