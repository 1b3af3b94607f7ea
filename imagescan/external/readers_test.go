package external

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/report"
	"rummage/scan"
)

var ofImage = origin{scanner: "mine", image: "example.com/app:1", platform: "linux/amd64"}

// TestTrivyReport: a finding says where it is, and nothing of what trivy leaves in clear.
func TestTrivyReport(t *testing.T) {
	raw := madeSecret(t)
	o := origin{scanner: "trivy", image: "img.tar"}
	hits := []trivyHit{
		{target: "/app/.env", rule: "github-pat", match: "DB=" + raw + " GITHUB_TOKEN=****************", diffID: digestOf(2),
			createdBy: "RUN |1 CI_TOKEN=" + raw + " /bin/sh -c make TOKEN=" + raw + " # buildkit", line: 7, offset: 90},
		{target: "img.tar", rule: "github-pat", match: `  "GH_TOK=****************` + raw + `"`, line: 144, offset: 4982},
		{target: "img.tar", rule: "github-pat", match: `created_by": "RUN |1 CI_TOKEN=****`, line: 50, offset: 1412},
	}
	read, err := o.trivy(trivyShape(t, 3, raw, hits...))
	if err != nil || read.layers != 3 || len(read.findings) != 3 {
		t.Fatalf("%v, %d layers\n%s", err, read.layers, everything(read.findings))
	}
	if all := everything(read.findings); strings.Contains(all, raw) {
		t.Errorf("what trivy leaves in clear is in the findings:\n%s", all)
	}
	f, p := only(t, read.findings[:1])
	if f.Rule != "trivy:github-pat" || f.Severity != "critical" || f.Masked != "****" || f.Secret != "" || f.Kind != scan.KindSecret || !isFingerprint(f.Fingerprint) {
		t.Errorf("%+v", f)
	}
	in := p.Image
	if p.Path != "/app/.env" || p.Line != 7 || p.EndLine != 7 || p.Match.Reveal() != "GITHUB_TOKEN=****" || in.Layer != 2 || in.Layers != 3 ||
		in.DiffID != digestOf(2) || in.Instruction != "RUN make ..." || in.Digest != digestOf(1000) || in.Image != "img.tar" || !slices.Equal(in.Scanners, []string{"trivy"}) {
		t.Errorf("%+v %+v", p, in)
	}
	f, p = only(t, read.findings[1:2])
	if p.Path != "<config>" || p.Line != 0 || p.Note != "GH_TOK=****" || p.Image.Layer != 0 || p.Image.State != scan.ImageLive {
		t.Errorf("%+v %+v", p, p.Image)
	}
	if again := read.findings[2]; again.Fingerprint == f.Fingerprint {
		t.Error("two findings of the configuration have one fingerprint")
	}
	twice, err := o.trivy(trivyShape(t, 3, raw, hits[0], trivyHit{target: "/app/.env", rule: "github-pat", diffID: digestOf(2), line: 7, offset: 200}))
	if err != nil || twice.findings[0].Fingerprint == twice.findings[1].Fingerprint {
		t.Errorf("two values of one line have one fingerprint (%v)", err)
	}
	// The layer's findings are the same ones in another image with it, the configuration's are not.
	other := origin{scanner: "trivy", image: "other.tar"}
	data := bytes.ReplaceAll(trivyShape(t, 3, raw, hits...), []byte(digestOf(1000)), []byte(digestOf(2000)))
	second, err := other.trivy(data)
	if err != nil || second.findings[0].Fingerprint != read.findings[0].Fingerprint || second.findings[1].Fingerprint == read.findings[1].Fingerprint {
		t.Errorf("in another image (%v):\n%s%s", err, everything(read.findings[:2]), everything(second.findings[:2]))
	}
	// From a registry, the manifest's digest is known.
	data = bytes.Replace(data, []byte(`"RepoTags"`), []byte(`"RepoDigests":["example.com/app@`+digestOf(5)+`"],"RepoTags"`), 1)
	if third, err := other.trivy(data); err != nil || third.digest != digestOf(5) || third.findings[0].Places[0].Image.Digest != digestOf(5) {
		t.Errorf("%v: digest %s", err, third.digest)
	}
}

