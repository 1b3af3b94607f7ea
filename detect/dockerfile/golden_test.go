package dockerfile

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// files are the invented Dockerfiles of testdata.
func files(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.Dockerfile")
	if err != nil || len(names) < 12 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	list := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = data
	}
	return list
}

// TestGolden: what is read of each file is what has been looked at and written down. -update writes it anew.
func TestGolden(t *testing.T) {
	for name, data := range files(t) {
		golden := strings.TrimSuffix(name, ".Dockerfile") + ".golden"
		got := describe(Parse(data))
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// describe writes down a file: instructions, assignments, what variables stand for, problems.
func describe(f *File) string {
	var b strings.Builder
	for _, d := range f.Directives {
		fmt.Fprintf(&b, "directive %d %s %q\n", d.Line, d.Name, d.Value)
	}
	for _, s := range f.Suppressions {
		fmt.Fprintf(&b, "suppression %+v\n", s)
	}
	for i, s := range f.Stages {
		fmt.Fprintf(&b, "stage %d %q of %q parent %d, instructions %d-%d, lines %d-%d\n", i, s.Name, s.Base.Value, s.Parent, s.First, s.End-1, s.StartLine, s.EndLine)
	}
	Resolve(f, func(in *Instruction, env *Env) {
		fmt.Fprintf(&b, "%d-%d ", in.StartLine, in.EndLine)
		describeInstruction(&b, f, in)
		all := append(in.Args[:len(in.Args):len(in.Args)], words(in.Vars)...)
		if _, command := shellText(in); command {
			all = nil
		}
		for _, w := range all {
			if r := env.Word(w.Raw); !r.Literal() {
				fmt.Fprintf(&b, "\t%s = %q unknown %v\n", w.Raw, r.Value, r.Unknown)
			}
		}
	})
	for _, a := range Assignments(f) {
		fmt.Fprintln(&b, show(f.data, a))
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "problem %d %s\n", p.Line, p.What)
	}
	return b.String()
}

func describeInstruction(b *strings.Builder, f *File, in *Instruction) {
	fmt.Fprint(b, in.Name)
	for _, flag := range in.Flags {
		fmt.Fprintf(b, " --%s=%q", flag.Name, flag.Value)
		for _, o := range flag.Options {
			fmt.Fprintf(b, "[%s %q]", o.Name, o.Value)
		}
	}
	if in.JSON {
		fmt.Fprint(b, " json")
	}
	for _, w := range in.Args {
		fmt.Fprintf(b, " %q", w.Value)
	}
	for _, v := range in.Vars {
		fmt.Fprintf(b, " %q", v.Name)
	}
	fmt.Fprintln(b)
	if in.OnBuild != nil {
		fmt.Fprint(b, "\tonbuild ")
		describeInstruction(b, f, in.OnBuild)
		return
	}
	for _, s := range in.Suppressions {
		fmt.Fprintf(b, "\tsuppression %+v\n", s)
	}
	for _, s := range f.Shell(in) {
		kind := "text"
		if s.Heredoc != nil {
			kind = fmt.Sprintf("heredoc %q quoted %v", s.Heredoc.Name, s.Heredoc.Quoted)
		}
		fmt.Fprintf(b, "\t%s shell %v target %q: %q\n", kind, s.Shell, s.Target, s.Text)
		if s.Shell {
			Commands(s.Text, s.Escape, func(c *Command) { fmt.Fprintf(b, "\t\t%s\n", showCommand(c)) })
		}
	}
}

func words(vars []Var) []Word {
	var list []Word
	for _, v := range vars {
		list = append(list, v.Word)
	}
	return list
}

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

// show writes down an assignment: context, name and value as meant.
func show(data []byte, a assignment.Assignment) string {
	value := a.Value.Of(data)
	mark := ""
	if a.Decoded != nil {
		mark = fmt.Sprintf(" (%q)", value)
		value = a.Decoded
	}
	return fmt.Sprintf("%s %s=%q%s", strings.TrimPrefix(string(a.Context), "dockerfile."), a.Name.Of(data), value, mark)
}
