package shell

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

func text(s string) placed.Text { return placed.Text{Bytes: []byte(s)} }

// showCommand writes down a command.
func showCommand(c *Command) string {
	var b strings.Builder
	for _, v := range c.Assigns {
		fmt.Fprintf(&b, "%s=%q ", v.Name, v.Value)
	}
	for _, w := range c.Words {
		fmt.Fprintf(&b, "%q ", w.Value)
	}
	for _, r := range c.Redirs {
		fmt.Fprintf(&b, "(%d%s %q %q) ", r.FD, r.Op, r.Target.Value, r.Body)
	}
	return fmt.Sprintf("%s%q", b.String(), c.Next)
}

// shellForms are shell texts with their commands, as showCommand writes them.
var shellForms = []struct {
	title, text string
	want        []string
}{
	{"words", "a b  c", []string{`"a" "b" "c" ""`}},
	{"lists", "a; b && c || d | e & f\ng", []string{`"a" ";"`, `"b" "&&"`, `"c" "||"`, `"d" "|"`, `"e" "&"`, `"f" "\n"`, `"g" ""`}},
	{"assignments", "A=b C= d E=f", []string{`A="b" C="" "d" "E=f" ""`}},
	{"assignment alone", "A='b c'", []string{`A="b c" ""`}},
	{"appended", "A+=b", []string{`A="b" ""`}},
	{"quotes", `a "b c" 'd "e' f\ g "h\"i" j"k"'l'`, []string{`"a" "b c" "d \"e" "f g" "h\"i" "jkl" ""`}},
	{"dollar quotes", `a $'b c' $"d"`, []string{`"a" "b c" "d" ""`}},
	{"dollar quotes with escapes", `a $'b\'c\\d\n' e`, []string{`"a" "b'c\\d\\n" "e" ""`}},
	{"dollar quotes that are open", `a $'b\'`, []string{`"a" "b\\" ""`}},
	{"templates", `a {{ b "c" }}d ${{ e['f'] || 'g' }} "${{ h }}" { {`, []string{`"a" "{{ b c }}d" "${{ e['f'] || 'g' }}" "${{ h }}" "{" "{" ""`}},
	{"templates that are open", "a {{ b ${{ c\nd }}", []string{`"a" "{{" "b" "${{ c\nd }}" ""`}},
	{"arithmetic command", "((a = 1 << 2)); b\nc", []string{`"b" "\n"`, `"c" ""`}},
	{"subshells", "((a); b)", []string{`"a" ")"`, `"b" ")"`}},
	{"variables", `a $B ${C} "${D:-e f}"`, []string{`"a" "$B" "${C}" "${D:-e f}" ""`}},
	{"braces hold marks", `a ${B:-"}"} c`, []string{`"a" "${B:-\"}\"}" "c" ""`}},
	{"substitution", `a $(b "c d") "e $(f)"`, []string{`"b" "c d" ")"`, `"f" ")"`, `"a" "$(b \"c d\")" "e $(f)" ""`}},
	{"backquotes", "a `b c`", []string{`"b" "c" ""`, "\"a\" \"`b c`\" \"\""}},
	{"arithmetic", "a $((1 + (2))) b", []string{`"a" "$((1 + (2)))" "b" ""`}},
	{"process", "diff <(a b) >(c)", []string{`"a" "b" ")"`, `"c" ")"`, `"diff" "<(a b)" ">(c)" ""`}},
	{"subshell", "(a; b) c", []string{`"a" ";"`, `"b" ")"`, `"c" ""`}},
	{"function", "f() { a; }", []string{`"f" "("`, `"a" ";"`}},
	{"compound", "if a; then b; else c; fi; while d; do e; done", []string{`"a" ";"`, `"b" ";"`, `"c" ";"`, `"d" ";"`, `"e" ";"`}},
	{"negated", "! a", []string{`"a" ""`}},
	{"redirections", "a > b 2>&1 < c >>d &> e", []string{`"a" (-1> "b" "") (2>& "1" "") (-1< "c" "") (-1>> "d" "") (-1&> "e" "") ""`}},
	{"here string", `a <<< "b c"`, []string{`"a" (-1<<< "b c" "") ""`}},
	{"heredoc", "cat <<E > f && g\nh\nE\ni", []string{`"cat" (-1<< "E" "h\n") (-1> "f" "") "&&"`, `"g" "\n"`, `"i" ""`}},
	{"heredocs", "a <<E; b <<-'F'\n1\nE\n\t2\n\tF\nc", []string{`"a" (-1<< "E" "1\n") ";"`, `"b" (-1<<- "F" "\t2\n") "\n"`, `"c" ""`}},
	{"heredoc without end", "a <<E\nb\nc", []string{`"a" (-1<< "E" "b\nc") "\n"`}},
	{"comment", "a # b\nc#d #e", []string{`"a" "\n"`, `"c#d" ""`}},
	{"continued", "a \\\n b\\\nc \\\r\n d\\\r\ne", []string{`"a" "bc" "de" ""`}},
	{"case", "case $a in b) c;; esac", []string{`"case" "$a" "in" "b" ")"`, `"c" ";;"`}},
	{"open quote", `a "b c`, []string{`"a" "\"b c" ""`}},
	{"open substitution", `a $(b c`, []string{`"b" "c" ""`, `"a" "$(b c" ""`}},
	{"parenthesis too many", "a ) b", []string{`"a" ")"`, `"b" ""`}},
	{"nothing", " ; & ", nil},
}

