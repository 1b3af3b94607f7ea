package dotenv

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
)

// line writes an entry: a letter for its context (c commented, s sample, d default), name, the value it means, and
// marks: ? for a reference, ~ for text with references, ! for a name alone, q for quotes.
func line(data []byte, e Entry) string {
	value := e.Decoded
	if value == nil {
		value = e.Value.Of(data)
	}
	mark := map[assignment.Context]string{Commented: "c ", Sampled: "s ", Default: "d "}[e.Context]
	s := fmt.Sprintf("%s%s=%s", mark, e.Name.Of(data), value)
	s += map[interpolate.Form]string{interpolate.Reference: " ?", interpolate.Mixed: " ~"}[e.Form]
	if e.Unset {
		s += " !"
	}
	if e.Quoted {
		s += " q"
	}
	return s
}

func lines(data []byte, f *File) string {
	var all []string
	for _, e := range f.Assignments {
		all = append(all, line(data, e))
	}
	return strings.Join(all, "|")
}

// check holds a file to what is true of every one: all is inside the bytes, names are what they are, values without
// another meaning are the bytes at their place.
func check(t *testing.T, data []byte, f *File) {
	t.Helper()
	total := 0
	for _, e := range f.Assignments {
		if e.Name.Start < 0 || e.Name.Start > e.Name.End || e.Name.End > len(data) || e.Name.Len() == 0 {
			t.Fatalf("name at %v", e.Name)
		}
		if e.Value.Start < 0 || e.Value.Start > e.Value.End || e.Value.End > len(data) {
			t.Fatalf("value at %v", e.Value)
		}
		if e.Decoded != nil && len(e.Decoded) == 0 {
			t.Fatal("decoded to nothing")
		}
		if e.Form == interpolate.Empty && len(bytes.TrimSpace(e.Value.Of(data))) > 0 && e.Decoded == nil {
			t.Fatalf("empty, with a value at %v", e.Value)
		}
		total += e.Value.Len()
	}
	if total > 2*(interpolate.MaxDepth+2)*len(data) {
		t.Fatalf("values of %d bytes from %d", total, len(data))
	}
	for _, p := range f.Problems {
		if p.Offset < 0 || p.Offset > len(data) {
			t.Fatalf("problem at %d", p.Offset)
		}
	}
}

// forms are lines of a .env file with what is read from them and the number of problems.
var forms = []struct {
	name, text, want string
	problems         int
}{
	{"nothing", "", "", 0},
	{"blank", "\n \t\n\r\n", "", 0},
	{"plain", "DB_PASSWORD=hunter2\n", "DB_PASSWORD=hunter2", 0},
	{"no line end", "A=b", "A=b", 0},
	{"several", "A=b\n\nC=d\n", "A=b|C=d", 0},
	{"export", "export A=b\nexport\tC=\"d\"\nexport=e\nexporter=f\n", "A=b|C=d q|export=e|exporter=f", 0},
	{"colon", "A: b\nC:d\nURL=http://x:y@z/\n", "A=b|C=d|URL=http://x:y@z/", 0},
	{"blanks", "  A = b  \n\tC\t=\td\t\n", "A=b|C=d", 0},
	{"names", "a.b=1\nc-d=2\ne[0]=3\n1F=4\nключ=5\n", "a.b=1|c-d=2|e[0]=3|1F=4|ключ=5", 0},
	{"equals signs", "A=b==\nC=d=e\n", "A=b==|C=d=e", 0},
	{"empty", "A=\nB=c\nD= \nE=''\nF=\"\"\n", "A=|B=c|D=|E= q|F= q", 0},
	{"name alone", "A\nB=c\nexport D\nE", "A= !|B=c|D= !|E= !", 0},
	{"comments", "# note\n#A\n  # B: c\nA=b # c\nC=d#e\nF=g\t# h\n", "A=b|C=d#e|F=g\t# h", 0},
	{"comment for a value", "A= # note\nB=#fff\nC=\"d\" # e\n", "A=|B=#fff|C=d q", 0},
	{"commented out", "#A=old\n# export B='c d'\n## C=\"d\"  # e\nD=new # E=old\n", "c A=old|c B=c d q|c C=d q|D=new|c E=old", 0},
	{"prose", "# set A=b to run\n# see https://x/?a=b\n# -DX=y\n# a = b\n#=\n", "", 0},
	{"comment with an open mark", "# A=\"b\nC=\"d\"\n", "c A=b|C=d q", 0},
	{"double quotes", `A="b c"` + "\n" + `B="\n\t\"\\\$x\0101\d"` + "\n", "A=b c q|B=\n\t\"\\$xA\\d q", 0},
	{"single quotes", `A='b $C "d" \n'` + "\n" + `B='it\'s'` + "\n", `A=b $C "d" \n q|B=it's q`, 0},
	{"back quotes", "A=`b c`\nB=`c\n", "A=b c q|B=`c", 0},
	{"mark inside", "A=b\"c\nD=it's\n", "A=b\"c|D=it's", 0},
	{"over lines", "A=\"b\nc\n\nd\"\nE='f\ng' # h\nI=j\n", "A=b\nc\n\nd q|E=f\ng q|I=j", 0},
	{"Windows", "A=b\r\nC=\"d\"\r\nE=\r\nF=\"g\r\nh\"\r\n", "A=b|C=d q|E=|F=g\r\nh q", 0},
	{"byte order mark", "\xef\xbb\xbfA=b\n", "A=b", 0},
	{"references", "A=$B\nC=${D}\nE=http://${F}/\nG=\"${H}\"\nI='${J}'\nK=$$L\nM=$(cat n)\n",
		"A=$B ?|C=${D} ?|E=http://${F}/ ~|G=${H} ? q|I=${J} q|K=$L|M=$(cat n) ?", 0},
	{"defaults", "A=${B:-hunter2}\nC=\"x${D-y}\"\nE=${F:?no}\nG=${H:+yes}\n",
		"A=${B:-hunter2} ?|d B=hunter2|d A=hunter2|C=x${D-y} ~ q|d D=y|E=${F:?no} ?|G=${H:+yes} ?|d H=yes|d G=yes", 0},
	{"bad name", "A B=c\nD=e\n=f\n@g\nh!=i\nJ=k\n", "D=e|J=k", 4},
	{"quoted as a whole", "\"A=b c\"\n'D=e'\n\"\"\n\"f\"\n", "A=b c q|D=e q", 4},
	{"shell lines", "eval \"$(x)\"\nA=b\nif [ x ]; then\n", "A=b", 2},
	{"open mark", "A=\"b\nC=\"d\"\nE='f\nG=h\n", "A=b|C=d q|E=f|G=h", 2},
	{"open mark, closed by an opening one", "A=\"b\nC=\"\nD=e\n", "A=b|C=|D=e", 2},
	{"text behind marks", "A=\"b\"c\nD='e' f\nG=\"h\"; I=\"j\" export K=l\n", "A=b q|D=e q|G=h q|I=j q|K=l", 2},
	{"private key", "KEY=\"-----BEGIN X-----\nMII=\n-----END X-----\"\nA=b\n", "KEY=-----BEGIN X-----\nMII=\n-----END X----- q|A=b", 0},
	{"templates", "A={{ b }}\nC=<%= d %>\n", "A={{ b }} ?|C=<%= d %>", 0},
	{"no-break space", "A=\u00a0b\u00a0\n", "A=b", 0},
	{"line of NUL", "A=\x00b\n\x00\nC=d\n", "A=\x00b|C=d", 1},
}

