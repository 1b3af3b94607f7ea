package external

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"rummage/scan"
)

// checkReading: whatever a report is, what was read of it is of a form that reports can have.
func checkReading(t *testing.T, o *origin, read reading, err error) {
	t.Helper()
	if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("an error of several lines: %q", err)
	}
	read.settle()
	for _, list := range [][]scan.Finding{read.findings, read.suppressed} {
		for i := range list {
			f := &list[i]
			if !isFingerprint(f.Fingerprint) || f.Rule == "" || len(f.Places) == 0 || f.Secret != "" && f.Masked != "" {
				t.Errorf("%+v", f)
			}
			for j := range f.Places {
				p := &f.Places[j]
				if p.Image == nil || p.AtTip == nil || p.Line < 0 || p.Column < 0 || p.Image.Layer < 0 || len(p.Path) > maxPath+1 || !o.ours && len(p.Image.Scanners) == 0 {
					t.Errorf("%+v", p)
				}
			}
		}
	}
	Join(read.findings, read.findings)
}

// FuzzTrivy: no report makes the reader fail; and whatever stands around a build argument in a layer's history, or
// around a value in a match, the value is not in the findings.
func FuzzTrivy(f *testing.F) {
	// The same in every process, as fuzzing wants it; no input has it.
	sum := sha256.Sum256([]byte("a credential"))
	raw := "tk9_" + hex.EncodeToString(sum[:18])
	hit := trivyHit{target: "/app/.env", rule: "github-pat", match: "TOKEN=*****", diffID: digestOf(1), createdBy: "COPY .env /app/.env", line: 3}
	f.Add(trivyShape(f, 2, "x", hit), "RUN ", " /bin/sh -c make")
	f.Add(trivyShape(f, 0, "x"), "COPY a ", "")
	f.Add([]byte(`{"Results":3}`), "/bin/sh -c #(nop) ENV A=b ", "**** # buildkit")
	f.Add([]byte(`[`), "ADD https://u:", "@h/x")
	f.Add([]byte(`[`), "RUN /bin/sh -c ", "=***")
	f.Fuzz(func(t *testing.T, data []byte, before, after string) {
		o := origin{scanner: "trivy", image: "a"}
		read, err := o.trivy(data)
		checkReading(t, &o, read, err)
		for _, argument := range []string{"|1 TOKEN=" + raw, "|2 A=b c TOKEN=" + raw, raw} {
			around := trivyHit{target: "/a", rule: "r", match: before + raw + after, diffID: digestOf(1), createdBy: before + argument + after, line: 1}
			read, err := o.trivy(trivyShape(t, 1, raw, around))
			if err != nil || len(read.findings) != 1 {
				t.Fatalf("%v, %d findings", err, len(read.findings))
			}
			if all := everything(read.findings); strings.Contains(all, raw) {
				t.Errorf("%q and %q around it show it: %s", before, after, strings.ReplaceAll(all, raw, "SECRET"))
			}
		}
	})
}

func FuzzSARIF(f *testing.F) {
	f.Add([]byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"rules":[{"id":"a"}]}},"results":[{"ruleIndex":0,"level":"error","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b"},"region":{"startLine":1,"startColumn":2,"endColumn":3}}}],"suppressions":[{}]}]}]}`))
	f.Add([]byte(`{"version":"2.1.0","runs":[{"results":[{"ruleIndex":-5,"rule":{"index":99}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := ofImage
		read, err := o.sarif(data)
		checkReading(t, &o, read, err)
	})
}

func FuzzGitleaks(f *testing.F) {
	f.Add([]byte(`[{"RuleID":"r","Description":"d","File":"a/../b","StartLine":-1,"EndLine":4,"StartColumn":2,"Secret":"abcdefgh"}]`))
	f.Add([]byte(`[null,{}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := ofImage
		read, err := o.gitleaks(data)
		checkReading(t, &o, read, err)
	})
}

func FuzzTrufflehog(f *testing.F) {
	f.Add([]byte(`{"SourceMetadata":{"Data":{"Docker":{"file":"image-metadata:history:1:created-by","layer":"sha256:0"}}},"DetectorName":"Github","Verified":true,"Raw":"abcdefgh"}`),
		[]byte(`{"level":"info-0","msg":"finished scanning","chunks":1}`))
	f.Add([]byte("\n{}\n"), []byte(`{"level":"error","msg":"m","error":"e"}`))
	f.Fuzz(func(t *testing.T, data, line []byte) {
		o := ofImage
		read, err := o.trufflehog(data)
		checkReading(t, &o, read, err)
		var log logOf
		log.line(line)
		if err := log.complete(); err == nil && (!log.finished || log.chunks == 0) {
			t.Error("complete without its end")
		}
	})
}

// FuzzRummage: what is read, written again as the report has it, is read as the same.
func FuzzRummage(f *testing.F) {
	f.Add([]byte(`{"schema":1,"scan":{"complete":true,"layers":2,"problems":[{"where":"a","why":"b"}],"notices":["n"]},"findings":[{"fingerprint":"` + strings.Repeat("0a", 16) +
		`","rule":"r","kind":"secret","severity":"high","secret":"ab****cd","places":[{"path":"/a","path_bytes":"YWI=","line":1,"image":"i","diff_id":"d","scanners":["b","a","b"],"introduced":{"commit":"c","date":"2026-01-02T03:04:05Z"}}]}],"suppressed":[]}`))
	f.Add([]byte(`{"schema":1,"scan":{"layers":-1},"findings":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, ours := range []bool{true, false} {
			o := origin{scanner: "mine", ours: ours, image: "i"}
			read, err := o.rummage(data)
			checkReading(t, &o, read, err)
			if err == nil && (read.layers < 1 || !read.stats.Complete || !json.Valid(data)) {
				t.Errorf("clean: %+v", read)
			}
		}
	})
}
