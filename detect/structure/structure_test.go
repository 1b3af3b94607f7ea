package structure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/structure"
)

// TestOf: what a file is by its name.
func TestOf(t *testing.T) {
	for name, want := range map[string]structure.Kind{
		"": structure.None, "/": structure.None, "a/b/": structure.None, "Dockerfile": structure.Dockerfile, "a/Dockerfile": structure.Dockerfile, "dockerfile": structure.Dockerfile,
		"Dockerfile.prod": structure.Dockerfile, "api.Dockerfile": structure.Dockerfile, "Dockerfile-dev": structure.Dockerfile, "Dockerfile_dev": structure.Dockerfile,
		"Containerfile": structure.Dockerfile, "dockerfile.go": structure.None, "Dockerfile.dockerignore": structure.None, "Dockerfile/readme": structure.Plain,
		"docker-compose.yml": structure.Compose, "docker-compose.prod.yaml": structure.Compose, "compose.yaml": structure.Compose, "a/b/compose.yml": structure.Compose,
		"prod.compose.yml": structure.Compose, "compose.go": structure.None,
		".env": structure.Dotenv, "a/.env": structure.Dotenv, ".env.production": structure.Dotenv, "prod.env": structure.Dotenv, ".env.example": structure.DotenvSample,
		".env.sample": structure.DotenvSample, ".env.dist": structure.DotenvSample, ".env.template": structure.DotenvSample, ".envrc": structure.Envrc, "env.go": structure.None,
		".github/workflows/ci.yml": structure.GitHub, "a/.github/workflows/ci.yaml": structure.GitHub, "action.yml": structure.GitHub, "workflows/ci.yml": structure.YAML,
		".gitlab-ci.yml": structure.GitLab, "chart/values.yaml": structure.Helm, "chart/values.prod.yaml": structure.Helm, "deployment.yaml": structure.YAML, "x.yml": structure.YAML,
		"docker-bake.hcl": structure.Bake, "docker-bake.json": structure.Bake, ".devcontainer/devcontainer.json": structure.Devcontainer, ".devcontainer.json": structure.Devcontainer,
		"<config>": structure.ImageConfig, "<provenance>": structure.Provenance, "linux/arm64 <config>": structure.ImageConfig, "<configs>": structure.Plain, "config": structure.Plain,
		"x.json": structure.None, "x.yaml.bak": structure.None, "README.md": structure.None, "notes.txt": structure.None,
	} {
		if got := structure.Of(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// kindsOf is a set in words.
func kindsOf(s structure.Set) string {
	var list []string
	for k := structure.None; k <= structure.YAML; k++ {
		if s.Has(k) {
			list = append(list, k.String())
		}
	}
	return strings.Join(list, " ")
}

// TestSniff: what a file may be by its content.
func TestSniff(t *testing.T) {
	const compose = "services:\n  a:\n    image: x\n"
	for text, want := range map[string]string{
		"": "", "x": "", "just some text\n": "",
		"FROM alpine\nRUN x\n": "dockerfile", "# syntax=x\nFROM alpine AS b\n": "dockerfile", "ARG V=1\nFROM alpine:$V\n": "dockerfile",
		"\ufeffFROM alpine\n": "dockerfile", "FROM --platform=linux/amd64 a AS b\n": "dockerfile", "FROM alpine\r\nRUN x\r\n": "dockerfile",
		"SELECT a\nFROM b, c;\n": "", "FROM \n": "", "x FROM alpine\n": "", "FROM the very beginning it was so\n": "",
		compose: "compose", "version: '3'\n" + compose: "compose",
		"apiVersion: v1\nkind: Secret\n": "kubernetes",
		"A=1\n":                          "dotenv dotenv-sample", "# x\n\nA=1\nexport B=2\n": "dotenv dotenv-sample", "A=1\r\nB=2\r\n": "dotenv dotenv-sample",
		"A=1\nx\ny\nz\nw\n": "", "a = 1\nb = 2\n": "",
	} {
		if got := kindsOf(structure.Sniff([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestMeant: a YAML file is what its content says, any other what its name says.
func TestMeant(t *testing.T) {
	var none, compose, both structure.Set
	compose = none.Add(structure.Compose)
	both = compose.Add(structure.Kubernetes).Add(structure.Dockerfile)
	for _, c := range []struct {
		kind    structure.Kind
		sniffed structure.Set
		want    structure.Kind
	}{
		{structure.YAML, none, structure.None}, {structure.YAML, compose, structure.Compose}, {structure.YAML, both, structure.Compose},
		{structure.YAML, none.Add(structure.Kubernetes), structure.Kubernetes}, {structure.YAML, none.Add(structure.Dockerfile), structure.None},
		{structure.None, both, structure.None}, {structure.Dockerfile, none, structure.Dockerfile}, {structure.Helm, compose, structure.Helm},
	} {
		if got := c.kind.Meant(c.sniffed); got != c.want {
			t.Errorf("%v, sniffed %q: %v, want %v", c.kind, kindsOf(c.sniffed), got, c.want)
		}
	}
}

// reads are texts of each kind, with assignments that must be among those read: "context name=value", with " refers",
// " builder" and " if path" behind. They are the seeds of FuzzRead.
var reads = []struct {
	kind structure.Kind
	text string
	want []string
}{
	{structure.Dockerfile, "FROM a\nENV DB_PASSWORD hunter2\nARG T\nENV X=$T\n", []string{"dockerfile.env DB_PASSWORD=hunter2", "dockerfile.arg-open T=", "dockerfile.env-arg X=$T refers"}},
	{structure.Dockerfile, "FROM a AS b\nENV P=hunter2\nFROM c\nCOPY --from=b /o /o\n", []string{"dockerfile.env P=hunter2 builder"}},
	{structure.Dockerfile, "FROM a AS b\nARG A\nFROM c\nENV P=hunter2\nCOPY --from=b /o /o\n", []string{"dockerfile.arg-open A= builder", "dockerfile.env P=hunter2"}},
	{structure.Dockerfile, "FROM a\nENV P=\"hunt\\\ner2\"\n", []string{"dockerfile.env P=hunter2"}},
	{structure.Dockerfile, "FROM a\nCOPY . .\n", []string{"dockerfile.copy-context .= if ."}},
	{structure.Dockerfile, "FROM a\r\nENV P=hunter2\r\n", []string{"dockerfile.env P=hunter2"}},
	{structure.Dockerfile, "\ufeffFROM a\nENV P=hunter2\n", []string{"dockerfile.env P=hunter2"}},
	{structure.Dockerfile, "FROM a\nRUN --mount=type=secret,id=s <<EOF\ncat /run/secrets/s > k\nEOF\n", []string{"dockerfile.secret-written s="}},
	{structure.Compose, "services:\n  a:\n    environment:\n      DB_PASSWORD: hunter2\n      B: ${C}\n", []string{"compose.environment DB_PASSWORD=hunter2", "compose.environment B=${C} refers"}},
	{structure.Compose, "services:\n  a:\n    environment:\n      - DB_PASSWORD=hunter2\n", []string{"compose.environment DB_PASSWORD=hunter2"}},
	{structure.Compose, "services:\n  a:\n    env_file: prod.env\nsecrets:\n  s:\n    file: ./s.txt\n",
		[]string{"compose.env-tracked prod.env= if prod.env", "compose.env-unignored prod.env= if prod.env", "compose.secret-tracked ./s.txt= if ./s.txt"}},
	{structure.Compose, "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM a\n        ENV DB_PASSWORD=hunter2\n        ARG T\n", []string{"dockerfile.env DB_PASSWORD=hunter2", "dockerfile.arg-open T="}},
	{structure.Compose, "services:\n  a:\n    environment:\n      A: ${B}\n", []string{"compose.env-tracked ${B}= if .env"}},
	{structure.Dotenv, "DB_PASSWORD=hunter2\nexport A='x y'\nB=\"a\\nb\"\n# OLD_PASSWORD=hunter3\nC=${D}\n",
		[]string{"dotenv DB_PASSWORD=hunter2", "dotenv A=x y", "dotenv B=a\nb", "dotenv.comment OLD_PASSWORD=hunter3", "dotenv C=${D} refers"}},
	{structure.DotenvSample, "DB_PASSWORD=hunter2\n", []string{"dotenv.sample DB_PASSWORD=hunter2"}},
	{structure.Envrc, "export DB_PASSWORD=hunter2\nexport A=$(pass x)\n", []string{"dotenv DB_PASSWORD=hunter2"}},
	{structure.GitHub, "on: push\njobs:\n  a:\n    env:\n      DB_PASSWORD: hunter2\n    steps:\n      - run: docker build --build-arg T=hunter2 .\n", []string{"github.env DB_PASSWORD=hunter2", "command.build-arg T=hunter2"}},
	{structure.GitLab, "variables:\n  DB_PASSWORD: hunter2\n", []string{"gitlab.variables DB_PASSWORD=hunter2"}},
	{structure.Helm, "auth:\n  password: hunter2\n", []string{"helm.values password=hunter2"}},
	{structure.Kubernetes, "apiVersion: v1\nkind: Secret\ndata:\n  password: aHVudGVyMg==\n", []string{"kubernetes.secret password=hunter2"}},
	{structure.Bake, "target \"a\" {\n  args = {\n    T = \"hunter2\"\n  }\n}\n", []string{"bake.arg T=hunter2"}},
	{structure.Devcontainer, "{\n  // why\n  \"containerEnv\": {\"DB_PASSWORD\": \"hunter2\"},\n}\n", []string{"devcontainer.env DB_PASSWORD=hunter2"}},
	{structure.ImageConfig, `{"config":{"Env":["DB_PASSWORD=hunter2"]},"history":[{"created_by":"ARG T=hunter2"}]}`, []string{"image.env DB_PASSWORD=hunter2", "image.build-arg T=hunter2"}},
	{structure.Provenance, `{"args":{"build-arg:T":"hunter2"}}`, []string{"image.provenance T=hunter2"}},
	{structure.None, "DB_PASSWORD=hunter2\n", nil},
	{structure.YAML, "a: b\n", nil},
}

// told is what a kind reads of a text, after the offsets are checked.
func told(t testing.TB, k structure.Kind, data []byte) []string {
	t.Helper()
	r, problems := k.Read(data)
	if problems < 0 {
		t.Fatalf("%d problems", problems)
	}
	list := make([]string, 0, len(r.Assignments))
	for _, a := range r.Assignments {
		if !(0 <= a.Name.Start && a.Name.Start <= a.Name.End && a.Name.End <= len(data)) || !(0 <= a.Value.Start && a.Value.Start <= a.Value.End && a.Value.End <= len(data)) {
			t.Fatalf("%v: %+v of %d bytes", k, a, len(data))
		}
		value := a.Decoded
		if value == nil {
			value = a.Value.Of(data)
		}
		s := fmt.Sprintf("%s %s=%s", a.Context, a.Name.Of(data), value)
		if a.Refers {
			s += " refers"
		}
		if m := a.Remark; m != nil {
			if m.Told.Start < 0 || m.Told.Start > m.Told.End || m.Told.End > len(data) {
				t.Fatalf("%v: %+v of %d bytes", k, m, len(data))
			}
			if m.Builder {
				s += " builder"
			}
			if m.When.Path != "" {
				s += " if " + m.When.Path
			}
		}
		list = append(list, s)
	}
	for _, a := range r.Allowed {
		if a.Span.Start < 0 || a.Span.Start > a.Span.End || a.Span.End > len(data) {
			t.Fatalf("%v: %+v of %d bytes", k, a, len(data))
		}
	}
	return list
}

// TestRead: each kind has its reader.
func TestRead(t *testing.T) {
	for _, c := range reads {
		got := told(t, c.kind, []byte(c.text))
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%v %q: no %q in %q", c.kind, c.text, want, got)
			}
		}
		if c.want == nil && len(got) > 0 {
			t.Errorf("%v %q: %q", c.kind, c.text, got)
		}
	}
}

// FuzzRead: no text makes a reader panic, and every offset lies in the text.
func FuzzRead(f *testing.F) {
	for _, c := range reads {
		f.Add([]byte(c.text))
	}
	for _, c := range suppressed {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		structure.Sniff(data)
		for k := structure.None; k <= structure.YAML; k++ {
			told(t, k, data)
		}
	})
}

// suppressed are Dockerfiles with what their comments silence: of `ENV A=1`, `COPY .env .` and `RUN rm x`.
var suppressed = []struct {
	text string
	want []string
}{
	{"FROM a\nENV A=1\n", nil},
	{"# check=skip=SecretsUsedInArgOrEnv\nFROM a\nENV A=1\nCOPY .env .\n", []string{"ENV: check=skip=SecretsUsedInArgOrEnv"}},
	{"# check=skip=all\nFROM a\nENV A=1\nCOPY .env .\n", []string{"ENV: check=skip=SecretsUsedInArgOrEnv"}},
	{"# check=skip=JSONArgsRecommended\nFROM a\nENV A=1\n", nil},
	{"# syntax=docker/dockerfile:1\n# check=skip=SecretsUsedInArgOrEnv;error=true\nFROM a\nENV A=1\n", []string{"ENV: check=skip=SecretsUsedInArgOrEnv"}},
	{"FROM a\n# check=skip=SecretsUsedInArgOrEnv\nENV A=1\nCOPY .env .\n", []string{"ENV: check=skip=SecretsUsedInArgOrEnv"}},
	{"FROM a\n# check=skip=SecretsUsedInArgOrEnv\n\nENV A=1\n", []string{"ENV: check=skip=SecretsUsedInArgOrEnv"}},
	{"FROM a\n# check=skip=SecretsUsedInArgOrEnv\nRUN rm x\nENV A=1\n", nil},
	{"FROM a\n# hadolint ignore=DL3064\nENV A=1\nCOPY .env .\n", []string{"ENV: hadolint ignore=DL3064"}},
	{"FROM a\n# hadolint ignore=DL3064\n\nENV A=1\n", nil}, // hadolint wants it on the line above
	{"FROM a\n# hadolint ignore=DL3008\nENV A=1\n", nil},
	{"FROM a\n# hadolint ignore=DL3008,DL3064\nENV A=1\n", []string{"ENV: hadolint ignore=DL3064"}},
	{"# hadolint global ignore=DL3064\nFROM a\nENV A=1\n", []string{"ENV: hadolint ignore=DL3064"}},
	{"FROM a\n# rummage:allow a test value\nENV A=1\nCOPY .env .\n", []string{"ENV: a test value"}},
	{"FROM a\nENV A=1\n# rummage:allow in the image on purpose\nCOPY .env .\n", []string{"COPY: in the image on purpose"}},
	{"FROM a\n# rummage:allowance\nENV A=1\n", nil},
	{"FROM a\nENV A=1 # rummage:allow\n", nil}, // not above; the end of a line is for all kinds of files
	{"FROM a\n# rummage:allow one\n# hadolint ignore=DL3064\nENV A=1\n", []string{"ENV: one"}},
}

// TestAllowed: which contexts of which instruction comments silence.
func TestAllowed(t *testing.T) {
	for _, c := range suppressed {
		data := []byte(c.text)
		r, _ := structure.Dockerfile.Read(data)
		var got []string
		for _, a := range r.Assignments {
			for _, s := range r.Allowed {
				if s.Span.Start <= a.Name.Start && a.Name.End <= s.Span.End && (s.In == nil || slices.Contains(s.In, a.Context)) {
					line := c.text[strings.LastIndexByte(c.text[:a.Name.Start], '\n')+1:]
					got = append(got, line[:strings.IndexByte(line, ' ')]+": "+s.Reason)
					break
				}
			}
		}
		if !slices.Equal(slices.Compact(got), c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
