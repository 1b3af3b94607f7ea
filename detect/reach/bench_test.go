package reach_test

import (
	"testing"

	"rummage/detect/reach"
)

// The benchmarks do all of exprs in one turn: a tenth of a ruleset.
func BenchmarkAnalyze(b *testing.B) {
	for b.Loop() {
		for _, c := range exprs {
			if _, err := reach.Analyze(c.expr); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func infos(b *testing.B) (all []reach.Info) {
	for _, c := range exprs {
		info, err := reach.Analyze(c.expr)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, info)
	}
	return all
}

func BenchmarkNecessary(b *testing.B) {
	all := infos(b)
	keywords := []string{"ghp_", "key", "token", "secret"}
	for b.Loop() {
		for _, info := range all {
			info.Necessary(keywords)
		}
	}
}

func BenchmarkLiterals(b *testing.B) {
	all := infos(b)
	for b.Loop() {
		for _, info := range all {
			info.Literals()
		}
	}
}

// BenchmarkHostile is the worst of what is bounded.
func BenchmarkHostile(b *testing.B) {
	for name, expr := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				info, err := reach.Analyze(expr)
				if err != nil {
					b.Fatal(err)
				}
				info.Necessary([]string{"key", "aaz"})
				info.Literals()
			}
		})
	}
}
