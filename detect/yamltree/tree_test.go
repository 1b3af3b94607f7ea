package yamltree

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// forms are YAML that the line reader reads alone, with its tree.
var forms = []struct{ name, yaml, tree string }{
	{"nothing", "", ""},
	{"comments", "# a\n\n  # b\n", ""},
	{"scalar", "hunter2\n", `"hunter2"`},
	{"mapping", "a: b\nc: d\n", `{"a":"b" "c":"d"}`},
	{"no line end", "a: b", `{"a":"b"}`},
	{"line ends of Windows", "a: b\r\nc:\r\n  - d\r\n", `{"a":"b" "c":["d"]}`},
	{"line ends of old", "a: b\rc: |\r  d\r", `{"a":"b" "c":|"d\n"}`},
	{"byte order mark", "\xef\xbb\xbfa: b\n", `{"a":"b"}`},
	{"nothing behind a key", "a:\nb: \nc:   # note\n", `{"a":"" "b":"" "c":""}`},
	{"nested", "a:\n  b:\n    c: d\n  e: f\ng: h\n", `{"a":{"b":{"c":"d"} "e":"f"} "g":"h"}`},
	{"sequence", "- a\n- b\n", `["a" "b"]`},
	{"sequence in a mapping", "a:\n  - b\n  - c\nd: e\n", `{"a":["b" "c"] "d":"e"}`},
	{"sequence at the key's column", "a:\n- b\n- c\nd: e\n", `{"a":["b" "c"] "d":"e"}`},
	{"sequence of mappings", "- a: b\n  c: d\n-\n  e: f\n", `[{"a":"b" "c":"d"} {"e":"f"}]`},
	{"sequence of sequences", "- - a\n  - b\n- - - c\n", `[["a" "b"] [["c"]]]`},
	{"empty items", "-\n- a\n-\n", `["" "a" ""]`},
	{"environment list", "environment:\n  - DB_PASSWORD=hunter2\n  - \"A=b c\"\n", `{"environment":["DB_PASSWORD=hunter2" ""A=b c"]}`},
	{"comments behind", "a: b # c\nd: 'e' # f\ng: h#i\n", `{"a":"b" "d":'"e" "g":"h#i"}`},
	{"comments between", "a:\n# x\n  # y\n  b: c\n # z\n  d: e\n", `{"a":{"b":"c" "d":"e"}}`},
	{"colons inside", "a: b:c\nurl: http://u:p@h:1/\nt: 12:30:00\n", `{"a":"b:c" "url":"http://u:p@h:1/" "t":"12:30:00"}`},
	{"keys", "\"a b\": c\n'd''e': f\ng h : i\n-j: k\n<<: l\n", `{""a b":"c" '"d'e":"f" "g h":"i" "-j":"k" "<<":"l"}`},
	{"colon first", "- :9000\n- ?x\n", `[":9000" "?x"]`},
	{"single quotes", "a: 'it''s'\nb: ''\nc: 'x: y # z'\n", `{"a":'"it's" "b":'"" "c":'"x: y # z"}`},
	{"double quotes", `a: "q\"\\\n\t\x41\u00e9\U0001F600"` + "\nb: \"\"\n", `{"a":""q\"\\\n\tAé😀" "b":"""}`},
	{"quotes over lines", "a: \"b\n  c\n\n  d\"\ne: 'f\n  g'\n", `{"a":""b c\nd" "e":'"f g"}`},
	{"escaped line end", "a: \"b \\\n   c\\\n\n   d\"\n", `{"a":""b c\nd"}`},
	{"plain over lines", "a: b\n  c\n\n  d # e\nf: g\n", `{"a":"b c\nd" "f":"g"}`},
	{"item over lines", "- a\n  b\n- c\n", `["a b" "c"]`},
	{"no item", "- a\n - b\n", `["a - b"]`},
	{"literal", "a: |\n  b\n    c\n\n  d\ne: f\n", `{"a":|"b\n  c\n\nd\n" "e":"f"}`},
	{"literal, chomped", "a: |-\n  b\n\nc: |+\n  d\n\ne: f\n", `{"a":|"b" "c":|"d\n\n" "e":"f"}`},
	{"literal at the end", "a: |\n  b", `{"a":|"b"}`},
	{"literal, told its column", "a: |2\n   b\n  c\n", `{"a":|" b\nc\n"}`},
	{"literal, empty", "a: |\nb: c\n", `{"a":|"" "b":"c"}`},
	{"literal with blank lines first", "a: |\n\n  b\n", `{"a":|"\nb\n"}`},
	{"literal in a sequence", "- |\n a\n b\n- c\n", `[|"a\nb\n" "c"]`},
	{"literal holding marks", "a: | # note\n  - b: c\n  # d\n  {{ e }}\n", `{"a":|"- b: c\n# d\n{{ e }}\n"}`},
	{"literal of Windows", "a: |\r\n  b\r\n  c\r\nd: e\r\n", `{"a":|"b\nc\n" "d":"e"}`},
	{"folded", "a: >\n  b\n  c\n\n  d\n    e\n  f\n", `{"a":>"b c\nd\n  e\nf\n"}`},
	{"folded, chomped", "a: >-\n  b\n  c\n", `{"a":>"b c"}`},
	{"flow", "a: [b, \"c\", 'd', e f]\ng: {h: i, \"j\":k, l}\n", `{"a":~["b" ""c" '"d" "e f"] "g":~{"h":"i" ""j":"k" "l":""}}`},
	{"flow, empty", "a: []\nb: {}\n", `{"a":~[] "b":~{}}`},
	{"flow over lines", "a: [\n  b, # c\n  d,\n]\ne: {\n  f: g\n}\n", `{"a":~["b" "d"] "e":~{"f":"g"}}`},
	{"flow, nested", "a: [[b], {c: [d, {e: f}]}]\n", `{"a":~[~["b"] ~{"c":~["d" ~{"e":"f"}]}]}`},
	{"flow with quotes over lines", "a: [\"b\n  c\", d]\n", `{"a":~[""b c" "d"]}`},
	{"JSON", "{\"a\": {\"b\": [1, true, null]}}\n", `~{""a":~{""b":~["1" "true" "null"]}}`},
	{"anchors", "a: &x b\nc: *x\nd: &y\n  e: f\ng:\n  <<: *y\nh: &z [i]\n", `{"a":&"b" "c":*6 "d":&{"e":"f"} "g":{"<<":*22} "h":&~["i"]}`},
	{"anchor on its own line", "a:\n  &x\n  b: c\nd: *x\n", `{"a":&{"b":"c"} "d":*10}`},
	{"anchor of nothing", "a: &x\nb: *x\n", `{"a":&"" "b":*5}`},
	{"anchored items", "- &a b\n- &c\n  d: e\n- *a\n", `[&"b" &{"d":"e"} *5]`},
	{"merge of several", "a: &a {b: c}\nd:\n  <<: [*a, *a]\n", `{"a":&~{"b":"c"} "d":{"<<":~[*6 *6]}}`},
	{"templates", "a: {{ b }}\nc: \"{{ d }}\"\ne: {{ .F | g \"h\" }}\n", `{"a":"{{ b }}" "c":""{{ d }}" "e":"{{ .F | g \"h\" }}"}`},
	{"duplicate keys", "a: b\na: c\n", `{"a":"b" "a":"c"}`},
	{"documents", "a: b\n---\nc: d\n--- # e\n---\nf\n...\ng: h\n", `{"a":"b"} --- {"c":"d"} --- "f" --- {"g":"h"}`},
	{"document on the mark's line", "--- a\n--- |\n  b\n", `"a" --- |"b\n"`},
	{"mark inside a literal", "a: |\n  b\n---\nc: d\n", `{"a":|"b\n"} --- {"c":"d"}`},
	{"other letters", "ключ: пароль\nkey: \"日本\"\n", `{"ключ":"пароль" "key":""日本"}`},
	{"tab behind a colon", "a:\tb\nc: d\t# e\n", `{"a":"b" "c":"d"}`},
	{"dashes", "a: -b\nc: ---\nd: --e\n- f: g\n", ``},
}

