package dockerfile

import (
	"fmt"
	"strings"
	"testing"
)

// TestProblems: one bad line costs one instruction, and is counted with its line.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // line and reason of each problem
	}{
		{"FROM a\nRUN b", ""},
		{"", "1 no instructions"},
		{"# only a comment\n", "1 no instructions"},
		{"FROM a\nFOO b\nRUN c", "2 unknown instruction"},
		{"FROM a\n\\\n", "2 unknown instruction"},
		{"R\xe1UN <<E\n", "1 unknown instruction"},
		{"FROM a\nENV A", "2 name without a value"},
		{"ENV A=b C", "1 pair without an equals sign among pairs that have one"},
		{"ENV =b", "1 name without a value"},
		{"ENV", "1 instruction without arguments"},
		{"FROM", "1 instruction without arguments; 1 FROM is not of the form IMAGE [AS NAME]"},
		{"FROM a b", "1 FROM is not of the form IMAGE [AS NAME]"},
		{"FROM a AS", "1 FROM is not of the form IMAGE [AS NAME]"},
		{"FROM a AS b # c", "1 FROM is not of the form IMAGE [AS NAME]"},
		{"FROM a AS b", ""},
		{"RUN", ""},
		{"RUN [1]", "1 JSON array holds other things than strings"},
		{"RUN [a]", ""},
		{"RUN <<A\nRUN <<B\nB\n", "1 heredoc without an end"},
		{"RUN <<A\nx\nRUN <<B\ny\n", "1 heredoc without an end; 2 unknown instruction; 3 heredoc without an end; 4 unknown instruction"},
		{"COPY <<A <<B /x\nA\nUSER x\n", "1 heredoc without an end"},
		{"RUN <<${E:-F}\n", ""},
		{"ENV A='b", "1 quotation mark or brace that is never closed"},
		{"ENV A=${b", "1 quotation mark or brace that is never closed"},
		{"COPY \"a b\" c", "1 quotation mark or brace that is never closed"},
		{"ONBUILD ONBUILD RUN a", "1 ONBUILD within ONBUILD"},
		{"ONBUILD", "1 instruction without arguments"},
		{"# escape=x\nRUN a", "1 directive repeated or with a value that is not allowed"},
		{"# escape=`\n# escape=\\\nRUN a `\n b", "2 directive repeated or with a value that is not allowed"},
		{`RUN --mount=\"a b`, "1 mount options are not comma-separated values"},
		{`RUN --mount=\"a\"b,c d`, "1 mount options are not comma-separated values"},
	} {
		var got []string
		f := Parse([]byte(c.text))
		checkFile(t, f)
		for _, p := range f.Problems {
			got = append(got, fmt.Sprintf("%d %s", p.Line, p.What))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%q: %s, want %s", c.text, s, c.want)
		}
	}
}

// TestRecovery: what stands behind a bad line is read as if the line were good.
func TestRecovery(t *testing.T) {
	for _, bad := range []string{"FOO", "ENV A", "RUN <<E", "{{ x }}", "RUN [1]", "FROM", "ARG", "ENV A=\"b", strings.Repeat("x", 70_000), "\x00\xff", "LABEL \""} {
		f := Parse([]byte("FROM a\n" + bad + "\nENV TOKEN=value\n"))
		checkFile(t, f)
		last := f.Instructions[len(f.Instructions)-1]
		if len(f.Problems) == 0 || last.Name != "ENV" || len(last.Vars) != 1 || last.Vars[0].Value.String() != "value" {
			t.Errorf("%.20q: %d problems, last %s %s", bad, len(f.Problems), last.Name, last.Text)
		}
	}
}

// TestSuppressions: the comments that count, and those that do not.
func TestSuppressions(t *testing.T) {
	for _, c := range []struct{ comments, want string }{
		{"# check=skip=A", "check [A] false "},
		{"# check=skip=A,B;error=true", "check [A B] false "},
		{"# check = skip=A", "check [A] false "},
		{"#CHECK=skip=all // why not", "check [] true why not"},
		{"# check=skip=A # why", "check [A] false why"},
		{"# check=skip=A\n\n", "check [A] false "},
		{"# check=skip=A\n# other", "check [A] false "},
		{"# check=skip=A\n#", ""},
		{"# check=skip=A\n# check=skip=B", "check [A] false "},
		{"# check=error=true\n# check=skip=B", ""},
		{"  # check=skip=A", ""},
		{"# check=skip=", ""},
		{"# check=foo=A", ""},
		{"# checks=skip=A", ""},
		{"# hadolint ignore=DL3064", "hadolint [DL3064] false "},
		{"#\thadolint  ignore = DL3064 , SC1000 # why", "hadolint [DL3064 SC1000] false "},
		{"# hadolint ignore=DL3064\n", "hadolint [DL3064] false "},
		{"# hadolint ignore=DL3064\n# x", ""},
		{"# hadolint ignore=DL3064\n\n", ""},
		{"# hadolint ignore=DL3064 because", ""},
		{"# hadolint ignore=all", ""},
		{"# hadolint stage ignore=DL3064", "hadolint [DL3064] false "},
		{"# nohadolint ignore=DL3064", ""},
		{"# rummage:allow it is a test", "rummage [] true it is a test"},
		{"# rummage:allow", "rummage [] true "},
		{"# rummage:allowed", ""},
	} {
		f := Parse([]byte("FROM a\n" + strings.TrimSuffix(c.comments, "\n") + "\nENV A=b"))
		got := ""
		for _, s := range f.Instructions[1].Suppressions {
			got += fmt.Sprint(s.Tool, " ", s.Rules, " ", s.All, " ", s.Reason)
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.comments, got, c.want)
		}
	}
	f := Parse([]byte("# check=skip=A\nFROM a\n# hadolint global ignore=DL1\n\nRUN b"))
	if len(f.Suppressions) != 2 || len(f.Instructions[0].Suppressions)+len(f.Instructions[1].Suppressions) != 0 {
		t.Errorf("%+v", f.Suppressions)
	}
}

