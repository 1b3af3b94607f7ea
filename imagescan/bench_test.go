package imagescan_test

import (
	"os"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/imagescan"
	"rummage/scan"
)

// BenchmarkArchive searches the archive that RUMMAGE_BENCH_IMAGE names, with one worker.
func BenchmarkArchive(b *testing.B) {
	name := os.Getenv("RUMMAGE_BENCH_IMAGE")
	if name == "" {
		b.Skip("RUMMAGE_BENCH_IMAGE names no archive")
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
