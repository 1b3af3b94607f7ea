package rummage_test

import (
	"flag"
	"os"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/structure"
)

var update = flag.Bool("update", false, "write rules.snapshot anew")

func parse(t testing.TB) *detect.Ruleset {
	t.Helper()
	rs, err := detect.Parse("rules.toml", rummage.RulesTOML, detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// TestRules proves rules.toml: ids, keywords, bounds, and that every example is found by exactly its rule.
func TestRules(t *testing.T) {
	rs := parse(t)
	if n := len(rs.Rules()); n < 150 {
		t.Errorf("%d rules", n)
	}
	for _, p := range (detect.Checker{Read: structure.Example}).Check(rs) {
		if !p.Warning {
			t.Error(p)
		}
	}
}

// TestSnapshot holds rules.snapshot to rules.toml.
func TestSnapshot(t *testing.T) {
	rs := parse(t)
	if *update {
		if err := os.WriteFile("rules.snapshot", rs.Snapshot(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(rs.Snapshot()) != rummage.RulesSnapshot {
		t.Fatal("rules.snapshot is not that of rules.toml; run: go test . -update")
	}
	back, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	if back.Hash() != rs.Hash() {
		t.Error("the snapshot has another hash")
	}
}

// BenchmarkStart is what every start of the program pays: rules restored and ready to use.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		rs, err := detect.Restore(rummage.RulesSnapshot)
		if err != nil {
			b.Fatal(err)
		}
		detect.New(rs).Matcher().Match([]byte("nothing to see"))
	}
}