func TestMount(t *testing.T) {
	f := Parse([]byte("RUN --mount=ID=x,type=secret,target=/a\\\nb,required --network=none --mount=type=ssh c"))
	in := &f.Instructions[0]
	if len(in.Flags) != 3 || in.Flag("network").Value.String() != "none" || in.Flag("chown") != nil {
		t.Fatalf("%+v", in.Flags)
	}
	m := in.Flag("mount")
	target, ok := m.Option("dst", "target")
	if !ok || target.Value.String() != "/ab" || string(target.Value.Place().Of(f.Data())) != "/a\\\nb" {
		t.Errorf("target %q", target.Value)
	}
	if id, ok := m.Option("id"); !ok || id.Value.String() != "x" {
		t.Errorf("id %q", id.Value)
	}
	if r, ok := m.Option("required"); !ok || r.Set || r.Value.Len() != 0 {
		t.Errorf("required %+v", r)
	}
	if _, ok := m.Option("env"); ok {
		t.Error("env")
	}
	f2 := Parse([]byte(`RUN --mount=\"a=b\"\"c,d\",e=f g`))
	if o := f2.Instructions[0].Flags[0].Options; len(o) != 2 || o[0].Value.String() != `b"c,d` || o[1].Value.String() != "f" {
		t.Errorf("options %v", o)
	}
	if s := string(m.Span.Of(f.Data())); s != "--mount=ID=x,type=secret,target=/a\\\nb,required" {
		t.Errorf("flag %q", s)
	}
}

// TestOnBuildDepth: ONBUILD is not followed for ever.
func TestOnBuildDepth(t *testing.T) {
	depth := 0
	for in := &Parse([]byte(strings.Repeat("ONBUILD ", 100) + "RUN a")).Instructions[0]; in.OnBuild != nil; in = in.OnBuild {
		depth++
	}
	if depth != maxOnBuild {
		t.Errorf("depth %d", depth)
	}
}

func TestStages(t *testing.T) {
	f := Parse([]byte("ARG B=one C\nRUN x\nFROM a AS One\nRUN y\nFROM oNe AS two\nFROM $B\nFROM ${C:-two} AS one\nFROM one\nFROM b AS c\nFROM d"))
	parents := []int{-1, 0, 0, 1, 3, -1, -1}
	for i, s := range f.Stages {
		if s.Parent != parents[i] {
			t.Errorf("stage %d has parent %d", i, s.Parent)
		}
	}
	if got := fmt.Sprint(f.Stage("ONE"), f.Stage("two"), f.Stage(""), f.Stage("x"), f.Chain(4), f.Chain(6), f.Chain(-1)); got != "3 1 -1 -1 [4 3 1 0] [6] []" {
		t.Error(got)
	}
	if f.Instructions[0].Stage != -1 || f.Instructions[3].Stage != 0 || f.Stages[0].EndLine != 4 {
		t.Errorf("%+v", f.Stages)
	}
}

// TestBounds: what is kept of a file has a bound, and reaching it is a problem.
func TestBounds(t *testing.T) {
	f := Parse([]byte(strings.Repeat("RUN\n", MaxInstructions+10)))
	if len(f.Instructions) != MaxInstructions || len(f.Problems) != 1 || f.Problems[0] != (Problem{MaxInstructions + 1, TooMany}) {
		t.Errorf("%d instructions, %v", len(f.Instructions), f.Problems)
	}
	for _, form := range []string{"ENV %s", "ARG %s", "LABEL %s", "EXPOSE %s", "COPY %s x"} {
		f := Parse([]byte(fmt.Sprintf(form, strings.Repeat("a=b ", MaxWords+10)) + "\nRUN x"))
		if in := f.Instructions[0]; len(in.Vars)+len(in.Args) != MaxWords || len(f.Instructions) != 1 || f.Problems[len(f.Problems)-1].What != TooMany {
			t.Errorf("%s: %d words, %d instructions, %v", form, len(in.Vars)+len(in.Args), len(f.Instructions), f.Problems)
		}
	}
	if f := Parse([]byte("CMD [" + strings.Repeat(`"a",`, MaxWords+10) + `"a"]`)); len(f.Instructions[0].Args) != MaxWords || len(f.Problems) != 1 {
		t.Errorf("%d words, %v", len(f.Instructions[0].Args), f.Problems)
	}
}

