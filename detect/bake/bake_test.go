package bake

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"rummage/detect/carrier/carriertest"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// lines writes entries, see carriertest.
func lines(data []byte, f *File) []string { return carriertest.Lines("bake.", data, f.Assignments) }

// check holds a file to what is true of every one.
func check(t *testing.T, data []byte, f *File) {
	t.Helper()
	total := 0
	carriertest.Check(t, data, f.Assignments)
	for _, e := range f.Assignments {
		if e.Quoted && e.Form != interpolate.Empty && e.Context != Commented {
			if s := e.Value.Start; s == 0 || bytes.IndexByte([]byte("\"'="), data[s-1]) < 0 && !bytes.HasSuffix(data[:s], []byte(", ")) {
				t.Fatalf("%s: value at %v is not behind a mark", e.Context, e.Value)
			}
		}
		total += e.Value.Len() + 1
	}
	if n := 3*(maxTemplates+1)*len(data) + 8; total > n {
		t.Fatalf("values of %d bytes from %d", total, len(data))
	}
	for _, in := range f.Inlines {
		last := 0
		for i := range in.Text.Bytes {
			s := in.Text.Span(i, i+1)
			if s.Start < last || s.Start > s.End || s.End > len(data) {
				t.Fatalf("byte %d of a Dockerfile at %v", i, s)
			}
			if last = s.Start; s.Len() == 1 && data[s.Start] != in.Text.Bytes[i] {
				t.Fatalf("byte %d of a Dockerfile is not at %v", i, s)
			}
		}
	}
	for _, p := range f.Problems {
		if p.Offset < 0 || p.Offset > len(data) {
			t.Fatalf("problem at %d", p.Offset)
		}
	}
}

// in puts the fields of a target into a file.
func in(fields string) string { return "target \"app\" {\n" + fields + "\n}\n" }

func TestForms(t *testing.T) {
	for _, c := range forms {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.text)
			f := Parse(data)
			if got := lines(data, f); !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), strings.Join(c.want, "|"))
			}
			check(t, data, f)
		})
	}
}

