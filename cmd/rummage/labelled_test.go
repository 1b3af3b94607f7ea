package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rummage/benchmarks/labelled"
)

// labelledBar is the least precision and the least recall on the labelled files.
const labelledBar = 0.97

// TestLabelled searches a repository made of testdata/labelled and compares each finding with the labels: of the right
// kind at a labelled line, or a false positive. With -v every difference is printed.
//
// A secret is told once for each file that has it. Where further lines of the file hold the same value they count as
// found.
func TestLabelled(t *testing.T) {
	set, err := labelled.Read(filepath.Join("..", "..", "testdata", "labelled"))
	if err != nil {
		t.Fatal(err)
	}
	repo := t.TempDir()
	if err := set.Write(repo); err != nil {
		t.Fatal(err)
	}
	gitLabelled(t, repo)
	var stdout, stderr bytes.Buffer
	args := []string{"git", "--no-progress", "--format", "json", "--show-secrets", repo}
	if code := run(args, strings.NewReader(""), &stdout, &stderr); code != exitFindings {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	found := readLabelled(t, stdout.Bytes())
	score := set.Score(found)
	for _, line := range score.Differences() {
		t.Log(line)
	}
	for _, f := range score.Extra {
		t.Logf("also an exposure at a secret: %s:%d %s", f.Path, f.First, f.Rule)
	}
	all := score.Counts(func(string, labelled.Kind) bool { return true })
	for _, name := range []string{"Dockerfile", "compose", ".env", "other"} {
		for _, kind := range []labelled.Kind{labelled.Secret, labelled.Exposure} {
			c := score.Counts(func(path string, k labelled.Kind) bool { return labelled.FileKind(path) == name && k == kind })
			t.Logf("%-10s %-8s: precision %.3f, recall %.3f (%d right, %d missed, %d false)",
				name, kind, c.Precision(), c.Recall(), c.Right, c.Missed, c.False)
		}
	}
	t.Logf("precision %.3f, recall %.3f: %d right (%d by their value alone), %d missed, %d false",
		all.Precision(), all.Recall(), all.Right, score.ByValue, all.Missed, all.False)
	if all.Precision() < labelledBar || all.Recall() < labelledBar {
		t.Errorf("precision %.3f and recall %.3f, want %.2f each (-v prints the differences)",
			all.Precision(), all.Recall(), labelledBar)
	}
}

// gitLabelled commits all files of a directory, those that a .gitignore names too.
func gitLabelled(t *testing.T, dir string) {
	t.Helper()
	gitIn(t, dir, "init", "-q", "-b", "main")
	gitIn(t, dir, "add", "-A", "-f")
	gitIn(t, dir, "commit", "-q", "-m", "Add projects")
}

// gitIn runs git in a directory, at the date of the first commit of every script.
func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	date := scriptEpoch.Format(time.RFC3339)
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(plainEnv(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
}

func readLabelled(t *testing.T, data []byte) (found []labelled.Found) {
	t.Helper()
	var report struct {
		Findings []struct {
			Rule, Secret string
			Kind         labelled.Kind
			Places       []struct {
				Path string
				Line int
			}
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		for _, p := range f.Places {
			found = append(found, labelled.Found{
				Path: p.Path, First: p.Line, Last: p.Line, Kind: f.Kind, Rule: f.Rule, Value: f.Secret,
			})
		}
	}
	return found
}
