package imagescan_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/imagescan"
	"rummage/scan"
)

// The image of a registry, with what other manifests there say of it: by the referrers API, and by cosign's tags.
func TestRegistrySource(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	push := func(to string, what remote.Taggable) {
		t.Helper()
		ref, err := name.ParseReference(host + "/app" + to)
		if err != nil {
			t.Fatal(err)
		}
		switch what := what.(type) {
		case v1.ImageIndex:
			err = remote.WriteIndex(ref, what)
		case v1.Image:
			err = remote.Write(ref, what)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	img := newImage(t).layer("COPY a /", item{name: "a", data: secret(1)})
	part := forPlatform(img, "amd64", "")
	push(":1", mutate.IndexMediaType(mutate.AppendManifests(empty.Index, part,
		attestation(t, img.img, map[string]string{"https://slsa.dev/provenance/v1": `{"predicateType":"https://slsa.dev/provenance/v1","x":"` + secret(2) + `"}`})), types.OCIImageIndex))
	digest, err := img.img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	statement := func(n int) v1.Image {
		i, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
			Layer: static.NewLayer([]byte(`{"x":"`+secret(n)+`"}`), "application/vnd.in-toto+json"), MediaType: "application/vnd.in-toto+json"})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	desc, err := remoteDescriptor(host, digest)
	if err != nil {
		t.Fatal(err)
	}
	refers, ok := mutate.Subject(statement(3), *desc).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	push(":other", refers)
	push(":sha256-"+digest.Hex+".att", statement(4))

	target, err := imagescan.Registry(host+"/app:1", imagescan.RegistryOptions{Named: true})
	if err != nil {
		t.Fatal(err)
	}
	res := scanTargets(t, testDetector(t), imagescan.Options{}, target)
	wantComplete(t, res)
	wantPlaces(t, res, "1 /a:1 in 1", "2 <provenance>:1", "3 <attestation>:1", "4 <attestation>:1")

	for _, missing := range []string{"/app:none", "/none:1"} {
		target, err := imagescan.Registry(host+missing, imagescan.RegistryOptions{Named: true})
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, scanTargets(t, testDetector(t), imagescan.Options{}, target), scan.SkipUnreadable, "HTTP 404")
	}
}

func remoteDescriptor(host string, digest v1.Hash) (*v1.Descriptor, error) {
	ref, err := name.NewDigest(host + "/app@" + digest.String())
	if err != nil {
		return nil, err
	}
	return remote.Head(ref)
}

// What the daemon has comes through docker save on a pipe, from a program of that name.
func TestDaemon(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the shim is a script of a shell
	}
	img := newImage(t).layer("COPY a /", item{name: "a", data: secret(1)})
	bin := t.TempDir()
	archive := filepath.Join(bin, "saved.tar")
	if err := os.WriteFile(archive, savedOld(t, img), 0o600); err != nil {
		t.Fatal(err)
	}
	shim := "#!/bin/sh\n[ \"$*\" = 'save -- docker.io/library/app:1' ] || { echo \"no such image: $*\" >&2; exit 1; }\nexec cat '" + archive + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte(shim), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	for ref, want := range map[string]string{"app:1": "", "other": "docker save: no such image: save -- docker.io/library/other:latest"} {
		target, err := imagescan.Open("docker-daemon:"+ref, imagescan.RegistryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		res := scanTargets(t, testDetector(t), imagescan.Options{}, target)
		if want != "" {
			wantProblem(t, res, scan.SkipUnreadable, want)
			continue
		}
		wantComplete(t, res)
		wantPlaces(t, res, "1 /a:1 in 1")
	}
	for _, bad := range []string{"-x", "a b", "$(x)", ""} {
		if _, err := imagescan.Open("docker-daemon:"+bad, imagescan.RegistryOptions{}); err == nil {
			t.Errorf("%q is taken for a reference", bad)
		}
	}
	t.Setenv("PATH", t.TempDir())
	target, err := imagescan.Daemon("app:1")
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, scanTargets(t, testDetector(t), imagescan.Options{}, target), scan.SkipUnreadable, "docker save: exec")
}

// What a target is, its name and what is there tell.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("alpine", tarOf(t, item{name: "a"}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("text", []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, err string }{
		{"alpine", ""}, {"docker-archive:alpine", ""}, {"alpine:3", "registry docker.io is not allowed"}, {"docker://alpine", "registry docker.io is not allowed"},
		{"./none", "no such file"}, {"/none", "no such file"}, {"oci:none", "no such file"}, {"text", "no tar archive"}, {"folder", "no OCI layout"},
		{"-x", "-x"}, {"a b", "a b"}, {"x/--y", "x/--y"},
	} {
		_, err := imagescan.Open(c.name, imagescan.RegistryOptions{Allow: []string{"quay.io"}})
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
}