func TestCommands(t *testing.T) {
	for _, form := range shellForms {
		var got []string
		Commands(text(form.text), '\\', func(c *Command) { got = append(got, showCommand(c)) })
		if strings.Join(got, "\n") != strings.Join(form.want, "\n") {
			t.Errorf("%s: %q\n got %s\nwant %s", form.title, form.text, got, form.want)
		}
	}
}

func TestCommandsDepth(t *testing.T) {
	var depths []int
	Commands(text("a $(b $(c)) (d)"), '\\', func(c *Command) { depths = append(depths, c.Depth) })
	if want := []int{2, 1, 0, 1}; len(depths) != 4 || depths[0] != want[0] || depths[1] != want[1] || depths[2] != want[2] || depths[3] != want[3] {
		t.Errorf("%v", depths)
	}
}

func TestPowerShell(t *testing.T) {
	var got []string
	Commands(text("a c:\\b `\"c -d \"e`\"f\""), '`', func(c *Command) { got = append(got, showCommand(c)) })
	if want := `"a" "c:\\b" "\"c" "-d" "e\"f" ""`; len(got) != 1 || got[0] != want {
		t.Errorf("%s", got)
	}
}

// checkCommands checks that all places lie in the text and point at what is reported.
func checkCommands(t *testing.T, data []byte, escape byte) {
	within := func(what string, x placed.Text, outer assignment.Span) {
		t.Helper()
		p := x.Place()
		if p.Start < outer.Start || p.Start > p.End || p.End > outer.End {
			t.Fatalf("%s: %v is not in %v", what, p, outer)
		}
		if x.Verbatim() && !bytes.Equal(p.Of(data), x.Bytes) {
			t.Fatalf("%s: %q at %v, where %q stands", what, x.Bytes, p, p.Of(data))
		}
		for i := range x.Bytes {
			if data[x.Pos(i)] != x.Bytes[i] {
				t.Fatalf("%s: byte %d of %q is not at %d", what, i, x.Bytes, x.Pos(i))
			}
		}
	}
	all := assignment.Span{End: len(data)}
	Commands(placed.Of(data, all), escape, func(c *Command) {
		if c.Depth < 0 || c.Depth > maxCommands {
			t.Fatalf("depth %d", c.Depth)
		}
		for i := range c.Assigns {
			v := &c.Assigns[i]
			within("name", v.Name, all)
			within("raw value", v.Raw, all)
			within("value", v.Value, v.Raw.Place())
		}
		for i := range c.Words {
			w := &c.Words[i]
			within("raw word", w.Raw, all)
			within("word", w.Value, w.Raw.Place())
		}
		for i := range c.Redirs {
			r := &c.Redirs[i]
			within("target", r.Target.Raw, r.Span)
			if r.Body.Len() > 0 {
				within("body", r.Body, all)
			}
		}
	})
}

// FuzzCommands splits any text as a shell would.
func FuzzCommands(f *testing.F) {
	for _, s := range shellForms {
		f.Add([]byte(s.text), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, powershell bool) {
		if len(data) > 1<<16 {
			return
		}
		escape := byte('\\')
		if powershell {
			escape = '`'
		}
		checkCommands(t, data, escape)
	})
}

// TestLinear: what is open and never closed is not looked for again and again.
func TestLinear(t *testing.T) {
	for _, piece := range []string{"$(", "${a:-", "`", "\"", "'", "{{", "${{", "$'", "((", "<<E ", "<<E\n", "$((", "(", "\"$(", "\"${", "a=\"$(b ", "\\`", "<(", "$(cat <<E\n", "a 1", "1<"} {
		data := []byte(strings.Repeat(piece, 1<<19/len(piece)))
		checkCommands(t, data[:1<<12], '\\')
		began := time.Now()
		Commands(placed.Text{Bytes: data}, '\\', func(*Command) {})
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%q: %v for %d bytes", piece, d, len(data))
		}
	}
}