// fullForms are YAML that takes the full parser.
var fullForms = []struct{ name, yaml, tree string }{
	{"tag", "a: !!str b\nc: !vault |\n  d\ne: !x [f]\n", `{"a":"b" "c":|"d\n" "e":~["f"]}`},
	{"complex key", "? a\n: b\n? [c]\n: d\n", `{"a":"b" ~["c"]:"d"}`},
	{"anchored key", "&a b: c\nd: *a\n", `{&"b":"c" "d":*3}`},
	{"alias as key", "a: &x b\n*x : c\n", `{"a":&"b" *6:"c"}`},
	{"pair in a sequence", "[a: b, c]\n", `~[~{"a":"b"} "c"]`},
	{"flow text over lines", "a: [b\n  c, d]\n", `{"a":~["b c" "d"]}`},
	{"directive", "%YAML 1.1\n---\na: b\n", `{"a":"b"}`},
	{"directive and tag", "%TAG !e! tag:example.org,2000:\n---\na: !e!x b\n", `{"a":"b"}`},
	{"tag and anchor", "a: &x !y 'z'\nb: !w &v\n  u: t\n", `{"a":&'"z" "b":&{"u":"t"}}`},
	{"letters before a tag", "ключ: {я: !t \"значение\", в: [д]}\n", `{"ключ":~{"я":""значение" "в":~["д"]}}`},
	{"other line ends", "a: \"b\u2028 c\" # \u0085\nd: !t e\n", "{\"a\":\"\"b\\u2028c\" \"d\":\"e\"}"},
}

