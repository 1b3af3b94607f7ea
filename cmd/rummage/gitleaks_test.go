package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write anew what tests compare with (the answers of gitleaks need RUMMAGE_TEST_TOOLS)")

// gitleaksVersion is the release whose behaviour is promised, and gitleaksInstall how to get it.
const (
	gitleaksVersion = "8.30.1"
	gitleaksInstall = "GOBIN=$RUMMAGE_TEST_TOOLS go install github.com/zricethezav/gitleaks/v8@v" + gitleaksVersion
)

// toolsVariable names the directory with the programs that tests compare with. Without it they compare with what was
// recorded of those programs.
const toolsVariable = "RUMMAGE_TEST_TOOLS"

// gitleaksTool is the path of gitleaks, empty when no directory of tools is named.
func gitleaksTool(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(toolsVariable)
	if dir == "" {
		if *update {
			t.Fatalf("%s names no directory: %s", toolsVariable, gitleaksInstall)
		}
		return ""
	}
	tool, err := filepath.Abs(filepath.Join(dir, "gitleaks"))
	if err == nil {
		_, err = os.Stat(tool)
	}
	if err != nil {
		t.Fatalf("no gitleaks in %s: %s", dir, gitleaksInstall)
	}
	return tool
}

// TestGitleaks holds rummage to what gitleaks does with gitleaks' configuration: testdata/gitleaks/*.txtar.
//
// Each file has a configuration (gitleaks.toml, and others that it extends) and either files to search (src/…) or the
// trees of commits (1/…, 2/… with the whole tree of each; COMMIT-1 in a configuration is replaced by the first one's
// id). In files to search ␀ stands for a zero byte, ␍ for a carriage return and ␦ for a byte that is no UTF-8. What gitleaks answers is recorded in gitleaks.txt; ours is to be the same, or what rummage.txt says where the
// comment on top explains why it differs. With RUMMAGE_TEST_TOOLS the recorded answers are compared with gitleaks
// itself. An answer is a line for each finding:
//
//	demo-key  src/a.txt:3:7-3:20  "the secret"  match "the whole match"  [tags]
//
// with the commit's number before the path in histories, or the word error when the configuration is refused.
func TestGitleaks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "gitleaks", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	tool := gitleaksTool(t)
	for _, file := range files {
		name, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := openGitleaksCase(t, name)
			if tool != "" {
				c.compareTool(tool)
			}
			c.compareOurs()
		})
	}
}

// gitleaksCase is one file of testdata/gitleaks, unpacked in the working directory.
type gitleaksCase struct {
	t       *testing.T
	name    string // of the file
	archive *txtar.Archive
	history bool
	commits map[string]int // id → number, from 1
}

func openGitleaksCase(t *testing.T, name string) *gitleaksCase {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := &gitleaksCase{t: t, name: name, archive: a, commits: map[string]int{}}
	t.Chdir(t.TempDir())
	trees := map[int]bool{}
	for _, f := range a.Files {
		top, _, below := strings.Cut(f.Name, "/")
		if !below {
			continue
		}
		if n, err := strconv.Atoi(top); err == nil {
			trees[n] = true
		}
		c.write(f.Name, unprintable.Replace(string(f.Data)))
	}
	if c.history = len(trees) > 0; c.history {
		c.commit(slices.Sorted(maps.Keys(trees)))
	}
	for _, f := range a.Files {
		if !strings.Contains(f.Name, "/") {
			c.write(f.Name, c.withCommits(string(f.Data)))
		}
	}
	return c
}

// unprintable makes of signs what cannot be written in a text file that people edit.
var unprintable = strings.NewReplacer("␀", "\x00", "␍", "\r", "␦", "\xff")

func (c *gitleaksCase) write(name, text string) {
	c.t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// withCommits puts ids in the place of COMMIT-1, COMMIT-2 and so on.
func (c *gitleaksCase) withCommits(text string) string {
	for id, n := range c.commits {
		text = strings.ReplaceAll(text, "COMMIT-"+strconv.Itoa(n), id)
	}
	return text
}

// commit makes the repository src, with a commit for each tree.
func (c *gitleaksCase) commit(trees []int) {
	c.t.Helper()
	c.git(".", 0, "init", "-q", "-b", "main", "src")
	for _, n := range trees {
		tree, err := filepath.Abs(strconv.Itoa(n))
		if err != nil {
			c.t.Fatal(err)
		}
		c.git("src", n, "--work-tree="+tree, "add", "-A")
		c.git("src", n, "commit", "-q", "--allow-empty", "-m", "Commit "+strconv.Itoa(n))
		c.commits[c.git("src", n, "rev-parse", "HEAD")] = n
	}
	c.git("src", 0, "reset", "-q", "--hard")
}

// git runs git at the date of a commit, with nothing of the machine's configuration.
func (c *gitleaksCase) git(dir string, n int, args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	date := scriptEpoch.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)
	cmd.Env = append(plainEnv(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// plainEnv is the environment without what changes git's or gitleaks' mind.
func plainEnv() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "GITLEAKS_")
	})
	env = append(env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=core.autocrlf", "GIT_CONFIG_VALUE_0=false", "GIT_CONFIG_KEY_1=core.fsync", "GIT_CONFIG_VALUE_1=none")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		env = append(env, "GIT_"+who+"_NAME=Ann Author", "GIT_"+who+"_EMAIL=ann@example.com")
	}
	return env
}

