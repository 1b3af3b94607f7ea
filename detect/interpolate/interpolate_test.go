package interpolate

import (
	"bytes"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// forms are values with what they consist of and the texts that their references hold, as NAME=text; a star marks
// the one that is the whole value.
var forms = []struct {
	dialect  Dialect
	value    string
	form     Form
	operands string
}{
	{Compose, "", Empty, ""},
	{Compose, " \t", Empty, ""},
	{Compose, "hunter2", Literal, ""},
	{Compose, "pa$", Literal, ""},
	{Compose, "pa$$word", Literal, ""},
	{Compose, "$$apr1$$abc$$def", Literal, ""},
	{Compose, "$1", Literal, ""},
	{Compose, "${", Literal, ""},
	{Compose, "${A", Literal, ""},
	{Compose, "${A:-x", Literal, ""},
	{Compose, "$A", Reference, ""},
	{Compose, "${A}", Reference, ""},
	{Compose, " ${A} ", Reference, ""},
	{Compose, "${A}$B", Reference, ""},
	{Compose, "$A.b", Mixed, ""},
	{Compose, "pa$word", Mixed, ""},
	{Compose, "http://${HOST}/", Mixed, ""},
	{Compose, "${A:-x}", Reference, "A=x*"},
	{Compose, "${A-x}", Reference, "A=x*"},
	{Compose, "${A:+x}", Reference, "A=x*"},
	{Compose, "${A+x}", Reference, "A=x*"},
	{Compose, "${A:-}", Reference, ""},
	{Compose, "${A:?must be set}", Reference, ""},
	{Compose, "${A?must be set}", Reference, ""},
	{Compose, "${A:-${B:-real}}", Reference, "B=real*"},
	{Compose, "${A:-${B:-${C-real}}}", Reference, "C=real*"},
	{Compose, "${A:-${B}}", Reference, ""},
	{Compose, "${A:-$B}", Reference, ""},
	{Compose, "${A:-pre${B:-x}post}", Reference, "A=pre${B:-x}post* B=x"},
	{Compose, "${A:-x}${B:-y}", Reference, "A=x B=y"},
	{Compose, "a${A:-x}", Mixed, "A=x"},
	{Compose, `${A:-"x y"}`, Reference, "A=x y*"},
	{Compose, `${A:-'x'}`, Reference, "A=x*"},
	{Compose, "${A:-pa$$wd}", Reference, "A=pa$wd*"},
	{Compose, `${A:-{"k":"v"}}`, Reference, `A={"k":"v"}*`},
	{Compose, "${A:-x}}", Mixed, "A=x"},
	{Compose, "postgres://u:${PW:-hunter2}@db/${DB:-app}", Mixed, "PW=hunter2 DB=app"},
	{Compose, "${a.b}", Reference, ""},
	{Compose, "${:-x}", Reference, ""},
	{Compose, "{{ .Values.x }}", Reference, ""},
	{Compose, "{{ .Values.x }}-y", Mixed, ""},
	{Compose, "{{ .Values.x", Literal, ""},
	{Compose, "$(X)", Literal, ""},
	{Compose, "${A:-${B:-x}", Mixed, "B=x"},
	{Compose, "${A:-${B:?no}-x}", Reference, "A=${B:?no}-x*"},
	{Shell, `\$A`, Literal, ""},
	{Shell, `${A:-\$x}`, Reference, `A=$x*`},
	{Shell, `${A:=x}`, Reference, `A=x*`},
	{Shell, `$(cat x)`, Reference, ""},
	{Shell, `$(cat $(which x))`, Reference, ""},
	{Shell, `$(cat x`, Literal, ""},
	{Shell, "`cat x`", Reference, ""},
	{Shell, "`cat x", Literal, ""},
	{Shell, "${A#x}", Reference, ""},
	{Shell, "${A%%x}", Reference, ""},
	{Shell, "${A:0:3}", Reference, ""},
	{Shell, "$1", Reference, ""},
	{Shell, "$(( 1 + 2 ))", Reference, ""},
	{Shell, "${A:-$(cat x)}", Reference, ""},
	{Shell, "$(echo ${A:-x})", Reference, "A=x"},
	{GitHub, "${{ secrets.X }}", Reference, ""},
	{GitHub, "a ${{ secrets.X }}", Mixed, ""},
	{GitHub, "${{ secrets.X || 'hunter2' }}", Reference, "X=hunter2*"},
	{GitHub, "${{ a || secrets.X||'b c' }}d", Mixed, "X=b c"},
	{GitHub, "${{ secrets.X || secrets.Y }}", Reference, ""},
	{GitHub, "${{ secrets.X || '' }}", Reference, ""},
	{GitHub, "${{||'x'}}", Reference, "=x*"},
	{GitHub, "${{ x || ' }}", Reference, ""},
	{GitHub, "$A", Literal, ""},
	{GitHub, "${{ secrets.X", Literal, ""},
	{Kubernetes, "$(A)", Reference, ""},
	{Kubernetes, "http://$(HOST)/", Mixed, ""},
	{Kubernetes, "$$(A)", Literal, ""},
	{Kubernetes, "${A}", Literal, ""},
	{GitLab, "$CI_TOKEN", Reference, ""},
	{Devcontainer, "${localEnv:TOKEN}", Reference, ""},
	{Devcontainer, "${localEnv:TOKEN:hunter2}", Reference, "TOKEN=hunter2*"},
	{Devcontainer, "${localEnv:TOKEN:}", Reference, ""},
	{Devcontainer, "${localEnv:A:b:c}", Reference, "A=b:c*"},
	{Devcontainer, "${localEnv:A:x}${containerEnv:B:y}", Reference, "A=x B=y"},
	{Devcontainer, "${localWorkspaceFolder}/x", Mixed, ""},
	{Devcontainer, "${devcontainerId}", Reference, ""},
	{Devcontainer, "pa$word", Literal, ""},
	{Devcontainer, "$$", Literal, ""},
	{Devcontainer, "${A:-x}", Reference, ""},
	{Devcontainer, "${A-x}", Literal, ""},
	{Devcontainer, "${}", Literal, ""},
	{Devcontainer, "${localEnv:A", Literal, ""},
	{Devcontainer, "${localEnv:A:${x}}", Mixed, "A=${x"},
}

func describe(ops []Operand) string {
	var words []string
	for _, o := range ops {
		w := string(o.Name.Bytes) + "=" + string(o.Text.Bytes)
		if o.Whole {
			w += "*"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func whole(b []byte) placed.Text { return placed.Of(b, assignment.Span{End: len(b)}) }

func TestForms(t *testing.T) {
	for _, c := range forms {
		b := []byte(c.value)
		v := Scan(b, c.dialect)
		if v.Form != c.form {
			t.Errorf("%q: %v, want %v", c.value, v.Form, c.form)
		}
		if got := describe(Operands(whole(b), v, c.dialect)); got != c.operands {
			t.Errorf("%q: operands %q, want %q", c.value, got, c.operands)
		}
	}
}

func TestUnescape(t *testing.T) {
	for _, c := range []struct {
		dialect     Dialect
		value, want string
	}{
		{Compose, "$$apr1$$x", "$apr1$x"}, {Compose, "a$$$$b", "a$$b"}, {Compose, "plain", "plain"}, {Compose, "$$$", "$$"},
		{Shell, `\$a`, "$a"}, {Shell, `\\$a`, `\\$a`}, {Shell, `\n\$`, `\n$`},
	} {
		got := Unescape(whole([]byte(c.value)), c.dialect)
		if string(got.Bytes) != c.want {
			t.Errorf("%q: %q, want %q", c.value, got.Bytes, c.want)
		}
		if got.Place() != (assignment.Span{End: len(c.value)}) {
			t.Errorf("%q: place %v", c.value, got.Place())
		}
	}
}

// TestLinear: what an attacker writes takes no more than some steps a byte, which the number of references bounds.
func TestLinear(t *testing.T) {
	for _, unit := range []string{"${A:-", "${{", "{{", "$(", "`", "${", "$$", "${A:-${B}", "${a:b:", "}", "{", "${A:-x}"} {
		b := []byte(strings.Repeat(unit, 1<<15))
		for _, d := range []Dialect{Compose, Shell, GitHub, Kubernetes, Devcontainer} {
			v := Scan(b, d)
			total := 0
			for _, o := range Operands(whole(b), v, d) {
				total += o.Text.Len()
			}
			if total > (MaxDepth+1)*len(b) {
				t.Errorf("%q: operands of %d bytes from %d", unit, total, len(b))
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.value), uint8(c.dialect))
	}
	f.Fuzz(func(t *testing.T, b []byte, dialect uint8) {
		d := Dialect(dialect)
		v := Scan(b, d)
		var open []int
		for k := range v.Refs {
			r := &v.Refs[k]
			if r.Start < 0 || r.Start >= r.End || r.End > len(b) {
				t.Fatalf("reference [%d, %d)", r.Start, r.End)
			}
			if r.NameStart < r.Start || r.NameEnd < r.NameStart || r.NameEnd > r.End {
				t.Fatalf("name [%d, %d) of a reference [%d, %d)", r.NameStart, r.NameEnd, r.Start, r.End)
			}
			if r.OperandStart != 0 && (r.OperandStart < r.NameEnd || r.OperandEnd < r.OperandStart || r.OperandEnd > r.End-1) {
				t.Fatalf("operand [%d, %d) of a reference [%d, %d)", r.OperandStart, r.OperandEnd, r.Start, r.End)
			}
			for len(open) > 0 && r.Start >= open[len(open)-1] {
				open = open[:len(open)-1]
			}
			if len(open) > 0 && r.End > open[len(open)-1] || len(open) != r.Depth {
				t.Fatalf("reference [%d, %d) at depth %d, %d around it", r.Start, r.End, r.Depth, len(open))
			}
			open = append(open, r.End)
		}
		for _, o := range Operands(whole(b), v, d) {
			if o.Text.Verbatim() && !bytes.Equal(o.Text.Place().Of(b), o.Text.Bytes) {
				t.Fatal("operand is not where it is said to be")
			}
		}
		Unescape(whole(b), d)
	})
}

func BenchmarkScan(b *testing.B) {
	for _, c := range []struct{ name, value string }{
		{"literal", strings.Repeat("a plain value of some length ", 4)},
		{"default", "postgres://${USER:-app}:${PW:-hunter2}@db:5432/app"},
	} {
		b.Run(c.name, func(b *testing.B) {
			v := []byte(c.value)
			b.SetBytes(int64(len(v)))
			for b.Loop() {
				Scan(v, Compose)
			}
		})
	}
}
