package dockerfile

import (
	"strings"
	"testing"
)

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
		Commands(Text{Bytes: []byte(form.text)}, '\\', func(c *Command) { got = append(got, showCommand(c)) })
		if strings.Join(got, "\n") != strings.Join(form.want, "\n") {
			t.Errorf("%s: %q\n got %s\nwant %s", form.title, form.text, got, form.want)
		}
	}
}

func TestCommandsDepth(t *testing.T) {
	var depths []int
	Commands(Text{Bytes: []byte("a $(b $(c)) (d)")}, '\\', func(c *Command) { depths = append(depths, c.Depth) })
	if want := []int{2, 1, 0, 1}; len(depths) != 4 || depths[0] != want[0] || depths[1] != want[1] || depths[2] != want[2] || depths[3] != want[3] {
		t.Errorf("%v", depths)
	}
}

func TestPowerShell(t *testing.T) {
	var got []string
	Commands(Text{Bytes: []byte("a c:\\b `\"c -d \"e`\"f\"")}, '`', func(c *Command) { got = append(got, showCommand(c)) })
	if want := `"a" "c:\\b" "\"c" "-d" "e\"f" ""`; len(got) != 1 || got[0] != want {
		t.Errorf("%s", got)
	}
}
