package imagescan_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"rummage/imagescan"
	"rummage/scan"
)

// wantProblem holds a result to be incomplete for a reason.
func wantProblem(t *testing.T, res *scan.Result, reason scan.SkipReason, why string) {
	t.Helper()
	if res.Stats.Complete {
		t.Error("complete")
	}
	if reason != "" && res.Stats.Skipped[reason] == 0 {
		t.Errorf("skipped %v, want some for %q", res.Stats.Skipped, reason)
	}
	for _, p := range res.Stats.Problems {
		if strings.Contains(p.Where+": "+p.Why, why) {
			return
		}
	}
	t.Errorf("problems %v, want one of %q", res.Stats.Problems, why)
}

func TestBrokenLayers(t *testing.T) {
	good := tarOf(t, item{name: "a", data: secret(1)}, item{name: "b", data: strings.Repeat("x", 3000) + secret(2)}, item{name: "c", data: secret(3)})
	gz := gzipped(t, good)
	flipped := bytes.Clone(gz)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	for _, c := range []struct {
		name          string
		plain, stored []byte
		why           string
		want          []string
	}{
		{"gzip cut off", good, gz[:len(gz)-20], "EOF", []string{"1 /a:1 in 1", "2 /b:1 in 1"}},
		{"gzip with a wrong checksum", good, flipped, "checksum", []string{"1 /a:1 in 1", "2 /b:1 in 1", "3 /c:1 in 1"}},
		{"gzip with garbage behind its header", nil, append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), bytes.Repeat([]byte("\xff"), 600)...), "flate", nil},
		{"tar cut off in a file", good[:2000], good[:2000], "EOF", []string{"1 /a:1 in 1"}},
		{"tar with a broken header", append(bytes.Clone(good[:1024]), bytes.Repeat([]byte{'q'}, 1024)...), append(bytes.Clone(good[:1024]), bytes.Repeat([]byte{'q'}, 1024)...), "header", []string{"1 /a:1 in 1"}},
		{"bytes of another layer", []byte("other"), good, "uncompressed, its bytes are those of", []string{"1 /a:1 in 1", "2 /b:1 in 1", "3 /c:1 in 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := newImage(t).stored(c.plain, c.stored, types.OCILayer, "").layer("", item{name: "other", data: secret(9)})
			res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
			wantProblem(t, res, "", c.why)
			wantPlaces(t, res, append(c.want, "9 /other:1 in 2")...)
		})
	}
}

