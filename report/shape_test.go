package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rummage/scan"
)

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var x T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("something stands behind the value: %v", err)
	}
	return x
}

// keys is the keys of a JSON object in their order.
func keys(t *testing.T, data []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	var out []string
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		t.Fatalf("no object: %v %v", tok, err)
	}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, k.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// The members that scripts rely on are there, under their names, and lists are never null.
func TestJSONShape(t *testing.T) {
	data := render(t, "json", sample(), Options{})
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		t.Fatal(err)
	}
	if string(top["schema"]) != "1" {
		t.Errorf("schema is %s", top["schema"])
	}
	has := func(what string, raw json.RawMessage, want ...string) {
		t.Helper()
		got := keys(t, raw)
		for _, k := range want {
			if !slices.Contains(got, k) {
				t.Errorf("%s has no %q: %v", what, k, got)
			}
		}
	}
	has("scan", top["scan"], "complete", "objects", "blobs", "scanned", "skipped", "bytes", "seconds", "problems")
	var findings []json.RawMessage
	if err := json.Unmarshal(top["findings"], &findings); err != nil {
		t.Fatal(err)
	}
	for _, raw := range findings {
		has("finding", raw, "fingerprint", "rule", "kind", "severity", "description", "secret", "remedy", "places")
		var f struct{ Places []json.RawMessage }
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Places {
			has("place", p, "path", "line", "column", "end_line", "end_column", "context", "blob", "introduced", "removed", "at_tip", "reachable")
		}
	}
	for _, list := range []string{"at_tip", "places", "tags", "findings", "problems", "notices", "skipped"} {
		if bytes.Contains(data, []byte(`"`+list+`": null`)) {
			t.Errorf("%s is null somewhere", list)
		}
	}
	r := decode[jsonReport](t, data)
	if !slices.IsSortedFunc(r.Findings, func(a, b jsonFinding) int { return strings.Compare(a.Rule, b.Rule) }) {
		t.Error("findings are not sorted by rule")
	}
	for _, f := range r.Findings {
		if !slices.IsSortedFunc(f.Places, func(a, b jsonPlace) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("places of %s are not sorted by path", f.Rule)
		}
	}
}

func TestJSONKeepsPathsThatAreNotUTF8(t *testing.T) {
	r := decode[jsonReport](t, render(t, "json", sample(), Options{}))
	want := sample().Findings[4].Places[0].Path
	got := r.Findings[0].Places[0]
	if string(got.PathBytes) != want || !strings.Contains(got.Path, "\ufffd") {
		t.Errorf("path %q, path_bytes %q, want the bytes %q", got.Path, got.PathBytes, want)
	}
}

func TestJSONListsSuppressedWhenAsked(t *testing.T) {
	for show, want := range map[bool]string{false: "schema scan findings", true: "schema scan findings suppressed"} {
		for _, r := range []*Report{sample(), emptySample()} {
			if got := strings.Join(keys(t, render(t, "json", r, Options{ShowSuppressed: show})), " "); got != want {
				t.Errorf("members %s, want %s", got, want)
			}
		}
	}
}

func TestJSONLines(t *testing.T) {
	lines := bytes.Split(bytes.TrimSuffix(render(t, "jsonl", sample(), Options{ShowSuppressed: true}), []byte("\n")), []byte("\n"))
	if len(lines) != 7 {
		t.Fatalf("%d lines, want 5 findings, a suppressed one and the end", len(lines))
	}
	for i, line := range lines[:6] {
		f := decode[jsonFinding](t, line)
		if (f.Suppressed != nil) != (i == 5) {
			t.Errorf("line %d: suppressed %v", i+1, f.Suppressed)
		}
	}
	if got := keys(t, lines[6]); !slices.Equal(got, []string{"schema", "scan"}) {
		t.Errorf("last line has %v", got)
	}
}

