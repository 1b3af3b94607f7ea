package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"rummage/detect/example"
)

// TestGitleaksRefused: what gitleaks refuses is refused here too, in one line that names the file.
func TestGitleaksRefused(t *testing.T) {
	a, err := txtar.ParseFile(filepath.Join("testdata", "gitleaks_refused.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	tool := gitleaksTool(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("src", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range a.Files {
		if tool != "" {
			if _, ok := runGitleaks(t, tool, "dir", "src", "-c", f.Name); ok {
				t.Errorf("%s: gitleaks takes it", f.Name)
			}
		}
		_, why := runOurs(t, "files", "src", "--rules", f.Name)
		if !strings.HasPrefix(why, "rummage: "+f.Name+":") || strings.Count(why, "\n") != 1 {
			t.Errorf("%s: %q, want one line that begins with the file", f.Name, why)
		}
	}
}

// TestGitleaksOwnRules compares rummage with gitleaks under gitleaks' own rules, on the examples of our rules: plain,
// encoded, and in the middle of other text. All that gitleaks finds must be found, and, but for what was decoded,
// nothing more. It needs gitleaks; without RUMMAGE_TEST_TOOLS there is nothing to compare
// with, since gitleaks' rules are not ours to keep a copy of.
func TestGitleaksOwnRules(t *testing.T) {
	tool := gitleaksTool(t)
	if tool == "" {
		return
	}
	config := gitleaksConfig(t)
	t.Chdir(t.TempDir())
	writeExamples(t, "src")
	theirs, ok := runGitleaks(t, tool, "dir", "src", "-c", config, "-i", "none")
	if !ok {
		t.Fatal("gitleaks does not run")
	}
	ours, why := runOurs(t, "files", "src", "--rules", config)
	if why != "" {
		t.Fatal(why)
	}
	got, want := keysOf(ours), keysOf(theirs)
	rules := map[string]bool{}
	for _, e := range theirs {
		rules[e.RuleID] = true
	}
	if len(rules) < 150 {
		t.Errorf("gitleaks finds with %d rules only", len(rules))
	}
	t.Logf("%d findings with %d of gitleaks' rules", len(theirs), len(rules))
	tellMissing(t, "rummage does not say", want, got)
	maps.DeleteFunc(got, func(_ string, e gitleaksEntry) bool {
		return slices.ContainsFunc(e.Tags, func(tag string) bool { return strings.HasPrefix(tag, "decoded:") })
	}) // more is decoded here than there
	tellMissing(t, "gitleaks does not say", got, want)
}

// keysOf is what must agree. Matches and tags are left out: where a secret stands plain in text that is encoded around
// it gitleaks tells of it once more; here a place is a place.
func keysOf(list []gitleaksEntry) map[string]gitleaksEntry {
	set := map[string]gitleaksEntry{}
	for _, e := range list {
		set[fmt.Sprintf("%s %s:%d %q", e.RuleID, e.File, e.StartLine, e.Secret)] = e
	}
	return set
}

func tellMissing(t *testing.T, what string, want, got map[string]gitleaksEntry) {
	t.Helper()
	n := 0
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, has := got[key]; has {
			continue
		}
		if n++; n <= 20 {
			t.Errorf("%s: %s %q", what, key, want[key].Tags)
		}
	}
	if n > 20 {
		t.Errorf("%s: %d more", what, n-20)
	}
}

// gitleaksConfig is gitleaks' own configuration, in the module that the tool was built from.
func gitleaksConfig(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", "github.com/zricethezav/gitleaks/v8@v"+gitleaksVersion)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		t.Fatalf("gitleaks' module: %v", err)
	}
	return filepath.Join(module.Dir, "config", "gitleaks.toml")
}

// writeExamples writes two files for each of our rules: its examples, and the first of them encoded.
func writeExamples(t *testing.T, dir string) {
	t.Helper()
	rules, err := loadRules(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.Rules() {
		var plain, encoded strings.Builder
		for i, template := range slices.Concat(r.Examples, r.NonExamples) {
			text, err := example.Expand(template, scriptSeed(r.ID+strconv.Itoa(i)))
			if err != nil {
				t.Fatal(err)
			}
			writePlain(&plain, text)
			if i == 0 {
				writeEncoded(&encoded, text)
			}
		}
		for name, b := range map[string]*strings.Builder{r.ID + ".txt": &plain, r.ID + "-encoded.txt": &encoded} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// writePlain writes a text as it is, amid others, and as a string.
func writePlain(b *strings.Builder, text string) {
	quoted, err := json.Marshal(text)
	if err != nil {
		quoted = []byte(text)
	}
	fmt.Fprintf(b, "%s\n\n", text)
	fmt.Fprintf(b, "first line\r\n  key: value\r\n\r\n\t%s\r\n# end\n\n", text)
	fmt.Fprintf(b, `{"a": [%s, "b"]}`+"\n\n", quoted)
}

func writeEncoded(b *strings.Builder, text string) {
	fmt.Fprintf(b, "data: %s\n", base64.StdEncoding.EncodeToString([]byte("it is "+text+" here")))
	fmt.Fprintf(b, "%s\n", base64.URLEncoding.EncodeToString([]byte("x "+base64.StdEncoding.EncodeToString([]byte(text)))))
	fmt.Fprintf(b, "https://example.com/?q=%s&x=1\n", url.QueryEscape(text))
	fmt.Fprintf(b, "%x\n", text)
}
