package command

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
)

// Entry is an assignment and what else is known of it.
type Entry struct {
	assignment.Assignment
	// Form says whether the value is a literal, a reference or both.
	Form interpolate.Form
	// Unset says that there is only a name: the value comes from elsewhere.
	Unset bool
}

// Entries appends what was found as an entry, and the literals within its references as others, to list: x of
// ${NAME:-x} is a value of NAME, and of what was found when there is nothing else in it. The dialect says what a
// reference is.
func (f Found) Entries(list []Entry, data []byte, dialect interpolate.Dialect) []Entry {
	e := Entry{Unset: f.Unset}
	e.Context, e.Name, e.Quoted = f.Context, f.Name, f.Quoted
	if f.Literal {
		dialect &^= interpolate.Shell &^ interpolate.Template
	}
	v := interpolate.Scan(f.Value.Bytes, dialect)
	e.Form, e.Refers = v.Form, v.Form == interpolate.Reference
	meant := f.Value
	if v.Escapes {
		meant = interpolate.Unescape(meant, dialect)
	}
	e.Value, e.Decoded = meant.Place(), meant.Decoded()
	list = append(list, e)
	if len(v.Refs) == 0 {
		return list
	}
	for _, o := range interpolate.Operands(f.Value, v, dialect) {
		d := Entry{Form: o.Form}
		d.Refers = o.Form == interpolate.Reference
		d.Context, d.Name, d.Value, d.Decoded, d.Quoted = f.Context, o.Name.Place(), o.Text.Place(), o.Text.Decoded(), o.Quoted
		if d.Name.Len() > 0 {
			list = append(list, d)
		}
		if o.Whole && !bytes.Equal(f.Name.Of(data), o.Name.Bytes) {
			d.Name = f.Name
			list = append(list, d)
		}
	}
	return list
}