// TestHostile reads texts made to be slow. A reader that is not linear does not come back from these.
func TestHostile(t *testing.T) {
	const n = 100_000
	var heredocs, lines, stages, names strings.Builder
	for i := range n / 10 {
		fmt.Fprintf(&heredocs, "RUN <<A%d\n", i)
		fmt.Fprintf(&lines, "%d\n\t%d\n", i, i)
		fmt.Fprintf(&stages, "FROM s%d AS s%d\n", i, i+1)
		fmt.Fprintf(&names, "FROM $A AS s%d\nARG A\n", i)
	}
	for name, text := range map[string]string{
		"heredocs":            heredocs.String() + lines.String(),
		"heredocs, ended":     lines.String() + strings.ReplaceAll(heredocs.String(), "<<A", "<<"),
		"heredocs in one":     "RUN " + strings.Repeat("<<A ", n) + "\nA\nA\n",
		"heredocs in a shell": "RUN <<X\n" + strings.Repeat("a <<A\n", n) + "X\n",
		"braces":              "ENV A=" + strings.Repeat("${A:-", n),
		"braces in quotes":    "ENV A=" + strings.Repeat("\"${A:-", n),
		"quotes":              "ENV A " + strings.Repeat(`"'`, n),
		"escaped quotes":      "ENV A " + strings.Repeat(`"\"`, n),
		"substitutions":       "RUN " + strings.Repeat("$(", n),
		"quoted":              "RUN " + strings.Repeat("\"$(", n) + strings.Repeat(")\"", n),
		"backquotes":          "RUN " + strings.Repeat("`a ", n),
		"parentheses":         "RUN " + strings.Repeat("(", n) + strings.Repeat(")", n),
		"arithmetic":          "RUN " + strings.Repeat("$((", n),
		"shell braces":        "RUN " + strings.Repeat("${a", n),
		"heredoc words":       "RUN <<" + strings.Repeat("${a:-", n),
		"onbuild":             strings.Repeat("ONBUILD ", n),
		"brackets":            "RUN " + strings.Repeat("[", n),
		"json":                "RUN [\"a\"" + strings.Repeat(",[", n),
		"continued":           "RUN " + strings.Repeat("\\\n", n),
		"comments":            "RUN a \\\n" + strings.Repeat("#\n", n),
		"comments above":      strings.Repeat("# check=skip=all\n", n) + "RUN a",
		"continued words":     "ENV A=b" + strings.Repeat("\\\n C=d", n/10),
		"doubling":            "ENV A=aaaaaaaaaaaaaaaa\n" + strings.Repeat("ENV A=$A$A$A$A\n", n/10),
		"references":          "ENV A=" + strings.Repeat("$A", n),
		"mounts":              "RUN --mount=" + strings.Repeat("a,", n),
		"stages":              "FROM a AS s0\n" + stages.String(),
		"stages by name":      "ARG A=s1\n" + names.String(),
		"pairs in a comment":  "# ENV " + strings.Repeat("A=b ", n) + "\nRUN a",
		"empty lines":         "RUN a \\" + strings.Repeat("\n", n),
		"carriage returns":    "RUN a" + strings.Repeat("\r", n) + "b",
		"one long line":       "RUN " + strings.Repeat("a", n) + "<<B",
		"lines of a heredoc":  "COPY <<-E /a\n" + strings.Repeat("\t\tA=b\n", n) + "E\n",
	} {
		f := Parse([]byte(text))
		Assignments(f)
		Resolve(f, func(in *Instruction, env *Env) {
			for _, w := range in.Args {
				env.Word(w.Raw)
			}
			for _, v := range in.Vars {
				f.Refs(v.Raw)
			}
		})
		if len(f.Instructions) == 0 {
			t.Errorf("%s: nothing read", name)
		}
	}
}

// TestLongLine: BuildKit refuses lines of 64 KB.
func TestLongLine(t *testing.T) {
	value := strings.Repeat("x", 100_000)
	f := Parse([]byte("FROM a\nENV A=" + value + "\nENV B=c"))
	if len(f.Instructions) != 3 || f.Instructions[1].Vars[0].Value.String() != value || len(f.Problems) != 0 {
		t.Errorf("%d instructions, %v", len(f.Instructions), f.Problems)
	}
}