var rawForms = []struct {
	name, text, want string
	problems         int
}{
	{"quotes stay", "A=\"b\"\nC='d' # e\n", "A=\"b\"|C='d' # e", 0},
	{"blanks stay", "  A= b \nC=$D\n", "A= b |C=$D", 0},
	{"name alone", "A\n", "A= !", 0},
	{"blank in the name", "A B=c\nexport D=e\nF=g\n", "F=g", 2},
	{"commented out", "#A=\"b\"\n", "c A=\"b\"", 0},
	{"Windows", "A=b\r\n", "A=b", 0},
}

var shellForms = []struct {
	name, text, want string
	problems         int
}{
	{"plain", "export A=b\nC=d\n", "A=b|C=d", 0},
	{"several", "export A=b C='d e' F\nG=h; I=j && K=l\n", "A=b|C=d e q|G=h|I=j|K=l", 0},
	{"declare", "declare -x A=b\nreadonly -r B=\"c\"\n", "A=b|B=c q", 0},
	{"pieces", "A=b'c d'\"e $F\"g\\ h\n", "A=bc de $Fg h ~", 0},
	{"single quotes", "A='$b'\n", "A=$b q", 0},
	{"escapes", `A="b\"c\$d\\e\n"` + "\n", `A=b"c$d\e\n q`, 0},
	{"commands", "use flake\neval \"$(x)\"\nPATH_add bin\nA=b\n", "A=b", 0},
	{"substitution", "A=$(cat b | c)\nD=`e f`\nG=\"$(h)\"\n", "A=$(cat b | c) ?|D=`e f` ?|G=$(h) ? q", 0},
	{"defaults", "A=${B:-c d}\n: ${E:=f} \"${G:=h}\"\n", "A=${B:-c d} ?|d B=c d|d A=c d|d E=f|d G=h", 0},
	{"before a command", "PGPASSWORD=x psql -h y\nA=b\n", "PGPASSWORD=x|A=b", 0},
	{"conditions", "if [ -z \"$A\" ]; then export B=c; fi\nif x; then\n  D=e\nfi\n", "B=c|D=e", 0},
	{"comments", "A=b # C=d\n# export E=\"f\"\nx # y\n", "A=b|c C=d|c E=f q", 0},
	{"open mark", "A='b\nC=d\n", "A=b|C=d", 1},
	{"over lines", "A='b\nc'\nD=\"e\nf\"\nG=h\\\ni\n", "A=b\nc q|D=e\nf q|G=hi", 0},
	{"append", "A+=b\n", "A=b", 0},
	{"functions", "f() {\n  local A=b\n}\n", "A=b", 0},
}

