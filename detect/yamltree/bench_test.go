package yamltree

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// sample is a compose file of the usual size and the usual forms.
const sample = `# The stack.
services:
  web:
    image: "registry.example.org/team/web:1.4"
    build:
      context: .
      args:
        - NODE_ENV=production
    command: ["node", "--max-old-space-size=512", "server.js"]
    environment:
      DATABASE_URL: postgres://app:${DB_PASSWORD:-secret}@db:5432/app
      LOG_LEVEL: info   # debug is noisy
    ports:
      - "8080:80"
    healthcheck:
      test: curl -fsS http://localhost/health || exit 1
      interval: 30s
    depends_on: [db]
  db:
    image: postgres:16
    environment:
      - POSTGRES_USER=app
      - POSTGRES_PASSWORD=${DB_PASSWORD:-secret}
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data:
`

var benchmarks = []struct {
	name string
	data []byte
}{
	{"compose", []byte(sample)},
	{"many", []byte(strings.Repeat(strings.ReplaceAll(sample, "services:", "---\nservices:"), 100))},
	{"literal", []byte("a:\n" + strings.Repeat("  key: |\n"+strings.Repeat("    some line of a script\n", 40), 40))},
	{"full", []byte("x: !tag y\n" + sample)},
	{"broken", []byte(sample + "bad: line: here\n")},
}

func BenchmarkParse(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(c.data)
			}
		})
	}
}

// BenchmarkLibrary is what the same documents take where the full parser reads them.
func BenchmarkLibrary(b *testing.B) {
	data := benchmarks[0].data
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var n yaml.Node
		if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&n); err != nil {
			b.Fatal(err)
		}
	}
}
