//go:build unix

package imagescan_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rummage/imagescan"
	"rummage/scan"
)

// A pipe in a layout has no writer to wait for.
func TestPipeInLayout(t *testing.T) {
	b := newBlobs(t)
	img := b.image(`{}`, tarOf(t, item{name: "a", data: secret(1)}))
	pipe := strings.Repeat("0", 64)
	if err := syscall.Mkfifo(filepath.Join(b.dir, "blobs", "sha256", pipe), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := b.done(img, `{"digest":"sha256:`+pipe+`"}`)
	res := scanOf(t, imagescan.Options{}, dir)
	wantProblem(t, res, scan.SkipUnreadable, "no regular file")
	wantPlaces(t, res, "1 /a:1 in 1")
}
