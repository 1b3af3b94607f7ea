package carrier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

func text(b []byte) placed.Text { return placed.Of(b, assignment.Span{End: len(b)}) }

func line(data []byte, e Entry) string {
	value := e.Decoded
	if value == nil {
		value = e.Value.Of(data)
	}
	s := fmt.Sprintf("%s=%s", e.Name.Of(data), value)
	s += map[interpolate.Form]string{interpolate.Reference: " ?", interpolate.Mixed: " ~"}[e.Form]
	if e.Context == "d" {
		s = "d " + s
	}
	if e.Unset {
		s += " !"
	}
	return s
}

func lines(data []byte, entries []Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, line(data, e))
	}
	return all
}

// commands are texts of a shell with the flags and variables among their words.
var commands = []struct{ text, want string }{
	{"a b; c 'd --key' e # --key f", ""},
	{"x --password hunter2 -p short --flag --other=v", "password=hunter2,other=v"},
	{"x -password hunter2 -Da.b=c --flag; next", "password=hunter2,a.b=c"},
	{"PGPASSWORD='a b' psql && AB=c d", "PGPASSWORD=a b,AB=c"},
	{"x --key='a b' --key2 \"'q'\"", "key=a b,key2=q"},
	{"x --key $KEY --key2 ${B:-c}", "key=$KEY ?,key2=${B:-c} ?,d B=c,d key2=c"},
	{"docker run -e AB=c --build-arg DE=f x; docker build --build-arg DE=f --build-arg G", "AB=c,build-arg=DE=f,DE=f,DE=f,G= !"},
	{"x ${{ a 'b' }} --key=${{ secrets.K || 'hunter2' }}", "key=${{ secrets.K || 'hunter2' }} ?"},
	{"x --key $(y --key2 z) > --key3", "key2=z,key=$(y --key2 z)"},
	{"cat > .env <<E\nA=b\n c d\nE\nx --key e", "A=b,key=e"},
	{"curl -u a:b -H 'X-Token: c' d --user e:f", "-u=b,X-Token=c,--user=f"},
	{"mysql -p'$A' && su -c 'A=b mysql -pc'", "-p=$A ?,A=b,-p=c"},
	{"echo $A | docker login --password-stdin", "--password-stdin=$A ?"},
	{"mysql -p${A:-b}", "-p=${A:-b} ?,d A=b,d -p=b"},
	{"sh <<E\nmysql -pa\nE", "-p=a"},
	{"--- --a ---b=c =d --=e", ""},
	// Where a build secret comes from is no secret.
	{"docker build --secret id=a,env=B --secret=id=c,src=d --secret 'type=env,id=e' --secret-token f .", "secret-token=f"},
	{"docker run --secret db_password,type=env,target=G h --secret i", "secret=i"},
	{"x --secret j=k --secret", "secret=j=k"},
}

func TestCommands(t *testing.T) {
	for _, c := range commands {
		w := New([]byte(c.text), nil)
		w.Dialect, w.Default = interpolate.Compose, "d"
		w.Words("c", text(w.Data))
		if got := strings.Join(lines([]byte(c.text), w.Done()), ","); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestTexts(t *testing.T) {
	data := []byte("A=b\n  C = \"d\" \n# E=f\nG\n\nH=i=j\r\n=k")
	w := New(data, nil)
	w.PairLines("c", text(data))
	if got, want := lines(data, w.Done()), []string{"A=b", "C=d", "H=i=j"}; !slices.Equal(got, want) {
		t.Errorf("lines: %q, want %q", got, want)
	}
	data = []byte("user=u,password='p',rw,x=,=y")
	w = New(data, nil)
	w.CommaPairs("c", text(data))
	if got, want := lines(data, w.Done()), []string{"user=u", "password=p", "x="}; !slices.Equal(got, want) {
		t.Errorf("pairs: %q, want %q", got, want)
	}
	data = []byte("plain")
	w = New(data, nil)
	w.CommaPairs("c", text(data))
	w.PairText("c", text(data), false)
	if got, want := lines(data, w.Done()), []string{"plain= !"}; !slices.Equal(got, want) {
		t.Errorf("no pair: %q, want %q", got, want)
	}
}

// TestOnce: each collection is entered once, whatever stands for it.
func TestOnce(t *testing.T) {
	data := []byte("a: &a {b: c}\nd: *a\ne:\n  <<: [*a, {f: g}]\n  h: &h [i]\nj: *h\n")
	tree := yamltree.Parse(data)
	w := New(data, tree.Problems)
	w.Document(tree.Documents[0])
	w.Values("c", yamltree.Node{}, tree.Documents[0].Root())
	if got, want := lines(data, w.Done()), []string{"b=c", "f=g", "h=i"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAliases: what scalars stand for is bounded by the length of the document.
func TestAliases(t *testing.T) {
	data := []byte("a: &a \"" + strings.Repeat("x", 1<<17) + "\"\n" + strings.Repeat("b: *a\n", 1000))
	tree := yamltree.Parse(data)
	w := New(data, nil)
	w.Document(tree.Documents[0])
	w.Values("c", yamltree.Node{}, tree.Documents[0].Root())
	if len(w.Problems) != 1 || w.Problems[0].What != TooMany {
		t.Errorf("problems %v", w.Problems)
	}
	if n := len(w.Done()); n > 4 {
		t.Errorf("%d entries", n)
	}
}

// TestDone: walkers do not share what they found.
func TestDone(t *testing.T) {
	first := []byte("A=b")
	w := New(first, nil)
	w.PairText("c", text(first), false)
	found := w.Done()
	w = New([]byte("C=d"), nil)
	w.PairText("e", text(w.Data), false)
	w.Done()
	if len(found) != 1 || found[0].Context != "c" {
		t.Errorf("%+v", found)
	}
}

func FuzzWords(f *testing.F) {
	for _, c := range commands {
		f.Add([]byte(c.text))
	}
	for _, unit := range []string{"$(", "${", "'", "\"", "\\", "--a ", "A=b ", "#", "a;"} {
		f.Add([]byte(strings.Repeat(unit, 200)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := New(data, nil)
		w.Dialect, w.script = interpolate.Kubernetes, true
		w.Words("c", text(data))
		w.PairLines("c", text(data))
		w.CommaPairs("c", text(data))
		for _, e := range w.Done() {
			if e.Name.Start > e.Name.End || e.Name.End > len(data) || e.Value.Start > e.Value.End || e.Value.End > len(data) {
				t.Fatalf("entry at %v, %v", e.Name, e.Value)
			}
		}
	})
}
