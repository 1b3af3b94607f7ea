package oracle

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"rummage/detect/yamltree"
)

// scalar is a scalar of a file: what it means and, unless it is not comparable, where it begins.
type scalar struct {
	value        string
	line, column int // 1-based, in characters; 0 for what stands behind an anchor or a tag, and for nothing
}

// theirScalars are the scalars of a file by the YAML library; refused says that it found an error.
func theirScalars(data []byte) (all []scalar, refused bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return all, false
		}
		if err != nil {
			return nil, true
		}
		all = appendScalars(all, &root)
	}
}

func appendScalars(all []scalar, n *yaml.Node) []scalar {
	if n.Kind == yaml.ScalarNode {
		s := scalar{n.Value, n.Line, n.Column}
		if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Value == "" && n.Style == 0 {
			s.line, s.column = 0, 0
		}
		all = append(all, s)
	}
	for _, c := range n.Content {
		all = appendScalars(all, c)
	}
	return all
}

func ourScalars(data []byte, n yamltree.Node, all []scalar) []scalar {
	if n.Kind() == yamltree.Scalar {
		s := scalar{value: string(n.Text().Bytes)}
		if !n.Anchored() && (s.value != "" || n.Quoted()) {
			start := n.Span().Start
			if n.Quoted() {
				start--
			}
			line := bytes.LastIndexByte(data[:start], '\n') + 1
			s.line = bytes.Count(data[:line], []byte{'\n'}) + 1
			s.column = utf8.RuneCount(data[line:start]) + 1
		}
		if n.Style() == yamltree.Literal || n.Style() == yamltree.Folded {
			s.line, s.column = 0, 0 // the library gives the place of the indicator
		}
		all = append(all, s)
	}
	for k, v := range n.Pairs() {
		all = ourScalars(data, k, all)
		all = ourScalars(data, v, all)
	}
	for v := range n.Items() {
		all = ourScalars(data, v, all)
	}
	return all
}

// TestYAML compares every scalar of every YAML file with what the library makes of it.
func TestYAML(t *testing.T) {
	var read, refused, broken, full, values, places int
	all := files(t, func(base string) bool { return strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml") })
	for _, text := range composeTable {
		all = append(all, file{"table", []byte(text)})
	}
	for _, f := range all {
		if bytes.Contains(f.data, []byte("{{")) || len(f.data) > 1<<19 {
			continue // a template is a scalar to us
		}
		want, bad := theirScalars(f.data)
		tree := yamltree.Parse(f.data)
		if bad {
			refused++
			continue
		}
		read++
		var got []scalar
		for _, d := range tree.Documents {
			if d.Broken {
				broken++
				t.Errorf("%s: taken for no YAML", f.name)
			}
			if d.Full {
				full++
			}
			got = ourScalars(f.data, d.Root(), got)
		}
		want = dropNulls(want, len(want)-len(got))
		if len(got) != len(want) {
			t.Errorf("%s: %d scalars, by the library %d", f.name, len(got), len(want))
			continue
		}
		for i := range got {
			if got[i].value != want[i].value {
				t.Errorf("%s: line %d: %q, by the library %q", f.name, want[i].line, got[i].value, want[i].value)
			}
			values++
			if got[i].line > 0 && want[i].line > 0 {
				places++
				if got[i].line != want[i].line || got[i].column != want[i].column {
					t.Errorf("%s: at %d:%d, by the library at %d:%d", f.name, got[i].line, got[i].column, want[i].line, want[i].column)
				}
			}
		}
	}
	t.Logf("%d files, %d refused by the library; %d documents by the full parser; %d values and %d places equal", read, refused, full, values, places)
	if places < 50 {
		t.Errorf("only %d places were compared", places)
	}
}

// dropNulls takes out so many empty documents: we leave them out.
func dropNulls(all []scalar, n int) []scalar {
	var kept []scalar
	for _, s := range all {
		if n > 0 && s == (scalar{}) {
			n--
			continue
		}
		kept = append(kept, s)
	}
	return kept
}
