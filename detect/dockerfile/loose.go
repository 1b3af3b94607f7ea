package dockerfile

import (
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
)

// Inline reads a Dockerfile that stands within another file: its assignments and practices, with the places of that
// file.
func Inline(t Text) []assignment.Assignment {
	f := Parse(t.Bytes)
	return inline(t, append(Assignments(f), Practices(f)...))
}

// inline gives assignments of a text the places that the text has.
func inline(t Text, list []assignment.Assignment) []assignment.Assignment {
	for i := range list {
		a := &list[i]
		value := t.Slice(a.Value.Start, a.Value.End)
		if a.Decoded == nil && value.Len() > 0 {
			a.Decoded = value.Bytes
		}
		a.Refers = interpolate.Scan(a.Decoded, interpolate.Shell).Form == interpolate.Reference
		a.Name, a.Value = t.Span(a.Name.Start, a.Name.End), value.Place()
	}
	return list
}

// Loose collects what is written as in a Dockerfile but stands elsewhere, as in the configuration of an image: each
// text belongs to the context that it is given. Values have the places of the texts; what commands are known to carry
// has the contexts of package command. The zero value is ready for use. A Loose belongs to one goroutine.
type Loose struct {
	c collector
}

// List is what was collected.
func (l *Loose) List() []assignment.Assignment { return l.c.list }

// Add adds a name with a value.
func (l *Loose) Add(context assignment.Context, name, value Text, quoted bool) {
	l.ready().add(context, name, value, quoted)
}

// Shell reads text for a shell, as RUN has it.
func (l *Loose) Shell(context assignment.Context, t Text) {
	c := l.ready()
	c.script(context, t, c.file.Escape)
}

// Exec reads the words of a command, as a RUN or CMD of the JSON form has them.
func (l *Loose) Exec(context assignment.Context, words []Word) {
	c := l.ready()
	in := &Instruction{Name: "CMD", JSON: true, Args: words}
	if t, ok := shellText(in); ok {
		c.script(context, t, c.file.Escape)
		return
	}
	c.exec(context, in)
}

// Instruction reads instructions of a Dockerfile. What COPY and ADD name is left out.
func (l *Loose) Instruction(context assignment.Context, t Text) {
	c := l.ready()
	for _, a := range inline(t, Assignments(Parse(t.Bytes))) {
		if a.Context == ContextCopy {
			continue
		}
		if strings.HasPrefix(string(a.Context), "dockerfile.") {
			a.Context = context
		}
		c.list = append(c.list, a)
	}
}

func (l *Loose) ready() *collector {
	if l.c.file == nil {
		l.c.file = &File{Escape: '\\'}
	}
	return &l.c
}