// A content that is not the one of its digest is told, and searched.
func TestLyingDigests(t *testing.T) {
	dir := layoutOf(t, newImage(t).layer("", item{name: "a", data: secret(1)}))
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil || len(blobs) != 3 {
		t.Fatal(blobs, err)
	}
	for _, name := range blobs {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if data[0] == '{' {
			continue
		}
		plain := tarOf(t, item{name: "b", data: secret(2)})
		if err := os.WriteFile(name, gzipped(t, plain), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res := scanOf(t, imagescan.Options{}, dir)
	wantProblem(t, res, "", "its bytes are those of sha256:")
	wantPlaces(t, res, "2 /b:1 in 1")

	for _, name := range blobs {
		if err := os.WriteFile(name, []byte(`{"schemaVersion":2}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, scanOf(t, imagescan.Options{}, dir), scan.SkipUnreadable, "its bytes are those of sha256:")
	for _, name := range blobs {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, scanOf(t, imagescan.Options{}, dir), scan.SkipUnreadable, "no such file")
}

// zeros is a gzip stream of so many zeros.
func zeros(t testing.TB, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, endless{}, n); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBombs(t *testing.T) {
	big := int64(300 << 20)
	if racing {
		big = 2 << 20
	}
	header := func(size int64) []byte {
		var b bytes.Buffer
		if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "zeros", Size: size, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	bomb := append(gzipped(t, header(big)), zeros(t, big)...) // two gzip members are one stream
	for name, c := range map[string]struct {
		limits imagescan.Limits
		why    string
		img    *made
	}{
		"ratio":                          {imagescan.Limits{}, "expands to more than 200 times", newImage(t).stored(nil, bomb, types.OCILayer, "")},
		"bytes":                          {imagescan.Limits{Bytes: 1 << 20}, "more than 1048576 bytes uncompressed", newImage(t).stored(nil, bomb, types.OCILayer, "")},
		"ratio of an archive in a layer": {imagescan.Limits{}, "expands to more than 200 times", newImage(t).layer("", item{name: "z.gz", data: string(zeros(t, big))})},
		"entries":                        {imagescan.Limits{Entries: 2}, "more than 2 entries", newImage(t).layer("", item{name: "1"}, item{name: "2"}, item{name: "3"})},
		"entries of a zip":               {imagescan.Limits{Entries: 2}, "more than 2 entries", newImage(t).layer("", item{name: "z.zip", data: string(zipOf(t, map[string]string{"a": "", "b": "", "c": ""}))})},
		"a zip that is too large":        {imagescan.Limits{Archive: 100}, "a zip archive of more than 100 bytes", newImage(t).layer("", item{name: "z.zip", data: string(zipOf(t, map[string]string{"a": "", "b": "", "c": ""}))})},
		"depth":                          {imagescan.Limits{Depth: 2}, "more than 2 archives in one another", newImage(t).layer("", item{name: "z.gz", data: string(gzipped(t, gzipped(t, gzipped(t, []byte("x")))))})},
		"a long name":                    {imagescan.Limits{}, "its name is too long", newImage(t).layer("", item{name: strings.Repeat("n", 5000)})},
	} {
		if racing && strings.HasPrefix(name, "ratio") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c.img.layer("", item{name: "other", data: secret(9)})
			wantProblem(t, scanOf(t, imagescan.Options{Limits: c.limits}, layoutOf(t, c.img)), scan.SkipLimit, c.why)
		})
	}
}

// A sparse file is as long as it says, without its holes being in the archive.
func TestSparseAndPAX(t *testing.T) {
	long := strings.Repeat("folder/", 40) + "file"
	img := newImage(t).layer("", item{name: long, data: secret(1), pax: map[string]string{"SCHILY.xattr.user.x": "y"}},
		item{name: "ünï/\u202ecode", data: secret(2)})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /"+long+":1 in 1", "2 /ünï/\u202ecode:1 in 1")

	sparse := sparseTar(t, 64<<10, secret(3))
	res = scanOf(t, imagescan.Options{}, layoutOf(t, newImage(t).stored(sparse, gzipped(t, sparse), types.OCILayer, "")))
	wantComplete(t, res)
	wantPlaces(t, res, "3 /sparse:1 in 1")

	for size, limit := range map[int64]int64{1 << 40: 0, 128 << 20: 64 << 20} { // a terabyte of nothing
		if racing && limit == 0 {
			continue
		}
		sparse = sparseTar(t, size, secret(3))
		res = scanOf(t, imagescan.Options{Limits: imagescan.Limits{Bytes: limit}}, layoutOf(t, newImage(t).stored(sparse, gzipped(t, sparse), types.OCILayer, "")))
		wantProblem(t, res, scan.SkipLimit, "uncompressed")
	}
}

// sparseTar is an archive with a sparse file in GNU's format 1.0: a map of one piece at the end of size bytes.
func sparseTar(t *testing.T, size int64, data string) []byte {
	t.Helper()
	at := size - int64(len(data))
	sparseMap := fmt.Sprintf("1\n%d\n%d\n", at, len(data))
	sparseMap += strings.Repeat("\x00", 512-len(sparseMap))
	var b bytes.Buffer
	pax := ""
	for _, r := range [][2]string{{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.name", "sparse"}, {"GNU.sparse.realsize", fmt.Sprint(size)}} {
		n := len(r[0]) + len(r[1]) + 3
		for len(fmt.Sprint(n))+len(r[0])+len(r[1])+3 != n {
			n = len(fmt.Sprint(n)) + len(r[0]) + len(r[1]) + 3
		}
		pax += fmt.Sprintf("%d %s=%s\n", n, r[0], r[1])
	}
	b.Write(rawHeader("PaxHeaders/sparse", 'x', len(pax)))
	b.WriteString(pax + strings.Repeat("\x00", (512-len(pax)%512)%512))
	body := sparseMap + data
	b.Write(rawHeader("GNUSparseFile.0/sparse", '0', len(body)))
	b.WriteString(body + strings.Repeat("\x00", (512-len(body)%512)%512))
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

// rawHeader is the header of a tar archive (POSIX.1-1988) that package tar would not write.
func rawHeader(name string, kind byte, size int) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00"+fmt.Sprintf("%011o\x00", size)+"00000000000\x00        "+string(kind))
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

// Damage to an archive in a layer is told, and what it holds is searched as far as it goes.
func TestBrokenArchivesInLayers(t *testing.T) {
	inner := tarOf(t, item{name: "a", data: secret(1)}, item{name: "b", data: secret(2)})
	copy(inner[1024:], bytes.Repeat([]byte{'q'}, 400)) // the header of b
	img := newImage(t).layer("", item{name: "broken.tar", data: string(inner)}, item{name: "no.zip", data: "PK\x03\x04 " + secret(3)},
		item{name: "cut.gz", data: string(gzipped(t, []byte("x "+secret(4))))[:32]}, item{name: "x.xz", data: "\xfd7zXZ\x00....." + secret(5)})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /broken.tar!/a:1 in 1", "2 /broken.tar:1 in 1", "3 /no.zip:1 in 1", "4 /cut.gz!/cut:1 in 1", "5 /x.xz:1 in 1")
	notices := strings.Join(res.Stats.Notices, "\n")
	for _, want := range []string{"3 archives in layers are damaged", "1 archives in layers are of kinds that are not opened"} {
		if !strings.Contains(notices, want) {
			t.Errorf("notices %q, want %q", notices, want)
		}
	}
}

// Wide windows of zstd streams are held one at a time. What needs more is counted, and not taken for damage.
func TestWideWindows(t *testing.T) {
	wide := func(data []byte, window int) string {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		for len(data) > 0 { // in two writes, so that the size is not known
			n := (len(data) + 1) / 2
			w.Write(data[:n])
			w.Flush()
			data = data[n:]
		}
		w.Close()
		return b.String()
	}
	zip := string(zipOf(t, map[string]string{"z": secret(3)}))
	img := newImage(t).layer("", item{name: "a.zst", data: wide([]byte(secret(1)), 64<<20)}, item{name: "b.zst", data: wide([]byte(secret(2)), 32<<20)},
		item{name: "c.zip.zst", data: wide([]byte(zip), 32<<20)})
	plain := tarOf(t, item{name: "d", data: secret(4)}, item{name: "e.zip", data: zip})
	img.stored(plain, []byte(wide(plain, 64<<20)), types.OCILayerZStd, "")
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	wantPlaces(t, res, "1 /a.zst!/a:1 in 1", "2 /b.zst!/b:1 in 1", "3 /c.zip.zst!/c.zip!/z:1 in 1", "4 /d:1 in 2", "3 /e.zip!/z:1 in 2")

	img = newImage(t).layer("", item{name: "a.zst", data: wide([]byte(secret(1)), 256<<20)},
		item{name: "b.zst", data: wide([]byte(wide([]byte(secret(2)), 32<<20)), 32<<20)})
	res = scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantProblem(t, res, scan.SkipLimit, "too large a window")
	wantProblem(t, res, scan.SkipLimit, "in one another")
}
