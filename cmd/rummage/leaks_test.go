package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/detect/example"
	"rummage/scan"
)

// leaks are the ways in which a secret gets into an image, each with the place where it is to be found: path, layer, and
// what became of the file. The image that probe makes has a token for each.
var leaks = []struct{ way, place string }{
	{"file in the top layer", "/app/top in 6"},
	{"file deleted in a later layer", "/app/gone in 2 deleted 4"},
	{"same path, rotated: the older value", "/app/rotated in 2 overwritten 4"},
	{"same path, rotated: the newer value", "/app/rotated in 4"},
	{"file below an earlier CMD, of the base", "/base/config in 1"},
	{"file in /app/test", "/app/test/config in 2"},
	{"file in /app/vendor", "/app/vendor/config in 2"},
	{"*.md", "/app/README.md in 2"},
	{"path with example in it", "/app/example/config in 2"},
	{"/app/.git/config, address with a token", "/app/.git/config in 2"},
	{"commit in a pack in /app/.git", "/app/.git!/config in 2"},
	{"file whose first 300 bytes look binary", "/app/binary in 2"},
	{"file in a tar.gz in a layer", "/app/a.tar.gz!/inner in 2"},
	{"file in a zip in a layer", "/app/a.zip!/inner in 2"},
	{"file written by RUN", "/app/made in 3"},
	{"config: Env", "<config>"},
	{"config: Labels", "<config>"},
	{"config: Cmd", "<config>"},
	{"config: Entrypoint", "<config>"},
	{"config: Healthcheck", "<config>"},
	{"config: OnBuild", "<config>"},
	{"build argument in the history", "<config>"},
	{"layer compressed with zstd", "/app/zstd in 5"},
	{"provenance, mode=max: build argument", "<provenance>"},
	{"provenance, mode=max: ARG default in the steps", "<provenance>"},
	{"provenance, mode=max: Dockerfile in base64", "<provenance>, <provenance>/Dockerfile"},
	{"second platform", "/arm in 1"},
	{"file of a builder stage, in a cache (image manifest)", "/src/builder in 1"},
	{"file of a builder stage, in a cache (index of layers)", "/src/other in 1"},
}

// leakTable is where the table is kept.
const leakTable = "../../benchmarks/results/2026-11-28-image-leaks.md"

// TestImageLeaks looks into an image with a token for each way to leak one, as a layout, as a tar of it and in a registry,
// with the built-in rules. All have to be found, at their places.
func TestImageLeaks(t *testing.T) {
	p := &probe{ociDir: newOCIDir(t), t: t, tokens: map[string]string{}}
	p.make()
	server := newRegistry()
	defer server.Close()
	tarred := filepath.Join(t.TempDir(), "layout.tar")
	if err := os.WriteFile(tarred, tarDir(t, p.path), 0o600); err != nil {
		t.Fatal(err)
	}
	forms := []seen{lookInto(t, exitFindings, p.path), lookInto(t, exitFindings, tarred), lookInto(t, exitFindings, p.push(server.Listener.Addr().String()))}
	var table strings.Builder
	table.WriteString("# Which leaks of an image does rummage see?\n\n" +
		"Made by `go test ./cmd/rummage -run TestImageLeaks -update`: an image with a token for each way, the built-in rules, the\n" +
		"built-in scanner. The place is where rummage tells the token: path, layer, and which layer took the file away.\n\n" +
		"| leak | OCI layout | tar of it | registry | told at |\n| --- | --- | --- | --- | --- |\n")
	for _, l := range leaks {
		row := "| " + l.way
		for _, s := range forms {
			if at := strings.Join(s.places[p.tokens[l.way]], ", "); at == l.place {
				row += " | yes"
			} else {
				row += " | no"
				t.Errorf("%s: found at %q, want %q", l.way, at, l.place)
			}
		}
		table.WriteString(row + " | `" + l.place + "` |\n")
	}
	if *update {
		if err := os.WriteFile(leakTable, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(leakTable); err != nil || string(kept) != table.String() {
		t.Errorf("%s is not what is found (-update writes it); %v", leakTable, err)
	}
}

// probe is an image with all leaks.
type probe struct {
	*ociDir
	t      *testing.T
	tokens map[string]string // by the way of the leak
}

// token makes the one of a way.
func (p *probe) token(way string) string {
	p.t.Helper()
	if p.tokens[way] == "" {
		token, err := example.Expand("{{checksum github ghp_}}", scriptSeed(way))
		if err != nil {
			p.t.Fatal(err)
		}
		p.tokens[way] = token
	}
	return p.tokens[way]
}

// file is one that has the token of a way.
func (p *probe) file(name, way string) [2]string {
	return [2]string{name, "# settings\ntoken = " + p.token(way) + "\n"}
}

// seen is what a report on images tells.
type seen struct {
	places       map[string][]string // of each secret, and of each rule of an exposure: path, layer, and what became of it
	fingerprints []string
	scan         scan.Stats
	images       []imageRow
}

// imageRow is what a report tells of an image as a whole.
type imageRow struct {
	Complete bool
	Secrets  int
	Problem  string
}

// lookInto runs rummage image with an exit code to be.
func lookInto(t *testing.T, code int, args ...string) seen {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"image", "--no-progress", "--format", "json", "--show-secrets"}, args...)
	if got := run(args, strings.NewReader(""), &stdout, &stderr); got != code {
		t.Fatalf("exit code %d, want %d: %s%s", got, code, stderr.String(), stdout.String())
	}
	return readSeen(t, stdout.Bytes())
}

