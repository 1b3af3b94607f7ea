package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/detect/example"
)

// needBuildah makes the tests fail where they would be skipped, for want of a program.
const needBuildah = "RUMMAGE_NEED_BUILDAH"

// TestBuiltImages looks into images that buildah builds: with secrets given the wrong ways, in everything that it writes
// images to, and the right way.
func TestBuiltImages(t *testing.T) {
	b := newBuilder(t)
	wrong := b.wrong()
	server := newRegistry()
	defer server.Close()
	registry := server.Listener.Addr().String()

	want := map[string][]string{
		b.token("argument"): {"<config>"},
		b.token("deleted"):  {"/app/config in 2 deleted 4"},
		b.token("dotenv"):   {"/app/.env in 3"},
		b.token("echoed"):   {"/app/token in 5"},
	}
	var fingerprints []string
	for _, c := range []struct{ to, image string }{
		{"docker-archive:" + b.path("saved.tar") + ":made/wrong:1", b.path("saved.tar")},
		{"oci:" + b.path("layout") + ":1", b.path("layout")},
		{"oci-archive:" + b.path("layout.tar") + ":1", b.path("layout.tar")},
		{"docker://" + registry + "/made/wrong:1", registry + "/made/wrong:1"},
		{"zstd oci:" + b.path("zlayout") + ":1", b.path("zlayout")},
		{"zstd docker://" + registry + "/made/wrong:zstd", registry + "/made/wrong:zstd"},
	} {
		flags := []string{"push", "-q", "--tls-verify=false"}
		to, compressed := strings.CutPrefix(c.to, "zstd ")
		if compressed {
			flags = append(flags, "--compression-format", "zstd")
		}
		b.buildah(append(flags, wrong, to)...)
		got := lookInto(t, exitFindings, c.image)
		for secret, places := range want {
			if !slices.Equal(got.places[secret], places) {
				t.Errorf("%s: found at %q, want %q", c.to, got.places[secret], places)
			}
		}
		if fingerprints == nil {
			fingerprints = got.fingerprints
		}
		if !slices.Equal(got.fingerprints, fingerprints) {
			t.Errorf("%s: findings %q, others were %q", c.to, got.fingerprints, fingerprints)
		}
	}

	b.inGitToo(registry, registry+"/made/wrong:1")

	b.buildah("push", "-q", b.right(), "oci:"+b.path("right")+":1")
	if got := lookInto(t, exitClean, b.path("right")); len(got.fingerprints) > 0 {
		t.Errorf("built the right way: %v", got.places)
	}
}

// inGitToo searches a repository from which an image was built, and the image, which a compose file of it names. What is in
// both is one finding.
func (b *builder) inGitToo(registry, image string) {
	b.t.Helper()
	repo := b.t.TempDir()
	for name, text := range map[string]string{"config": "token = " + b.token("deleted") + "\n", "compose.yaml": "services: {app: {image: \"" + image + "\"}}\n"} {
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	gitIn(b.t, repo, "init", "-q")
	gitIn(b.t, repo, "add", "-A")
	gitIn(b.t, repo, "commit", "-q", "-m", "Add it")
	// Not in process: it starts itself once more for each image.
	cmd := exec.Command("rummage", "git", "--images", "--registry", registry, "--no-progress", "-f", "json", "--show-secrets", repo)
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitFindings {
		b.t.Fatalf("exit code %d: %v", code, err)
	}
	got := readSeen(b.t, out)
	if places, want := got.places[b.token("deleted")], []string{"/app/config in 2 deleted 4", "config"}; !slices.Equal(places, want) {
		b.t.Errorf("what is in the repository and in the image is at %q, want %q", places, want)
	}
	if places, want := got.places[b.token("dotenv")], []string{"/app/.env in 3"}; !slices.Equal(places, want) {
		b.t.Errorf("what is in the image alone is at %q, want %q", places, want)
	}
}

// builder is buildah with a storage of its own.
type builder struct {
	t       *testing.T
	dir     string
	program string
}

// newBuilder skips the test where something is not installed, or fails it if all has to be.
func newBuilder(t *testing.T) *builder {
	t.Helper()
	b := &builder{t: t, dir: t.TempDir()}
	missing := func(err error) {
		if os.Getenv(needBuildah) != "" {
			t.Fatalf("%v, and %s is set (apt-get install buildah crun busybox-static)", err, needBuildah)
		}
		t.Skip(err)
	}
	var err error
	if b.program, err = exec.LookPath("buildah"); err != nil {
		missing(err)
	}
	busybox, err := staticBusybox()
	if err != nil {
		missing(err)
	}
	b.file("busybox", string(busybox))
	storage := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", b.path("storage"), b.path("run"))
	for name, text := range map[string]string{"no-auth.json": "{}", "storage.conf": storage} {
		if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// staticBusybox is a program that is a shell by itself, so that an image needs no other file.
func staticBusybox() ([]byte, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return nil, err
	}
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, errors.New(path + " is not a static program")
		}
	}
	return os.ReadFile(path)
}

func (b *builder) path(name string) string { return filepath.Join(b.dir, name) }

func (b *builder) file(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path("context/"+name)), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path("context/"+name), []byte(text), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

// buildah runs it so that no image is left behind outside the test's directory.
func (b *builder) buildah(args ...string) {
	b.t.Helper()
	cmd := exec.Command(b.program, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "TMPDIR="+b.dir, "HOME="+b.dir, "REGISTRY_AUTH_FILE="+b.path("no-auth.json"), "CONTAINERS_STORAGE_CONF="+b.path("storage.conf"))
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("buildah %s: %v\n%s", args[0], err, out)
	}
}

// token is a credential that is given to a build.
func (b *builder) token(name string) string {
	b.t.Helper()
	token, err := example.Expand("{{checksum github ghp_}}", scriptSeed(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return token
}

// build builds an image of a Dockerfile on a shell.
func (b *builder) build(name, dockerfile string, args ...string) string {
	b.t.Helper()
	b.file("Dockerfile", "FROM scratch\nCOPY busybox /bin/sh\n"+dockerfile)
	b.buildah(append(append([]string{"bud", "-q", "--isolation", "chroot", "--layers", "-t", name}, args...), b.path("context"))...)
	return name
}

// wrong gives secrets to a build in the ways that leave them in the image.
func (b *builder) wrong() string {
	b.t.Helper()
	b.file("config", "token = "+b.token("deleted")+"\n")
	b.file(".env", "GITHUB_TOKEN="+b.token("dotenv")+"\n")
	b.file("secret", b.token("echoed"))
	return b.build("made/wrong", `COPY config /app/config
COPY .env /app/.env
RUN rm /app/config
RUN --mount=type=secret,id=token cp /run/secrets/token /app/token
ARG GITHUB_TOKEN
RUN test -n "$GITHUB_TOKEN"
`, "--build-arg", "GITHUB_TOKEN="+b.token("argument"), "--secret", "id=token,src="+b.path("context/secret"))
}

// right gives one to a step alone.
func (b *builder) right() string {
	b.t.Helper()
	b.file("secret", b.token("mounted"))
	return b.build("made/right", "RUN --mount=type=secret,id=token grep -q ghp_ /run/secrets/token\n", "--secret", "id=token,src="+b.path("context/secret"))
}
