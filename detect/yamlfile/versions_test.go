package yamlfile

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// commands are files in which commands stand in every way.
var commands = []string{
	"on: push\njobs:\n  a:\n    steps:\n    - run: mysql -phunter2 db\n      env: {A: b}\n    - name: x\n      run: |\n        curl -u a:hunter2 https://x\n        export TOKEN=abc\n\n    - run: >-\n        docker login\n        --password hunter2\n",
	"a:\n  script:\n  - mysql -phunter2\n  - |\n    export A=b\n  - \"x \\\n    --key=y\"\n  before_script:\n    - &x export A=b\n    - *x\nb:\n  script: [x, --password, hunter2]\n  variables: {A: b}\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - command:\n    - sh\n    - -c\n    - |-\n      mysql -phunter2 ${A:-b}\n    args: ['--token=abc', $(X)]\n  - {command: [x, --key, y], args: x --key=z}\n",
	"a:\n  command: |2\n      x --key=y\nb:\n    command: |2\n      x --key=y\n",
	"a:\n  run: x --key=y\n    --token z\nb:\n    run: x --key=y\n    \n  \n",
	"a:\n  run: |\n    x --key=y", "a:\n  run: |+\n    x --key=y\n\n\n", "a:\n  run: x --key=y # z\nb: {\n  run: x --key=y,\n  c: d}\n", "a: &a\n  run: x --key=y\nb:\n  <<: *a\n  run: x --key=y\nc: {<<: *a}\n",
	"run: x --key=y\r\nb:\r\n  run: |\r\n    x --key=y\r\n", "'run': x --key=y\nb:\n- run: x --key=y\n- - run: x --key=y\n", "command:\n- x\n- --key=y\nb:\n  command:\n  - x\n  - --key=y\n",
	"run:\n  env: {A: b}\n  run: x --key=y\n",
}

// checkVersions has one reader read texts one after another, and each anew.
func checkVersions(t *testing.T, r *Reader, k Kind, texts ...string) {
	t.Helper()
	for _, text := range texts {
		data := []byte(text)
		got, want := r.Read(k, data), k.Parse([]byte(text))
		for i := range data {
			data[i] = '#' // nothing that is remembered may refer to it
		}
		if !slices.EqualFunc(got.Assignments, want.Assignments, func(a, b Entry) bool { return reflect.DeepEqual(a, b) }) || !slices.Equal(got.Problems, want.Problems) {
			t.Fatalf("%s %q is read as\n%+v %v\nnot as\n%+v %v", k, text, got.Assignments, got.Problems, want.Assignments, want.Problems)
		}
	}
}

// TestVersions reads histories of files with one reader.
func TestVersions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	var r Reader
	texts := slices.Clone(commands)
	for _, f := range forms {
		texts = append(texts, f.text)
	}
	for range 4 {
		for _, text := range texts {
			for range 25 {
				checkVersions(t, &r, Kind(rnd.IntN(len(kinds))), text)
				lines := strings.SplitAfter(text, "\n")
				i, j := rnd.IntN(len(lines)), rnd.IntN(len(lines))
				switch rnd.IntN(5) {
				case 0:
					lines = slices.Delete(lines, i, i+1)
				case 1:
					lines = slices.Insert(lines, i, lines[j])
				case 2:
					lines[i] = "  " + lines[i]
				case 3:
					lines[i] = strings.TrimPrefix(lines[i], " ")
				default:
					lines[i] = strings.TrimRight(lines[i], "\n") + []string{"x", " # y", "\"", " |", " --key=z"}[rnd.IntN(5)] + "\n"
				}
				text = strings.Join(lines, "")
			}
		}
	}
	if r.known.Len() == 0 {
		t.Error("nothing was remembered")
	}
}

// FuzzVersions: what was read before changes nothing.
func FuzzVersions(f *testing.F) {
	for i, s := range commands {
		f.Add(s, commands[(i+1)%len(commands)], uint8(i))
	}
	f.Fuzz(func(t *testing.T, a, b string, kind uint8) {
		var r Reader
		k := Kind(int(kind) % len(kinds))
		checkVersions(t, &r, k, a, a, b, "x:\n"+a, a+b, "  "+strings.ReplaceAll(a, "\n", "\n  "), "{"+a+"}", "- "+a)
	})
}
