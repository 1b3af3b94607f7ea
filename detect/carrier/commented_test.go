package carrier

import (
	"testing"

	"rummage/detect/assignment"
)

func TestCommented(t *testing.T) {
	for _, c := range []struct {
		line, name, value string
		quoted            bool
	}{
		{`# TOKEN = "hunter2"`, "TOKEN", "hunter2", true}, {`// "TOKEN": "hunter2",`, "TOKEN", "hunter2", true}, {`  * AB=cd`, "AB", "cd", false},
		{`/* A-B : c */`, "A-B", "c", false}, {"#AB = cd\r", "AB", "cd", false}, {`// "AB": "",`, "", "", false}, {`# AB = c d`, "", "", false},
		{`# AB = "c" d`, "", "", false}, {`# AB = "c`, "", "", false}, {`# A = b`, "", "", false}, {`// "AB: "c"`, "", "", false}, {`# see x`, "", "", false},
		{`// https://example.org`, "", "", false}, {`# AB = c/`, "AB", "c/", false}, {`/* AB = "c", */`, "AB", "c", true}, {`#`, "", "", false}, {``, "", "", false}, {`# AB =`, "", "", false},
	} {
		data := []byte("x" + c.line + "y")
		name, value, quoted, ok := Commented(data, assignment.Span{Start: 1, End: len(data) - 1})
		if !ok {
			name, value, quoted = assignment.Span{}, assignment.Span{}, false
		}
		if string(name.Of(data)) != c.name || string(value.Of(data)) != c.value || quoted != c.quoted {
			t.Errorf("%s: %s=%s, %v", c.line, name.Of(data), value.Of(data), quoted)
		}
	}
}