func TestSafeInstruction(t *testing.T) {
	raw := madeSecret(t)
	for createdBy, want := range map[string]string{
		"COPY .env /app/.env # buildkit":                            "COPY .env /app/.env",
		"COPY --chown=a:b --from=x /a /b # buildkit":                "COPY /a /b",
		"COPY |1 K=hunter2 /a /b":                                   "COPY /a /b",
		"ADD https://u:" + raw + "@example.com/x /x # buildkit":     "ADD https://****@example.com/x /x",
		"RUN |1 K=" + raw + " /bin/sh -c apk add curl # buildkit":   "RUN apk ...",
		"RUN |1 K=two words " + raw + " /bin/sh -c make # buildkit": "RUN make",
		"RUN |1 K=" + raw + " /bin/bash -o pipefail -c make":        "RUN ...",
		"|2 A=v B=" + raw + " /bin/sh -c make":                      "RUN make",
		"/bin/sh -c #(nop)  COPY file:0f in /x ":                    "COPY file:0f in /x",
		"/bin/sh -c #(nop) ENV K=" + raw:                            "ENV K=****",
		"/bin/sh -c mysql -p" + raw:                                 "RUN mysql ...",
		"RUN /bin/sh -c TOKEN=" + raw + " make":                     "RUN ...",
		"RUN /bin/sh -c " + raw:                                     "RUN ...",
		"ENV GH_TOK=" + raw:                                         "ENV GH_TOK=****",
		"ARG CI_TOKEN":                                              "ARG CI_TOKEN=****",
		"ENV " + raw:                                                "ENV",
		`CMD ["/bin/sh" "-c" "` + raw + `"]`:                        "CMD",
		raw:                                                         "",
		"":                                                          "",
		"RUN":                                                       "RUN",
		"COPY <<EOF /path # buildkit":                               "COPY <<EOF /path",
		"RUN /bin/sh -c /bin/busybox rm /app/gone.txt # buildkit":   "RUN /bin/busybox ...",
		"RUN |0 /bin/sh -c /bin/sh -c " + "'curl -u a:" + raw + " x'": "RUN /bin/sh ...",
	} {
		if got := safeInstruction(createdBy); got != want {
			t.Errorf("%s: %q, want %q", strings.ReplaceAll(createdBy, raw, "SECRET"), got, want)
		}
	}
}

func TestTrufflehogReport(t *testing.T) {
	first, second := madeSecret(t), madeSecret(t)
	line := func(file, raw, rawV2 string, verified bool) string {
		return string(encode(t, object{"SourceMetadata": object{"Data": object{"Docker": object{"file": file, "image": "x", "layer": digestOf(9), "tag": "1"}}},
			"SourceID": 1, "DetectorType": 8, "DetectorName": "Github", "DetectorDescription": "GitHub is a platform.", "DecoderName": "PLAIN", "Verified": verified,
			"Raw": raw, "RawV2": rawV2, "Redacted": "", "ExtraData": nil})) + "\n"
	}
	read, err := ofImage.trufflehog([]byte(line("/app/.env", first, "", false) + "\n" + line("image-metadata:history:8:created-by", second, "", true) + line("/x", "", "", false)))
	if err != nil || len(read.findings) != 3 {
		t.Fatalf("%v\n%s", err, everything(read.findings))
	}
	f, p := only(t, read.findings[:1])
	if f.Rule != "mine:Github" || f.Secret.Reveal() != first || f.Masked != "" || f.Severity != "high" || f.Fingerprint != scan.Fingerprint("mine:Github", first) ||
		p.Path != "/app/.env" || p.Line != 0 || p.Note != "layer "+digestOf(9) || p.Image.DiffID != "" || p.Image.Platform != "linux/amd64" {
		t.Errorf("%+v %+v", f, p.Image)
	}
	if f, p = only(t, read.findings[1:2]); p.Path != "<config>" || f.Secret.Reveal() != second || f.Severity != "critical" {
		t.Errorf("%+v", f)
	}
	if f, _ = only(t, read.findings[2:]); f.Secret != "" || f.Masked == "" {
		t.Errorf("without a value: %+v", f)
	}
	for _, bad := range []string{"hello", `{"level":"info"}`, `{"DetectorName":`} {
		read, err := ofImage.trufflehog([]byte(line("/a", first, "", false) + bad))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || len(read.findings) != 1 {
			t.Errorf("%s: %v, %d findings", bad, err, len(read.findings))
		}
	}
}

