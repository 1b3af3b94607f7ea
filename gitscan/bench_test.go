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
func BenchmarkHistory(b *testing.B) { history(b, false) }

// BenchmarkAudit is BenchmarkHistory with the rules prepared anew each time, as by a program that is started for it.
func BenchmarkAudit(b *testing.B) { history(b, true) }

func history(b *testing.B, fresh bool) {
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
		if fresh {
			if rules, err = detect.Restore(rummage.RulesSnapshot); err != nil {
				b.Fatal(err)
			}
			d = detect.New(rules)
		}
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
