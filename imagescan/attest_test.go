package imagescan_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
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

	"rummage/gitscan"
	"rummage/imagescan"
	"rummage/scan"
)

func forPlatform(m *made, arch, variant string) mutate.IndexAddendum {
	m.config(func(c *v1.ConfigFile) { c.OS, c.Architecture, c.Variant = "linux", arch, variant })
	return mutate.IndexAddendum{Add: m.img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch, Variant: variant}}}
}

// attestation is a manifest about an image of an index, as BuildKit makes it.
func attestation(t *testing.T, about v1.Image, statements map[string]string) mutate.IndexAddendum {
	t.Helper()
	digest, err := about.Digest()
	if err != nil {
		t.Fatal(err)
	}
	img := v1.Image(empty.Image)
	for predicate, text := range statements {
		img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer([]byte(text), "application/vnd.in-toto+json"),
			MediaType: "application/vnd.in-toto+json", Annotations: map[string]string{"in-toto.io/predicate-type": predicate}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest.String()}}}
}

// indexLayout writes a layout whose index.json names one index.
func indexLayout(t *testing.T, parts ...mutate.IndexAddendum) string {
	t.Helper()
	l, err := layout.Write(filepath.Join(t.TempDir(), "layout"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.IndexMediaType(mutate.AppendManifests(empty.Index, parts...), types.OCIImageIndex)
	if err := l.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	return string(l)
}

func TestPlatformsAndAttestations(t *testing.T) {
	shared := item{name: "shared", data: secret(1)}
	amd, arm := newImage(t).layer("COPY", shared).layer("", item{name: "amd", data: secret(2)}), newImage(t).layer("COPY", shared).layer("", item{name: "arm", data: secret(3)})
	parts := []mutate.IndexAddendum{forPlatform(amd, "amd64", ""), forPlatform(arm, "arm64", "v8")}
	dockerfile := base64.StdEncoding.EncodeToString([]byte("FROM scratch\nARG A=" + secret(5) + "\n"))
	parts = append(parts,
		attestation(t, amd.img, map[string]string{"https://slsa.dev/provenance/v0.2": `{"predicateType":"https://slsa.dev/provenance/v0.2","a":"` + secret(4) +
			`","predicate":{"metadata":{"https://mobyproject.org/buildkit@v1#metadata":{"source":{"infos":[{"filename":"Dockerfile","data":"` + dockerfile + `"}]}}}}}`}),
		attestation(t, arm.img, map[string]string{"https://spdx.dev/Document": `{"x":"` + secret(6) + `"}`,
			"": `{"payloadType":"application/vnd.in-toto+json","signatures":[],"payload":"` + base64.StdEncoding.EncodeToString(
				[]byte(`{"predicateType":"https://slsa.dev/provenance/v1","x":"`+secret(7)+`"}`)) + `"}`}))
	dir := indexLayout(t, parts...)
	res := scanOf(t, imagescan.Options{}, dir)
	wantComplete(t, res)
	wantPlaces(t, res, "1 /shared:1 in 1", "1 /shared:1 in 1", "2 /amd:1 in 2", "3 /arm:1 in 2", "4 <provenance>:1", "5 <provenance>/Dockerfile:2",
		"5 <provenance>:1", "6 <sbom>:1", "7 <attestation>:1", "7 <provenance>:1") // the first is read as what it is, the other in base64
	if res.Stats.Layers != 3 {
		t.Errorf("%d layers were read, the shared one is one", res.Stats.Layers)
	}
	for _, f := range res.Findings {
		for _, p := range f.Places {
			want := "linux/amd64"
			if strings.Contains("3 6 7", strings.TrimLeft(f.Secret.Reveal()[7:], "0")) {
				want = "linux/arm64/v8"
			}
			if f.Secret.Reveal() != secret(1) && p.Image.Platform != want {
				t.Errorf("%s is of %s", f.Secret.Reveal(), p.Image.Platform)
			}
		}
	}

	res = scanOf(t, imagescan.Options{Platforms: []string{"linux/arm64"}}, dir)
	wantComplete(t, res)
	wantPlaces(t, res, "1 /shared:1 in 1", "3 /arm:1 in 2", "6 <sbom>:1", "7 <attestation>:1", "7 <provenance>:1")
	wantProblem(t, scanOf(t, imagescan.Options{Platforms: []string{"linux/s390x"}}, dir), "", "no image was found for linux/s390x")
}

// A cache of a build is an index of its own kind: its layers are read, those of builder stages too.
func TestBuildCache(t *testing.T) {
	cache := newImage(t).layer("", item{name: "builder", data: secret(1)})
	img := mutate.ConfigMediaType(cache.img, "application/vnd.buildkit.cacheconfig.v0")
	l, err := layout.Write(filepath.Join(t.TempDir(), "layout"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	res := scanOf(t, imagescan.Options{}, string(l))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /builder:1 in 1")
}

// Layers that images share, byte by byte, are read once, and told for each of them.
func TestSharedLayers(t *testing.T) {
	plain := tarOf(t, item{name: "base", data: secret(1)})
	one := newImage(t).stored(plain, gzipped(t, plain), types.OCILayer, "").layer("", item{name: ".wh.base"})
	two := newImage(t).stored(plain, gzipped(t, plain), types.OCILayer, "")
	res := scanOf(t, imagescan.Options{}, layoutOf(t, one), layoutOf(t, two))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /base:1 in 1 deleted 2", "1 /base:1 in 1")
	if res.Stats.Layers != 2 {
		t.Errorf("%d layers were read", res.Stats.Layers)
	}
}

// A repository in an image is read as one: what a commit took out is there all the same, and who did it.
func TestRepositoryInImage(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	for i, text := range []string{"a\n" + secret(1), "clean"} {
		if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git("add", ".")
		git("commit", "-q", "-m", fmt.Sprintf("commit %d %s", i, secret(2)))
	}
	git("gc", "-q")
	var items []item
	err := filepath.WalkDir(filepath.Join(dir, ".git"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		items = append(items, item{name: "app/" + filepath.ToSlash(rel), data: string(data)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o := imagescan.Options{OpenGit: func(files map[string][]byte) (scan.Source, error) { return gitscan.OpenFiles(files, gitscan.Options{}) }}
	img := newImage(t).layer("COPY . /app", items...).layer("RUN rm -r /app/.git", item{name: "app/.wh..git"})
	res := scanOf(t, o, layoutOf(t, img))
	wantComplete(t, res)
	got := places(res)
	for _, want := range []string{"1 /app/.git!/conf:2 in 1 deleted 2", "2 /app/.git:1 in 1 deleted 2"} {
		if !slices.Contains(strings.Split(got, "\n"), want) {
			t.Errorf("found:\n%s\nwant %s", got, want)
		}
	}
	for _, f := range res.Findings {
		if p := f.Places[0]; f.Secret.Reveal() == secret(1) && (p.Introduced == nil || p.Removed == nil || p.Introduced.Subject != "commit 0 "+secret(2)) {
			t.Errorf("place %+v", p)
		}
	}
}