func TestForms(t *testing.T) {
	for _, c := range forms {
		if c.tree == "" && c.yaml != "" && !strings.HasPrefix(c.name, "comments") {
			continue // only seeds
		}
		t.Run(c.name, func(t *testing.T) {
			tree := Parse([]byte(c.yaml))
			if got := dumpAll(tree); got != c.tree {
				t.Errorf("got  %s\nwant %s", got, c.tree)
			}
			if len(tree.Problems) > 0 {
				t.Errorf("problems %v", tree.Problems)
			}
			check(t, []byte(c.yaml), tree)
			if err := same([]byte(c.yaml)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFullForms(t *testing.T) {
	for _, c := range fullForms {
		t.Run(c.name, func(t *testing.T) {
			tree := Parse([]byte(c.yaml))
			if len(tree.Problems) > 0 || len(tree.Documents) != 1 || !tree.Documents[0].Full {
				t.Fatalf("%s, problems %v", dumpAll(tree), tree.Problems)
			}
			if got := dump(tree.Documents[0].Root()); c.tree != "" && got != c.tree {
				t.Errorf("got  %s\nwant %s", got, c.tree)
			}
			check(t, []byte(c.yaml), tree)
		})
	}
}

// brokenForms are no YAML.
var brokenForms = []struct{ name, yaml, tree string }{
	{"tab", "a:\n\tb: c\n\td: e\nf: g\n", `{"a":{"b":"c" "d":"e"} "f":"g"}`},
	{"tab in the midst", "a:\n    b: c\n\td: e\n    f: g\n", `{"a":{"b":"c" "d":"e" "f":"g"}}`},
	{"too far left", "a:\n    b: c\n  d: e\n    f: g\n", `{"a":{"b":"c" "d":"e" "f":"g"}}`},
	{"too far right", "a:\n  b: c\n    d: e\n  f: g\n", `{"a":{"b":"c" "d":"e" "f":"g"}}`},
	{"items too far right", "a:\n  - b\n  - c: d\n   - e\n", `{"a":["b" {"c":"d"} "e"]}`},
	{"keys among items", "a:\n  - b=c\n  d: e\n  - f=g\nh: i\n", `{"a":["b=c" {"d":"e"} "f=g"] "h":"i"}`},
	{"items among keys", "a:\n  b: c\n  - d=e\n  - f=g\n  h: i\n", `{"a":{"b":"c" "":["d=e" "f=g"] "h":"i"}}`},
	{"colons", "a: b: c\nd: e\n", `{"a":"b: c" "d":"e"}`},
	{"at sign", "a: @b\nc: %d\ne: `f`\n", `{"a":"@b" "c":"%d" "e":"` + "`f`" + `"}`},
	{"star", "a: *.js\nb: c\n", `{"a":"*.js" "b":"c"}`},
	{"no closing mark", "a: \"b\nc: \"d\"\n", `{"a":"b" "c":""d"}`},
	{"no opening mark", "a: b\"\nc: \"d\" e\n", `{"a":"b\"" "c":"\"d\" e"}`},
	{"escape", "a: \"b\\dc\"\ne: f\n", `{"a":"b\\dc" "e":"f"}`},
	{"no closing bracket", "a: [b, c\nd: e\n", `{"a":"[b, c" "d":"e"}`},
	{"text behind a bracket", "a: [b] c\nd: {{ e }}/f\n", `{"a":"[b] c" "d":"{{ e }}/f"}`},
	{"template lines", "a:\n  {{- if .B }}\n  c: d\n  {{- end }}\n  e: {{ f }}:{{ g }}\n{% if x %}\nh: i\n{% endif %}\n",
		`{"a":{"c":"d" "e":"{{ f }}:{{ g }}"} "h":"i"}`},
	{"conflict", "a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> x\nf: g\n", `{"a":"b" "c":"d" "c":"e" "f":"g"}`},
	{"text among keys", "a: b\nsome text\nc: d\n", `{"a":"b" "c":"d"}`},
	{"equals signs", "a:\n  b: c\n  D=e # f\n  g: h\ni: j\n", `{"a":{"b":"c" "D":"e" "g":"h"} "i":"j"}`},
	{"no-break spaces", "a:\n\u00a0\u00a0b:\u00a0c\u00a0d\n\u00a0\u00a0e:\n\u00a0\u00a0-\u00a0f\n", "{\"a\":{\"b\":\"c\\u00a0d\" \"e\":[\"f\"]}}"},
	{"root moved left", "  a: b\nc: d\n", `{"a":"b"} --- broken {"c":"d"}`},
	{"control character", "a: b\x01\nc: d\n", `{"a":"b\x01" "c":"d"}`},
	{"control character of Latin 1", "a: b\u0086\nc: d\n", `{"a":"b\u0086" "c":"d"}`},
	{"not UTF-8", "a: b\xff\nc: d\n", `{"a":"b\xff" "c":"d"}`},
	{"tag", "a: !x b\nc: d: e\n", `{"a":"b" "c":"d: e"}`},
	{"quotes over lines", "a: \"b\n  c\"\nd: e: f\n", `{"a":""b c" "d":"e: f"}`},
	{"flow over lines", "a: [b,\n  c]\nd: e: f\n", `{"a":~["b" "c"] "d":"e: f"}`},
	{"literal", "a: |\n  b: c\n   d\ne: f: g\n", `{"a":|"b: c\n d\n" "e":"f: g"}`},
	{"only one document", "a: b\n---\nc: d: e\n---\nf: g\n", ``},
	{"template key", "{{ .Name }}: b\n{{ c }}: d: e\n", `{"{{ .Name }}":"b" "{{ c }}":"d: e"}`},
	{"unknown alias", "a: *x\nb: &y c\nd: *y\n", `{"a":"*x" "b":&"c" "d":*12}`},
	{"blank line wider than the text", "a: |\n     \n  b\n", `{"a":|"   \nb\n"}`},
	{"bracket text", "a: {b\n  c: d\n", ``},
}

func TestBrokenForms(t *testing.T) {
	for _, c := range brokenForms {
		if c.tree == "" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			tree := Parse([]byte(c.yaml))
			if got := dumpAll(tree); got != "broken "+c.tree {
				t.Errorf("got  %s\nwant broken %s", got, c.tree)
			}
			if len(tree.Problems) < 1 || tree.Problems[0].What != Syntax {
				t.Errorf("problems %v", tree.Problems)
			}
			check(t, []byte(c.yaml), tree)
		})
	}
}

// TestOneDocumentBroken: what is wrong with a document does not touch its neighbours.
func TestOneDocumentBroken(t *testing.T) {
	tree := Parse([]byte("a: b\n---\nc: d: e\n---\nf: g\n"))
	if got, want := dumpAll(tree), `{"a":"b"} --- broken {"c":"d: e"} --- {"f":"g"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEncoding(t *testing.T) {
	tree := Parse([]byte("\xff\xfea\x00:\x00"))
	if len(tree.Documents) != 0 || len(tree.Problems) != 1 || tree.Problems[0].What != Encoding {
		t.Errorf("%+v", tree)
	}
}

func TestNode(t *testing.T) {
	data := []byte("a: &x {b: c, n: ~}\nd: *x\n'e\"': [f, g]\nh:\n")
	root := Parse(data).Documents[0].Root()
	if got := root.Get("d").Target().Get("b"); !got.Is("c") || string(got.Span().Of(data)) != "c" {
		t.Errorf("alias leads to %q", got.Text().Bytes)
	}
	if got := root.Get(`e"`); got.Kind() != Sequence || got.Style() != Flow {
		t.Errorf("quoted key: %v", got.Kind())
	}
	if !root.Get("h").Null() || !root.Get("a").Get("n").Null() || root.Get("a").Get("b").Null() {
		t.Error("null")
	}
	none := root.Get("zz")
	if none.Kind() != None || none.ID() != 0 || none.Null() || none.Is("") || none.Text().Len() != 0 || none.Get("x").Kind() != None || none.Target() != none {
		t.Error("the zero Node has something")
	}
	for range none.Items() {
		t.Error("the zero Node has items")
	}
	for k := range root.Pairs() {
		if !k.Is("a") {
			t.Error("the first key is not a")
		}
		break
	}
}

// hostile are bytes that take a bad parser long: each is repeated.
var hostile = []struct{ name, head, unit, tail string }{
	{"dashes", "", "- ", "\n"}, {"brackets", "", "[", ""}, {"braces", "", "{", ""}, {"braces, closed", "a: ", "{a: ", "}"},
	{"quotes", "a: \"", "b ", ""}, {"open quotes", "", "a: \"\n", ""}, {"open brackets", "", "a: [\n", ""}, {"open single", "", "a: '\n", ""},
	{"templates", "", "a: {{\n", ""}, {"pairs", "", "a: b: c\n", ""}, {"anchors", "", "- &a b\n- *a\n", ""}, {"plain lines", "a:\n", " b\n", ": c\n"},
	{"blank lines", "a: |\n", "\n", "  b\n"}, {"blank literals", "", "a: |\n\n\n", ""}, {"keys", "", "a:\n", ""}, {"long line", "a: ", "b ", "\n"},
	{"marks", "", "---\n", ""}, {"marks with text", "", "---\na: b: c\n", ""}, {"tabs", "a:\n", "\t", "b: c\n"}, {"colons", "", ":", "\n"},
	{"questions", "", "? ", "\n"}, {"tags", "", "!a ", "\n"}, {"bad dedent", "a:\n", "    b: c\n  d: e\n", ""}, {"folds", "a: >+\n", "  b\n\n", ""},
	{"quoted folds", "a: \"b\n", "\n", "\""}, {"comments", "a:\n", "# b\n", ""}, {"quoted comments", "", "a: 'b' # c\n", ""},
	{"directives", "", "%YAML 1.1\n---\n", ""}, {"escapes", "a: \"", "\\\n ", "\""}, {"flow comments", "a: [", "#b\n", "]"}, {"items and keys", "", "- a\nb: c\n", ""},
	{"deeper and deeper", "", "", ""},
}

func hostileBytes(i, size int) []byte {
	h := hostile[i]
	if h.unit == "" {
		var b bytes.Buffer
		for n := 0; b.Len() < size; n++ {
			b.WriteString(strings.Repeat(" ", n))
			b.WriteString("a:\n")
		}
		return b.Bytes()
	}
	n := size / len(h.unit)
	tail := h.tail
	if h.name == "braces, closed" {
		n = size / 5
		tail = strings.Repeat("}", n)
	}
	return []byte(h.head + strings.Repeat(h.unit, n) + tail)
}

// TestHostile reads what takes a bad parser long, or deep.
func TestHostile(t *testing.T) {
	for i, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			data := hostileBytes(i, 1<<16)
			check(t, data, Parse(data))
		})
	}
}

