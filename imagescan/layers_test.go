package imagescan_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/imagescan"
)

func TestWhatBecomesOfFiles(t *testing.T) {
	img := newImage(t).
		layer("COPY all /", item{name: "a/deleted", data: secret(1)}, item{name: "a/overwritten", data: secret(2)},
			item{name: "b/c/below", data: secret(3)}, item{name: "o/opaque", data: secret(4)}, item{name: "./live", data: "\n\n" + secret(5)},
			item{name: "f/folder", data: secret(6)}, item{name: "g", data: secret(7)}, item{name: "twice", data: secret(8)}, item{name: "twice", data: secret(9)},
			item{name: "h/here", data: secret(10)}, item{name: "link", kind: tar.TypeLink, link: "h/here"},
			item{name: "sym", kind: tar.TypeSymlink, link: "../../etc/passwd"}, item{name: "rotated", data: secret(20)}).
		layer("RUN rm", item{name: "a/.wh.deleted"}, item{name: "a/overwritten", data: "nothing"}, item{name: ".wh.b"},
			item{name: "o/new", data: secret(11)}, item{name: "o/.wh..wh..opq"}, item{name: "f", kind: tar.TypeSymlink, link: "x"},
			item{name: "g/", kind: tar.TypeDir}, item{name: "h/.wh.here"}, item{name: "rotated", data: secret(21)},
			item{name: ".wh..wh.plnk", kind: tar.TypeDir}).
		layer("RUN again", item{name: "a/deleted", data: secret(1)}, item{name: "rotated", data: secret(22)})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res,
		"1 /a/deleted:1 in 1 deleted 2", "1 /a/deleted:1 in 3", "2 /a/overwritten:1 in 1 overwritten 2", "3 /b/c/below:1 in 1 deleted 2",
		"4 /o/opaque:1 in 1 deleted 2", "11 /o/new:1 in 2", "5 /live:3 in 1", "6 /f/folder:1 in 1 overwritten 2", "7 /g:1 in 1 overwritten 2",
		"8 /twice:1 in 1 overwritten 1", "9 /twice:1 in 1", "10 /h/here:1 in 1 deleted 2", "10 /link:1 in 1",
		"20 /rotated:1 in 1 overwritten 2", "21 /rotated:1 in 2 overwritten 3", "22 /rotated:1 in 3")
	p := res.Findings[0].Places[0].Image
	if p.Layers != 3 || !strings.HasPrefix(p.DiffID, "sha256:") || p.Instruction != "COPY all /" || !strings.HasPrefix(p.Digest, "sha256:") {
		t.Errorf("place %+v", p)
	}
	if res.Stats.Layers != 3 {
		t.Errorf("%d layers were read", res.Stats.Layers)
	}
}

func TestExposures(t *testing.T) {
	img := newImage(t).layer("", item{name: "x/exposed", data: "a"}, item{name: "public", data: "a", mode: 0o644},
		item{name: "p/public", data: "b", mode: 0o640}, item{name: "p/exposed", kind: tar.TypeLink, link: "x/exposed"},
		item{name: "empty/exposed"})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantPlaces(t, res, "exposed /p/exposed:0 in 1", "exposed /x/exposed:0 in 1", "public /public:0 in 1")
}

// Whatever an image comes in, the findings are the same.
func TestContainers(t *testing.T) {
	plain := tarOf(t, item{name: "z", data: secret(3)})
	img := newImage(t).layer("COPY x", item{name: "x", data: secret(1)}).layer("COPY y", item{name: "y", data: "\n" + secret(2)}).
		stored(plain, zstdOf(t, plain), types.OCILayerZStd, "COPY z").
		config(func(c *v1.ConfigFile) {
			c.Config.Env = []string{"A=" + secret(4)}
			c.Config.OnBuild = []string{"RUN " + secret(5)}
		})
	dir := layoutOf(t, img)
	want := []string{"1 /x:1 in 1", "2 /y:2 in 2", "3 /z:1 in 3", "4 <config>:1", "5 <config>:1"}
	oci := tarDir(t, dir)
	saved := savedOld(t, img)
	for name, path := range map[string]string{
		"layout": dir, "oci prefix": "oci:" + dir, "oci tar": writeFile(t, "o.tar", oci), "oci tar.gz": writeFile(t, "o.tgz", gzipped(t, oci)),
		"oci tar.zst": writeFile(t, "o.zst", zstdOf(t, oci)), "docker save": writeFile(t, "d.tar", saved),
		"docker save, compressed": writeFile(t, "d.tgz", gzipped(t, saved)), "docker save and layout": writeFile(t, "b.tar", savedNew(t, dir)),
	} {
		t.Run(name, func(t *testing.T) {
			res := scanOf(t, imagescan.Options{}, path)
			wantComplete(t, res)
			wantPlaces(t, res, want...)
			if res.Stats.Layers != 3 {
				t.Errorf("%d layers were read", res.Stats.Layers)
			}
		})
	}
	t.Run("file system", func(t *testing.T) {
		for _, data := range [][]byte{plain, gzipped(t, plain), zstdOf(t, plain)} {
			res := scanOf(t, imagescan.Options{}, writeFile(t, "r.tar", data))
			wantComplete(t, res)
			wantPlaces(t, res, "3 /z:1 in 1")
		}
	})
}

