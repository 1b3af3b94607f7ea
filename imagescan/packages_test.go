package imagescan_test

import (
	"slices"
	"testing"

	"rummage/imagescan"
)

// What a package ships has less weight: in the layer that the list is of, and outside of /etc.
func TestPackages(t *testing.T) {
	img := newImage(t).
		layer("", item{name: "usr/share/doc/x", data: secret(1)}, item{name: "usr/lib/y", data: secret(2)}, item{name: "etc/z", data: secret(3)},
			item{name: "var/lib/dpkg/info/x:amd64.list", data: "/.\n/usr/share/doc/x\n/lib/y\n/etc/z\n/app/late\n"}, item{name: "app/own", data: secret(4)}).
		layer("", item{name: "lib/apk/db/installed", data: "P:a\nF:usr/bin\nR:a\nR:b\nF:opt\nR:c\n"}, item{name: "usr/bin/b", data: secret(5)},
			item{name: "usr/bin/c", data: secret(6)}, item{name: "opt/c", data: string(gzipped(t, []byte(secret(7))))}).
		layer("", item{name: "s/site-packages/p-1.dist-info/RECORD", data: "p/a.py,sha256=x,1\n../../bin/p,,\n"}, item{name: "s/site-packages/p/a.py", data: secret(8)},
			item{name: "bin/p", data: secret(9)}, item{name: "s/site-packages/q.py", data: secret(10)},
			item{name: "s/site-packages/p/__pycache__/a.cpython-311.pyc", data: secret(14)}, item{name: "s/site-packages/__pycache__/q.cpython-311.pyc", data: secret(15)}).
		layer("", item{name: "app/late", data: secret(11)}, item{name: "usr/share/doc/x", data: secret(12)},
			item{name: "var/lib/dpkg/status.d/base.md5sums", data: "0123  usr/lib/base\n"}, item{name: "usr/lib/base", data: secret(13)})
	res := scanOf(t, imagescan.Options{}, layoutOf(t, img))
	wantComplete(t, res)
	packaged := []string{secret(1), secret(2), secret(5), secret(7), secret(8), secret(9), secret(13), secret(14)}
	if len(res.Findings) != 15 {
		t.Fatalf("%d findings:\n%s", len(res.Findings), places(res))
	}
	for _, f := range res.Findings {
		want := "high"
		if slices.Contains(packaged, f.Secret.Reveal()) {
			want = "low"
		}
		if f.Severity != want || slices.Contains(f.Tags, "package-file") != (want == "low") {
			t.Errorf("%s is %s, tags %v, want %s", f.Secret.Reveal(), f.Severity, f.Tags, want)
		}
	}
}
