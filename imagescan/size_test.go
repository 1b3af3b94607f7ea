//go:build !race

package imagescan_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rummage/imagescan"
	"rummage/scan"
)

// Tests of mere size, which the race detector makes some ten times as slow and sees nothing in: they run without it.

// The files of a zip archive may be the same bytes over and over: what counts is all of them.
func TestOverlappingZip(t *testing.T) {
	const each, files = 64 << 20, 12
	one := zipOf(t, map[string]string{"a": string(make([]byte, each))})
	at := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	many := append(bytes.Clone(one[:at]), bytes.Repeat(one[at:end], files)...)
	tail := bytes.Clone(one[end:])
	tail[8], tail[10] = files, files
	size := files * (end - at)
	tail[12], tail[13] = byte(size), byte(size>>8)
	img := newImage(t).layer("", item{name: "z.zip", data: string(append(many, tail...))})
	wantProblem(t, scanOf(t, imagescan.Options{}, layoutOf(t, img)), scan.SkipLimit, "expands to more than 200 times")
}

// A few bytes of JSON do not become much memory.
func TestManyValues(t *testing.T) {
	b := newBlobs(t)
	many := b.add(mediaManifest, `{"schemaVersion":2,"layers":[`+strings.Repeat("{},", 300_000)+`{}]}`)
	wantProblem(t, scanOf(t, imagescan.Options{}, b.done(many)), scan.SkipLimit, "values")

	layer := b.add(mediaTar, string(tarOf(t, item{name: "a", data: secret(1)})))
	var images []string
	for i := range 33 {
		images = append(images, b.manifest(b.add(mediaConfig, fmt.Sprint(`{"n":`, i, `}`)), strings.Split(strings.Repeat(layer+"\n", 4095)+layer, "\n")))
	}
	res := scanOf(t, imagescan.Options{}, b.done(b.index(images...)))
	wantProblem(t, res, scan.SkipLimit, "layers of all images")
}
