package labelled

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"rummage/detect/dockerfile"
)

// The corpus is as large as promised, and neither nearly all leaks nor nearly all harmless.
func TestCorpus(t *testing.T) {
	s, err := Read(filepath.Join("..", "..", "testdata", "labelled"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	kinds := map[Kind]int{}
	at := map[Label]bool{}
	for _, l := range s.Labels {
		kinds[l.Kind]++
		if l.Kind != Either {
			lines[FileKind(l.Path)]++
		}
		k := Label{Path: l.Path, First: l.First}
		if at[k] {
			t.Errorf("%s: labelled twice", &l)
		}
		at[k] = true
	}
	for name, least := range map[string]int{"Dockerfile": 120, "compose": 120, ".env": 60} {
		if lines[name] < least {
			t.Errorf("%d lines of kind %s, want %d", lines[name], name, least)
		}
	}
	if kinds[Exposure] < 50 {
		t.Errorf("%d exposures", kinds[Exposure])
	}
	positive, all := kinds[Secret]+kinds[Exposure], len(s.Labels)-kinds[Either]
	if share := float64(positive) / float64(all); share < 0.5 || share > 0.6 {
		t.Errorf("%.2f of the lines are positive", share)
	}
	if kinds[Either]*100 > 6*len(s.Labels) {
		t.Errorf("%d lines are left undecided", kinds[Either])
	}
	t.Log(lines, kinds)
}

// The files are what their names say: a scanner that reads them by their grammar gets as far as it can.
func TestFilesAreWellFormed(t *testing.T) {
	s, err := Read(filepath.Join("..", "..", "testdata", "labelled"))
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int{}
	for name, text := range s.Files {
		kind := FileKind(name)
		read[kind]++
		switch kind {
		case "Dockerfile":
			f := dockerfile.Parse([]byte(text))
			for _, p := range f.Problems {
				t.Errorf("%s:%d: %s", name, p.Line, p.What)
			}
			if len(f.Stages) == 0 {
				t.Errorf("%s: no stages", name)
			}
		case "compose":
			var node any
			if err := yaml.Unmarshal([]byte(text), &node); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if read["Dockerfile"] < 10 || read["compose"] < 10 || read[".env"] < 8 {
		t.Error(read)
	}
}

// corpus writes a small corpus; its table's columns are separated by blanks.
func corpus(t *testing.T, rows string) (*Set, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		table: strings.ReplaceAll(rows, " ", "\t"),
		"p/Dockerfile": "FROM x\nENV TOKEN={{alnum 20}}\nARG NPM_TOKEN\nENV DB=hunter2\nRUN a \\\n b > c\n" +
			"ENV PUBLIC=x\nLABEL a=b\nENV PW=hunter2\n",
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Read(dir)
}

const labels = `# file line kind form text
p/Dockerfile 2 secret D1 TOKEN
p/Dockerfile 3 exposure D2 NPM_TOKEN
p/Dockerfile 4 secret D1 DB
p/Dockerfile 5-6 exposure D8 c
p/Dockerfile 7 none public PUBLIC
p/Dockerfile 8 either label LABEL
p/Dockerfile 9 secret D1 PW
`

func TestScore(t *testing.T) {
	s, err := corpus(t, labels)
	if err != nil {
		t.Fatal(err)
	}
	const file = "p/Dockerfile"
	for name, c := range map[string]struct {
		found   []Found
		want    Counts
		byValue int
		extra   int
	}{
		"nothing":              {nil, Counts{0, 5, 0}, 0, 0},
		"secret":               {[]Found{{Path: file, First: 2, Last: 2, Kind: Secret}}, Counts{1, 4, 0}, 0, 0},
		"no kind":              {[]Found{{Path: file, First: 3, Last: 3}}, Counts{1, 4, 0}, 0, 0},
		"wrong kind":           {[]Found{{Path: file, First: 3, Last: 3, Kind: Secret}}, Counts{0, 5, 1}, 0, 0},
		"exposure at a secret": {[]Found{{Path: file, First: 2, Last: 2, Kind: Exposure}}, Counts{0, 5, 0}, 0, 1},
		"in a range":           {[]Found{{Path: file, First: 6, Last: 6, Kind: Exposure}}, Counts{1, 4, 0}, 0, 0},
		"beside":               {[]Found{{Path: file, First: 1, Last: 1, Kind: Secret}}, Counts{0, 5, 1}, 0, 0},
		"none":                 {[]Found{{Path: file, First: 7, Last: 7, Kind: Secret}}, Counts{0, 5, 1}, 0, 0},
		"either":               {[]Found{{Path: file, First: 8, Last: 8, Kind: Secret}}, Counts{0, 5, 0}, 0, 0},
		"other file":           {[]Found{{Path: "q", First: 2, Last: 2, Kind: Secret}}, Counts{0, 5, 1}, 0, 0},
		"twice": {[]Found{{Path: file, First: 1, Last: 1, Kind: Secret}, {Path: file, First: 1, Last: 1, Kind: Secret, Rule: "b"}},
			Counts{0, 5, 1}, 0, 0},
		"by value":     {[]Found{{Path: file, First: 4, Last: 4, Kind: Secret, Value: "hunter2"}}, Counts{2, 3, 0}, 1, 0},
		"by key":       {[]Found{{Path: file, First: 2, Last: 4, Key: "NPM_TOKEN"}}, Counts{1, 4, 0}, 0, 0},
		"by other key": {[]Found{{Path: file, First: 2, Last: 4, Key: "NO"}}, Counts{0, 5, 1}, 0, 0},
		"the file":     {[]Found{{Path: file, Kind: Exposure}}, Counts{0, 5, 0}, 0, 0},
		"no such file": {[]Found{{Path: "q", Kind: Exposure}}, Counts{0, 5, 1}, 0, 0},
	} {
		sc := s.Score(c.found)
		got := sc.Counts(func(string, Kind) bool { return true })
		if got != c.want || sc.ByValue != c.byValue || len(sc.Extra) != c.extra {
			t.Errorf("%s: %+v, by value %d, extra %d, want %+v", name, got, sc.ByValue, len(sc.Extra), c)
		}
		if n := len(sc.Differences()); n != got.Missed+got.False {
			t.Errorf("%s: %d differences for %+v", name, n, got)
		}
	}
	c := Counts{Right: 3, Missed: 1, False: 3}
	if c.Precision() != 0.5 || c.Recall() != 0.75 || (Counts{}).Recall() != 1 {
		t.Error("precision and recall")
	}
}

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		text, value string
		want        bool
	}{
		{"mysql -uroot -psomewords", "somewords", true},
		{"mysql -uroot", "root", false},
		{"chroot root", "root", true},
		{"PASSWORD: root", "root", true},
		{"rooted", "root", false},
		{"", "root", false},
		{"root", "", false},
	} {
		if got := holds(c.text, c.value); got != c.want {
			t.Errorf("%q holds %q: %v", c.text, c.value, got)
		}
	}
}

func TestBadTables(t *testing.T) {
	for row, want := range map[string]string{
		"":                                       "no labels",
		"p/Dockerfile 2 secret D1":               "4 columns",
		"p/Dockerfile 2 secrets D1 TOKEN":        "no kind",
		"p/Dockerfile 20 secret D1 TOKEN":        "has no lines",
		"p/Dockerfile 3-2 secret D1 TOKEN":       "has no lines",
		"p/Dockerfile 0 secret D1 TOKEN":         "has no lines",
		"q/Dockerfile 2 secret D1 TOKEN":         "has no lines",
		"p/Dockerfile x secret D1 TOKEN":         "invalid syntax",
		"p/Dockerfile 3 secret D1 TOKENS":        "does not stand",
		"p/Dockerfile 4 secret D1 ":              "does not stand",
		"p/Dockerfile 2 secret D1 {{alnum_20}}":  "does not stand",
		"# only\np/Dockerfile 1 secret D1 TOKEN": "labels.tsv:2",
	} {
		text := "# head\n"
		if strings.HasPrefix(row, "#") {
			text = ""
		}
		if row != "" {
			text += row + "\n"
		}
		if _, err := corpus(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", row, err, want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
}