// section is a file of the archive.
func (c *gitleaksCase) section(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// compareTool compares what is recorded with what gitleaks says now, or records it.
func (c *gitleaksCase) compareTool(tool string) {
	c.t.Helper()
	got := c.answer(runGitleaks(c.t, tool, c.args()...))
	if recorded, _ := c.section("gitleaks.txt"); got != recorded {
		c.record("gitleaks.txt", got, recorded)
	}
}

// record complains that gitleaks says something else than what is recorded, or records it.
func (c *gitleaksCase) record(name, got, recorded string) {
	c.t.Helper()
	if !*update {
		c.t.Errorf("%s: gitleaks %s says\n%s\nrecorded is\n%s", name, gitleaksVersion, got, recorded)
		return
	}
	named := func(name string) func(txtar.File) bool {
		return func(f txtar.File) bool { return f.Name == name }
	}
	files := slices.DeleteFunc(c.archive.Files, named(name))
	at := slices.IndexFunc(files, named("rummage.txt"))
	if at < 0 {
		at = len(files)
	}
	c.archive.Files = slices.Insert(files, at, txtar.File{Name: name, Data: []byte(got)})
	if err := os.WriteFile(c.name, txtar.Format(c.archive), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// args are those of gitleaks.
func (c *gitleaksCase) args() []string {
	args := []string{"dir", "src", "-c", "gitleaks.toml"}
	if c.history {
		args[0] = "git"
	}
	ignore := "none"
	if _, has := c.section("ignore"); has {
		ignore = "ignore"
	}
	return append(args, "-i", ignore)
}

// runGitleaks gives gitleaks' report; ok is false when it refuses to run.
func runGitleaks(t *testing.T, tool string, args ...string) (report []gitleaksEntry, ok bool) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	if i := slices.Index(args, "-r"); i >= 0 {
		out = args[i+1]
	} else {
		args = append(args, "-r", out)
	}
	args = append(args, "--no-banner", "--log-level", "fatal", "--exit-code", "0", "-f", "json")
	cmd := exec.Command(tool, args...)
	cmd.Env = plainEnv()
	if err := cmd.Run(); err != nil {
		return nil, false
	}
	return readGitleaks(t, out), true
}

// gitleaksEntry is what is compared of an entry of gitleaks' JSON.
type gitleaksEntry struct {
	RuleID, Match, Secret, File, Commit        string
	Fingerprint                                string
	StartLine, EndLine, StartColumn, EndColumn int
	Entropy                                    float32
	Tags                                       []string
}

func readGitleaks(t *testing.T, name string) (list []gitleaksEntry) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// compareOurs compares what is recorded with what rummage says.
func (c *gitleaksCase) compareOurs() {
	c.t.Helper()
	args := []string{"files", "src", "--rules", "gitleaks.toml"}
	if c.history {
		args[0] = "git"
	}
	if _, has := c.section("ignore"); has {
		args = append(args, "--ignore-file", "ignore")
	}
	report, why := runOurs(c.t, args...)
	got := c.answer(report, why == "")
	want, differs := c.section("rummage.txt")
	if !differs {
		want, _ = c.section("gitleaks.txt")
	}
	if got != want {
		c.t.Errorf("rummage says\n%s%s\nwant\n%s", got, why, want)
	}
	if theirs, _ := c.section("gitleaks.txt"); differs && want == theirs {
		c.t.Error("rummage.txt says what gitleaks.txt says: it is not needed")
	}
}

// runOurs gives our report in gitleaks' form, or why there is none.
func runOurs(t *testing.T, args ...string) (report []gitleaksEntry, why string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	if i := slices.Index(args, "-o"); i >= 0 {
		out = args[i+1]
	} else {
		args = append(args, "-o", out)
	}
	var stdout, stderr bytes.Buffer
	args = append(args, "--format", "gitleaks", "--show-secrets", "--exit-zero")
	if code := run(args, strings.NewReader(""), &stdout, &stderr); code != exitClean {
		if stderr.Len() == 0 {
			t.Fatal("an error without a word")
		}
		return nil, stderr.String()
	}
	return readGitleaks(t, out), ""
}

// answer is a report as it is recorded.
func (c *gitleaksCase) answer(list []gitleaksEntry, ok bool) string {
	if !ok {
		return "error\n"
	}
	lines := make([]string, 0, len(list))
	for _, e := range list {
		lines = append(lines, c.line(&e)+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (c *gitleaksCase) line(e *gitleaksEntry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  ", e.RuleID)
	if e.Commit != "" {
		fmt.Fprintf(&b, "%d ", c.commits[e.Commit])
	}
	fmt.Fprintf(&b, "%s:%d", e.File, e.StartLine)
	if e.EndLine != e.StartLine {
		fmt.Fprintf(&b, "-%d", e.EndLine)
	}
	if e.Secret != "" {
		fmt.Fprintf(&b, "  %q", e.Secret)
	}
	if e.Match != e.Secret {
		fmt.Fprintf(&b, "  match %q", e.Match)
	}
	if len(e.Tags) > 0 {
		fmt.Fprintf(&b, "  %v", e.Tags)
	}
	return b.String()
}