// What an archive holds beside its images is told too where it comes in a stream, since it was searched.
func TestUnnamedLayers(t *testing.T) {
	layer := tarOf(t, item{name: "x", data: secret(1)})
	other := tarOf(t, item{name: "y", data: secret(2)})
	data := tarOf(t, item{name: "a/layer.tar", data: string(layer)}, item{name: "b/layer.tar", data: string(other)},
		item{name: "manifest.json", data: `[{"Layers":["a/layer.tar"]}]`})
	res := scanOf(t, imagescan.Options{}, writeFile(t, "s.tgz", gzipped(t, data)))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /x:1 in 1", "2 /y:1 in 1")
}

// savedOld is the image as docker save wrote it before version 25: layers by the ids of their own, a repeated one as a link.
func savedOld(t *testing.T, m *made) []byte {
	t.Helper()
	layers, err := m.img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	config, err := m.img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	items := []item{{name: "config.json", data: string(config)}}
	var names []string
	for i, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(r)
		id := strings.Repeat(string(rune('a'+i)), 64)
		items = append(items, item{name: id + "/VERSION", data: "1.0"}, item{name: id + "/json", data: "{}"})
		if i == 0 {
			items = append(items, item{name: "real/layer.tar", data: string(data)},
				item{name: id + "/layer.tar", kind: tar.TypeSymlink, link: "../real/layer.tar"})
		} else {
			items = append(items, item{name: id + "/layer.tar", data: string(data)})
		}
		names = append(names, `"`+id+`/layer.tar"`)
	}
	items = append(items, item{name: "manifest.json", data: `[{"Config":"config.json","RepoTags":["a:1"],"Layers":[` + strings.Join(names, ",") + `]}]`})
	return tarOf(t, items...)
}