func TestProblems(t *testing.T) {
	wrong := map[string][]string{
		"mistakes":      {"line of a template: {{ x }}", "not understood: <<<<<<< HEAD", "never closed: \"d", "never closed: ${X", "not understood: I", "not understood: } ]"},
		"unclosed list": {"never closed: }"}, "unclosed heredoc": {"never closed: <<EOT"}, "UTF-16": {"not UTF-8: \xff\xfev\x00"},
	}
	for _, c := range forms {
		var got []string
		for _, p := range Parse([]byte(c.text)).Problems {
			rest, _, _ := strings.Cut(c.text[p.Offset:], "\n")
			got = append(got, string(p.What)+": "+rest)
		}
		if !slices.Equal(got, wrong[c.name]) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestPlaces proves offsets by reading the bytes there.
func TestPlaces(t *testing.T) {
	text := in("args = {\n A = \"hunter2\"\n B = \"es\\\"caped\"\n C = \"${X == \"\" ? \"inner\" : X}\"\n D = D != \"q\" ? D : \"other\"\n \"E\" = 12\n}\n" +
		"cache-to = [\"type=s3,key=pa$${ir},q=r\"]\nx = <<-E\n  one\n   two\n  E\n")
	want := []string{"A|hunter2", "B|es\\\"caped", "C|${X == \"\" ? \"inner\" : X}", "X|", "C|inner", "D|D != \"q\" ? D : \"other\"", "D|q", "D|other", "E|12",
		"cache-to|type=s3,key=pa$${ir},q=r", "type|s3", "key|pa$${ir}", "q|r", "x|one\n   two\n"}
	var got []string
	for _, e := range Parse([]byte(text)).Assignments {
		got = append(got, text[e.Name.Start:e.Name.End]+"|"+text[e.Value.Start:e.Value.End])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestInlines(t *testing.T) {
	for _, c := range forms {
		want := map[string]string{"inline": "FROM ${BASE}\nENV A=${B} C=\"d\" \\\n  E=f\n", "inline, indented": "FROM x\n  RUN y\n\nENV Z=1\n",
			"inline, string": "FROM x\nENV A=b\n", "JSON": "FROM x\nRUN y"}[c.name]
		got := ""
		for _, in := range Parse([]byte(c.text)).Inlines {
			if got += string(in.Text.Bytes); string(in.Owner.Of([]byte(c.text))) != "app" {
				t.Errorf("%s: owner %v", c.name, in.Owner)
			}
		}
		if got != want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	text := in("dockerfile-inline = <<-E\n  FROM a\n    ENV K=$${v} L=w\n  E\n")
	in := Parse([]byte(text)).Inlines[0].Text
	for _, word := range []string{"FROM a", "K=", "L=w"} {
		i := bytes.Index(in.Bytes, []byte(word))
		if got := in.Span(i, i+len(word)).Of([]byte(text)); string(got) != word {
			t.Errorf("%q at the place of %q", got, word)
		}
	}
}

func TestIsBake(t *testing.T) {
	for name, want := range map[string]bool{
		"docker-bake.hcl": true, "docker-bake.override.hcl": true, "Docker-Bake.json": true, "docker-bake.override.json": true, "docker-bake-prod.hcl": true,
		"docker-bake_ci.json": true, "app.bake.hcl": true, "bake.hcl": true, "bake-prod.hcl": true, "docker-bake.hcl.j2": true, "docker-bake.hcl.example": true,
		"main.hcl": false, "bakery.hcl": false, "bake.json": false, "docker-bake.yaml": false, "docker-bake": false, "terraform.hcl.bak": false, "": false, ".hcl": false,
		strings.Repeat("a", 300) + ".bake.hcl": false,
	} {
		if IsBake(name) != want {
			t.Errorf("%.40s: %v", name, !want)
		}
	}
}

// bombs are files that take a reader long, or much memory or stack, that does not bound what it does.
func bombs(size int) map[string]string {
	line := func(head, unit, tail string) string { return head + strings.Repeat(unit, size/len(unit)) + tail }
	return map[string]string{
		"brackets": line("a = ", "[", ""), "objects": line("a = ", "{a=", ""), "closed": line("a = ", "[", strings.Repeat("]", size)), "calls": line("a = ", "f(", ""),
		"blocks": line("", "a {\n", ""), "strings": line("a = ", "\"${", ""), "references": line("a = ", "\"${X}\"", ""), "closers": line("", "]", ""),
		"mixed": line("a = ", "[{a=(", ""), "keys": line("a = {", "(", ""), "comments": line("", "/*", ""), "comment lines": line("", "/*\n", ""),
		"heredocs": line("", "a = <<A\n", ""), "heredocs in strings": line("a = <<A\n", "${<<B\n", ""), "templates": line("", "{{", ""), "templates in strings": line("a = ", "{{ \"", ""),
		"braces": line("a = \"", "${", "\""), "stars": line("a = <<A\n", "${/*}\n", "A\n"), "pairs": line("target \"a\" { secret = [\"", "a=b,", "\"] }"),
		"references in pairs": line("target \"a\" { secret = [\"", "a=${b},", "\"] }"), "json": line("", "{\"target\":", ""), "json strings": line("{\"a\": \"", "${\\\"", "\"}"),
		"json lists": line("{\"target\":", "[", ""), "escapes": line("a = \"", "\\\"", "\""), "numbers": line("a = ", "1", ""), "minus": line("a = ", "-", ""),
		"conditions": line("a = ", "x ? ", ""), "compared": line("a = ", "x == \"b\" ", ""), "remarks": line("", "# A = b\n", ""), "junk": line("", "} ] ) = : , ", ""),
		"labels": line("target ", "\"a\" ", "{}"), "nested strings": line("a = ", "f(\"${", ""), "blanks": line("a = <<-A\n", "  x\n", "A\n"), "nothing": line("", "\x00", ""),
	}
}

// TestBombs: a file of each is read, and gives no more than it holds.
func TestBombs(t *testing.T) {
	for name, text := range bombs(1 << 20) {
		t.Run(name, func(t *testing.T) {
			data := []byte(text)
			check(t, data, Parse(data))
		})
	}
}

// TestDeep: what is too deep is read flat, and said to be.
func TestDeep(t *testing.T) {
	data := []byte(in("args = {\n A = " + strings.Repeat("[", 3000) + "\"hunter2\"" + strings.Repeat("]", 3000) + "\n B = \"c\"\n}"))
	f := Parse(data)
	if got := strings.Join(lines(data, f), "|"); got != "arg A=hunter2 q @app|arg B=c q @app" {
		t.Error(got)
	}
	if len(f.Problems) != 1 || f.Problems[0].What != yamltree.TooDeep {
		t.Errorf("problems %v", f.Problems)
	}
	check(t, data, f)
}

// TestConcurrent: files that are read at the same time do not mix.
func TestConcurrent(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, c := range forms {
				if got := lines([]byte(c.text), Parse([]byte(c.text))); !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q", c.name, got)
				}
			}
		})
	}
	group.Wait()
}

func FuzzParse(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.text))
	}
	for _, text := range bombs(1 << 8) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data, Parse(data)) })
}

// sample is a file of the usual size and the usual forms.
const sample = `// Images of the application.
variable "REGISTRY" {
  default = "registry.example.org/team"
}

variable "VERSION" {
  default = "latest" # set by CI
}

group "default" {
  targets = ["web", "worker"]
}

target "_common" {
  context    = "."
  platforms  = ["linux/amd64", "linux/arm64"]
  args = {
    NODE_ENV = "production"
    VERSION  = VERSION
    // NPM_TOKEN = "old"
  }
  labels = {
    "org.opencontainers.image.source" = "https://git.example.org/team/app"
  }
  secret = ["type=env,id=npm,env=NPM_TOKEN"]
}

target "web" {
  inherits   = ["_common"]
  dockerfile = "web/Dockerfile"
  cache-from = ["type=registry,ref=${REGISTRY}/web:cache"]
  cache-to   = ["type=registry,ref=${REGISTRY}/web:cache,mode=max"]
  tags = [
    "${REGISTRY}/web:${VERSION}",
    notequal("", VERSION) ? "${REGISTRY}/web:latest" : "",
  ]
}

target "worker" {
  inherits = ["_common"]
  dockerfile-inline = <<EOT
FROM docker.io/library/alpine:3.20
RUN apk add --no-cache curl ca-certificates
COPY worker /usr/local/bin/worker
ENTRYPOINT ["/usr/local/bin/worker"]
EOT
}
`

func BenchmarkParse(b *testing.B) {
	json := `{"target": {"app": {"args": {"NODE_ENV": "production", "VERSION": "${VERSION}"}, "platforms": ["linux/amd64"], "dockerfile": "web/Dockerfile"}}}`
	for _, c := range []struct{ name, data string }{
		{"one", sample}, {"large", strings.Repeat(sample, 50)}, {"json", "{\"x\": [" + strings.Repeat(json+",\n", 50) + "]}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			data := []byte(c.data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(data)
			}
		})
	}
}
