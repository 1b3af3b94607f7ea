package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGitleaksBaseline exchanges baselines: gitleaks' report for rummage, plain and redacted, and, with
// RUMMAGE_TEST_TOOLS, ours for gitleaks. Both leave out what is in it and tell what is new.
func TestGitleaksBaseline(t *testing.T) {
	tool := gitleaksTool(t)
	for _, mode := range []string{"files", "history"} {
		name, err := filepath.Abs(filepath.Join("testdata", "gitleaks_baseline", mode+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(mode, func(t *testing.T) {
			c := openGitleaksCase(t, name)
			for section, redact := range map[string]bool{"report.json": false, "redacted.json": true} {
				c.theirBaseline(tool, section, redact)
			}
			if tool != "" {
				c.offerBaseline(tool)
			}
			c.addNew()
			for _, baseline := range []string{"report.json", "redacted.json"} {
				c.wantOnlyNew("rummage with "+baseline, c.ours("--baseline", baseline))
			}
			if tool != "" {
				c.wantOnlyNew("gitleaks with our report", c.theirs(tool))
			}
		})
	}
}

// theirBaseline writes gitleaks' report to the file section: what gitleaks says now, which is to be what is recorded,
// or what is recorded.
func (c *gitleaksCase) theirBaseline(tool, section string, redact bool) {
	c.t.Helper()
	recorded, _ := c.section(section)
	if tool != "" {
		args := c.args()
		if redact {
			args = append(args, "--redact")
		}
		if _, ok := runGitleaks(c.t, tool, append(args, "-r", section)...); !ok {
			c.t.Fatal("gitleaks does not run")
		}
		if got := sortedReport(c.t, section); got != recorded {
			c.record(section, got, recorded)
			recorded = got
		}
	}
	c.write(section, recorded)
	if left := c.ours("--baseline", section); len(left) > 0 {
		c.t.Errorf("rummage with %s still tells\n%s", section, c.answer(left, true))
	}
}

// sortedReport is a report of gitleaks in an order that does not depend on its goroutines.
func sortedReport(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	var list []json.RawMessage
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	data, err = json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// ours is our report with more arguments.
func (c *gitleaksCase) ours(more ...string) []gitleaksEntry {
	c.t.Helper()
	command := "files"
	if c.history {
		command = "git"
	}
	report, why := runOurs(c.t, append([]string{command, "src", "--rules", "gitleaks.toml"}, more...)...)
	if why != "" {
		c.t.Fatal(why)
	}
	return report
}

// offerBaseline writes our report as ours.json, its fingerprints as ignore, and checks that gitleaks is content.
func (c *gitleaksCase) offerBaseline(tool string) {
	c.t.Helper()
	c.ours("-o", "ours.json")
	var prints strings.Builder
	for _, e := range readGitleaks(c.t, "ours.json") {
		fmt.Fprintln(&prints, e.Fingerprint)
	}
	c.write("ours.ignore", prints.String())
	if left := c.theirs(tool); len(left) > 0 {
		c.t.Errorf("gitleaks with our report still tells\n%s", c.answer(left, true))
	}
}

// theirs is gitleaks' report with ours for a baseline, or its fingerprints for an ignore file.
func (c *gitleaksCase) theirs(tool string) []gitleaksEntry {
	c.t.Helper()
	args := append(c.args(), "-b", "ours.json")
	if c.history {
		args = append(c.args(), "-i", "ours.ignore")
	}
	report, ok := runGitleaks(c.t, tool, args...)
	if !ok {
		c.t.Fatal("gitleaks does not run")
	}
	return report
}

// addNew adds the file new.txt to what is searched.
func (c *gitleaksCase) addNew() {
	c.t.Helper()
	text, _ := c.section("new.txt")
	c.write("src/new.txt", text)
	if c.history {
		c.git("src", 9, "add", "-A")
		c.git("src", 9, "commit", "-q", "-m", "Commit 9")
	}
}

func (c *gitleaksCase) wantOnlyNew(who string, got []gitleaksEntry) {
	c.t.Helper()
	if len(got) == 0 || slices.ContainsFunc(got, func(e gitleaksEntry) bool { return filepath.Base(e.File) != "new.txt" }) {
		c.t.Errorf("%s tells\n%s\nwant what is new", who, c.answer(got, true))
	}
}
