package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rummage/scan"
)

var update = flag.Bool("update", false, "write the golden files anew")

// cases are the reports and options that each format is held to.
var cases = []struct {
	name    string
	report  func() *Report
	options Options
	formats []string // nil: all
}{
	{"masked", sample, Options{Now: now}, nil},
	{"shown", sample, Options{Now: now, ShowSecrets: true, ShowSuppressed: true}, nil},
	{"empty", emptySample, Options{Now: now}, nil},
	{"color", sample, Options{Now: now, Color: true}, []string{"text"}},
	{"verbose", sample, Options{Now: now, Verbose: true, Width: 120, Places: -1}, []string{"text"}},
	{"images", imageSample, Options{Now: now}, nil},
	{"imagesverbose", imageSample, Options{Now: now, Verbose: true, Width: 120, Places: -1}, []string{"text"}},
	{"many", manySample, Options{Now: now}, []string{"text", "sarif"}},
}

// emptySample is a scan that read everything and found nothing.
func emptySample() *Report {
	return &Report{Version: "v1.2.3", Command: "files", Source: "/srv/app", Started: now,
		Stats: scan.Stats{Complete: true, Objects: 3, Blobs: 3, Scanned: 3, Bytes: 900, Seconds: 0.004}}
}

// manySample has one finding in more places than anybody wants to read.
func manySample() *Report {
	r := sample()
	f := r.Findings[1]
	f.Places = nil
	for i := range 120 {
		p := r.Findings[1].Places[i%3]
		p.Path = filepath.ToSlash(filepath.Join("services", string(rune('a'+i%26)), "app [prod].yml"))
		p.Line = i + 1
		p.EndLine = p.Line
		f.Places = append(f.Places, p)
	}
	r.Findings = []scan.Finding{f}
	return r
}

func render(t testing.TB, format string, r *Report, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r, o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for _, c := range cases {
		for _, format := range Formats() {
			if c.formats != nil && !slices.Contains(c.formats, format) {
				continue
			}
			t.Run(c.name+"/"+format, func(t *testing.T) {
				got := render(t, format, c.report(), c.options)
				file := filepath.Join("testdata", c.name+"."+format)
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs (go test ./report -update writes it anew); first difference: %s", file, firstDifference(got, want))
				}
			})
		}
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return "\n got: " + string(g[i]) + "\nwant: " + string(w[i])
		}
	}
	return "one is longer"
}
