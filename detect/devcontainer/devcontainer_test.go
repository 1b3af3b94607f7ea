package devcontainer

import (
	"slices"
	"strings"
	"testing"

	"rummage/detect/carrier/carriertest"
	"rummage/detect/yamltree"
)

// lines writes entries, see carriertest.
func lines(data []byte, f *File) []string {
	return carriertest.Lines("devcontainer.", data, f.Assignments)
}

// check holds a file to what is true of every one.
func check(t *testing.T, data []byte, f *File) {
	t.Helper()
	carriertest.Check(t, data, f.Assignments)
	if n := len(f.Assignments); n > 4*len(data)+8 {
		t.Fatalf("%d assignments from %d bytes", n, len(data))
	}
	for _, p := range f.Problems {
		if p.Offset < 0 || p.Offset > len(data) {
			t.Fatalf("problem at %d", p.Offset)
		}
	}
}

func TestForms(t *testing.T) {
	for _, c := range forms {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.text)
			f := Parse(data)
			if got := lines(data, f); !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), strings.Join(c.want, "|"))
			}
			check(t, data, f)
			if string(data) != c.text {
				t.Error("the data was changed")
			}
		})
	}
}

func TestProblems(t *testing.T) {
	wrong := map[string][]yamltree.Reason{
		"mistakes": {Comma, Unclosed, Comma, Comma, Unclosed, Unclosed}, "cut off": {Unclosed, Unclosed}, "CRLF": {Unclosed}, "UTF-16": {yamltree.Encoding},
	}
	for _, c := range forms {
		var got []yamltree.Reason
		for _, p := range Parse([]byte(c.text)).Problems {
			got = append(got, p.What)
		}
		if !slices.Equal(got, wrong[c.name]) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestPlaces proves offsets by reading the bytes there.
func TestPlaces(t *testing.T) {
	text := "// x\n{\"containerEnv\": {\"A\": \"hunter2\", /* y */ \"B\": \"es\\\"caped\"\n\"C\": \"${localEnv:D:e}\"}, \"runArgs\": [\"-e\", \"F=g\\/h\", \"--i=j\"],\n" +
		"// \"K\": \"l\",\n// \"LL\": \"m\",\n\"postCreateCommand\": \"x --nn 'o' --pp=q\"}"
	want := []string{"A|hunter2", `B|es\"caped`, "C|${localEnv:D:e}", "D|e", "C|e", "runArgs|-e", `F|g\/h`, "i|j", "postCreateCommand|x --nn 'o' --pp=q", "nn|o", "pp|q", "LL|m"}
	var got []string
	for _, e := range Parse([]byte(text)).Assignments {
		got = append(got, text[e.Name.Start:e.Name.End]+"|"+text[e.Value.Start:e.Value.End])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestIsDevcontainer(t *testing.T) {
	for name, want := range map[string]bool{
		"devcontainer.json": true, ".devcontainer.json": true, ".devcontainer/devcontainer.json": true, "a/.devcontainer/b/devcontainer.json": true,
		"a/.devcontainer.json": true, ".DevContainer/DevContainer.json": true, ".devcontainer/devcontainer.local.json": true, ".devcontainer/devcontainer.jsonc": true,
		"devcontainer.local.json": false, ".devcontainer/devcontainer-lock.json": false, "src/devcontainer-feature.json": false, ".devcontainer/settings.json": false,
		".devcontainer/Dockerfile": false, "devcontainer": false, "my.devcontainer/devcontainer-x.json": false, "": false,
	} {
		if IsDevcontainer(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// bombs are files that take a reader long, or much memory or stack, that does not bound what it does.
func bombs(size int) map[string]string {
	line := func(head, unit, tail string) string { return head + strings.Repeat(unit, size/len(unit)) + tail }
	return map[string]string{
		"brackets": line("", "[", ""), "objects": line("", "{\"a\":", ""), "closed": line("", "[", strings.Repeat("]", size)), "closers": line("{", "]", "}"),
		"comments": line("", "/*", ""), "comment lines": line("", "// AA=b\n", ""), "commas": line("{", ",", "}"), "values": line("[", "\"a\" ", "]"), "joined": line("[", "\"a\"", "]"),
		"unclosed": line("[", "\"a\n", "]"), "escapes": line("[\"", "\\/", "\"]"), "edits": line("[", "\"\\/\",", "]"), "halves": line("[\"", "\\ud800", "\"]"),
		"colons": line("{\"a\"", "\n", ":1}"), "keys": line("{", "\"a\"\n:1,", "}"), "references": line("{\"containerEnv\":{\"a\":\"", "${a:b:c}", "\"}}"),
		"open references": line("{\"containerEnv\":{\"a\":\"", "${a:b:", "\"}}"), "flags": line("{\"runArgs\":[", "\"-e\",\"A=b\",", "]}"),
		"command": line("{\"postCreateCommand\":\"", "--a b ", "\"}"), "words": line("", "a ", ""), "nothing": line("", "\x00", ""), "templates": line("", "{{", ""),
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
const sample = `// For format details, see the reference.
{
	"name": "App",
	"build": {
		"dockerfile": "Dockerfile",
		"args": { "VARIANT": "20-bookworm", "NPM_TOKEN": "${localEnv:NPM_TOKEN}" }
	},
	"features": {
		"ghcr.io/devcontainers/features/docker-in-docker:2": { "version": "latest", "moby": true },
		"ghcr.io/devcontainers/features/github-cli:1": {}
	},
	"containerEnv": {
		"DATABASE_URL": "postgres://app:${localEnv:DB_PASSWORD:secret}@db:5432/app",
		// "LOG_LEVEL": "debug",
		"NODE_ENV": "development"
	},
	"runArgs": ["--cap-add=SYS_PTRACE", "--env-file", ".devcontainer/.env"],
	"customizations": {
		"vscode": {
			"settings": { "editor.formatOnSave": true, "terminal.integrated.defaultProfile.linux": "zsh" },
			"extensions": ["dbaeumer.vscode-eslint", "esbenp.prettier-vscode", "ms-azuretools.vscode-docker"]
		}
	},
	"forwardPorts": [3000, 5432],
	"postCreateCommand": "npm ci && npm run build",
	"remoteUser": "node",
}
`

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, data string }{{"one", sample}, {"large", "[" + strings.Repeat(sample+",", 50) + "]"}} {
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
