package imageref

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/structure"
)

const (
	sha   = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	hexes = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// forms are files with the references they name: "role canonical", or "role ? text: reason".
var forms = []struct {
	name string
	kind structure.Kind
	text string
	want []string
}{
	{"dockerfile names", structure.Dockerfile, "FROM alpine\nFROM alpine:3\nFROM node:20-slim AS web\nFROM ghcr.io/a/b@" + sha + "\nFROM localhost:5000/x/y:1\nFROM index.docker.io/library/redis:7\nFROM a/b:1@" + sha + "\n",
		[]string{"from docker.io/library/alpine:latest", "from docker.io/library/alpine:3", "from docker.io/library/node:20-slim",
			"from ghcr.io/a/b@" + sha, "from localhost:5000/x/y:1", "from docker.io/library/redis:7", "from docker.io/a/b:1@" + sha}},
	{"dockerfile args", structure.Dockerfile, "ARG TAG=3.19\nARG REG\nARG BASE\nARG Q=\"ruby:3\"\nFROM alpine:${TAG}\nFROM alpine:$TAG\nFROM $REG/app:1\nFROM ${BASE:-alpine}:${TAG}\nFROM ${BASE:+other}alpine:1\nFROM $Q\nFROM \"busybox:$TAG\"\nFROM ${NONE}\n",
		[]string{"from docker.io/library/alpine:3.19", "from docker.io/library/alpine:3.19", "from ? $REG/app:1: variable REG has no value",
			"from docker.io/library/alpine:3.19", "from docker.io/library/alpine:1", "from docker.io/library/ruby:3", "from docker.io/library/busybox:3.19",
			"from ? ${NONE}: variable NONE has no value"}},
	{"dockerfile arg of a stage is not seen by FROM", structure.Dockerfile, "FROM a:1\nARG T=2\nFROM b:$T\n",
		[]string{"from docker.io/library/a:1", "from ? b:$T: variable T has no value"}},
	{"dockerfile empty arg", structure.Dockerfile, "ARG B=\nFROM $B\nFROM x:$B\n",
		[]string{"from ? $B: variable B is empty", "from ? x:: not a reference"}},
	{"dockerfile stages", structure.Dockerfile, "FROM golang:1 AS Build\nFROM build AS test\nFROM scratch\nFROM scratch AS out\nCOPY --from=BUILD /a /b\nCOPY --from=0 /a /b\nCOPY --from=9 /a /b\nCOPY --from=out /a /b\nFROM BUILD\n",
		[]string{"from docker.io/library/golang:1"}},
	{"dockerfile stage by arg", structure.Dockerfile, "ARG KIND=dev\nFROM a:1 AS base-dev\nFROM a:2 AS base-prod\nFROM base-${KIND}\n",
		[]string{"from docker.io/library/a:1", "from docker.io/library/a:2"}},
	{"dockerfile stage by platform", structure.Dockerfile, "FROM a:1 AS base-amd64\nFROM a:2 AS base-arm64\nFROM base-${TARGETARCH}\nFROM BASE-$TARGETARCH\nFROM a:3 AS arm64-run\nFROM ${TARGETARCH}-run\nFROM $TARGETARCH-run\nFROM $TARGETARCH\nFROM x/$TARGETARCH/y\n",
		[]string{"from docker.io/library/a:1", "from docker.io/library/a:2", "from docker.io/library/a:3", "from ? $TARGETARCH: variable TARGETARCH is the platform's", "from ? x/$TARGETARCH/y: variable TARGETARCH is the platform's"}},
	{"dockerfile platform", structure.Dockerfile, "FROM --platform=$BUILDPLATFORM golang:1.22 AS b\nFROM --platform=linux/amd64 alpine:3\n",
		[]string{"from docker.io/library/golang:1.22", "from docker.io/library/alpine:3"}},
	{"dockerfile copy and mount", structure.Dockerfile, "FROM a:1\nCOPY --from=nginx:1.25 /x /y\nCOPY --chown=1 --from=ghcr.io/astral-sh/uv:0.4 /uv /bin/\nCOPY --from=$IMG /a /b\nADD --from=b:1 /a /b\nRUN --mount=type=bind,from=tools:2,target=/t --mount=from=tools:3,target=/u --mount=type=cache,target=/c true\nRUN echo --from=x:1\nONBUILD COPY --from=kid:1 /a /b\n",
		[]string{"from docker.io/library/a:1", "copy-from docker.io/library/nginx:1.25", "copy-from ghcr.io/astral-sh/uv:0.4",
			"copy-from ? $IMG: variables are not expanded here", "mount-from docker.io/library/tools:2", "mount-from docker.io/library/tools:3",
			"copy-from docker.io/library/kid:1"}},
	{"dockerfile not references", structure.Dockerfile, "FROM Alpine\nFROM -x\nFROM a..b/c\nFROM {{base}}\nFROM {{ base }}\nFROM {%x%}\nFROM " + hexes + "\nFROM a@sha256:12\nFROM <image>\nFROM https://u:hunter2@r.io/x\nFROM u:hunter2@r.io/x\nFROM a:" + strings.Repeat("b", 200) + "\nFROM " + strings.Repeat("c/", 600) + "\nFROM\n",
		[]string{"from ? Alpine: not a reference: its name is not in lower case", "from ? -x: not a reference", "from ? a..b/c: not a reference",
			"from ? {{base}}: template", "from ? {{: template", "from ? {%x%}: template", "from ? " + hexes + ": not a reference: the id of an image",
			"from ? a@sha256:12: not a reference", "from ? <image>: not a reference",
			"from ? https://****@r.io/x: not a reference", "from ? ****@r.io/x: not a reference",
			"from ? a:" + strings.Repeat("b", 200) + ": not a reference", "from ? " + strings.Repeat("c/", 32) + "...: not a reference: too long"}},
	{"dockerfile shapes", structure.Dockerfile, "# syntax=docker/dockerfile:1\nfrom \\\n  alpine:3 \\\n as x\n# FROM no:1\nRUN <<EOF\nFROM no:2\nEOF\ncopy --from=\"b:1\" a b\n",
		[]string{"from docker.io/library/alpine:3", "copy-from docker.io/library/b:1"}},

	{"compose images", structure.Compose, "services:\n  a:\n    image: redis\n  b: {image: \"quay.io/x/y:1\"}\n  c:\n    image: app:${TAG:-1.2}\n  d:\n    image: app:${TAG}\n  e:\n    image: $IMG\n  f:\n    image: ${REG:-ghcr.io}/x:${T?no}\n  g:\n    image: ${A:-${B:-nested:1}}\n  h:\n    image: x${A:+y}:1\n  i:\n    image: ''\n  j:\n    image: ${EMPTY:-}\n  k:\n    image: '{{ img }}'\n",
		[]string{"service docker.io/library/redis:latest", "service quay.io/x/y:1", "service docker.io/library/app:1.2",
			"service ? app:${TAG}: variable TAG has no value", "service ? $IMG: variable IMG has no value",
			"service ? ghcr.io/x:${T?no}: variable T has no value", "service docker.io/library/nested:1", "service docker.io/library/x:1",
			"service ? {{ img }}: template"}},
	{"compose builds", structure.Compose, "services:\n  a:\n    build: .\n    image: me/app:1\n  b:\n    build:\n      context: .\n      tags: [me/app:2]\n      cache_from:\n        - me/cache:1\n        - type=registry,ref=me/cache:2\n        - type=gha\n        - type=local,src=x\n        - ref=me/cache:3\n      cache_to: [\"type=registry,ref=me/cache:4\"]\n      additional_contexts:\n        base: docker-image://alpine:3\n        src: ../x\n        svc: service:a\n  c:\n    build:\n      context: ./docker\n      additional_contexts:\n        - base=docker-image://debian:12\n",
		[]string{"built docker.io/me/app:1", "built docker.io/me/app:2", "cache-from docker.io/me/cache:1", "cache-from docker.io/me/cache:2",
			"build-context docker.io/library/alpine:3", "build-context docker.io/library/debian:12"}},
	{"compose merges", structure.Compose, "x-base: &base\n  image: app:1\nservices:\n  a:\n    <<: *base\n  b: *base\n  c:\n    image: &i web:2\n  d:\n    image: *i\n",
		[]string{"service docker.io/library/app:1", "service docker.io/library/web:2", "service docker.io/library/web:2"}},
	{"compose without services", structure.Compose, "web:\n  image: nginx:1\n", []string{"service docker.io/library/nginx:1"}},
	{"compose other images", structure.Compose, "services:\n  a:\n    image: a:1\n    labels: {image: no:1}\n    environment: {image: no:2, IMAGE: no:3}\n    pre_start:\n      - image: b:1\n        command: x\nvolumes: {image: {}}\n",
		[]string{"service docker.io/library/a:1", "service docker.io/library/b:1"}},
	{"compose inline", structure.Compose, "services:\n  a:\n    build:\n      dockerfile_inline: |\n        ARG T=1\n        FROM x:$$T\n        COPY --from=y:2 a b\n",
		[]string{"from docker.io/library/x:1", "copy-from docker.io/library/y:2"}},

	{"github", structure.GitHub, "on: push\njobs:\n  a:\n    container: node:20\n    services:\n      db:\n        image: postgres:16\n      no: {image: ''}\n    steps:\n      - uses: docker://alpine:3\n      - uses: actions/checkout@v4\n      - uses: x/y@v1\n        with: {image: no:1}\n      - run: docker run no:2\n  b:\n    strategy: {matrix: {image: no:3, include: [{image: no:4, container: no:5}]}}\n    env: {image: no:6}\n    container:\n      image: ghcr.io/o/i:${{ matrix.v }}\n      options: --x\n",
		[]string{"github docker.io/library/node:20", "github docker.io/library/postgres:16", "github docker.io/library/alpine:3",
			"github ? ghcr.io/o/i:${{ matrix.v }}: expression"}},
	{"action", structure.GitHub, "name: x\nruns:\n  using: docker\n  image: Dockerfile\n", nil},
	{"action in a folder", structure.GitHub, "runs:\n  using: docker\n  image: ci/Dockerfile.prod\n", nil},
	{"action of steps", structure.GitHub, "inputs: {image: {default: no:1}}\nruns:\n  using: composite\n  steps:\n    - uses: docker://a/b:2\n    - {uses: ./x, image: no:2}\n", []string{"github docker.io/a/b:2"}},
	{"workflow with anchors", structure.GitHub, "on: push\njobs:\n  a:\n    container: &c n:1\n    services: &s {db: {image: p:1}}\n  b:\n    container: *c\n    services: *s\n",
		[]string{"github docker.io/library/n:1", "github docker.io/library/p:1", "github docker.io/library/n:1"}},
	{"action of an image", structure.GitHub, "runs:\n  using: docker\n  image: docker://a/b:1\n", []string{"github docker.io/a/b:1"}},

	{"gitlab", structure.GitLab, "variables:\n  V: '20'\n  W: $V-slim\n  D: {value: x, description: y}\n  L: $L\nimage: node:$V\ndefault:\n  image:\n    name: ruby:$W\nservices: [postgres:16]\na:\n  variables: {V: '22'}\n  image: node:${V}\n  services:\n    - name: docker:dind\n      alias: d\nb:\n  image: $CI_REGISTRY_IMAGE/x:$NO\nc:\n  image: $D\nd:\n  image: $L\ne:\n  image: $[[ inputs.i ]]\n",
		[]string{"gitlab docker.io/library/node:20", "gitlab docker.io/library/ruby:20-slim", "gitlab docker.io/library/postgres:16",
			"gitlab docker.io/library/node:22", "gitlab docker.io/library/docker:dind",
			"gitlab ? $CI_REGISTRY_IMAGE/x:$NO: variable CI_REGISTRY_IMAGE has no value", "gitlab docker.io/library/x:latest",
			"gitlab ? $L: too many variables", "gitlab ? $[[ inputs.i ]]: template"}},

	{"kubernetes", structure.Kubernetes, "apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {image: no:1}\nspec:\n  initContainers:\n    - {name: i, image: busybox}\n  containers:\n    - name: a\n      image: \"gcr.io/p/a@" + sha + "\"\n      env: [{name: image, value: no:2}]\n    - image: '{{ .Values.image }}'\n    - image: app:${TAG}\n---\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: apps/v1\n    kind: Deployment\n    metadata: {annotations: {image: no:3}}\n    spec: {template: {spec: {containers: [{image: web:1}]}}}\n",
		[]string{"kubernetes docker.io/library/busybox:latest", "kubernetes gcr.io/p/a@" + sha, "kubernetes ? {{ .Values.image }}: template",
			"kubernetes ? app:${TAG}: variable TAG has no value", "kubernetes docker.io/library/web:1"}},
	{"kubernetes data", structure.Kubernetes, "apiVersion: v1\nkind: ConfigMap\ndata:\n  image: no:1\n---\napiVersion: v1\nkind: Secret\nstringData: {image: no:2}\n", nil},
	{"kubernetes release", structure.Kubernetes, "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  chart: {repository: https://x.io/charts}\n  values:\n    image: {repository: a/b, tag: v1}\n",
		[]string{"kubernetes docker.io/a/b:v1"}},

	{"helm", structure.Helm, "image:\n  repository: nginx\n  tag: \"1.25\"\nredis:\n  image:\n    registry: quay.io\n    repository: x/redis\n    tag: 7\n    digest: \"\"\npin:\n  image: {repository: a/b, tag: t, digest: " + sha + "}\nhex:\n  image: {repository: a/b, sha: " + hexes + "}\nflat:\n  image: busybox:1.36\nflat2:\n  image: busybox\n  tag: 1.30\nother: {repository: c/d, tag: x}\nnamed:\n  proxyImage: {name: e/f, tag: y}\ninitImage: g/h:1\n",
		[]string{"helm docker.io/library/nginx:1.25", "helm quay.io/x/redis:7", "helm docker.io/a/b:t@" + sha, "helm docker.io/a/b@" + sha,
			"helm docker.io/library/busybox:1.36", "helm docker.io/library/busybox:1.30", "helm docker.io/c/d:x", "helm docker.io/e/f:y", "helm docker.io/g/h:1"}},
	{"helm unresolved", structure.Helm, "a:\n  image:\n    repository: nginx\n    tag: \"\"\nb:\n  image:\n    repository: nginx\nc:\n  image: {repository: \"\", tag: 1}\nd:\n  image: true\ne:\n  image: ~\n",
		[]string{"helm ? nginx: its tag is empty", "helm ? nginx: there is no tag beside the repository"}},
	{"helm others", structure.Helm, "chart: {repository: https://x.io/charts, tag: 1}\nbackgroundImage: /img/x.png\ngit: {repository: foo}\nname: x\n", nil},
	{"bake", structure.Bake, "variable \"TAG\" { default = \"1.2\" }\nvariable \"REG\" {}\nvariable \"F\" { default = \"me/f:${TAG}\" }\ntarget \"a\" {\n  tags = [\"me/a:${TAG}\", \"${REG}/b:1\", F, \"x:${TAG != \"\" ? TAG : \"y\"}\"]\n  cache-from = [\"type=registry,ref=me/c:${TAG}\", \"me/d:1\", \"type=gha\", {type=\"registry\", ref=\"me/e:1\"}]\n  cache-to = [\"type=registry,ref=no:1\"]\n  contexts = { base = \"docker-image://alpine:${TAG}\", src=\"../x\", t = \"target:b\" }\n  dockerfile-inline = <<EOT\nFROM z:1\nEOT\n}\n",
		[]string{"built docker.io/me/a:1.2", "built ? ${REG}/b:1: variable REG has no value", "built docker.io/me/f:1.2", "built ? x:${TAG != \"\" ? TAG : \"y\"}: expression",
			"cache-from docker.io/me/c:1.2", "cache-from docker.io/me/d:1", "cache-from docker.io/me/e:1", "build-context docker.io/library/alpine:1.2", "from docker.io/library/z:1"}},
	{"bake of JSON", structure.Bake, `{"target": {"a": {"tags": ["me/a:1"], "contexts": {"b": "docker-image://c:1"}}}}`,
		[]string{"built docker.io/me/a:1", "build-context docker.io/library/c:1"}},
	{"devcontainer", structure.Devcontainer, "{\n // \"image\": \"no:1\"\n \"image\": \"mcr.microsoft.com/devcontainers/go:1\", \"name\": \"no:2\", \"features\": {\"ghcr.io/no/f:1\": {}}\n}\n",
		[]string{"devcontainer mcr.microsoft.com/devcontainers/go:1"}},
	{"devcontainer build", structure.Devcontainer, `{"build": {"dockerfile": "Dockerfile", "cacheFrom": ["a:1", "type=registry,ref=b:1"]}, "image": "x:${localEnv:T}"}`,
		[]string{"cache-from docker.io/library/a:1", "cache-from docker.io/library/b:1", "devcontainer ? x:${localEnv:T}: expression"}},
	{"other kinds", structure.Dotenv, "IMAGE=a:1\n", nil},
	{"no kind", structure.None, "FROM a:1\n", nil},
}

func show(r Ref) string {
	if r.Canonical != "" {
		return fmt.Sprintf("%s %s", r.Role, r.Canonical)
	}
	return fmt.Sprintf("%s ? %s: %s", r.Role, r.Text, r.Unresolved)
}

func TestRefs(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			refs, _ := Refs(f.kind, []byte(f.text))
			var got []string
			for _, r := range refs {
				got = append(got, show(r))
			}
			if !slices.Equal(got, f.want) {
				t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(f.want, "\n  "))
			}
			check(t, []byte(f.text), refs)
		})
	}
}

