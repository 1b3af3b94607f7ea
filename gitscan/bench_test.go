package gitscan_test

import (
	"os"
	"runtime"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// BenchmarkHistory searches the whole history of the repository that RUMMAGE_BENCH_REPO names, with the built-in rules.
func BenchmarkHistory(b *testing.B) {
	path := os.Getenv("RUMMAGE_BENCH_REPO")
	if path == "" {
		b.Skip("RUMMAGE_BENCH_REPO names no repository")
	}
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		b.Fatal(err)
	}
	d := detect.New(rules)
	b.ReportAllocs()
	for b.Loop() {
		repo, err := gitscan.Open(path, gitscan.Options{})
		if err != nil {
			b.Fatal(err)
		}
		res, err := scan.Run(b.Context(), repo, d, runtime.GOMAXPROCS(0))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(res.Stats.Bytes)
		b.ReportMetric(float64(len(res.Findings)), "findings")
		if err := repo.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
