package structure_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/structure"
)

// labelled are the files of the labelled projects by their kind.
func labelled(t testing.TB) map[structure.Kind][]string {
	t.Helper()
	files, n := map[structure.Kind][]string{}, 0
	err := filepath.WalkDir("../../testdata/labelled", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if k := structure.Of(filepath.ToSlash(path)); k != structure.None && k != structure.YAML {
			files[k] = append(files[k], string(data))
			n++
		}
		return nil
	})
	if err != nil || n < 20 {
		t.Fatalf("%d files: %v", n, err)
	}
	return files
}

// edited changes a line of a text.
func edited(rnd *rand.Rand, text string) string {
	lines := strings.SplitAfter(text, "\n")
	i, j := rnd.IntN(len(lines)), rnd.IntN(len(lines))
	switch rnd.IntN(5) {
	case 0:
		lines = slices.Delete(lines, i, i+1)
	case 1:
		lines = slices.Insert(lines, i, lines[j])
	case 2:
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines[i] = strings.TrimRight(lines[i], "\n") + []string{"x", " # y", "\"", "hunter2", " \\"}[rnd.IntN(5)] + "\n"
	default:
		if b := []byte(lines[i]); len(b) > 0 {
			b[rnd.IntN(len(b))] = "a1-_.: =\"'$#"[rnd.IntN(12)]
			lines[i] = string(b)
		}
	}
	return strings.Join(lines, "")
}

func same(a, b []assignment.Assignment) bool {
	return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b))
}

// TestVersions reads and judges histories of files with one Reader and one Matcher, and each version anew.
func TestVersions(t *testing.T) {
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	d := detect.New(rules)
	var r structure.Reader
	kept := structure.Reader{Keep: d.Relevant}
	m := d.Matcher()
	rnd := rand.New(rand.NewPCG(5, 6))
	matches := 0
	files := labelled(t)
	for k := structure.Kind(1); k < structure.YAML; k++ {
		for _, text := range files[k] {
			for range 12 {
				set := structure.Set(0).Add(k)
				if k == structure.Dotenv || k == structure.DotenvSample {
					set = set.Add(structure.Dotenv).Add(structure.DotenvSample)
				}
				matches += compareVersion(t, &r, &kept, m, d.Matcher(), set, text)
				text = edited(rnd, text)
			}
		}
	}
	if matches < 1000 {
		t.Errorf("only %d matches were compared", matches)
	}
}

func compareVersion(t *testing.T, r, kept *structure.Reader, m, fresh *detect.Matcher, set structure.Set, text string) (matches int) {
	t.Helper()
	data := []byte(text)
	read := r.Each(set, data)
	var readings, want []detect.Reading
	for _, x := range read {
		reading, problems := x.Kind.Read([]byte(text))
		if !same(x.Reading.Assignments, reading.Assignments) || !reflect.DeepEqual(x.Reading.Allowed, reading.Allowed) || x.Problems != problems {
			t.Fatalf("%s is read differently: %q", x.Kind, text)
		}
		readings, want = append(readings, x.Reading), append(want, reading)
	}
	if len(readings) == 0 {
		t.Fatal("nothing was read")
	}
	plain, with := m.MatchEach(data, readings)
	plain2, with2 := fresh.MatchEach([]byte(text), want)
	if !equalLists(append(with[:len(with):len(with)], plain), append(with2[:len(with2):len(with2)], plain2)) {
		t.Fatalf("matches differ in %q:\n%+v\n%+v", text, with, with2)
	}
	readings = readings[:0]
	for _, x := range kept.Each(set, data) {
		readings = append(readings, x.Reading)
	}
	_, with = m.MatchEach(data, readings)
	if !equalLists(with, with2) {
		t.Fatalf("matches differ without what does not matter in %q:\n%+v\n%+v", text, with2, with)
	}
	for _, list := range with {
		matches += len(list)
	}
	return matches
}

func equalLists(a, b [][]detect.Match) bool {
	return slices.EqualFunc(a, b, func(a, b []detect.Match) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) })
}
