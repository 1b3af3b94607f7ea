package imageref

import (
	"bytes"

	"rummage/detect/interpolate"
)

// resolver fills in the variables of references.
type resolver struct {
	dialect interpolate.Dialect
	// expressions says that ${} holds expressions of a language of its own.
	expressions bool
	// lookup is what the file says a variable stands for; nil when files of the kind say that of none.
	lookup func(name string) ([]byte, bool)
	// budget is how many bytes lookup may still give: a file may name one long chain of variables many times.
	budget int

	out   []byte
	why   string
	steps int
}

// maxSteps bounds the variables of one reference, those within others too.
const maxSteps = 64

// resolve is the text that a value stands for, and why that is not all of it.
func (r *resolver) resolve(value []byte) (text, why string) {
	if len(value) > MaxLength {
		return string(value[:MaxLength]) + ".", ""
	}
	r.out, r.why, r.steps = r.out[:0], "", 0
	r.expand(value, 0)
	return string(r.out), r.why
}

// expand appends what b stands for. What has no value is appended as it is written.
func (r *resolver) expand(b []byte, depth int) {
	v := interpolate.Scan(b, r.dialect)
	at := 0
	for i := range v.Refs {
		ref := &v.Refs[i]
		if ref.Depth > 0 {
			continue
		}
		r.append(b[at:ref.Start])
		r.reference(b, ref, depth)
		at = ref.End
	}
	r.append(b[at:])
}

func (r *resolver) append(b []byte) {
	if left := MaxLength + 1 - len(r.out); len(b) > left {
		b = b[:left]
	}
	r.out = append(r.out, b...)
}

func (r *resolver) reference(b []byte, ref *interpolate.Ref, depth int) {
	name := string(b[ref.NameStart:ref.NameEnd])
	if r.steps++; r.steps > maxSteps || depth > interpolate.MaxDepth {
		r.unknown(b, ref, "too many variables")
		return
	}
	if r.lookup != nil && name != "" {
		if value, ok := r.lookup(name); ok && len(value) <= MaxLength && r.budget > len(value) {
			r.budget -= len(value)
			if ref.Op == interpolate.Instead {
				value = b[ref.OperandStart:ref.OperandEnd]
			}
			r.expand(value, depth+1)
			return
		}
	}
	switch ref.Op {
	case interpolate.Default:
		r.expand(b[ref.OperandStart:ref.OperandEnd], depth+1)
	case interpolate.Instead: // of a variable that is not set
	case interpolate.Opaque:
		switch text := b[ref.Start:ref.End]; {
		case r.expressions, bytes.HasPrefix(text, []byte("${{")):
			r.unknown(b, ref, "expression")
		case bytes.HasPrefix(text, []byte("{{")):
			r.unknown(b, ref, "template")
		case name == "":
			r.unknown(b, ref, "command")
		default:
			r.unknown(b, ref, "variable "+name+" has no value")
		}
	default:
		r.unknown(b, ref, "variable "+name+" has no value")
	}
}

// unknown appends a reference as it is written. The first reason is the one that is told.
func (r *resolver) unknown(b []byte, ref *interpolate.Ref, why string) {
	if r.why == "" {
		r.why = why
	}
	r.append(b[ref.Start:ref.End])
}
