package dockerfile

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rummage/detect/assignment"
)

// whole is the content of a file worked out from a Parse of all of it.
func whole(data []byte) Content {
	f := Parse(data)
	c := Content{Assignments: Assignments(f), Problems: len(f.Problems)}
	final := f.Finals()
	for i := range c.Assignments {
		a := &c.Assignments[i]
		for k := range f.Instructions {
			in := &f.Instructions[k]
			if in.Stage >= 0 && !final[in.Stage] && in.Span.Start <= a.Name.Start && a.Name.Start <= in.Span.End && a.Context != ContextComment {
				a.Remark = builder
			}
		}
	}
	c.Assignments = append(c.Assignments, Practices(f)...)
	for _, s := range f.Suppressions {
		c.Silenced = append(c.Silenced, Silenced{assignment.Span{End: len(data)}, s})
	}
	for i := range f.Instructions {
		for _, s := range f.Instructions[i].Suppressions {
			c.Silenced = append(c.Silenced, Silenced{f.Instructions[i].Span, s})
		}
	}
	return c
}

// told is a content in lines, in an order of its own; lines of comments are left out, for they count from elsewhere.
func told(data []byte, c Content) []string {
	var lines []string
	for _, a := range c.Assignments {
		remark := assignment.Remark{}
		if a.Remark != nil {
			remark = *a.Remark
		}
		lines = append(lines, fmt.Sprintf("%s %v %v %q %v %v %+v", a.Context, a.Name, a.Value, a.Decoded, a.Quoted, a.Refers, remark))
	}
	for _, s := range c.Silenced {
		s.Line = 0
		lines = append(lines, fmt.Sprintf("silenced %+v", s))
	}
	slices.SortFunc(lines, cmp.Compare[string])
	return append(lines, fmt.Sprintf("%d problems", c.Problems))
}

func same(t *testing.T, r *Reader, data []byte) {
	t.Helper()
	got, want := told(data, r.Read(data)), told(data, whole(data))
	if !slices.Equal(got, want) {
		for _, l := range got {
			if !slices.Contains(want, l) {
				t.Errorf("only the reader: %s", l)
			}
		}
		for _, l := range want {
			if !slices.Contains(got, l) {
				t.Errorf("not the reader:  %s", l)
			}
		}
		t.Fatalf("in\n%s", data)
	}
}

// fixtures are the Dockerfiles of the test data.
func fixtures(t testing.TB) (all [][]byte) {
	for _, dir := range []string{"testdata", "../../testdata/labelled"} {
		err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !IsDockerfile(filepath.Base(name)) && filepath.Ext(name) != ".dockerfile" {
				return err
			}
			data, err := os.ReadFile(name)
			all = append(all, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 10 {
		t.Fatalf("only %d Dockerfiles", len(all))
	}
	return all
}

// TestReader: a Reader that has seen other versions finds what a Parse of the whole file finds.
func TestReader(t *testing.T) {
	files := fixtures(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	var r Reader
	edits := 0
	for _, data := range files {
		same(t, &r, data)
		for range 40 {
			data = edit(rnd, data, files)
			same(t, &r, data)
			edits++
		}
	}
	if edits < 1000 {
		t.Errorf("only %d edits", edits)
	}
	if dir := os.Getenv("RUMMAGE_DOCKERFILES"); dir != "" {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(names) == 0 {
			t.Fatal("no files there", err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			same(t, &r, data)
		}
	}
}

// edit changes a file a little: lines taken out, doubled, moved, joined; bits of other files; marks that change
// everything behind them.
func edit(rnd *rand.Rand, data []byte, others [][]byte) []byte {
	lines := bytes.SplitAfter(bytes.Clone(data), []byte("\n"))
	i := rnd.IntN(len(lines))
	switch rnd.IntN(8) {
	case 0:
		lines = slices.Delete(lines, i, i+1)
	case 1:
		lines = slices.Insert(lines, i, lines[rnd.IntN(len(lines))])
	case 2:
		lines[i] = bytes.TrimRight(lines[i], "\n")
	case 3:
		other := bytes.SplitAfter(others[rnd.IntN(len(others))], []byte("\n"))
		lines = slices.Insert(lines, i, other[rnd.IntN(len(other))])
	case 4:
		marks := []string{"\\\n", "# x\n", "\n", "RUN <<E\n", "E\n", "FROM b AS c\n", "COPY --from=0 a b\n", "# escape=`\n", "\r\n", "\"", "'", "# check=skip=all\n", "ONBUILD "}
		lines = slices.Insert(lines, i, []byte(marks[rnd.IntN(len(marks))]))
	case 5:
		lines = lines[i:]
	case 6:
		lines = lines[:i+1]
	default:
		if n := len(lines[i]); n > 0 {
			k := rnd.IntN(n)
			lines[i] = slices.Concat(lines[i][:k], []byte{"\\ =$\"'#<\n"[rnd.IntN(9)]}, lines[i][k:])
		}
	}
	return bytes.Join(lines, nil)
}

func FuzzReader(f *testing.F) {
	for _, data := range fixtures(f) {
		f.Add(data, data)
	}
	f.Add([]byte("FROM a\nRUN b \\\n# c\n\n d\n"), []byte("# escape=`\nFROM a\nRUN b `\n d\n"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var r Reader
		same(t, &r, first)
		same(t, &r, second)
		same(t, &r, first)
	})
}

func BenchmarkReader(b *testing.B) {
	files := fixtures(b)
	rnd := rand.New(rand.NewPCG(1, 2))
	versions := [][]byte{bytes.Join(files, []byte("\n"))}
	for range 50 {
		versions = append(versions, edit(rnd, versions[0], files))
	}
	n := 0
	for _, v := range versions {
		n += len(v)
	}
	b.SetBytes(int64(n))
	for b.Loop() {
		var r Reader
		for _, v := range versions {
			r.Read(v)
		}
	}
}
