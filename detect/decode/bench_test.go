package decode_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/detect/decode"
)

// source concatenates files of the Go distribution, 16 MiB at most.
func source(b *testing.B, endings ...string) []byte {
	b.Helper()
	var text []byte
	err := filepath.WalkDir(filepath.Join(build.Default.GOROOT, "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, end := range endings {
			if len(text) < 16<<20 && strings.HasSuffix(path, end) {
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text = append(text, content...)
			}
		}
		return nil
	})
	if err != nil || len(text) == 0 {
		b.Fatalf("no sources of the Go distribution: %v", err)
	}
	return text
}

func BenchmarkDecode(b *testing.B) {
	for _, text := range []struct {
		name string
		data []byte
	}{
		{"go", source(b, ".go")},
		{"c+assembly", source(b, ".c", ".h", ".s")},
		{"identifiers", []byte(strings.Repeat("applicationContextInitializer RegistrationFactoryBean ", 1<<14))},
		{"base64 binary", []byte(strings.Repeat(std("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR and so on ")+"\n", 1<<14))},
		{"base64 text", []byte(strings.Repeat(std(text)+"\n", 1<<14))},
		{"percent", []byte(strings.Repeat("https://host.example/a%20path?with=some%26things\n", 1<<14))},
		{"short", []byte("the inserted bytes of a delta are few, most often a line\n")},
	} {
		b.Run(text.name, func(b *testing.B) {
			b.SetBytes(int64(len(text.data)))
			b.ReportAllocs()
			var d decode.Decoder
			output := 0
			for b.Loop() {
				output = 0
				d.Decode(text.data, func(w *decode.Window) bool {
					output += len(w.Text)
					return true
				})
			}
			b.ReportMetric(float64(output)/float64(len(text.data)), "out/in")
		})
	}
}
