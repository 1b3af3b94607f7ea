package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// ociDir is an OCI layout that is written by hand, since what tests need in it is not always what libraries write.
type ociDir struct {
	t     testing.TB
	path  string
	blobs []v1.Descriptor // a manifest stands behind what it names
}

func newOCIDir(t testing.TB) *ociDir {
	t.Helper()
	d := &ociDir{t: t, path: filepath.Join(t.TempDir(), "layout")}
	if err := os.MkdirAll(filepath.Join(d.path, "blobs", "sha256"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return d
}

func (d *ociDir) write(name string, data []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.path, filepath.FromSlash(name)), data, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// blob adds a content.
func (d *ociDir) blob(kind types.MediaType, data []byte) v1.Descriptor {
	d.t.Helper()
	hash, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		d.t.Fatal(err)
	}
	d.write("blobs/sha256/"+hash.Hex, data)
	of := v1.Descriptor{MediaType: kind, Digest: hash, Size: size}
	d.blobs = append(d.blobs, of)
	return of
}

func (d *ociDir) json(kind types.MediaType, v any) v1.Descriptor {
	d.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.blob(kind, data)
}

func (d *ociDir) index(of ...v1.Descriptor) v1.Descriptor {
	d.t.Helper()
	return d.json(types.OCIImageIndex, &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: of})
}

// roots says what the layout is of.
func (d *ociDir) roots(of ...v1.Descriptor) {
	d.t.Helper()
	data, err := json.Marshal(&v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: of})
	if err != nil {
		d.t.Fatal(err)
	}
	d.write("index.json", data)
}

// push puts all of it into a registry, under the reference that it gives.
func (d *ociDir) push(host string) string {
	d.t.Helper()
	base := "http://" + host + "/v2/made/probe/"
	for _, b := range d.blobs {
		file := filepath.Join(d.path, "blobs", "sha256", b.Digest.Hex)
		if b.MediaType.IsImage() || b.MediaType.IsIndex() {
			d.send(http.MethodPut, base+"manifests/"+b.Digest.String(), b.MediaType, file)
		} else {
			d.send(http.MethodPost, base+"blobs/uploads/?digest="+b.Digest.String(), "application/octet-stream", file)
		}
	}
	d.send(http.MethodPut, base+"manifests/1", types.OCIImageIndex, filepath.Join(d.path, "index.json"))
	return host + "/made/probe:1"
}

func (d *ociDir) send(method, url string, kind types.MediaType, file string) {
	d.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(data))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", string(kind))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		d.t.Fatalf("%s %s: %s", method, kind, resp.Status)
	}
}

// layer is a layer as it is stored, and what makes it.
type layer struct {
	tar       []byte
	pack      func(testing.TB, []byte) []byte
	kind      types.MediaType
	createdBy string
}

// image adds an image. Entries of the history without a layer stand before the one of the same number.
func (d *ociDir) image(config *v1.ConfigFile, empty map[int]string, layers ...layer) v1.Descriptor {
	d.t.Helper()
	config.RootFS.Type = "layers"
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	for i, l := range layers {
		id, _, err := v1.SHA256(bytes.NewReader(l.tar))
		if err != nil {
			d.t.Fatal(err)
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, id)
		if by := empty[i]; by != "" {
			config.History = append(config.History, v1.History{CreatedBy: by, EmptyLayer: true})
		}
		config.History = append(config.History, v1.History{CreatedBy: l.createdBy})
		m.Layers = append(m.Layers, d.blob(l.kind, l.pack(d.t, l.tar)))
	}
	m.Config = d.json(types.OCIConfigJSON, config)
	of := d.json(types.OCIManifestSchema1, &m)
	of.Platform = &v1.Platform{OS: config.OS, Architecture: config.Architecture}
	return of
}

func gzipOf(t testing.TB, data []byte) []byte {
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

func zipOf(t testing.TB, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf is an archive of files: their names and texts.
func tarOf(t testing.TB, files ...[2]string) []byte {
	t.Helper()
	data, err := tarOfFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tarDir is an archive of a directory.
func tarDir(t testing.TB, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// filesOf are the files of a directory, by their paths below another name.
func filesOf(t testing.TB, dir, below string) (files [][2]string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		files = append(files, [2]string{below + "/" + path, string(data)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
