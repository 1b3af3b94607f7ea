package bake

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
)

// comments reads the assignments that are commented out: # NAME = "value", // "NAME": "value",.
func (r *reader) comments() {
	r.end, r.owner = len(r.data), assignment.Span{}
	for _, s := range r.remarks {
		for s.Start < s.End {
			line := s
			if n := bytes.IndexByte(s.Of(r.data), '\n'); n >= 0 {
				line.End = s.Start + n
			}
			if name, value, quoted, ok := carrier.Commented(r.data, line); ok {
				at := spot{ctx: Commented, name: name}
				i := len(r.entries)
				r.literal(at, value)
				r.entries[i].Quoted = quoted
			}
			s.Start = line.End + 1
		}
	}
}
