package compose

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// sample is a file of the usual size and the usual forms.
const sample = `# The stack.
x-common: &common
  restart: unless-stopped
  logging:
    options:
      max-size: 10m
services:
  web:
    <<: *common
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
    <<: *common
    image: postgres:16
    environment:
      - POSTGRES_USER=app
      # - POSTGRES_PASSWORD=old
      - POSTGRES_PASSWORD=${DB_PASSWORD:-secret}
    env_file: .env
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data:
`

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name string
		data string
	}{
		{"one", sample},
		{"large", strings.ReplaceAll(strings.Repeat(sample, 50), "x-common", "---\nx-common")},
		{"full", "x-tag: !reset x\n" + sample},
		{"broken", sample + "bad: line: here\n"},
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

func BenchmarkLooksLikeCompose(b *testing.B) {
	data := []byte(strings.Repeat("some: text\nof services: x\n", 1000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		LooksLikeCompose(data)
	}
}

// BenchmarkReader reads versions of a file of which one service is new each time.
func BenchmarkReader(b *testing.B) {
	text := strings.ReplaceAll(strings.ReplaceAll(sample, "&common", ""), "    <<: *common\n", "")
	head, rest, _ := strings.Cut(text, "  web:\n")
	service, tail, _ := strings.Cut(rest, "volumes:\n  data:")
	var all strings.Builder
	all.WriteString(head)
	for i := range 30 {
		all.WriteString(strings.ReplaceAll(strings.ReplaceAll("  web:\n"+service, "  web:", fmt.Sprintf("  web%d:", i)), "  db:", fmt.Sprintf("  db%d:", i)))
	}
	all.WriteString("volumes:\n  data:" + tail)
	data := []byte(all.String())
	at := bytes.Index(data, []byte("web15")) + len("web15:\n    image: \"")
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			Parse(data)
		}
	})
	b.Run("versions", func(b *testing.B) {
		var r Reader
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			copy(data[at:], fmt.Sprintf("%08d", i))
			if f := r.Read(data); f != &r.file {
				b.Fatal("not read by blocks")
			}
		}
	})
}
