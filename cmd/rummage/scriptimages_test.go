package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"
)

func cmdRegistry(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "registry NAME")
	server := newRegistry()
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.Listener.Addr().String())
}

// newRegistry is a registry in memory, at a loopback address.
func newRegistry() *httptest.Server {
	return httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
}

func cmdImage(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "image WHERE SPEC…")
	var images []v1.Image
	for _, spec := range args[1:] {
		img, err := imageOf(ts.ReadFile(spec))
		if err != nil {
			ts.Fatalf("%s: %v", spec, err)
		}
		images = append(images, img)
	}
	if dir, ok := strings.CutPrefix(args[0], "oci:"); ok {
		l, err := layout.Write(ts.MkAbs(dir), empty.Index)
		ts.Check(err)
		for _, img := range images {
			ts.Check(l.AppendImage(img))
		}
		return
	}
	if file, ok := strings.CutPrefix(args[0], "docker-archive:"); ok {
		usage(ts, len(images) == 1, "image docker-archive:FILE SPEC")
		tag, err := name.NewTag("docker.io/made/image:1")
		ts.Check(err)
		ts.Check(tarball.WriteToFile(ts.MkAbs(file), tag, images[0]))
		return
	}
	ref, err := name.ParseReference(args[0])
	ts.Check(err)
	if len(images) == 1 {
		ts.Check(remote.Write(ref, images[0]))
		return
	}
	ts.Check(remote.WriteIndex(ref, indexOf(images)))
}

func indexOf(images []v1.Image) v1.ImageIndex {
	index := v1.ImageIndex(empty.Index)
	for _, img := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img})
	}
	return index
}

// imageOf makes an image of a description, see TestScript.
func imageOf(spec string) (v1.Image, error) {
	img := v1.Image(empty.Image)
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64"}
	var addenda []mutate.Addendum
	var files [][2]string
	end := func() error {
		if len(addenda) == 0 {
			return nil
		}
		data, err := tarOfFiles(files)
		if err != nil {
			return err
		}
		files = nil
		addenda[len(addenda)-1].Layer, err = tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		return err
	}
	for line := range strings.Lines(spec) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "":
		case "platform":
			config.OS, config.Architecture, _ = strings.Cut(rest, "/")
		case "env":
			config.Config.Env = append(config.Config.Env, rest)
		case "layer":
			if err := end(); err != nil {
				return nil, err
			}
			addenda = append(addenda, mutate.Addendum{History: v1.History{CreatedBy: rest}})
		case "file":
			file, text, _ := strings.Cut(rest, " ")
			files = append(files, [2]string{file, text + "\n"})
		case "delete":
			files = append(files, [2]string{path.Join(path.Dir(rest), ".wh."+path.Base(rest)), ""})
		default:
			return nil, fmt.Errorf("%q is no word of a description", word)
		}
	}
	if err := end(); err != nil {
		return nil, err
	}
	img, err := mutate.ConfigFile(img, config)
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, addenda...)
}

// tarOfFiles is an archive of files: their names and texts.
func tarOfFiles(files [][2]string) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Size: int64(len(f[1])), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f[1]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
