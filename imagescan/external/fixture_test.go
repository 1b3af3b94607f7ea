package external

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rummage/scan"
)

// madeSecret is a credential that nobody has: no text of the tests has one that looks alive.
func madeSecret(t testing.TB) string {
	t.Helper()
	b := make([]byte, 18)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return "tk9_" + hex.EncodeToString(b)
}

// digestOf is a digest that is easily told from others.
func digestOf(n int) string { return fmt.Sprintf("sha256:%064x", n) }

type object = map[string]any

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// trivyHit is a finding in trivy's report. diffID is empty for one in the configuration.
type trivyHit struct {
	target, rule, match, diffID, createdBy string
	line, offset                           int
}

// trivyShape is what trivy 0.74 writes for an image of so many layers. secret stands wherever trivy leaves raw ones.
func trivyShape(t testing.TB, layers int, secret string, hits ...trivyHit) []byte {
	t.Helper()
	var ids []string
	for i := range layers {
		ids = append(ids, digestOf(i+1))
	}
	report := object{
		"SchemaVersion": 2, "Trivy": object{"Version": "0.74.0"}, "ArtifactName": "img.tar", "ArtifactType": "container_image",
		"Metadata": object{"ImageID": digestOf(1000), "DiffIDs": ids, "RepoTags": []string{"img:1"},
			"ImageConfig": object{"config": object{"Env": []string{"TOKEN=" + secret}},
				"history": []object{{"created_by": "RUN |1 TOKEN=" + secret + " /bin/sh -c make"}}}},
	}
	var results []object
	for _, h := range hits {
		layer := object{}
		if h.diffID != "" {
			layer = object{"DiffID": h.diffID, "CreatedBy": h.createdBy}
		}
		results = append(results, object{"Target": h.target, "Class": "secret", "Secrets": []object{{
			"RuleID": h.rule, "Category": "GitHub", "Severity": "CRITICAL", "Title": "GitHub Personal Access Token",
			"StartLine": h.line, "EndLine": h.line, "Match": h.match, "Layer": layer, "Offset": h.offset,
			"Code": object{"Lines": []object{{"Number": h.line + 1, "Content": "PASSWORD=" + secret}}},
		}}})
	}
	if results != nil {
		report["Results"] = results
	}
	return encode(t, report)
}

// everything is all that findings have, secrets and what other texts hide included.
func everything(list []scan.Finding) string {
	var b strings.Builder
	for i := range list {
		f := &list[i]
		fmt.Fprintf(&b, "%s %s %s %s %s %s %s\n", f.Fingerprint, f.Rule, f.Severity, f.Description, f.Secret.Reveal(), f.Masked, f.Remedy)
		for j := range f.Places {
			p := &f.Places[j]
			fmt.Fprintf(&b, "  %s:%d %s %s", p.Path, p.Line, p.Note, p.Match.Reveal())
			if p.Image != nil {
				fmt.Fprintf(&b, " %+v", *p.Image)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// only is the one finding that there should be, with one place.
func only(t *testing.T, list []scan.Finding) (scan.Finding, scan.Place) {
	t.Helper()
	if len(list) != 1 || len(list[0].Places) != 1 {
		t.Fatalf("want one finding with one place, have\n%s", everything(list))
	}
	return list[0], list[0].Places[0]
}

func isFingerprint(s string) bool { return fingerprintForm().MatchString(s) }