// readSeen reads a JSON report in which secrets are shown.
func readSeen(t *testing.T, data []byte) seen {
	t.Helper()
	var report struct {
		Scan struct {
			scan.Stats
			Images []imageRow
		}
		Findings []struct {
			Fingerprint, Rule, Secret string
			Places                    []jsonPlace
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	s := seen{places: map[string][]string{}, scan: report.Scan.Stats, images: report.Scan.Images}
	for _, f := range report.Findings {
		what := cmp.Or(f.Secret, f.Rule)
		s.fingerprints = append(s.fingerprints, f.Fingerprint)
		for _, at := range f.Places {
			place := at.Path
			if at.Layer > 0 {
				place += fmt.Sprintf(" in %d", at.Layer)
			}
			if at.GoneIn > 0 {
				place += fmt.Sprintf(" %s %d", at.State, at.GoneIn)
			}
			s.places[what] = append(s.places[what], place)
		}
	}
	slices.Sort(s.fingerprints)
	return s
}

func (p *probe) make() {
	amd := p.amd64()
	arm := p.image(&v1.ConfigFile{OS: "linux", Architecture: "arm64"}, nil,
		layer{tarOf(p.t, p.file("arm", "second platform")), gzipOf, types.OCILayer, "COPY arm / # buildkit"})
	p.roots(p.index(amd, arm, p.provenance(amd)), p.cacheManifest(), p.cacheIndex())
}

func (p *probe) amd64() v1.Descriptor {
	inner := p.file("inner", "file in a tar.gz in a layer")
	app := [][2]string{
		p.file("app/gone", "file deleted in a later layer"), p.file("app/rotated", "same path, rotated: the older value"),
		p.file("app/test/config", "file in /app/test"), p.file("app/vendor/config", "file in /app/vendor"),
		p.file("app/README.md", "*.md"), p.file("app/example/config", "path with example in it"),
		{"app/a.tar.gz", string(gzipOf(p.t, tarOf(p.t, inner)))},
		{"app/a.zip", string(zipOf(p.t, "inner", "token = "+p.token("file in a zip in a layer")))},
		{"app/binary", "\x7fELF" + strings.Repeat("\x00\xff\x01", 100) + "\n" + p.token("file whose first 300 bytes look binary") + "\x00"},
	}
	app = append(app, p.gitFolder()...)
	copied := func(createdBy string, files ...[2]string) layer {
		return layer{tarOf(p.t, files...), gzipOf, types.OCILayer, createdBy}
	}
	zst := copied("COPY zstd /app # buildkit", p.file("app/zstd", "layer compressed with zstd"))
	zst.pack, zst.kind = zstdOf, types.OCILayerZStd
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
		Env: []string{"PATH=/bin", "GITHUB_TOKEN=" + p.token("config: Env")}, Labels: map[string]string{"deploy": p.token("config: Labels")},
		Cmd: []string{"serve", "--token", p.token("config: Cmd")}, Entrypoint: []string{"/bin/app", "--token=" + p.token("config: Entrypoint")},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD-SHELL", "curl -H 'Authorization: token " + p.token("config: Healthcheck") + "' localhost"}},
		OnBuild:     []string{"ENV GITHUB_TOKEN=" + p.token("config: OnBuild")}}}
	return p.image(config, map[int]string{1: `CMD ["sh"]`},
		copied("ADD base.tar / # buildkit", p.file("base/config", "file below an earlier CMD, of the base")),
		copied("COPY app /app # buildkit", app...),
		copied("RUN |1 GITHUB_TOKEN="+p.token("build argument in the history")+" /bin/sh -c make # buildkit", p.file("app/made", "file written by RUN")),
		copied("RUN /bin/sh -c rm /app/gone # buildkit", [2]string{"app/.wh.gone", ""}, p.file("app/rotated", "same path, rotated: the newer value")),
		zst, copied("COPY top /app # buildkit", p.file("app/top", "file in the top layer")))
}

