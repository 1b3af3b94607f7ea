package oracle

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"rummage/detect/dockerfile"
)

// TestInvented compares the files in ../testdata.
func TestInvented(t *testing.T) {
	if tally := walk(t, "../testdata"); tally.agreed < 11 {
		t.Errorf("only %d files", tally.agreed)
	}
}

// TestFolder compares the Dockerfiles under the folder that RUMMAGE_DOCKERFILES names.
func TestFolder(t *testing.T) {
	if root := os.Getenv("RUMMAGE_DOCKERFILES"); root != "" {
		walk(t, root).report(t)
	}
}

// FuzzParse compares what both make of any bytes.
func FuzzParse(f *testing.F) {
	err := filepath.WalkDir("../testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		f.Add(data)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range lines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if difference := compare(data, &tally{refused: map[string]int{}}); difference != "" {
			t.Errorf("%s\n%q", difference, data)
		}
	})
}

// TestLines compares forms that have gone wrong once, or nearly did.
func TestLines(t *testing.T) {
	for _, line := range lines {
		if difference := compare([]byte(line), &tally{refused: map[string]int{}}); difference != "" {
			t.Errorf("%s\n%q", difference, line)
		}
	}
}

var lines = []string{
	"FROM a\nRUN a \\\n\n  # c\n b \\\\\n", "\\\nFROM a", "FROM a \\", "\ufeffFROM a\r\nRUN \\\r\n x\r\n", "# escape=`\nFROM a\nRUN a `\n b \\\n",
	"#escape = `\n\nRUN a `\n b", "# escape=`\n# escape=`\nFROM a", "# foo=bar\n# escape=`\nRUN a \\\n b", "RUN --mount=type=a,b --x 'y' z", "RUN -- x",
	"RUN --", "RUN --a=\"b c\" d", "RUN --a=\\", "ENV a b c", "ENV a=b\\ c d='e f' g=\"h\\\"i\"", "ENV \"a b\" c", "ENV a", "ENV a=b c", "LABEL a=b \"c d\"=e",
	"ARG a b=c d='e f'", "ENV a=b\\\\\\", "RUN [\"a\", \"b\\u00e9\\n\"]", "RUN ['a']", "RUN [1]", "RUN [\"a\"] b", "RUN []", "COPY [\"a b\", \"c\"]", "RUN [ -f x ]",
	"HEALTHCHECK --interval=1s CMD a b", "HEALTHCHECK NONE", "HEALTHCHECK CMD [\"a\"]", "ONBUILD RUN --a=b c", "ONBUILD COPY <<E /x\na\nE\n", "ONBUILD ONBUILD RUN a",
	"RUN <<E\na\nE\nRUN b", "RUN <<-E\n\ta\n\tE\n", "RUN <<'E' cat\n$a\nE", "COPY <<A <<B /x\n1\nA\n2\nB\n", "RUN echo it's <<E\nE", "RUN << E\na\nE", "RUN a<<E\nE",
	"RUN 3<<\"E F\"\na\nE F\n", "RUN <<$E\n$E", "RUN <<${E:-F}\n${E:-F}", "RUN x${a:-b <<E}\nE}\n", "RUN ${a^^} <<E\nE", "RUN ${a/b/c} <<E\nE\n", "RUN \"${a:-b}\" <<E\nE\n",
	"RUN <<<E\nE", "RUN <<E\\\n F\na\nE\n", "RUN a <<'' b", "RUN <<E", "foo bar\nFROM x", "RUN\u00a0a", "ENV \u00a0a=b", "\u2003RUN a", "RUN a \\ \t\n b", "RUN a\\\n#c\n\n",
	"run a\nFrom b as c", "RUN --a=b\u00a0c d", "RUN <<e\\'f\ne'f\n", "RUN <<e'f'\nef\n", "# a\n#\n# b\n\nRUN a", "  # x\nRUN a", "FROM a\n\tRUN b", "EXPOSE  80 \t 81", "RUN a\x00b",
	"ARG G=1 H\nFROM a AS B\nARG G H=2 I\nENV A=$G B=${H} C=${I:-x} D=${A:+y} E='$A' F=\"$A\\$A\" J=\\$A K=$A$B L=${M:-${N-\"o p\"}}\nENV Q=$A$K$L$E",
	"ARG B=x\nFROM y AS X\nENV A=1\nFROM $B\nLABEL a=$A b=${A-2} c=${A:?e} d=$", "ENV a it's\nENV b \"c 'd' e\"\nENV f $a", "ENV a=${b c=d", "ENV a=$$ b=$1x c=${-}",
	"ENV A=\nENV b=${A:-1} c=${A-1} d=${A:+1} e=${A+1} f=${Z+1} g=${Z-} h=${A#x}", "# escape=`\nENV a=c:\\x b=`\"y c=\"d`\"`e\"", "ENV A=1\nENV A=2 B=$A\nENV C=$A",
	"HEALTHCHECK -- \xa00", "#escape= \nRUN", "# syntax= \n# escape=`\nRUN a `\n b", "R\xe1UN <<0", "WOR\u212aDIR a", "ONBU\u0131LD RUN a <<E",
	"MAINTAINER a \"b\" ", "RUN <<\"a\\\"b\"\na\"b\n", "RUN <<E # c\nE", "RUN <<E;\nE;\n", "RUN \\\n\\\n<<E\nE\n", "RUN <<E\r\na\r\nE\r\nRUN b\r\n", "RUN <<\tE\nE\n",
}

