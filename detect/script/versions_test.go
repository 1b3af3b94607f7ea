package script

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// cuts are scripts with empty lines in all places.
var cuts = []string{
	scriptText, "A=b\n\nexport C=d\n\n", "\n\n\nA=b\n\n\n\nC=d", "cat <<E\nA=b\n\nC=d\nE\nF=g\n\nH=i\n", "cat <<E\nA=b\n\nC=d\n", "cat <<E\n\nA=b\n", "A=\"b\n\nc\" C=d\n\nE=f\n", "A='b\n\nc\n",
	"echo hunter2 |\n\ndocker login --password-stdin\n\nA=b\n", "cat <<E \"a\n\nb\"\nA=b\nE\n\nC=d\n", "(\n\nA=b\n\n)\n\nC=d\n", "A=$(x\n\ny)\nC=d\n\nE=f\n", "A=`x\n\ny`\n\nC=d\n",
	"A=b \\\n\nC=d\n\n", "((\n\nA=b\n))\n\nC=d\n", "# a\n\n# b \"\n\nA=b\n", "sh -c 'A=b\n\nC=d'\n\nE=f\n", "sh <<E\nA=b\n\nC=d\nE\n\nF=g\n", "A=${B:-c\n\nd}\n\nE=f\n", "x <<A <<B\na=b\nA\n\nc=d\nB\n\nE=f\n",
	"A=b\r\n\r\nC=d\r\n\r\n", "$(echo hunter2 |)\n\n(docker login --password-stdin)\n", "x:\n\techo \"a\n\techo \"a\n\tA=b\n", "x:\n\tA=$$b\n\tmysql -phunter2\n\n\tmysql -phunter2\n", "web: A=b mysql -phunter2\n",
	"sh 'A=b'\nsh '''\nA=b\n\nC=\"d\n'''\n", "A=x <<E\n\n", "echo \"a\n",
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
		if !slices.EqualFunc(got, want, func(a, b Entry) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("kind %d, %q is read as\n%+v\nnot as\n%+v", k, text, got, want)
		}
	}
}

// TestVersions reads histories of files with one reader.
func TestVersions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	var r Reader
	texts := slices.Clone(cuts)
	for _, f := range forms {
		texts = append(texts, f.text)
	}
	for range 4 {
		for _, text := range texts {
			for range 25 {
				checkVersions(t, &r, Kind(rnd.IntN(int(Jenkinsfile)+1)), text)
				lines := strings.SplitAfter(text, "\n")
				i, j := rnd.IntN(len(lines)), rnd.IntN(len(lines))
				switch rnd.IntN(5) {
				case 0:
					lines = slices.Delete(lines, i, i+1)
				case 1:
					lines = slices.Insert(lines, i, lines[j])
				case 2:
					lines = slices.Insert(lines, i, "\n")
				case 3:
					lines = lines[:i+1]
				default:
					lines[i] = strings.TrimRight(lines[i], "\n") + []string{"x", " # y", "\"", " |", " --key=z", " <<E", "'", "\\", "$(", ")"}[rnd.IntN(10)] + "\n"
				}
				text = strings.Join(lines, "")
			}
		}
	}
	if len(r.known.texts) < 100 {
		t.Errorf("%d texts were remembered", len(r.known.texts))
	}
}

// FuzzVersions: what was read before changes nothing.
func FuzzVersions(f *testing.F) {
	for i, s := range cuts {
		f.Add(s, cuts[(i+1)%len(cuts)], uint8(i))
	}
	f.Fuzz(func(t *testing.T, a, b string, kind uint8) {
		if len(a)+len(b) > 1<<12 {
			return
		}
		var r Reader
		k := Kind(int(kind) % (int(Jenkinsfile) + 1))
		checkVersions(t, &r, k, a, a, b, a+"\n\n"+b, b+"\n\n"+a, a+b, a+"\n"+b+"\n", "\n\n"+b+"\n\n"+a+"\n")
	})
}