// TestBudget: what was looked through in vain is counted, so that it comes to an end.
func TestBudget(t *testing.T) {
	data := []byte(strings.Repeat("a: \"b\\q\n", 1001))
	r := reader{data: data, nodes: make([]node, 1), budget: 4 * len(data)}
	r.document(false)
	if r.budget > 0 {
		t.Errorf("%d of %d left", r.budget, 4*len(data))
	}
}

func addSeeds(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.yaml))
	}
	for _, c := range fullForms {
		f.Add([]byte(c.yaml))
	}
	for _, c := range brokenForms {
		f.Add([]byte(c.yaml))
	}
	for _, text := range hopeless {
		f.Add([]byte(text))
	}
}

// hopeless are texts that the line reader is certain are no YAML.
var hopeless = []string{
	"a: {{ b }}:{{ c }}\n", "a: {{ b }}/c\n", "- {{ a }}{{ b }}\n", "a:\n{% if b %}\nc: d\n{% endif %}\n", "a: {{ b | default([]) }}\n", "a: \"b\" c\n", "a: [b] \"c\"\n",
	"{{ a }} b\n", "a: [b {c: d}]\n", "a: [@b]\n", "- &a b\n- *a c\n", "a: 'b' - c\n", "a: {b: c} ? d\n", "a: [`b`]\n",
}

