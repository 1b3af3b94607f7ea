package gitscan_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"rummage"
	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// timed is a repository whose attribution is timed.
type timed struct {
	*gitscan.Repo
	placing time.Duration
}

func (t *timed) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	defer func(start time.Time) { t.placing += time.Since(start) }(time.Now())
	return t.Repo.Place(ctx, l, emit)
}

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
	var placing time.Duration
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
		source := &timed{Repo: repo}
		res, err := scan.Run(b.Context(), source, d, runtime.GOMAXPROCS(0))
		if err != nil {
			b.Fatal(err)
		}
		placing += source.placing
		b.SetBytes(res.Stats.Bytes)
		b.ReportMetric(float64(len(res.Findings)), "findings")
		if err := repo.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(placing.Seconds()*1e3/float64(b.N), "placing-ms")
}

// BenchmarkPush searches a push of the last 1,000 commits of the repository that RUMMAGE_BENCH_REPO names, or of fewer, which
// have come in one pack.
func BenchmarkPush(b *testing.B) {
	path := os.Getenv("RUMMAGE_BENCH_REPO")
	if path == "" {
		b.Skip("RUMMAGE_BENCH_REPO names no repository")
	}
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		b.Fatal(err)
	}
	d := detect.New(rules)
	commits := strings.Fields(string(git(b, path, nil, "rev-list", "--max-count=1001", "HEAD")))
	u := gitscan.Update{Ref: "refs/heads/main", Old: commits[len(commits)-1], New: commits[0]}
	server := b.TempDir()
	git(b, server, nil, "init", "-q", "--bare")
	git(b, path, nil, "push", "-q", server, u.Old+":"+u.Ref)
	in := receive(b, server, path, true, []string{u.Old}, u)
	b.ReportAllocs()
	for b.Loop() {
		p, err := gitscan.OpenPush(in.server, func(k string) string { return in.env[k] }, in.updates, gitscan.Options{})
		if err != nil {
			b.Fatal(err)
		}
		res, err := scan.Run(b.Context(), p, d, runtime.GOMAXPROCS(0))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(res.Stats.Bytes)
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
