package imagescan

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/klauspost/compress/zstd"

	"rummage/scan"
)

// FuzzManifest follows manifests that refer to each other as they like: documents between NUL bytes, whose digests are
// sha512:0, sha512:1 and so on, which are not checked.
func FuzzManifest(f *testing.F) {
	layer := string(testTar(f, "a", "b"))
	for _, docs := range [][]string{
		{`{"manifests":[{"digest":"sha512:0"},{"digest":"sha512:1"}]}`, `{"config":{"digest":"sha512:2"},"layers":[{"digest":"sha512:3"}]}`, `{"os":"linux"}`, layer},
		{`{"manifests":[{"digest":"sha512:1"},{"digest":"sha512:2","annotations":{"vnd.docker.reference.type":"x","vnd.docker.reference.digest":"sha512:1"}}]}`,
			`{"config":{},"layers":[]}`, `{"layers":[{"digest":"sha512:3","mediaType":"application/vnd.in-toto+json"}]}`, `{"payload":"e30="}`},
		{`{"subject":{"digest":"sha512:0"},"manifests":[{"digest":"sha512:1"}]}`, `{"subject":{"digest":"sha512:1"},"layers":[{"digest":"sha512:0"}]}`},
		{`{"config":{"digest":"sha512:1"},"layers":[{"digest":"sha512:2"},{"digest":"sha512:2"}]}`, `{"rootfs":{"diff_ids":["sha256:0","sha256:0"]},"history":[{"created_by":"|1 A=b"},{}]}`, layer},
		{`{"manifests":[{"digest":"","data":"e30="},{"digest":"sha512:9"}],"fsLayers":[1]}`},
	} {
		f.Add(bytes.Join(toBytes(docs), []byte{0, '\n'}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{contents: map[string][]byte{}, referring: map[string][]descriptor{}}
		for i, doc := range bytes.Split(data, []byte{0, '\n'}) {
			m.contents["sha512:"+strconv.Itoa(i)] = doc
			m.referring["sha512:"+strconv.Itoa(i)] = []descriptor{{Digest: "sha512:" + strconv.Itoa(i+1)}}
		}
		m.first = []root{{"r", descriptor{Digest: "sha512:0"}}}
		checkTargets(t, Options{Limits: smallLimits}, Target{name: "r", store: m})
	})
}

func toBytes(list []string) (out [][]byte) {
	for _, s := range list {
		out = append(out, []byte(s))
	}
	return out
}

func gzipOf(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// fuzzLayers are layers with some of everything.
func fuzzLayers(f *testing.F) [][]byte {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for _, name := range []string{"x/y", "dir/"} {
		e, err := w.Create(name)
		if err != nil {
			f.Fatal(err)
		}
		if name != "dir/" {
			io.WriteString(e, "zipped")
		}
	}
	w.Close()
	inner := testTar(f, "in", "ner")
	var links bytes.Buffer
	l := tar.NewWriter(&links)
	for _, h := range []tar.Header{{Name: "a", Typeflag: tar.TypeReg}, {Name: "l", Typeflag: tar.TypeLink, Linkname: "a"}, {Name: "l", Typeflag: tar.TypeLink, Linkname: "l"},
		{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b"}, {Name: "a/", Typeflag: tar.TypeDir}, {Name: "a/.wh..wh..opq"}, {Name: ".wh.l"}, {Name: "f", Typeflag: tar.TypeFifo}} {
		if err := l.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	l.Close()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	return [][]byte{inner, gzipOf(inner), e.EncodeAll(inner, nil), links.Bytes(), testTar(f, "z.zip", z.String(), "z.tgz", string(gzipOf(inner)), "a.tar", string(inner)+"behind"),
		testTar(f, "p/.git/HEAD", "ref: x", "p/.git/objects/aa/bb", "x"), []byte("no tar"), make([]byte, 1024), inner[:600]}
}

// FuzzLayer searches any bytes as a layer, twice in one image.
func FuzzLayer(f *testing.F) {
	for _, data := range fuzzLayers(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{contents: map[string][]byte{"sha512:1": data}}
		img := m.put(`{"layers":[{"digest":"sha512:1"},{"digest":"sha512:1"}]}`)
		m.first = []root{{"r", descriptor{Digest: img}}}
		o := Options{Limits: smallLimits, OpenGit: func(map[string][]byte) (scan.Source, error) { return nil, fmt.Errorf("none") }}
		s, _ := checkTargets(t, o, Target{name: "r", store: m})
		for e := range s.images[0].layers[0].table.all() {
			if e.path == "" || e.outer > len(e.path) {
				t.Errorf("entry %+v", e)
			}
		}
	})
}

// FuzzArchive searches any bytes as an archive of images, in a file and as a stream.
func FuzzArchive(f *testing.F) {
	layer := string(testTar(f, "a", "b"))
	saved := testTar(f, "config.json", `{"os":"linux"}`, "x/layer.tar", layer, "manifest.json", `[{"Config":"config.json","RepoTags":["a:1"],"Layers":["x/layer.tar"]}]`)
	var linked bytes.Buffer
	w := tar.NewWriter(&linked)
	for _, h := range []tar.Header{{Name: "manifest.json", Typeflag: tar.TypeSymlink, Linkname: "a"}, {Name: "a", Typeflag: tar.TypeLink, Linkname: "b"}, {Name: "b", Typeflag: tar.TypeLink, Linkname: "a"}} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	w.Close()
	m := &memory{}
	img := m.put(`{"layers":[{"digest":"` + m.put(layer) + `"}]}`)
	list := []string{"oci-layout", "{}", "index.json", `{"manifests":[{"digest":"` + img + `"}]}`}
	for digest, data := range m.contents {
		name, err := blobPath(digest)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, name, string(data))
	}
	for _, data := range append(fuzzLayers(f), saved, testTar(f, list...), linked.Bytes()) {
		f.Add(data)
		f.Add(gzipOf(data))
	}
	file, err := os.CreateTemp(f.TempDir(), "archive")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := file.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(data, 0); err != nil {
			t.Fatal(err)
		}
		if target, err := targetOf("r", file); err == nil {
			checkTargets(t, Options{Limits: smallLimits}, target)
		}
		stream := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		checkTargets(t, Options{Limits: smallLimits}, Target{name: "r", stream: stream})
	})
}

// FuzzTable holds a table to giving back what was put in.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x00/a\n\x11/a/b\n\x21/a/b\n\x41/a/b!/c\n\x01/l\n\x05/w"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var table table
		var want []entry
		for i, line := range bytes.Split(data, []byte("\n")) {
			if len(line) == 0 {
				continue
			}
			e := entry{kind: entryKind(line[0] & 7), public: line[0]&16 != 0, more: line[0]&32 != 0, path: string(line[1:])}
			if line[0]&64 != 0 {
				e.outer = len(e.path) / 2
			}
			switch e.kind {
			case entryFile:
				e.ref = scan.BlobRef(uint32(i) * 0x9e3779b9)
			case entryHardlink:
				e.target = e.path + "x"
			}
			table.add(&e)
			want = append(want, e)
		}
		var got []entry
		for e := range table.all() {
			got = append(got, *e)
		}
		if !reflect.DeepEqual(got, want) || table.n != len(want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