func TestHopeless(t *testing.T) {
	for _, text := range hopeless {
		if d, no := readStrict([]byte(text), false); d != nil || !no {
			t.Errorf("%q: %v, %v", text, d, no)
		}
		if err := same([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{{ a }}: b\n", "- {a}: b\n", "a: !b c\n", "a: {b}#c\n", "[a]: b\n", "'a' : b\n", "? a\n", "- 'a'\t: b\n"} {
		if _, no := readStrict([]byte(text), false); no {
			t.Errorf("%q is said to be no YAML", text)
		}
	}
}

// TestPieces puts texts together from pieces of templates and YAML. What the line reader says is no YAML, the full parser
// refuses.
func TestPieces(t *testing.T) {
	pieces := []string{"a", "b", ": ", ":", "- ", "\n", "\n  ", "\n    ", " ", "{", "}", "{{ ", " }}", "{% ", " %}", "[", "]", ", ", "'", "\"", "#", " # ", "&a ", "*a", "|", ">\n", "? ", "!t ", "%", "@", "-", "\t"}
	rnd := rand.New(rand.NewPCG(3, 4))
	said := 0
	for range 60000 {
		var b strings.Builder
		for range 2 + rnd.IntN(14) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		if _, no := readStrict([]byte(b.String()), false); no {
			if said++; readFull([]byte(b.String())) != nil {
				t.Fatalf("the line reader is certain that this is no YAML: %q", b.String())
			}
		}
	}
	if said < 2000 {
		t.Errorf("only %d texts are said to be no YAML", said)
	}
}

// FuzzParse: any bytes give a tree whose nodes are where they say.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, data, Parse(data))
		// The line reader must hold out without the full parser too.
		tree := &Tree{}
		for _, p := range split(data) {
			tree.readLoose(data, p)
		}
		check(t, data, tree)
	})
}

// FuzzSame: what the line reader is certain of, the full parser reads the same.
func FuzzSame(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := same(data); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFull: what the full parser reads, its nodes hold the values it gave.
func FuzzFull(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := readFull(data)
		if d == nil {
			return
		}
		d.data, d.Span = data, span(0, len(data))
		var root yaml.Node
		if err := yaml.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		var values, want []string
		walk(d.Root(), func(n Node) {
			if n.Kind() == Scalar {
				values = append(values, string(n.Text().Bytes))
			}
		})
		var collect func(n *yaml.Node)
		collect = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode {
				want = append(want, n.Value)
			}
			for _, c := range n.Content {
				collect(c)
			}
		}
		collect(&root)
		if a, b := strings.Join(values, "\x00"), strings.Join(want, "\x00"); a != b && !bytes.Contains(data, []byte("{{")) {
			t.Fatalf("values %q, want %q", values, want)
		}
	})
}
