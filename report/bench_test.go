package report

import (
	"fmt"
	"io"
	"testing"

	"rummage/scan"
)

// BenchmarkWrite writes 2,000 findings with ten places each, of 500 commits. Bytes are those of the report.
func BenchmarkWrite(b *testing.B) {
	r := emptySample()
	commits := make([]*scan.Commit, 500)
	for i := range commits {
		commits[i] = commit(i%28, fmt.Sprintf("Change %d of the deployment", i))
	}
	for i := range 2000 {
		f := scan.Finding{Fingerprint: fingerprint(i), Rule: fmt.Sprintf("rule-%d", i%150), Severity: severities[i%5], Kind: scan.KindSecret,
			Description: "A token", Secret: scan.Secret(fmt.Sprintf("not-a-real-secret-%010d", i)), Remedy: "Revoke it."}
		for j := range 10 {
			f.Places = append(f.Places, scan.Place{Path: fmt.Sprintf("services/s%d/config%d.yml", i%40, j), Line: i + 1, Column: 9, EndLine: i + 1,
				EndColumn: 37, Introduced: commits[(i+j)%500], Reachable: true, AtTip: []string{"refs/heads/main"},
				Match: "token: " + f.Secret})
		}
		r.Findings = append(r.Findings, f)
	}
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			b.SetBytes(int64(len(render(b, format, r, Options{Now: now}))))
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, format, r, Options{Now: now}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
