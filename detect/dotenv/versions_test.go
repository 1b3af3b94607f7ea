package dotenv

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// readAll has one reader read texts one after another, and reports how many it read by runs.
func readAll(t *testing.T, r *Reader, texts ...string) (runs int) {
	t.Helper()
	for _, text := range texts {
		data := []byte(text)
		got, want := r.Read(data), Parse([]byte(text))
		if got == &r.file {
			runs++
		}
		for i := range data {
			data[i] = '#' // nothing that is remembered may refer to what was read
		}
		if len(got.Assignments) != len(want.Assignments) || len(got.Problems) != len(want.Problems) {
			t.Fatalf("%d assignments and %d problems, not %d and %d in %q",
				len(got.Assignments), len(got.Problems), len(want.Assignments), len(want.Problems), text)
		}
		for i := range want.Assignments {
			if !reflect.DeepEqual(got.Assignments[i], want.Assignments[i]) {
				t.Fatalf("assignment %d: %+v, not %+v in %q", i, got.Assignments[i], want.Assignments[i], text)
			}
		}
		for i := range want.Problems {
			if got.Problems[i] != want.Problems[i] {
				t.Fatalf("problem %d: %+v, not %+v in %q", i, got.Problems[i], want.Problems[i], text)
			}
		}
	}
	return runs
}

func texts() []string {
	all := []string{
		"A=\"x\n\ny\"\nB=c\n\nD=e\n", "A='x\n\nB='y'\n\nC=d\n", "A=`x\n\nB=y`\n", "A=b\n\n\n\nC=d\n\n", "A=\"b\\\n\n\"\n\nC=\"d\\\\\"\n",
		"A=b\r\n\r\nC=d\r\n", "\ufeffA=b\n\nC=d\n", "A=b\n\n\ufeffC=d\n", "A=b\n\n\xff\xfeC=d\n", "\xff\xfeA\n\nB=c\n", "A=${B:-\n\n}\n", "A=b\n\n",
		"# A=\"b\n\n# C='d\n\nE=f\"\n", "A='b' c\n\n- d\n\n\"E=f g\"\n\n'\n", "A=b\n \nC=d\n\n\u00a0\nE", "\n\n", "\n\n\n", "A=\"b\"\n\nC=\"d\n\nE=f", "export\n\nA\n\nB: c\n",
		sample, strings.Repeat(sample, 3), strings.ReplaceAll(sample, "\n", "\n\n"),
	}
	for _, c := range forms {
		all = append(all, c.text, "X=y\n\n"+c.text, c.text+"\n\nX=\"y\"\n\nZ='\n")
	}
	return all
}

func TestReader(t *testing.T) {
	all := texts()
	var r Reader
	runs := readAll(t, &r, all...)
	if again := readAll(t, &r, all...); again != runs || runs < len(all)/2 {
		t.Errorf("of %d files %d were read by runs, and then %d", len(all), runs, again)
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	runs, total := 0, 0
	for range 500 {
		text := all[rnd.IntN(len(all))]
		for range 10 {
			text = edit(rnd, text)
			runs += readAll(t, &r, text)
			total++
		}
	}
	if runs < total/4 {
		t.Errorf("of %d versions %d were read by runs", total, runs)
	}
}

// edit changes a byte or a line.
func edit(rnd *rand.Rand, text string) string {
	lines := strings.SplitAfter(text, "\n")
	i, j := rnd.IntN(len(lines)), rnd.IntN(len(lines))
	switch rnd.IntN(4) {
	case 0:
		lines = slices.Delete(lines, i, i+1)
	case 1:
		lines = slices.Insert(lines, i, lines[j])
	case 2:
		lines = slices.Insert(lines, i, "\n")
	default:
		if b := []byte(lines[i]); len(b) > 0 {
			b[rnd.IntN(len(b))] = "ab=:\"'`\\ #$\n\r;"[rnd.IntN(14)]
			lines[i] = string(b)
		}
	}
	return strings.Join(lines, "")
}

func TestReaderForgets(t *testing.T) {
	var r Reader
	forgot := false
	for i := range 4000 {
		before := r.size
		if f := r.Read(fmt.Appendf(nil, "A%d=b\n%s\nC=d\n", i, strings.Repeat("E=f\n", 50))); len(f.Assignments) != 52 {
			t.Fatalf("%d assignments", len(f.Assignments))
		}
		if forgot = forgot || r.size < before; r.size > 2*maxKnown {
			t.Fatalf("%d bytes are kept", r.size)
		}
	}
	if !forgot {
		t.Error("nothing was forgotten")
	}
	// A file of nothing but runs.
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, "A%d\n\n", i)
	}
	readAll(t, &r, b.String())
	if r.size > 2*maxKnown+maxRun {
		t.Errorf("%d bytes are kept", r.size)
	}
}

func BenchmarkReader(b *testing.B) {
	data := []byte(strings.Repeat(sample, 20))
	var r Reader
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		data[10] = byte('a' + i%26) // in the first run
		r.Read(data)
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range texts() {
		f.Add([]byte(text), uint16(len(text)/2), []byte("\n\nA=\"b\"\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, more []byte) {
		var r Reader
		n := min(int(at), len(data))
		readAll(t, &r, string(data), string(data[:n])+string(more)+string(data[n:]), string(data))
	})
}
