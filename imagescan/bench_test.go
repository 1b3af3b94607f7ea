package imagescan_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/imagescan"
	"rummage/scan"
)

// BenchmarkLayer searches a made layer with one worker: to know what a core does, give it one (-cpu 1). Where
// RUMMAGE_BENCH_IMAGE names an archive, that is searched instead.
func BenchmarkLayer(b *testing.B) {
	name := os.Getenv("RUMMAGE_BENCH_IMAGE")
	if name == "" {
		name = writeFile(b, "layer.tar", baseLayer(b, 64<<20))
	}
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		b.Fatal(err)
	}
	d := detect.New(rules)
	for b.Loop() {
		t, err := imagescan.OpenPath(name)
		if err != nil {
			b.Fatal(err)
		}
		src := imagescan.New([]imagescan.Target{t}, imagescan.Options{})
		res, err := scan.Run(b.Context(), src, d, 1)
		if err != nil {
			b.Fatal(err)
		}
		src.Close()
		b.SetBytes(res.Stats.Bytes)
		b.ReportMetric(float64(len(res.Findings)), "findings")
	}
}

// baseLayer is a layer like that of a base image, of so many bytes: half of them programs and libraries, the rest data,
// scripts and texts, most files small. It is the same each time.
func baseLayer(b *testing.B, size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := 0; out.Len() < size; n++ {
		var name string
		var data []byte
		switch n % 16 {
		case 0:
			name, data = fmt.Sprintf("usr/lib/x86_64-linux-gnu/lib%d.so", n), program(r, 64<<10+r.IntN(1<<20))
		case 1, 2:
			name, data = fmt.Sprintf("usr/bin/program%d", n), program(r, 8<<10+r.IntN(128<<10))
		case 3:
			name, data = fmt.Sprintf("usr/share/locale/%d.mo", n), table(r, 64<<10)
		case 4, 5, 6:
			name, data = fmt.Sprintf("usr/sbin/script%d.sh", n), append([]byte("#!/bin/sh\n"), prose(r, shellWords, 1+r.IntN(100))...)
		case 7, 8, 9, 10:
			name, data = fmt.Sprintf("usr/lib/python3/dist-packages/m%d.py", n), prose(r, sourceWords, 20+r.IntN(1200))
		default:
			name, data = fmt.Sprintf("usr/share/doc/p%d/copyright", n), prose(r, plainWords, 20+r.IntN(400))
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// The words that texts are made of. One in some hundred is a name that rules look at, without a value.
var (
	plainWords  = bytes.Fields([]byte("the of and a to in software is that be copyright license permission notice shall warranty without any for or this provided copies use modify merge publish distribute sublicense holders authors https://www.example.org/licenses/ (c) 2024, Foundation, Inc."))
	sourceWords = bytes.Fields([]byte("def self return if not in for import None True False x = 0 1 == : ( ) [ ] { } , value key name path data error token password get_password class object raise ValueError 'utf-8' \"\" # todo: isinstance(arg, str) os.path.join __init__ super().__init__(**kwargs)"))
	looked      = bytes.Fields([]byte("token get_password() key secret= api_key: \"${SECRET}\" authorization --password PASSWD"))
	shellWords  = bytes.Fields([]byte("if then fi set -e echo \"$1\" | grep -q while read line do done case esac exit 0 1 >&2 /dev/null $HOME ${PATH:-/usr/bin} rm -f /var/lib/dpkg/info [ -f /etc/default/x ] ;; *) export LC_ALL=C"))
)

// prose is so many lines of words.
func prose(r *rand.Rand, words [][]byte, lines int) (out []byte) {
	for range lines {
		for range r.IntN(5) {
			out = append(out, ' ')
		}
		for range 2 + r.IntN(12) {
			word := words[r.IntN(len(words))]
			if r.IntN(200) == 0 {
				word = looked[r.IntN(len(looked))]
			}
			out = append(append(out, word...), ' ')
		}
		out = append(out, '\n')
	}
	return out
}

// program is bytes like those of machine code, with the strings and symbols that a program has.
func program(r *rand.Rand, size int) []byte {
	out := []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	code := make([][]byte, 512)
	for i := range code {
		code[i] = make([]byte, 1+r.IntN(7))
		for j := range code[i] {
			code[i][j] = byte(r.NormFloat64() * 60)
		}
	}
	for len(out) < size*7/10 {
		out = append(out, code[r.IntN(len(code))]...)
	}
	for len(out) < size*9/10 {
		out = append(append(append(out, "_ZN"...), sourceWords[r.IntN(len(sourceWords))]...), 0)
		out = append(append(out, plainWords[r.IntN(len(plainWords))]...), 0)
	}
	return append(out, table(r, size-len(out))...)
}

// table is bytes like those of tables: small numbers, little-endian.
func table(r *rand.Rand, size int) []byte {
	out := make([]byte, size)
	for i := 0; i+4 <= size; i += 4 {
		out[i], out[i+1] = byte(r.Uint32()), byte(r.IntN(8))
	}
	return out
}
