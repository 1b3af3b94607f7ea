package imagescan_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/imagescan"
	"rummage/scan"
)

// What stands where no program would look is found all the same.
func TestHiddenContents(t *testing.T) {
	behind := append(tarOf(t, item{name: "a", data: secret(1)}), make([]byte, 3000)...)
	behind = append(behind, secret(2)...)
	unknown := bytes.Clone(rawHeader("odd", 'Q', len(secret(3))))
	unknown = append(unknown, secret(3)...)
	unknown = append(unknown, make([]byte, 2048-len(unknown))...)
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for name, data := range map[string]string{"folder/": "", strings.Repeat("n", 5000): secret(4)} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, data)
	}
	w.Close()
	folder := bytes.ReplaceAll(zipOf(t, map[string]string{"folderX": secret(6)}), []byte("folderX"), []byte("folder/"))
	img := newImage(t).stored(behind, gzipped(t, behind), types.OCILayer, "").stored(unknown, unknown, types.OCIUncompressedLayer, "").
		layer("", item{name: "t.tar", data: string(behind)}, item{name: "z.zip", data: z.String()}, item{name: "f.zip", data: string(folder)},
			item{name: ".wh.w", data: secret(5)})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantProblem(t, res, scan.SkipLimit, "/z.zip!nnnnnnnn")
	got := strings.ReplaceAll(places(res), "/<layer sha256:", "<layer sha256:")
	for _, want := range []string{"1 /a:1 in 1", "2 <layer sha256:", "3 /odd:1 in 2", "1 /t.tar!/a:1 in 3", "2 /t.tar:1 in 3", "5 /.wh.w:1 in 3", "6 /f.zip!/folder:1 in 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("found:\n%s\nwithout %s", got, want)
		}
	}
}

// A whiteout is one whatever kind of file it is. Names that mean a folder itself are none.
func TestOddWhiteouts(t *testing.T) {
	img := newImage(t).layer("", item{name: "d/a", data: secret(1)}, item{name: "d/b", data: secret(2)}, item{name: "d/c", data: secret(3)}).
		layer("", item{name: "d/.wh.a", data: "not empty"}, item{name: "d/.wh.b", kind: tar.TypeSymlink, link: "x"}, item{name: "d/.wh."},
			item{name: "d/.wh..."})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /d/a:1 in 1 deleted 2", "2 /d/b:1 in 1 deleted 2", "3 /d/c:1 in 1")
}

// Many files beyond a limit are counted, and a few named.
func TestManyLimits(t *testing.T) {
	var items []item
	for range 100 {
		items = append(items, item{name: strings.Repeat("n", 5000)})
	}
	res := scanOf(t, imagescan.Options{}, layoutOf(t, newImage(t).layer("", items...)))
	if st := res.Stats; st.Skipped[scan.SkipLimit] != 100 || st.ProblemCount != 100 || len(st.Problems) != 10 {
		t.Errorf("stats %+v", st)
	}
}

// Problems are one line each, whatever names hold.
func TestNamesWithLineBreaks(t *testing.T) {
	img := newImage(t).layer("", item{name: "a\nb.zip", data: string(zipOf(t, map[string]string{"a": ""}))}, item{name: "c\nd.xz", data: "\xfd7zXZ\x00....."})
	res := scanOf(t, imagescan.Options{Limits: imagescan.Limits{Archive: 10}}, layoutOf(t, img))
	wantProblem(t, res, scan.SkipLimit, "/a b.zip: a zip archive")
	for _, n := range res.Stats.Notices {
		if strings.Contains(n, "\n") {
			t.Errorf("notice %q", n)
		}
	}
}
