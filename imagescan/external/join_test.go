package external

import (
	"slices"
	"strings"
	"testing"

	"rummage/scan"
)

// foundAt is a finding of the built-in scanner (scanner empty) or another, at a place in layer 1.
func foundAt(scanner, rule, value, path string, line, endLine int) scan.Finding {
	f := scan.Finding{Rule: rule, Kind: scan.KindSecret, Severity: "high", Secret: scan.Secret(value), Fingerprint: scan.Fingerprint(rule, value+path)}
	in := &scan.InImage{Image: "app:1", Digest: digestOf(50), DiffID: digestOf(1), Layer: 1, Layers: 2}
	if scanner != "" {
		in.Scanners = []string{scanner}
	}
	f.Places = []scan.Place{{Path: path, Line: line, EndLine: endLine, AtTip: []string{}, Image: in}}
	return f
}

func TestJoin(t *testing.T) {
	value, longer := "correct horse", "key: correct horse"
	for _, c := range []struct {
		name           string
		builtin, other scan.Finding
		change         func(builtin, other *scan.Place)
		joined         bool
	}{
		{"same line", foundAt("", "a", value, "/x", 3, 3), foundAt("trivy", "t:a", "", "/x", 3, 3), nil, true},
		{"within a block", foundAt("", "a", value, "/x", 3, 9), foundAt("trivy", "t:a", "", "/x", 9, 9), nil, true},
		{"around it", foundAt("", "a", value, "/x", 5, 5), foundAt("trivy", "t:a", "", "/x", 3, 9), nil, true},
		{"no end", foundAt("", "a", value, "/x", 5, 0), foundAt("trivy", "t:a", "", "/x", 5, 0), nil, true},
		{"another line", foundAt("", "a", value, "/x", 3, 3), foundAt("trivy", "t:a", "", "/x", 4, 4), nil, false},
		{"another path", foundAt("", "a", value, "/x", 3, 3), foundAt("trivy", "t:a", "", "/y", 3, 3), nil, false},
		{"another layer", foundAt("", "a", value, "/x", 3, 3), foundAt("trivy", "t:a", "", "/x", 3, 3),
			func(_, o *scan.Place) { o.Image.DiffID = digestOf(2) }, false},
		{"the same layer of another image", foundAt("", "a", value, "/x", 3, 3), foundAt("trivy", "t:a", "", "/x", 3, 3),
			func(_, o *scan.Place) { o.Image.Image, o.Image.Digest = "other:2", digestOf(60) }, true},
		{"no layer known", foundAt("", "a", value, "/x", 3, 3), foundAt("mine", "m:a", "", "/x", 3, 3),
			func(_, o *scan.Place) { o.Image.DiffID, o.Image.Digest = "", "" }, true},
		{"no layer known, another image", foundAt("", "a", value, "/x", 3, 3), foundAt("mine", "m:a", "", "/x", 3, 3),
			func(_, o *scan.Place) { o.Image.DiffID, o.Image.Digest, o.Image.Image = "", "", "other:2" }, false},
		{"no layer known, another platform", foundAt("", "a", value, "/x", 3, 3), foundAt("mine", "m:a", "", "/x", 3, 3),
			func(b, o *scan.Place) {
				o.Image.DiffID, o.Image.Digest, o.Image.Platform, b.Image.Platform = "", "", "linux/arm64", "linux/amd64"
			}, false},
		{"no line, the same value", foundAt("", "a", value, "/x", 3, 3), foundAt("trufflehog", "h:a", value, "/x", 0, 0), nil, true},
		{"no line, a value within", foundAt("", "a", value, "/x", 3, 3), foundAt("trufflehog", "h:a", longer, "/x", 0, 0), nil, true},
		{"no line, a short value within", foundAt("", "a", "horse", "/x", 3, 3), foundAt("trufflehog", "h:a", longer, "/x", 0, 0), nil, false},
		{"no line, another value", foundAt("", "a", value, "/x", 3, 3), foundAt("trufflehog", "h:a", "battery staple", "/x", 0, 0), nil, false},
		{"neither line nor value", foundAt("", "a", "", "/x", 0, 0), foundAt("trivy", "t:a", "", "/x", 0, 0), nil, false},
		{"configuration, by line", foundAt("", "a", value, "<config>", 3, 3), foundAt("trivy", "t:a", "", "<config>", 3, 3), nil, false},
		{"configuration, by value", foundAt("", "a", value, "<config>", 3, 3), foundAt("trufflehog", "h:a", value, "<config>", 0, 0), nil, true},
		{"an exposure", exposure(foundAt("", "a", value, "/x", 3, 3)), foundAt("trivy", "t:a", "", "/x", 3, 3), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.builtin.Places[0], &c.other.Places[0])
			}
			shared := c.builtin.Places[0].Image
			name := c.other.Places[0].Image.Scanners[0]
			got := Join([]scan.Finding{c.builtin}, []scan.Finding{c.other})
			if !c.joined {
				if len(got) != 2 || strings.Contains(everything(got[:1]), name+"]") {
					t.Errorf("joined:\n%s", everything(got))
				}
				return
			}
			f, p := only(t, got)
			if f.Rule != "a" || !slices.Equal(p.Image.Scanners, []string{"builtin", name}) {
				t.Errorf("%s", everything(got))
			}
			if shared.Scanners != nil {
				t.Error("what other places share was changed")
			}
		})
	}
}

func exposure(f scan.Finding) scan.Finding {
	f.Kind = scan.KindExposure
	return f
}

// TestJoinMany: of a finding with several places those that the built-in scanner has too go, and several scanners add up.
func TestJoinMany(t *testing.T) {
	both := foundAt("trivy", "t:a", "", "/x", 3, 3)
	both.Places = append(both.Places, foundAt("trivy", "t:a", "", "/only-trivy", 8, 8).Places...)
	got := Join([]scan.Finding{foundAt("", "z", "correct horse", "/x", 3, 3)}, []scan.Finding{both, foundAt("mine", "m:a", "", "/x", 2, 4), foundAt("trivy", "t:b", "", "/x", 3, 3)})
	if len(got) != 2 || got[0].Rule != "t:a" || len(got[0].Places) != 1 || got[0].Places[0].Path != "/only-trivy" {
		t.Fatalf("%s", everything(got))
	}
	if s := got[1].Places[0].Image.Scanners; !slices.Equal(s, []string{"builtin", "mine", "trivy"}) {
		t.Errorf("seen by %q", s)
	}
	if got := Join(nil, []scan.Finding{both}); len(got) != 1 || len(got[0].Places) != 2 {
		t.Errorf("without the built-in scanner:\n%s", everything(got))
	}
}
