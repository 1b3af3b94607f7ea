package dockerfile

import (
	"fmt"
	"strings"
	"testing"
)

// TestResolve: each case is a Dockerfile whose last instruction's last word is resolved.
func TestResolve(t *testing.T) {
	for _, c := range []struct {
		text, value string
		unknown     bool
		names       string
	}{
		{"ENV A=b", "b", false, ""},
		{"ENV A='$B'", "$B", false, ""},
		{`ENV A=\$B`, "$B", false, ""},
		{"ENV A=$B", "", true, "B"},
		{"ENV A=x${B}y", "xy", true, "B"},
		{"ENV B=1\nENV A=$B", "1", false, "B"},
		{"ENV B=1\nENV A=$Bx", "", true, "Bx"},
		{"ENV B=1\nENV A=\"$B $B\"", "1 1", false, "B B"},
		{"ENV B=1 A=$B", "", true, "B"},
		{"ENV B=1\nENV B=2 A=$B", "1", false, "B"},
		{"ARG B=1 A=$B\nENV C=$A", "1", false, "A"},
		{"ARG B\nENV A=$B", "", true, "B"},
		{"ARG B\nENV A=${B:-c}", "c", false, "B"},
		{"ARG B=\nENV A=${B:-c}${B-d}", "c", false, "B B"},
		{"ENV A=${B:-c}", "c", false, "B"},
		{"ENV A=${B:-${C:-$D}}", "", true, "B C D"},
		{"ENV A=${B:+c}", "", false, "B"},
		{"ENV B=1\nENV A=${B:+c}", "c", false, "B"},
		{"ENV B=\nENV A=${B:+c}${B+d}", "d", false, "B B"},
		{"ENV B=1\nENV A=${B:?c}", "1", false, "B"},
		{"ENV A=${B:?c}", "", true, "B"},
		{"ENV B=1\nENV A=${B%x}", "", true, "B"},
		{"ENV B=$C\nENV A=$B", "", true, "B"},
		{"ARG B=1\nFROM x:$B", "x:1", false, "B"},
		{"ARG B=1\nFROM x\nENV A=$B", "", true, "B"},
		{"ARG B=1\nFROM x\nARG B\nENV A=$B", "1", false, "B"},
		{"ARG B=1\nFROM x\nARG B=2\nENV A=$B", "2", false, "B"},
		{"FROM x AS y\nENV B=1\nFROM y\nENV A=$B", "1", false, "B"},
		{"FROM x AS y\nENV B=1\nFROM z\nENV A=$B", "", true, "B"},
		{"ARG P=y\nFROM x AS y\nENV B=1\nFROM $P\nENV A=$B", "1", false, "B"},
		{"FROM x\nENV B=1\nFROM x:$B", "x:", true, "B"},
		{"ENV B=1\nCOPY $B /x$B", "/x1", false, "B"},
		{"ONBUILD ENV B=1\nENV A=$B", "", true, "B"},
		{"ENV B=1\nARG B\nENV A=$B", "1", false, "B"},
		{"ENV B=\"\"\nARG B\nENV A=${B-c}", "", false, "B"},
		{"ENV A=$$", "", true, "$"},
		{"ENV A=$", "$", false, ""},
		{"# escape=`\nENV B=1\nENV A=\\$B`$B", `\1$B`, false, "B"},
	} {
		var got Resolved
		f := Parse([]byte(c.text))
		Resolve(f, func(in *Instruction, env *Env) {
			if all := append(in.Args[:len(in.Args):len(in.Args)], words(in.Vars)...); len(all) > 0 {
				got = env.Word(all[len(all)-1].Raw)
			}
		})
		if string(got.Value) != c.value || got.Unknown != c.unknown || strings.Join(got.Names, " ") != c.names {
			t.Errorf("%q: %q unknown %v names %s", c.text, got.Value, got.Unknown, got.Names)
		}
	}
}

func TestLookup(t *testing.T) {
	f := Parse([]byte("ARG G=1\nFROM x AS y\nARG G\nARG TOKEN\nENV A=$TOKEN B=lit\nFROM y\nRUN z"))
	seen := false
	Resolve(f, func(in *Instruction, env *Env) {
		if in.Name != "RUN" {
			return
		}
		seen = true
		var got []string
		for _, name := range []string{"G", "TOKEN", "A", "B", "C"} {
			b, ok := env.Lookup(name)
			line := 0
			if ok {
				line = b.Instruction.StartLine
			}
			got = append(got, fmt.Sprintf("%s %d %v %v %v %q", name, line, b.Default, b.Outside, b.Unknown, b.Value))
		}
		want := `G 3 true false false "1"; TOKEN 4 false true true ""; A 5 false false true ""; B 5 false false false "lit"; C 0 false false false ""`
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%q", s)
		}
	})
	if !seen {
		t.Error("not visited")
	}
}

// TestResolveBounded: values that double with every line are cut, and said to be.
func TestResolveBounded(t *testing.T) {
	f := Parse([]byte("ENV A=0123456789\n" + strings.Repeat("ENV A=$A$A\n", 60)))
	var last Resolved
	Resolve(f, func(in *Instruction, env *Env) { last = env.Word(in.Vars[0].Raw) })
	if len(last.Value) > maxValue || !last.Unknown {
		t.Errorf("%d bytes, unknown %v", len(last.Value), last.Unknown)
	}
}

func TestRefs(t *testing.T) {
	f := Parse([]byte(`ENV A $B ${C} ${D:-"e ${F}"} ${G#*/} ${H:1:2} \$I ${{J}}`))
	var got []string
	for _, r := range f.Refs(f.Instructions[0].Vars[0].Raw) {
		got = append(got, fmt.Sprintf("%s %q %q %q %q", r.Name, r.Op, r.Word, r.Value, r.Span.Of(f.Data())))
	}
	want := []string{`B "" "" "" "$B"`, `C "" "" "" "${C}"`, `D ":-" "\"e ${F}\"" "e ${F}" "${D:-\"e ${F}\"}"`, `F "" "" "" "${F}"`,
		`G "#" "*/" "*/" "${G#*/}"`, `H ":" ":1:2" ":1:2" "${H:1:2}"`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
