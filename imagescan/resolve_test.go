package imagescan_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"rummage/imagescan"
	"rummage/scan"
)

// blobs is a layout that is written content by content.
type blobs struct {
	t   *testing.T
	dir string
}

func newBlobs(t *testing.T) *blobs {
	b := &blobs{t, t.TempDir()}
	b.write("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	return b
}

func (b *blobs) write(name, data string) {
	b.t.Helper()
	name = filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// add stores a content and gives its descriptor, to which members may be added.
func (b *blobs) add(mediaType, data string, members ...string) string {
	b.t.Helper()
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(data)))
	b.write("blobs/sha256/"+sum, data)
	d := fmt.Sprintf(`{"mediaType":%q,"digest":"sha256:%s","size":%d`, mediaType, sum, len(data))
	return d + strings.Join(append([]string{""}, members...), ",") + "}"
}

// digest is that of a descriptor.
func digest(descriptor string) string {
	_, rest, _ := strings.Cut(descriptor, `"digest":"`)
	d, _, _ := strings.Cut(rest, `"`)
	return d
}

const (
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaTar      = "application/vnd.oci.image.layer.v1.tar"
)

// image stores an image with one layer.
func (b *blobs) image(config string, layer []byte, members ...string) string {
	return b.manifest(b.add(mediaConfig, config), []string{b.add(mediaTar, string(layer))}, members...)
}

func (b *blobs) manifest(config string, layers []string, members ...string) string {
	return b.add(mediaManifest, fmt.Sprintf(`{"schemaVersion":2,"config":%s,"layers":[%s]}`, config, strings.Join(layers, ",")), members...)
}

func (b *blobs) index(manifests ...string) string {
	return b.add(mediaIndex, fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, mediaIndex, strings.Join(manifests, ",")))
}

// done writes index.json and gives the directory.
func (b *blobs) done(manifests ...string) string {
	b.write("index.json", fmt.Sprintf(`{"schemaVersion":2,"manifests":[%s]}`, strings.Join(manifests, ",")))
	return b.dir
}

// A configuration that says of two layers that they are the same does not keep one of them from being read.
func TestLyingDiffIDs(t *testing.T) {
	img := newImage(t).layer("", item{name: "a", data: secret(1)}).layer("", item{name: "b", data: secret(2)}).
		config(func(c *v1.ConfigFile) { c.RootFS.DiffIDs[1] = c.RootFS.DiffIDs[0] })
	dir := layoutOf(t, img)
	for name, path := range map[string]string{"layout": dir, "stream": writeFile(t, "o.tgz", gzipped(t, tarDir(t, dir))),
		"docker save": writeFile(t, "s.tar", savedOld(t, img))} {
		t.Run(name, func(t *testing.T) {
			res := scanOf(t, imagescan.Options{}, path)
			wantProblem(t, res, "", "uncompressed, its bytes are those of")
			wantPlaces(t, res, "1 /a:1 in 1", "2 /b:1 in 2")
		})
	}
}

func TestPlatformsOfLayouts(t *testing.T) {
	b := newBlobs(t)
	amd := b.image(`{"a":1}`, tarOf(t, item{name: "a", data: secret(1)}), `"platform":{"os":"linux","architecture":"amd64"}`)
	arm := b.image(`{"a":2}`, tarOf(t, item{name: "a", data: secret(2)}), `"platform":{"os":"linux","architecture":"arm64"}`)
	res := scanOf(t, imagescan.Options{Platforms: []string{"linux/arm64"}}, b.done(amd, arm))
	wantComplete(t, res)
	wantPlaces(t, res, "2 /a:1 in 1")
}

// An attestation is read whatever it says it is about, with its configuration, and as an image where it is one.
func TestOddAttestations(t *testing.T) {
	b := newBlobs(t)
	img := b.image(`{}`, tarOf(t, item{name: "a", data: secret(1)}))
	about := func(digest string) string {
		return fmt.Sprintf(`"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":%q}`, digest)
	}
	statement := b.add("application/vnd.in-toto+json", `{"x":"`+secret(2)+`"}`)
	stale := b.manifest(b.add(mediaConfig, `{"y":"`+secret(3)+`"}`), []string{statement}, about("sha256:"+strings.Repeat("0", 64)))
	configured := b.manifest(b.add(mediaConfig, `{"z":"`+secret(4)+`"}`), []string{b.add("application/vnd.in-toto+json", `{}`)}, about(digest(img)))
	disguised := b.manifest(b.add(mediaConfig, `{"d":1}`), []string{b.add("application/x+json", string(gzipped(t, tarOf(t, item{name: "gz", data: secret(6)}))))})
	sources := b.image(`{"s":1}`, tarOf(t, item{name: "src", data: secret(5)}), about(digest(img)))
	res := scanOf(t, imagescan.Options{}, b.done(b.index(img, stale, configured, sources, disguised)))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /a:1 in 1", "2 <attestation>:1", "3 <config>:1", "4 <attestation>:1", "5 /src:1 in 1", "6 /gz:1 in 1")
}

// What was found in a stream before it broke off has a place.
func TestBrokenStream(t *testing.T) {
	layer := tarOf(t, item{name: "a", data: secret(1)})
	data := tarOf(t, item{name: "manifest.json", data: "[]"}, item{name: "x/layer.tar", data: string(layer)}, item{name: "y", data: strings.Repeat("z", 5000)})
	res := scanOf(t, imagescan.Options{}, writeFile(t, "s.tgz", gzipped(t, data[:len(data)-4000])))
	wantProblem(t, res, scan.SkipUnreadable, "unexpected EOF")
	wantPlaces(t, res, "1 /a:1 in 1")
}

// An archive whose manifest.json has other images than its index.json has both.
func TestTwoLists(t *testing.T) {
	b := newBlobs(t)
	dir := b.done(b.image(`{"rootfs":{}}`, tarOf(t, item{name: "a", data: secret(1)})))
	config, layer := digest(b.add(mediaConfig, `{"rootfs":{}}`)), digest(b.add(mediaTar, string(tarOf(t, item{name: "b", data: secret(2)}))))
	path := func(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
	b.write("manifest.json", fmt.Sprintf(`[{"Config":%q,"Layers":[%q]}]`, path(config), path(layer)))
	for _, data := range [][]byte{tarDir(t, dir), gzipped(t, tarDir(t, dir))} {
		res := scanOf(t, imagescan.Options{}, writeFile(t, "a.tar", data))
		wantComplete(t, res)
		wantPlaces(t, res, "1 /a:1 in 1", "2 /b:1 in 1")
	}
}

// An index lists the same manifest without a digest over and over.
func TestNoDigest(t *testing.T) {
	b := newBlobs(t)
	wantProblem(t, scanOf(t, imagescan.Options{}, b.done(b.index(`{"data":"e30="}`, `{"data":"e30="}`))), scan.SkipUnreadable, "no digest")
}