// check holds the references of a file to what is said of all.
func check(t *testing.T, data []byte, refs []Ref) {
	t.Helper()
	for _, r := range refs {
		if r.Span.Start < 0 || r.Span.Start > r.Span.End || r.Span.End > len(data) {
			t.Fatalf("span %v is outside of %d bytes", r.Span, len(data))
		}
		if (r.Canonical == "") == (r.Unresolved == "") {
			t.Errorf("%+v is neither resolved nor not", r)
		}
		if len(r.Text) > MaxLength+16 || len(r.Unresolved) > 2*MaxLength {
			t.Errorf("%d bytes of text, %d of reason", len(r.Text), len(r.Unresolved))
		}
		if r.Canonical != "" {
			if again, why := Canonical(r.Canonical); again != r.Canonical {
				t.Errorf("%q is canonical and becomes %q (%s)", r.Canonical, again, why)
			}
			if r.Canonical[0] == '-' || strings.ContainsAny(r.Canonical, " \n\x1b$") {
				t.Errorf("%q is canonical", r.Canonical)
			}
		}
	}
}

func TestSpans(t *testing.T) {
	for _, f := range []struct {
		kind structure.Kind
		text string
		want string
	}{
		{structure.Dockerfile, "ARG T=1\nFROM --platform=x [a:$T] AS b\n", ""},
		{structure.Dockerfile, "FROM x\nCOPY --chown=1 --from=[b:1] a b\n", "x"},
		{structure.Dockerfile, "FROM x\nRUN --mount=type=bind,from=[b:1],target=/x y\n", "x"},
		{structure.Compose, "services:\n  a:\n    image: \"[r:${T:-1}]\"\n", ""},
		{structure.Compose, "services:\n  a:\n    build:\n      dockerfile_inline: |\n        # x\n        FROM [y:1]\n", ""},
		{structure.GitHub, "jobs:\n  a:\n    container: [n:1]\n", ""},
		{structure.GitLab, "image: [n:1]\n", ""},
		{structure.Helm, "image:\n  tag: 1\n  repository: [nginx]\n", ""},
	} {
		start := strings.IndexByte(f.text, '[')
		data := strings.Replace(strings.Replace(f.text, "[", "", 1), "]", "", 1)
		end := strings.IndexByte(f.text, ']') - 1
		refs, _ := Refs(f.kind, []byte(data))
		if len(refs) == 0 {
			t.Errorf("%q: nothing found", data)
			continue
		}
		if last := refs[len(refs)-1].Span; last.Start != start || last.End != end {
			t.Errorf("%q: span is %v, %q; want [%d, %d)", data, last, last.Of([]byte(data)), start, end)
		}
	}
}