func TestGitleaksReport(t *testing.T) {
	raw := madeSecret(t)
	entry := func(secret string) object {
		return object{"RuleID": "github-pat", "Description": "A token", "StartLine": 4, "EndLine": 5, "StartColumn": 2, "EndColumn": 40,
			"Match": "x=" + secret, "Secret": secret, "File": "app/../app/.env", "Fingerprint": "app/.env:github-pat:4", "Tags": []string{}}
	}
	read, err := ofImage.gitleaks(encode(t, []object{entry(raw), entry("REDACTED"), entry(raw[:9] + "...")}))
	if err != nil || len(read.findings) != 3 {
		t.Fatalf("%v\n%s", err, everything(read.findings))
	}
	f, p := only(t, read.findings[:1])
	if f.Rule != "mine:github-pat" || f.Secret.Reveal() != raw || f.Fingerprint != scan.Fingerprint("mine:github-pat", raw) || p.Path != "/app/.env" || p.Line != 4 || p.EndLine != 5 {
		t.Errorf("%+v", f)
	}
	for _, f := range read.findings[1:] {
		if f.Secret != "" || f.Masked != "****" {
			t.Errorf("a masked value was taken for one: %+v", f)
		}
	}
	if read, err := ofImage.gitleaks([]byte("[]")); err != nil || len(read.findings) != 0 {
		t.Errorf("nothing found: %v", err)
	}
}

