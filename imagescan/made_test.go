package imagescan_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"rummage/detect"
	"rummage/imagescan"
	"rummage/scan"
)

// item is an entry of a made layer: a file unless it says otherwise.
type item struct {
	name, data string
	kind       byte
	link       string
	mode       int64
	pax        map[string]string
}

// secret is a value that the rules of these tests find.
func secret(n int) string { return fmt.Sprintf("SECRET-%08d", n) }

const testRules = `
[[rules]]
id = "secret"
description = "a secret of a test"
regex = '''SECRET-[0-9]{8}'''
keywords = ["secret-"]
[[rules]]
id = "exposed"
description = "a file of a test"
kind = "exposure"
path = '''/exposed$'''
in = ["image.file"]
[[rules]]
id = "public"
description = "a file that all may read"
kind = "exposure"
path = '''/public$'''
in = ["image.world-readable"]
`

func testDetector(t testing.TB) *detect.Detector {
	t.Helper()
	rules, err := detect.Parse("test", []byte(testRules), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return detect.New(rules)
}

// tarOf is a tar archive of the items.
func tarOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Size: int64(len(i.data)), Typeflag: i.kind, Linkname: i.link, Mode: i.mode, PAXRecords: i.pax}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o600
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, i.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstdOf(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// made is an image being made.
type made struct {
	t   testing.TB
	img v1.Image
}

func newImage(t testing.TB) *made { return &made{t, empty.Image} }

// layer adds a layer of stored bytes whose uncompressed form is plain.
func (m *made) stored(plain, stored []byte, kind types.MediaType, createdBy string) *made {
	m.t.Helper()
	l := &madeLayer{static.NewLayer(stored, kind), plain}
	img, err := mutate.Append(m.img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: createdBy}, MediaType: kind})
	if err != nil {
		m.t.Fatal(err)
	}
	m.img = img
	return m
}

// layer adds a layer compressed with gzip.
func (m *made) layer(createdBy string, items ...item) *made {
	m.t.Helper()
	plain := tarOf(m.t, items...)
	return m.stored(plain, gzipped(m.t, plain), types.OCILayer, createdBy)
}

func (m *made) config(change func(*v1.ConfigFile)) *made {
	m.t.Helper()
	c, err := m.img.ConfigFile()
	if err != nil {
		m.t.Fatal(err)
	}
	c = c.DeepCopy()
	change(c)
	if m.img, err = mutate.ConfigFile(m.img, c); err != nil {
		m.t.Fatal(err)
	}
	return m
}

// madeLayer is a layer whose two forms are given.
type madeLayer struct {
	v1.Layer
	plain []byte
}

func (l *madeLayer) DiffID() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(l.plain))
	return h, err
}

func (l *madeLayer) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.plain)), nil
}

// layoutOf writes a layout with the images and gives its directory.
func layoutOf(t testing.TB, images ...*made) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range images {
		if err := l.AppendImage(m.img); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tarDir is a tar archive of a directory.
func tarDir(t testing.TB, dir string) []byte {
	t.Helper()
	var items []item
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		items = append(items, item{name: filepath.ToSlash(rel), data: string(data)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tarOf(t, items...)
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// scanOf scans what is at the paths.
func scanOf(t testing.TB, o imagescan.Options, paths ...string) *scan.Result {
	t.Helper()
	return scanWith(t, testDetector(t), o, paths...)
}

func scanWith(t testing.TB, d *detect.Detector, o imagescan.Options, paths ...string) *scan.Result {
	t.Helper()
	var targets []imagescan.Target
	for _, p := range paths {
		target, err := imagescan.OpenPath(p)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
	}
	return scanTargets(t, d, o, targets...)
}

func scanTargets(t testing.TB, d *detect.Detector, o imagescan.Options, targets ...imagescan.Target) *scan.Result {
	t.Helper()
	src := imagescan.New(targets, o)
	defer src.Close()
	res, err := scan.Run(t.Context(), src, d, 2)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, &res.Stats)
	return res
}

// checkSums holds counts to what they promise.
func checkSums(t testing.TB, s *scan.Stats) {
	t.Helper()
	sum := s.Scanned + s.NonBlobs
	for _, n := range s.Skipped {
		sum += n
	}
	if sum != s.Objects {
		t.Errorf("%d objects, but %d scanned, %d no blobs, skipped %v", s.Objects, s.Scanned, s.NonBlobs, s.Skipped)
	}
	if s.Complete != (s.ProblemCount == 0) {
		t.Errorf("complete %v with %d problems", s.Complete, s.ProblemCount)
	}
}

// places are those of all findings, one a line: the secret or rule, path, line, layer and what became of it.
func places(res *scan.Result) string {
	var lines []string
	for _, f := range res.Findings {
		what := f.Secret.Reveal()
		if what == "" {
			what = f.Rule
		}
		for _, p := range f.Places {
			line := fmt.Sprintf("%s %s:%d", strings.TrimLeft(strings.TrimPrefix(what, "SECRET-"), "0"), p.Path, p.Line)
			if i := p.Image; i.Layer > 0 {
				line += fmt.Sprintf(" in %d", i.Layer)
			}
			if i := p.Image; i.State != scan.ImageLive {
				line += fmt.Sprintf(" %s %d", i.State, i.GoneIn)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func wantPlaces(t testing.TB, res *scan.Result, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := places(res); got != strings.Join(want, "\n") {
		t.Errorf("found:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func wantComplete(t testing.TB, res *scan.Result) {
	t.Helper()
	if !res.Stats.Complete {
		t.Errorf("not complete: %v", res.Stats.Problems)
	}
}
