package imagescan

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// Paths that have nothing in common are bounded in memory.
func TestPathsTakeMemory(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 10 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint(i, strings.Repeat("/x", 500)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	budget := newBudget(Limits{}.withDefaults())
	budget.memory.Store(5000)
	f := newFeed(2)
	wk := &walker{ctx: t.Context(), b: budget, fill: &filler{f: f, ctx: t.Context()}, table: &table{}, report: &inArchive{}}
	if _, err := wk.layer("x", bytes.NewReader(b.Bytes())); !isLimit(err) || !wk.fatal(err) {
		t.Errorf("error %v", err)
	}
	if n := len(wk.table.data); n > 6100 {
		t.Errorf("table of %d bytes", n)
	}
}

// Git files without a byte take memory too.
func TestEmptyGitFiles(t *testing.T) {
	g := gitFiles{left: &memoryBudget{left: 10_000}}
	for i := range 1000 {
		if _, err := g.take(fmt.Sprintf("/a/.git/objects/%04d", i), io.MultiReader(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(g.dirs["/a/.git"]); n > 100 || int64(n)+g.limit.n != 1000 || g.limit.first == "" {
		t.Errorf("%d files are held, %+v not", n, g.limit)
	}
}

// Of many files beyond a limit the first are named, and the others counted.
func TestFurtherLimits(t *testing.T) {
	var r inArchive
	for range 100 {
		r.limit("x", "too much")
	}
	if len(r.limits) != maxLimits || r.further != 100-maxLimits {
		t.Errorf("%d are named, %d counted", len(r.limits), r.further)
	}
}