func TestSARIFReport(t *testing.T) {
	raw := madeSecret(t)
	result := object{"ruleIndex": 1, "level": "warning", "message": object{"text": "has detected " + raw + " in a file"}, "locations": []object{
		{"physicalLocation": object{"artifactLocation": object{"uri": "app/my%20file"}, "region": object{"startLine": 3, "startColumn": 5, "endColumn": 45, "snippet": object{"text": raw}}}},
		{"physicalLocation": object{"artifactLocation": object{"uri": "file:///etc/x"}}}}}
	accepted := object{"ruleId": "a", "message": object{"text": ""}, "suppressions": []object{{"kind": "external", "justification": "test data"}}}
	passed := object{"ruleId": "a", "kind": "pass", "message": object{"text": ""}}
	run := object{"tool": object{"driver": object{"name": "x", "rules": []object{{"id": "a"}, {"id": "b"}}}}, "results": []object{result, accepted, passed}}
	read, err := ofImage.sarif(encode(t, object{"version": "2.1.0", "runs": []object{run}}))
	if err != nil || len(read.findings) != 2 || len(read.suppressed) != 1 {
		t.Fatalf("%v\n%s\n%s", err, everything(read.findings), everything(read.suppressed))
	}
	if all := everything(read.findings); strings.Contains(all, raw) {
		t.Errorf("the message shows the value:\n%s", all)
	}
	f, p := only(t, read.findings[:1])
	if f.Rule != "mine:b" || f.Severity != "medium" || f.Masked != "****" || p.Path != "/app/my file" || p.Line != 3 || p.Column != 5 || p.EndLine != 3 || p.EndColumn != 45 {
		t.Errorf("%+v", f)
	}
	if _, p = only(t, read.findings[1:]); p.Path != "/etc/x" || p.Line != 0 {
		t.Errorf("%+v", p)
	}
	if f, p = only(t, read.suppressed); f.Suppressed.By != "mine" || f.Suppressed.Reason != "test data" || p.Path != "<unknown>" {
		t.Errorf("%+v", f)
	}
	for bad, why := range map[string]string{
		`{"version":"2.1.0","runs":[]}`: "its report has no run",
		`{"version":"2.1.0"}`:           "its report has no run",
		`{"version":"1.0","runs":[{}]}`: "its report is no SARIF 2.1",
		`{"version":"2.1.0","runs":[{"invocations":[{"executionSuccessful":false}]}]}`: "says that it did not come to its end",
	} {
		if _, err := ofImage.sarif([]byte(bad)); err == nil || err.Error() != why {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestOwnReport(t *testing.T) {
	raw := madeSecret(t)
	place := object{"path": "/app/.env", "line": 3, "column": 7, "end_line": 3, "end_column": 47, "context": "dotenv", "blob": "ab", "introduced": nil, "removed": nil,
		"at_tip": []string{}, "reachable": false, "image": "example.com/app:1", "digest": digestOf(8), "platform": "linux/arm64/v8", "layer": 2, "layers": 4,
		"diff_id": digestOf(2), "instruction": "COPY . .", "state": "deleted", "gone_in": 3, "scanners": []string{"builtin"}}
	finding := func(secret, value string) object {
		return object{"fingerprint": scan.Fingerprint("github-pat", value), "rule": "github-pat", "kind": "secret", "severity": "critical", "description": "d",
			"secret": secret, "entropy": 4.5, "tags": []string{"decoded"}, "remedy": "revoke it", "places": []object{place}}
	}
	own := func(layers int, complete bool, findings ...object) []byte {
		return encode(t, object{"schema": 1, "scan": object{"complete": complete, "layers": layers, "objects": 9, "scanned": 9, "skipped": object{"binary": 2}, "tool": "rummage"}, "findings": append([]object{}, findings...)})
	}
	o := origin{scanner: BuiltinName, ours: true, image: "example.com/app:1"}
	read, err := o.rummage(own(4, true, finding(raw, raw)))
	if err != nil || read.layers != 4 || read.digest != digestOf(8) || read.stats.Scanned != 9 || read.stats.Skipped[scan.SkipBinary] != 2 {
		t.Fatalf("%v: %+v", err, read)
	}
	f, p := only(t, read.findings)
	want := scan.InImage{Image: "example.com/app:1", Digest: digestOf(8), Platform: "linux/arm64/v8", Layer: 2, Layers: 4, DiffID: digestOf(2),
		Instruction: "COPY . .", State: scan.ImageDeleted, GoneIn: 3}
	if in := *p.Image; in.Scanners != nil || in.State != want.State || in.GoneIn != 3 || in.Layer != 2 || in.Layers != 4 || in.DiffID != want.DiffID ||
		in.Instruction != want.Instruction || in.Platform != want.Platform || in.Digest != want.Digest || in.Image != want.Image {
		t.Errorf("%+v", in)
	}
	if f.Secret.Reveal() != raw || f.Masked != "" || f.Remedy != "revoke it" || p.Context != "dotenv" || p.Column != 7 || p.Match.Reveal() != raw || p.MatchAt.EndColumn != 47 {
		t.Errorf("%+v", f)
	}
	// Masked, the value is not known; one that only looks masked is.
	read, _ = o.rummage(own(4, true, finding(scan.Mask(raw), raw)))
	if f, _ = only(t, read.findings); f.Secret != "" || f.Masked != scan.Mask(raw) {
		t.Errorf("%+v", f)
	}
	read, _ = o.rummage(own(4, true, finding("pass****word", "pass****word")))
	if f, _ = only(t, read.findings); f.Secret.Reveal() != "pass****word" {
		t.Errorf("%+v", f)
	}
	// Another program of this format is named at its places.
	read, _ = ofImage.rummage(own(4, true, finding(raw, raw)))
	if _, p = only(t, read.findings); !slices.Equal(p.Image.Scanners, []string{"mine"}) {
		t.Errorf("%+v", p.Image)
	}
	for _, c := range []struct {
		why  string
		data []byte
	}{
		{"0 layers were looked at", own(0, true)},
		{"could not read all of it", own(4, false, finding(raw, raw))},
		{"its report is none of schema 1", []byte(`{"schema":2,"scan":{},"findings":[]}`)},
		{"its report is none of schema 1", []byte(`{"schema":1,"scan":{}}`)},
		{"its report has a finding of another form", own(4, true, object{"rule": "x", "fingerprint": "f", "places": []object{place}})},
		{"its report is cut off", own(4, true)[:30]},
		{"its report has another form at byte 13", []byte(`{"schema":"x"}`)},
		{"its report is no JSON at byte 2", []byte(`{/"a"}`)},
		{"its report is no JSON at byte 2", []byte(raw)},
		{"a report beyond all bounds", []byte(strings.Repeat("[", 100))},
	} {
		if _, err := o.rummage(c.data); err == nil || err.Error() != c.why {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

// TestReadsWhatReportWrites: the reader of our report and its writer know the same members.
func TestReadsWhatReportWrites(t *testing.T) {
	raw := madeSecret(t)
	commit := &scan.Commit{ID: strings.Repeat("ab", 20), Author: "A", Email: "a@example.com", Date: time.Unix(1700000000, 0).UTC(), Subject: "s"}
	f := scan.Finding{Fingerprint: scan.Fingerprint("r", raw), Rule: "r", Kind: scan.KindSecret, Severity: "low", Description: "d", Secret: scan.Secret(raw), Entropy: 4,
		Tags: []string{"t"}, Remedy: "line\n  code", Places: []scan.Place{{Path: "a\xffb", Line: 2, Column: 3, EndLine: 2, EndColumn: 43, Context: "c", Blob: "ef", Introduced: commit,
			AtTip: []string{"refs/heads/x"}, Reachable: true, Note: "n"}}}
	var b bytes.Buffer
	r := &report.Report{Findings: []scan.Finding{f}, Stats: scan.Stats{Complete: true, Scanned: 3}}
	if err := report.Write(&b, "json", r, report.Options{ShowSecrets: true}); err != nil {
		t.Fatal(err)
	}
	o := origin{scanner: BuiltinName, ours: true, image: "i"}
	read, err := o.rummage(b.Bytes())
	if err != errNoLayers || read.stats.Scanned != 3 { // the scan was not one of an image
		t.Fatalf("%v: %+v", err, read.stats)
	}
	got, p := only(t, read.findings)
	q := f.Places[0]
	if got.Fingerprint != f.Fingerprint || got.Secret != f.Secret || got.Remedy != f.Remedy || got.Entropy != 4 || !slices.Equal(got.Tags, f.Tags) ||
		p.Path != q.Path || p.Line != 2 || p.EndColumn != 43 || p.Context != "c" || p.Blob != "ef" || *p.Introduced != *commit || !p.Reachable || p.Note != "n" || !slices.Equal(p.AtTip, q.AtTip) {
		t.Errorf("wrote %s\nread %s", everything([]scan.Finding{f}), everything(read.findings))
	}
}

// TestBounds: no report, however made, is decoded into more than memory has.
func TestBounds(t *testing.T) {
	for name, data := range map[string]string{
		"depth":   strings.Repeat("[", maxDepth+1),
		"objects": "[" + strings.Repeat("{},", maxObjects) + "{}]",
		"values":  "[" + strings.Repeat("0,", maxValues) + "0]",
	} {
		var v any
		if err := decode([]byte(data), &v); err == nil || err.Error() != "a report beyond all bounds" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bounded([]byte(`{"a":"` + strings.Repeat(`[{,\"`, 100) + `"}`)); err != nil {
		t.Errorf("what stands in a string was counted: %v", err)
	}
	many := encode(t, make([]gitleaksFinding, maxFindings+1))
	if read, err := ofImage.gitleaks(many); err != errTooMany || len(read.findings) != maxFindings {
		t.Errorf("%v, %d findings", err, len(read.findings))
	}
	long := strings.Repeat("é", maxPath)
	if p := inImage(long); len(p) > maxPath+1 || !strings.HasPrefix(long, p[1:]) {
		t.Errorf("a path of %d bytes", len(p))
	}
	if r := ofImage.rule(long); len(r) > maxText+10 {
		t.Errorf("a rule of %d bytes", len(r))
	}
}
