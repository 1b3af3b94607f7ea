package main

import (
	"strings"
	"testing"

	"rummage/scan"
)

func TestCompareEngines(t *testing.T) {
	result := func(lines ...int) *scan.Result {
		res := &scan.Result{Stats: scan.Stats{Complete: true, Scanned: 3}}
		for _, line := range lines {
			f := scan.Finding{Fingerprint: strings.Repeat("f", line), Rule: "r"}
			f.Places = append(f.Places, scan.Place{Path: "a", Line: line})
			res.Findings = append(res.Findings, f)
		}
		return res
	}
	if err := compareEngines(result(1, 2), result(1, 2)); err != nil {
		t.Error(err)
	}
	twice := func() *scan.Result {
		res := result(1)
		for _, by := range []string{"comment", "allowlist"} {
			f := res.Findings[0]
			f.Suppressed = &scan.Suppression{By: by}
			res.Suppressed = append(res.Suppressed, f)
		}
		return res
	}
	if err := compareEngines(twice(), twice()); err != nil {
		t.Error(err)
	}
	moved, fewer, hidden := result(1, 2), result(1, 2), result(1, 2)
	moved.Findings[1].Places[0].Line = 7
	fewer.Stats.Scanned = 2
	hidden.Suppressed, hidden.Findings = hidden.Findings[1:], hidden.Findings[:1]
	for name, other := range map[string]*scan.Result{"one less": result(1), "one more": result(1, 2, 3), "another": result(1, 3),
		"another place": moved, "fewer blobs": fewer, "suppressed": hidden} {
		for _, pair := range [][2]*scan.Result{{result(1, 2), other}, {other, result(1, 2)}} {
			if compareEngines(pair[0], pair[1]) == nil {
				t.Errorf("%s: no difference is told", name)
			}
		}
	}
}
