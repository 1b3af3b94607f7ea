package scan

import (
	"bytes"
	"testing"
)

func TestPrintable(t *testing.T) {
	var scratch []byte
	for size := range 20 {
		for at := range size {
			for c := range 256 {
				data := bytes.Repeat([]byte("\x80"), size)
				data[at] = byte(c)
				want := bytes.Repeat([]byte("\n"), size)
				if c >= ' ' && c <= '~' || c == '\t' || c == '\r' {
					want[at] = byte(c)
				}
				if scratch = printable(scratch, data); !bytes.Equal(scratch, want) {
					t.Fatalf("%q: %q, want %q", data, scratch, want)
				}
			}
		}
	}
}
