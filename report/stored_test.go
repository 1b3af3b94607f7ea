package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestReadFindings: what was written is read again, masked whether or not the report is.
func TestReadFindings(t *testing.T) {
	want := -1
	for _, format := range []string{"json", "jsonl"} {
		for _, show := range []bool{false, true} {
			var b bytes.Buffer
			if err := Write(&b, format, sample(), Options{ShowSecrets: show, ShowSuppressed: true, Now: time.Unix(0, 0)}); err != nil {
				t.Fatal(err)
			}
			list, err := ReadFindings(&b)
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if want < 0 {
				want = len(list)
			}
			if len(list) != want || want < 5 {
				t.Errorf("%s: %d findings, want %d", format, len(list), want)
			}
			suppressed, remedies := 0, 0
			for i := range list {
				f := &list[i]
				text := f.Secret
				if f.Suppressed != nil {
					suppressed++
				}
				for j := range f.Places {
					p := &f.Places[j]
					if p.Remedy != "" {
						remedies++
					}
					if p.Introduced != nil {
						text += p.Introduced.Subject
					}
				}
				if strings.Contains(text, longSecret) || strings.Contains(text, shortSecret) || strings.Contains(text, keySecret) {
					t.Errorf("%s, shown %v: a value: %q", format, show, text)
				}
			}
			if suppressed == 0 || remedies == 0 {
				t.Errorf("%s: %d suppressed, %d remedies of places", format, suppressed, remedies)
			}
		}
	}
}

func TestReadFindingsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"": "no JSON report", "[]": "no JSON report", "{}": "no JSON report", `{"schema": 9}`: "schema 9 is not known", `{"schema": 1, "findings": [`: "cut off",
		`{"schema": 1, "findings": [{"fingerprint": 1}]}`: "wrong type",
	} {
		if _, err := ReadFindings(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestEscapeLines(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "a\nb\x1b\r\n": "a\nb\\x1b\\r\n", "\t": "\\t"} {
		if got := EscapeLines(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestSections: prose is wrapped, code is not, both are escaped.
func TestSections(t *testing.T) {
	var b bytes.Buffer
	long := strings.Repeat("word ", 30)
	err := WriteSections(&b, []Section{{"A\x1b", []string{long, "  " + long + "\x1b", "", "b\u202e"}}, {"none", nil}, {"B", []string{"x"}}}, Options{})
	lines := strings.Split(b.String(), "\n")
	if err != nil || len(lines) != 10 || lines[0] != `A\x1b` || len(lines[1]) > defaultWidth || lines[3] != "    "+long+`\x1b` || lines[4] != "" || lines[5] != `  b\u202e` || lines[7] != "B" {
		t.Errorf("%v\n%q", err, lines)
	}
}
