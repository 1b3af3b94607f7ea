package yamltree

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// dump writes a tree in one line: maps in {}, sequences in [], scalars quoted, the style before them, & for an
// anchored node, * for an alias.
func dump(n Node) string {
	var b strings.Builder
	write(&b, n, 0)
	return b.String()
}

func write(b *strings.Builder, n Node, depth int) {
	if n.Anchored() {
		b.WriteByte('&')
	}
	if depth > 2000 {
		b.WriteString("...")
		return
	}
	switch n.Kind() {
	case Scalar:
		fmt.Fprintf(b, "%s%q", [...]string{"", "'", `"`, "|", ">", "?"}[n.Style()], n.Text().Bytes)
	case Alias:
		fmt.Fprintf(b, "*%d", n.Target().Span().Start)
	case Mapping:
		b.WriteString([...]string{"{", "?", "?", "?", "?", "~{"}[n.Style()])
		sep := ""
		for k, v := range n.Pairs() {
			b.WriteString(sep)
			write(b, k, depth+1)
			b.WriteByte(':')
			write(b, v, depth+1)
			sep = " "
		}
		b.WriteByte('}')
	case Sequence:
		b.WriteString([...]string{"[", "?", "?", "?", "?", "~["}[n.Style()])
		sep := ""
		for v := range n.Items() {
			b.WriteString(sep)
			write(b, v, depth+1)
			sep = " "
		}
		b.WriteByte(']')
	default:
		b.WriteString("NONE")
	}
}

func dumpAll(t *Tree) string {
	var all []string
	for _, d := range t.Documents {
		s := dump(d.Root())
		if d.Full {
			s = "full " + s
		}
		if d.Broken {
			s = "broken " + s
		}
		all = append(all, s)
	}
	return strings.Join(all, " --- ")
}

// walk calls f for every node once, in the order of the file.
func walk(n Node, f func(Node)) {
	f(n)
	for k, v := range n.Pairs() {
		walk(k, f)
		walk(v, f)
	}
	for v := range n.Items() {
		walk(v, f)
	}
}

// check holds a tree to what is true of every tree: nodes stand inside the file, in its order, and their text is
// there.
func check(t *testing.T, data []byte, tree *Tree) {
	t.Helper()
	nodes := 0
	for _, d := range tree.Documents {
		if d.Span.Start < 0 || d.Span.Start > d.Span.End || d.Span.End > len(data) {
			t.Fatalf("document at %v of %d bytes", d.Span, len(data))
		}
		last := d.Span.Start
		walk(d.Root(), func(n Node) {
			nodes++
			s := n.Span()
			if s.Start > s.End || s.End > d.Span.End {
				t.Fatalf("node at %v, document at %v", s, d.Span)
			}
			if s.Start < last && !n.Null() {
				t.Fatalf("node at %v begins before %d, where another does", s, last)
			}
			last = max(last, s.Start)
			if n.Kind() == None {
				t.Fatal("a node that is none")
			}
			if n.Kind() == Alias && n.Target().Kind() == None {
				t.Fatal("alias without a target")
			}
			text := n.Text()
			if text.Verbatim() && !bytes.Equal(text.Place().Of(data), text.Bytes) {
				t.Fatalf("node at %v is not where it is said to be", s)
			}
			if p := text.Place(); text.Len() > 0 && n.Style() != Literal && n.Style() != Folded && (p.Start < s.Start || p.End > s.End) {
				t.Fatalf("text at %v, node at %v", p, s)
			}
		})
	}
	if nodes > len(data)+8 {
		t.Fatalf("%d nodes from %d bytes", nodes, len(data))
	}
}

// same compares the line reader's document with the full parser's, and what the line reader says is no YAML.
func same(data []byte) error {
	for _, p := range split(data) {
		doc := data[p.Start:p.End]
		if p.body > p.Start+3 || !ordinary(doc) {
			continue
		}
		d, hopeless := readStrict(doc, p.body > p.Start)
		if hopeless && readFull(doc) != nil {
			return fmt.Errorf("the line reader is certain that the full parser cannot read this")
		}
		if d == nil {
			continue
		}
		d.data, d.Span = doc, span(0, len(doc))
		f := readFull(doc)
		if f == nil {
			_, err := new(yaml.Node), yaml.Unmarshal(doc, new(yaml.Node))
			return fmt.Errorf("the full parser refuses what the line reader reads: %v\n%s", err, dump(d.Root()))
		}
		f.data, f.Span = doc, span(0, len(doc))
		if a, b := dump(d.Root()), dump(f.Root()); a != b {
			return fmt.Errorf("different trees\nline reader %s\nfull parser %s", a, b)
		}
		var spans [2][]string
		for i, d := range []*Document{d, f} {
			walk(d.Root(), func(n Node) {
				if n.Null() {
					return
				}
				spans[i] = append(spans[i], fmt.Sprint(n.Kind(), n.Span()))
			})
		}
		for i := range spans[0] {
			if spans[0][i] != spans[1][i] {
				return fmt.Errorf("node %d at %v, by the full parser at %v", i, spans[0][i], spans[1][i])
			}
		}
	}
	return nil
}
