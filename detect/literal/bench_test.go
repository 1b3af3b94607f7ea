package literal_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/decode"
	"rummage/detect/literal"
)

// keywords are those of the built-in rules: prefixes of keys, names of
// providers, and a few plain words that stand everywhere.
func keywords(b *testing.B) (words []string) {
	b.Helper()
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		b.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rules.Rules() {
		for _, k := range r.Keywords {
			if !known[k] {
				known[k] = true
				words = append(words, k)
			}
		}
	}
	return words
}

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

func BenchmarkFind(b *testing.B) {
	words := keywords(b)
	set, err := literal.New(words)
	if err != nil {
		b.Fatal(err)
	}
	automaton := newAutomaton(words)
	var list []literal.Occurrence
	for _, text := range []struct {
		name string
		data []byte
	}{
		{"go", source(b, ".go")},
		{"c+assembly", source(b, ".c", ".h", ".s")},
		{"dense", []byte(strings.Repeat("password = secret_key token ", 1<<15))},
		{"short", []byte("the inserted bytes of a delta are few, most often a line\n")},
	} {
		b.Run(text.name+"/find", func(b *testing.B) { run(b, set.Find, text.data) })
		b.Run(text.name+"/append", func(b *testing.B) {
			b.SetBytes(int64(len(text.data)))
			for b.Loop() {
				list = set.Append(list[:0], text.data)
			}
		})
		b.Run(text.name+"/scalar", func(b *testing.B) {
			b.SetBytes(int64(len(text.data)))
			for b.Loop() {
				list = set.AppendScalar(list[:0], text.data)
			}
		})
		b.Run(text.name+"/automaton", func(b *testing.B) { run(b, automaton.find, text.data) })
	}
}

// run also reports how often a word ends: bytes of text for each occurrence.
func run(b *testing.B, find func([]byte, func(word, end int) bool), data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	hits := 0
	for b.Loop() {
		hits = 0
		find(data, func(word, end int) bool {
			hits++
			return true
		})
	}
	b.ReportMetric(float64(len(data))/float64(max(hits, 1)), "B/hit")
}

// BenchmarkFindDecoded is all that each byte of a text costs before a rule is
// tried: search, decode, search what was decoded.
func BenchmarkFindDecoded(b *testing.B) {
	set, err := literal.New(keywords(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []struct {
		name string
		data []byte
	}{
		{"go", source(b, ".go")},
		{"c+assembly", source(b, ".c", ".h", ".s")},
	} {
		b.Run(text.name, func(b *testing.B) {
			var d decode.Decoder
			run(b, func(data []byte, emit func(word, end int) bool) {
				set.Find(data, emit)
				d.Decode(data, func(w *decode.Window) bool {
					set.Find(w.Text, emit)
					return true
				})
			}, text.data)
		})
	}
}

func BenchmarkNew(b *testing.B) {
	words := keywords(b)
	set, err := literal.New(words)
	if err != nil {
		b.Fatal(err)
	}
	layout := set.Layout()
	b.Run("chosen", func(b *testing.B) {
		for b.Loop() {
			if _, err := literal.New(words); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("laid", func(b *testing.B) {
		for b.Loop() {
			if _, err := literal.NewLaid(words, layout); err != nil {
				b.Fatal(err)
			}
		}
	})
}