func TestGitleaksShape(t *testing.T) {
	data := render(t, "gitleaks", sample(), Options{ShowSecrets: true})
	var entries []json.RawMessage
	if err := json.Unmarshal(data, &entries); err != nil {
		t.Fatal(err)
	}
	want := []string{"RuleID", "Description", "StartLine", "EndLine", "StartColumn", "EndColumn", "Match", "Secret", "File",
		"SymlinkFile", "Commit", "Entropy", "Author", "Email", "Date", "Message", "Tags", "Fingerprint"}
	if len(entries) != 6 { // one of them for two removals of the same thing
		t.Errorf("%d entries, want one for each place", len(entries))
	}
	for _, e := range entries {
		if got := keys(t, e); !slices.Equal(got, want) {
			t.Errorf("keys %v, want %v", got, want)
		}
	}
	if !bytes.HasPrefix(data, []byte("[\n {\n  \"RuleID\": ")) || !bytes.HasSuffix(data, []byte("\n }\n]\n")) {
		t.Error("not indented by one space")
	}
	if !bytes.Contains(data, []byte(`\u003cscript\u003e`)) || bytes.Contains(data, []byte("<")) {
		t.Error("angle brackets are not escaped as gitleaks does")
	}
	all := decode[[]gitleaksFinding](t, data)
	i := slices.IndexFunc(all, func(g gitleaksFinding) bool { return g.RuleID == "github-pat" })
	g := all[i]
	if g.Fingerprint != g.Commit+":config/app.yml:github-pat:3" || g.StartColumn != 8 || g.EndColumn != 54 || g.Date != "2024-03-02T08:00:00Z" ||
		g.Secret != longSecret || g.Match != "token: "+longSecret || g.Message != "Use token "+longSecret+"\n\nThe whole story." {
		t.Errorf("%+v", g)
	}
	if string(render(t, "gitleaks", emptySample(), Options{})) != "[]\n" {
		t.Error("without findings it is not an empty array")
	}
}

// Places that differ only in what gitleaks' format does not tell are one entry.
func TestGitleaksEntriesAreNotRepeated(t *testing.T) {
	r := sample()
	f := &r.Findings[1]
	again := f.Places[2]
	again.AtTip, again.Context = []string{"refs/heads/other"}, "dotenv"
	f.Places = append(f.Places, again)
	if got, want := len(decode[[]gitleaksFinding](t, render(t, "gitleaks", r, Options{}))), 6; got != want {
		t.Errorf("%d entries, want %d", got, want)
	}
}

// What GitLab's schema for secret detection, version 15.0.6, asks for.
func TestGitLabShape(t *testing.T) {
	clock := regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$`)
	for _, c := range []struct {
		r      *Report
		status string
	}{{sample(), "failure"}, {emptySample(), "success"}, {&Report{}, "failure"}} {
		r := decode[gitlabReport](t, render(t, "gitlab", c.r, Options{}))
		s := r.Scan
		if !regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`).MatchString(r.Version) || s.Type != "secret_detection" || s.Status != c.status {
			t.Errorf("version %q, type %q, status %q (want %s)", r.Version, s.Type, s.Status, c.status)
		}
		for _, tool := range []gitlabTool{s.Analyzer, s.Scanner} {
			if tool.ID == "" || tool.Name == "" || tool.Version == "" || tool.Vendor.Name == "" {
				t.Errorf("tool lacks a required member: %+v", tool)
			}
		}
		if !clock.MatchString(s.StartTime) || !clock.MatchString(s.EndTime) {
			t.Errorf("times %q, %q", s.StartTime, s.EndTime)
		}
		if r.Vulnerabilities == nil {
			t.Error("vulnerabilities is null")
		}
		seen := map[string]bool{}
		for _, v := range r.Vulnerabilities {
			if v.ID == "" || seen[v.ID] || len(v.Identifiers) == 0 || v.Location.Commit.SHA == "" || v.Location.StartLine < 1 {
				t.Errorf("id %q (again: %v), identifiers %v, location %+v", v.ID, seen[v.ID], v.Identifiers, v.Location)
			}
			seen[v.ID] = true
			if !slices.Contains([]string{"Info", "Unknown", "Low", "Medium", "High", "Critical"}, v.Severity) || utf8.RuneCountInString(v.Name) > 255 {
				t.Errorf("severity %q, name %q", v.Severity, v.Name)
			}
			for _, id := range v.Identifiers {
				if id.Type == "" || id.Name == "" || id.Value == "" {
					t.Errorf("identifier %+v", id)
				}
			}
		}
	}
}

func TestCSVShape(t *testing.T) {
	data := render(t, "csv", sample(), Options{ShowSuppressed: true, ShowSecrets: true})
	if bytes.Count(data, []byte("\n")) != bytes.Count(data, []byte("\r\n")) {
		t.Error("a line does not end with CR LF")
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], csvColumns) || len(rows) != 1+8 {
		t.Errorf("header %v and %d rows, want a row for each of 8 places", rows[0], len(rows)-1)
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s is a formula: %q", csvColumns[i], cell)
			}
		}
	}
	path := slices.Index(csvColumns, "path")
	if got := rows[1][path]; !strings.HasPrefix(got, "'=cmd|' /C calc'!A0/evil") {
		t.Errorf("path cell %q", got)
	}
}

func TestCSVCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": `\tx`, "\r=1": `\r=1`, "＝1": "'＝1", "a=1": "a=1",
	} {
		if got := CSVCell(in); got != want {
			t.Errorf("CSVCell(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJUnitShape(t *testing.T) {
	for _, c := range []struct {
		r                                *Report
		tests, failures, errors, skipped int
	}{{sample(), 7, 5, 1, 1}, {emptySample(), 1, 0, 0, 0}} {
		var s junitSuites
		if err := xml.Unmarshal(render(t, "junit", c.r, Options{ShowSuppressed: true}), &s); err != nil {
			t.Fatal(err)
		}
		if s.Tests != c.tests || s.Failures != c.failures || s.Errors != c.errors || s.Suite.Skipped != c.skipped || len(s.Suite.Cases) != c.tests {
			t.Errorf("%d tests (%d cases), %d failures, %d errors, %d skipped; want %+v", s.Tests, len(s.Suite.Cases), s.Failures, s.Errors, s.Suite.Skipped, c)
		}
		for _, tc := range s.Suite.Cases {
			if tc.Name == "" || tc.ClassName == "" {
				t.Errorf("case without a name: %+v", tc)
			}
		}
	}
}

// The page has one script and one style, those that its policy names, and nothing in it is code of somebody else.
func TestHTMLShape(t *testing.T) {
	for _, show := range []bool{false, true} {
		page := string(render(t, "html", sample(), Options{Now: now, ShowSecrets: show, ShowSuppressed: true}))
		for element, policy := range map[string]string{"script": "script-src", "style": "style-src"} {
			inner := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
			if len(inner) != 1 || strings.Count(page, "<"+element) != 1 {
				t.Fatalf("%d elements %s", len(inner), element)
			}
			hash := sha256.Sum256([]byte(inner[0][1]))
			want := policy + " &#39;sha256-" + strings.NewReplacer("+", "&#43;").Replace(base64.StdEncoding.EncodeToString(hash[:])) + "&#39;"
			if !strings.Contains(page, want) {
				t.Errorf("the policy does not allow the page's own %s: want %s", element, want)
			}
		}
		for _, bad := range []string{"<script>alert", " src=", "javascript:", "@import", "url("} {
			if strings.Contains(page, bad) {
				t.Errorf("page contains %q", bad)
			}
		}
		if n := strings.Count(page, "<article "); n != 6 {
			t.Errorf("%d findings, want 6", n)
		}
	}
}

func TestHTMLRefusesForeignLinks(t *testing.T) {
	r := sample()
	r.Rules[0].References = []string{"javascript:alert(1)", "https://ok.example/\"onclick=x"}
	page := string(render(t, "html", r, Options{}))
	if strings.Contains(page, "javascript:") || strings.Contains(page, `"onclick`) {
		t.Error("a reference became code")
	}
}

// Lines of the text format fit the width, except for words that are longer than it.
func TestTextFitsTheWidth(t *testing.T) {
	r := sample()
	r.Findings = r.Findings[:4] // the fifth has a word of 100 columns
	r.Findings[0].Places[0].Introduced = commit(7, strings.Repeat("long subject ", 40))
	for _, width := range []int{0, 1, 60, 80, 132} {
		limit := width
		switch width {
		case 0:
			limit = defaultWidth
		case 1:
			limit = minWidth
		}
		for line := range strings.Lines(string(render(t, "text", r, Options{Now: now, Width: width}))) {
			line = strings.TrimSuffix(line, "\n")
			if columns(line) > limit && len(strings.Fields(line)) > 3 {
				t.Errorf("width %d: %d columns: %q", width, columns(line), line)
			}
		}
	}
}

// With colours, nothing but colours is added.
func TestColorsAddNothingElse(t *testing.T) {
	plain := string(render(t, "text", sample(), Options{Now: now}))
	colored := string(render(t, "text", sample(), Options{Now: now, Color: true}))
	if !strings.Contains(colored, "\x1b[1;31mCRITICAL\x1b[0m") {
		t.Error("critical is not red")
	}
	if got := stripColor(colored); got != plain {
		t.Errorf("without its colours it differs: %s", firstDifference([]byte(got), []byte(plain)))
	}
	if strings.Contains(string(render(t, "json", sample(), Options{Color: true})), "\x1b") {
		t.Error("colour in another format")
	}
}

// A finding without places, from a scan that was interrupted, is still told in every format that lists findings.
func TestFindingWithoutPlaces(t *testing.T) {
	r := &Report{Findings: []scan.Finding{{Fingerprint: fingerprint(1), Rule: "github-pat", Severity: "critical", Secret: scan.Secret(longSecret)}}}
	for _, format := range Formats() {
		out := render(t, format, r, Options{})
		if !bytes.Contains(out, []byte(fingerprint(1))) && format != "gitleaks" || !bytes.Contains(out, []byte("github-pat")) {
			t.Errorf("%s does not tell it", format)
		}
	}
}
