package imagescan_test

import (
	"archive/tar"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/gitscan"
	"rummage/imagescan"
	"rummage/scan"
	"rummage/scan/scantest"
)

// sourceOf opens sources of what is at a path, one after another.
func sourceOf(path string, o imagescan.Options) func(*testing.T) scan.Source {
	return func(t *testing.T) scan.Source {
		target, err := imagescan.OpenPath(path)
		if err != nil {
			t.Fatal(err)
		}
		src := imagescan.New([]imagescan.Target{target}, o)
		t.Cleanup(func() {
			if err := src.Close(); err != nil {
				t.Error(err)
			}
		})
		return src
	}
}

func TestSource(t *testing.T) {
	inner := tarOf(t, item{name: "deep", data: "in an archive"})
	img := newImage(t).layer("COPY", item{name: "a", data: "first"}, item{name: "d/b", data: "second"}, item{name: "bin", data: "\x7fELF\x01"},
		item{name: "link", kind: tar.TypeLink, link: "a"}).
		layer("RUN", item{name: "a", data: "third"}, item{name: "copy", data: "second"}, item{name: "x.tgz", data: string(gzipped(t, inner))}, item{name: "d/.wh.b"})
	config, err := img.img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	f := scantest.Fixture{
		Open:  sourceOf(layoutOf(t, img), imagescan.Options{}),
		Blobs: []string{string(config), string(manifest), "first", "second", "third", "\x7fELF\x01", "in an archive"},
		Places: map[string][]string{string(config): {"<config>"}, string(manifest): {"<manifest>"}, "first": {"/a", "/link"}, "second": {"/d/b", "/copy"},
			"third": {"/a"}, "in an archive": {"/x.tgz!/deep"}},
	}
	t.Run("layout", func(t *testing.T) { scantest.Source(t, f) })

	// The same image with a layer that breaks off, and a zip archive that is too large.
	good := tarOf(t, item{name: "cut", data: "before"}, item{name: "lost", data: strings.Repeat("lost", 500)})
	img.layer("", item{name: "z.zip", data: "PK\x03\x04......................................."}).stored(good, good[:2000], types.OCIUncompressedLayer, "")
	config, _ = img.img.RawConfigFile()
	manifest, _ = img.img.RawManifest()
	broken := scantest.Fixture{
		Open: sourceOf(layoutOf(t, img), imagescan.Options{Limits: imagescan.Limits{Archive: 40}}),
		Blobs: append(slices.Clone(f.Blobs[2:]), string(config), string(manifest), "PK\x03\x04.......................................", "before",
			strings.Repeat("lost", 500)[:2000-1536]),
		Skipped:    map[scan.SkipReason]int64{scan.SkipLimit: 1, scan.SkipUnreadable: 1},
		Incomplete: true,
	}
	t.Run("broken", func(t *testing.T) { scantest.Source(t, broken) })
}

// pointers are addresses as fmt prints them.
var pointers = regexp.MustCompile(`0x[0-9a-f]+`)

// manyImage is an image with some of everything.
func manyImage(t *testing.T) string {
	var images []*made
	for i := range 2 {
		img := newImage(t)
		for j := range 3 {
			var items []item
			for k := range 40 {
				items = append(items, item{name: fmt.Sprintf("d%d/f%d", k%5, k), data: fmt.Sprintf("%s of %d", secret(k%7+j), k%3), mode: 0o644})
			}
			items = append(items, item{name: "big", data: strings.Repeat("x", 5<<20) + secret(90+j)}, item{name: fmt.Sprint("d", j, "/.env"), data: "A=" + secret(j)},
				item{name: fmt.Sprint("d", j, "/Dockerfile"), data: "FROM x\nENV A=" + secret(j) + strings.Repeat("\n#", 130<<10)},
				item{name: fmt.Sprint("z", j, ".zip"), data: string(zipOf(t, map[string]string{"in": secret(50 + j)}))}, item{name: "p/public", data: "x", mode: 0o644},
				item{name: fmt.Sprint("d", j, "/.wh.f", i)})
			img.layer(fmt.Sprint("RUN ", j), items...)
		}
		img.stored(nil, []byte{0x1f, 0x8b, 8, 0}, types.OCILayer, "broken").config(func(c *v1.ConfigFile) { c.Config.Env = []string{fmt.Sprint("A=", secret(i))} })
		images = append(images, img)
	}
	return layoutOf(t, images...)
}

// The findings do not depend on how many workers there are, nor on the order in which layers are read.
func TestWorkers(t *testing.T) {
	path := manyImage(t)
	open := sourceOf(path, imagescan.Options{OpenGit: func(files map[string][]byte) (scan.Source, error) { return gitscan.OpenFiles(files, gitscan.Options{}) }})
	var first string
	for _, workers := range []int{1, 8, 8, 2} {
		if racing && workers == 2 {
			continue
		}
		res, err := scan.Run(t.Context(), open(t), testDetector(t), workers)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range res.Findings {
			fmt.Fprintf(&b, "%+v\n", f.Fingerprint)
			for _, p := range f.Places {
				fmt.Fprintf(&b, "%+v %+v\n", p, *p.Image)
			}
		}
		res.Stats.Seconds = 0
		fmt.Fprintf(&b, "%+v", res.Stats)
		got := b.String()
		// Pointers differ from run to run.
		if got = pointers.ReplaceAllString(got, ""); first == "" {
			first = got
		}
		if got != first {
			t.Errorf("with %d workers:\n%s\nwith one:\n%s", workers, got, first)
		}
	}
	if !strings.Contains(first, "overwritten") || !strings.Contains(first, "deleted") || !strings.Contains(first, "<config>") {
		t.Errorf("found %s", first)
	}
}
