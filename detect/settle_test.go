package detect

import (
	"fmt"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// placedIDs are the rules whose matches hold at a path, each with "!" before it when suppressed there.
func placedIDs(t *testing.T, d *Detector, text, path string) string {
	t.Helper()
	var ids []string
	list := d.Matcher().Match([]byte(text))
	for i := range list {
		checkMatch(t, []byte(text), &list[i])
		ok, by := d.PlacedAt(&list[i], path, "")
		if !ok {
			continue
		}
		id := list[i].Rule.ID
		if by != nil {
			id = "!" + id
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

// rule writes a rule of ours: regex, and further lines.
func rule(id, regex string, more ...string) string {
	return fmt.Sprintf("[[rules]]\nid='%s'\nregex='''%s'''\nseverity='high'\n%s\n", id, regex, strings.Join(more, "\n"))
}

func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		name, rules, text, path, want string
	}{
		{"specificity", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w{3})`), "x=abcdef", "", "b"},
		{"longer", rule("a", `x=(\w{3})`) + rule("b", `x=(\w+)`), "x=abcdef", "", "b"},
		{"lower id", rule("b", `x=(\w{3})`) + rule("a", `x=(\w{3})`), "x=abcdef", "", "a"},
		{"apart", rule("a", `x=(\w{3})`) + rule("b", `x=\w{3}(\w{3})`), "x=abcdef", "", "a b"},
		{"matches overlap, secrets do not", rule("a", `(u\d):p\d`) + rule("b", `u\d:(p\d)`), "u1:p2", "", "a b"},
		{"chain", rule("a", `(abcd)`) + rule("b", `(cdef)`, "specificity=200") + rule("c", `(efgh)`), "abcdefgh", "", "b"},
		{"loser of a loser", rule("a", `(abcdef)`) + rule("b", `(efgh)`) + rule("c", `(ghi)`, "specificity=5"), "abcdefghi", "", "a c"},
		{"better at its path", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, `path='\.tf$'`), "x=abc", "m.tf", "b"},
		{"not at another", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, `path='\.tf$'`), "x=abc", "m.go", "a"},
		{"better, but allowed there", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, "[rules.allowlist]\npaths=['test']"), "x=abc", "test/m", "a !b"},
		{"better, and not allowed there", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, "[rules.allowlist]\npaths=['test']"), "x=abc", "m", "b"},
		{"better with both criteria", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, "[rules.allowlist]\ncondition='AND'\npaths=['test']\nstopwords=['abc']"), "x=abc x=abd", "test/m", "a !b b"},
		{"suppressed does not beat", rule("a", `x=(\w+)`, "specificity=10") + rule("b", `x=(\w+)`, "[rules.allowlist]\nstopwords=['abc']"), "x=abc", "", "a"},
		{"suppressed by suppressed", rule("a", `x=(\w+)`, "specificity=10", "[rules.allowlist]\nstopwords=['abc']") + rule("b", `x=(\w+)`, "[rules.allowlist]\nstopwords=['abc']"), "x=abc", "", "!b"},
		{"chain of paths", rule("a", `(abc)`, "specificity=1") + rule("b", `(abc)`, "specificity=2", "path='b'") + rule("c", `(abc)`, "specificity=3", "path='c'"), "abc", "bc", "c"},
		{"chain of paths, first off", rule("a", `(abc)`, "specificity=1") + rule("b", `(abc)`, "specificity=2", "path='b'") + rule("c", `(abc)`, "specificity=3", "path='c'"), "abc", "b", "b"},
		{"chain of paths, both off", rule("a", `(abc)`, "specificity=1") + rule("b", `(abc)`, "specificity=2", "path='b'") + rule("c", `(abc)`, "specificity=3", "path='c'"), "abc", "x", "a"},
		{"generic id is less specific", rule("a-generic-key", `x=(\w+)`) + rule("b", `x=(\w+)`), "x=abc", "", "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := placedIDs(t, New(mustParse(t, c.rules)), c.text, c.path); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestGenericOfGitleaks: in gitleaks' files overlapping matches of several rules all stay, but for generic rules on
// the same line.
func TestGenericOfGitleaks(t *testing.T) {
	const rules = `
[[rules]]
id = "Generic-key"
regex = '''key=(\w+)'''
[[rules]]
id = "a"
regex = '''key=(aa\w+)'''
[[rules]]
id = "b"
regex = '''(aaa\w+)'''
[[rules]]
id = "c"
regex = '''cc\w+'''
path = '\.c$'
[[rules]]
id = "d"
regex = '''dd\w+'''
[rules.allowlist]
stopwords = ["ddd"]
`
	d := New(mustParse(t, rules))
	for _, c := range []struct{ text, path, want string }{
		{"key=aaa1", "", "a b"},
		{"key=xaa1", "", "Generic-key"},
		{"xaa1cc\nkey=aaa1", "", "a b"},
		{"key=aa1\ny=aa1key=aa1", "", "a a"},
		{"key=q1 aaaq1", "", "b"},
		{"key=q1\naaaq1", "", "Generic-key b"},
		{"key=ccc1", "x.c", "c"},
		{"key=ccc1", "x.go", "Generic-key"},
		{"key=ddd1", "", "Generic-key !d"},
	} {
		if got := placedIDs(t, d, c.text, c.path); got != c.want {
			t.Errorf("%q at %q: got %q, want %q", c.text, c.path, got, c.want)
		}
	}
}

// TestMixed: between a rule of ours and one of gitleaks' kind the overlap is settled.
func TestMixed(t *testing.T) {
	ours := mustParse(t, rule("ours", `x=(\w+)`))
	theirs := mustParse(t, "[[rules]]\nid='theirs'\nregex='''x=\\w{2}'''\n[[rules]]\nid='theirs-2'\nregex='''x=\\w{2}'''\n")
	rs, err := Merge(ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	if got := placedIDs(t, New(rs), "x=abcdef", ""); got != "ours" {
		t.Errorf("got %q", got)
	}
}

func TestComposite(t *testing.T) {
	const head = `
[[rules]]
id = "id"
regex = '''id=(\w+)'''
keywords = ["never there"]
skipReport = true
[rules.allowlist]
stopwords = ["sample"]
[[rules]]
id = "placed-id"
regex = '''pid=(\w+)'''
path = 'dir/'
[[rules]]
id = "file"
path = 'dir/'
skipReport = true
[[rules]]
id = "key"
regex = '''key=(\w+)'''
`
	for _, c := range []struct{ required, text, path, want string }{
		{"id='id'", "key=1 id=2", "", "key"},
		{"id='id'", "key=1\n\n\n\nid=2", "", "key"},
		{"id='id'", "key=1", "", ""},
		{"id='id'\nwithinLines=2", "key=1\n\nid=2", "", "key"},
		{"id='id'\nwithinLines=2", "key=1\n\n\nid=2", "", ""},
		{"id='id'\nwithinLines=2", "id=0\n\n\nkey=1\nkey=2\n\nid=2", "", "key"},
		{"id='id'\nwithinLines=0", "key=1\nid=2", "", ""},
		{"id='id'\nwithinColumns=3", "key=1\n   id=2", "", "key"},
		{"id='id'\nwithinColumns=3", "key=1\n    id=2", "", ""},
		{"id='id'\nwithinLines=1\nwithinColumns=6", "key=1 id=2", "", "key"},
		{"id='id'\nwithinLines=1\nwithinColumns=5", "key=1 id=2", "", ""},
		{"id='id'\nwithinLines=1\n[[rules.required]]\nid='id'\nwithinLines=9", "key=1\n\n\n\nid=2", "", "key"},
		{"id='id'\n[[rules.required]]\nid='placed-id'", "key=1 id=2", "dir/f", ""},
		{"id='id'\n[[rules.required]]\nid='placed-id'", "key=1 id=2 pid=3", "dir/f", "key placed-id"},
		{"id='id'\n[[rules.required]]\nid='placed-id'", "key=1 id=2 pid=3", "f", ""},
		{"id='file'", "key=1", "dir/f", "key"},
		{"id='file'", "key=1", "f", ""},
		{"id='id'", "key=1 id=sample", "", "!key"},
		{"id='id'", "key=1 id=sample id=2", "", "key"},
		{"id='id'", "key=1\nid=2 gitleaks:allow", "", "!key"},
	} {
		d := New(mustParse(t, head+"[[rules.required]]\n"+c.required+"\n"))
		if got := placedIDs(t, d, c.text, c.path); got != c.want {
			t.Errorf("%s\n%q at %q: got %q, want %q", c.required, c.text, c.path, got, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, c := range []struct{ rule, text, secret, match string }{
		{`regex='''k=\w+'''`, "k=abc", "k=abc", "k=abc"},
		{`regex='''k=(x)?(\w+)'''`, "k=abc", "abc", "k=abc"},
		{`regex='''k=(x)?(\w+)'''`, "k=xabc", "x", "k=xabc"},
		{"regex='''k=(x)?(\\w+)'''\nsecretGroup=2", "k=xabc", "abc", "k=xabc"},
		{"regex='''k=(x)?(\\w+)'''\nsecretGroup=1", "k=abc", "k=abc", "k=abc"},
		{`regex='''\nk=(\w+)\n+'''`, "\nk=abc\n\n\nx", "\x00", "k=abc"},
		{`regex='''(\w+)\b'''`, "abc", "abc", "abc"},
	} {
		for _, own := range []string{"", "severity='low'\n"} {
			text := "[[rules]]\nid='x'\n" + own + c.rule
			list := New(mustParse(t, text)).Matcher().Match([]byte(c.text))
			if len(list) != 1 {
				t.Errorf("%s: %d matches of %q", text, len(list), c.text)
				continue
			}
			want := c.secret
			if want == "\x00" {
				// gitleaks runs the expression again on the trimmed match, which no longer has the line feeds.
				if want = "k=abc"; own != "" {
					want = "abc"
				}
			}
			if list[0].Secret != want || list[0].Text != c.match {
				t.Errorf("%s\n%q: secret %q of %q, want %q of %q", text, c.text, list[0].Secret, list[0].Text, want, c.match)
			}
			checkMatch(t, []byte(c.text), &list[0])
		}
	}
}

func TestNamedRules(t *testing.T) {
	d := New(mustParse(t, `
[[rules]]
id = "key-store"
path = '''\.(jks|p12)$'''
[rules.allowlist]
paths = ['^test/']
[[rules]]
id = "dot-env"
path = '''(^|/)\.env$'''
[[rules]]
id = "content"
path = '''x'''
regex = '''x'''
`))
	for path, want := range map[string]string{"a/b.p12": "key-store", "test/b.p12": "!key-store", "b.p12/c": "", ".env": "dot-env", "": "", "x": ""} {
		got := ""
		for _, r := range d.NamedRules(path, "") {
			if ok, by := d.PlacedAt(&Match{Rule: r}, path, ""); ok && by != nil {
				got += "!" + r.ID
			} else if ok {
				got += r.ID
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
	if !d.HasNameRules() || New(mustParse(t, rule("a", "a"))).HasNameRules() {
		t.Error("HasNameRules is wrong")
	}
}

// TestStructured: assignments that a reader of files hands in are judged by the rules of their context.
func TestStructured(t *testing.T) {
	d := New(mustParse(t, `
[[rules]]
id = "env-password"
in = ["dockerfile.env", "compose.environment"]
key = '(?i)passw'
value = '^.{4,}$'
specificity = 10
[[rules]]
id = "env-pin"
in = ["dockerfile.env"]
key = 'PIN'
value = '^pin-(\d+)$'
keywords = ["pin"]
[[rules]]
id = "arg"
kind = "exposure"
severity = "low"
in = ["dockerfile.arg"]
key = 'TOKEN'
`))
	data := []byte("ENV DB_PASSWORD hunter2\nENV PIN=pin-1234\nARG NPM_TOKEN\nENV PASSWORD ab\\ cd")
	span := func(s string) assignment.Span {
		i := strings.Index(string(data), s)
		return assignment.Span{Start: i, End: i + len(s)}
	}
	list := d.Matcher().MatchWith(data, Reading{Assignments: []assignment.Assignment{
		{Context: "dockerfile.env", Name: span("DB_PASSWORD"), Value: span("hunter2")},
		{Context: "dockerfile.env", Name: span("PIN"), Value: span("pin-1234")},
		{Context: "dockerfile.arg", Name: span("NPM_TOKEN"), Value: assignment.Span{Start: span("NPM_TOKEN").End, End: span("NPM_TOKEN").End}},
		{Context: "dockerfile.env", Name: span("PASSWORD ab"), Value: span(`ab\ cd`), Decoded: []byte("ab cd")},
		{Context: "dotenv", Name: span("DB_PASSWORD"), Value: span("hunter2")},
	}})
	var got []string
	for i := range list {
		m := &list[i]
		checkMatch(t, data, m)
		got = append(got, fmt.Sprintf("%s %s %q %q", m.Rule.ID, m.Context, m.Secret, data[m.SecretStart:m.SecretEnd]))
	}
	want := `env-password dockerfile.env "hunter2" "hunter2"
env-pin dockerfile.env "1234" "1234"
arg dockerfile.arg "" "NPM_TOKEN"
env-password dockerfile.env "ab cd" "ab\\ cd"`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestNamedRulesInContext(t *testing.T) {
	d := New(mustParse(t, `
[[rules]]
id = "anywhere"
path = '''\.env$'''
[[rules]]
id = "image"
path = '''\.env$'''
in = ["image.file"]
`))
	for in, want := range map[assignment.Context]string{"": "anywhere", "image.file": "image", "image.other": ""} {
		got := ""
		for _, r := range d.NamedRules("/app/.env", in) {
			got += r.ID
		}
		if got != want {
			t.Errorf("in %q: got %q, want %q", in, got, want)
		}
	}
}

func TestMatchForms(t *testing.T) {
	m := New(mustParse(t, `
[[rules]]
id = "form"
regex = '''tok_[a-z]{8}'''
keywords = ["tok_"]
[[rules]]
id = "named"
in = ["text.assignment"]
key = "password"
value = '''[a-z_]+'''
keywords = ["password"]
`)).Matcher()
	text := []byte("password = abcdefgh\npassword = tok_abcdefgh\n")
	ids := func(list []Match) (s string) {
		for i := range list {
			s += list[i].Rule.ID + " "
		}
		return s
	}
	all := ids(m.Match(text))
	if !strings.Contains(all, "named") || !strings.Contains(all, "form") {
		t.Fatalf("Match finds %s", all)
	}
	if got := ids(m.MatchForms(text)); got != "form " {
		t.Errorf("MatchForms finds %s", got)
	}
	if again := ids(m.Match(text)); again != all {
		t.Errorf("afterwards Match finds %s, before %s", again, all)
	}
}