// savedNew is a layout of one image with the manifest.json that docker save writes beside it since version 25.
func savedNew(t *testing.T, dir string) []byte {
	t.Helper()
	read := func(name string, v any) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(data, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := func(h v1.Hash) string { return "blobs/sha256/" + h.Hex }
	var index v1.IndexManifest
	read("index.json", &index)
	var m v1.Manifest
	read(path(index.Manifests[0].Digest), &m)
	var layers []string
	for _, l := range m.Layers {
		layers = append(layers, path(l.Digest))
	}
	saved, err := json.Marshal([]map[string]any{{"Config": path(m.Config.Digest), "Layers": layers}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), saved, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(filepath.Join(dir, "manifest.json"))
	return tarDir(t, dir)
}

func TestNestedArchives(t *testing.T) {
	inner := tarOf(t, item{name: "deep/in", data: secret(1)})
	jar := zipOf(t, map[string]string{"META-INF/x.properties": "a\n" + secret(2), "lib/b.tar.gz": string(gzipped(t, inner))})
	img := newImage(t).layer("", item{name: "app/a.tar.gz", data: string(gzipped(t, inner))}, item{name: "app/x.jar", data: string(jar)},
		item{name: "log.gz", data: string(gzipped(t, []byte("x\ny "+secret(3))))}, item{name: "l.zst", data: string(zstdOf(t, []byte(secret(4))))},
		item{name: "plain.tar", data: string(inner)}, item{name: "old.whl", data: string(zipOf(t, map[string]string{"m.py": secret(5)}))}).
		layer("", item{name: ".wh.old.whl"}, item{name: "app/x.jar", data: "no archive any more"})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /app/a.tar.gz!/deep/in:1 in 1", "1 /app/x.jar!/lib/b.tar.gz!/deep/in:1 in 1 overwritten 2",
		"1 /plain.tar!/deep/in:1 in 1", "2 /app/x.jar!/META-INF/x.properties:2 in 1 overwritten 2", "3 /log.gz!/log:2 in 1",
		"4 /l.zst!/l:1 in 1", "5 /old.whl!/m.py:1 in 1 deleted 2")
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What looks binary is searched all the same, and lines are those of the file.
func TestBinaryFiles(t *testing.T) {
	img := newImage(t).layer("", item{name: "bin/x", data: "\x7fELF\x00\x01\n\x00\xff\xfe" + secret(1) + "\x00rest"})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantPlaces(t, res, "1 /bin/x:2 in 1")
	if p := res.Findings[0].Places[0]; p.Column != 4 || p.EndColumn != 4+len(secret(1)) {
		t.Errorf("columns %d to %d", p.Column, p.EndColumn)
	}
}

// Large files are searched in pieces; a secret is found once wherever it stands, with its line.
func TestLargeFiles(t *testing.T) {
	const size = 9<<20 + 1234
	for _, lines := range []bool{false, true} {
		text := bytes.Repeat([]byte("x"), size)
		if lines {
			for i := 99; i < size; i += 100 {
				text[i] = '\n'
			}
		}
		offsets := []int{0, 4<<20 - 64<<10 - 3, 4<<20 - 32<<10 - 20, 4<<20 - 32<<10 - 1, 4<<20 - 20, 4<<20 - 2, 8<<20 - 100<<10, size - len(secret(0))}
		var want []string
		for i, at := range offsets {
			copy(text[at:], secret(i+1))
			line := 1 + bytes.Count(text[:at], []byte{'\n'})
			want = append(want, strings.TrimLeft(secret(i + 1)[7:], "0")+" /big:"+strconv.Itoa(line)+" in 1")
		}
		img := newImage(t).layer("", item{name: "small", data: "hello"}, item{name: "big", data: string(text)})
		res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
		wantPlaces(t, res, want...)
		for _, f := range res.Findings {
			p := f.Places[0]
			at := bytes.Index(text, []byte(f.Secret.Reveal()))
			if column := at - bytes.LastIndexByte(text[:at], '\n'); p.Column != column {
				t.Errorf("lines %v: %s in column %d, want %d", lines, f.Secret.Reveal(), p.Column, column)
			}
		}
	}
}

// A file is an exposure by any of its names, whatever it is and holds.
func TestExposuresByOtherNames(t *testing.T) {
	inner := tarOf(t, item{name: "x", data: "a"})
	img := newImage(t).layer("", item{name: "plain", data: "a"}, item{name: "by/link/exposed", kind: tar.TypeLink, link: "plain"},
		item{name: "tar/exposed", data: string(inner)}, item{name: "xz/exposed", data: "\xfd7zXZ\x00....."}, item{name: "gz", data: string(gzipped(t, inner)), mode: 0o644},
		item{name: "l/public", kind: tar.TypeLink, link: "gz", mode: 0o644}).
		layer("", item{name: "by/.wh.link"})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "exposed /by/link/exposed:0 in 1 deleted 2", "exposed /tar/exposed:0 in 1", "exposed /xz/exposed:0 in 1", "public /l/public:0 in 1")
}

// A file system is one from its first folder on, and loses nothing where an archive of images begins like one.
func TestFileSystems(t *testing.T) {
	layer := tarOf(t, item{name: "a", data: secret(1)})
	all := tarOf(t, item{name: "etc/x", data: secret(2)}, item{name: "l/layer.tar", data: string(layer)},
		item{name: "manifest.json", data: `[{"Layers":["l/layer.tar"]}]`})
	for _, data := range [][]byte{all, gzipped(t, all)} {
		res := scanOf(t, imagescan.Options{}, writeFile(t, "f.tar", data))
		wantComplete(t, res)
		wantPlaces(t, res, "2 /etc/x:1 in 1", "1 /l/layer.tar!/a:1 in 1")
	}
}