// TestProblems: what was not understood is counted, and the rest is read.
func TestProblems(t *testing.T) {
	for kind, text := range map[structure.Kind]string{
		structure.Dockerfile: "FROM a:1\nNONSENSE x\n",
		structure.Compose:    "services:\n  a:\n    image: a:1\n  b: ][\n",
		structure.Kubernetes: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: a:1\n  x: ][\n",
	} {
		refs, problems := Refs(kind, []byte(text))
		if problems == 0 {
			t.Errorf("%v: no problem is told", kind)
		}
		if len(refs) == 0 || refs[0].Canonical != "docker.io/library/a:1" {
			t.Errorf("%v: %+v", kind, refs)
		}
	}
}

// bombs are files that take long whoever expands all that they name.
func bombs(size int) map[structure.Kind][]string {
	var laughs strings.Builder
	laughs.WriteString("variables:\n  A0: xxxxxxxxxxxxxxxx\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&laughs, "  A%d: $A%d$A%d\n", i, i-1, i-1)
	}
	for i := 0; laughs.Len() < size; i++ {
		fmt.Fprintf(&laughs, "j%d: {image: $A59}\n", i)
	}
	repeat := func(head, unit, tail string) string { return head + strings.Repeat(unit, size/len(unit)) + tail }
	long := strings.Repeat("x", 1000)
	return map[structure.Kind][]string{
		structure.Dockerfile: {repeat("ARG A="+long+"\n", "FROM $A\n", ""), repeat("", "FROM a AS b-$TARGETARCH\n", ""), repeat("FROM ", "${A:-", ""),
			repeat("", "FROM b-$TARGETARCH AS b-x\n", ""), repeat("FROM ", "$A", "\n"), repeat("FROM x\nRUN ", "--mount=from=a,", "")},
		structure.Compose: {repeat("services:\n  a:\n    image: ", "${A:-", ""), repeat("services:\n  a:\n    image: ", "$A", ""),
			repeat("x-a: &a "+long+"\nservices:\n", "  s: {image: *a}\n", "")},
		structure.GitLab: {laughs.String()},
		structure.Helm: {repeat("a: &a "+long+"\nb:\n", "  - {image: *a}\n", ""), repeat("a: ", "[", ""), repeat("a: &a {repository: x, tag: y}\nb:\n", "  - {<<: *a}\n", ""),
			repeat("", "image: ", "")},
	}
}

func TestBombs(t *testing.T) {
	for kind, texts := range bombs(1 << 18) {
		for _, text := range texts {
			refs, _ := Refs(kind, []byte(text))
			check(t, []byte(text), refs)
		}
	}
}

func FuzzRefs(f *testing.F) {
	for _, form := range forms {
		f.Add(uint8(form.kind), []byte(form.text))
	}
	for kind, texts := range bombs(512) {
		for _, text := range texts {
			f.Add(uint8(kind), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		refs, _ := Refs(structure.Kind(kind%uint8(structure.YAML)), data)
		check(t, data, refs)
	})
}