func TestForms(t *testing.T) {
	for _, set := range []struct {
		name  string
		o     Options
		forms []struct {
			name, text, want string
			problems         int
		}
	}{{"compose", Options{}, forms}, {"raw", Options{Raw: true}, rawForms}, {"shell", Options{Shell: true}, shellForms}} {
		for _, c := range set.forms {
			t.Run(set.name+"/"+c.name, func(t *testing.T) {
				data := []byte(c.text)
				f := set.o.Parse(data)
				if got := lines(data, f); got != c.want {
					t.Errorf("got  %q\nwant %q", got, c.want)
				}
				if len(f.Problems) != c.problems {
					t.Errorf("problems %v, want %d", f.Problems, c.problems)
				}
				check(t, data, f)
			})
		}
	}
}

// TestPlaces proves offsets by reading the bytes there.
func TestPlaces(t *testing.T) {
	text := "# x\nexport DB_PASSWORD=\"hun\\\"ter2\" # OLD=gone\nURL=postgres://u:${PW:-s3cret}@h\n"
	f := Parse([]byte(text))
	for i, want := range [][2]string{
		{"DB_PASSWORD", `hun\"ter2`}, {"OLD", "gone"}, {"URL", "postgres://u:${PW:-s3cret}@h"}, {"PW", "s3cret"},
	} {
		e := f.Assignments[i]
		name, value := text[e.Name.Start:e.Name.End], text[e.Value.Start:e.Value.End]
		if name != want[0] || value != want[1] {
			t.Errorf("assignment %d: %q = %q, want %q", i, name, value, want)
		}
		if first := strings.Index(text, want[1]); e.Value.Start != first {
			t.Errorf("assignment %d: value at %d, want %d", i, e.Value.Start, first)
		}
	}
	if got := string(f.Assignments[0].Decoded); got != `hun"ter2` || !f.Assignments[0].Export {
		t.Errorf("decoded %q", got)
	}
}

func TestSample(t *testing.T) {
	data := []byte("A=b\n# C=d\nE=${F:-g}\n")
	f := Options{Sample: true}.Parse(data)
	if got, want := lines(data, f), "s A=b|s C=d|s E=${F:-g} ?|s F=g|s E=g"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !f.Assignments[1].Comment || f.Assignments[0].Comment {
		t.Error("comment")
	}
}

func TestEncoding(t *testing.T) {
	if f := Parse([]byte("\xff\xfeA\x00=\x00")); len(f.Assignments) != 0 || len(f.Problems) != 1 || f.Problems[0].What != Encoding {
		t.Errorf("%+v", f)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		names  string
		want   bool
		sample bool
		shell  bool
	}{
		{".env .ENV .env.local .env.production .env-prod .env_prod .env~ .env.bak prod.env secrets.env .prod.env app.env.local", true, false, false},
		{"env.production env.local .flaskenv .dev.vars .dev.vars.staging .env.keys my-app.env .env.test db.env.backup", true, false, false},
		{".env.example .env.sample .env.template .env.dist .env.defaults .env-example example.env .env.example.local env.example", true, true, false},
		{"prod.env.dist .dev.vars.example .ENV.EXAMPLE env-sample .env.local.example", true, true, false},
		{".envrc .env.sh", true, false, true},
		{".envrc.example", true, true, true},
		{"env .environment env.go env.ts env.d.ts .env.js environment.yml envoy.yaml .env.php .env.gpg .env.enc .env.vault", false, false, false},
		{"test_env.py dotenv.md .envoy env_test.go env-utils my.env.ts .env.json .env.yaml x.environment env.rs .env.swp env.h", false, false, false},
		{"a.b.c envsubst .en .envs Dockerfile", false, false, false},
	} {
		for _, name := range strings.Fields(c.names) {
			o, ok := ForName(name)
			if ok != c.want || IsDotenv(name) != c.want {
				t.Errorf("%s: taken for a .env file: %v", name, ok)
			}
			if ok && (o.Sample != c.sample || IsSample(name) != c.sample || o.Shell != c.shell) {
				t.Errorf("%s: %+v", name, o)
			}
		}
	}
}

// TestHostile: what an attacker repeats is read in one go.
func TestHostile(t *testing.T) {
	for _, unit := range []string{
		"A=\"\n", "A='\n", "A=`\n", "A=\"\\\"\n", "$(", "${A:-", "A=$(", "A=b # ", "# A=b ", "\"", "'", "\\", "A=\"b\"", "A", "=", "#", "A='b\nC=\"d\n",
		"export ", "then ", "A=b;", "`", "A=b'c'", "\n", "A=\"b\nC=\"", "${", "A=${", "{ ",
	} {
		data := []byte(strings.Repeat(unit, 1<<17/len(unit)))
		for _, o := range []Options{{}, {Raw: true}, {Shell: true}} {
			check(t, data, o.Parse(data))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range append(append(append(forms[:0:0], forms...), rawForms...), shellForms...) {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []Options{{}, {Raw: true}, {Shell: true}, {Sample: true}} {
			check(t, data, o.Parse(data))
		}
	})
}