// gitFolder is a clone with a token in the address that it came from, and one in a commit that was taken out again.
func (p *probe) gitFolder() [][2]string {
	p.t.Helper()
	dir := p.t.TempDir()
	gitIn(p.t, dir, "init", "-q")
	file := p.file("config", "commit in a pack in /app/.git")
	for _, text := range []string{file[1], "# none\n"} {
		if err := os.WriteFile(filepath.Join(dir, file[0]), []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
		gitIn(p.t, dir, "add", "-A")
		gitIn(p.t, dir, "commit", "-q", "-m", "Change it")
	}
	gitIn(p.t, dir, "repack", "-adq")
	gitIn(p.t, dir, "prune-packed", "-q")
	gitIn(p.t, dir, "remote", "add", "origin", "https://deploy:"+p.token("/app/.git/config, address with a token")+"@github.com/made/app.git")
	return filesOf(p.t, filepath.Join(dir, ".git"), "app/.git")
}

// provenance is the attestation of an image as BuildKit writes it: a manifest with a statement as its layer.
func (p *probe) provenance(of v1.Descriptor) v1.Descriptor {
	const predicate = "https://slsa.dev/provenance/v1"
	dockerfile := "FROM scratch\nENV GITHUB_TOKEN=" + p.token("provenance, mode=max: Dockerfile in base64") + "\n"
	type object = map[string]any
	step := object{"id": "step0", "op": object{"Op": object{"exec": object{"meta": object{"args": []string{"/bin/sh", "-c", "make"},
		"env": []string{"PATH=/bin", "GITHUB_TOKEN=" + p.token("provenance, mode=max: ARG default in the steps")}}}}}}
	statement := p.json("application/vnd.in-toto+json", object{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": predicate, "predicate": object{
		"buildDefinition": object{
			"externalParameters": object{"request": object{"frontend": "dockerfile.v0",
				"args": object{"build-arg:GITHUB_TOKEN": p.token("provenance, mode=max: build argument")}}},
			"internalParameters": object{"buildConfig": object{"llbDefinition": []object{step}}}},
		"runDetails": object{"metadata": object{"buildkit_metadata": object{"source": object{"infos": []object{
			{"filename": "Dockerfile", "language": "Dockerfile", "data": base64.StdEncoding.EncodeToString([]byte(dockerfile))}}}}}}}})
	statement.Annotations = map[string]string{"in-toto.io/predicate-type": predicate}
	d := p.json(types.OCIManifestSchema1, &v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: p.json(types.OCIConfigJSON, object{"os": "unknown", "architecture": "unknown"}), Layers: []v1.Descriptor{statement}})
	d.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	d.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.Digest.String()}
	return d
}

// cacheConfig is the media type by which BuildKit marks its caches.
const cacheConfig = "application/vnd.buildkit.cacheconfig.v0"

// cacheManifest is a cache as newer BuildKits export it.
func (p *probe) cacheManifest() v1.Descriptor {
	l := p.blob(types.OCILayer, gzipOf(p.t, tarOf(p.t, p.file("src/builder", "file of a builder stage, in a cache (image manifest)"))))
	return p.json(types.OCIManifestSchema1, &v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: p.json(cacheConfig, p.cacheRecords(l)), Layers: []v1.Descriptor{l}})
}

// cacheIndex is a cache as older ones do: an index whose manifests are layers, and the configuration.
func (p *probe) cacheIndex() v1.Descriptor {
	l := p.blob(types.OCILayer, gzipOf(p.t, tarOf(p.t, p.file("src/other", "file of a builder stage, in a cache (index of layers)"))))
	return p.index(l, p.json(cacheConfig, p.cacheRecords(l)))
}

func (p *probe) cacheRecords(l v1.Descriptor) any {
	return map[string]any{"layers": []any{map[string]any{"blob": l.Digest.String(), "parent": -1}},
		"records": []any{map[string]any{"digest": l.Digest.String(), "layers": []any{map[string]int{"layer": 0}}}}}
}
