package imagescan_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/imagescan"
	"rummage/scan"
)

// A target's summary tells why not all of it was read, wherever that went wrong.
func TestSummaries(t *testing.T) {
	good := layoutOf(t, newImage(t).layer("", item{name: "a", data: secret(1)}).layer("", item{name: "b", data: "x"}))
	deep := layoutOf(t, newImage(t).layer("", item{name: "a.gz", data: string(gzipped(t, gzipped(t, gzipped(t, []byte("x")))))}))
	plain := tarOf(t, item{name: "a", data: secret(2)})
	cut := layoutOf(t, newImage(t).layer("", item{name: "c", data: "x"}).stored(plain, gzipped(t, plain)[:40], types.OCILayer, ""))
	for _, c := range []struct {
		name, path, why string
		layers          int
		stopped         bool
	}{
		{"read", good, "", 2, false},
		{"an archive in a layer, to a limit", deep, "layer 1: /a.gz", 1, false},
		{"a layer that breaks off", cut, "layer 2: ", 2, false},
		{"stopped before it began", good, "not read", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, err := imagescan.OpenPath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			src := imagescan.New([]imagescan.Target{target}, imagescan.Options{Limits: imagescan.Limits{Depth: 2}})
			defer src.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.stopped {
				cancel()
			}
			if _, err := scan.Run(ctx, src, testDetector(t), 2); err != nil {
				t.Fatal(err)
			}
			got := src.Summaries()
			if len(got) != 1 || got[0].Target != c.path || got[0].Layers != c.layers || !strings.HasPrefix(got[0].Problem, c.why) || (got[0].Problem == "") != (c.why == "") {
				t.Errorf("%+v, want %d layers and %q", got, c.layers, c.why)
			}
		})
	}
}