// tally counts what a walk met.
type tally struct {
	files, agreed, instructions, heredocs, flags, words int
	refused                                             map[string]int
	refusedFiles, differ                                int
	values, unknown                                     int // words whose value is the same, and those not known here
}

func (c *tally) report(t *testing.T) {
	t.Logf("%d files: %d agree (%d instructions, %d flags, %d words, %d heredocs, %d values, %d not known), %d differ, %d refused by BuildKit",
		c.files, c.agreed, c.instructions, c.flags, c.words, c.heredocs, c.values, c.unknown, c.differ, c.refusedFiles)
	var reasons []string
	for r := range c.refused {
		reasons = append(reasons, r)
	}
	sort.Strings(reasons)
	for _, r := range reasons {
		t.Logf("%5d %s", c.refused[r], r)
	}
}

// walk compares all files under root that have the name of a Dockerfile.
func walk(t *testing.T, root string) *tally {
	c := &tally{refused: map[string]int{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !dockerfile.IsDockerfile(d.Name()) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.files++
		if difference := compare(data, c); difference != "" {
			c.differ++
			t.Errorf("%s: %s", path, difference)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compare returns the first difference between the two, empty if there is none. What BuildKit refuses must be a
// problem here, and what it accepts none that its parser would refuse.
func compare(data []byte, c *tally) string {
	ours := dockerfile.Parse(data)
	result, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		c.refusedFiles++
		c.refused[reason(err)]++
		if len(ours.Problems) == 0 && !strings.Contains(err.Error(), "line greater than max") {
			return fmt.Sprintf("BuildKit: %v; here: no problem", err)
		}
		return ""
	}
	for _, p := range ours.Problems {
		switch p.What {
		case dockerfile.Unknown, dockerfile.BadFrom, dockerfile.NoArguments, dockerfile.BadQuote, dockerfile.NestedOnBuild, dockerfile.BadPair,
			dockerfile.BadMount:
		default:
			return fmt.Sprintf("line %d: here: %s; BuildKit: no error", p.Line, p.What)
		}
	}
	nodes := result.AST.Children
	if rune(ours.Escape) != result.EscapeToken {
		return fmt.Sprintf("escape %q, BuildKit %q", ours.Escape, result.EscapeToken)
	}
	for i := range min(len(nodes), len(ours.Instructions)) {
		if d := compareInstruction(ours, &ours.Instructions[i], nodes[i], c); d != "" {
			return fmt.Sprintf("instruction %d, line %d: %s", i, nodes[i].StartLine, d)
		}
	}
	if len(nodes) != len(ours.Instructions) {
		return fmt.Sprintf("%d instructions, BuildKit %d", len(ours.Instructions), len(nodes))
	}
	if d := compareValues(ours, c); d != "" {
		return d
	}
	c.agreed++
	return ""
}

// reason is the kind of an error: its text without what it quotes.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\"")
	if i := strings.Index(text, "'"); i > 0 {
		text = text[:i]
	}
	if _, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "dockerfile parse error") {
		text = rest
	}
	return strings.TrimSpace(text)
}

func compareInstruction(f *dockerfile.File, in *dockerfile.Instruction, node *parser.Node, c *tally) string {
	c.instructions++
	if in.StartLine != node.StartLine || in.EndLine != node.EndLine {
		return fmt.Sprintf("lines %d-%d, BuildKit %d-%d", in.StartLine, in.EndLine, node.StartLine, node.EndLine)
	}
	if in.Text.String() != node.Original {
		return fmt.Sprintf("text %q, BuildKit %q", in.Text, node.Original)
	}
	var comments []string
	for _, comment := range in.Comments {
		if !comment.Indented { // BuildKit leaves a part of the blanks and the # in these
			comments = append(comments, comment.Text.String())
		}
	}
	var want []string
	for i, comment := range node.PrevComment {
		if i < len(in.Comments) && !in.Comments[i].Indented {
			want = append(want, comment)
		}
	}
	if len(in.Comments) != len(node.PrevComment) || !equal(comments, want) {
		return fmt.Sprintf("comments %q, BuildKit %q", comments, node.PrevComment)
	}
	if len(in.Heredocs) != len(node.Heredocs) {
		return fmt.Sprintf("%d heredocs, BuildKit %d", len(in.Heredocs), len(node.Heredocs))
	}
	for i, doc := range in.Heredocs {
		c.heredocs++
		want := node.Heredocs[i]
		got := parser.Heredoc{Name: doc.Name, FileDescriptor: want.FileDescriptor, Expand: !doc.Quoted, Chomp: doc.StripTabs,
			Content: string(doc.Body.Of(f.Data()))}
		if fmt.Sprint(doc.FD) != fmt.Sprint(want.FileDescriptor) && want.FileDescriptor < 1<<32 {
			return fmt.Sprintf("descriptor %d, BuildKit %d", doc.FD, want.FileDescriptor)
		}
		want.Name = valid(want.Name)
		if got.Name = valid(got.Name); got != want {
			return fmt.Sprintf("heredoc %+v, BuildKit %+v", got, want)
		}
	}
	return compareArguments(in, node, c, 0)
}

// compareArguments compares name, flags and words, also of what an ONBUILD holds.
func compareArguments(in *dockerfile.Instruction, node *parser.Node, c *tally, depth int) string {
	if in.Known && strings.ToLower(in.Name) != strings.ToLower(node.Value) {
		return fmt.Sprintf("name %q, BuildKit %q", in.Name, node.Value)
	}
	var flags []string
	for _, flag := range in.Flags {
		c.flags++
		s := "--" + flag.Name
		if flag.Value.Len() > 0 || flag.Set {
			s += "=" + flag.Value.String()
		}
		flags = append(flags, latin1(s))
	}
	if !equal(flags, node.Flags) {
		return fmt.Sprintf("flags %q, BuildKit %q", flags, node.Flags)
	}
	if in.JSON != node.Attributes["json"] {
		return fmt.Sprintf("json %v, BuildKit %v", in.JSON, node.Attributes)
	}
	if in.Name == "ONBUILD" && in.Known {
		switch {
		case depth >= 3 || node.Next == nil:
			return ""
		case in.OnBuild == nil:
			return "no instruction in ONBUILD"
		}
		return compareArguments(in.OnBuild, node.Next.Children[0], c, depth+1)
	}
	var got, want []string
	for _, w := range in.Args {
		if in.JSON && w.Quoted {
			got = append(got, valid(w.Value.String()))
		} else {
			got = append(got, valid(w.Raw.String()))
		}
	}
	for n := node.Next; n != nil && in.Known; n = n.Next {
		want = append(want, valid(n.Value))
	}
	got = append(got, pairs(in)...)
	c.words += len(want)
	if in.Name == "HEALTHCHECK" && len(want) > len(got) {
		want = want[:len(got)]
	}
	if !equal(got, want) && !mended(in, want) {
		return fmt.Sprintf("words %q, BuildKit %q", got, want)
	}
	return ""
}

// mended says whether one of the words is of the form "NAME=value", which builders refuse when they expand it, and
// which is read as it is meant here.
func mended(in *dockerfile.Instruction, words []string) bool {
	for _, w := range words {
		if name, _, _ := strings.Cut(w, "="); len(in.Vars) > 0 && w != "" && (w[0] == '"' || w[0] == '\'') && strings.Count(name, w[:1])%2 == 1 {
			return true
		}
	}
	return false
}

// pairs gives Vars as BuildKit does: name, value and separator of ENV and LABEL, words of ARG.
func pairs(in *dockerfile.Instruction) []string {
	var list []string
	for _, v := range in.Vars {
		name, value := valid(v.RawName.String()), valid(v.Raw.String())
		switch {
		case in.Name == "ARG" && v.Set:
			list = append(list, name+"="+value)
		case in.Name == "ARG":
			list = append(list, name)
		case v.Old:
			list = append(list, name, value, "")
		default:
			list = append(list, name, value, "=")
		}
	}
	return list
}

// latin1 is what BuildKit makes of the bytes of flags: it takes each for a character.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// valid replaces bytes that are no UTF-8 one by one.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
