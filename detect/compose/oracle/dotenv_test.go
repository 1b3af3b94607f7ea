package oracle

import (
	"bytes"
	"strings"
	"testing"

	reference "github.com/compose-spec/compose-go/v2/dotenv"

	"rummage/detect/dotenv"
	"rummage/detect/interpolate"
)

// TestDotenv compares the value of each variable. Both take the last assignment of a name.
func TestDotenv(t *testing.T) {
	var read, refused, compared, references, comments int
	for _, f := range envFiles(t) {
		want, err := reference.ParseWithLookup(bytes.NewReader(f.data), nil)
		if err != nil {
			// compose-go stops at the first line it does not understand.
			refused++
			t.Logf("%s: refused by compose-go", f.name)
			continue
		}
		read++
		got := map[string]dotenv.Entry{}
		for _, e := range dotenv.Parse(f.data).Assignments {
			if e.Context == dotenv.Context {
				got[string(e.Name.Of(f.data))] = e
			}
		}
		for name, value := range want {
			e, ok := got[name]
			switch {
			case !ok:
				t.Errorf("%s: %s is not found", f.name, name)
			case e.Form == interpolate.Reference || e.Form == interpolate.Mixed:
				references++ // expanded by compose-go, not by us
			case strings.HasPrefix(value, "# ") && e.Value.Len() == 0:
				comments++ // NAME= # comment: the comment is the value to compose-go
			default:
				compared++
				if mine := meant(f.data, e.Decoded, e.Value.Start, e.Value.End); mine != value {
					t.Errorf("%s: %s is %q, by compose-go %q", f.name, name, mine, value)
				}
			}
		}
		for name, e := range got {
			if _, ok := want[name]; !ok && !e.Unset {
				t.Errorf("%s: %s is not there for compose-go", f.name, name)
			}
		}
	}
	t.Logf("%d files, %d refused by compose-go; %d values equal, %d with references, %d comments that are values to compose-go",
		read, refused, compared, references, comments)
	if compared < 20 {
		t.Errorf("only %d values were compared", compared)
	}
}

func meant(data, decoded []byte, start, end int) string {
	if decoded != nil {
		return string(decoded)
	}
	return string(data[start:end])
}

// TestDefaults: a variable whose value is a reference with a literal default has that default when nothing is set.
func TestDefaults(t *testing.T) {
	data := []byte("A=${B:-hunter2}\nC=${D-${E:-x}}\nF=\"${G:-y}\"\n")
	want, err := reference.ParseWithLookup(bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range dotenv.Parse(data).Assignments {
		if value, ok := want[string(e.Name.Of(data))]; ok && e.Context == dotenv.Default {
			n++
			if mine := meant(data, e.Decoded, e.Value.Start, e.Value.End); mine != value {
				t.Errorf("%s is %q, by compose-go %q", e.Name.Of(data), mine, value)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d defaults", n)
	}
}
